//go:build !purego

package transform

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
)

// Steps of promises of 0.6 to 30, whose leaves wide kernels take by bins.
const leastBinned, mostBinned = 9, 450

// TestKernelPrices: kernels take the rates of the promises that photographs are coded with.
func TestKernelPrices(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	for _, test := range []struct {
		name        string
		most        int64 // promise
		bits        *symbolBits
		least, last int64 // λ
	}{
		{"without prediction", 30, universalBits(), lambdas[kindLuma], lambdas[kindChroma]},
		{"predicted", 15, predictedBits(), lambdaTextures[0], lambdaTextures[stepClasses-1]},
		{"scout", 15, scoutBits(), lambdaTextures[0], lambdaTextures[stepClasses-1]},
	} {
		for step := MinStep; step <= StepFor(test.most*engine.ErrorUnit); step += 1 + step/20 {
			for _, lambda := range []int64{test.least, test.last} {
				r := newRates(step, test.bits, lambda)
				for lg := cellLog2; lg <= rootLog2; lg++ {
					for kind := range kinds {
						at := fmt.Sprintf("%s: step %d, λ %d, kind %d, leaves of %d", test.name, step, lambda, kind, 1<<lg)
						p := r.pricesOf(kind, lg)
						require.NotNil(t, p, at)
						if wide && step >= leastBinned && step < mostBinned {
							require.NotNil(t, p.bins, "%s: bins", at)
						}
					}
				}
			}
		}
	}
}
