package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
)

func requireKernels(t *testing.T) {
	t.Helper()
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
}

// plainly runs f without kernels.
func plainly(f func()) {
	defer setVector(setVector(false))
	f()
}

// wildSamples are n samples, many of them the least or the largest.
func wildSamples(rng *rand.Rand, n int) []uint16 {
	p := make([]uint16, n)
	for i := range p {
		switch rng.IntN(4) {
		case 0:
		case 1:
			p[i] = maxSample
		default:
			p[i] = uint16(rng.IntN(maxSample + 1))
		}
	}
	return p
}

// TestVectorWindow: windows of a plane in any place, and the classes of their blocks, are the same with
// kernels and without.
func TestVectorWindow(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(14, 1))
	for round := range 200 {
		luma := chroma.NewPlane(32*(1+rng.IntN(8)), 32*(1+rng.IntN(8)))
		copy(luma.Pix, wildSamples(rng, len(luma.Pix)))
		if spread := 1 + rng.IntN(200); round%2 > 0 { // of all classes
			for i := range luma.Pix {
				luma.Pix[i] = uint16(2000 + i%luma.Stride*round/8%500 + rng.IntN(spread))
			}
		}
		def := Plane{Chroma: round%3 > 0, Half: round%3 == 1}
		p := luma
		if def.Half {
			p = chroma.NewPlane(luma.Stride/2, luma.Rows()/2)
			copy(p.Pix, wildSamples(rng, len(p.Pix)))
		}
		x, y := block*rng.IntN(p.Stride/block), block*rng.IntN(p.Rows()/block)
		if round%4 == 0 { // whole rows, where they fit
			x = 0
		}
		width, height := min(windowSide, p.Stride-x), min(windowSide, p.Rows()-y)
		var steps [2]*restoration
		for i := range steps {
			steps[i] = newRestoration(int32(MinStep + rng.IntN(200)))
		}
		var got, want window
		classes := func(w *window) {
			w.takePlane(&p, def, x, y, width, height)
			if def.Chroma {
				w.takeGuide(&p, &luma, def, x, y, width, height)
			}
			for by := range w.by {
				for bx := range w.by[by] {
					w.by[by][bx] = steps[bx/2%2]
				}
			}
			w.classify(width/block, height/block)
		}
		classes(&got)
		plainly(func() { classes(&want) })
		require.Equalf(t, want.pix, got.pix, "round %d: samples at (%d,%d) of %+v", round, x, y, def)
		require.Equalf(t, want.guide, got.guide, "round %d: luma at (%d,%d) of %+v", round, x, y, def)
		for my := range height/block + 1 {
			for mx := range width/block + 1 {
				require.Equalf(t, want.gradients[my][mx], got.gradients[my][mx], "round %d: corner (%d,%d)", round, mx, my)
			}
		}
		for by := range height / block {
			require.Equalf(t, want.class[by][:width/block], got.class[by][:width/block], "round %d: row %d", round, by)
		}
	}
}

// TestVectorAnalyse holds the energy of a leaf and its highest diagonal to the plain code.
func TestVectorAnalyse(t *testing.T) { eachPath(t, testVectorAnalyse) }

func testVectorAnalyse(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 4))
	for round := range 600 {
		lg := 3 + round%3
		c := make([]int32, 1<<(2*lg))
		least := rng.IntN(21)
		for i := range c {
			c[i] = int32(rng.IntN(1<<20)-1<<19) >> (least + rng.IntN(21-least))
		}
		if round%4 == 0 { // around the largest that kernels take, in all places
			most := []int{1 << 13, 1 << 15}[rng.IntN(2)]
			for i := range c {
				c[i] = int32((most - 3 + rng.IntN(round%5+1)) * (1 - 2*rng.IntN(2)))
			}
		}
		step := int64(MinStep + rng.IntN(MaxStep))
		limit := (step*worthCoding + 255) >> 8
		c[rng.IntN(len(c))] = int32(-limit)
		c[rng.IntN(len(c))] = int32(limit - 1)
		energy, top := analyse(c, lg, step)
		wantEnergy, wantTop := genericAnalyse(c, lg, limit*limit)
		require.Equalf(t, []int64{wantEnergy, int64(wantTop)}, []int64{energy, int64(top)}, "round %d: step %d, %v", round, step, c)
	}
}

// TestVectorEstimates: so with what leaves cost about, and with differences.
func TestVectorEstimates(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(14, 5))
	for round := range 600 {
		lg := 3 + round%3
		a, b := make([]int32, 1<<(2*lg)), make([]int32, 1<<(2*lg))
		for i := range a {
			a[i], b[i] = int32(rng.IntN(1<<16)-1<<15)>>rng.IntN(17), int32(rng.IntN(1<<16)-1<<15)>>rng.IntN(17)
		}
		r := plainRates(MinStep + rng.IntN(MaxStep))
		if r.eighths.reciprocal < 1<<32 {
			require.Equalf(t, r.genericEstimates(a, b, lg), r.vectorEstimates(a, b, lg), "round %d: step %d, %v, %v", round, r.step, a, b)
		}
		got, want := make([]int32, len(a)), make([]int32, len(a))
		differences(got, a, b)
		plainly(func() { differences(want, a, b) })
		require.Equalf(t, want, got, "round %d", round)
	}
}

// TestWindowsHaveRoom: kernels read and write four corners at once, within the window.
func TestWindowsHaveRoom(t *testing.T) {
	var w window
	const read = 16 * ((blocks + 1 + 3) / 4) // samples
	last := w.at(-2+read-1+1, windowSide+1) + sampleBytes
	require.LessOrEqual(t, last, len(w.pix))
	require.LessOrEqual(t, read/4, len(w.gradients[0]))
}
