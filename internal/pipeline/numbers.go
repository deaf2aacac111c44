package pipeline

import (
	"image"
	"math"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// numberReducer is a reducer of any type of samples, and beside values of no data
// (FORMAT.md, "Levels by numbers"): means are of finite samples that have data, nearest to
// them, halves up; where a square has none its first sample stands for it. A mean that would
// be taken for no data is moved to the next sample up. Sums are of float64, row by row from
// the top, and exact of integers.
type numberReducer struct {
	dst        *raster.Block  // or
	next       *numberReducer // what takes the rows
	shift      int
	format     *raster.Format
	none       []float64 // the sample of no data of each band, NaN where there is none
	beside     []uint64  // the word of the sample beside it
	alpha      int       // the band that weights the others, or -1
	rect, fine image.Rectangle

	in, out, first [][]uint64  // words of rows of each band, and of the first samples of squares
	values         [][]float64 // of in
	sums, weights  [][]float64
	plain, count   [][]float64 // sums of valid samples, and their numbers, whatever alpha says
}

// newNumberReducer reduces the pixels of fine to rect.
func newNumberReducer(f *raster.Format, rect, fine image.Rectangle, shift int) *numberReducer {
	r := &numberReducer{shift: shift, format: f, alpha: weights(f), rect: rect, fine: fine}
	for i := range f.Bands {
		none, beside := noDataOf(f, i)
		r.none, r.beside = append(r.none, none), append(r.beside, beside)
		r.in = append(r.in, make([]uint64, fine.Dx()))
		r.values = append(r.values, make([]float64, fine.Dx()))
		for _, rows := range []*[][]uint64{&r.out, &r.first} {
			*rows = append(*rows, make([]uint64, rect.Dx()))
		}
		for _, rows := range []*[][]float64{&r.sums, &r.weights, &r.plain, &r.count} {
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

// noDataOf is the sample of a band that stands for no data, NaN where there is none, and the
// word of the one beside it.
func noDataOf(f *raster.Format, band int) (none float64, beside uint64) {
	word, ok := sample.NoData(f, band)
	if !ok {
		return math.NaN(), 0
	}
	for _, s := range sample.Substitutes(f.Type, []uint64{word}) {
		beside = s.By
	}
	return sample.Number(f.Type, word), beside
}

func (r *numberReducer) add(b *raster.Block) {
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		for i := range r.in {
			sample.Words(r.in[i], b, i, y)
		}
		r.addRow(r.in, y)
	}
}

// addRow takes the next row, y of the fine level.
func (r *numberReducer) addRow(rows [][]uint64, y int) {
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
		sample.SetWords(r.dst, i, to, row)
	}
}

// valid tells whether a sample of a band counts in means.
func (r *numberReducer) valid(i int, v float64) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && v != r.none[i]
}

// sum adds a row, the first of its squares or not.
func (r *numberReducer) sum(rows [][]uint64, first bool) {
	for i, row := range rows {
		for x, word := range row {
			r.values[i][x] = sample.Number(r.format.Type, word)
			if to := x >> r.shift; first && x == to<<r.shift {
				r.first[i][to] = word
			}
		}
	}
	for i, row := range r.values {
		for x, v := range row {
			if !r.valid(i, v) {
				continue
			}
			to, weight := x>>r.shift, 1.0
			if r.alpha >= 0 && i != r.alpha {
				weight = r.values[r.alpha][x]
			}
			r.sums[i][to] += float64(weight * v) // which no architecture fuses with the sum
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
			if n == 0 {
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

// wordOf is the word of a number that is a sample.
func wordOf(t raster.Type, v float64) uint64 {
	switch t {
	case raster.Float32:
		return uint64(math.Float32bits(float32(v)))
	case raster.Float64:
		return math.Float64bits(v)
	}
	return uint64(int64(v))
}

// mean is the word of a band for a mean that is not rounded yet.
func (r *numberReducer) mean(i int, v float64) uint64 {
	t := r.format.Type
	switch {
	case t == raster.Float32:
		v = float64(float32(v))
	case t == raster.Float64: // whose sum may be beyond its range
		v = min(max(v, -math.MaxFloat64), math.MaxFloat64)
	default:
		v = math.Floor(v + 0.5)
	}
	if v == r.none[i] {
		return r.beside[i]
	}
	return wordOf(t, v)
}
