package hugepages

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMake: slices are as make gives them, on both sides of what is worth asking for.
func TestMake(t *testing.T) {
	for _, n := range []int{0, 1, least/4 - 1, least / 4, least, 3 << 20} {
		s := Make[int32](n)
		require.Len(t, s, n)
		for i, v := range s {
			require.Zero(t, v, "element %d of %d", i, n)
			s[i] = -1
		}
	}
}
