package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNothingMissing: of a leaf that goes on as the samples beside it are, nothing is missing once it
// has all of its coefficients, but for roundings; and before, what is missing has their signs more
// often than not.
func TestNothingMissing(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	for lg := cellLog2; lg <= rootLog2; lg++ {
		n := 1 << lg
		stride := n + 1
		pix := make([]uint16, stride*stride)
		for i := range pix {
			pix[i] = uint16(1000 + rng.IntN(2000))
		}
		for i := range n { // the first row and column once more, beside the leaf
			pix[1+i] = pix[stride+1+i]
			pix[(1+i)*stride] = pix[(1+i)*stride+1]
		}
		at := stride + 1
		var dct transformer
		coefs := make([]int32, n*n)
		dct.forward(coefs, pix[at:], stride, lg)
		s := &synthesis{lg: lg}
		m := n / cell
		for i := range m * m {
			k := i/m*n + i%m
			s.coef[k] = coefs[k]
		}
		var b boundary
		b.begin(node{lg, 1, 1}, s, pix, at, stride)
		right, all := 0, 0
		for _, p := range scanOf(lg).pos {
			row, column := b.missing(p.coef)
			if c := coefs[p.coef]; abs(c) > 200 {
				all++
				if row+column < 0 == (c < 0) {
					right++
				}
			}
			b.take(p.coef, coefs[p.coef])
		}
		require.Greaterf(t, 2*right, all+all/10, "leaf of %d: %d of %d signs", n, right, all)
		for k := range n {
			require.LessOrEqualf(t, abs(b.row[k]), int32(2*n), "leaf of %d: u %d", n, k)
			require.LessOrEqualf(t, abs(b.column[k]), int32(2*n), "leaf of %d: v %d", n, k)
		}
	}
}

// TestPredictedLeavesAreNotBare: what a mode predicts of a leaf without levels is not smoothed away.
func TestPredictedLeavesAreNotBare(t *testing.T) {
	for _, c := range []struct {
		last uint8
		mode int
		bare bool
	}{{0, modeNone, true}, {0, modePlanar, false}, {0, modeAngle, false}, {1, modeNone, false}, {1, modeLuma, false}} {
		cells := Cells{last: []uint8{c.last}, modes: []uint8{uint8(c.mode)}}
		require.Equalf(t, c.bare, cells.bare(0), "last group %d, mode %d", c.last, c.mode)
	}
	require.True(t, (&Cells{last: []uint8{0}}).bare(0), "without modes")
}

// TestVectorEdges: what is missing at the sides of a leaf is transformed the same with kernels and without.
func TestVectorEdges(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 14))
	for round := range 60 {
		b := boundary{lg: cellLog2 + round%3}
		above, below := wildSamples(rng, maxN), wildSamples(rng, maxN)
		sample := func(i int) int32 { return int32(above[i]) - int32(below[i]) }
		var got, want [maxN]int32
		b.transform(&got, sample)
		plainly(func() { b.transform(&want, sample) })
		require.Equal(t, want, got, "leaf of %d", 1<<b.lg)
	}
}
