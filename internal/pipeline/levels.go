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
	dst      *raster.Block // or
	next     *reducer      // what takes the rows
	shift    int
	decimate bool
	alpha    int // the band that weights the others, or -1
	rect     image.Rectangle
	fine     image.Rectangle

	in    [][]int32 // a row of each band
	sums  [][]int64 // of each band; weighted ones of bands beside alpha
	plain [][]int64 // sums of bands beside alpha, not weighted
	count []int64   // pixels
	out   [][]int32
}

// newReducer reduces the pixels of fine to rect.
func newReducer(f *raster.Format, rect, fine image.Rectangle, shift int, decimate bool) *reducer {
	r := &reducer{shift: shift, decimate: decimate, alpha: weights(f), rect: rect, fine: fine, count: make([]int64, rect.Dx())}
	for range f.Bands {
		r.in = append(r.in, make([]int32, fine.Dx()))
		r.out = append(r.out, make([]int32, rect.Dx()))
		r.sums = append(r.sums, make([]int64, rect.Dx()))
		r.plain = append(r.plain, make([]int64, rect.Dx()))
	}
	return r
}

// into implements downsampler.
func (r *reducer) into(dst *raster.Block) {
	if r.next != nil {
		r.next.into(dst)
		return
	}
	r.dst = dst
}

// weights is the band that weights the others in means, the last of straight alpha, −1 for
// none: opacities below 0 mean nothing, so samples have no sign.
func weights(f *raster.Format) int {
	if f.Type > raster.Uint32 {
		return -1
	}
	for i := len(f.Bands) - 1; i >= 0; i-- {
		if f.Bands[i].Role == raster.Alpha {
			return i
		}
	}
	return -1
}

// add takes the next rows.
func (r *reducer) add(b *raster.Block) {
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		for i := range r.in {
			sample.Load(r.in[i], b, i, y)
		}
		r.addRow(r.in, y)
	}
}

// addRow takes the next row, y of the fine level.
func (r *reducer) addRow(rows [][]int32, y int) {
	to := y >> r.shift
	if r.decimate {
		if y == to<<r.shift {
			r.keep(rows)
			r.put(to)
		}
		return
	}
	r.sum(rows)
	if y == to<<r.shift+1<<r.shift-1 || y == r.fine.Max.Y-1 {
		r.means()
		r.put(to)
	}
}

// put passes a row on.
func (r *reducer) put(y int) {
	if r.next != nil {
		r.next.addRow(r.out, y)
		return
	}
	for i, row := range r.out {
		sample.Store(r.dst, i, y, row)
	}
}

// keep takes the first pixel of each block.
func (r *reducer) keep(rows [][]int32) {
	for i, row := range rows {
		for x := range r.out[i] {
			r.out[i][x] = row[x<<r.shift]
		}
	}
}

// sum adds a row.
func (r *reducer) sum(rows [][]int32) {
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

func (r *reducer) weighted(band int) bool { return r.alpha >= 0 && band != r.alpha }

// means takes the means of what was added, and begins anew.
func (r *reducer) means() {
	for i := range r.out {
		for x := range r.out[i] {
			sum, weight := r.sums[i][x], r.count[x]
			if r.weighted(i) {
				if weight = r.sums[r.alpha][x]; weight == 0 {
					sum, weight = r.plain[i][x], r.count[x]
				}
			}
			r.out[i][x] = int32(mean(sum, weight))
		}
	}
	for i := range r.out {
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
