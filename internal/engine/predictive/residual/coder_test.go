package residual

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Codes of the residuals that limits leave possible are as many numbers from 0 on,
// in the order of zigzag, and the nearer ones are the residuals themselves.
func TestWrap(t *testing.T) {
	l := Limits{-3, 9, true}
	for pred := l.Lo; pred <= l.Hi; pred++ {
		seen := map[uint32]bool{}
		for v := l.Lo; v <= l.Hi; v++ {
			r := v - pred
			code := l.Wrap(pred, r)
			require.Equal(t, r, l.Unwrap(pred, code), "value %d of prediction %d", v, pred)
			if max(r, -r) <= min(pred-l.Lo, l.Hi-pred) {
				require.Equal(t, r, code, "value %d of prediction %d", v, pred)
			}
			u := rans.Zigzag(int(code))
			require.Less(t, u, uint32(l.Hi-l.Lo+1), "value %d of prediction %d", v, pred)
			require.False(t, seen[u], "value %d of prediction %d", v, pred)
			seen[u] = true
		}
	}
}
