package pipeline

import (
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestReducer: levels are naive means, weighted by straight alpha alone, or first pixels,
// whatever bands the rows come in and whatever the layout of both sides.
func TestReducer(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, typ := range []raster.Type{raster.Uint8, raster.Uint16, raster.Int16} {
		for _, roles := range [][]raster.Role{
			{raster.Gray}, {raster.Gray, raster.Alpha}, {raster.Red, raster.Green, raster.Blue, raster.Premultiplied},
			{raster.Red, raster.Green, raster.Blue, raster.Alpha}, {raster.Label},
		} {
			if typ.Signed() && len(roles) > 1 {
				continue // no opacity is negative
			}
			for _, at := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(0, 0, 37, 21), image.Rect(16, 48, 61, 77)} {
				for shift := 1; shift <= 4; shift++ {
					for _, interleaved := range []bool{false, true} {
						f := raster.Format{Width: at.Max.X, Height: at.Max.Y, Type: typ, Bands: raster.Bands(roles...)}
						name := fmt.Sprintf("%v, %v, %v by %d, interleaved %t", typ, roles, at, shift, interleaved)
						requireReduced(t, rng, f, at, shift, interleaved, name)
					}
				}
			}
		}
	}
}

// requireReduced reduces random samples of a rectangle, half of them at an end of the
// range.
func requireReduced(t *testing.T, rng *rand.Rand, f raster.Format, at image.Rectangle, shift int, interleaved bool, name string) {
	t.Helper()
	fine := rastertest.Draw(f, func(int, int, int) int64 {
		if rng.IntN(2) == 0 {
			return f.Type.Max() * int64(rng.IntN(2))
		}
		return rng.Int64N(1 << 16)
	}).View(at)
	alpha, decimate := -1, f.Bands[0].Role == raster.Label
	for i, b := range f.Bands {
		if b.Role == raster.Alpha && !f.Type.Signed() {
			alpha = i
		}
	}
	want := rastertest.Reduce(fine, shift, alpha, decimate)
	block := func(r image.Rectangle) *raster.Block {
		if interleaved {
			return raster.NewInterleaved(r, f.Type, len(f.Bands), len(f.Bands)+1)
		}
		return raster.NewBlock(r, f.Type, len(f.Bands))
	}
	got := block(want.Rect)
	down := newLanes(&f, step{want.Rect, at, shift}, decimate)
	down.dst = got
	for y := at.Min.Y; y < at.Max.Y; {
		band := at
		band.Min.Y, band.Max.Y = y, min(y+1+rng.IntN(9), at.Max.Y)
		b := block(band)
		raster.Copy(b, fine)
		down.add(b)
		y = band.Max.Y
	}
	require.Equal(t, want.Rect, got.Rect, name)
	require.Empty(t, rastertest.Difference(want, got), name)
}
