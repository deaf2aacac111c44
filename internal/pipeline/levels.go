package pipeline

import (
	"image"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// reducer makes a block of means of 2^shift × 2^shift pixels each, fewer at the right
// and bottom edges, rounded to nearest, or keeps the first of them. Colours beside
// straight alpha are weighted by it, so that what is hidden shows nowhere, unless all
// of the pixels are hidden. The fine pixels come in bands, from the top.
type reducer struct {
	dst      *raster.Block
	shift    int
	decimate bool
	alpha    int // the band that weights the others, or -1
	fine     image.Rectangle

	rows  [][]int32 // a row of each band
	sums  [][]int64 // of each band; weighted ones of bands beside alpha
	plain [][]int64 // sums of bands beside alpha, not weighted
	count []int64   // pixels
	out   []int32
}

// newReducer reduces the pixels of fine to dst; nil where there is nothing to reduce.
func newReducer(dst *raster.Block, bands []raster.Band, fine image.Rectangle, shift int, decimate bool) *reducer {
	if shift == 0 {
		return nil
	}
	r := &reducer{dst: dst, shift: shift, decimate: decimate, alpha: -1, fine: fine, out: make([]int32, dst.Rect.Dx())}
	for i, b := range bands {
		if b.Role == raster.Alpha {
			r.alpha = i
		}
		r.rows = append(r.rows, make([]int32, fine.Dx()))
		r.sums = append(r.sums, make([]int64, dst.Rect.Dx()))
		r.plain = append(r.plain, make([]int64, dst.Rect.Dx()))
	}
	r.count = make([]int64, dst.Rect.Dx())
	return r
}

// add takes the next rows.
func (r *reducer) add(b *raster.Block) {
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		to := y >> r.shift
		if r.decimate {
			if y == to<<r.shift {
				r.keep(b, y, to)
			}
			continue
		}
		r.sum(b, y)
		if y == to<<r.shift+1<<r.shift-1 || y == r.fine.Max.Y-1 {
			r.flush(to)
		}
	}
}

// keep copies the first pixel of each block of row y to a row of dst.
func (r *reducer) keep(b *raster.Block, y, to int) {
	for i, row := range r.rows {
		sample.Load(row, b, i, y)
		for x := range r.out {
			r.out[x] = row[x<<r.shift]
		}
		sample.Store(r.dst, i, to, r.out)
	}
}

// sum adds row y.
func (r *reducer) sum(b *raster.Block, y int) {
	for i := range r.rows {
		sample.Load(r.rows[i], b, i, y)
	}
	for x := range r.rows[0] {
		r.count[x>>r.shift]++
	}
	for i, row := range r.rows {
		if r.weighted(i) {
			for x, v := range row {
				r.sums[i][x>>r.shift] += int64(v) * int64(r.rows[r.alpha][x])
				r.plain[i][x>>r.shift] += int64(v)
			}
			continue
		}
		for x, v := range row {
			r.sums[i][x>>r.shift] += int64(v)
		}
	}
}

func (r *reducer) weighted(band int) bool { return r.alpha >= 0 && band != r.alpha }

// flush writes the means to a row of dst and begins anew.
func (r *reducer) flush(to int) {
	for i := range r.rows {
		for x := range r.out {
			sum, weight := r.sums[i][x], r.count[x]
			if r.weighted(i) {
				if weight = r.sums[r.alpha][x]; weight == 0 {
					sum, weight = r.plain[i][x], r.count[x]
				}
			}
			r.out[x] = int32(mean(sum, weight))
		}
		sample.Store(r.dst, i, to, r.out)
	}
	for i := range r.rows {
		clear(r.sums[i])
		clear(r.plain[i])
	}
	clear(r.count)
}

// mean is sum/n, halves rounded up.
func mean(sum, n int64) int64 {
	q, rest := (2*sum+n)/(2*n), (2*sum+n)%(2*n)
	if rest < 0 {
		q--
	}
	return q
}
