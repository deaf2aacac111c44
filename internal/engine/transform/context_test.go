package transform

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScan(t *testing.T) {
	require.Equal(t, 526, nContexts)
	for i, s := range scans {
		lg := i + 3
		n, low := 1<<lg, 1<<i
		require.Len(t, s.pos, n*n-low*low)
		seen := map[uint16]bool{}
		prev := 2 * n
		for k, p := range s.pos {
			u, v := int(p.coef)>>lg, int(p.coef)&(n-1)
			require.False(t, seen[p.coef])
			seen[p.coef] = true
			require.LessOrEqual(t, u+v, prev)
			prev = u + v
			require.EqualValues(t, magnitudeIndex(u, v), p.mag)
			g := group(u+v, lg)
			require.GreaterOrEqual(t, k, s.start[g], "n %d u %d v %d group %d", n, u, v, g)
			if g > 0 {
				require.Less(t, k, s.start[g-1], "n %d u %d v %d group %d", n, u, v, g)
			}
		}
		require.Equal(t, len(s.pos), s.start[0])
	}
	require.EqualValues(t, 12, magnitudeClass[48])
	require.EqualValues(t, 11, magnitudeClass[47])
	require.EqualValues(t, 0, magnitudeClass[0])
}

func TestNeighbourhood(t *testing.T) {
	var m magnitudes
	set := func(u, v int, x uint8) { m[magnitudeIndex(u, v)] = x }
	u, v := 3, 5
	set(u, v, 200)
	set(u-1, v+1, 200) // its own diagonal
	set(u+1, v-1, 200)
	set(u+1, v, 1)
	set(u, v+1, 2)
	set(u+1, v+1, 3)
	set(u+2, v, 4)
	set(u, v+2, 5)
	set(u-1, v+2, 6)
	set(u+2, v-1, 7)
	require.Equal(t, 2*3+3+4+5+6+7, m.neighbourhood(magnitudeIndex(u, v)))
}
