package linear

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestParents: bands that are alike are in one tree, whatever their signs, and others have
// no parent; no band is its own ancestor.
func TestParents(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 6, 64, 65, 200} {
		sum := NewRelation(n)
		for range 4 {
			part := NewRelation(n)
			d := make([]int32, n)
			for range 500 {
				a, b := r.IntN(2000)-1000, r.IntN(2000)-1000
				for i := range d {
					switch i % 3 {
					case 0:
						d[i] = int32(a + r.IntN(100))
					case 1:
						d[i] = int32(-b + r.IntN(100))
					default:
						d[i] = int32(r.IntN(2000) - 1000)
					}
				}
				part.Add(d)
			}
			sum.Merge(part)
		}
		parents := sum.Parents()
		roots := 0
		for i, p := range parents {
			if i%3 == 2 {
				require.Equal(t, -1, p, "band %d of %d is like none", i, n)
				continue
			}
			if p < 0 {
				roots++
				continue
			}
			require.Equal(t, i%3, p%3, "band %d of %d has parent %d", i, n, p)
			steps := 0
			for q := p; q >= 0; q = parents[q] {
				steps++
				require.LessOrEqual(t, steps, n, "band %d of %d is its own ancestor", i, n)
			}
		}
		require.LessOrEqual(t, roots, 2, "trees of %d bands", n)
	}
}

// TestTrial: the best scale is the one whose expectations cost the least.
func TestTrial(t *testing.T) {
	trial, other := NewTrial(), NewTrial()
	price := func(want int32) func(int32) int64 {
		return func(expect int32) int64 { return int64(max(expect-want, want-expect)) }
	}
	want := Scale{Energy: 8, Around: 88}
	for energy := int32(0); energy < 100_000; energy += 7919 {
		trial.Add(energy, 3*energy+40, price(want.Of(energy, 3*energy+40)))
		other.Add(2*energy, 900, price(want.Of(2*energy, 900)))
	}
	trial.Merge(other)
	require.Equal(t, want, trial.Best())
	require.EqualValues(t, maxExpectation, Scale{255, 255}.Of(1<<30, 1<<30))
	require.EqualValues(t, 500, NoScales[0].Of(300, 200))
}
