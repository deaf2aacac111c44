package chroma

import (
	"fmt"
	"image"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// naiveGuide is FORMAT.md, "Guided upsampling", sample by sample.
type naiveGuide struct {
	planes []Plane
	step   int
	weight func(plane, x, y int) int32
}

func sampleOf(p *Plane, x, y int) int {
	return int(p.row(min(max(y, 0), p.H-1))[min(max(x, 0), p.W-1)])
}

func (g *naiveGuide) low(x, y int) int {
	x, y = min(max(x, 0), g.planes[1].W-1), min(max(y, 0), g.planes[1].H-1)
	sum := 2
	for i := range 4 {
		sum += sampleOf(&g.planes[0], 2*x+i%2, 2*y+i/2)
	}
	return sum >> 2
}

func (g *naiveGuide) slope(c, x, y int) int {
	x, y = min(max(x, 0), g.planes[1].W-1), min(max(y, 0), g.planes[1].H-1)
	var l, ll, s, ls int64
	for i := range 9 {
		u, v := int64(g.low(x+i%3-1, y+i/3-1)), int64(sampleOf(&g.planes[1+c], x+i%3-1, y+i/3-1))
		l, ll, s, ls = l+u, ll+u*u, s+v, ls+u*v
	}
	step := int64(g.step)
	v := 9*ll - l*l + 324*step*step
	e := bits.Len64(uint64(v)) - 9
	m := v >> e
	k := min(max((9*ls-l*s)>>e, -4095), 4095)
	return int(min(max((k*((1<<17+m/2)/m)*int64(g.weight(c, x, y))+1<<12)>>13, -2047), 2047))
}

// between interpolates at a pixel as 4:2:0 does.
func between(f func(x, y int) int, x, y int) int {
	nx, ny := x>>1, y>>1
	fx, fy := nx+x%2*2-1, ny+y%2*2-1
	return (9*f(nx, ny) + 3*f(fx, ny) + 3*f(nx, fy) + f(fx, fy) + 8) >> 4
}

func (g *naiveGuide) sample(c, x, y int) int {
	low := between(g.low, x, y)
	slope := between(func(x, y int) int { return g.slope(c, x, y) }, x, y)
	own := between(func(x, y int) int { return sampleOf(&g.planes[1+c], x, y) }, x, y)
	return min(max(own+(slope*(sampleOf(&g.planes[0], x, y)-low)+128)>>8, 0), 4095)
}

// guidePlanes are planes where chroma follows luma in part.
func guidePlanes(rng *rand.Rand, w, h, kind int) []Plane {
	p := NewPlanes(w, h, 3, true)
	for i := range p {
		for at := range p[i].Pix {
			x, y := at%p[i].Stride<<min(i, 1), at/p[i].Stride<<min(i, 1)
			v := []int{rng.IntN(4096), rng.IntN(2) * 4095, 2000 + 20*x - 9*y, (x/7+y/5)%2*3000 + 100*i}[kind]
			p[i].Pix[at] = uint16(min(max(v, 0), 4095))
		}
	}
	return p
}

// TestGuide holds guided upsampling, in windows too, to the naive one.
func TestGuide(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for n := range 80 {
		w, h, step := 1+rng.IntN(90), 1+rng.IntN(60), []int{3, 40, 150, 900, 4096}[n%5]
		if n%10 == 0 {
			w += 2 * chromaRun
		}
		planes := guidePlanes(rng, w, h, n%4)
		naive := naiveGuide{planes, step, func(plane, x, y int) int32 { return int32((x/8*5 + y/8*7 + plane) % 4 * 16 / 3) }}
		x, y := rng.IntN(w), rng.IntN(h)
		checkGuide(t, &naive, image.Rect(x, y, x+1+rng.IntN(w-x), y+1+rng.IntN(h-y)))
	}
}

// checkGuide holds the pixels of r, upsampled in a window, to the naive ones.
func checkGuide(t *testing.T, naive *naiveGuide, r image.Rectangle) {
	t.Helper()
	whole := image.Rect(0, 0, naive.planes[0].W, naive.planes[0].H)
	win := image.Rect((r.Min.X-6)&^15, (r.Min.Y-6)&^15, r.Max.X+6, r.Max.Y+6).Intersect(whole)
	if win.Max.X < whole.Max.X {
		win.Max.X &^= 1
	}
	if win.Max.Y < whole.Max.Y {
		win.Max.Y &^= 1
	}
	planes := window(naive.planes, true, win)
	g := NewGuide(planes, naive.step, func(plane, x, y int) int32 { return naive.weight(plane, x+win.Min.X/2, y+win.Min.Y/2) })
	g.Low(0, planes[1].H)
	half := planes[1].H / 2
	g.Rows(half, planes[1].H)
	g.Rows(0, half)
	row := [2][]uint16{make([]uint16, win.Dx()), make([]uint16, win.Dx())}
	none := naiveGuide{naive.planes, naive.step, func(int, int, int) int32 { return 0 }}
	plain := [2][]uint16{make([]uint16, win.Dx()), make([]uint16, win.Dx())}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		g.upsample(plain, row, y-win.Min.Y)
		for c := range row {
			for x := r.Min.X; x < r.Max.X; x++ {
				at := fmt.Sprintf("%v of %v, step %d, plane %d, x %d, y %d", r, whole.Max, naive.step, c, x, y)
				require.Equal(t, naive.sample(c, x, y), int(row[c][x-win.Min.X]), at)
				require.Equal(t, none.sample(c, x, y), int(plain[c][x-win.Min.X]), at)
			}
		}
	}
}

// TestGuideSums holds the sums of what a guide does to the naive ones, and the kernel to the plain code, of planes of all
// widths.
func TestGuideSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 13))
	for n := range 120 {
		w, h, step := 1+rng.IntN(80), 1+rng.IntN(20), 3+rng.IntN(300)
		if n%2 > 0 {
			w = 32 * (1 + n/2%2)
		}
		planes := guidePlanes(rng, w, h, n%4)
		naive := naiveGuide{planes, step, func(int, int, int) int32 { return 16 }}
		g := NewGuide(planes, step, naive.weight)
		g.Low(0, planes[1].H)
		g.Rows(0, planes[1].H)
		var got, plain, sums [2]GuideSums
		for y := range h {
			what := fmt.Sprintf("round %d: %d×%d pixels, step %d, row %d", n, w, h, step, y)
			want := NewPlanes(w, min(1+rng.IntN(2), h-y), 3, false)
			for _, p := range want {
				copy(p.Pix, wild[uint16](rng, len(p.Pix), maxSample))
			}
			g.genericSum(&plain, want, y)
			naive.sum(&sums, want, y)
			require.Equal(t, sums, plain, what)
			taken := g.vectorSum(&got, want, y)
			require.Equal(t, vector && w%32 == 0 && w <= 64, taken, what)
			if taken {
				require.Equal(t, plain, got, what)
			}
		}
	}
}

// sum adds the pixels of rows from y on.
func (g *naiveGuide) sum(sums *[2]GuideSums, want []Plane, y int) {
	none := naiveGuide{g.planes, g.step, func(int, int, int) int32 { return 0 }}
	for j := range want[0].H {
		for x := range want[0].W {
			for i := range sums {
				luma, plain := sampleOf(&g.planes[0], x, y+j)-sampleOf(&want[0], x, j), none.sample(i, x, y+j)
				off, moved := plain-sampleOf(&want[1+i], x, j), g.sample(i, x, y+j)-plain
				one := GuideSums{int64(luma * luma), int64(luma * off), int64(off * off), int64(luma * moved), int64(off * moved), int64(moved * moved)}
				sums[i].Add(&one, 1)
			}
		}
	}
}
