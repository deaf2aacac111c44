package metrics

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
)

// pair returns a smooth image with a fourth byte of padding a pixel and a noisy
// copy without.
func pair(w, h, channels, depth, noise int) (a, b chroma.Interleaved) {
	size := depth / 8
	a = chroma.Interleaved{W: w, H: h, Channels: channels, Depth: depth, Step: 4 * size, Stride: 4*size*w + 3}
	b = chroma.Interleaved{W: w, H: h, Channels: channels, Depth: depth, Step: channels * size, Stride: channels * size * w}
	a.Pix, b.Pix = make([]byte, a.Stride*h), make([]byte, b.Stride*h)
	rng := rand.New(rand.NewPCG(7, uint64(w)))
	full := 1<<depth - 1
	for y := range h {
		for x := range w {
			for c := range channels {
				v := (40*c + 3*x + 5*y) % 256 * full / 255
				u := min(max(v+rng.IntN(2*noise+1)-noise, 0), full)
				put(a.Pix[y*a.Stride+x*a.Step:], c, size, v)
				put(b.Pix[y*b.Stride+x*b.Step:], c, size, u)
			}
		}
	}
	return a, b
}

func put(p []byte, c, size, v int) {
	p[c*size+size-1] = byte(v)
	if size == 2 {
		p[2*c] = byte(v >> 8)
	}
}

func at(m chroma.Interleaved, x, y, c int) float64 {
	return float64(sample(m.Pix[y*m.Stride+x*m.Step:], c, m.Depth/8))
}

func naiveLuma(m chroma.Interleaved, x, y int) float64 {
	if m.Channels < 3 {
		return at(m, x, y, 0)
	}
	return 0.299*at(m, x, y, 0) + 0.587*at(m, x, y, 1) + 0.114*at(m, x, y, 2)
}

// naive follows the formulas window by window, in two passes.
func naive(a, b chroma.Interleaved) (r Result) {
	full, n := math.Pow(2, float64(a.Depth))-1, float64(a.W*a.H)
	colours := map[int]int{1: 1, 2: 1, 3: 3, 4: 3}[a.Channels]
	colour, lumaSum := 0.0, 0.0
	for c := range a.Channels {
		sum, largest := 0.0, 0.0
		for y := range a.H {
			for x := range a.W {
				d := at(a, x, y, c) - at(b, x, y, c)
				sum += d * d
				largest = math.Max(largest, math.Abs(d))
			}
		}
		r.MaxError, r.RMS = append(r.MaxError, int(largest)), append(r.RMS, math.Sqrt(sum/n))
		if c < colours {
			colour += sum
		}
	}
	for y := range a.H {
		for x := range a.W {
			lumaSum += math.Pow(naiveLuma(a, x, y)-naiveLuma(b, x, y), 2)
		}
	}
	r.PSNR = 20*math.Log10(full) - 10*math.Log10(colour/n/float64(colours))
	r.PSNRLuma = 20*math.Log10(full) - 10*math.Log10(lumaSum/n)
	sum, windows := 0.0, 0.0
	for y := 0; y+11 <= a.H; y++ {
		for x := 0; x+11 <= a.W; x++ {
			sum += naiveWindow(a, b, x, y, full)
			windows++
		}
	}
	r.SSIM = sum / windows
	return r
}

func naiveWindow(a, b chroma.Interleaved, x0, y0 int, full float64) float64 {
	weigh := func(f func(p, q float64) float64) float64 {
		sum, weights := 0.0, 0.0
		for y := range 11 {
			for x := range 11 {
				g := math.Exp(-float64((x-5)*(x-5)+(y-5)*(y-5)) / 4.5)
				sum += g * f(naiveLuma(a, x0+x, y0+y), naiveLuma(b, x0+x, y0+y))
				weights += g
			}
		}
		return sum / weights
	}
	ma, mb := weigh(func(p, _ float64) float64 { return p }), weigh(func(_, q float64) float64 { return q })
	va := weigh(func(p, _ float64) float64 { return (p - ma) * (p - ma) })
	vb := weigh(func(_, q float64) float64 { return (q - mb) * (q - mb) })
	cov := weigh(func(p, q float64) float64 { return (p - ma) * (q - mb) })
	c1, c2 := math.Pow(0.01*full, 2), math.Pow(0.03*full, 2)
	return (2*ma*mb + c1) * (2*cov + c2) / ((ma*ma + mb*mb + c1) * (va + vb + c2))
}

func TestCompareAgainstNaive(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {10, 40}, {11, 11}, {29, 12}, {23, 300}} {
		for channels := 1; channels <= 4; channels++ {
			for _, depth := range []int{8, 16} {
				t.Run(fmt.Sprintf("%dx%d/%d ch/%d bit", size[0], size[1], channels, depth), func(t *testing.T) {
					a, b := pair(size[0], size[1], channels, depth, 9<<(depth-8))
					got, err := Compare(a, b, full(a), nil)
					require.NoError(t, err)
					want := naive(a, b)
					require.Equal(t, want.MaxError, got.MaxError)
					require.InEpsilonSlice(t, want.RMS, got.RMS, 1e-12)
					require.InDelta(t, want.PSNR, got.PSNR, 1e-9)
					require.InDelta(t, want.PSNRLuma, got.PSNRLuma, 1e-9)
					require.Equal(t, math.IsNaN(want.SSIM), math.IsNaN(got.SSIM))
					if !math.IsNaN(want.SSIM) {
						require.InDelta(t, want.SSIM, got.SSIM, 1e-9)
						require.Less(t, got.SSIM, 1.0)
					}
				})
			}
		}
	}
}

func TestCompareEqual(t *testing.T) {
	a, b := pair(40, 30, 3, 8, 0)
	r, err := Compare(a, b, full(a), nil)
	require.NoError(t, err)
	require.Equal(t, Result{PSNR: math.Inf(1), PSNRLuma: math.Inf(1), SSIM: r.SSIM, MaxError: []int{0, 0, 0}, RMS: []float64{0, 0, 0}}, r)
	require.InDelta(t, 1, r.SSIM, 1e-12)
}

// Known values: an error of 5 everywhere is 20·log10(255/5) dB, and alpha alone
// changes no PSNR.
func TestCompareKnown(t *testing.T) {
	a, b := pair(12, 12, 4, 8, 0)
	for i := range b.Pix {
		if i%4 < 3 {
			b.Pix[i] = byte(min(int(b.Pix[i]), 250) + 5)
		}
	}
	for y := range a.H {
		for x := range a.W {
			for c := range 3 {
				p := a.Pix[y*a.Stride+x*a.Step:]
				p[c] = min(p[c], 250)
			}
		}
	}
	b.Pix[3] ^= 0xff
	r, err := Compare(a, b, full(a), nil)
	require.NoError(t, err)
	require.InDelta(t, 20*math.Log10(255/5.0), r.PSNR, 1e-9)
	require.InDelta(t, 20*math.Log10(255/5.0), r.PSNRLuma, 1e-9)
	require.Equal(t, []int{5, 5, 5}, r.MaxError[:3])
	require.Greater(t, r.MaxError[3], 0)
}

// Extremes of 16 bits neither overflow nor lose the sign.
func TestCompareExtremes(t *testing.T) {
	a, b := pair(20, 20, 1, 16, 0)
	for i := range a.Pix {
		a.Pix[i] = 0
	}
	for i := range b.Pix {
		b.Pix[i] = 0xff
	}
	r, err := Compare(a, b, full(a), nil)
	require.NoError(t, err)
	require.Equal(t, []int{65535}, r.MaxError)
	require.Equal(t, []float64{65535}, r.RMS)
	require.Equal(t, 0.0, r.PSNR)
	require.InDelta(t, 0, r.SSIM, 1e-3)
}

func TestCompareDoesNotDependOnWorkers(t *testing.T) {
	a, b := pair(37, 700, 3, 8, 20)
	want, err := Compare(a, b, full(a), nil)
	require.NoError(t, err)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	got, err := Compare(a, b, full(a), nil)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestCompareShapes(t *testing.T) {
	a, _ := pair(3, 4, 3, 8, 0)
	b, _ := pair(3, 4, 4, 8, 0)
	_, err := Compare(a, b, full(a), nil)
	require.EqualError(t, err, "images of 3x4 pixels with 3 channels of 8 bits and 3x4 pixels with 4 channels of 8 bits cannot be compared")
}

func BenchmarkCompare(b *testing.B) {
	p, q := pair(1024, 1024, 3, 8, 9)
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := Compare(p, q, full(p), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// full is the largest sample of a depth.
func full(m chroma.Interleaved) int64 { return 1<<m.Depth - 1 }

// TestFullScale: PSNR is of the full scale that is given, whatever the depth has room for.
func TestFullScale(t *testing.T) {
	a, b := pair(40, 30, 1, 16, 9)
	whole, err := Compare(a, b, full(a), nil)
	require.NoError(t, err)
	of10, err := Compare(a, b, 1023, nil)
	require.NoError(t, err)
	require.InDelta(t, 20*math.Log10(65535.0/1023), whole.PSNR-of10.PSNR, 1e-9)
	require.Equal(t, PSNR(25, 1, 1023), PSNR(100, 4, 1023))
}
