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
	"github.com/qtgpu/qtgpu/internal/rastertest"
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

// TestNoDataAboveMaximum: no data that no other sample can be comes back too, in few pixels,
// where it would be a number beside them, and in many.
func TestNoDataAboveMaximum(t *testing.T) {
	for _, size := range []image.Point{{1, 2}, {70, 50}} {
		for effort := 1; effort <= 4; effort++ {
			bands := raster.Bands(raster.Red, raster.Green, raster.Blue, raster.Alpha)
			none := [4]float64{65535, 65535, 0, 0}
			for i := range bands {
				bands[i].NoData = &none[i]
			}
			f := raster.Format{Width: size.X, Height: size.Y, Type: raster.Uint16, Max: 9779, Bands: bands}
			src := rastertest.Draw(f, func(band, x, y int) int64 {
				if (x+y)%2 == 0 && band%3 != 0 {
					return int64(none[band])
				}
				return int64(3000 + 900*band + 20*x + 50*y)
			})
			var file bytes.Buffer
			require.NoError(t, qtgpu.EncodeRaster(context.Background(), &file, src, &qtgpu.Options{Effort: effort}))
			r := newReader(t, file.Bytes(), qtgpu.DecodeOptions{})
			worst, err := r.Verify(context.Background(), src)
			require.NoError(t, err, "%v, effort %d", size, effort)
			require.Equal(t, make([]float64, 4), worst, "%v, effort %d", size, effort)
		}
	}
}

// TestAboveFullScale: a sample above the full scale that a format states is an error that
// names it, not a file.
func TestAboveFullScale(t *testing.T) {
	for _, kind := range []raster.Type{raster.Uint8, raster.Uint16} {
		for _, role := range []raster.Role{raster.Gray, raster.Data} {
			f := raster.Format{Width: 70, Height: 50, Type: kind, Max: 99, Bands: raster.Bands(role)}
			for _, threshold := range []float64{0, 5} {
				o := qtgpu.Options{T: threshold}
				src := rastertest.Draw(f, func(_, x, y int) int64 { return int64((x + y) % 100) })
				plan, err := qtgpu.NewPlan(context.Background(), src, &o)
				require.NoError(t, err, "%v %v", kind, role)
				rastertest.Set(src.View(f.Bounds()), 0, 60, 40, 100)
				byRows := func() error {
					e, err := qtgpu.NewEncoder(new(bytes.Buffer), f, &qtgpu.Options{Plan: plan})
					require.NoError(t, err)
					if err := e.WriteBlock(context.Background(), src.View(f.Bounds())); err != nil {
						return err
					}
					return e.Close(context.Background())
				}
				for i, err := range []error{
					qtgpu.EncodeRaster(context.Background(), new(bytes.Buffer), src, &o),
					qtgpu.EncodeRaster(context.Background(), new(bytes.Buffer), readAgain{src}, &o),
					plan.EncodePart(context.Background(), new(bytes.Buffer), src, 0, 1, nil),
					byRows(),
				} {
					require.ErrorContains(t, err, "band 0, pixel 60,40: sample 100, expected at most 99", "%v %v, T %v, way %d", kind, role, threshold, i)
				}
			}
		}
	}
}

// readAgain is a source that is not in memory.
type readAgain struct{ raster.Source }
