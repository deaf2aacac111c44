package transform

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVectorTrellis: dependent levels and their tokens are the same with the kernel and without, also where some are escaped, where
// the choice is given up because it costs too much, where prices are random, and where the kernel cannot take them.
func TestVectorTrellis(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 11))
	var tokens [2]levelTokens
	wild := randomBits(rng, 15)
	for round := range 1600 {
		lg, kind, step := 3+round%3, round/3%2, []int{1, 3, 20, 70, 300, 900, MaxStep}[rng.IntN(7)]
		r, c := newRates(step, predictedBits(), lambdas[kindLuma]), coefficients(rng, lg, step)
		switch rng.IntN(4) {
		case 0:
			r = newRates(step, wild, lambdas[kindLuma])
		case 1:
			r = plainRates(step)
		}
		if round%5 == 0 {
			for range 9 {
				c[rng.IntN(len(c))] = int32(rng.IntN(1<<16) - 1<<15)
			}
		}
		top, ctx := topOf(c, lg, r.unit), lastContext(kind, lg, rng.IntN(20)-1)
		most := int64(anyCost)
		if round%4 == 0 {
			most = rng.Int64N(1 << 24)
		}
		got := tokens[0].dependBelow(r, c, nil, lg, kind, top, ctx, most)
		var want *quantised
		plainly(func() { want = tokens[1].dependBelow(r, c, nil, lg, kind, top, ctx, most) })
		name := fmt.Sprintf("round %d: leaf of %d, kind %d, step %d", round, 1<<lg, kind, step)
		require.Equal(t, slices.Clone(want.levels), slices.Clone(got.levels), name)
		require.Equal(t, slices.Clone(want.tokens), slices.Clone(got.tokens), name)
		require.Equal(t, []int64{int64(want.last), want.saved, want.gained}, []int64{int64(got.last), got.saved, got.gained}, name)
	}
}
