//go:build amd64 && !purego

package mixing

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
)

// The kernels of the filter give the numbers of the plain code, whatever
// the samples, residuals and errors of a damaged file are.
func TestVectorFilter(t *testing.T) {
	if !avx2 {
		t.Skip("no vector kernels on this machine")
	}
	r := rand.New(rand.NewPCG(6, 3))
	for range 200 {
		var levels [residual.Kinds]interlace.Level
		shift := r.IntN(32)
		for i := range levels {
			levels[i].Reset(20, 12)
			for k := range levels[i].V {
				levels[i].V[k], levels[i].Q[k] = int32(r.Uint32())>>shift, int32(r.Uint32())>>shift
			}
		}
		before := [2]*interlace.Level{&levels[1], &levels[2]}
		for k := r.IntN(3); k < 2; k++ {
			before[k] = nil
		}
		var fast, plain filter
		ps := interlace.Pass(r.IntN(int(interlace.Passes)))
		a, b := newNeighbourhood(&levels[0], before, ps, &fast), newNeighbourhood(&levels[0], before, ps, &plain)
		for range 100 {
			a.at = levels[0].At(r.IntN(20), r.IntN(12))
			b.at = a.at
			gather(a)
			b.gatherPlain()
			require.Equal(t, plain, fast)
			require.Equal(t, [3]int64{int64(b.mean), int64(b.spread), b.sum}, [3]int64{int64(a.mean), int64(a.spread), a.sum})
			gain := int64(int32(r.Uint32()) >> r.IntN(32))
			moveWeights(&fast, gain)
			plain.movePlain(gain)
		}
		require.Equal(t, plain, fast)
	}
}
