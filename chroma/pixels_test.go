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

// TestVector420 holds the kernel to words of two lanes, of rows of every length.
func TestVector420(t *testing.T) {
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
	rng := rand.New(rand.NewPCG(8, 9))
	row := func(n int) []byte {
		p := make([]byte, n)
		for i := range p {
			if p[i] = byte(rng.IntN(256)); rng.IntN(3) == 0 {
				p[i] = byte(255 * rng.IntN(2))
			}
		}
		return p
	}
	for w := range 90 {
		for _, step := range []int{3, 4} {
			p0, p1 := row(w*step), row(w*step)
			var planes [2][4][]uint16
			for i := range planes {
				planes[i] = [4][]uint16{make([]uint16, w), make([]uint16, w), make([]uint16, w/2), make([]uint16, w/2)}
			}
			a, b := &planes[0], &planes[1]
			n := forward420Vector(a[0], a[1], a[2], a[3], p0, p1, step)
			require.GreaterOrEqualf(t, n, w-15, "%d pixels of %d bytes", w, step)
			forward420Pairs(b[0][:n], b[1][:n], b[2][:n/2], b[3][:n/2], p0, p1, step)
			require.Equalf(t, b, a, "%d pixels of %d bytes", w, step)
		}
	}
}
