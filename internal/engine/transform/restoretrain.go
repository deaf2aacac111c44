package transform

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
)

// Regression fits the weights of restoration by least squares. It is for the trainer; sums are
// added in the order of samples, so that the same pictures give the same weights.
type Regression struct {
	equations [2][classes]equations
	window    window
}

// equations are the normal equations of a class, of differences in units of two steps.
type equations struct {
	a [chromaTaps][chromaTaps]float64 // Σ f·f', below the diagonal
	b [chromaTaps]float64             // Σ f·error
	n float64
}

// Add adds the samples of the decoded planes of a picture, as Filter leaves them.
func (r *Regression) Add(step int, defs []Plane, decoded, want []chroma.Plane) {
	for i := range decoded {
		p := &decoded[i]
		for y := 0; y < p.Rows(); y += windowSide {
			for x := 0; x < p.Stride; x += windowSide {
				r.window.take(p, &decoded[0], defs[i], x, y)
				r.window.classify(int32(step), min(windowSide, p.Stride-x)/block, min(windowSide, p.Rows()-y)/block)
				for j := range min(windowSide, want[i].H-y) {
					for k := range min(windowSide, want[i].W-x) {
						r.addSample(int32(step), k, j, int32(want[i].Pix[(y+j)*want[i].Stride+x+k]))
					}
				}
			}
		}
	}
}

// addSample adds sample (x,y) of the window.
func (r *Regression) addSample(step int32, x, y int, want int32) {
	class := r.window.class[y/block][x/block]
	if class < 0 {
		return
	}
	e := &r.equations[r.window.kind][class]
	f := r.window.features(step, x, y)
	n := tapsOf(r.window.kind)
	unit := 1 / float64(2*step)
	missing := float64(want-sampleAt(r.window.pix[:], r.window.at(x, y))) * unit
	for i := range n {
		f[i] *= unit
		e.b[i] += f[i] * missing
		for j := range i + 1 {
			e.a[i][j] += f[i] * f[j]
		}
	}
	e.n++
}

func tapsOf(kind int) int {
	if kind == kindChroma {
		return chromaTaps
	}
	return lumaTaps
}

func sampleAt(p []byte, at int) int32 { return int32(binary.LittleEndian.Uint16(p[at:])) }

// features are what the weights of a sample's class are multiplied by.
func (w *window) features(step int32, x, y int) (f [chromaTaps]float64) {
	at := w.at(x, y)
	wide, narrow, slope := 6*step, narrowClip(step), nearSlope(step)
	for k, o := range opposites {
		guided := int32(0)
		for _, beside := range [2]int{w.at(x+o.x, y+o.y), w.at(x-o.x, y-o.y)} {
			d := sampleAt(w.pix[:], beside) - sampleAt(w.pix[:], at)
			luma := sampleAt(w.guide[:], beside) - sampleAt(w.guide[:], at)
			f[k] += float64(clampTo(d, wide))
			f[pairs+k] += float64(clampTo(d, narrow))
			guided += clampTo(d, wide) * nearness(luma, slope)
		}
		f[2*pairs+k] = float64(guided) / guidedScale
	}
	return f
}

// keptPairs is how many pairs of a class have weights: with twice as many, the squared error
// that the training pictures lose grows by 2 to 4 percent.
const keptPairs = 6

// Weights solves the equations: the content of restore.bin.
func (r *Regression) Weights() (p []byte) {
	for kind := range r.equations {
		for c := range r.equations[kind] {
			for _, w := range r.equations[kind][c].weights(tapsOf(kind))[:tapsOf(kind)] {
				p = binary.LittleEndian.AppendUint16(p, uint16(int16(math.RoundToEven(1024*w))))
			}
		}
	}
	return p
}

// weights are the weights of n differences, 0 but of the pairs that are left when the one that
// is missed least is taken away again and again.
func (e *equations) weights(n int) []float64 {
	kept := make([]int, pairs)
	for k := range kept {
		kept[k] = k
	}
	for len(kept) > keptPairs {
		least, at := math.Inf(1), 0
		for i, k := range kept {
			rest := slices.Delete(slices.Clone(kept), i, i+1)
			if left := e.left(e.solve(columns(n, rest))); left < least {
				least, at = left, k
			}
		}
		kept = slices.DeleteFunc(kept, func(k int) bool { return k == at })
	}
	return e.solve(columns(n, kept))
}

// columns are the numbers of the differences of some pairs, of n of all pairs.
func columns(n int, kept []int) (c []int) {
	for from := 0; from < n; from += pairs {
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
// a = l·lᵀ. A part of the diagonal is added, which keeps the weights small of what is rare or
// alike.
func (e *equations) solve(columns []int) []float64 {
	var l [chromaTaps][chromaTaps]float64
	w := make([]float64, chromaTaps)
	for i, ci := range columns {
		for j, cj := range columns[:i+1] {
			s := e.a[ci][cj]
			if i == j {
				s += e.n/1000 + 200
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
