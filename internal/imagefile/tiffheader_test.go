package imagefile

import (
	"bytes"
	"image/color"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// White is zero is inverted, and said so; alpha beside it is not inverted.
func TestTIFFWhiteIsZero(t *testing.T) {
	for channels := 1; channels <= 2; channels++ {
		for _, depth := range []int{1, 4, 8, 16} {
			m := noise(37, 29, channels, max(8, depth))
			l := layoutOf(channels)
			l.bits, l.photometric = depth, photometricWhiteIsZero
			black := l
			black.photometric = photometricBlackIsZero
			got, want := decode(t, "tif", l.build(t, m)), decode(t, "tif", black.build(t, m))
			invertGray(want)
			requireSame(t, want, got)
			require.Contains(t, got.Notes, "white is zero: samples inverted")
			require.NotContains(t, want.Notes, "white is zero: samples inverted")
		}
	}
}

// invertGray turns the first channel around.
func invertGray(m *Image) {
	for i := 0; i < len(m.Pix); i += m.Step {
		for b := range m.Depth / 8 {
			m.Pix[i+b] = ^m.Pix[i+b]
		}
	}
}

// Three samples that are said to be gray are the bands of a raster, as GDAL
// labels them, and so are four.
func TestTIFFBands(t *testing.T) {
	for _, depth := range []int{8, 16} {
		l := layoutOf(1)
		rgb := noise(37, 29, 3, depth)
		requireSame(t, rgb, decode(t, "tif", l.build(t, rgb)))
		four := noise(37, 29, 4, depth)
		got := decode(t, "tif", l.build(t, four))
		requireSame(t, four, got)
		require.Equal(t, NoAlpha, got.Alpha)
	}
}

// ExtraSamples says what the last of 2 or 4 samples is; samples are as stored
// whatever it says.
func TestTIFFAlpha(t *testing.T) {
	cases := []struct {
		name  string
		extra []uint16 // nil: no tag
		alpha Alpha
	}{
		{"absent", nil, NoAlpha},
		{"unspecified", []uint16{0}, NoAlpha},
		{"associated", []uint16{1}, Premultiplied},
		{"unassociated", []uint16{2}, Straight},
		{"Corel", []uint16{999}, Straight},
	}
	for _, c := range cases {
		for _, channels := range []int{2, 4} {
			m := noise(7, 5, channels, 8)
			l := layoutOf(channels)
			l.alpha = 0
			if c.extra != nil {
				l.more = []field{shorts(tagExtraSamples, c.extra...)}
			}
			got := decode(t, "tif", l.build(t, m))
			requireSame(t, m, got)
			require.Equal(t, c.alpha, got.Alpha, "%s, %d channels", c.name, channels)
		}
	}
	for _, channels := range []int{1, 3} {
		require.Equal(t, Straight, decode(t, "tif", layoutOf(channels).build(t, noise(7, 5, channels, 8))).Alpha, "no last sample to speak of")
	}
	l := layoutOf(1) // as GDAL labels four bands
	l.more = []field{shorts(tagExtraSamples, 2, 0, 0)}
	f, err := Open(bytes.NewReader(l.build(t, noise(7, 5, 4, 16))), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, raster.Bands(raster.Data, raster.Alpha, raster.Data, raster.Data), f.Format().Bands)
}

// Without a photometric interpretation gray is black is zero, but in CCITT
// compression, where white is.
func TestTIFFWithoutPhotometric(t *testing.T) {
	for _, channels := range []int{1, 3, 4} {
		m := noise(7, 5, channels, 8)
		l := layoutOf(channels)
		l.alpha = 0
		got := decode(t, "tif", without(t, l.build(t, m), tagPhotometric))
		requireSame(t, m, got)
		require.Contains(t, got.Notes, "no photometric interpretation: taken as black is zero")
	}
	l := layoutOf(1)
	l.bits, l.more = 1, []field{shorts(tagCompression, compressionRLE)}
	m := New(8, 2, 1, 8)
	for i := range m.Pix {
		m.Pix[i] = 255 * (0b10011000 >> (7 - i%8) & 1) // the code of 8 white pixels
	}
	require.Equal(t, bytes.Repeat([]byte{255}, 16), decode(t, "tif", without(t, l.build(t, m), tagPhotometric)).Pix)
}

// paletteFile is an image of indices with a palette of the given colours, 8 bits
// each unless bits says so.
func paletteFile(t *testing.T, index *Image, bits int, colors []uint16) []byte {
	l := layoutOf(1)
	l.bits, l.photometric = bits, photometricPalette
	l.more = []field{shorts(tagColorMap, colors...)}
	return l.build(t, index)
}

// Palettes of 1, 2, 4 and 8 bits give indices and colours, of the 16 bits of the
// colour map the upper 8, or the lower 8 where all colours are below 256.
func TestTIFFPalettes(t *testing.T) {
	for _, bits := range []int{1, 2, 4, 8} {
		n := 1 << bits
		m := noise(37, 29, 1, 8)
		want := make([]byte, len(m.Pix))
		for i, v := range m.Pix {
			want[i] = byte(int(v) * (n - 1) / 255)
			if bits == 8 {
				want[i] = v
			}
		}
		for _, small := range []bool{false, true} {
			colors := make([]uint16, 3*n)
			palette := make(color.Palette, n)
			for i := range palette {
				c := color.RGBA{R: byte(200 + 50*i), G: byte(i), B: byte(255 - i), A: 255}
				palette[i] = c
				for j, v := range []byte{c.R, c.G, c.B} {
					colors[j*n+i] = uint16(v)
					if !small {
						colors[j*n+i] = uint16(min(int(v)*257+100, 65535))
					}
				}
			}
			got := decode(t, "tif", paletteFile(t, m, bits, colors))
			require.Equal(t, want, got.Index, "%d bits", bits)
			require.Equal(t, palette, got.Palette)
			require.Equal(t, []int{3, 8}, []int{got.Channels, got.Depth})
			for i, v := range want {
				require.Equal(t, palette[v], got.At(i%37, i/37), "%d bits, pixel %d,%d", bits, i%37, i/37)
			}
		}
	}
	gray := make([]uint16, 6)
	gray[1], gray[3], gray[5] = 0xffff, 0xffff, 0xffff
	require.Equal(t, 1, decode(t, "tif", paletteFile(t, New(3, 3, 1, 8), 1, gray)).Channels, "a palette of grays")
}

// Each thing that is not read is named, with what was found and expected.
func TestTIFFRefusals(t *testing.T) {
	gray, rgb := layoutOf(1), layoutOf(3)
	with := func(l layout, fields ...field) layout {
		l.more = append(slices.Clone(l.more), fields...)
		return l
	}
	palette := gray
	palette.photometric = photometricPalette
	deflate := gray
	deflate.compression = compressionDeflate
	cases := []struct {
		name     string
		l        layout
		channels int
		want     string
	}{
		{"compression", with(gray, shorts(tagCompression, 6)), 1, "compression 6 (old JPEG): expected none, CCITT, LZW, Deflate, PackBits, Zstandard or JPEG"},
		{"unknown compression", with(gray, shorts(tagCompression, 99)), 1, "compression 99: expected none, CCITT"},
		{"photometric", with(rgb, shorts(tagPhotometric, 8)), 3, "photometric interpretation 8 (CIELab): expected gray, RGB, a palette, CMYK, or YCbCr of JPEG"},
		{"inks", with(rgb, shorts(tagPhotometric, 5)), 4, "inks (CMYK): an image holds gray or RGB"},
		{"YCbCr", with(rgb, shorts(tagPhotometric, 6)), 3, "photometric interpretation 6 (YCbCr) without JPEG compression"},
		{"gray as RGB", with(gray, shorts(tagPhotometric, 2)), 1, "photometric interpretation 2 (RGB) with a sample of 8 bits"},
		{"palette of two", with(palette, shorts(tagColorMap, make([]uint16, 768)...)), 2, "band 0 of 2 is index of uint8: an image holds"},
		{"palette of integers", with(palette, shorts(tagSampleFormat, 2)), 1, "photometric interpretation 3 (palette) with a sample of 8 bits"},
		{"palette of none", palette, 1, "a palette image without a colour map (tag 320)"},
		{"palette of odd", with(palette, shorts(tagColorMap, 1, 2, 3, 4)), 1, "colour map (tag 320) of 4 values: expected 3 for each colour"},
		{"palette too long", with(palette, shorts(tagColorMap, make([]uint16, 771)...)), 1, "tag 320: 771 values, expected 1 to 768"},
		{"index", with(palette, shorts(tagColorMap, make([]uint16, 3)...)), 1, "palette index"},
		{"format", with(gray, shorts(tagSampleFormat, 3)), 1, "sample format 3 (floating point) of 8 bits per sample: expected"},
		{"format of the last", with(rgb, shorts(tagSampleFormat, 1, 1, 2)), 3, "tag 339: 1 and 2: expected the same for all samples"},
		{"bits of the last", with(rgb, shorts(tagBitsPerSample, 8, 8, 16)), 3, "tag 258: 8 and 16: expected the same"},
		{"bits of two", with(rgb, shorts(tagBitsPerSample, 8, 8)), 3, "tag 258: 2 values for 3 samples, expected 1 or 3"},
		{"bits", with(gray, shorts(tagBitsPerSample, 33)), 1, "sample format 1 (unsigned integers) of 33 bits per sample: expected unsigned integers of 1 to 32 bits"},
		{"no bits", with(gray, shorts(tagBitsPerSample, 0)), 1, "0 bits per sample: expected 1 to 64"},
		{"complex", with(gray, shorts(tagSampleFormat, 6), shorts(tagBitsPerSample, 64)), 1, "sample format 6 (complex floating point) of 64 bits per sample"},
		{"samples", with(gray, longs(tagSamplesPerPixel, 65536)), 1, "65536 samples per pixel: expected 1 to 65535"},
		{"planar", with(gray, shorts(tagPlanar, 3)), 1, "planar configuration 3: expected 1 or 2"},
		{"fill order", with(gray, shorts(tagFillOrder, 3)), 1, "fill order 3: expected 1 or 2"},
		{"predictor", with(deflate, shorts(tagPredictor, 3)), 1, "predictor 3 with samples of uint8: expected floating point"},
		{"unknown predictor", with(deflate, shorts(tagPredictor, 4)), 1, "predictor 4: expected 1, 2 (horizontal) or 3 (floating point)"},
		{"predictor of 4 bits", with(deflate, shorts(tagPredictor, 2), shorts(tagBitsPerSample, 4)), 1, "predictor 2 with 4 bits per sample: expected 8, 16, 32 or 64"},
		{"CCITT", with(gray, shorts(tagCompression, 4)), 1, "CCITT compression with 1 samples of 8 bits: expected 1 of 1"},
		{"extra", with(rgb, shorts(tagExtraSamples, 3)), 4, "extra sample of kind 3: expected 0, 1 or 2"},
		{"too many extra", with(rgb, shorts(tagExtraSamples, 0, 2)), 4, "photometric interpretation 2 (RGB) with 4 samples of which 2 are extra: expected at most 1"},
		{"far too many extra", with(rgb, shorts(tagExtraSamples, 0, 0, 0, 0, 0)), 4, "tag 338: 5 values, expected 1 to 4"},
		{"rows", with(gray, longs(tagRowsPerStrip, 0)), 1, "0 rows per strip"},
		{"tiles", with(gray, longs(tagTileWidth, 0), longs(tagTileLength, 16)), 1, "tiles of 0x16 pixels"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := requireResultOrError(t, c.l.build(t, noise(9, 5, c.channels, 8)), c.name)
			require.ErrorContains(t, err, c.want)
		})
	}
}
