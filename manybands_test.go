package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/containertest"
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

// TestManyBandsForNothing: a small file that declares many bands of a large image is an error before memory
// is taken for them, with no limit of memory set: where its plan is of fewer bands, when it is opened; where
// tiles are too short for that many samples; and where these need no bytes, since there is no data, by what
// a row of tiles takes.
func TestManyBandsForNothing(t *testing.T) {
	const bands, across = 500, 256
	f := raster.Format{Width: 64, Height: 64, Type: raster.Int16, Bands: raster.Bands(make([]raster.Role, bands)...)}
	for i := range f.Bands {
		f.Bands[i].NoData = new(float64)
	}
	small := func(at func(band, x, y int) int64) *containertest.File {
		var data bytes.Buffer
		require.NoError(t, qtgpu.EncodeRaster(t.Context(), &data, rastertest.Draw(f, at), &qtgpu.Options{Effort: 1}))
		return containertest.Take(t, data.Bytes())
	}
	data, none := small(func(band, x, y int) int64 { return 1 + int64(band+x*y)%5 }), small(func(int, int, int) int64 { return 0 })
	for name, c := range map[string]struct {
		of       *containertest.File
		bands    int
		body     int   // bytes
		pixels   int64 // the limit
		want     string
		tooLarge bool
	}{
		"bands":   {none, raster.MaxBands, -1, 0, "band 500: ", false},
		"data":    {data, bands, 9, 0, "tile 0, body at byte", false},
		"no data": {none, bands, -1, 1 << 20, "a region of 16384×64 takes ", true},
	} {
		header := *c.of.Header
		header.Width, header.TileLog2, header.GroupRows = 64*across, 6, 1
		header.Bands = raster.Bands(make([]raster.Role, c.bands)...)
		large := &containertest.File{Header: &header, Plan: c.of.Plan}
		for range across {
			body := c.of.Bodies[0]
			if c.body >= 0 {
				body = body[:c.body]
			}
			large.Fronts, large.Bodies = append(large.Fronts, c.of.Fronts[0]), append(large.Bodies, body)
		}
		file, o := large.Bytes(t), &qtgpu.DecodeOptions{MaxPixels: c.pixels}
		for way, read := range map[string]func() error{
			"reader": func() error {
				r, err := qtgpu.NewReader(t.Context(), bytes.NewReader(file), int64(len(file)), o)
				if err != nil {
					return err
				}
				return r.Copy(t.Context(), nowhere{}, image.Rectangle{Max: r.Size(0)}, 0)
			},
			"decoder": func() error {
				d, err := qtgpu.NewDecoder(t.Context(), bytes.NewReader(file), o)
				if err != nil {
					return err
				}
				return d.Copy(t.Context(), nowhere{})
			},
		} {
			var err error
			took := allocated(func() { err = read() })
			assert.ErrorContains(t, err, c.want, "%s, %s", name, way)
			assert.Equal(t, c.tooLarge, errors.Is(err, qtgpu.ErrTooLarge), "%s, %s: %v", name, way, err)
			assert.Less(t, took, uint64(len(file)+40<<20), "%s, %s: bytes for a file of %d", name, way, len(file))
		}
	}
}

// nowhere is a sink of nothing.
type nowhere struct{}

func (nowhere) WriteBlock(context.Context, *raster.Block) error {
	return errors.New("samples have come")
}
