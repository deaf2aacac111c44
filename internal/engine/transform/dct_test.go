package transform

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/stretchr/testify/require"
)

// naiveForward is the orthonormal DCT-II in floats, in 1/8 levels.
func naiveForward(pix []uint16, stride, n int) []float64 {
	out := make([]float64, n*n)
	c := func(k int) float64 {
		if k == 0 {
			return math.Sqrt(1 / float64(n))
		}
		return math.Sqrt(2 / float64(n))
	}
	cs := make([]float64, n*n)
	for x := range n {
		for k := range n {
			cs[x*n+k] = c(k) * math.Cos(math.Pi*float64((2*x+1)*k)/float64(2*n))
		}
	}
	for u := range n {
		for v := range n {
			s := 0.0
			for y := range n {
				for x := range n {
					s += (float64(pix[y*stride+x]) - chroma.Centre) / 16 * cs[x*n+u] * cs[y*n+v]
				}
			}
			out[u*n+v] = 8 * s
		}
	}
	return out
}

func TestTransform(t *testing.T) {
	require.Equal(t, []int64{c1, c2, c3, c4, c5, c6, c7},
		[]int64{quarter[4], quarter[8], quarter[12], quarter[16], quarter[20], quarter[24], quarter[28]})
	for i, c := range quarter {
		require.Equal(t, int64(math.Round(4096*math.Cos(math.Pi*float64(i)/64))), c, "quarter %d", i)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var tr transformer
	for lg := 3; lg <= 5; lg++ {
		n := 1 << lg
		for k := range 40 {
			pix := make([]uint16, n*40)
			for i := range pix {
				switch k {
				case 0:
				case 1:
					pix[i] = maxSample
				default:
					pix[i] = uint16(r.IntN(1 << (1 + k%12)))
				}
			}
			got := make([]int32, n*n)
			tr.forward(got, pix, 40, lg)
			for i, want := range naiveForward(pix, 40, n) {
				if math.Abs(float64(got[i])-want) > 4+math.Abs(want)/2000 {
					t.Fatalf("n %d case %d u %d v %d: got %d want %.2f", n, k, i/n, i%n, got[i], want)
				}
			}
			l1 := 0
			for _, c := range got {
				l1 += int(max(c, -c))
			}
			back, slow := make([]uint16, n*40), make([]uint16, n*40)
			tr.inverse(back, 40, got, lg, extent{n - 1, n - 1, min(l1, safeL1)}, nil)
			inverseWrapping(slow, 40, got, lg, nil)
			require.Equal(t, slow, back)
			for i := range n * n {
				y, x := i/n, i%n
				a, b := int(pix[y*40+x]), int(back[y*40+x])
				if max(a-b, b-a) > 16 {
					t.Fatalf("n %d case %d x %d y %d: %d came back as %d", n, k, x, y, a, b)
				}
			}
		}
	}
}

// The inverse of a corner of coefficients equals the whole inverse.
func TestInversePruned(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	var tr transformer
	for lg := 3; lg <= 5; lg++ {
		n := 1 << lg
		for range 200 {
			um, vm := 1+r.IntN(n), 1+r.IntN(n)
			c := make([]int32, n*n)
			l1 := 0
			for u := range um {
				for v := range vm {
					x := r.IntN(801) - 400
					c[u*n+v] = int32(x)
					l1 += max(x, -x)
				}
			}
			got, want := make([]uint16, n*n), make([]uint16, n*n)
			tr.inverse(got, n, c, lg, extent{um - 1, vm - 1, l1}, nil)
			inverseWrapping(want, n, c, lg, nil)
			require.Equal(t, want, got, "n %d um %d vm %d", n, um, vm)
		}
	}
}

func BenchmarkTransform(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	var tr transformer
	pix := make([]uint16, 32*32)
	for i := range pix {
		pix[i] = uint16(r.IntN(4080))
	}
	out := make([]int32, 32*32)
	for lg := 3; lg <= 5; lg++ {
		n := 1 << lg
		b.Run(fmt.Sprint("forward", n), func(b *testing.B) {
			for b.Loop() {
				tr.forward(out, pix, 32, lg)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*n), "ns/sample")
		})
		for _, used := range []int{n / 4, n} {
			b.Run(fmt.Sprint("inverse", n, "/", used), func(b *testing.B) {
				for b.Loop() {
					tr.inverse(pix, 32, out, lg, extent{used - 1, used - 1, 0}, nil)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*n), "ns/sample")
			})
		}
	}
}
