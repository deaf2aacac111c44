package chroma

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireKernels skips where there are none.
func requireKernels(t *testing.T) {
	t.Helper()
	if !vector {
		t.Skip("no vector kernels on this machine")
	}
}

// wild are n samples up to a largest one, many of them the least or the largest.
func wild[T uint8 | uint16](rng *rand.Rand, n, largest int) []T {
	p := make([]T, n)
	for i := range p {
		switch rng.IntN(4) {
		case 0:
		case 1:
			p[i] = T(largest)
		default:
			p[i] = T(rng.IntN(largest + 1))
		}
	}
	return p
}

func packed(a, b []uint16) []uint32 {
	c := make([]uint32, len(a))
	for i := range c {
		c[i] = uint32(a[i]) | uint32(b[i])<<16
	}
	return c
}

// TestVectorRGB holds the kernels to the generic conversion, of samples of all sorts and every length.
func TestVectorRGB(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(8, 8))
	for n := range 70 {
		for _, step := range []int{3, 4} {
			for range 50 {
				y := wild[uint16](rng, n, maxSample)
				c := packed(wild[uint16](rng, n, maxSample), wild[uint16](rng, n, maxSample))
				got := wild[byte](rng, step*n+8, 255)
				want := slices.Clone(got)
				inverseRGB8(got, step, y, c)
				genericRGB8(want, step, y, c)
				require.Equalf(t, want, got, "%d pixels of %d bytes: %d, %d", n, step, y, c)
			}
		}
	}
}

// TestVectorUpsampling holds the kernels to the generic ones, of runs of every length.
func TestVectorUpsampling(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(8, 10))
	row := func(n int) []uint16 { return wild[uint16](rng, n, maxSample) }
	for n := range 130 {
		a, b, c, d := row(n), row(n), row(n), row(n)
		got, want := make([]uint32, n+1), make([]uint32, n+1)
		blendRows(got, a, b, c, d)
		genericBlend(want, a, b, c, d)
		require.Equalf(t, want, got, "blend of %d samples: %d, %d, %d, %d", n, a, b, c, d)

		blended := make([]uint32, n+2)
		copy(blended, want)
		got, want = make([]uint32, 2*n+1), make([]uint32, 2*n+1)
		interpolate(got, blended)
		genericInterpolate(want, blended)
		require.Equalf(t, want, got, "interpolation of %d samples: %d", n, blended)

		luma, low, slopes := row(n), packed(b, b), packed(c, d)
		got, want = packed(a, b), packed(a, b)
		followLuma(got, luma, low, slopes)
		addSlopes(want, luma, low, slopes)
		require.Equalf(t, want, got, "%d guided pixels: luma %d, low %d, slopes %d", n, luma, low, slopes)
	}
}

// TestVectorPlanes holds the kernels to words of two lanes, of rows of every length.
func TestVectorPlanes(t *testing.T) { eachPath(t, testVectorPlanes) }

func testVectorPlanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for w := range 90 {
		for _, step := range []int{3, 4} {
			p0, p1 := wild[byte](rng, w*step, 255), wild[byte](rng, w*step, 255)
			var planes [2][4][]uint16
			for i := range planes {
				planes[i] = [4][]uint16{make([]uint16, w), make([]uint16, w), make([]uint16, w/2), make([]uint16, w/2)}
			}
			a, b := &planes[0], &planes[1]
			n := forward420Vector(a[0], a[1], a[2], a[3], p0, p1, step, 0)
			require.GreaterOrEqualf(t, n, w-15, "%d pixels of %d bytes", w, step)
			forward420Pairs(b[0][:n], b[1][:n], b[2][:n/2], b[3][:n/2], p0, p1, step)
			require.Equalf(t, b, a, "%d pixels of %d bytes", w, step)

			var full [2][3][]uint16
			for i := range full {
				full[i] = [3][]uint16{make([]uint16, w), make([]uint16, w), make([]uint16, w)}
			}
			n = forward444Vector(full[0][0], full[0][1], full[0][2], p0, step, 0)
			require.GreaterOrEqualf(t, n, w-15, "%d pixels of %d bytes, 4:4:4", w, step)
			forward444Pairs(full[1][0][:n], full[1][1][:n], full[1][2][:n], p0, step)
			require.Equalf(t, full[1], full[0], "%d pixels of %d bytes, 4:4:4", w, step)
		}
	}
}
