package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVectorDirections: what all modes but luma predict of leaves of every size is the same with kernels and
// without, whatever lies around.
func TestVectorDirections(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(13, 2))
	for round := range 40 {
		for lg := cellLog2; lg <= rootLog2; lg++ {
			p := new(predictor)
			for k, v := range wildSamples(rng, len(p.around)) {
				switch round {
				case 0:
					v = maxSample
				case 1:
					v = 0
				}
				p.around[k] = v
			}
			var plain predictor
			plain.around = p.around
			plainly(func() { plain.smoothen(4<<lg+1, lg) })
			p.smoothen(4<<lg+1, lg)
			require.Equal(t, plain.smooth[:4<<lg+1], p.smooth[:4<<lg+1], "outline of a leaf of %d", 1<<lg)
			for mode := modePlanar; mode < modeLuma; mode++ {
				var got, want [maxN*maxN + 1]uint16
				got[1<<(2*lg)], want[1<<(2*lg)] = 7, 7 // stays
				p.predict(got[:], node{lg: lg}, mode)
				plainly(func() { p.predict(want[:], node{lg: lg}, mode) })
				for k := range want {
					require.Equal(t, want[k], got[k], "leaf of %d, mode %d, sample (%d,%d)", 1<<lg, mode, k&(1<<lg-1), k>>lg)
				}
			}
		}
	}
}

// TestCountSlopes: slopes of all directions and heights are counted as without the kernel.
func TestCountSlopes(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 17))
	for round := range 4000 {
		stride := cell + rng.IntN(9)
		pix := wildSamples(rng, cell*stride)
		if most := []int{1, 3, 10, 40, 300, maxSample}[rng.IntN(6)]; round%2 == 0 {
			across, down := rng.IntN(2*most+1)-most, rng.IntN(2*most+1)-most
			for i := range pix {
				v := maxSample/2 + across*(i%stride-cell/2)/2 + down*(i/stride-cell/2)/2 + rng.IntN(3)
				pix[i] = uint16(min(max(v, 0), maxSample))
			}
		}
		var got, want [nAngles]int32
		got[5], want[5] = 7, 7
		countSlopes(&got, &pix[0], stride)
		directionsOf(&want, pix, stride)
		require.Equal(t, want, got, "round %d", round)
	}
}
