package mixing

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
)

// TestContexts holds the slots of all features inside their context.
func TestContexts(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 3))
	extreme := []int32{math.MinInt32, -1 << 20, -1000, -1, 0, 1, 1000, 1 << 20, math.MaxInt32}
	any := func() int32 { return extreme[r.IntN(len(extreme))] }
	c := Coder{lineShift: 32 - 8}
	for range 20000 {
		f := features{
			kind: r.IntN(residual.Kinds), pass: interlace.Pass(r.IntN(int(interlace.Passes) + 1)), direction: r.IntN(linear.Directions), fraction: r.Uint32N(8),
			expect: any(), correction: any(), mean: any(), spread: any(), beside: any(),
			other: [2]int32{any(), any()}, around: any(), pred: any(), value: [2]int32{any(), any()},
		}
		c.locate(&f)
		for i, at := range c.contexts[:direct] {
			require.Equal(t, i, int(at)/(values*bins), "context %d of %+v", i, f)
		}
		for i, at := range c.contexts[direct:] {
			require.GreaterOrEqual(t, int(at), hashSlots, "line %d of %+v", i, f)
			require.Less(t, int(at), hashSlots+lineBins<<8, "line %d of %+v", i, f)
		}
		require.LessOrEqual(t, int(c.low), hashSlots-lowBins, "%+v", f)
		require.LessOrEqual(t, c.set, (kindPasses-1)*bins, "%+v", f)
		require.LessOrEqual(t, c.second, sets-bins, "%+v", f)
	}
}

// A filter learns a linear relation, and extreme inputs leave it bounded.
func TestFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 3))
	var f filter
	early, late := int64(0), int64(0)
	for n := range 40000 {
		for i := range filterTaps {
			f.x[i] = int32(r.IntN(41) - 20)
		}
		want := int64(f.x[0]-2*f.x[3]) << (linear.WeightBits - 1)
		err := want - f.sum()>>filterBits
		f.learn(err)
		if n < 200 {
			early += max(err, -err)
		} else if n >= 39800 {
			late += max(err, -err)
		}
	}
	require.Less(t, late, early/10)
	for range 4000 {
		for i := range filterTaps {
			f.x[i] = clampInput(int32(r.Uint32()))
		}
		f.sum()
		f.learn(int64(r.Uint64()))
		for i, w := range f.w {
			require.LessOrEqual(t, max(w, -w), int64(filterLimit), "weight %d", i)
		}
	}
}
