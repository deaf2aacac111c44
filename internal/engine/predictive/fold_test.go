package predictive

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Codes of the residuals that limits leave possible are as many numbers from 0 on,
// in the order of zigzag, and the nearer ones are the residuals themselves.
func TestFold(t *testing.T) {
	l := limits{-3, 9, true}
	for pred := l.lo; pred <= l.hi; pred++ {
		seen := map[uint32]bool{}
		for v := l.lo; v <= l.hi; v++ {
			r := v - pred
			code := l.fold(pred, r)
			require.Equal(t, r, l.unfold(pred, code), "value %d of prediction %d", v, pred)
			if max(r, -r) <= min(pred-l.lo, l.hi-pred) {
				require.Equal(t, r, code, "value %d of prediction %d", v, pred)
			}
			u := rans.Zigzag(int(code))
			require.Less(t, u, uint32(l.hi-l.lo+1), "value %d of prediction %d", v, pred)
			require.False(t, seen[u], "value %d of prediction %d", v, pred)
			seen[u] = true
		}
	}
}
