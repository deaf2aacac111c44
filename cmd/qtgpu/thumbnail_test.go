package main

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// TestMaxSide: the finest level with no side above N, of the whole and of a box; and what
// it does not go with.
func TestMaxSide(t *testing.T) {
	dir, qtg := encoded(t) // 560×540
	out := filepath.Join(dir, "out.png")
	for _, c := range []struct {
		most string
		w, h int
	}{{"5000", 560, 540}, {"560", 560, 540}, {"559", 280, 270}, {"256", 140, 135}, {"140", 140, 135}, {"139", 70, 68}, {"1", 1, 1}} {
		mustRun(t, "-i", qtg, "-o", out, "-f", "--max-side", c.most)
		m := readImage(t, bytes.NewReader(readFile(t, out)))
		assert.Equal(t, []int{c.w, c.h}, []int{m.W, m.H}, "--max-side %s", c.most)
	}
	qtgpuRun("-i", qtg, "-o", out, "-f", "--max-side", "0").fails(t, exitUsage, "--max-side 0: expected 1 or more", "0")
	qtgpuRun("-i", qtg, "-o", out, "-f", "--max-side", "9", "--level", "0").fails(t, exitUsage, "--level and --max-side: expected one of them", "level")
	qtgpuRun("-i", qtg, "-o", out, "-f", "--max-side", "9", "--region", "0,0,1,1").fails(t, exitUsage, "--region and --max-side: expected one of them", "region")

	_, tif, dem := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	hill := filepath.Join(dir, "hill.tif")
	mustRun(t, "-i", dem, "-o", hill, "--max-side", "10", "--bbox", "500000,4999400,501200,5000000") // 40×20 pixels
	f, _ := readRaster(t, hill)
	assert.Equal(t, []int{10, 5}, []int{f.Format().Width, f.Format().Height}, "part of a box")
}

// TestThumbnails: the call of the thumbnailer's entry makes a picture of any raster, of one value and of no data too;
// pictures stay as they are.
func TestThumbnails(t *testing.T) {
	entry := string(readFile(t, filepath.Join("..", "..", "packaging", "qtgpu.thumbnailer")))
	_, exec, found := strings.Cut(entry, "\nExec=")
	require.True(t, found, "Exec in %s", entry)
	exec, _, _ = strings.Cut(exec, "\n")
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.qtg"), filepath.Join(dir, "thumbnail.XY12")
	empty := -1.0
	for name, c := range map[string]struct {
		typ          raster.Type
		bands        []raster.Band
		at           func(band, x, y int) float64
		first, last  byte // of the first band, in the corners
		transparency bool
	}{
		"slope":             {raster.Float32, raster.Bands(raster.Data), func(_, x, _ int) float64 { return float64(x) * 7 }, 0, 255, false},
		"slope of integers": {raster.Int16, raster.Bands(raster.Data), func(_, x, _ int) float64 { return float64(x) - 50 }, 0, 255, false},
		"one value":         {raster.Float32, raster.Bands(raster.Data), func(int, int, int) float64 { return 3 }, 0, 0, false},
		"no data":           {raster.Float32, []raster.Band{{Role: raster.Data, NoData: &empty}}, func(int, int, int) float64 { return empty }, 0, 0, true},
		"many bands": {raster.Uint8, raster.Bands(raster.Data, raster.Data, raster.Data, raster.Data, raster.Data),
			func(band, x, _ int) float64 { return float64(band * x / 2) }, 0, 0, false},
		"gray": {raster.Uint8, raster.Bands(raster.Gray), func(_, x, _ int) float64 { return 100 + float64(x)/2 }, 100, 149, false},
	} {
		writeRaster(t, in, raster.Format{Width: 100, Height: 60, Type: c.typ, Bands: c.bands}, nil, c.at)
		mustRun(t, "-i", in, "-t", "0", "-q", "-f")
		args := strings.Fields(strings.NewReplacer("%i", qtg, "%o", out, "%s", "128").Replace(exec))
		mustRun(t, args[1:]...)
		picture, err := png.Decode(bytes.NewReader(readFile(t, out)))
		require.NoError(t, err, name)
		m, err := imagefile.FromImage(picture)
		require.NoError(t, err, name)
		require.Equal(t, []int{100, 60}, []int{m.W, m.H}, name)
		assert.Equal(t, []byte{c.first, c.last}, []byte{m.Pix[0], m.Pix[99*m.Step]}, name)
		if c.transparency {
			assert.Zero(t, m.Pix[m.Channels-1], "alpha of %s", name)
		}
	}
}

// TestFormat: --format decides where the name does not.
func TestFormat(t *testing.T) {
	dir, qtg := encoded(t)
	begins := map[string]string{"png": "\x89PNG", "tif": "II*\x00", "ppm": "P6", "jpg": "\xff\xd8"}
	for format, magic := range begins {
		out := filepath.Join(dir, "out")
		mustRun(t, "-i", qtg, "-o", out, "-f", "--format", format, "--level", "3")
		assert.True(t, strings.HasPrefix(string(readFile(t, out)), magic), format)
		assert.True(t, strings.HasPrefix(mustRun(t, "-i", qtg, "-o", "-", "--format", format, "--level", "3"), magic), "stream of %s", format)
	}
	mustRun(t, "-i", qtg, "--format", "ppm", "--level", "3")
	assert.Contains(t, files(t, dir), "in.ppm", "default name")
	qtgpuRun("-i", qtg, "-o", filepath.Join(dir, "a.tif"), "--format", "png").fails(t, exitUsage, "a.tif with --format png: expected the same of both", "conflict")
	mustRun(t, "-i", qtg, "-o", filepath.Join(dir, "a.tiff"), "--format", "tif")
}

// TestMediaType: the magic of the media type is the format's.
func TestMediaType(t *testing.T) {
	var info struct {
		Types []struct {
			Type  string `xml:"type,attr"`
			Match []struct {
				Value  string `xml:"value,attr"`
				Offset string `xml:"offset,attr"`
			} `xml:"magic>match"`
		} `xml:"mime-type"`
	}
	require.NoError(t, xml.Unmarshal(readFile(t, filepath.Join("..", "..", "packaging", "qtgpu.xml")), &info))
	require.Len(t, info.Types, 1)
	require.Len(t, info.Types[0].Match, 1)
	magic, err := strconv.Unquote(`"` + info.Types[0].Match[0].Value + `"`)
	require.NoError(t, err)
	assert.Equal(t, container.Magic, magic)
	assert.Equal(t, "0", info.Types[0].Match[0].Offset)
	assert.Contains(t, string(readFile(t, filepath.Join("..", "..", "packaging", "qtgpu.thumbnailer"))), "MimeType="+info.Types[0].Type+";")
}
