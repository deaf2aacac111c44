package pipeline

import (
	"math"

	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// numbers make means of any type of samples, and beside values of no data (FORMAT.md,
// "Levels by numbers"): of finite samples that have data, nearest to them, halves up; where
// a square has none its first sample stands for it. A mean that would be taken for no data
// is moved to the next sample up. Sums are of float64, row by row from the top, and exact of
// integers.
type numbers struct {
	kind   raster.Type
	shift  int
	alpha  int       // the band that weights the others, or -1
	mask   bool      // its samples that have data count as 1
	none   []float64 // the sample of no data of each band, NaN where there is none
	beside []uint64  // the word of the sample beside it

	values        [][]float64 // of a row
	first         [][]uint64  // words of the first samples of squares
	sums, weights [][]float64
	plain, count  [][]float64 // sums of valid samples, and their numbers, whatever alpha says
}

// newNumbers is a cascade of words.
func newNumbers(f *raster.Format, s step) *cascade[uint64] {
	r := &numbers{kind: f.Type, shift: s.shift, alpha: weights(f)}
	r.mask = r.alpha >= 0 && f.Type > raster.Uint32 && f.Bands[r.alpha].Mask()
	for i := range f.Bands {
		r.none, r.beside = append(r.none, sample.NoDataNumber(f, i)), append(r.beside, besideNoData(f, i))
		r.values = append(r.values, make([]float64, s.fine.Dx()))
		r.first = append(r.first, make([]uint64, s.rect.Dx()))
		for _, rows := range []*[][]float64{&r.sums, &r.weights, &r.plain, &r.count} {
			*rows = append(*rows, make([]float64, s.rect.Dx()))
		}
	}
	c := newCascade(f, s, squares[uint64](r))
	c.load, c.store = sample.Words, sample.SetWords
	return c
}

// besideNoData is the word of the sample beside the one that stands for no data in a band.
func besideNoData(f *raster.Format, band int) (beside uint64) {
	if word, ok := sample.NoData(f, band); ok {
		for _, s := range sample.Substitutes(f.Type, []uint64{word}) {
			beside = s.By
		}
	}
	return beside
}

// add implements squares.
func (r *numbers) add(rows [][]uint64, first bool) {
	for i, row := range rows {
		for x, word := range row {
			r.values[i][x] = sample.Number(r.kind, word)
			if to := x >> r.shift; first && x == to<<r.shift {
				r.first[i][to] = word
			}
		}
	}
	for i, row := range r.values {
		for x, v := range row {
			if !sample.Counts(v, r.none[i]) {
				continue
			}
			to, weight := x>>r.shift, 1.0
			if r.alpha >= 0 && i != r.alpha {
				weight = r.weight(x)
			}
			r.sums[i][to] += float64(weight * v) // which no architecture fuses with the sum
			r.weights[i][to] += weight
			r.plain[i][to] += v
			r.count[i][to]++
		}
	}
}

// weight is what alpha makes of pixel x of a row.
func (r *numbers) weight(x int) float64 {
	v := r.values[r.alpha][x]
	switch {
	case !r.mask:
		return v
	case sample.Counts(v, 0):
		return 1
	}
	return 0
}

// take implements squares.
func (r *numbers) take(out [][]uint64) {
	for i := range out {
		for x := range out[i] {
			sum, n := r.sums[i][x], r.weights[i][x]
			if n == 0 {
				sum, n = r.plain[i][x], r.count[i][x]
			}
			out[i][x] = r.first[i][x]
			if n > 0 {
				out[i][x] = r.mean(i, sum/n)
			}
		}
		for _, rows := range [][][]float64{r.sums, r.weights, r.plain, r.count} {
			clear(rows[i])
		}
	}
}

// mean is the word of a band for a mean that is not rounded yet.
func (r *numbers) mean(i int, v float64) uint64 {
	t := r.kind
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
	return sample.WordOf(t, v)
}
