package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// small is a tag for so many bits a sample.
func small(bits uint16) imagefile.Tags { return imagefile.Tags{shortTag(258, bits)} }

// succeeds runs the command, which must not fail.
func succeeds(t *testing.T, args ...string) result {
	t.Helper()
	r := qtgpuRun(args...)
	require.Equal(t, exitOK, r.status, "%q: %s", args, r.stderr)
	return r
}

func openFile(t *testing.T, name string) *imagefile.File {
	t.Helper()
	in, err := os.Open(name)
	require.NoError(t, err)
	t.Cleanup(func() { in.Close() })
	f, err := imagefile.Open(in, imagefile.ReadOptions{})
	require.NoError(t, err)
	return f
}

// TestDepthThrough: samples of few bits come back so where they are as they were, to a file
// and to a stream; else with all bits of their type, which is said, and what --strict refuses.
func TestDepthThrough(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.tif")
	f := raster.Format{Width: 200, Height: 150, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	writeRaster(t, in, f, small(4), func(_, x, y int) float64 { return float64(17 * ((x*x/7 + y*3) % 16)) })
	require.Contains(t, succeeds(t, "-i", in, "-t", "0", "--verify", "--strict").stdout, "4 bits a sample in the source, coded as 8\n")
	for _, args := range [][]string{{out, "-f"}, {"-", "--format", "tif"}} {
		r := succeeds(t, append([]string{"-i", qtg, "--strict", "-o"}, args...)...)
		if args[0] == "-" {
			require.NoError(t, os.WriteFile(out, []byte(r.stdout), 0o666))
		}
		assert.Equal(t, 4, openFile(t, out).Tags.Bits())
		succeeds(t, "verify", qtg, out)
	}
	succeeds(t, "-i", qtg, "-o", out, "-f", "--region", "3,5,70,60", "--strict")
	assert.Equal(t, 4, openFile(t, out).Tags.Bits(), "a region")
	r := succeeds(t, "-i", qtg, "-o", out, "-f", "--level", "1")
	assert.Contains(t, r.stderr, "samples of 4 bits are written as 8, since they have changed: pixel ")
	assert.Zero(t, openFile(t, out).Tags.Bits())
	qtgpuRun("-i", qtg, "-o", out, "-f", "--level", "1", "--strict").fails(t, exitFailure, "--strict lets nothing be", "means")

	r = succeeds(t, "-i", in, "-t", "9", "--bound", "max", "--engine", "predictive", "-f", "-o", qtg)
	assert.Contains(t, r.stdout, "in whose steps T counts; decoding gives 8 bits, or 4 where")
	var info struct {
		Bits int `json:"source_bits"`
	}
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, "info", qtg, "--json").stdout), &info))
	assert.Equal(t, 4, info.Bits)
	for _, args := range [][]string{{out, "-f"}, {"-", "--format", "png"}} {
		r = succeeds(t, append([]string{"-i", qtg, "-o"}, args...)...)
		assert.Contains(t, r.stderr, "samples of 4 bits are written as 8, since they have changed: pixel ")
		if args[0] == "-" {
			require.NoError(t, os.WriteFile(out, []byte(r.stdout), 0o666))
		}
		assert.Zero(t, openFile(t, out).Tags.Bits())
		succeeds(t, "verify", qtg, out)
	}
}

// TestDeepThrough: integers of 17 to 31 bits come back so without loss and within a bound, with nothing
// to be said of it, and full scale stays what it was.
func TestDeepThrough(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.tif")
	for _, bits := range []int{17, 24, 31} {
		f := raster.Format{Width: 90, Height: 70, Type: raster.Uint32, Bands: raster.Bands(raster.Data), Max: 1<<bits - 1}
		writeRaster(t, in, f, small(uint16(bits)), func(_, x, y int) float64 { return float64(f.Max - 30 - int64(x*x*y)%(1<<16)) })
		for _, threshold := range []string{"0", "30"} {
			r := succeeds(t, "-i", in, "-t", threshold, "--verify", "--strict", "-f")
			require.Contains(t, r.stdout, fmt.Sprint(bits, " bits a sample in the source"))
			r = succeeds(t, "-i", qtg, "-o", out, "-f", "--strict")
			require.Empty(t, r.stderr)
			back := openFile(t, out)
			require.Equal(t, bits, back.Tags.Bits())
			require.Equal(t, f.Max, back.Format().Max)
			succeeds(t, "verify", qtg, out)
		}
		if bits == 31 { // decoders clamp there
			continue
		}
		// Above full scale, which does not hold decoded samples of more than 16 bits.
		writeRaster(t, in, f, small(uint16(bits)), func(_, x, y int) float64 { return float64(f.Max - int64(x*x*y)%(1<<16)) })
		succeeds(t, "-i", in, "-t", "30", "--verify", "-f")
		r := succeeds(t, "-i", qtg, "-o", out, "-f", "-q")
		require.Contains(t, r.stderr, fmt.Sprintf("samples of %d bits are written as 32, since they have changed: pixel ", bits))
		require.Contains(t, r.stderr, fmt.Sprint("that samples go from 0 to ", f.Max))
		require.Zero(t, openFile(t, out).Tags.Bits())
	}
}

// TestHalfThrough: floating point of 16 bits comes back so without loss, and within a bound
// where the bound leaves room for rounding.
func TestHalfThrough(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.tif")
	f := raster.Format{Width: 300, Height: 270, Type: raster.Float32, Bands: raster.Bands(raster.Data)}
	heights := func(_, x, y int) float64 { return math.Round(hill(0, x+30, y+30)*2) / 2 } // steps of 16 bits up to 1024
	writeRaster(t, in, f, small(16), heights)
	for _, c := range shorttest.Cases([]struct {
		threshold string
		bits      int
	}{{"0", 16}, {"2", 16}, {"0.7", 16}, {"0.01", 16}}) {
		succeeds(t, "-i", in, "-t", c.threshold, "--verify", "-f")
		r := succeeds(t, "-i", qtg, "-o", out, "-f")
		back := openFile(t, out)
		assert.Equal(t, c.bits, back.Tags.Bits(), "%s: %s", c.threshold, r.stderr)
		a, b := raster.NewBlock(f.Bounds(), f.Type, 1), raster.NewBlock(f.Bounds(), f.Type, 1)
		require.NoError(t, openFile(t, in).ReadBlock(t.Context(), a))
		require.NoError(t, back.ReadBlock(t.Context(), b))
		var bound float64
		fmt.Sscan(c.threshold, &bound)
		for y := range f.Height {
			for x := range f.Width {
				if v, w := a.At(0, x, y), b.At(0, x, y); !(math.Abs(v-w) <= bound) {
					t.Fatalf("-t %s: x %d y %d: %v, expected %v", c.threshold, x, y, w, v)
				}
			}
		}
	}
	r := succeeds(t, "-i", qtg, "-o", out, "-f", "--level", "2")
	assert.Contains(t, r.stderr, "samples of 16 bits are written as 32, since they have changed: pixel ")
	assert.Zero(t, openFile(t, out).Tags.Bits())
}

// TestStatisticsLeave: statistics in GDAL's metadata stay with samples that are all as they
// were, in the .qtg file and out of it, and with no others.
func TestStatisticsLeave(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.tif")
	text := func(items string) imagefile.Tags {
		v := []byte("<GDALMetadata>" + items + "</GDALMetadata>\x00")
		return imagefile.Tags{{Tag: 42112, Type: typeASCII, Count: uint32(len(v)), Value: v}}
	}
	statistics := `<Item name="STATISTICS_MEAN" sample="0">7</Item>`
	f := raster.Format{Width: 100, Height: 90, Type: raster.Float32, Bands: raster.Bands(raster.Data)}
	for _, c := range []struct {
		items, args, level       string
		inside, outside, another bool
	}{
		{statistics, "-t 0", "0", true, true, false},
		{statistics, "-t 1", "0", false, false, false},
		{statistics, "-t 0", "1", true, false, false},
		{statistics, "--size 3000", "0", false, false, false},
		{statistics, "--size 50000", "0", true, true, false},
		{statistics + `<Item name="MADE_BY">us &amp;amp; them</Item>`, "-t 1", "0", false, false, true},
	} {
		writeRaster(t, in, f, text(c.items), hill)
		const note = "warning: statistics in GDAL's metadata are of other samples, and left out"
		r := succeeds(t, append(strings.Fields(c.args), "-i", in, "-f", "--strict")...)
		assert.Equal(t, !c.inside, strings.Contains(r.stderr, "in.tif: "+note), r.stderr)
		file, err := os.ReadFile(qtg)
		require.NoError(t, err)
		assert.Equal(t, c.inside, bytes.Contains(file, []byte("STATISTICS_MEAN")), "%s: the .qtg file", c.args)
		r = succeeds(t, "-i", qtg, "-o", out, "-f", "--level", c.level)
		assert.Equal(t, c.inside && !c.outside, strings.Contains(r.stderr, "out.tif: "+note), r.stderr)
		var said string
		for _, tag := range openFile(t, out).Tags {
			if tag.Tag == 42112 {
				said = string(tag.Value)
			}
		}
		assert.Equal(t, c.outside, strings.Contains(said, "STATISTICS_MEAN"), said)
		assert.Equal(t, c.another, strings.Contains(said, `<Item name="MADE_BY">us &amp;amp; them</Item>`), said)
		succeeds(t, "-i", qtg, "-o", out, "-f", "--level", c.level, "-q", "--strict")
	}
}

// TestMaskThrough: an internal mask comes back bit by bit whatever the bound, samples beneath
// it as close as others, and coarser levels are means of samples that count.
func TestMaskThrough(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.tif")
	mask := imagefile.Tags{{Tag: 254, Type: 4, Count: 1, Value: []byte{4, 0, 0, 0}}}
	valid := func(x, y int) bool { return (x/37+y/29)%2 == 0 && x*y%97 != 5 }
	for _, c := range shorttest.Cases([]struct {
		typ   raster.Type
		full  float64
		roles []raster.Role
		args  string
	}{
		{raster.Uint8, 255, []raster.Role{raster.Red, raster.Green, raster.Blue}, "-t 0"},
		{raster.Uint8, 255, []raster.Role{raster.Red, raster.Green, raster.Blue}, "-t 10"},
		{raster.Uint8, 255, []raster.Role{raster.Red, raster.Green, raster.Blue}, "-t 100 --chroma 420"},
		{raster.Uint8, 255, []raster.Role{raster.Red, raster.Green, raster.Blue}, "-t 9 --bound max"},
		{raster.Uint8, 255, []raster.Role{raster.Gray}, "-t 40"},
		{raster.Uint16, 65535, []raster.Role{raster.Red, raster.Green, raster.Blue}, "-t 300"},
		{raster.Uint16, 65535, []raster.Role{raster.Gray}, "-t 4000 --bound rms"},
		{raster.Int16, 32767, []raster.Role{raster.Data}, "-t 0"},
		{raster.Int16, 32767, []raster.Role{raster.Data}, "-t 30"},
		{raster.Float32, 1, []raster.Role{raster.Data}, "-t 0"},
		{raster.Float32, 1, []raster.Role{raster.Data, raster.Data}, "-t 0.5"},
		{raster.Float32, 1, []raster.Role{raster.Data}, "-t 200"},
	}) {
		what := fmt.Sprint(c.typ, len(c.roles), c.args)
		n := len(c.roles)
		f := raster.Format{Width: 301, Height: 263, Type: c.typ, Bands: append(raster.Bands(c.roles...), raster.Band{Role: raster.Alpha, NoData: new(float64)})}
		sample := func(band, x, y int) float64 {
			switch {
			case band == n && valid(x, y):
				return c.full
			case band == n:
				return 0
			case !valid(x, y):
				return float64(30 * (x % 2)) // not to be seen in means
			}
			return math.Round(120 + 60*math.Sin(float64(x)/40)*math.Cos(float64(y)/30) + float64(band))
		}
		writeRaster(t, in, f, mask, sample)
		succeeds(t, append(strings.Fields(c.args), "-i", in, "-f", "--verify", "--strict")...)
		succeeds(t, "-i", qtg, "-o", out, "-f", "--strict")
		back := openFile(t, out)
		b := raster.NewBlock(f.Bounds(), c.typ, n+1)
		require.NoError(t, back.ReadBlock(t.Context(), b))
		require.Equal(t, mask[0], back.Tags[0], what)
		for y := range f.Height {
			for x := range f.Width {
				if v, w := sample(n, x, y), b.At(n, x, y); v != w {
					t.Fatalf("%s: mask at x %d y %d: %v, expected %v", what, x, y, w, v)
				}
			}
		}
		requireLevels(t, qtg, dir, what, n, c.full, sample)
	}
}

// requireLevels holds levels against means of samples that count, within about the bound of
// the lossy ones.
func requireLevels(t *testing.T, qtg, dir, what string, n int, full float64, sample func(band, x, y int) float64) {
	t.Helper()
	out := filepath.Join(dir, "level.tif")
	for level := 1; level <= 4; level++ {
		succeeds(t, "-i", qtg, "-o", out, "-f", "--level", fmt.Sprint(level))
		back := openFile(t, out)
		f := back.Format()
		b := raster.NewBlock(f.Bounds(), f.Type, n+1)
		require.NoError(t, back.ReadBlock(t.Context(), b))
		for y := range f.Height - 1 { // whole squares
			for x := range f.Width - 1 {
				sum, count := 0.0, 0.0
				for i := range 1 << (2 * level) {
					px, py := x<<level+i&(1<<level-1), y<<level+i>>level
					if sample(n, px, py) != 0 {
						sum, count = sum+sample(0, px, py), count+1
					}
				}
				require.Equal(t, count > 0, b.At(n, x, y) != 0, "%s: level %d, mask at %d,%d", what, level, x, y)
				near := 4.0
				if level > 3 { // means of means
					near = 15
				}
				if count > 0 && strings.HasSuffix(what, "-t 0") {
					require.InDelta(t, sum/count, b.At(0, x, y), near, "%s: level %d at %d,%d", what, level, x, y)
				}
			}
		}
	}
}

// TestOverviewsAreNoLoss: a file with overviews passes --strict, and they are spoken of.
func TestOverviewsAreNoLoss(t *testing.T) {
	for _, tool := range []string{"gdal_translate", "gdaladdo"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	dir := t.TempDir()
	raw, cog, qtg := filepath.Join(dir, "raw.tif"), filepath.Join(dir, "cog.tif"), filepath.Join(dir, "cog.qtg")
	f := raster.Format{Width: 700, Height: 600, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue, raster.Alpha)}
	writeRaster(t, raw, f, utm(), func(band, x, y int) float64 {
		if band == 3 {
			return 255 * float64((x/90+y/70)%2)
		}
		return float64((x + y*band) % 256)
	})
	text, err := exec.Command("gdal_translate", "-q", "-b", "1", "-b", "2", "-b", "3", "-mask", "4", "-of", "COG", "-co", "COMPRESS=JPEG", "-co", "BLOCKSIZE=256", raw, cog).CombinedOutput()
	require.NoError(t, err, "%s", text)
	r := succeeds(t, "-i", cog, "-t", "8", "--strict", "-o", qtg)
	assert.Contains(t, r.stderr, "made anew")
	r = succeeds(t, "-i", cog, "-t", "8", "--strict", "-q", "-f", "-o", qtg)
	assert.Empty(t, r.stderr)
	back := filepath.Join(dir, "back.tif")
	succeeds(t, "-i", qtg, "-o", back)
	checksums := func(name string) (mask string) {
		text, err := exec.Command("gdalinfo", "-checksum", "-json", name).Output()
		require.NoError(t, err)
		var info struct {
			Bands []struct {
				Mask struct {
					Flags []string `json:"flags"`
				} `json:"mask"`
			} `json:"bands"`
		}
		require.NoError(t, json.Unmarshal(text, &info))
		require.Len(t, info.Bands, 3)
		require.Equal(t, []string{"PER_DATASET"}, info.Bands[0].Mask.Flags)
		band := filepath.Join(dir, "mask.tif")
		text, err = exec.Command("gdal_translate", "-q", "-b", "mask", name, band).CombinedOutput()
		require.NoError(t, err, "%s", text)
		text, err = exec.Command("gdalinfo", "-checksum", band).Output()
		require.NoError(t, err)
		_, mask, _ = strings.Cut(string(text), "Checksum=")
		return mask
	}
	assert.Equal(t, checksums(cog), checksums(back))
}

// TestScanOfWideRows: rows of more than what is held at once are read by parts, with the
// statistics of all.
func TestScanOfWideRows(t *testing.T) {
	f := raster.Format{Width: scanBytes/8 + 77, Height: 3, Type: raster.Float32, Bands: make([]raster.Band, 2)}
	m, err := raster.NewMemory(f)
	require.NoError(t, err)
	b := m.View(f.Bounds())
	for y := range f.Height {
		for band := range f.Bands {
			row := raster.Row[float32](b, band, y)
			for x := range row {
				row[x] = float32(x%1000 - 300*band + y)
			}
		}
	}
	whole, parts := newStatistics(&f), newStatistics(&f)
	require.NoError(t, whole.WriteBlock(t.Context(), b))
	largest := 0
	require.NoError(t, scan(t.Context(), m, sinkFunc(func(b *raster.Block) error {
		largest = max(largest, b.Rect.Dx()*b.Rect.Dy()*8)
		return parts.WriteBlock(t.Context(), b)
	})))
	assert.LessOrEqual(t, largest, scanBytes)
	for i, want := range whole.bands {
		got := parts.bands[i]
		assert.Equal(t, []any{want.n, want.least, want.most}, []any{got.n, got.least, got.most})
		assert.InDelta(t, want.mean, got.mean, 1e-9)
	}
}

// sinkFunc is a raster.Sink.
type sinkFunc func(b *raster.Block) error

func (f sinkFunc) WriteBlock(_ context.Context, b *raster.Block) error { return f(b) }
