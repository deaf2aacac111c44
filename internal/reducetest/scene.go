package reducetest

import (
	"math"
	"math/rand/v2"

	"github.com/qtgpu/qtgpu/chroma"
)

// Scene makes w×h pixels of what quadtrees of all shapes come of: squares of 16 to 128 pixels, each
// a slope with some noise, from none to all of the range, or at an end of it.
func Scene(rng *rand.Rand, w, h, channels, depth int) *chroma.Interleaved {
	m := Picture(rng, w, h, channels, depth, 0)
	side := 16 << rng.IntN(4)
	for y := 0; y < h; y += side {
		for x := 0; x < w; x += side {
			fill := slope(rng, 1<<depth-1)
			for j := y; j < min(y+side, h); j++ {
				for i := x; i < min(x+side, w); i++ {
					for c := range channels {
						v := fill(i, j, c)
						at := j*m.Stride + i*m.Step + c*depth/8
						m.Pix[at] = byte(v >> (depth - 8))
						if depth == 16 {
							m.Pix[at+1] = byte(v)
						}
					}
				}
			}
		}
	}
	return m
}

// slope is one of Scene's squares.
func slope(rng *rand.Rand, most int) func(x, y, c int) int {
	noise, dx, dy := 1<<rng.IntN(9), rng.IntN(9)-4, rng.IntN(9)-4
	base := [4]int{rng.IntN(256), rng.IntN(256), rng.IntN(256), rng.IntN(256)}
	switch rng.IntN(8) {
	case 0:
		return func(int, int, int) int { return most }
	case 1:
		return func(int, int, int) int { return 0 }
	case 2:
		dx, dy, noise = 0, 0, 1
	}
	return func(x, y, c int) int {
		v := base[c] + (dx*x+dy*y)/4 + rng.IntN(noise) - noise/2
		return min(max(v*(most/255), 0), most)
	}
}

// Doubtful makes w×h gray pixels whose squares of 1<<level hold all their frequencies at a little
// above half of a quantiser step of step/8 levels: so much is cheapest to leave out that nearly
// all of what the promise allows is lost.
func Doubtful(rng *rand.Rand, w, h, step, level int) *chroma.Interleaved {
	m := Picture(rng, w, h, 1, 8, 0)
	n := 1 << level
	basis := make([]float64, n*n) // [k][i]
	for k := range n {
		for i := range n {
			basis[k*n+i] = math.Sqrt(2/float64(n)) * math.Cos(float64((2*i+1)*k)*math.Pi/float64(2*n))
		}
	}
	for y := 0; y < h; y += n {
		for x := 0; x < w; x += n {
			square := synthesis(basis, n, func() float64 {
				return float64(step) / 8 * (0.505 + 0.05*rng.Float64()) * float64(1-2*rng.IntN(2))
			})
			for j := range min(n, h-y) {
				for i := range min(n, w-x) {
					m.Pix[(y+j)*m.Stride+x+i] = byte(min(max(128.5+square[j*n+i], 0), 255))
				}
			}
		}
	}
	return m
}

// synthesis gives n×n samples of coefficients, but for the mean.
func synthesis(basis []float64, n int, coef func() float64) []float64 {
	rows, out := make([]float64, n*n), make([]float64, n*n)
	for v := range n {
		for u := range n {
			if u+v == 0 {
				continue
			}
			c := coef()
			for i := range n {
				rows[v*n+i] += c * basis[u*n+i]
			}
		}
	}
	for j := range n {
		for v := range n {
			b := basis[v*n+j]
			if v == 0 {
				b /= math.Sqrt2
			}
			for i := range n {
				out[j*n+i] += b * rows[v*n+i]
			}
		}
	}
	return out
}
