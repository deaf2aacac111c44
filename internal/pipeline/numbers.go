package pipeline

import (
	"image"
	"math"

	"github.com/qtgpu/qtgpu/raster"
)

// numberReducer is a reducer of any type of samples, and beside values of no data: means
// are of finite samples that have data, nearest to them, halves up; where a square has
// none its first sample stands for it. A mean that would be taken for no data is moved to
// the next sample up. Sums are of float64, row by row from the top, and exact of integers.
type numberReducer struct {
	dst        *raster.Block  // or
	next       *numberReducer // what takes the rows
	shift      int
	format     *raster.Format
	alpha      int // the band that weights the others, or -1
	rect, fine image.Rectangle

	in, out, sums, weights [][]float64 // rows of each band
	plain, count           [][]float64 // sums of valid samples, and their numbers, whatever alpha says
	first                  [][]float64 // first samples of squares
}

// newNumberReducer reduces the pixels of fine to rect.
func newNumberReducer(f *raster.Format, rect, fine image.Rectangle, shift int) *numberReducer {
	r := &numberReducer{shift: shift, format: f, alpha: -1, rect: rect, fine: fine}
	for i, b := range f.Bands {
		if b.Role == raster.Alpha {
			r.alpha = i
		}
		r.in = append(r.in, make([]float64, fine.Dx()))
		for _, rows := range []*[][]float64{&r.out, &r.sums, &r.weights, &r.plain, &r.count, &r.first} {
			*rows = append(*rows, make([]float64, rect.Dx()))
		}
	}
	return r
}

// into implements downsampler.
func (r *numberReducer) into(dst *raster.Block) {
	if r.next != nil {
		r.next.into(dst)
		return
	}
	r.dst = dst
}

func (r *numberReducer) add(b *raster.Block) {
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		for i := range r.in {
			b.Numbers(r.in[i], i, y)
		}
		r.addRow(r.in, y)
	}
}

// addRow takes the next row, y of the fine level.
func (r *numberReducer) addRow(rows [][]float64, y int) {
	to := y >> r.shift
	r.sum(rows, y == to<<r.shift)
	if y < to<<r.shift+1<<r.shift-1 && y < r.fine.Max.Y-1 {
		return
	}
	r.means()
	if r.next != nil {
		r.next.addRow(r.out, to)
		return
	}
	for i, row := range r.out {
		storeNumbers(r.dst, i, to, row)
	}
}

// valid tells whether a sample of a band counts in means.
func (r *numberReducer) valid(i int, v float64) bool {
	none := r.format.Bands[i].NoData
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (none == nil || v != *none)
}

// sum adds a row, the first of its squares or not.
func (r *numberReducer) sum(rows [][]float64, first bool) {
	for i, row := range rows {
		for x, v := range row {
			to := x >> r.shift
			if first && x == to<<r.shift {
				r.first[i][to] = v
			}
			if !r.valid(i, v) {
				continue
			}
			weight := 1.0
			if r.alpha >= 0 && i != r.alpha {
				weight = rows[r.alpha][x]
			}
			r.sums[i][to] += float64(weight * v)
			r.weights[i][to] += weight
			r.plain[i][to] += v
			r.count[i][to]++
		}
	}
}

// means takes the means of what was added, and begins anew.
func (r *numberReducer) means() {
	for i := range r.out {
		for x := range r.out[i] {
			sum, n := r.sums[i][x], r.weights[i][x]
			if n <= 0 {
				sum, n = r.plain[i][x], r.count[i][x]
			}
			r.out[i][x] = r.first[i][x]
			if n > 0 {
				r.out[i][x] = r.mean(i, sum/n)
			}
		}
		for _, rows := range [][][]float64{r.sums, r.weights, r.plain, r.count} {
			clear(rows[i])
		}
	}
}

// mean is the sample of a band for a mean that is not rounded yet.
func (r *numberReducer) mean(i int, v float64) float64 {
	t := r.format.Type
	switch {
	case t == raster.Float32:
		v = float64(float32(v))
	case !t.Float():
		v = math.Floor(v + 0.5)
	}
	if r.valid(i, v) {
		return v
	}
	switch t {
	case raster.Float32:
		return float64(math.Nextafter32(float32(v), math.MaxFloat32))
	case raster.Float64:
		return math.Nextafter(v, math.MaxFloat64)
	}
	if v < float64(t.Max()) {
		return v + 1
	}
	return v - 1
}

// storeNumbers is the inverse of raster.Block.Numbers.
func storeNumbers(b *raster.Block, band, y int, src []float64) {
	switch b.Type {
	case raster.Uint8:
		toRow(raster.Row[uint8](b, band, y), src, b.Step)
	case raster.Uint16:
		toRow(raster.Row[uint16](b, band, y), src, b.Step)
	case raster.Uint32:
		toRow(raster.Row[uint32](b, band, y), src, b.Step)
	case raster.Int8:
		toRow(raster.Row[int8](b, band, y), src, b.Step)
	case raster.Int16:
		toRow(raster.Row[int16](b, band, y), src, b.Step)
	case raster.Int32:
		toRow(raster.Row[int32](b, band, y), src, b.Step)
	case raster.Float32:
		toRow(raster.Row[float32](b, band, y), src, b.Step)
	default:
		toRow(raster.Row[float64](b, band, y), src, b.Step)
	}
}

func toRow[T raster.Sample](row []T, src []float64, step int) {
	for i, v := range src {
		row[i*step] = T(v)
	}
}
