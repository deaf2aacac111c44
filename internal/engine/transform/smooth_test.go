package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
)

// naiveSmooth is FORMAT.md, "Smoothing", sample by sample.
func naiveSmooth(step int64, p *chroma.Plane, g *Grid) (calmCells int) {
	clamp := func(v, hi int) int { return min(max(v, 0), hi) }
	at := func(x, y int) *trait { return &g.of[clamp(y, g.h-1)*g.w+clamp(x, g.w-1)] }
	calm := func(x, y int) bool {
		x, y = clamp(x, g.w-1), clamp(y, g.h-1)
		for i := range 9 {
			d := int64(at(x+i%3-1, y+i/3-1).mean) - int64(at(x, y).mean)
			opposite := int64(at(x+1-i%3, y+1-i/3).mean) - int64(at(x, y).mean)
			if d > step || -d > step || i%2 == 1 && (d+opposite > step || -d-opposite > step) {
				return false
			}
		}
		return at(x, y).bare && g.ends[y*g.w+x] == 0
	}
	h := func(x, y int) (sum int64) {
		x, y = clamp(x, g.w-1), clamp(y, g.h-1)
		if !calm(x, y) {
			return 16 * int64(at(x, y).mean)
		}
		for i := range 9 {
			sum += int64([3]int{1, 2, 1}[i%3]*[3]int{1, 2, 1}[i/3]) * int64(at(x+i%3-1, y+i/3-1).mean)
		}
		return sum
	}
	for y := range p.Rows() {
		for x := range p.Stride {
			cx, cy := x/8, y/8
			if !calm(cx, cy) {
				continue
			}
			calmCells++
			dx, dy := 2*(x%8)-7, 2*(y%8)-7
			nx, ny := cx+1, cy+1
			if dx < 0 {
				nx, dx = cx-1, -dx
			}
			if dy < 0 {
				ny, dy = cy-1, -dy
			}
			a, b := int64(dx), int64(dy)
			v := (16-b)*((16-a)*h(cx, cy)+a*h(nx, cy)) + b*((16-a)*h(cx, ny)+a*h(nx, ny))
			p.Pix[y*p.Stride+x] = uint16(clamp(int((v+1<<13)>>14)+2048, 4095))
		}
	}
	return calmCells / 64
}

// TestSmoother: it equals the naive form, of any means, with rows in any order.
func TestSmoother(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	calm := 0
	for round := range 60 {
		step := overviewStepOf([]int{MinStep, 20, 150, 700, MaxStep}[round%5], Plane{Chroma: round%2 > 0})
		p := newPlane(sources["noise"], 96, 64)
		g := newGrid(12, 8, 0)
		for i := range g.of {
			q := (i%12+i/12)*(round%4)/3 + rng.IntN(2) - 12*rng.IntN(2)*(round%3/2)
			g.of[i] = trait{mean: int32(q) * step, bare: rng.IntN(9) > 0}
			if round%7 == 6 {
				g.of[i].mean = rng.Int32N(2*maxOverview*step) - maxOverview*step
			}
			if rng.IntN(30) == 0 {
				g.ends[i] = 1
			}
		}
		want := p
		want.Pix = append([]uint16(nil), p.Pix...)
		calm += naiveSmooth(int64(step), &want, &g)
		s := newSmoother(new(memory), step, &p, &g)
		for _, pass := range []func(int){s.means, s.samples} {
			for _, y := range rng.Perm(g.h) {
				pass(y)
			}
		}
		for i := range p.Pix {
			require.Equal(t, want.Pix[i], p.Pix[i], "round %d step %d x %d y %d", round, step, i%p.Stride, i/p.Stride)
		}
	}
	require.Greater(t, calm, 500, "calm cells")
}

// smooth smooths a plane.
func smooth(step int32, p *chroma.Plane, g *Grid) {
	s := newSmoother(new(memory), step, p, g)
	for _, pass := range []func(int){s.means, s.samples} {
		for y := range g.h {
			pass(y)
		}
	}
}

// TestSmoothTexture: waves of two steps, four cells long, are no slope and stay.
func TestSmoothTexture(t *testing.T) {
	const step = 400
	p := newPlane(sources["noise"], 256, 32)
	want := append([]uint16(nil), p.Pix...)
	g := newGrid(32, 4, 0)
	for i := range g.of {
		g.of[i] = trait{mean: []int32{0, step, 0, -step}[i%4], bare: true}
	}
	smooth(step, &p, &g)
	for i := range p.Pix {
		if x := i % p.Stride; x/8%2 == 1 && x/8 < 31 { // crests and troughs, of which the last is cut
			require.Equal(t, want[i], p.Pix[i], "x %d y %d", x, i/p.Stride)
		}
	}
}

// TestSmoothSlope: a slope of less than a step from cell to cell comes out without steps, where
// leaves of flats had been.
func TestSmoothSlope(t *testing.T) {
	const step = 400
	p := chroma.NewPlane(256, 32)
	g := newGrid(32, 4, 0)
	for i := range g.of {
		g.of[i] = trait{mean: int32(i%32/4) * step, size: 5, bare: true}
	}
	for i := range p.Pix {
		p.Pix[i] = uint16(chroma.Centre + i%256/32*step/4)
	}
	smooth(step, &p, &g)
	largest := 0
	for x := 1; x < 256; x++ {
		largest = max(largest, int(p.Pix[x])-int(p.Pix[x-1]))
	}
	require.LessOrEqual(t, largest, step/4/16+1, "step from sample to sample; flats have steps of %d", step/4)
}
