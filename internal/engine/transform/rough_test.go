package transform

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVectorRoughCost: what a square is estimated to cost is the same with kernels and without, for any step.
func TestVectorRoughCost(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 12))
	r := newRates(80, universalBits(), lambdas[kindLuma])
	for round := range 300 {
		lg, stride := cellLog2+round%3, maxN+rng.IntN(9)
		pix, predicted := wildSamples(rng, maxN*stride), wildSamples(rng, maxN*maxN)
		if round%2 == 0 { // what is left is small
			for i := range predicted {
				predicted[i] = uint16(max(int(pix[i>>lg%maxN*stride+i&(1<<lg-1)])+rng.IntN(9)-4, 0))
			}
		}
		step := []int32{1, 4, 5, 30, 200, 2000, MaxStep}[rng.IntN(7)]
		got := r.roughEstimate(predicted, pix, stride, lg, step)
		var want int64
		plainly(func() { want = r.roughEstimate(predicted, pix, stride, lg, step) })
		require.Equal(t, want, got, "round %d: leaf of %d, step %d", round, 1<<lg, step)
	}
}

// TestRoughCost: nothing left costs next to nothing, and a pattern that is the only one in its leaf costs about what its one
// coefficient does, whatever the leaf's mean.
func TestRoughCost(t *testing.T) {
	r := newRates(80, universalBits(), lambdas[kindLuma])
	var pix, predicted [cell * cell]uint16
	for i := range pix {
		pix[i], predicted[i] = 1500, 900
	}
	flat := r.roughEstimate(predicted[:], pix[:], cell, cellLog2, 80)
	require.EqualValues(t, int64(estimates[0]/2)*(cell*cell-1)*80*80>>(7-distScale), flat)
	for i := range pix {
		pix[i] += uint16(20 * (1 - 2*(i&1))) // in 1/16 level: one coefficient of 20·8/16 levels, a step of 80/8
	}
	one := r.roughEstimate(predicted[:], pix[:], cell, cellLog2, 80) - flat
	require.EqualValues(t, int64(estimates[8]/2-estimates[0]/2)*80*80>>(7-distScale), one)
}

// TestLumaAt: luma in the place of chroma is the same with kernels and without, also where luma ends before chroma's padding.
func TestLumaAt(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 13))
	luma := &predictor{cells: &Cells{w: 2*rootCells - 2, h: 2 * rootCells}, stride: 2*maxN - 2*cell}
	luma.pix = wildSamples(rng, luma.stride*cell*luma.cells.h)
	p := &predictor{luma: luma, half: true}
	for _, n := range []node{{3, 0, 0}, {3, 3, 3}, {4, 2, 0}, {4, 0, 2}, {5, 0, 0}} {
		var got, want [maxN * maxN]uint16
		p.lumaAt(got[:], n)
		plainly(func() { p.lumaAt(want[:], n) })
		require.Equal(t, want, got, "node %v", n)
	}
}

// TestVectorErrors: the RMS error of samples is the same with kernels and without, of any part of a leaf.
func TestVectorErrors(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 15))
	for range 300 {
		w, h, stride := rng.IntN(maxN+1), rng.IntN(maxN+1), maxN+rng.IntN(9)
		a, b := wildSamples(rng, maxN*stride), wildSamples(rng, maxN*maxN)
		got := rmsOf(a, stride, b, maxN, w, h)
		var want uint32
		plainly(func() { want = rmsOf(a, stride, b, maxN, w, h) })
		require.Equal(t, want, got, "%d×%d samples", w, h)
	}
}
