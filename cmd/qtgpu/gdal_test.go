package main

import (
	"encoding/json"
	"fmt"
	"image/color"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// gdal runs a program of GDAL and returns what it prints.
func gdal(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s here", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %v", name, args)
	return out
}

// gdalinfo is what GDAL says of a file, checksums included, but for its name and how it is
// stored.
func gdalinfo(t *testing.T, name string) map[string]any {
	t.Helper()
	var info map[string]any
	require.NoError(t, json.Unmarshal(gdal(t, "gdalinfo", "-json", "-checksum", name), &info))
	for _, key := range []string{"description", "files", "driverShortName", "driverLongName"} {
		delete(info, key)
	}
	stored := func(of map[string]any) {
		domains, _ := of["metadata"].(map[string]any)
		structure, _ := domains["IMAGE_STRUCTURE"].(map[string]any)
		for _, key := range []string{"COMPRESSION", "PREDICTOR", "INTERLEAVE", "LAYOUT", "COMPRESSION_REVERSIBILITY"} {
			delete(structure, key)
		}
		if len(structure) == 0 {
			delete(domains, "IMAGE_STRUCTURE")
		}
		if len(domains) == 0 {
			delete(of, "metadata")
		}
	}
	stored(info)
	for _, b := range info["bands"].([]any) {
		band := b.(map[string]any)
		stored(band)
		delete(band, "block")
		delete(band, "overviews")
	}
	return info
}

// TestGISOfGDAL: of real rasters GDAL says the same before and after, of their samples,
// bands, georeference, values of no data and metadata; and every overview can be decoded.
func TestGISOfGDAL(t *testing.T) {
	dir := corpus(t, "gis")
	qtg, back := filepath.Join(t.TempDir(), "a.qtg"), filepath.Join(t.TempDir(), "back.tif")
	for _, name := range files(t, dir) {
		if info, err := os.Stat(filepath.Join(dir, name)); testing.Short() && (err != nil || info.Size() > 100_000) {
			continue
		}
		in := filepath.Join(dir, name)
		require.Equal(t, exitOK, qtgpuRun("-i", in, "-t", "0", "-o", qtg, "-f", "-q", "--effort", "1").status, name)
		require.Equal(t, exitOK, qtgpuRun("-i", qtg, "-o", back, "-f").status, name)
		before, after := gdalinfo(t, in), gdalinfo(t, back)
		if filepath.Ext(name) == ".png" { // whose text and density are other metadata in TIFF
			delete(before, "metadata")
			delete(after, "metadata")
		}
		assert.Equal(t, before, after, name)
		mustRun(t, "verify", qtg)
	}
}

// TestPartOfGDAL: a part of a level lies where GDAL puts the pixels that it stands for, and
// a part at full size has their samples.
func TestPartOfGDAL(t *testing.T) {
	dir, tif, qtg := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	ours, theirs := filepath.Join(dir, "ours.tif"), filepath.Join(dir, "theirs.tif")
	whole := gdalinfo(t, tif)
	rng := rand.New(rand.NewPCG(2, 7))
	for range shorttest.Rounds(12) {
		level := rng.IntN(5)
		w, h := (150-1)>>level+1, (90-1)>>level+1
		x, y := rng.IntN(w), rng.IntN(h)
		dx, dy := 1+rng.IntN(w-x), 1+rng.IntN(h-y)
		what := fmt.Sprintf("%d,%d,%d,%d of level %d", x, y, dx, dy, level)
		mustRun(t, "-i", qtg, "-o", ours, "-f", "--level", fmt.Sprint(level), "--region", fmt.Sprintf("%d,%d,%d,%d", x, y, dx, dy))
		// What GDAL cuts may reach over the edge by less than a pixel of the level.
		gdal(t, "gdal_translate", "-q", "-srcwin", fmt.Sprint(x<<level), fmt.Sprint(y<<level), fmt.Sprint(dx<<level), fmt.Sprint(dy<<level),
			"-outsize", fmt.Sprint(dx), fmt.Sprint(dy), tif, theirs)
		got, want := gdalinfo(t, ours), gdalinfo(t, theirs)
		for _, key := range []string{"geoTransform", "size", "cornerCoordinates"} {
			assert.Equal(t, want[key], got[key], "%s of %s", key, what)
		}
		// GDAL writes the keys of the CRS anew, with more of them.
		assert.Equal(t, whole["coordinateSystem"], got["coordinateSystem"], what)
		if level == 0 {
			assert.Equal(t, want["bands"], got["bands"], what)
		}
	}
}

// TestBox: a box in the raster's coordinates, or in longitude and latitude, is the part
// that touches it, at any level, and lies there.
func TestBox(t *testing.T) {
	dir, tif, qtg := elevation(t)
	mustRun(t, "-i", tif, "-t", "0", "-q")
	out := filepath.Join(dir, "box.tif")
	for _, c := range []struct {
		args          []string
		w, h          int
		minX, maxY, s float64
	}{
		{[]string{"--bbox", "500300,4999400,500900,4999700"}, 20, 10, 500300, 4999700, 30},
		{[]string{"--bbox", "500310,4999410,500890,4999690"}, 20, 10, 500300, 4999700, 30},
		{[]string{"--bbox", "0,0,9999999,9999999"}, 150, 90, 500000, 5e6, 30},
		{[]string{"--bbox", "500300,4999400,500900,4999700", "--level", "2"}, 6, 3, 500240, 4999760, 120},
		// By PROJ 500300.3 to 500899.3 E and 4999366.0 to 4999666.0 N.
		{[]string{"--bbox", "15.00382,45.14777,15.01144,45.15047", "--bbox-crs", "EPSG:4326"}, 20, 11, 500300, 4999670, 30},
	} {
		mustRun(t, append([]string{"-i", qtg, "-o", out, "-f"}, c.args...)...)
		f, _ := readRaster(t, out)
		g, err := georeference(f.Tags)
		require.NoError(t, err)
		assert.Equal(t, []int{c.w, c.h}, []int{f.Format().Width, f.Format().Height}, "%v", c.args)
		assert.Equal(t, [6]float64{c.minX, c.s, 0, c.maxY, 0, -c.s}, [6]float64(*g.Transform), "%v", c.args)
	}
	for _, c := range []struct{ box, crs, want string }{
		{"0,0,1,1", "", "--bbox: box 0,0,1,1 outside of the raster"},
		{"0,0,1,1", "EPSG:4326", "outside of the raster"},
		{"0,0,1,1", "EPSG:3857", "--bbox: box in EPSG:3857: expected EPSG:4326 or the raster's own CRS"},
	} {
		args := []string{"-i", qtg, "-o", out, "-f", "--bbox", c.box}
		if c.crs != "" {
			args = append(args, "--bbox-crs", c.crs)
		}
		qtgpuRun(args...).fails(t, exitUsage, c.want, c)
	}
	picture := filepath.Join(dir, "p.png")
	writeImage(t, picture, 20, 20, 3, 8)
	mustRun(t, "-i", picture, "-t", "0", "-q")
	qtgpuRun("-i", filepath.Join(dir, "p.qtg"), "-o", out, "-f", "--bbox", "0,0,1,1").fails(t, exitUsage, "--bbox: no georeference", "a picture")
}

// rainbow is a palette.
func rainbow() color.Palette {
	p := make(color.Palette, 256)
	for i := range p {
		p[i] = color.RGBA{byte(i * 37), byte(i * 91), byte(255 - i), 255}
	}
	return p
}

// TestStatisticsOfGDAL: statistics that GDAL has put into a file come back without loss. With loss GDAL finds
// none in what is decoded, and reckons new ones that the samples have.
func TestStatisticsOfGDAL(t *testing.T) {
	dir, tif, qtg := elevation(t)
	in, out := filepath.Join(dir, "measured.tif"), filepath.Join(dir, "out.tif")
	gdal(t, "gdal_translate", "-q", "-stats", tif, in)
	statistics := func(name string, args ...string) (items []string) {
		for _, line := range strings.Split(string(gdal(t, "gdalinfo", append(args, name)...)), "\n") {
			if strings.Contains(line, "STATISTICS_") {
				items = append(items, strings.TrimSpace(line))
			}
		}
		return items
	}
	before := statistics(in)
	require.Len(t, before, 5)
	for _, threshold := range []string{"0", "20"} {
		mustRun(t, "-i", in, "-t", threshold, "-o", qtg, "-f", "-q")
		mustRun(t, "-i", qtg, "-o", out, "-f", "-q", "--strict")
		if threshold == "0" {
			assert.Equal(t, before, statistics(out))
			continue
		}
		assert.Empty(t, statistics(out))
		assert.NotEqual(t, before, statistics(out, "-stats"))
	}
}
