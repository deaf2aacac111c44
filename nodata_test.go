package qtgpu_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// grainy are pictures beside no data: a corner of them and single samples, which are other ones in each band,
// in the midst of the values that others have; under a mask where masked is true.
func grainy(masked bool, w, h int) *raster.Memory {
	const none = 100
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	if masked {
		f.Bands = append(f.Bands, raster.Band{Role: raster.Alpha, NoData: new(float64)})
	}
	for i := range 3 {
		v := float64(none)
		f.Bands[i].NoData = &v
	}
	return rastertest.Draw(f, func(band, x, y int) int64 {
		empty := 3*x+y < 2*w
		switch {
		case band == 3 && (empty || x*y%89 < 9):
			return 0
		case band == 3:
			return 255
		case empty || (7*x+11*y+band)%97 == 0:
			return none
		}
		return int64(70 + (x*x/90+y/3+17*band+x*y%7*(x*7+y)%5)%70)
	})
}

// TestNoDataStay: whatever the bound, by merged values or by rounding, what has no data has none when it is
// decoded and nothing else, and all else is within the bound; and parts make the file of the whole.
func TestNoDataStay(t *testing.T) {
	ctx := t.Context()
	for _, masked := range []bool{false, true} {
		for _, threshold := range []float64{0, 1, 3, 40, 255} {
			what := fmt.Sprintf("masked %v, T %v", masked, threshold)
			src := grainy(masked, 230, 1100)
			o := &qtgpu.Options{T: threshold, Bound: qtgpu.BoundMax, Engine: qtgpu.Predictive}
			var file, merged bytes.Buffer
			require.NoError(t, qtgpu.EncodeRaster(ctx, &file, src, o), what)
			r := newReader(t, file.Bytes(), qtgpu.DecodeOptions{})
			info := r.Info()
			require.True(t, info.Merged || masked || threshold == 0 || threshold == 255, what)
			a, b := rastertest.All(src), raster.NewBlock(src.Format().Bounds(), raster.Uint8, len(src.Format().Bands))
			require.NoError(t, r.ReadBlock(ctx, b, 0))
			worst := make([]float64, len(b.Planes))
			for band := range b.Planes {
				none := *src.Format().Bands[band].NoData
				for y := range src.Format().Height {
					for x := range src.Format().Width {
						want, got := a.At(band, x, y), b.At(band, x, y)
						if (want == none) != (got == none) {
							require.Fail(t, "no data", "%s: band %d at %d,%d: %v, expected about %v", what, band, x, y, got, want)
						}
						worst[band] = max(worst[band], want-got, got-want)
					}
				}
				require.LessOrEqual(t, worst[band], threshold, "%s: band %d", what, band)
			}
			require.Equal(t, worst, info.MaxError, what)

			plan, err := qtgpu.NewPlan(ctx, src, o)
			require.NoError(t, err, what)
			stored, err := plan.MarshalJSON()
			require.NoError(t, err)
			plan = new(qtgpu.Plan)
			require.NoError(t, plan.UnmarshalJSON(stored))
			var parts []*qtgpu.Reader
			for row := range plan.Rows() {
				var part bytes.Buffer
				require.NoError(t, plan.EncodePart(ctx, &part, src, row, row+1, nil), what)
				parts = append(parts, newReader(t, part.Bytes(), qtgpu.DecodeOptions{}))
			}
			require.NoError(t, qtgpu.Merge(ctx, &merged, parts, nil), what)
			require.True(t, bytes.Equal(file.Bytes(), merged.Bytes()), "%s: %d bytes of parts, other than %d of the whole", what, merged.Len(), file.Len())
		}
	}
}
