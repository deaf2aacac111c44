//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"fmt"
	"image"
	"time"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"github.com/qtgpu/qtgpu/tree"
)

// plane is a window of a plane on the device: w×h samples in rows of stride, and
// the statistics of its nodes.
type plane struct {
	w, h, stride int
	pix, nodes   *buffer
	levels       levels
}

// reserve makes room for the samples and the nodes.
func (p *plane) reserve() error {
	if err := p.pix.reserve(2 * p.stride * p.h); err != nil {
		return err
	}
	return p.nodes.reserve(p.levels.bytes())
}

// Reduce implements tree.Reducer.
func (b *backend) Reduce(ctx context.Context, planes []tree.Samples) ([]tree.Pyramid, error) {
	pyramids := make([]tree.Pyramid, len(planes))
	for i := range planes {
		pyramids[i] = tree.NewPyramid(planes[i].W, planes[i].H)
		if err := b.reduceSamples(ctx, &pyramids[i], &planes[i]); err != nil {
			return nil, err
		}
	}
	return pyramids, nil
}

// reduceSamples fills a pyramid window by window.
func (b *backend) reduceSamples(ctx context.Context, pyramid *tree.Pyramid, s *tree.Samples) error {
	split := newSplit(s.W, s.H, func(w, h int) bool {
		return 2*rowSamples(w)*h <= b.block && b.dispatchable((w-1)>>tree.Base+1, (h-1)>>tree.Base+1)
	})
	level := min(split.level, pyramid.Top())
	for _, r := range split.windows() {
		if err := b.do(ctx, func() error { return b.reduceWindow(pyramid, s, r, level) }); err != nil {
			return err
		}
	}
	return b.climb(ctx, pyramid, level)
}

func (b *backend) reduceWindow(pyramid *tree.Pyramid, s *tree.Samples, r image.Rectangle, level int) error {
	b.take()
	p := b.window(0, r.Dx(), r.Dy(), level)
	if err := p.reserve(); err != nil {
		return err
	}
	p.write(s.Pix[r.Min.Y*s.Stride+r.Min.X:], s.Stride)
	b.timer.start()
	if err := b.reduce([]plane{p}); err != nil {
		return err
	}
	if err := b.finish(ignore); err != nil {
		return err
	}
	return p.readNodes(pyramid, r.Min, tree.Base)
}

// ignore is for those who do not ask for the time of a dispatch.
func ignore(string, time.Duration) {}

// window is a window of w×h samples, with its levels up to one, in the i-th buffers.
func (b *backend) window(i, w, h, level int) plane {
	return plane{
		w: w, h: h, stride: rowSamples(w), pix: &b.at.pix[i], nodes: &b.nodes[i],
		levels: newLevels(w, h, tree.Base, level),
	}
}

// write copies samples to the device.
func (p *plane) write(pix []uint16, stride int) {
	if stride == p.stride {
		write(p.pix, 0, pix[:(p.h-1)*stride+p.w])
		return
	}
	for y := range p.h {
		write(p.pix, 2*y*p.stride, pix[y*stride:][:p.w])
	}
}

// reduce is the stage pyramid: it fills the nodes of all planes from their samples.
func (b *backend) reduce(planes []plane) error {
	for i := range planes {
		if err := b.reduceBase(&planes[i]); err != nil {
			return err
		}
	}
	b.endDispatch(fmt.Sprintf("level %d", tree.Base))
	return b.reduceUpper(planes)
}

func (b *backend) reduceBase(p *plane) error {
	const side = 1 << tree.Base
	if err := b.use(program{file: "reduce_base.comp", whole: p.w%side == 0 && p.h%side == 0}); err != nil {
		return err
	}
	g := p.levels.grids[0]
	bind(planeBinding, p.pix)
	bind(nodesBinding, p.nodes)
	gl.Uniform1ui(totalLocation, uint32(p.levels.total))
	gl.Uniform2i(sizeLocation, int32(p.w), int32(p.h))
	gl.Uniform1i(strideLocation, int32(p.stride/side))
	gl.Uniform2i(nodesLocation, int32(g.w), int32(g.h))
	return b.dispatch(g.w, g.h)
}

// reduceUpper fills all levels but the first, level by level.
func (b *backend) reduceUpper(planes []plane) error {
	if err := b.use(program{file: "reduce_upper.comp"}); err != nil {
		return err
	}
	for i, more := 1, true; more; i++ {
		more = false
		for j := range planes {
			l := &planes[j].levels
			if i >= len(l.grids) {
				continue
			}
			more = true
			below, g := l.grids[i-1], l.grids[i]
			bind(nodesBinding, planes[j].nodes)
			gl.Uniform1ui(totalLocation, uint32(l.total))
			gl.Uniform2i(nodesLocation, int32(g.w), int32(g.h))
			gl.Uniform2i(childrenLocation, int32(below.w), int32(below.h))
			gl.Uniform2ui(offsetLocation, uint32(g.first), uint32(below.first))
			if err := b.dispatch(g.w, g.h); err != nil {
				return err
			}
		}
		if more {
			b.endDispatch(fmt.Sprintf("level %d", planes[0].levels.from+i))
		}
	}
	return nil
}

// readNodes copies the levels on the device from the given one on to their place
// in the pyramid: the window begins at sample at.
func (p *plane) readNodes(dst *tree.Pyramid, at image.Point, from int) error {
	return p.nodes.read(p.levels.bytes(), func(data unsafe.Pointer) {
		n := p.levels.total
		pairs := unsafe.Slice((*uint64)(data), 2*n)
		extremes := unsafe.Slice((*uint32)(unsafe.Add(data, 16*n)), n)
		for level := from; level <= p.levels.top(); level++ {
			g := p.levels.grids[level-p.levels.from]
			l := dst.At(level)
			o := at.Y>>level*l.W + at.X>>level
			copyRows(l.Sum[o:], l.W, pairs[g.first:], g.w, g.w, g.h)
			copyRows(l.SumSq[o:], l.W, pairs[n+g.first:], g.w, g.w, g.h)
			for y := range g.h {
				lo, hi := l.Min[o+y*l.W:][:g.w], l.Max[o+y*l.W:][:g.w]
				for x, v := range extremes[g.first+y*g.w:][:g.w] {
					lo[x], hi[x] = uint16(v), uint16(v>>16)
				}
			}
		}
	})
}

// climb makes the levels of a pyramid above one that is there: those whose nodes
// cover more than a window.
func (b *backend) climb(ctx context.Context, pyramid *tree.Pyramid, level int) error {
	if level == pyramid.Top() {
		return nil
	}
	p := plane{nodes: &b.nodes[0], levels: newLevels(pyramid.W, pyramid.H, level, pyramid.Top())}
	return b.do(ctx, func() error {
		if err := p.nodes.reserve(p.levels.bytes()); err != nil {
			return err
		}
		p.writeNodes(pyramid.At(level))
		b.timer.start()
		if err := b.reduceUpper([]plane{p}); err != nil {
			return err
		}
		if err := b.finish(ignore); err != nil {
			return err
		}
		return p.readNodes(pyramid, image.Point{}, level+1)
	})
}

// writeNodes copies the nodes of the first level to the device.
func (p *plane) writeNodes(l *tree.Level) {
	extremes := make([]uint32, len(l.Min))
	for i, v := range l.Min {
		extremes[i] = uint32(v) | uint32(l.Max[i])<<16
	}
	write(p.nodes, 0, l.Sum)
	write(p.nodes, 8*p.levels.total, l.SumSq)
	write(p.nodes, 16*p.levels.total, extremes)
}
