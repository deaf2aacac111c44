package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInverseKernel holds the kernel to the sums as they are defined, of whatever coefficients it is given.
func TestInverseKernel(t *testing.T) { eachPath(t, testInverseKernel) }

func testInverseKernel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	var tr transformer
	for round := range 3000 {
		lg := cellLog2 + round%sizes
		n := 1 << lg
		coefs := make([]int32, n*n)
		e := extent{u: rng.IntN(n), v: rng.IntN(n)}
		left := 1 + rng.IntN(safeL1)
		for range 1 + rng.IntN(n*n) {
			at := rng.IntN(e.u+1)*n + rng.IntN(e.v+1)
			if coefs[at] != 0 || left == 0 {
				continue
			}
			v := rng.IntN(left + 1)
			if round%5 > 0 {
				v = min(v, 1<<rng.IntN(12))
			}
			coefs[at], left = int32(v), left-v
			if rng.IntN(2) == 0 {
				coefs[at] = -coefs[at]
			}
			e.l1 += v
		}
		var predicted []uint16
		if round%2 > 0 {
			for range n * n {
				predicted = append(predicted, uint16(rng.IntN(maxSample+1)))
			}
		}
		stride := n + rng.IntN(20)
		got, want := make([]uint16, n*stride), make([]uint16, n*stride)
		tr.inverse(got, stride, coefs, lg, e, predicted)
		inverseWrapping(want, stride, coefs, lg, predicted)
		for i := range got {
			require.Equalf(t, want[i], got[i], "round %d: leaf of %d, extent %v, x %d, y %d", round, n, e, i%stride, i/stride)
		}
	}
}

// TestForwardKernel holds the kernels to words of two lanes, of samples of all sorts.
func TestForwardKernel(t *testing.T) { eachPath(t, testForwardKernel) }

func testForwardKernel(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 5))
	var tr transformer
	for round := range 2000 {
		lg := cellLog2 + round%sizes
		n := 1 << lg
		stride := n + rng.IntN(20)
		pix := make([]uint16, n*stride)
		spread, u, v := 1+rng.IntN(maxSample+1), rng.IntN(n), rng.IntN(n)
		for i := range pix {
			switch round % 4 {
			case 0:
				pix[i] = uint16(rng.IntN(2) * maxSample)
			case 1: // as far as a coefficient goes
				if x, y := i%stride%n, i/stride; cosine(x, u, n)*cosine(y, v, n) > 0 {
					pix[i] = maxSample
				}
			default:
				pix[i] = uint16(rng.IntN(spread))
			}
			if round%8 == 1 {
				pix[i] = maxSample - pix[i]
			}
		}
		got, want := make([]int32, n*n), make([]int32, n*n)
		tr.forward(got, pix, stride, lg)
		tr.forwardLanes(want, pix, stride, lg)
		for i := range got {
			require.Equalf(t, want[i], got[i], "round %d: leaf of %d, u %d, v %d", round, n, i/n, i%n)
		}
	}
}
