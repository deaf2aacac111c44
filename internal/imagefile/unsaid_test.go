package imagefile

import (
	"bytes"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestUnsaidBands: what files do not say of bands is named, unless Create refuses them.
func TestUnsaidBands(t *testing.T) {
	zero, nan := 0.0, math.NaN()
	rgb := []raster.Role{raster.Red, raster.Green, raster.Blue}
	with := func(f *raster.Format, change func(*raster.Format)) *raster.Format {
		change(f)
		return f
	}
	cases := []struct {
		format string
		f      *raster.Format
		want   []string
	}{
		{"tif", formatOf(3, 3, raster.Float32, raster.Data), nil},
		{"tif", formatOf(3, 3, raster.Int16, append(rgb, raster.Data, raster.Alpha, raster.Premultiplied)...), nil},
		{"tif", formatOf(3, 3, raster.Uint8, raster.Label), []string{"that bands are label"}},
		{"tif", formatOf(3, 3, raster.Uint8, append([]raster.Role{raster.Alpha}, rgb...)...), []string{"that bands are alpha, blue, green, red"}},
		{"tif", formatOf(3, 3, raster.Uint8, raster.Gray, raster.Label, raster.Label), []string{"that bands are label"}},
		{"tif", formatOf(3, 3, raster.Uint8, raster.Index), nil},
		{"tif", formatOf(3, 3, raster.Uint8, raster.Index, raster.Data), nil},
		{"tif", with(formatOf(3, 3, raster.Uint8, raster.Index), func(f *raster.Format) { f.Palette[1] = color.Transparent }), []string{"the palette, whose colours are written instead"}},
		{"tif", with(formatOf(3, 3, raster.Uint32, raster.Data), func(f *raster.Format) { f.Max = 65535 }), nil},
		{"tif", with(formatOf(3, 3, raster.Uint32, raster.Data), func(f *raster.Format) { f.Max = raster.Uint32.Max() }), nil},
		{"tif", with(formatOf(3, 3, raster.Uint32, raster.Data), func(f *raster.Format) { f.Max = 65536 }), []string{"that samples go from 0 to 65536"}},
		{"tif", with(formatOf(3, 3, raster.Float32, raster.Data, raster.Data), func(f *raster.Format) { f.Bands[0].NoData, f.Bands[1].NoData = &nan, &nan }), nil},
		{"tif", with(formatOf(3, 3, raster.Float32, raster.Data, raster.Data), func(f *raster.Format) { f.Bands[0].NoData, f.Bands[1].NoData = &nan, &zero }), []string{"the sample that stands for no data"}},
		{"tif", with(formatOf(3, 3, raster.Float32, raster.Data, raster.Data), func(f *raster.Format) { f.Bands[1].NoData = &zero }), []string{"the sample that stands for no data"}},
		{"png", with(formatOf(3, 3, raster.Uint8, raster.Data), func(f *raster.Format) { f.Bands[0].NoData = &zero }), []string{"the sample that stands for no data"}},
		{"pgm", with(formatOf(3, 3, raster.Uint8, raster.Label), func(f *raster.Format) { f.Bands[0].Name = "soil" }), []string{"that bands are label", "the names of bands"}},
		{"jpg", with(formatOf(3, 3, raster.Uint8, raster.Gray), func(f *raster.Format) { f.Bands[0].Scale = 0.5 }), []string{"scale and offset of bands"}},
		{"png", with(formatOf(3, 3, raster.Uint8, raster.Gray), func(f *raster.Format) { f.Bands[0].Scale = 1 }), nil},
		{"png", formatOf(3, 3, raster.Int16, raster.Label), nil},
		{"jpg", formatOf(3, 3, raster.Uint8, raster.Gray, raster.Alpha), nil},
		{"ppm", formatOf(3, 3, raster.Uint8, make([]raster.Role, 9)...), nil},
	}
	for _, c := range cases {
		assert.Equal(t, c.want, Unsaid(c.format, c.f, Meta{}, WriteOptions{}), "%s of %d bands of %v: %s", c.format, len(c.f.Bands), c.f.Type, roleNames(c.f))
	}
}

// TestCreatePalettes: indices of 16 bits are written as bytes where they fit, else as
// their colours; one without a colour is an error.
func TestCreatePalettes(t *testing.T) {
	f := formatOf(30, 20, raster.Uint16, raster.Index)
	for len(f.Palette) < 300 {
		f.Palette = append(f.Palette, color.RGBA{byte(len(f.Palette)), 7, byte(len(f.Palette) / 256), 255})
	}
	b := noisy(f, raster.NewBlock(f.Bounds(), f.Type, 1))
	file, indices := readRaster(t, created(t, "tif", f, b, WriteOptions{}), ReadOptions{})
	requireSamples(t, b, indices, "tif")
	for i, c := range f.Palette {
		require.Equal(t, color.RGBAModel.Convert(c), file.Format().Palette[i], "colour %d", i)
	}
	m := decode(t, "pnm", created(t, "ppm", f, b, WriteOptions{}))
	for y := range f.Height {
		for x := range f.Width {
			require.Equal(t, color.RGBAModel.Convert(f.Palette[int(b.At(0, x, y))]), color.RGBAModel.Convert(m.At(x, y)), "ppm: pixel %d,%d", x, y)
		}
	}
	_, err := Create(&bytes.Buffer{}, "png", f, Meta{}, WriteOptions{})
	require.EqualError(t, err, "palette of 300 colours: png holds at most 256: write tif instead")
	require.Empty(t, Unsaid("tif", f, Meta{}, WriteOptions{}))

	f.Palette = f.Palette[:9]
	raster.Row[uint16](b, 0, 11)[4] = 256
	for _, format := range []string{"png", "tif", "ppm", "jpg"} {
		w, err := Create(&bytes.Buffer{}, format, f, Meta{}, WriteOptions{})
		require.NoError(t, err)
		noisy(f, b)
		raster.Row[uint16](b, 0, 11)[4] = 256
		require.EqualError(t, w.WriteBlock(background, b), "pixel 4,11: palette index 256, expected less than 9", format)
	}
}

// TestPNMFullScale: samples of 16 bits whose full scale fits a byte have one in the file,
// and none is above full scale.
func TestPNMFullScale(t *testing.T) {
	for _, largest := range []int64{1, 2, 100, 255, 256, 1000, 65535} {
		for _, typ := range []raster.Type{raster.Uint8, raster.Uint16} {
			f := formatOf(30, 20, typ, raster.Gray)
			if f.Max = largest; largest > typ.Max() {
				continue
			}
			b := noisy(f, raster.NewBlock(f.Bounds(), typ, 1))
			m := decode(t, "pnm", created(t, "pgm", f, b, WriteOptions{}))
			for y := range f.Height {
				for x := range f.Width {
					want := min(b.At(0, x, y), float64(largest))
					if largest == 1 {
						want *= 255 // as bits are read
					}
					require.Equal(t, want, m.raw(x, y, 0), "%v up to %d: x %d, y %d", typ, largest, x, y)
				}
			}
		}
	}
}
