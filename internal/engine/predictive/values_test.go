package predictive

import (
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
