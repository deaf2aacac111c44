package arith

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// Med is the median of its two first numbers and their gradient.
func TestMed(t *testing.T) {
	for a := range int32(9) {
		for b := range int32(9) {
			for c := range int32(9) {
				three := []int32{a, b, a + b - c}
				slices.Sort(three)
				require.Equal(t, three[1], Med(a, b, c), "west %d, north %d, northwest %d", a, b, c)
			}
		}
	}
}

// Nearest and FloorDiv round as exact quotients do; the step of Nearest is odd
// wherever a bound makes it, so that only even ones meet halves.
func TestRounding(t *testing.T) {
	for step := 1; step < 12; step++ {
		for v := -100; v <= 100; v++ {
			q := float64(v) / float64(step)
			require.EqualValues(t, math.Round(q), Nearest(v, step), "%d in steps of %d", v, step)
			require.EqualValues(t, math.Round(q), Nearest(int32(v), int32(step)), "%d in steps of %d", v, step)
			require.EqualValues(t, math.Floor(q), FloorDiv(int64(v), int64(step)), "%d / %d", v, step)
			require.EqualValues(t, max(v-step, step-v), AbsDiff(int32(v), int32(step)), "|%d−%d|", v, step)
		}
	}
}
