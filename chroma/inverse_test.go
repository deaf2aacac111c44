package chroma

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVectorRGB holds the kernel to the generic conversion, of samples of all sorts and every length.
func TestVectorRGB(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	rng := rand.New(rand.NewPCG(8, 8))
	sample := func() uint32 {
		switch rng.IntN(4) {
		case 0:
			return 0
		case 1:
			return 4095
		}
		return uint32(rng.IntN(4096))
	}
	for n := range 70 {
		for range 50 {
			y, c := make([]uint16, n), make([]uint32, n)
			for i := range y {
				y[i], c[i] = uint16(sample()), sample()|sample()<<16
			}
			got, want := make([]byte, 3*n+8), make([]byte, 3*n+8)
			inverseRGB8(got, 3, y, c)
			genericRGB8(want, 3, y, c)
			require.Equalf(t, want, got, "%d pixels: %d, %d", n, y, c)
		}
	}
}
