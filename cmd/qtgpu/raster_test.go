package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// utm is a georeference: 30 m a pixel in UTM zone 33N, from 500000 E, 5000000 N on.
func utm() imagefile.Tags {
	return imagefile.Tags{
		doubleTag(tagPixelScale, []float64{30, 30, 0}),
		doubleTag(tagTiepoints, []float64{0, 0, 0, 500000, 5e6, 0}),
		shortTag(tagGeoKeys, 1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32633),
	}
}

func shortTag(tag uint16, v ...uint16) imagefile.Tag {
	t := imagefile.Tag{Tag: tag, Type: typeShort, Count: uint32(len(v))}
	for _, n := range v {
		t.Value = binary.LittleEndian.AppendUint16(t.Value, n)
	}
	return t
}

// writeRaster writes samples of floating point, or of another type rounded, as TIFF.
func writeRaster(t *testing.T, name string, f raster.Format, tags imagefile.Tags, at func(band, x, y int) float64) {
	t.Helper()
	out, err := os.Create(name)
	require.NoError(t, err)
	w, err := imagefile.Create(out, "tif", &f, imagefile.Meta{}, imagefile.WriteOptions{Tags: tags})
	require.NoError(t, err)
	b := raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	for band := range f.Bands {
		for y := range f.Height {
			for x := range f.Width {
				p := b.RowBytes(band, y)[x*f.Type.Size():]
				switch v := at(band, x, y); f.Type {
				case raster.Float32:
					binary.NativeEndian.PutUint32(p, math.Float32bits(float32(v)))
				case raster.Int16, raster.Uint16:
					binary.NativeEndian.PutUint16(p, uint16(int64(v)))
				case raster.Uint32:
					binary.NativeEndian.PutUint32(p, uint32(v))
				case raster.Uint8:
					p[0] = byte(v)
				default:
					t.Fatalf("no samples of %v here", f.Type)
				}
			}
		}
	}
	require.NoError(t, w.WriteBlock(context.Background(), b))
	require.NoError(t, w.Close())
	require.NoError(t, out.Close())
}

// none is the sample of no data of these tests.
const none = -9999.0

// hill is a height in metres, with no data in a corner.
func hill(_, x, y int) float64 {
	if x < 20 && y < 10 {
		return none
	}
	return 400 + 300*math.Sin(float64(x)/40)*math.Cos(float64(y)/30) + float64((x*7+y*13)%10)/100
}

// elevation returns a directory with dem.tif, float32 heights of 150×90 pixels.
func elevation(t *testing.T) (dir, tif, qtg string) {
	t.Helper()
	dir = t.TempDir()
	noData := none
	f := raster.Format{Width: 150, Height: 90, Type: raster.Float32, Bands: []raster.Band{{Name: "height", NoData: &noData}}}
	tif, qtg = filepath.Join(dir, "dem.tif"), filepath.Join(dir, "dem.qtg")
	writeRaster(t, tif, f, utm(), hill)
	return dir, tif, qtg
}

// readRaster reads all of an image file.
func readRaster(t *testing.T, name string) (*imagefile.File, *raster.Block) {
	t.Helper()
	in, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { in.Close() })
	f, err := imagefile.Open(in, imagefile.ReadOptions{})
	require.NoError(t, err)
	b := raster.NewBlock(f.Format().Bounds(), f.Format().Type, len(f.Format().Bands))
	require.NoError(t, f.ReadBlock(context.Background(), b))
	return f, b
}

// TestRasterThereAndBack: what comes back has the samples, the bands and the tags that
// went in, by the name that the command chooses, and the promise is measured.
func TestRasterThereAndBack(t *testing.T) {
	dir, tif, qtg := elevation(t)
	out := mustRun(t, "-i", tif, "-t", "0", "--verify")
	assert.Contains(t, out, "150×90 pixels, 1 band of float32")
	assert.Contains(t, out, "lossless; largest error height 0")
	assert.NotContains(t, out, "PSNR", "of pictures alone")

	require.NoError(t, os.Rename(tif, filepath.Join(dir, "before.tif")))
	mustRun(t, "-i", qtg)
	before, want := readRaster(t, filepath.Join(dir, "before.tif"))
	after, got := readRaster(t, tif)
	assert.Equal(t, before.Format(), after.Format())
	assert.Equal(t, before.Tags, after.Tags)
	assert.Equal(t, want.Planes, got.Planes)
	assert.Contains(t, mustRun(t, "verify", qtg, tif), "measured   height 0")
	assert.NotContains(t, mustRun(t, "verify", qtg, tif), "quality")
}

// TestThresholdOfRasters: T is in units of the samples, or percent of their range; the
// bound that is taken is told; what is out of range is told before anything is written.
func TestThresholdOfRasters(t *testing.T) {
	dir, tif, qtg := elevation(t)
	short := filepath.Join(dir, "short.tif")
	writeRaster(t, short, raster.Format{Width: 70, Height: 50, Type: raster.Int16, Bands: make([]raster.Band, 1)}, nil, hill)
	photo := filepath.Join(dir, "photo.png")
	writeImage(t, photo, 70, 50, 3, 8)
	_, samples := readRaster(t, tif)
	least, most := math.Inf(1), math.Inf(-1)
	for y := range 90 {
		for x := range 150 {
			if v := samples.At(0, x, y); v != none {
				least, most = min(least, v), max(most, v)
			}
		}
	}
	for _, c := range []struct {
		in, t, bound string
		want         float64
	}{
		{tif, "0.5", boundMax, 0.5},
		{tif, "1%", boundMax, (most - least) / 100},
		{short, "3", boundMax, 3},
		{short, "0.01%", boundMax, 6}, // of 65535
		{short, "0.001%", boundMax, 0},
		{photo, "4", boundRMS, 4},
		{photo, "4%", boundRMS, 10}, // of 255
	} {
		var report encodeReport
		require.NoError(t, json.Unmarshal([]byte(mustRun(t, "-i", c.in, "-o", qtg, "-f", "-t", c.t, "--json", "--verify")), &report))
		assert.Equal(t, c.bound, report.Promise.Bound, "%s -t %s", c.in, c.t)
		assert.InDelta(t, c.want, report.Promise.T, 1e-12*c.want, "%s -t %s", c.in, c.t)
		for _, v := range report.Verify.Measured.Errors {
			assert.LessOrEqual(t, v, c.want, "%s -t %s", c.in, c.t)
		}
	}
	// Where there is no data stays so, and nothing else becomes it.
	mustRun(t, "-i", tif, "-o", qtg, "-f", "-q", "-t", "20")
	mustRun(t, "-i", qtg, "-o", filepath.Join(dir, "back.tif"))
	_, back := readRaster(t, filepath.Join(dir, "back.tif"))
	for y := range 90 {
		for x := range 150 {
			require.Equal(t, samples.At(0, x, y) == none, back.At(0, x, y) == none, "x %d, y %d", x, y)
		}
	}
	before := readFile(t, qtg)
	for _, c := range []struct{ in, t, bound, want string }{
		{short, "0.5", boundAuto, "expected a whole number of 0 to 65535"},
		{short, "65536", boundAuto, "expected a whole number of 0 to 65535"},
		{tif, "1", boundRMS, "bound rms of samples of float32, expected uint8 or uint16; or the bound max"},
		{photo, "0.1", boundAuto, "expected 0 for lossless or 0.25 to 255"},
	} {
		r := qtgpuRun("-i", c.in, "-o", qtg, "-t", c.t, "--bound", c.bound)
		r.fails(t, exitUsage, c.want, c)
		assert.Contains(t, r.stderr, c.in)
	}
	qtgpuRun("-i", tif, "-o", qtg, "-t", "1%").fails(t, exitFailure, "exists already", "all is well")
	assert.Equal(t, before, readFile(t, qtg))
	assert.Contains(t, mustRun(t, "-i", tif, "-o", qtg, "-f", "-t", "0.5"), "no sample off by more than 0.5 (bound max)")
	assert.Contains(t, mustRun(t, "info", qtg), "no sample off by more than 0.5 (bound max)")
}

// TestInfoOfRasters: info tells where a raster lies and what its bands are; --stats what
// their samples are, as reckoned here one by one.
func TestInfoOfRasters(t *testing.T) {
	_, tif, qtg := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	out := mustRun(t, "info", qtg)
	for _, want := range []string{
		"image      150×90 pixels, 1 band of float32\n", "crs        WGS 84 / UTM zone 33N (EPSG:32633)\n",
		"extent     500000,4997300,504500,5000000 (west, south, east, north)\n", "pixel      30 × 30 metre\n",
		"band 1     data \"height\", no data -9999\n", "metadata   TIFF\n",
	} {
		assert.Contains(t, out, want)
	}
	var report infoReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "info", "--json", "--stats", qtg)), &report))
	assert.Equal(t, []float64{500000, 30, 0, 5e6, 0, -30}, report.Georeference.Transform)
	assert.Equal(t, 32633, report.Georeference.CRS.EPSG)
	assert.EqualValues(t, none, *report.Bands[0].NoData)

	var all []float64
	_, samples := readRaster(t, tif)
	for y := range 90 {
		for x := range 150 {
			if v := samples.At(0, x, y); v != none {
				all = append(all, v)
			}
		}
	}
	mean, least, most, squares := 0.0, all[0], all[0], 0.0
	for _, v := range all {
		mean += v / float64(len(all))
		least, most = min(least, v), max(most, v)
	}
	for _, v := range all {
		squares += (v - mean) * (v - mean)
	}
	s := report.Bands[0].Statistics
	assert.EqualValues(t, len(all), s.Valid)
	assert.EqualValues(t, least, s.Minimum)
	assert.EqualValues(t, most, s.Maximum)
	assert.InDelta(t, mean, float64(s.Mean), 1e-9)
	assert.InDelta(t, math.Sqrt(squares/float64(len(all))), float64(s.Deviation), 1e-9)
	assert.Contains(t, mustRun(t, "info", "--stats", qtg), "no data -9999, minimum ")
}

// TestInfoOfNothing: a band without a sample that counts has no statistics, and no data
// that is no number can be told.
func TestInfoOfNothing(t *testing.T) {
	dir := t.TempDir()
	nan := math.NaN()
	in := filepath.Join(dir, "a.tif")
	f := raster.Format{Width: 20, Height: 10, Type: raster.Float32, Bands: []raster.Band{{NoData: &nan}}}
	writeRaster(t, in, f, nil, func(int, int, int) float64 { return nan })
	mustRun(t, "-i", in, "-t", "1%", "-q")
	out := mustRun(t, "info", "--json", "--stats", filepath.Join(dir, "a.qtg"))
	assert.Contains(t, out, `"nodata": "NaN"`)
	assert.Contains(t, out, `"minimum": null`)
	assert.Contains(t, out, `"georeference": null`)
	var report infoReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.True(t, math.IsNaN(float64(*report.Bands[0].NoData)))
	assert.Zero(t, report.Bands[0].Statistics.Valid)
	assert.Contains(t, mustRun(t, "info", "--stats", filepath.Join(dir, "a.qtg")), "no data NaN, minimum none")
}

// TestPartsOfRasters: a raster that machines code by parts is the file of one encode.
func TestPartsOfRasters(t *testing.T) {
	dir := t.TempDir()
	in, job := filepath.Join(dir, "a.tif"), filepath.Join(dir, "job")
	noData := none
	f := raster.Format{Width: 40, Height: 2100, Type: raster.Float32, Bands: []raster.Band{{NoData: &noData}, {NoData: &noData}}}
	writeRaster(t, in, f, utm(), hill)
	mustRun(t, "-i", in, "-t", "0.01%", "-q", "-o", filepath.Join(dir, "one.qtg"))
	mustRun(t, "plan", "-i", in, "-t", "0.01%", "-o", job, "--part-rows", "1")
	for _, i := range []string{"2", "0", "1"} {
		mustRun(t, "part", job, "-i", i)
	}
	mustRun(t, "merge", job, "-o", filepath.Join(dir, "merged.qtg"))
	assert.Equal(t, readFile(t, filepath.Join(dir, "one.qtg")), readFile(t, filepath.Join(dir, "merged.qtg")))
	qtgpuRun("plan", "-i", in, "-t", "1", "--bound", "rms", "-o", filepath.Join(dir, "no")).fails(t, exitUsage, "bound rms of samples of float32, expected uint8 or uint16; or the bound max", "plan")
	require.NoDirExists(t, filepath.Join(dir, "no"))
}

// TestNotOfRasters: what only pictures have is refused by name.
func TestNotOfRasters(t *testing.T) {
	dir, tif, qtg := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	qtgpuRun("bench", "-i", tif).fails(t, exitFailure, "bench takes photographs, found 150×90 pixels, 1 band of float32", "bench")
	qtgpuRun("tree", qtg, "-o", filepath.Join(dir, "t.png")).fails(t, exitFailure, "leaves of a file of the predictive engine", "tree")
	for _, ext := range []string{"png", "ppm", "pgm", "jpg"} {
		out := filepath.Join(dir, "a."+ext)
		r := qtgpuRun("-i", qtg, "-o", out)
		r.fails(t, exitFailure, "found float32: write tif instead, or --stretch MIN,MAX makes a picture of 8 bits", ext)
		require.NoFileExists(t, out)
	}
	writeImage(t, filepath.Join(dir, "other.png"), 150, 90, 1, 8)
	qtgpuRun("verify", qtg, filepath.Join(dir, "other.png")).fails(t, exitFailure, "samples of uint8", "another type")
}

// TestStream: standard output is TIFF where PNG does not hold the samples.
func TestStream(t *testing.T) {
	_, tif, qtg := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	assert.True(t, strings.HasPrefix(mustRun(t, "-i", qtg, "-o", "-"), "II*\x00"))
	r := qtgpuRun("-i", qtg, "-o", "-", "--stretch", "0,1000")
	assert.True(t, strings.HasPrefix(r.stdout, "\x89PNG"))
	assert.Contains(t, r.stderr, "left out or changed for png: georeference")
}

// TestStretch: samples are scaled between the ends; what has no data is transparent, or 0
// where a format has no alpha.
func TestStretch(t *testing.T) {
	dir, tif, qtg := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	_, samples := readRaster(t, tif)
	for _, ext := range []string{"png", "tif", "pgm"} {
		out := filepath.Join(dir, "s."+ext)
		assert.Equal(t, exitOK, qtgpuRun("-i", qtg, "-o", out, "--stretch", "200,500").status)
		f, got := readRaster(t, out)
		assert.Equal(t, ext != "pgm", len(f.Format().Bands) == 2, ext)
		assert.Equal(t, raster.Uint8, f.Format().Type)
		for y := range 90 {
			for x := range 150 {
				v := samples.At(0, x, y)
				want := math.Floor(min(max((v-200)/300, 0), 1)*255 + 0.5)
				alpha := 255.0
				if v == none {
					want, alpha = 0, 0
				}
				require.Equal(t, want, got.At(0, x, y), "%s: x %d, y %d", ext, x, y)
				if ext != "pgm" {
					require.Equal(t, alpha, got.At(1, x, y), "%s: x %d, y %d", ext, x, y)
				}
			}
		}
	}
	f, _ := readRaster(t, filepath.Join(dir, "s.tif"))
	assert.Equal(t, utm(), f.Tags, "lies where it did, and has no value of no data")
}

// TestStretchOfBands: of many bands the first three are shown, and of a palette none.
func TestStretchOfBands(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.png")
	writeRaster(t, in, raster.Format{Width: 30, Height: 20, Type: raster.Uint8, Bands: make([]raster.Band, 6)}, nil,
		func(band, x, y int) float64 { return float64(40*band + x) })
	mustRun(t, "-i", in, "-t", "0", "-q")
	mustRun(t, "-i", filepath.Join(dir, "a.qtg"), "-o", out, "--stretch", "0,255")
	f, got := readRaster(t, out)
	assert.Equal(t, raster.Bands(raster.Red, raster.Green, raster.Blue), f.Format().Bands)
	assert.Equal(t, []float64{7, 47, 87}, []float64{got.At(0, 7, 3), got.At(1, 7, 3), got.At(2, 7, 3)})
}

// TestStrict: with --strict nothing is left out: there is no file, and the error names what
// would be.
func TestStrict(t *testing.T) {
	dir, tif, qtg := elevation(t)
	in := filepath.Join(dir, "private.tif")
	writeRaster(t, in, raster.Format{Width: 30, Height: 20, Type: raster.Int16, Bands: make([]raster.Band, 1)},
		imagefile.Tags{shortTag(60000, 1, 2, 3)}, hill)
	before := files(t, dir)
	qtgpuRun("-i", in, "-t", "0", "--strict").fails(t, exitFailure, in+": left out: a private tag; --strict lets nothing be", "encode")
	qtgpuRun("plan", "-i", in, "-t", "0", "--strict", "-o", filepath.Join(dir, "job")).fails(t, exitFailure, "left out: a private tag", "plan")
	assert.Equal(t, before, files(t, dir))
	r := qtgpuRun("-i", in, "-t", "0", "-q")
	r.fails(t, exitOK, in+": warning: left out: a private tag", "quiet")

	mustRun(t, "-i", tif, "-t", "0", "-q", "--strict")
	png := filepath.Join(dir, "a.png")
	qtgpuRun("-i", qtg, "-o", png, "--stretch", "0,1000", "--strict").fails(t, exitFailure, "left out or changed for png: georeference (GeoTIFF tags); --strict", "decode")
	require.NoFileExists(t, png)
	mustRun(t, "-i", qtg, "-o", filepath.Join(dir, "b.tif"), "--strict")
}

// TestColoursOfIndices: with loss, colours take the place of indices, of which no data and
// names are not true.
func TestColoursOfIndices(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.qtg"), filepath.Join(dir, "b.tif")
	noData := 3.0
	f := raster.Format{Width: 60, Height: 50, Type: raster.Uint8, Bands: []raster.Band{{Role: raster.Index, NoData: &noData}}, Palette: rainbow()}
	writeRaster(t, in, f, utm(), func(_, x, y int) float64 { return float64((x/9 + y/7) % 5) })
	qtgpuRun("-i", in, "-t", "5", "-q", "--engine", "transform").fails(t, exitOK, "left out: index 3 of no data, since colours are coded with loss: -t 0 keeps it", "lossy")
	mustRun(t, "-i", qtg, "-o", out)
	colours, _ := readRaster(t, out)
	assert.Equal(t, utm(), colours.Tags)
	assert.Nil(t, colours.Format().Bands[0].NoData)

	mustRun(t, "-i", in, "-t", "0", "-q", "-f")
	mustRun(t, "-i", qtg, "-o", out, "-f")
	indices, _ := readRaster(t, out)
	assert.Equal(t, raster.Index, indices.Format().Bands[0].Role)
	assert.Equal(t, noData, *indices.Format().Bands[0].NoData)
	qtgpuRun("-i", qtg, "-o", filepath.Join(dir, "c.png"), "--stretch", "0,9").fails(t, exitUsage, "indices of a palette", "stretch")
}

// TestWidePalette: indices of 16 bits come back with their colours, and coarser levels are
// some of them.
func TestWidePalette(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.qtg"), filepath.Join(dir, "b.tif")
	f := raster.Format{Width: 60, Height: 50, Type: raster.Uint16, Bands: raster.Bands(raster.Index)}
	for i := range 1 << 16 {
		f.Palette = append(f.Palette, color.RGBA{uint8(i), uint8(i >> 8), uint8(i / 7), 255})
	}
	writeRaster(t, in, f, nil, func(_, x, y int) float64 { return float64(x/9*9000 + y/7) })
	for _, effort := range []string{"1", "2", "4"} {
		mustRun(t, "-i", in, "-t", "0", "-q", "-f", "--effort", effort)
		mustRun(t, "-i", qtg, "-o", out, "-f")
		file, b := readRaster(t, out)
		require.Equal(t, raster.Index, file.Format().Bands[0].Role, "effort %s", effort)
		for i, c := range file.Format().Palette {
			require.Equal(t, f.Palette[i], c, "effort %s, colour %d", effort, i)
		}
		for y := range f.Height {
			for x := range f.Width {
				require.Equal(t, float64(x/9*9000+y/7), b.At(0, x, y), "effort %s, x %d y %d", effort, x, y)
			}
		}
		mustRun(t, "-i", qtg, "-o", out, "-f", "--level", "3")
		_, small := readRaster(t, out)
		for x := range small.Rect.Dx() {
			require.LessOrEqual(t, int(small.At(0, x, 0))%9000, 7, "effort %s, level 3, x %d", effort, x)
		}
	}
	for _, bound := range []string{"rms", "max"} {
		mustRun(t, "-i", in, "-t", "5", "--bound", bound, "-q", "-f")
		mustRun(t, "verify", qtg, in)
	}
}

// TestDamagedTags: a directory that cannot be read is damage, and one whose georeference
// cannot be is told of.
func TestDamagedTags(t *testing.T) {
	dir := t.TempDir()
	in, qtg := filepath.Join(dir, "a.tif"), filepath.Join(dir, "a.qtg")
	f := raster.Format{Width: 30, Height: 20, Type: raster.Int16, Bands: make([]raster.Band, 1)}
	writeRaster(t, in, f, imagefile.Tags{shortTag(tagPixelScale, 1, 2, 3), doubleTag(tagTiepoints, make([]float64, 6))}, hill)
	mustRun(t, "-i", in, "-t", "0", "-q")
	r := qtgpuRun("info", qtg)
	assert.Equal(t, exitOK, r.status)
	assert.Contains(t, r.stderr, "warning: georeference that cannot be read: tag 33550 of type 3, expected 12 (DOUBLE)")
	mustRun(t, "-i", qtg, "-o", filepath.Join(dir, "whole.tif"))
	qtgpuRun("-i", qtg, "-o", filepath.Join(dir, "part.tif"), "--level", "1").
		fails(t, exitOK, "left out or changed for tif: georeference that cannot be moved to the part (tag 33550 of type 3", "part")
	part, _ := readRaster(t, filepath.Join(dir, "part.tif"))
	assert.Empty(t, part.Tags)
	qtgpuRun("-i", qtg, "-o", filepath.Join(dir, "box.tif"), "--bbox", "0,0,1,1").fails(t, exitUsage, "--bbox: tag 33550", "box")
}

// FuzzGeoreference: whatever a directory of tags holds, a part has as many tags, which can be
// read, or leaves out the georeference and says so.
func FuzzGeoreference(f *testing.F) {
	for _, tags := range []imagefile.Tags{utm(), {shortTag(tagPixelScale, 1, 2, 3)}, {doubleTag(tagTransformation, make([]float64, 16))}} {
		p, err := tags.AppendBinary(nil)
		require.NoError(f, err)
		f.Add(p, 3, 5, 2)
	}
	f.Fuzz(func(t *testing.T, p []byte, x, y, level int) {
		tags, err := imagefile.ParseTags(p)
		if err != nil || min(x, y, level) < 0 || max(x, y) > 1<<20 || level > 31 {
			return
		}
		part, err := window(tags, image.Pt(x, y), level)
		if err != nil {
			require.False(t, slices.ContainsFunc(part, isGeo), "%v", err)
			return
		}
		q, err := part.AppendBinary(nil)
		require.NoError(t, err)
		again, err := imagefile.ParseTags(q)
		require.NoError(t, err)
		require.Equal(t, len(tags), len(again))
		_, _ = georeference(part)
	})
}

// corpus is a folder of real images, beside the project or where QTGPU_CORPUS says.
func corpus(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("QTGPU_CORPUS"), filepath.Join("..", "..", "..", "shared", "corpus")), name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpus: %v (QTGPU_CORPUS names its folder)", err)
	}
	return dir
}
