package qtgpu_test

import (
	"bytes"
	"context"
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// TestNoImage: samples that package image has no room for are an error that names what
// gives them, of whatever wants an image, and the size is still told.
func TestNoImage(t *testing.T) {
	for name, f := range map[string]raster.Format{
		"samples of float32": {Type: raster.Float32, Bands: raster.Bands(raster.Data)},
		"samples of int16":   {Type: raster.Int16, Bands: raster.Bands(raster.Data)},
		"samples of uint32":  {Type: raster.Uint32, Bands: raster.Bands(raster.Data)},
		"5 bands":            {Type: raster.Uint8, Bands: make([]raster.Band, 5)},
	} {
		f.Width, f.Height = 20, 10
		src, err := raster.NewMemory(f)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, qtgpu.EncodeRaster(context.Background(), &b, src, nil), name)

		r := newReader(t, b.Bytes(), qtgpu.DecodeOptions{})
		assert.Equal(t, image.Config{Width: 20, Height: 10}, r.Config(), name)
		_, ofReader := r.Decode(context.Background())
		_, _, ofImage := image.Decode(bytes.NewReader(b.Bytes()))
		_, _, ofConfig := image.DecodeConfig(bytes.NewReader(b.Bytes()))
		for _, err := range []error{ofReader, ofImage, ofConfig} {
			require.ErrorAs(t, err, new(*qtgpu.UnsupportedError), name)
			assert.ErrorContains(t, err, name)
			assert.ErrorContains(t, err, "Reader.ReadBlock and Copy give the samples")
		}
		back, err := raster.NewMemory(f)
		require.NoError(t, err)
		require.NoError(t, r.Copy(context.Background(), back, f.Bounds(), 0), name)
	}
}

// TestCheckOptions: options are held against samples before any is read.
func TestCheckOptions(t *testing.T) {
	src, err := raster.NewMemory(raster.Format{Width: 2, Height: 2, Type: raster.Int16, Bands: raster.Bands(raster.Data)})
	require.NoError(t, err)
	for _, c := range []struct {
		o    qtgpu.Options
		want string
	}{
		{qtgpu.Options{T: 65535}, ""},
		{qtgpu.Options{T: 65536}, "threshold 65536 with the bound max, expected a whole number of 0 to 65535"},
		{qtgpu.Options{T: 0.5}, "expected a whole number"},
		{qtgpu.Options{T: 4, Bound: qtgpu.BoundRMS}, "expected"},
		{qtgpu.Options{Effort: 9}, "effort 9"},
	} {
		err := c.o.Check(src)
		if c.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.ErrorContains(t, err, c.want)
		assert.EqualError(t, qtgpu.EncodeRaster(context.Background(), &bytes.Buffer{}, src, &c.o), err.Error())
	}
}
