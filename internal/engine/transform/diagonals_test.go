package transform

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// leafContents are coefficients of a leaf of n×n at a step, of all sorts.
var leafContents = map[string]func(rng *rand.Rand, n, step int) func(u, v int) int{
	"falling": func(rng *rand.Rand, _, step int) func(u, v int) int {
		strength := rng.IntN(12 * step)
		return func(u, v int) int { return around(rng, strength/(1+u+v)) }
	},
	"noise": func(rng *rand.Rand, _, step int) func(u, v int) int {
		strength := rng.IntN(4 * step)
		return func(_, _ int) int { return around(rng, strength) }
	},
	"few": func(rng *rand.Rand, n, step int) func(u, v int) int {
		return func(_, _ int) int {
			if rng.IntN(n) > 0 {
				return around(rng, step/2)
			}
			return around(rng, 3*step)
		}
	},
	"halves": func(rng *rand.Rand, _, step int) func(u, v int) int {
		return func(_, _ int) int { return (1-2*rng.IntN(2))*(step/2+step*rng.IntN(20)) + rng.IntN(3) - 1 }
	},
	"escapes": func(rng *rand.Rand, _, step int) func(u, v int) int {
		return func(u, v int) int {
			if rng.IntN(3) == 0 {
				return around(rng, 60*step)
			}
			return around(rng, 16*step)
		}
	},
	"extreme": func(rng *rand.Rand, _, _ int) func(u, v int) int {
		most := mostCoefs[rng.IntN(len(mostCoefs))]
		return func(_, _ int) int { return around(rng, 1) * most }
	},
	"zero": func(*rand.Rand, int, int) func(u, v int) int {
		return func(_, _ int) int { return 0 }
	},
}

// mostCoefs lie on both sides of what 14, 15 and 16 bits hold.
var mostCoefs = []int{1<<14 - 1, 1 << 14, 1<<15 - 1, 1 << 15, 1 << 16, 1<<17 - 1}

// around is a number of a magnitude up to most.
func around(rng *rand.Rand, most int) int { return rng.IntN(2*most+1) - most }

// TestDiagonals holds the kernels to the quantiser: what they save and gain, tokens and levels.
func TestDiagonals(t *testing.T) { eachPath(t, testDiagonals) }

func testDiagonals(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	var got, want levelTokens
	kept, again, anew := new(diagonalLevels), 0, 0
	for _, step := range kernelSteps {
		for name, r := range kernelRates(rng, step) {
			for content, values := range leafContents {
				for i := range 3 * sizes {
					lg, kind := cellLog2+i%sizes, rng.IntN(kinds)
					c := leafOf(rng, lg, int(r.step), values)
					top, ctx := rng.IntN(2<<lg-1), lastContext(kind, lg, rng.IntN(30)-1)
					if rng.IntN(2) == 0 {
						_, top = analyse(c, lg, r.step)
					}
					at := fmt.Sprintf("step %d, %s, %s, leaf of %d up to %d", step, name, content, 1<<lg, top)
					q, w := got.quantise(r, c, lg, kind, top, ctx), want.genericQuantise(r, c, lg, kind, top, ctx)
					requireSame(t, w, q, at)
					require.Equal(t, w.saved, got.comesTo(r, c, lg, kind, top, ctx, kept).saved, "%s: J saved, without tokens", at)
					for other := range lastClasses {
						ctx := lastContexts(kind, lg) + other
						if q, ok := got.again(r, c, lg, kind, ctx, kept); ok {
							again++
							requireSame(t, want.genericQuantise(r, c, lg, kind, top, ctx), q, at+", again")
						} else if kept.known {
							anew++
						}
					}
				}
			}
		}
	}
	require.Positive(t, again, "leaves whose levels are the same where the last group has other costs")
	require.Positive(t, anew, "leaves whose levels are not")
}

// kernelSteps are steps of all magnitudes, and kernelRates rates of all sorts.
var kernelSteps = []int{MinStep, 4, 5, 9, 19, 20, 38, 75, 150, 333, 500, MaxStep}

func kernelRates(rng *rand.Rand, step int) map[string]*rates {
	return map[string]*rates{
		"plain":            plainRates(step),
		"flat":             newRates(step, universalBits(), lambdaTextures[0]),
		"middle":           newRates(step, universalBits(), lambdas[kindLuma]),
		"textured":         newRates(step, universalBits(), lambdaTextures[stepClasses-1]),
		"predicted":        newDependentRates(step, lambdasPredicted[kindChroma]),
		"predicted, scout": newScout(step, lambdasPredicted[kindLuma]),
		"random":           newRates(step, randomBits(rng, 15), lambdaTextures[stepClasses-1]),
		"random, steep":    newRates(step, randomBits(rng, 60), lambdaTextures[stepClasses-1]),
	}
}

// TestAhead holds the kernels of four leaves of 8 and two of 16 to the quantiser, for leaves of different contents and lengths
// side by side.
func TestAhead(t *testing.T) { eachPath(t, testAheads) }

func testAheads(t *testing.T) {
	for lg := cellLog2; lg < rootLog2; lg++ {
		t.Run(fmt.Sprint(1<<lg), func(t *testing.T) { testAhead(t, lg) })
	}
}

func testAhead(t *testing.T, lg int) {
	rng := rand.New(rand.NewPCG(1, 8))
	contents := slices.Sorted(maps.Keys(leafContents))
	var got, want levelTokens
	ahead, again, alone := 0, 0, 0
	for _, step := range kernelSteps {
		for name, r := range kernelRates(rng, step) {
			for range 100 {
				leaves := make([]besideLeaf, besideLeaves>>(lg-cellLog2))
				kind := rng.IntN(kinds)
				few := contents[rng.IntN(len(contents))]
				for i := range leaves {
					content := few
					if rng.IntN(3) == 0 {
						content = contents[rng.IntN(len(contents))]
					}
					c := leafOf(rng, lg, int(r.step), leafContents[content])
					leaves[i] = besideLeaf{coefs: c, top: rng.IntN(2<<lg - 1), kept: new(diagonalLevels)}
					if rng.IntN(2) == 0 {
						_, leaves[i].top = analyse(c, lg, r.step)
					}
					if rng.IntN(8) == 0 {
						leaves[i].top = 0
					}
				}
				got.ahead(r, leaves, lg, kind)
				for i, l := range leaves {
					at := fmt.Sprintf("step %d, %s, leaf %d, up to %d", step, name, i, l.top)
					q, ok := l.kept.takeAhead(r, lg, kind)
					if !ok {
						alone++
						continue
					}
					ahead++
					w := want.genericQuantise(r, l.coefs, lg, kind, l.top, lastContext(kind, lg, typicalLast))
					require.Equal(t, w.outcome, q, at)
					_, ok = l.kept.takeAhead(r, lg, kind)
					require.False(t, ok, "%s: taken twice", at)
					for other := range lastClasses {
						ctx := lastContexts(kind, lg) + other
						if q, ok := got.again(r, l.coefs, lg, kind, ctx, l.kept); ok {
							again++
							requireSame(t, want.genericQuantise(r, l.coefs, lg, kind, l.top, ctx), q, at)
						}
					}
				}
			}
		}
	}
	require.Positive(t, alone, "leaves that the kernel leaves alone")
	require.Greater(t, ahead, 5000, "leaves that it takes")
	require.Greater(t, again, ahead, "whose levels are the same for some costs of the last group")
}

// requireSame holds what was quantised to what it should be.
func requireSame(t *testing.T, want, got *quantised, at string) {
	t.Helper()
	require.Equal(t, want.last, got.last, "%s: last group", at)
	require.Equal(t, want.saved, got.saved, "%s: J saved", at)
	require.Equal(t, want.gained, got.gained, "%s: squared error gained", at)
	require.Equal(t, append([]uint8{}, want.names...), append([]uint8{}, got.names...), "%s: names", at)
	require.Equal(t, append([]acLevel{}, want.levels...), append([]acLevel{}, got.levels...), "%s: levels", at)
}

// leafOf are coefficients of a content.
func leafOf(rng *rand.Rand, lg, step int, make func(rng *rand.Rand, n, step int) func(u, v int) int) (c []int32) {
	of := make(rng, 1<<lg, step)
	for i := range 1 << (2 * lg) {
		c = append(c, int32(of(i>>lg, i&(1<<lg-1))))
	}
	return c
}

// randomBits are of symbols that take up to most bits, whatever the others of their context take.
func randomBits(rng *rand.Rand, most int) *symbolBits {
	b := new(symbolBits)
	for i := range b {
		b[i] = int32(rng.IntN(most<<rans.CostFrac + 1))
	}
	return b
}
