package pipeline

import (
	"context"
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// stripes are flat but for one pixel in so many.
func stripes(w, h, every int, t raster.Type) *drawn {
	f := raster.Format{Width: w, Height: h, Type: t, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	return &drawn{f, func(band, x, y int) int64 {
		if noise(0, x, y, every) > 0 {
			return int64(200 - band)
		}
		return int64(noise(band, x, y, 200))
	}}
}

// naiveFlatness counts pixels one by one.
func naiveFlatness(d *drawn) (equal, all int64) {
	same := func(x, y, x2, y2 int) bool {
		for band := range d.format.Bands {
			if d.at(band, x, y) != d.at(band, x2, y2) {
				return false
			}
		}
		return true
	}
	for y := 1; y < d.format.Height; y += flatRows {
		for x := range d.format.Width {
			if x%flatRows == 0 {
				continue
			}
			if all++; same(x, y, x-1, y) || same(x, y, x, y-1) {
				equal++
			}
		}
	}
	return equal, all
}

// TestFlatness: the count is the naive one, whatever blocks a raster is looked at in.
func TestFlatness(t *testing.T) {
	blocks := map[string]func(r image.Rectangle, t raster.Type) *raster.Block{
		"bands one after the other": func(r image.Rectangle, t raster.Type) *raster.Block { return raster.NewBlock(r, t, 3) },
		"pixels":                    func(r image.Rectangle, t raster.Type) *raster.Block { return raster.NewInterleaved(r, t, 3, 3) },
		"pixels, one sample more":   func(r image.Rectangle, t raster.Type) *raster.Block { return raster.NewInterleaved(r, t, 3, 4) },
	}
	for _, typ := range []raster.Type{raster.Uint8, raster.Uint16, raster.Int32} {
		d := stripes(700, 1100, 3, typ)
		equal, all := naiveFlatness(d)
		require.Positive(t, equal)
		m := rastertest.Draw(d.format, d.at)
		for name, block := range blocks {
			for _, size := range []image.Point{{700, 1100}, {512, 512}, {700, 512}, {64, 128}} {
				var seen flatness
				for y := 0; y < 1100; y += size.Y {
					for x := 0; x < 700; x += size.X {
						r := image.Rectangle{Min: image.Pt(x, y), Max: image.Pt(x+size.X, y+size.Y)}.Intersect(d.format.Bounds())
						b := block(r, typ)
						require.NoError(t, m.ReadBlock(context.Background(), b))
						seen.look(b)
					}
				}
				assert.Equal(t, [2]int64{equal, all}, [2]int64{seen.equal.Load(), seen.all.Load()}, "%v, %s, in blocks of %v", typ, name, size)
			}
		}
	}
}

// TestFlatWhileTraining: a raster that is read while it is trained on is as flat as one in
// memory, whatever memory allows.
func TestFlatWhileTraining(t *testing.T) {
	for _, every := range shorttest.Cases([]int{2, 1, 3, 9}) {
		d := stripes(600, 1100, every, raster.Uint8)
		w := &way{transform.Engine{}, engine.Params{Bound: engine.RMS, T: 10 * engine.ErrorUnit}, true}
		equal, all := naiveFlatness(d)
		for _, memory := range []int64{1 << 20, 1 << 30} {
			for _, src := range []raster.Source{d, rastertest.Draw(d.format, d.at)} {
				enc, flat, err := w.trainLooking(context.Background(), src, env(2, memory))
				require.NoError(t, err)
				require.NotNil(t, enc)
				assert.Equal(t, 2*equal > all, flat, "one in %d, memory of %d bytes, %T", every, memory, src)
			}
		}
	}
}
