package qtgpu_test

import (
	"bytes"
	"context"
	"image"
	"math/rand/v2"
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

// TestCellsOfNoData: where no data is a number beside the others, as black around a
// photograph is, overviews decode too, and have no data where there is none.
func TestCellsOfNoData(t *testing.T) {
	none := 0.0
	f := raster.Format{Width: 300, Height: 200, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	for i := range f.Bands {
		f.Bands[i].NoData = &none
	}
	src, err := raster.NewMemory(f)
	require.NoError(t, err)
	b := src.View(f.Bounds())
	rng := rand.New(rand.NewPCG(9, 9))
	for y := range f.Height {
		for x := range f.Width {
			for band := range f.Bands {
				if x > 90 && x+y < 400 && rng.IntN(9) > 0 {
					b.RowBytes(band, y)[x] = byte(20 + x/3 + y/2 + 9*band + rng.IntN(12))
				}
			}
		}
	}
	var file bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(context.Background(), &file, src, nil))
	r := newReader(t, file.Bytes(), qtgpu.DecodeOptions{})
	require.NoError(t, r.Check(context.Background()))
	level := readLevel(t, r, 3)
	for y := range r.Size(3).Y {
		for x := range r.Size(3).X {
			for band := range f.Bands {
				inside := x > 11 && x+y < 49
				if outside := x < 11 || x+y > 50; inside || outside {
					assert.Equal(t, inside, level.At(band, x, y) != 0, "band %d, x %d, y %d", band, x, y)
				}
			}
		}
	}
}
