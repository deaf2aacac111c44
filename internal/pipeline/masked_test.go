package pipeline

import (
	"context"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/masked"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// imagery is a picture of some types with areas and single samples of no data.
func imagery(t raster.Type, none float64, roles ...raster.Role) *raster.Memory {
	f := raster.Format{Width: 700, Height: shorttest.Side(560), Type: t, Bands: raster.Bands(roles...)}
	for i := range f.Bands {
		f.Bands[i].NoData = &none
	}
	r := rand.New(rand.NewPCG(2, 8))
	return rastertest.Numbers(f, func(band, x, y int) float64 {
		if x+y/3 > 600 || (x-200)*(x-200)+(y-300)*(y-300) < 9000 && band < 2 || r.IntN(300) == 0 {
			return none
		}
		return float64((1 + int64(r.IntN(12)) + int64(x/5+y/7+40*band)%240) * (t.Max() / 255))
	})
}

// TestMasked: engines that know of no data keep it where it was and nowhere else, at every
// level, and their promise about the rest.
func TestMasked(t *testing.T) {
	cases := map[string]struct {
		src   *raster.Memory
		bound engine.Bound
		t     int64
	}{
		"colours, leaves":          {imagery(raster.Uint8, 0, raster.Red, raster.Green, raster.Blue), engine.RMS, 12 * engine.ErrorUnit},
		"gray, leaves, at the top": {imagery(raster.Uint8, 255, raster.Gray), engine.RMS, 5 * engine.ErrorUnit},
		"gray of 16 bits, within":  {imagery(raster.Uint16, 20000, raster.Gray), engine.RMS, 3 * engine.ErrorUnit},
		"colours, samples":         {imagery(raster.Uint8, 0, raster.Red, raster.Green, raster.Blue), engine.Max, 6},
	}
	for _, name := range shorttest.Names(cases) {
		c := cases[name]
		p := engine.Params{Format: *c.src.Format(), Bound: c.bound, T: c.t, Effort: 1}
		all, _ := waysOf(&p)
		e := all[len(all)-1].engine
		require.IsType(t, masked.Engine{}, e, name)
		var first []byte
		for _, memory := range []int64{1 << 20, 1 << 30} {
			enc, err := e.Train(context.Background(), p, c.src, env(2, memory))
			require.NoError(t, err, name)
			data := write(t, name, enc, c.src, 2, memory)
			if first == nil {
				first = data
			}
			require.Equal(t, first, data, "%s: memory of %d bytes", name, memory)
		}
		r := open(t, first, Options{Workers: 2, Cache: 1 << 20})
		got := block(t, r, c.src.Format().Bounds(), 0)
		requireSameNoData(t, name, c.src, got, c.bound, float64(c.t))
		requireLevels(t, name, r, got)
		require.NoError(t, r.Check(context.Background(), func(int64) {}), name)
		worst, err := r.Measure(context.Background(), c.src, func(int64) {})
		require.NoError(t, err, name)
		require.Equal(t, r.file.(interface{ Worst() []uint64 }).Worst(), worst, name)
		for range 2 { // from the file, then from the cache
			part := image.Rect(170, r.Size(0).Y/3, 560, r.Size(0).Y-30)
			crop := block(t, r, part, 0)
			for i := range crop.Planes {
				for y := part.Min.Y; y < part.Max.Y; y++ {
					require.Equal(t, got.Sub(part).RowBytes(i, y), crop.RowBytes(i, y), "%s: band %d row %d", name, i, y)
				}
			}
		}
	}
}

func requireSameNoData(t *testing.T, name string, src *raster.Memory, got *raster.Block, bound engine.Bound, promise float64) {
	t.Helper()
	want := src.View(src.Format().Bounds())
	for i, b := range src.Format().Bands {
		for y := range want.Rect.Dy() {
			for x := range want.Rect.Dx() {
				u, v := want.At(i, x, y), got.At(i, x, y)
				at := fmt.Sprintf("%s: band %d x %d y %d: %v of %v", name, i, x, y, v, u)
				if (u == *b.NoData) != (v == *b.NoData) {
					t.Fatal(at)
				}
				if bound == engine.Max && max(u-v, v-u) > promise {
					t.Fatal(at)
				}
			}
		}
	}
}
