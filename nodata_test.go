package qtgpu_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
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

// noDataCases are without a mask and with one: the first of each seven say of both what matters most.
var noDataCases = []struct {
	masked    bool
	threshold float64
}{
	{false, 3}, {false, 0}, {false, 1}, {false, 40}, {false, 255}, {true, 0}, {true, 3},
	{true, 1}, {true, 40}, {true, 255},
}

// TestNoDataStay: whatever the bound, by merged values or by rounding, what has no data has none when it is
// decoded and nothing else, and all else is within the bound; and parts make the file of the whole.
func TestNoDataStay(t *testing.T) {
	for _, c := range shorttest.Cases(noDataCases) {
		t.Run(fmt.Sprintf("masked %v, T %v", c.masked, c.threshold), func(t *testing.T) {
			src := grainy(c.masked, shorttest.Side(230), 1100)
			o := &qtgpu.Options{T: c.threshold, Bound: qtgpu.BoundMax, Engine: qtgpu.Predictive}
			var file bytes.Buffer
			require.NoError(t, qtgpu.EncodeRaster(t.Context(), &file, src, o))
			r := newReader(t, file.Bytes(), qtgpu.DecodeOptions{})
			require.True(t, r.Info().Merged || c.masked || c.threshold == 0 || c.threshold == 255)
			requireNoDataStays(t, src, r, c.threshold)
			requireParts(t, src, o, file.Bytes())
		})
	}
}

// requireNoDataStays holds what a file decodes to against its source.
func requireNoDataStays(t *testing.T, src *raster.Memory, r *qtgpu.Reader, threshold float64) {
	t.Helper()
	a, b := rastertest.All(src), raster.NewBlock(src.Format().Bounds(), raster.Uint8, len(src.Format().Bands))
	require.NoError(t, r.ReadBlock(t.Context(), b, 0))
	worst := make([]float64, len(b.Planes))
	for band := range b.Planes {
		none := *src.Format().Bands[band].NoData
		for y := range src.Format().Height {
			for x := range src.Format().Width {
				want, got := a.At(band, x, y), b.At(band, x, y)
				if (want == none) != (got == none) {
					require.Fail(t, "no data", "band %d at %d,%d: %v, expected about %v", band, x, y, got, want)
				}
				worst[band] = max(worst[band], want-got, got-want)
			}
		}
		require.LessOrEqual(t, worst[band], threshold, "band %d", band)
	}
	require.Equal(t, worst, r.Info().MaxError)
}

// requireParts holds a file against the merged parts of its rows of tiles.
func requireParts(t *testing.T, src raster.Source, o *qtgpu.Options, file []byte) {
	t.Helper()
	plan, err := qtgpu.NewPlan(t.Context(), src, o)
	require.NoError(t, err)
	stored, err := plan.MarshalJSON()
	require.NoError(t, err)
	plan = new(qtgpu.Plan)
	require.NoError(t, plan.UnmarshalJSON(stored))
	var parts []*qtgpu.Reader
	for row := range plan.Rows() {
		var part bytes.Buffer
		require.NoError(t, plan.EncodePart(t.Context(), &part, src, row, row+1, nil))
		parts = append(parts, newReader(t, part.Bytes(), qtgpu.DecodeOptions{}))
	}
	var merged bytes.Buffer
	require.NoError(t, qtgpu.Merge(t.Context(), &merged, parts, nil))
	require.True(t, bytes.Equal(file, merged.Bytes()), "%d bytes of parts, other than %d of the whole", merged.Len(), len(file))
}
