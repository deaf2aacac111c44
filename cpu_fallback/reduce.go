// Package cpufallback does on the CPU what package gpu does on a GPU, with identical results.
package cpufallback

import (
	"context"
	"sync"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/tree"
)

// Backend is the tree.Backend and tree.Reducer of the CPU. What it makes does not depend on the
// number of workers.
type Backend struct {
	workers int
	mu      sync.Mutex
	keeps   int              // the most spares
	spares  []*tree.Prepared // what was recycled last comes last
}

var (
	_ tree.Backend  = (*Backend)(nil)
	_ tree.Reducer  = (*Backend)(nil)
	_ tree.Recycler = (*Backend)(nil)
	_ tree.Tiler    = (*Backend)(nil)
)

// New returns a Backend on the given number of workers; 0 is GOMAXPROCS.
func New(workers int) *Backend { return &Backend{workers: parallel.Workers(workers), keeps: 1} }

// Tiles implements tree.Tiler.
func (b *Backend) Tiles() tree.Backend { return &Backend{workers: 1, keeps: b.workers} }

// Name is "cpu".
func (b *Backend) Name() string { return "cpu" }

// Reduce implements tree.Reducer.
func (b *Backend) Reduce(ctx context.Context, planes []tree.Samples) ([]tree.Pyramid, error) {
	pyramids := make([]tree.Pyramid, len(planes))
	for i := range planes {
		pyramids[i] = tree.NewPyramid(planes[i].W, planes[i].H)
	}
	return pyramids, b.reduceAll(ctx, pyramids, planes)
}

func (b *Backend) reduceAll(ctx context.Context, pyramids []tree.Pyramid, planes []tree.Samples) error {
	for i := range planes {
		if err := b.reduce(ctx, &pyramids[i], &planes[i]); err != nil {
			return err
		}
	}
	return nil
}

// bandNodes is the least number of nodes of a job.
const bandNodes = 1 << 12

// reduce fills p level by level, each in bands of node rows.
func (b *Backend) reduce(ctx context.Context, p *tree.Pyramid, s *tree.Samples) error {
	for i := range p.Levels {
		dst := &p.Levels[i]
		rows := (bandNodes-1)/dst.W + 1
		err := parallel.For(ctx, b.workers, (dst.H-1)/rows+1, func(band int) error {
			for y := band * rows; y < min((band+1)*rows, dst.H); y++ {
				if i == 0 {
					baseRow(dst, s, y)
				} else {
					upperRow(dst, &p.Levels[i-1], y)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const side = 1 << tree.Base

// baseRow reduces the samples under row y of the lowest level.
func baseRow(dst *tree.Level, s *tree.Samples, y int) {
	h := min(side, s.H-y*side)
	pix := s.Pix[y*side*s.Stride:]
	whole := s.W / side
	if h < side {
		whole = 0
	}
	for x := 0; x < whole; x++ {
		if vector {
			x += wholeNodes(dst, y*dst.W+x, pix[x*side:], s.Stride, whole-x)
		}
		if x < whole {
			reduce8x8(pix[x*side:], s.Stride).store(dst, y*dst.W+x)
		}
	}
	for x := whole; x < dst.W; x++ {
		reduceClipped(pix[x*side:], s.Stride, min(side, s.W-x*side), h).store(dst, y*dst.W+x)
	}
}

// wholeNodes reduces up to n whole nodes, number i and the next ones, as far as the kernel can do it, and gives their number.
func wholeNodes(dst *tree.Level, i int, pix []uint16, stride, n int) int {
	n /= 2
	if n == 0 {
		return 0
	}
	pix = pix[:(side-1)*stride+2*n*side]
	last := i + 2*n - 1
	_, _, _, _ = dst.Sum[last], dst.SumSq[last], dst.Min[last], dst.Max[last]
	return 2 * reducePairs(&dst.Sum[i], &dst.SumSq[i], &dst.Min[i], &dst.Max[i], &pix[0], sampleBytes*stride, n)
}

// sampleBytes are the bytes of a sample.
const sampleBytes = 2

// node is the statistics of one node.
type node struct {
	sum, sumSq uint64
	min, max   uint16
}

func (n node) store(l *tree.Level, i int) {
	l.Sum[i], l.SumSq[i], l.Min[i], l.Max[i] = n.sum, n.sumSq, n.min, n.max
}

// reduce8x8 reduces a whole node of the lowest level. Minima and maxima go by
// pairs, for two short chains of dependences instead of long ones.
func reduce8x8(pix []uint16, stride int) node {
	var sum, sumSq uint64
	lo, hi := uint32(0xffff), uint32(0)
	for y := range side {
		r := (*[side]uint16)(pix[y*stride:])
		for x := 0; x < side; x += 2 {
			a, b := uint32(r[x]), uint32(r[x+1])
			sum += uint64(a + b)
			sumSq += uint64(a)*uint64(a) + uint64(b)*uint64(b)
			lo, hi = min(lo, min(a, b)), max(hi, max(a, b))
		}
	}
	return node{sum, sumSq, uint16(lo), uint16(hi)}
}

// reduceClipped reduces the w×h samples of a node at the edge.
func reduceClipped(pix []uint16, stride, w, h int) node {
	n := node{min: 0xffff}
	for y := range h {
		for _, v := range pix[y*stride:][:w] {
			n.sum += uint64(v)
			n.sumSq += uint64(v) * uint64(v)
			n.min, n.max = min(n.min, v), max(n.max, v)
		}
	}
	return n
}

// upperRow reduces the up to four children of each node of row y.
func upperRow(dst, src *tree.Level, y int) {
	from := 0
	if 2*y+1 < src.H {
		from = src.W / 2
		wholeUpper(dst, src, y, from)
	}
	for x := from; x < dst.W; x++ {
		n := node{min: 0xffff}
		for cy := 2 * y; cy < min(2*y+2, src.H); cy++ {
			for cx := 2 * x; cx < min(2*x+2, src.W); cx++ {
				i := cy*src.W + cx
				n.sum += src.Sum[i]
				n.sumSq += src.SumSq[i]
				n.min, n.max = min(n.min, src.Min[i]), max(n.max, src.Max[i])
			}
		}
		n.store(dst, y*dst.W+x)
	}
}

// wholeUpper reduces the four children of the first n nodes of row y.
func wholeUpper(dst, src *tree.Level, y, n int) {
	at, above, below := y*dst.W, 2*y*src.W, (2*y+1)*src.W
	addFours(dst.Sum[at:][:n], src.Sum[above:], src.Sum[below:])
	addFours(dst.SumSq[at:][:n], src.SumSq[above:], src.SumSq[below:])
	a, b, lo := src.Min[above:][:2*n], src.Min[below:][:2*n], dst.Min[at:][:n]
	for x := range lo {
		lo[x] = min(a[2*x], a[2*x+1], b[2*x], b[2*x+1])
	}
	a, b, hi := src.Max[above:][:2*n], src.Max[below:][:2*n], dst.Max[at:][:n]
	for x := range hi {
		hi[x] = max(a[2*x], a[2*x+1], b[2*x], b[2*x+1])
	}
}

// addFours adds up squares of four of two rows.
func addFours(sums, a, b []uint64) {
	a, b = a[:2*len(sums)], b[:2*len(sums)]
	for x := range sums {
		sums[x] = a[2*x] + a[2*x+1] + b[2*x] + b[2*x+1]
	}
}
