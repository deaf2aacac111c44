package predictive

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/arith"
)

// The index belongs to the nearest value, the lower one of two.
func TestNearestIndex(t *testing.T) {
	for _, s := range []Values{{0}, {7, 9}, {3, 4, 10, 11, 200, 65535}} {
		for v := range int32(1 << 16) {
			want := 0
			for i := range s {
				if arith.AbsDiff(int32(s[i]), v) < arith.AbsDiff(int32(s[want]), v) {
					want = i
				}
			}
			require.EqualValues(t, want, s.index(v), "%d among %v", v, s)
		}
	}
}
