package pipeline

import (
	"image"

	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// cascade makes a level of a finer one, and may have another make the next one of it. Rows
// are lanes of small integers, or words of any samples. The fine pixels come in bands, from
// the top.
type cascade[T int32 | uint64] struct {
	dst     *raster.Block // or
	next    *cascade[T]   // what takes the rows
	shift   int           // of squares of 1<<shift pixels, fewer at the right and bottom edges
	fine    image.Rectangle
	early   bool // the first row of squares tells all
	in, out [][]T
	squares squares[T]
	load    func(dst []T, b *raster.Block, band, y int)
	store   func(b *raster.Block, band, y int, src []T)
}

// squares make one sample of each square, in each band.
type squares[T int32 | uint64] interface {
	// add takes the next row of squares, the first one or not.
	add(rows [][]T, first bool)
	// take gives what the squares have become, and begins anew.
	take(out [][]T)
}

// newCascade reduces the pixels of s.fine to s.rect.
func newCascade[T int32 | uint64](f *raster.Format, s step, q squares[T]) *cascade[T] {
	c := &cascade[T]{shift: s.shift, fine: s.fine, squares: q}
	for range f.Bands {
		c.in = append(c.in, make([]T, s.fine.Dx()))
		c.out = append(c.out, make([]T, s.rect.Dx()))
	}
	return c
}

// newLanes is a cascade of samples that fit lanes: of means, or of the first sample of each
// square.
func newLanes(f *raster.Format, s step, decimate bool) *cascade[int32] {
	var q squares[int32] = newMeans(f, s)
	if decimate {
		q = &firsts{shift: s.shift}
	}
	c := newCascade(f, s, q)
	c.early, c.load, c.store = decimate, sample.Load, sample.Store
	return c
}

// into implements downsampler.
func (c *cascade[T]) into(dst *raster.Block) {
	if c.next != nil {
		c.next.into(dst)
		return
	}
	c.dst = dst
}

// add implements downsampler.
func (c *cascade[T]) add(b *raster.Block) {
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		for i := range c.in {
			c.load(c.in[i], b, i, y)
		}
		c.addRow(c.in, y)
	}
}

// addRow takes the next row, y of the fine level.
func (c *cascade[T]) addRow(rows [][]T, y int) {
	to := y >> c.shift
	first, last := y == to<<c.shift, y == to<<c.shift+1<<c.shift-1 || y == c.fine.Max.Y-1
	c.squares.add(rows, first)
	if c.early && !first || !c.early && !last {
		return
	}
	c.squares.take(c.out)
	if c.next != nil {
		c.next.addRow(c.out, to)
		return
	}
	for i, row := range c.out {
		c.store(c.dst, i, to, row)
	}
}

// firsts keep the first sample of each square.
type firsts struct {
	shift int
	row   [][]int32
}

func (f *firsts) add(rows [][]int32, first bool) {
	if first {
		f.row = rows
	}
}

func (f *firsts) take(out [][]int32) {
	for i, row := range f.row {
		for x := range out[i] {
			out[i][x] = row[x<<f.shift]
		}
	}
}

// means are rounded to nearest. Colours beside straight alpha are weighted by it, so that
// what is hidden shows nowhere, unless all of the pixels are hidden.
type means struct {
	shift int
	alpha int       // the band that weights the others, or -1
	sums  [][]int64 // of each band; weighted ones of bands beside alpha
	plain [][]int64 // sums of bands beside alpha, not weighted
	count []int64   // pixels
}

func newMeans(f *raster.Format, s step) *means {
	m := &means{shift: s.shift, alpha: weights(f), count: make([]int64, s.rect.Dx())}
	for range f.Bands {
		m.sums = append(m.sums, make([]int64, s.rect.Dx()))
		m.plain = append(m.plain, make([]int64, s.rect.Dx()))
	}
	return m
}

// weights is the band that weights the others in means, the last of straight alpha, −1 for
// none: opacities below 0 mean nothing, so that samples have no sign, or alpha is a mask.
func weights(f *raster.Format) int {
	for i := len(f.Bands) - 1; i >= 0; i-- {
		if f.Bands[i].Role == raster.Alpha {
			if f.Type > raster.Uint32 && !f.Bands[i].Mask() {
				return -1
			}
			return i
		}
	}
	return -1
}

// add implements squares.
func (r *means) add(rows [][]int32, _ bool) {
	for x := range rows[0] {
		r.count[x>>r.shift]++
	}
	for i, row := range rows {
		if r.weighted(i) {
			for x, v := range row {
				r.sums[i][x>>r.shift] += int64(v) * int64(rows[r.alpha][x])
				r.plain[i][x>>r.shift] += int64(v)
			}
			continue
		}
		for x, v := range row {
			r.sums[i][x>>r.shift] += int64(v)
		}
	}
}

func (r *means) weighted(band int) bool { return r.alpha >= 0 && band != r.alpha }

// take implements squares.
func (r *means) take(out [][]int32) {
	for i := range out {
		for x := range out[i] {
			sum, weight := r.sums[i][x], r.count[x]
			if r.weighted(i) {
				if weight = r.sums[r.alpha][x]; weight == 0 {
					sum, weight = r.plain[i][x], r.count[x]
				}
			}
			out[i][x] = int32(arith.FloorDiv(2*sum+weight, 2*weight)) // halves rounded up
		}
	}
	for i := range out {
		clear(r.sums[i])
		clear(r.plain[i])
	}
	clear(r.count)
}
