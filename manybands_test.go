package qtgpu_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestMemoryOfManyBands: what a band takes to encode goes with its samples. There may be
// 65,535 of them.
func TestMemoryOfManyBands(t *testing.T) {
	const bands, most = 2000, 128 << 10
	f := raster.Format{Width: 3, Height: 2, Type: raster.Int16, Bands: raster.Bands(make([]raster.Role, bands)...)}
	src := rastertest.Draw(f, func(band, x, y int) int64 { return int64(band*7919%1000 + 40*x - 90*y) })
	var file bytes.Buffer
	bytes := allocated(func() { require.NoError(t, qtgpu.EncodeRaster(t.Context(), &file, src, nil)) })
	assert.Less(t, bytes/bands, uint64(most), "bytes of a band of %d samples", f.Width*f.Height)
}
