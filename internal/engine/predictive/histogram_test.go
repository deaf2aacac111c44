package predictive

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// TestCover: every value has an index whose value is within the bound, the nearest one,
// and others have none where none is near; no two values could be one.
func TestCover(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, bound := range shorttest.Cases([]int64{7, 1, 2, 255, 70000}) {
		for _, n := range []int{1, 2, 50, 3000} {
			var s Values
			for v := r.IntN(9); v < 1<<16 && len(s) < n; v += 1 + r.IntN(20) {
				s = append(s, int32(v))
			}
			merged := s.cover(bound)
			indices := merged.indices(bound, 16)
			requireNearest(t, merged, indices, bound)
			groups, first := 0, int64(-1)
			for _, v := range s {
				require.GreaterOrEqual(t, indices.of(int32(v)), int32(0), "bound %d, value %d", bound, v)
				if first < 0 || int64(v)-first > 2*bound {
					groups, first = groups+1, int64(v)
				}
			}
			require.Len(t, merged, groups, "bound %d of %d values", bound, len(s))
			require.Equal(t, len(merged) < len(s), s.merges(bound), "bound %d of %d values", bound, len(s))
		}
	}
}

// requireNearest holds indices against a search of all values.
func requireNearest(t *testing.T, s Values, indices valueIndex, bound int64) {
	for v, got := range indices.table {
		if v%7 > 0 && len(s) > 100 {
			continue // all would take long
		}
		want, least := int32(-1), bound+1
		for k, at := range s {
			if d := max(int64(at)-int64(v), int64(v)-int64(at)); d < least {
				want, least = int32(k), d
			}
		}
		require.Equal(t, want, got, "bound %d, value %d", bound, v)
	}
}
