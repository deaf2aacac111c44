package geo

import (
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWindow: a pixel of a part lies where the pixels do that it stands for, whichever tags
// place the raster, and whether samples are areas or points.
func TestWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	point := []uint16{1, 1, 0, 1, uint16(keyRasterType), 0, 1, pixelIsPoint}
	for _, tags := range []Tags{
		{PixelScale: []float64{30, 20, 0}, Tiepoints: []float64{0, 0, 0, 500000, 4e6, 0}},
		{PixelScale: []float64{30, 20, 0}, Tiepoints: []float64{7, -3, 0, 500000, 4e6, 0, 9, 9, 0, 1, 2, 3}},
		{PixelScale: []float64{0.25, -0.25}, Tiepoints: []float64{0.5, 0.5, 0, -10, 50, 0}},
		{Transformation: []float64{3, 4, 0, 1000, 5, -6, 0, 2000, 0.5, 0.25, 1, 7, 0, 0, 0, 1}},
	} {
		for _, tags.Keys = range [][]uint16{nil, point} {
			g, err := Parse(&tags)
			require.NoError(t, err)
			for range 50 {
				at, level := image.Pt(rng.IntN(1000), rng.IntN(1000)), rng.IntN(12)
				part, err := tags.Window(at, level)
				require.NoError(t, err)
				h, err := Parse(part)
				require.NoError(t, err)
				side := math.Ldexp(1, level)
				for range 5 {
					c, r := float64(rng.IntN(100)), float64(rng.IntN(100))
					x, y := h.Transform.Coordinates(c, r)
					wantX, wantY := g.Transform.Coordinates((c+float64(at.X))*side, (r+float64(at.Y))*side)
					require.InDelta(t, wantX, x, 1e-9*(1+math.Abs(wantX)), "%v, part at %v of level %d, pixel %v,%v", tags, at, level, c, r)
					require.InDelta(t, wantY, y, 1e-9*(1+math.Abs(wantY)), "%v, part at %v of level %d, pixel %v,%v", tags, at, level, c, r)
				}
			}
		}
	}
}

// TestWindowOfAll: all of a raster at its full size has its own tags.
func TestWindowOfAll(t *testing.T) {
	tags := Tags{PixelScale: []float64{0.1, 0.3, 0}, Tiepoints: []float64{0, 0, 0, 0.7, 48.1, 0}, Text: "x|", Keys: []uint16{1, 1, 0, 0}}
	part, err := tags.Window(image.Point{}, 0)
	require.NoError(t, err)
	assert.Equal(t, &tags, part)
}

// TestWindowOfTiepoints: where tie points alone place a raster, they move.
func TestWindowOfTiepoints(t *testing.T) {
	tags := Tags{Tiepoints: []float64{10, 20, 0, 1, 2, 3, 100, 200, 0, 4, 5, 6}}
	part, err := tags.Window(image.Pt(5, 3), 1)
	require.NoError(t, err)
	assert.Equal(t, []float64{0, 7, 0, 1, 2, 3, 45, 97, 0, 4, 5, 6}, part.Tiepoints)
	assert.Equal(t, 10.0, tags.Tiepoints[0], "the tags of the raster stay")
}

// TestWindowOfRPC: rational polynomials see the same ground at a place of a part as at the
// place of the raster that it is made of.
func TestWindowOfRPC(t *testing.T) {
	tags := Tags{RPC: make([]float64, 92)}
	copy(tags.RPC, []float64{1, 2, 1000.25, 2000.5, 41, 2, 100, 900, 1800, 1, 1, 500, 7})
	part, err := tags.Window(image.Pt(5, 3), 2)
	require.NoError(t, err)
	const line, sample = 101.5, 303.25 // in the part, from the centre of its first pixel
	wantLine := ((line+0.5+3)*4 - 0.5 - tags.RPC[2]) / tags.RPC[7]
	wantSample := ((sample+0.5+5)*4 - 0.5 - tags.RPC[3]) / tags.RPC[8]
	assert.InDelta(t, wantLine, (line-part.RPC[2])/part.RPC[7], 1e-12)
	assert.InDelta(t, wantSample, (sample-part.RPC[3])/part.RPC[8], 1e-12)
	rest := slices.Clone(part.RPC)
	for _, i := range []int{2, 3, 7, 8} {
		rest[i] = tags.RPC[i]
	}
	assert.Equal(t, tags.RPC, rest, "values that count no pixels")
}

// TestWindowRefuses: tags that cannot be read are an error, not left where they are.
func TestWindowRefuses(t *testing.T) {
	for _, tags := range []Tags{
		{PixelScale: []float64{1}, Tiepoints: make([]float64, 6)},
		{Tiepoints: make([]float64, 5)},
		{Transformation: make([]float64, 12)},
		{RPC: make([]float64, 91)},
		{PixelScale: []float64{1, 1, 0}, Tiepoints: make([]float64, 6), Keys: []uint16{2, 0, 0, 0}},
	} {
		_, err := tags.Window(image.Point{}, 1)
		assert.Error(t, err, "%v", tags)
	}
}
