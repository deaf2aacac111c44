package linear

import "math"

// normal holds the equations of four times the taps' differences from the mean
// of the four nearest, of the terms of residuals, and of a constant
// of four times constLevel.
type normal struct {
	moments
	n int64 // samples that the rough weights do not predict exactly
}

// moments sums the products of the terms and, as the last of them, the target:
// the lower triangle, and whatever above it.
type moments [terms + 1][terms + 1]int64

// target is the place of a sample among its terms.
const target = terms

// addPlain enters the terms of a sample by plain code.
func (m *moments) addPlain(d *[terms + 1]int32) {
	for i, x := range d {
		if x == 0 {
			continue
		}
		row := &m[i]
		for j, y := range d[:i+1] {
			row[j] += int64(x) * int64(y)
		}
	}
}

// at is the sum of the products of two terms.
func (m *moments) at(i, j int) float64 { return float64(m[max(i, j)][min(i, j)]) }

// Differences are entered in units of 1/2^diffBits of the sample's spread and as
// at most maxDiff spreads, so that no sum of two million samples leaves 63 bits.
const (
	diffBits = 8
	maxDiff  = 64
)

// constLevel gives the constant term the size of a usual difference.
const constLevel = 8

func (n *normal) add(t []int32, v int32, residuals *[constant - cross]int32, spread int64) {
	const frac = 24
	unit := int64(1) << (diffBits + frac) / spread
	most := maxDiff * spread
	scaled := func(d int64) int32 { return int32((min(max(d, -most), most)*unit + 1<<(frac-1)) >> frac) }
	base := int64(t[0]) + int64(t[1]) + int64(t[2]) + int64(t[3])
	var d [terms + 1]int32 // 0 for a tap that is not used: it keeps its default
	for i, v := range t {
		d[i] = scaled(4*int64(v) - base)
	}
	for i, r := range residuals {
		d[cross+i] = scaled(4 * int64(r))
	}
	d[constant] = scaled(4 * constLevel)
	d[target] = scaled(4*int64(v) - base)
	n.moments.add(&d)
}

// ridgeShare is the mean diagonal in ridges, of weights without more bits; each bit halves
// the ridge.
const ridgeShare = 256

// solve gives the weights of a class, pulled towards def by a ridge. Products are converted before they are added, so that no
// architecture fuses the two; the outcome is stored in the file.
func (n *normal) solve(def *weights, more int) weights {
	var a [terms][terms + 1]float64
	ridge := 0.0
	for i := range terms {
		for j := range terms {
			a[i][j] = n.at(i, j)
		}
		a[i][terms] = n.at(i, target)
		ridge += a[i][i]
	}
	ridge = ridge/float64(int64(terms)*ridgeShare<<more) + 1
	x := def.coefficients(more)
	for i := range terms {
		a[i][i] += ridge
		a[i][terms] += float64(ridge * x[i])
	}
	return quantiseWeights(eliminate(&a), more)
}

// coefficients are the factors of the equations' terms.
func (w *weights) coefficients(more int) (x [terms]float64) {
	for i, v := range w {
		x[i] = float64(v) / float64(int(WeightOne)<<more)
	}
	x[constant] /= constLevel
	return x
}

func eliminate(a *[terms][terms + 1]float64) (x [terms]float64) {
	for i := range terms {
		for r := i + 1; r < terms; r++ {
			f := a[r][i] / a[i][i]
			for c := i; c <= terms; c++ {
				a[r][c] -= float64(f * a[i][c])
			}
		}
	}
	for i := terms - 1; i >= 0; i-- {
		s := a[i][terms]
		for c := i + 1; c < terms; c++ {
			s -= float64(a[i][c] * x[c])
		}
		x[i] = s / a[i][i]
	}
	return x
}

// quantiseWeights rounds coefficients to weights, the first of which makes
// the sum of the taps WeightOne.
func quantiseWeights(x [terms]float64, more int) (w weights) {
	one, most := float64(int(WeightOne)<<more), float64(int(maxWeight)<<more)
	x[constant] *= constLevel
	rest := 1.0
	for _, v := range x[:taps] {
		rest -= v
	}
	for i := 1; i < terms; i++ {
		v := x[i]
		if i < 4 {
			v += float64(rest / 4)
		}
		w[i] = int32(math.Round(max(-most, min(most, float64(one*v)))))
	}
	w.close(more)
	return w
}

// error is the weighted squared error of weights, by the equations.
func (n *normal) error(w *weights, more int) float64 {
	e := n.at(target, target)
	x := w.coefficients(more)
	for i := range terms {
		e -= float64(2 * x[i] * n.at(i, target))
		for j := range terms {
			e += float64(float64(x[i]*n.at(i, j)) * x[j])
		}
	}
	return max(e, 1)
}
