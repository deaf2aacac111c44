package transform

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// clippedSizes have one or few rows and columns of their last leaves in the image.
var clippedSizes = [][2]int{{1, 1}, {1, 65}, {65, 1}, {3, 34}, {33, 33}, {34, 41}, {63, 47}, {97, 66}}

// TestClippedLeavesKeep: over its samples in the image no leaf is off by more than the
// promise, whatever they are, and Worst is what the worst of them is off by.
func TestClippedLeavesKeep(t *testing.T) {
	for name, f := range sources {
		for _, size := range shorttest.Cases(clippedSizes) {
			p := newPlane(f, size[0], size[1])
			chroma.Pad(&p)
			for _, def := range kindsOfPlane {
				for _, threshold := range shorttest.Cases([]float64{0.25, 0.5, 1, 2, 5, 12, 40, 255}) {
					c := encodePlane(t, StepFor(int64(threshold*engine.ErrorUnit)), int(threshold*(1<<16)), def, engine.SplitHybrid, p)
					_, dst := decodePlane(t, StepFor(int64(threshold*engine.ErrorUnit)), def, &c)
					requireKept(t, &c, &p, &dst, fmt.Sprintf("%s %v %+v T %g", name, size, def, threshold))
				}
			}
		}
	}
}

// requireKept measures every leaf.
func requireKept(t *testing.T, c *coded, p, dst *chroma.Plane, name string) {
	t.Helper()
	worst := uint32(0)
	for _, l := range c.encoder.scratch.leaves {
		sum, n, lg := uint64(0), 0, l.node.lg
		for i := range 1 << (2 * lg) {
			x, y := cell*l.node.x+i&(1<<lg-1), cell*l.node.y+i>>lg
			if x < p.W && y < p.H {
				d := int64(p.Pix[y*p.Stride+x]) - int64(dst.Pix[y*dst.Stride+x])
				sum, n = sum+uint64(d*d), n+1
			}
		}
		if n == 0 {
			continue
		}
		rms := RMS(sum, n)
		require.LessOrEqual(t, rms, c.encoder.encoder.promise, "%s: leaf of %d at x %d y %d, %d samples seen", name, 1<<lg, cell*l.node.x, cell*l.node.y, n)
		worst = max(worst, rms)
	}
	require.Equal(t, worst, c.encoder.tile.Worst[0], name)
}

// TestDescentEnds: without a promise that would end it, descent comes to half a step
// over any samples that are seen, from any levels.
func TestDescentEnds(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for round := range 60 {
		w, h := 1+rng.IntN(32), 1+rng.IntN(4)
		if round%2 == 0 {
			w, h = h, w
		}
		p := newPlane(sources["noise"], w, h)
		const step = 400
		c := encodePlane(t, step, 1, Plane{}, engine.SplitHybrid, p)
		for _, l := range c.encoder.scratch.leaves {
			w, h := c.encoder.src.seen(l.node)
			rms := c.encoder.gauge.rms(l.node, c.encoder.scratch.levels[l.from:l.to])
			require.LessOrEqual(t, float64(rms), float64(step/2)/8*(1<<16)*1.01, "round %d: leaf of %d, %d×%d seen", round, 1<<l.node.lg, w, h)
		}
	}
}

// TestRMS: roots are rounded up, of any sum.
func TestRMS(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	for range 20000 {
		n := 1 + rng.IntN(1024)
		sum := rng.Uint64N(uint64(n)*chroma.MaxLevel*chroma.MaxLevel+1) >> rng.IntN(30)
		// r is the least number with r²·n ≥ sum·2^24.
		r, want := RMS(sum, n), new(big.Int).Lsh(new(big.Int).SetUint64(sum), 24)
		square := func(r int64) *big.Int { return new(big.Int).Mul(big.NewInt(r*r), big.NewInt(int64(n))) }
		assert.GreaterOrEqual(t, square(int64(r)).Cmp(want), 0, "%d/%d: %d is too small", sum, n, r)
		if r > 0 {
			assert.Negative(t, square(int64(r)-1).Cmp(want), "%d/%d: %d is too large", sum, n, r)
		}
		assert.InDelta(t, math.Sqrt(float64(sum)/float64(n))/16, float64(r)/(1<<16), 1.0/(1<<16))
	}
}
