//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"fmt"
	"image"
	"slices"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"github.com/qtgpu/qtgpu/tree"
)

// Coder implements tree.Backend.
func (b *backend) Coder() tree.Coder { return b }

// Transform implements tree.Coder.
func (b *backend) Transform(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]int32, error) {
	out := make([][]int32, len(works))
	err := b.each(ctx, p, works, func(c *chunk, at []int) error {
		n := 1 << (2 * c.level)
		if out[c.work] == nil {
			out[c.work] = make([]int32, n*len(works[c.work].Numbers))
		}
		return b.coefs.read(4*n*len(at), func(data unsafe.Pointer) {
			coefs := unsafe.Slice((*int32)(data), n*len(at))
			for k, i := range at {
				for j := range n {
					out[c.work][i*n+j] = coefs[j*len(at)+k]
				}
			}
		})
	})
	return out, err
}

// Costs implements tree.Coder.
func (b *backend) Costs(ctx context.Context, p *tree.Prepared, works []tree.Work) ([][]int64, error) {
	out := make([][]int64, len(works))
	for i := range works {
		out[i] = make([]int64, len(works[i].Numbers))
	}
	err := b.each(ctx, p, works, func(c *chunk, at []int) error {
		if err := b.out.reserve(8 * len(at)); err != nil {
			return err
		}
		if err := b.use(program{file: "cost.comp", level: c.level}); err != nil {
			return err
		}
		b.bindCoefs(len(at))
		bind(outBinding, &b.out)
		if err := b.dispatchLinear(len(at), 1); err != nil {
			return err
		}
		b.endDispatch(fmt.Sprintf("cost %d", 1<<c.level))
		b.finish(ignore)
		return b.out.read(8*len(at), func(data unsafe.Pointer) {
			for k, j := range unsafe.Slice((*int64)(data), len(at)) {
				out[c.work][at[k]] = j
			}
		})
	})
	return out, err
}

// Quantise implements tree.Coder.
func (b *backend) Quantise(ctx context.Context, p *tree.Prepared, works []tree.Work) ([]tree.Outcomes, error) {
	out := make([]tree.Outcomes, len(works))
	for i := range works {
		out[i] = make(tree.Outcomes, len(works[i].Numbers))
	}
	err := b.each(ctx, p, works, func(c *chunk, at []int) error {
		if err := b.records.reserve(recordBytes * len(at) << (2 * c.level)); err != nil {
			return err
		}
		for {
			used, err := b.quantise(c, len(at))
			if err != nil {
				return err
			}
			if 4*used <= b.records.size {
				return b.readRecords(out[c.work], at, used)
			}
			if err := b.records.reserve(4 * used); err != nil {
				return err
			}
		}
	})
	return out, err
}

// recordBytes is the room for the records of leaves, for each sample, as long as no more is needed.
const recordBytes = 2

// outHead is the words that begin the output of quantise.comp.
const outHead = 2

// quantise runs the stage quantise and returns the words that the records take.
func (b *backend) quantise(c *chunk, n int) (used int, err error) {
	if err := b.out.reserve(4*outHead + 8*n); err != nil {
		return 0, err
	}
	write(&b.out, 0, []uint32{0, uint32(b.records.size / 4)})
	if err := b.use(program{file: "quantise.comp", level: c.level}); err != nil {
		return 0, err
	}
	b.bindCoefs(n)
	bind(outBinding, &b.out)
	bind(recordsBinding, &b.records)
	if err := b.dispatchLinear(n, 1); err != nil {
		return 0, err
	}
	b.endDispatch(fmt.Sprintf("quantise %d", 1<<c.level))
	b.finish(ignore)
	err = b.out.read(4*outHead, func(data unsafe.Pointer) { used = int(*(*uint32)(data)) })
	return used, err
}

// readRecords copies records to their places.
func (b *backend) readRecords(dst tree.Outcomes, at []int, used int) error {
	words := make([]uint32, used)
	err := b.records.read(4*used, func(data unsafe.Pointer) { copy(words, unsafe.Slice((*uint32)(data), used)) })
	if err != nil {
		return err
	}
	return b.out.read(4*outHead+8*len(at), func(data unsafe.Pointer) {
		heads := unsafe.Slice((*[2]uint32)(unsafe.Add(data, 4*outHead)), len(at))
		for k, i := range at {
			from, n := heads[k][0], heads[k][1]
			dst[i] = tree.Record(words[from : from+n : from+n])
		}
	})
}

// chunk is what is done at once of a work.
type chunk struct {
	work, level int
}

// most is the most coefficients of a chunk: enough threads for any device, and buffers that leave
// room for others.
const most = 1 << 24

// each transforms the nodes of all works, chunk by chunk, and has f go on with their coefficients:
// numbers at of the nodes of a work.
func (b *backend) each(ctx context.Context, p *tree.Prepared, works []tree.Work, f func(c *chunk, at []int) error) error {
	for i := range works {
		w := &works[i]
		if err := w.Check(p); err != nil {
			return fmt.Errorf("work %d: %w", i, err)
		}
		c := &chunk{work: i, level: w.Level}
		for _, part := range b.parts(p, w) {
			err := b.do(ctx, func() error { return b.part(p, w, &part, c, f) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// part is the nodes of a work that lie in one window of a plane.
type part struct {
	window  image.Rectangle // in samples
	numbers []uint32        // in the window
	at      []int           // their places in the work
}

// parts are the parts of a work, by windows that fit the device.
func (b *backend) parts(p *tree.Prepared, w *tree.Work) []part {
	pyramid := &p.Pyramids[w.Plane]
	s := newSplit(pyramid.W, pyramid.H, func(w, h int) bool { return 2*w*h <= b.block })
	windows := s.windows()
	parts := make([]part, len(windows))
	side := s.level - w.Level
	across := (pyramid.W-1)>>s.level + 1
	nodes := pyramid.At(w.Level).W
	for i, number := range w.Numbers {
		x, y := int(number)%nodes, int(number)/nodes
		part := &parts[y>>side*across+x>>side]
		part.at = append(part.at, i)
	}
	for i := range parts {
		part := &parts[i]
		part.window = windows[i]
		at := part.window.Min.Div(1 << w.Level)
		row := part.window.Dx() >> w.Level
		for _, k := range part.at {
			x, y := int(w.Numbers[k])%nodes-at.X, int(w.Numbers[k])/nodes-at.Y
			part.numbers = append(part.numbers, uint32(y*row+x))
		}
	}
	return slices.DeleteFunc(parts, func(p part) bool { return len(p.at) == 0 })
}

// part goes through a part of a work in chunks.
func (b *backend) part(p *tree.Prepared, w *tree.Work, part *part, c *chunk, f func(c *chunk, at []int) error) error {
	b.timer.start()
	if err := b.load(p, w.Plane, part.window); err != nil {
		return err
	}
	if err := b.writeModel(w); err != nil {
		return err
	}
	nodes := max(min(b.block/4, most)>>(2*w.Level), 1)
	for from := 0; from < len(part.at); from += nodes {
		to := min(from+nodes, len(part.at))
		if err := b.transform(w, part, part.numbers[from:to]); err != nil {
			return err
		}
		if err := f(c, part.at[from:to]); err != nil {
			return err
		}
	}
	return nil
}

// load has a window of a plane on the device, which it is if it is all of the last image that was
// prepared.
func (b *backend) load(p *tree.Prepared, i int, window image.Rectangle) error {
	if b.resident.Value() == p {
		return nil
	}
	b.resident = noImage
	plane := &p.Planes[i]
	w := b.window(i, window.Dx(), window.Dy(), tree.Base)
	if err := w.pix.reserve(2 * w.stride * w.h); err != nil {
		return err
	}
	w.write(plane.Pix[window.Min.Y*plane.Stride+window.Min.X:], plane.Stride)
	b.endDispatch("plane up")
	return nil
}

// transform is the stage transform of nodes of a window of a plane.
func (b *backend) transform(w *tree.Work, part *part, numbers []uint32) error {
	level, m, n := w.Level, w.Model, 1<<w.Level
	if err := b.coefs.reserve(4 * len(numbers) * n * n); err != nil {
		return err
	}
	if err := b.numbers.reserve(4 * len(numbers)); err != nil {
		return err
	}
	write(&b.numbers, 0, numbers)
	fold := foldSource(m.Cosines[level-tree.Base], n)
	if err := b.use(program{file: "transform_columns.comp", level: level, fold: fold}); err != nil {
		return err
	}
	b.bindCoefs(len(numbers))
	bind(planeBinding, &b.pix[w.Plane])
	gl.Uniform1ui(strideLocation, uint32(rowSamples(part.window.Dx())/2))
	gl.Uniform1ui(acrossLocation, uint32(part.window.Dx()>>level))
	if err := b.dispatchLinear(len(numbers), n/2); err != nil {
		return err
	}
	gl.MemoryBarrier(gl.SHADER_STORAGE_BARRIER_BIT)
	if err := b.use(program{file: "transform_rows.comp", level: level, fold: fold}); err != nil {
		return err
	}
	b.bindCoefs(len(numbers))
	if err := b.dispatchLinear(len(numbers), n); err != nil {
		return err
	}
	b.endDispatch(fmt.Sprintf("transform %d", n))
	return nil
}

// bindCoefs has the current program work on the coefficients of n nodes.
func (b *backend) bindCoefs(n int) {
	bind(numbersBinding, &b.numbers)
	bind(coefsBinding, &b.coefs)
	bind(modelBinding, &b.model)
	gl.Uniform1ui(countLocation, uint32(n))
}

// dispatchLinear runs the current program over at least n×rows threads.
func (b *backend) dispatchLinear(n, rows int) error {
	groups := (n-1)/linear + 1
	if g := b.device.Limits.Groups; groups > g[0] || rows > g[1] {
		return fmt.Errorf("%d×%d threads in groups of %d, above the device's %v groups", n, rows, linear, g)
	}
	gl.DispatchCompute(uint32(groups), uint32(rows), 1)
	return nil
}

// writeModel copies what works.glsl has of a Model.
func (b *backend) writeModel(w *tree.Work) error {
	words := modelWords(w.Model, w.Level)
	if err := b.model.reserve(4 * len(words)); err != nil {
		return err
	}
	write(&b.model, 0, words)
	return nil
}
