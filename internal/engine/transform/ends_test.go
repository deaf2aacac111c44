package transform

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// TestOverviewScale: at every step values of ends stand for the ends, all others for multiples
// of the step in their order, and rounding finds the nearest.
func TestOverviewScale(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for step := MinStep; step <= MaxStep; step++ {
		s := newOverviewScale(step, Plane{})
		require.EqualValues(t, fullMean, s.mean(s.full), "step %d", step)
		require.EqualValues(t, lowMean, s.mean(s.low), "step %d", step)
		require.EqualValues(t, chroma.MaxLevel, s.sample(s.full), "step %d", step)
		require.Zero(t, s.sample(s.low), "step %d", step)
		for range 40 {
			mean := rng.Int32N(40000) - 20000
			q := s.nearest(mean)
			require.Zero(t, s.end(q), "step %d: mean %d", step, mean)
			require.Zero(t, s.mean(q)%s.step, "step %d: mean %d", step, mean)
			require.LessOrEqual(t, 2*math.Abs(float64(mean-s.mean(q))), float64(s.step), "step %d: mean %d", step, mean)
			require.Equal(t, q, s.nearest(s.mean(q)), "step %d: value %d", step, q)
		}
		// No cell of the range is rounded to where its neighbours in the order are ends.
		require.Less(t, s.nearest(fullMean), s.full, "step %d", step)
		require.Greater(t, s.nearest(lowMean), s.low, "step %d", step)
	}
}

// TestEndsDecode: cells at full scale or 0 throughout decode to that, in leaves of any size,
// and nothing else is an end. Planes of chroma have none.
func TestEndsDecode(t *testing.T) {
	sizes := map[uint8]int{}
	for _, def := range kindsOfPlane {
		for _, threshold := range shorttest.Cases([]float64{60, 0.25, 1, 5, 20, 255}) {
			for _, split := range []engine.Split{engine.SplitHybrid, engine.SplitPyramid, engine.SplitCost} {
				step := StepFor(int64(threshold * engine.ErrorUnit))
				p := newPlane(paper, 320, 160)
				c := encodePlane(t, step, int(threshold*(1<<16)), def, split, p)
				cells, dst := decodePlane(t, step, def, &c)
				for i, q := range cells[0].overview {
					x, y := i%cells[0].w, i/cells[0].w
					want := int32(0)
					if !def.Chroma {
						want = flatEnd(&p, x, y)
					}
					require.Equal(t, want, cells[0].scale.end(q), "%+v T %g split %d: cell x %d y %d", def, threshold, split, x, y)
					if want == 0 {
						continue
					}
					sizes[cells[0].size[i]]++
					require.Equal(t, want, flatEnd(&dst, x, y), "%+v T %g split %d: cell x %d y %d decoded", def, threshold, split, x, y)
				}
			}
		}
	}
	require.Len(t, sizes, 3, "sizes of leaves that hold ends: %v", sizes)
}

// flatEnd is 1 of a cell at full scale throughout, -1 of one at 0, and 0 of others.
func flatEnd(p *chroma.Plane, x, y int) int32 {
	full, low := true, true
	for i := range cell * cell {
		v := p.Pix[(cell*y+i/cell)*p.Stride+cell*x+i%cell]
		full, low = full && v == chroma.MaxLevel, low && v == 0
	}
	switch {
	case full:
		return 1
	case low:
		return -1
	}
	return 0
}
