package transform

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestForecastSums holds the kernel to plain Go.
func TestForecastSums(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	rng := rand.New(rand.NewPCG(1, 7))
	for _, step := range kernelSteps {
		if step < leastForecast {
			continue
		}
		r := newRates(step, universalBits(), lambdas[kindLuma])
		for content, values := range leafContents {
			for i := range 10 * sizes {
				lg, kind := cellLog2+i%sizes, rng.IntN(kinds)
				c := leafOf(rng, lg, step, values)
				at := fmt.Sprintf("step %d, %s, leaf of %d", step, content, 1<<lg)
				require.Equal(t, r.genericSums(c, lg, kind), r.vectorSums(c, lg, kind), at)
			}
		}
	}
}
