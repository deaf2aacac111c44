package chroma

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRCT(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var rgb [3][]int32
	for c := range rgb {
		for range 500 {
			rgb[c] = append(rgb[c], int32(r.IntN(65536)))
		}
	}
	seen := map[[3]int32]bool{}
	for k := RCT(0); k < RCTs; k++ {
		c := [3][]int32{slices.Clone(rgb[0]), slices.Clone(rgb[1]), slices.Clone(rgb[2])}
		k.Forward(&c)
		v := [3]int32{c[0][7], c[1][7], c[2][7]}
		require.False(t, seen[v], "transform %d repeats another", k)
		seen[v] = true
		k.Inverse(&c)
		require.Equal(t, rgb, c, "transform %d", k)
	}
	c := [3][]int32{{10}, {20}, {35}}
	RCT(1).Forward(&c)
	require.Equal(t, [3][]int32{{20}, {-10}, {20}}, c)
	c = [3][]int32{{10}, {20}, {35}}
	RCT(7).Forward(&c)
	require.Equal(t, [3][]int32{{20}, {-10}, {15}}, c)
}
