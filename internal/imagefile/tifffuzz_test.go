package imagefile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/tiff"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestOldLZW: GDAL reads LZW of the old form as we do.
func TestOldLZW(t *testing.T) {
	l := layoutOf(1)
	l.compression, l.w, l.h = compressionOldLZW, 300, 100
	m := noise(300, 200, 1, 8)
	for i := range m.Pix { // long strings and full tables
		m.Pix[i] &= 3
	}
	file := l.build(t, m)
	_, b := readRaster(t, file, ReadOptions{})
	require.True(t, bytes.Equal(m.Pix, b.Planes[0]))
	name := filepath.Join(t.TempDir(), "old.tif")
	require.NoError(t, os.WriteFile(name, file, 0o600))
	require.Contains(t, string(python(t, gdalSays+"say(sys.argv[1])\n", name)), sum(m.Pix))
}

// tiffSeeds are small files of every coding and sample type.
func tiffSeeds(t testing.TB) (files [][]byte) {
	for _, c := range []uint16{
		compressionNone, compressionLZW, compressionOldLZW, compressionDeflate, compressionPackBits, compressionZSTD, compressionJPEG,
	} {
		for bits := range 4 {
			l := layoutOf(1)
			l.compression, l.w, l.h, l.predict, l.tiled = c, 16, 16, bits&1 != 0, bits&2 != 0
			if !l.tiled {
				l.w = 19
			}
			files = append(files, l.file(noise(19, 20, 1, 8)))
		}
	}
	for _, bits := range []uint16{3, 12, 16, 24, 31} {
		for _, format := range []uint16{sampleUnsigned, sampleFloat} {
			for _, photometric := range []uint16{photometricWhiteIsZero, photometricBlackIsZero} {
				l := layoutOf(1)
				l.more = []field{
					shorts(tagBitsPerSample, bits), shorts(tagSampleFormat, format), longs(tagImageWidth, 4), shorts(tagPhotometric, photometric),
				}
				files = append(files, l.file(noise(16, 5, 1, 8)))
			}
		}
	}
	for _, f := range many() {
		if len(f.Bands) > 6 || f.Height > 100 {
			continue
		}
		f.Width, f.Height = 5, 4
		var out bytes.Buffer
		e, err := planTIFF(&out, f, Meta{}, WriteOptions{Tags: placed()})
		require.NoError(t, err)
		e.big = len(f.Bands)%2 == 0
		require.NoError(t, e.begin())
		w := &writer{encoder: e, format: f}
		require.NoError(t, w.WriteBlock(background, edges(f)))
		require.NoError(t, w.Close())
		files = append(files, out.Bytes())
	}
	return files
}

// TestTIFFCutAndFlipped: whatever is missing or damaged, there is an error or all samples,
// and little memory.
func TestTIFFCutAndFlipped(t *testing.T) {
	for i, file := range tiffSeeds(t) {
		for at := 0; at < len(file); at += shorttest.Step() {
			flipped := bytes.Clone(file)
			flipped[at] ^= byte(1 << (at % 8))
			for _, data := range [][]byte{file[:at], flipped} {
				_, _, err := tryRaster(data, ReadOptions{MaxPixels: 1 << 16})
				if err != nil {
					require.NotContains(t, err.Error(), "runtime error", "file %d, byte %d", i, at)
				}
			}
		}
	}
}

// FuzzTIFFRaster: what is read is written and read to the same samples, bands and tags.
func FuzzTIFFRaster(f *testing.F) {
	for _, file := range tiffSeeds(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4 || !strings.Contains("II*\x00 MM\x00* II+\x00 MM\x00+", string(data[:4])) || len(data) > 1<<14 {
			t.Skip("another format")
		}
		file, b, err := tryRaster(data, ReadOptions{MaxPixels: 1 << 12, Expansion: 1 << 10})
		if err != nil {
			require.NotContains(t, err.Error(), "the decoder failed")
			return
		}
		format := file.Format()
		require.NoError(t, format.Validate())
		if format.Bytes() > 1<<22 {
			return
		}
		var out bytes.Buffer
		w, err := Create(&out, "tif", format, file.Meta, WriteOptions{Tags: file.Tags})
		require.NoError(t, err)
		require.NoError(t, w.WriteBlock(background, b))
		require.NoError(t, w.Close())
		back, got := readRaster(t, out.Bytes(), ReadOptions{})
		if len(format.Bands) != len(back.format.Bands) {
			require.NotNil(t, file.Meta.ICC, "gray is repeated for a profile alone")
			return
		}
		stored := facts{bits: 8 * format.Type.Size(), white: format.Bands[0].Role == raster.Gray && file.Tags.find(tagPhotometric) != nil}
		if full := format.FullScale(); stored.white && full < back.format.FullScale() {
			// What samples are turned around by goes with the width; the file has the same.
			require.Contains(t, back.Lost, fmt.Sprintf("MaxSampleValue %d", full))
			require.Equal(t, rasterReference(file, b, stored), rasterReference(back, got, stored))
		} else {
			requireSamples(t, b, got, "written and read")
		}
		for i, band := range format.Bands {
			require.Equal(t, band.Role, back.format.Bands[i].Role, "band %d", i)
		}
	})
}

// FuzzTIFFAgainstStd: of gray and RGB of whole bytes, golang.org/x/image/tiff has the same
// colours where both take a file.
func FuzzTIFFAgainstStd(f *testing.F) {
	for channels := 1; channels <= 3; channels += 2 {
		for _, c := range []uint16{compressionNone, compressionLZW, compressionDeflate, compressionPackBits} {
			l := layoutOf(channels)
			l.compression, l.w, l.h, l.tiled, l.predict = c, 16, 16, true, true
			l.more = []field{shorts(tagBitsPerSample, slices.Repeat([]uint16{uint16(4 + 4*channels)}, channels)...)}
			f.Add(l.file(noise(19, 20, channels, 4+4*channels)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if config, err := tiff.DecodeConfig(bytes.NewReader(data)); err != nil || config.Width > 1<<10 || config.Height > 1<<10 || len(data) > 1<<14 {
			t.Skip("another format, or too large")
		}
		file, b, err := tryRaster(data, ReadOptions{MaxPixels: 1 << 20, Expansion: 1 << 10})
		if err != nil {
			return
		}
		h := file.pixels.(*tiffPixels).h
		if p, err := file.pixels.(*tiffPixels).d.uint(tagPredictor, predictorNone); err != nil || p != h.predictor {
			return // which the other applies to every compression
		}
		n := len(b.Planes)
		if h.bits%8 != 0 || file.format.Type > raster.Uint16 || n != 1 && n != 3 || h.photometric != photometricBlackIsZero && h.photometric != photometricRGB || h.planar || h.reversed {
			return
		}
		std, err := tiff.Decode(bytes.NewReader(data))
		if err != nil || h.colours() != n || len(file.Notes) > 0 {
			return
		}
		requireSameColours(t, std, b)
	})
}

// requireSameColours compares the samples of gray or RGB with colours.
func requireSameColours(t *testing.T, want image.Image, b *raster.Block) {
	scale := uint32(257)
	if b.Type == raster.Uint16 {
		scale = 1
	}
	for y := range b.Rect.Dy() {
		for x := range b.Rect.Dx() {
			c := color.RGBA64Model.Convert(want.At(x, y)).(color.RGBA64)
			for i, v := range []uint16{c.R, c.G, c.B}[:len(b.Planes)] {
				if got := uint32(b.At(i, x, y)) * scale; got != uint32(v) {
					require.Equal(t, v, got, fmt.Sprint("band ", i, ", x ", x, ", y ", y))
				}
			}
		}
	}
}
