package main

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine/transform"
)

const taps = 3 * transform.RestorePairs // of chroma, which has the most

// regression fits the weights of restoration by least squares. Sums are added in the order of
// samples, so that the same pictures give the same weights.
type regression [2][transform.RestoreClasses]equations

// equations are the normal equations of a class, of differences in units of two steps.
type equations struct {
	a [taps][taps]float64 // Σ f·f', below the diagonal
	b [taps]float64       // Σ f·error
	n float64
}

// add adds a sample.
func (r *regression) add(t *transform.Trainee, step int) {
	e := &r[t.Kind][t.Class]
	var f [taps]float64
	unit := 1 / float64(2*step)
	missing := float64(t.Missing) * unit
	for i := range transform.RestoreTaps[t.Kind] {
		f[i] = float64(t.Features[i]) * unit
		if i >= 2*transform.RestorePairs {
			f[i] /= 16
		}
		e.b[i] += f[i] * missing
		for j := range i + 1 {
			e.a[i][j] += f[i] * f[j]
		}
	}
	e.n++
}

// keptPairs is how many pairs of a class have weights: with twice as many, the squared error
// that the training pictures lose grows by 2 to 4 percent.
const keptPairs = 6

// weights solves the equations: the content of restore.bin.
func (r *regression) weights() (p []byte) {
	for kind := range r {
		for c := range r[kind] {
			for _, w := range r[kind][c].weights(transform.RestoreTaps[kind])[:transform.RestoreTaps[kind]] {
				p = binary.LittleEndian.AppendUint16(p, uint16(int16(math.RoundToEven(1024*w))))
			}
		}
	}
	return p
}

// weights are the weights of n differences, 0 but of the pairs that are left when the one that
// is missed least is taken away again and again.
func (e *equations) weights(n int) []float64 {
	kept := make([]int, transform.RestorePairs)
	for k := range kept {
		kept[k] = k
	}
	for len(kept) > keptPairs {
		least, at := math.Inf(1), 0
		for i, k := range kept {
			rest := slices.Delete(slices.Clone(kept), i, i+1)
			if left := e.left(e.solve(columns(n, rest), e.ridge())); left < least {
				least, at = left, k
			}
		}
		kept = slices.DeleteFunc(kept, func(k int) bool { return k == at })
	}
	return e.solve(columns(n, kept), e.ridge())
}

// ridge keeps the weights small of what is rare or alike.
func (e *equations) ridge() float64 { return e.n/1000 + 200 }

// columns are the numbers of the differences of some pairs, of n of all pairs.
func columns(n int, kept []int) (c []int) {
	for from := 0; from < n; from += transform.RestorePairs {
		for _, k := range kept {
			c = append(c, from+k)
		}
	}
	return c
}

// left is the squared error that weights leave, less what it is without.
func (e *equations) left(w []float64) (sum float64) {
	for i, v := range w {
		sum -= 2 * v * e.b[i]
		for j, u := range w {
			sum += v * u * e.a[max(i, j)][min(i, j)]
		}
	}
	return sum
}

// solve gives the weights of some differences, and 0 for the others, by Cholesky's decomposition
// a = l·lᵀ, where a ridge is added to the diagonal.
func (e *equations) solve(columns []int, ridge float64) []float64 {
	var l [taps][taps]float64
	w := make([]float64, taps)
	for i, ci := range columns {
		for j, cj := range columns[:i+1] {
			s := e.a[ci][cj]
			if i == j {
				s += ridge
			}
			for k := range j {
				s -= l[i][k] * l[j][k]
			}
			if i == j {
				l[i][i] = math.Sqrt(s)
			} else {
				l[i][j] = s / l[j][j]
			}
		}
		w[ci] = e.b[ci]
		for k, ck := range columns[:i] {
			w[ci] -= l[i][k] * w[ck]
		}
		w[ci] /= l[i][i]
	}
	for i, ci := range slices.Backward(columns) {
		for k := i + 1; k < len(columns); k++ {
			w[ci] -= l[k][i] * w[columns[k]]
		}
		w[ci] /= l[i][i]
	}
	return w
}
