package predictive

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The rank belongs to the nearest value, the lower one of two.
func TestNearestRank(t *testing.T) {
	for _, s := range []Values{{0}, {7, 9}, {3, 4, 10, 11, 200, 65535}} {
		for v := range int32(1 << 16) {
			want := 0
			for i := range s {
				if absDiff(int32(s[i]), v) < absDiff(int32(s[want]), v) {
					want = i
				}
			}
			require.EqualValues(t, want, s.rank(v), "%d among %v", v, s)
		}
	}
}

// TestMerge: values stand for all within the bound, no two could be one, and the largest
// distance is what it says.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, bound := range []int64{1, 2, 7, 255, 70000} {
		for _, n := range []int{1, 2, 50, 3000} {
			var s Values
			for v := r.IntN(9); v < 1<<16 && len(s) < n; v += 1 + r.IntN(20) {
				s = append(s, uint16(v))
			}
			merged, ranks, worst := s.merge(bound, 16)
			most := int64(0)
			first := map[int32]int64{} // by rank, the least value of it
			for _, v := range s {
				k := ranks[v]
				off := int64(v) - int64(merged[k])
				most = max(most, off, -off)
				if _, ok := first[k]; !ok {
					first[k] = int64(v)
					if k > 0 {
						require.Greater(t, int64(v)-first[k-1], 2*bound, "bound %d: rank %d", bound, k)
					}
				}
			}
			require.LessOrEqual(t, most, bound)
			require.EqualValues(t, most, worst, "bound %d", bound)
			require.Len(t, first, len(merged), "bound %d", bound)
			require.Equal(t, len(merged) < len(s), s.merges(bound), "bound %d of %d values", bound, len(s))
		}
	}
}
