package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// result is what an invocation gave.
type result struct {
	status         int
	stdout, stderr string
}

func qtgpuIn(stdin io.Reader, args ...string) result {
	var stdout, stderr bytes.Buffer
	status := run(context.Background(), args, stdin, &stdout, &stderr)
	return result{status, stdout.String(), stderr.String()}
}

func qtgpuRun(args ...string) result { return qtgpuIn(strings.NewReader(""), args...) }

// mustRun runs args, which must succeed without a word on standard error.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	r := qtgpuRun(args...)
	require.Equal(t, exitOK, r.status, "%v: %s", args, r.stderr)
	require.Empty(t, r.stderr, "%v", args)
	return r.stdout
}

// fails holds a failure against its status and a part of its one line.
func (r result) fails(t *testing.T, status int, want string, what any) {
	t.Helper()
	assert.Equal(t, status, r.status, "status of %v: %s", what, r.stderr)
	assert.Contains(t, r.stderr, want, "%v", what)
	assert.Equal(t, 1, strings.Count(r.stderr, "\n"), "lines of %q", r.stderr)
	assert.True(t, strings.HasPrefix(r.stderr, "qtgpu: "), "prefix of %q", r.stderr)
	assert.NotContains(t, r.stderr, ": qtgpu: ", "%v", what)
}

// files lists the names in a directory.
func files(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// writeImage writes a smooth picture with noise in the format of the name.
func writeImage(t *testing.T, name string, w, h, channels, depth int) {
	t.Helper()
	m := imagefile.New(w, h, channels, depth)
	rnd := rand.New(rand.NewPCG(1, 2))
	for y := range h {
		for x := range w {
			for c := range channels {
				v := (x*(c+1) + y*2) % 200
				if x > w/2 {
					v += rnd.IntN(40)
				}
				m.Pix[y*m.Stride+x*m.Step+c*depth/8] = byte(v)
			}
		}
	}
	format, err := imagefile.FormatFromName(name)
	require.NoError(t, err)
	f, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, imagefile.Write(f, format, m, imagefile.WriteOptions{}))
	require.NoError(t, f.Close())
}

func readImage(t *testing.T, r io.Reader) *imagefile.Image {
	t.Helper()
	m, _, err := imagefile.Read(r, imagefile.ReadOptions{})
	require.NoError(t, err)
	return m
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	p, err := os.ReadFile(name)
	require.NoError(t, err)
	return p
}

// encodedOnce are the bytes of in.png and in.qtg, which no test changes.
var encodedOnce [2][]byte

// encoded returns a directory with in.png of 560×540 and its in.qtg, 2×2 tiles of 512.
func encoded(t *testing.T) (dir, qtg string) {
	t.Helper()
	dir = t.TempDir()
	in, qtg := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg")
	if encodedOnce[1] == nil {
		writeImage(t, in, 560, 540, 3, 8)
		mustRun(t, "-i", in, "-t", "10", "-q")
		encodedOnce = [2][]byte{readFile(t, in), readFile(t, qtg)}
		return dir, qtg
	}
	require.NoError(t, os.WriteFile(in, encodedOnce[0], 0o666))
	require.NoError(t, os.WriteFile(qtg, encodedOnce[1], 0o666))
	return dir, qtg
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help"}, {"-i", "x", "-h"}} {
		out := mustRun(t, args...)
		for _, want := range []string{"largest error of any sample, in its own units", "0.25 to 255", "--version", "Exit status", "Examples"} {
			assert.Contains(t, out, want, "%v", args)
		}
	}
	for _, args := range [][]string{{"info", "--help"}, {"info", "x", "-h"}, {"help", "info"}} {
		out := mustRun(t, args...)
		assert.Contains(t, out, "--stats", "%v", args)
		assert.NotContains(t, out, "--threshold", "%v: of the command alone", args)
	}
	qtgpuRun("help", "inf").fails(t, exitUsage, `unknown command "inf": did you mean qtgpu info?`, "help")
}

func TestFormats(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		in              string
		channels, depth int
		outs            []string
	}{
		{"gray.pgm", 1, 8, []string{"png", "tif", "ppm", "pgm", "jpg"}},
		{"gray16.tif", 1, 16, []string{"png", "tif", "pgm"}},
		{"ga.tif", 2, 8, []string{"tif"}},
		{"rgb.ppm", 3, 8, []string{"png", "tiff", "ppm", "jpeg"}},
		{"rgb16.png", 3, 16, []string{"PNG", "tif"}},
		{"rgba.png", 4, 8, []string{"png", "tif"}},
		{"rgba16.tif", 4, 16, []string{"png", "tif"}},
	} {
		in := filepath.Join(dir, c.in)
		writeImage(t, in, 75, 41, c.channels, c.depth)
		qtg := filepath.Join(dir, "a.qtg")
		mustRun(t, "-i", in, "-t", "5", "-o", qtg, "-f", "-q", "--verify")
		for _, ext := range c.outs {
			out := filepath.Join(dir, c.in+"."+ext)
			mustRun(t, "-i", qtg, "-o", out)
			m := readImage(t, bytes.NewReader(readFile(t, out)))
			assert.Equal(t, []int{75, 41}, []int{m.W, m.H}, "%s to %s", c.in, ext)
			if ext == "tif" {
				assert.Equal(t, []int{c.channels, c.depth}, []int{m.Channels, m.Depth}, "%s to %s", c.in, ext)
			}
		}
	}
}

func TestWrongOutputFormat(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "a.tif")
	writeImage(t, in, 20, 20, 4, 8)
	mustRun(t, "-i", in, "-t", "5", "-q")
	qtg := filepath.Join(dir, "a.qtg")
	for _, ext := range []string{"ppm", "pgm", "jpg"} {
		out := filepath.Join(dir, "out."+ext)
		qtgpuRun("-i", qtg, "-o", out).fails(t, exitFailure, out+": ", ext)
	}
	assert.Equal(t, []string{"a.qtg", "a.tif"}, files(t, dir))
}

func TestEncodeReport(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	writeImage(t, in, 600, 300, 3, 8)
	out := mustRun(t, "-i", in, "-t", "10", "--verify")
	for _, want := range []string{"600×300 pixels, RGB, 8 bits\n", "540,000 of pixels", "ratio", "bits per pixel",
		"nodes", "leaves", "depth", "cpu (auto: a GPU is tried from", "holds: no leaf's RMS error above 10 (bound rms)"} {
		assert.Contains(t, out, want)
	}
	for _, stage := range []string{"read", "colour", "pyramid", "split", "transform", "entropy", "write"} {
		assert.Contains(t, out, stage+" ", "stage")
	}

	var report encodeReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "-i", in, "-t", "10", "-f", "--json", "--verify")), &report))
	size := int64(len(readFile(t, filepath.Join(dir, "in.qtg"))))
	assert.Equal(t, size, report.OutputBytes)
	assert.Equal(t, int64(len(readFile(t, in))), report.InputBytes)
	assert.InDelta(t, 540000/float64(size), report.Ratio, 1e-9)
	assert.InDelta(t, float64(size)*8/180000, report.BitsPerPixel, 1e-9)
	assert.Len(t, report.Stages, 7)
	sum := 0
	for _, n := range report.LeavesBySize {
		sum += n
	}
	assert.Equal(t, report.Leaves, sum, "leaves by size")
	require.NotNil(t, report.Verify)
	assert.True(t, report.Verify.Holds)
	require.NotNil(t, report.Verify.Measured)
	assert.Len(t, report.Verify.Measured.Errors, 3)

	assert.Empty(t, mustRun(t, "-i", in, "-t", "10", "-f", "-q"), "quiet")
}

func TestOptionsReachTheEncoder(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	writeImage(t, in, 200, 150, 3, 8)
	subsampling := func(args ...string) string {
		mustRun(t, append([]string{"-i", in, "-f", "-q"}, args...)...)
		var report infoReport
		require.NoError(t, json.Unmarshal([]byte(mustRun(t, "info", filepath.Join(dir, "in.qtg"), "--json")), &report))
		return report.Subsampling
	}
	assert.Equal(t, "4:2:0", subsampling("-t", "2"))
	assert.Equal(t, "4:4:4", subsampling("-t", "1.9"))
	assert.Equal(t, "4:4:4", subsampling("-t", "10", "--chroma", "444"))
	assert.Equal(t, "4:2:0", subsampling("-t", "1", "--chroma", "420"))

	sizes := map[string][]byte{}
	for _, split := range []string{"pyramid", "hybrid", "cost"} {
		out := filepath.Join(dir, split+".qtg")
		mustRun(t, "-i", in, "-t", "10", "-o", out, "-q", "--split", split, "-j", "1", "--backend", "cpu")
		sizes[split] = readFile(t, out)
	}
	assert.NotEqual(t, sizes["pyramid"], sizes["cost"])
	mustRun(t, "-i", in, "-t", "10", "-o", filepath.Join(dir, "default.qtg"), "-q")
	assert.Equal(t, sizes["hybrid"], readFile(t, filepath.Join(dir, "default.qtg")), "default split, all CPUs")
}

func TestRegionAndLevel(t *testing.T) {
	dir, qtg := encoded(t)
	out := filepath.Join(dir, "out.tif")
	decode := func(args ...string) *imagefile.Image {
		mustRun(t, append([]string{"-i", qtg, "-o", out, "-f"}, args...)...)
		return readImage(t, bytes.NewReader(readFile(t, out)))
	}
	whole := decode()
	for _, c := range []struct {
		level, region string
		w, h          int
	}{{"0", "500,500,30,20", 30, 20}, {"1", "", 280, 270}, {"3", "", 70, 68}, {"4", "20,20,9,8", 9, 8}, {"10", "", 1, 1}} {
		args := []string{"--level", c.level}
		if c.region != "" {
			args = append(args, "--region", c.region)
		}
		m := decode(args...)
		assert.Equal(t, []int{c.w, c.h}, []int{m.W, m.H}, "%v", args)
	}
	crop := decode("--region", "500,500,30,20")
	for y := range 20 {
		for x := range 30 {
			require.Equal(t, whole.At(500+x, 500+y), crop.At(x, y), "level 0, %d,%d", x, y)
		}
	}
	for _, c := range []struct{ flag, value, want string }{
		{"--level", "11", "--level 11: expected 0 to 10 for this file"},
		{"--region", "500,0,61,1", "exceeds the 560×540 pixels of level 0"},
		{"--region", "0,0,2147483647,2147483647", "exceeds the 560×540"},
		{"--region", "1,2,3", "expected X,Y,W,H"},
		{"--region", "1,2,3,4,5", "expected X,Y,W,H"},
		{"--region", "1,2,0,4", "expected X,Y,W,H"},
		{"--region", "-1,2,3,4", "expected X,Y,W,H"},
		{"--region", "a,2,3,4", "expected X,Y,W,H"},
		{"--region", "99999999999,2,3,4", "expected X,Y,W,H"},
	} {
		qtgpuRun("-i", qtg, "-o", "x.png", c.flag, c.value).fails(t, exitUsage, c.want, c)
	}
}

func TestInfo(t *testing.T) {
	_, qtg := encoded(t)
	out := mustRun(t, "info", qtg)
	for _, want := range []string{"560×540 pixels, RGB, 8 bits, subsampling 4:2:0", "transform", "above 10 (bound rms)", "4 of 512×512"} {
		assert.Contains(t, out, want)
	}
	var report infoReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "info", "--json", qtg)), &report))
	assert.Equal(t, int64(len(readFile(t, qtg))), report.FileBytes)
	assert.Equal(t, report.FileBytes,
		report.FrontBytes+report.BodyBytes+report.TableBytes+report.MetadataBytes+report.OtherBytes, "sum of the bytes")
	assert.Equal(t, 10.0, report.Promise.T)

	r := qtgpuIn(bytes.NewReader(readFile(t, qtg)), "info", "-")
	assert.Equal(t, exitOK, r.status, r.stderr)
}

// TestInfoOfExact: info tells how files of the predictive engine are coded.
func TestInfoOfExact(t *testing.T) {
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	save := func(file string, m *imagefile.Image) {
		format, err := imagefile.FormatFromName(file)
		require.NoError(t, err)
		var b bytes.Buffer
		require.NoError(t, imagefile.Write(&b, format, m, imagefile.WriteOptions{}))
		require.NoError(t, os.WriteFile(name(file), b.Bytes(), 0o666))
	}
	writeImage(t, name("smooth.png"), 1100, 50, 3, 8)
	photo := readImage(t, bytes.NewReader(readFile(t, filepath.Join("..", "..", "testdata", "images", "dandelion.png"))))
	crop := photo.Sub(image.Rect(300, 150, 492, 310))
	save("photo.png", &imagefile.Image{Interleaved: crop})
	blocks, classes := imagefile.New(300, 200, 3, 8), imagefile.New(300, 200, 1, 8)
	for i := range blocks.Pix {
		blocks.Pix[i] = byte(i/4%300/11*7 ^ i/1200/13*29)
	}
	for i := range classes.Pix {
		classes.Pix[i] = byte(i % 300 / 11 % 5)
	}
	save("blocks.png", blocks)
	save("classes.pgm", classes)
	for _, c := range []struct {
		in, options, engine string
		modes               map[string]int
	}{
		{"smooth.png", "-t 0", "predictive", map[string]int{"prediction": 2}},
		{"photo.png", "-t 0 --effort 4", "predictive", map[string]int{"slow": 1}},
		{"photo.png", "-t 4 --bound max", "layered", map[string]int{}},
		{"blocks.png", "-t 0", "predictive", map[string]int{"patterns": 1}},
		{"blocks.png", "-t 12 --bound max", "predictive, merged values", map[string]int{"patterns": 1}},
		{"classes.pgm", "-t 0", "predictive", map[string]int{"labels": 1}},
		{"smooth.png", "-t 4 --engine transform", "transform, step 7.5 levels", map[string]int{}},
	} {
		what := c.in + " " + c.options
		mustRun(t, append([]string{"-i", name(c.in), "-o", name("a.qtg"), "-f", "-q"}, strings.Fields(c.options)...)...)
		var report infoReport
		require.NoError(t, json.Unmarshal([]byte(mustRun(t, "info", "--json", name("a.qtg"))), &report))
		assert.Equal(t, c.modes, report.Modes, what)
		out := mustRun(t, "info", name("a.qtg"))
		assert.Contains(t, out, "engine     "+c.engine+"\n", what)
		for mode, n := range c.modes {
			assert.Contains(t, out, fmt.Sprintf("modes      %s %d\n", mode, n), what)
		}
		if len(c.modes) == 0 {
			assert.NotContains(t, out, "modes", what)
		}
	}

	mustRun(t, "-i", name("smooth.png"), "-o", name("a.qtg"), "-f", "-q", "-t", "0")
	p := readFile(t, name("a.qtg"))
	p[bytes.Index(p, []byte("BODY"))-1] ^= 1 // the end of FRNT and so of the last tile's front
	require.NoError(t, os.WriteFile(name("a.qtg"), p, 0o666))
	assert.Contains(t, mustRun(t, "info", name("a.qtg")), "modes      damaged 1, prediction 1\n")
}

func TestVerify(t *testing.T) {
	dir, qtg := encoded(t)
	in := filepath.Join(dir, "in.png")
	assert.Contains(t, mustRun(t, "verify", qtg), "all checksums of 4 tiles hold")
	out := mustRun(t, "verify", qtg, in)
	assert.Contains(t, out, "measured")
	assert.Regexp(t, `PSNR \d\d\.\d\d dB \(luma \d\d\.\d\d dB\), SSIM 0\.\d{4}, largest error R \d+, G \d+, B \d+`, out)

	other := filepath.Join(dir, "other.png")
	writeImage(t, other, 560, 539, 3, 8)
	qtgpuRun("verify", qtg, other).fails(t, exitFailure, "560×539 pixels, expected 560×540", "other size")
	qtgpuRun("verify", in).fails(t, exitFailure, "not a .qtg file", "no .qtg file")
	writeImage(t, other, 560, 540, 4, 8)
	qtgpuRun("verify", qtg, other).fails(t, exitFailure, "4 bands, expected 3", "other channels")
}

// rewrite changes a file under checksums that hold.
func rewrite(t *testing.T, name string, change func(*containertest.File)) {
	t.Helper()
	f := containertest.Take(t, readFile(t, name))
	change(f)
	require.NoError(t, os.WriteFile(name, f.Bytes(t), 0o666))
}

func TestBrokenPromiseIsStatus3(t *testing.T) {
	dir, qtg := encoded(t)
	in := filepath.Join(dir, "in.png")
	rewrite(t, qtg, func(f *containertest.File) { f.Header.T = container.ErrorUnit })
	qtgpuRun("verify", qtg).fails(t, exitVerification, "above the promised 1", "stated")
	rewrite(t, qtg, func(f *containertest.File) { f.Worst = nil })
	assert.Contains(t, mustRun(t, "verify", qtg), "all checksums")
	r := qtgpuRun("verify", qtg, in)
	r.fails(t, exitVerification, "above the promised 1", "measured")
	assert.Contains(t, r.stdout, "does not hold")
}

func TestMetadataIsCarried(t *testing.T) {
	dir := t.TempDir()
	in, qtg := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg")
	m := imagefile.New(30, 20, 3, 8)
	m.Meta = imagefile.Meta{ICC: bytes.Repeat([]byte("profile"), 30), EXIF: []byte("II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"), XMP: []byte("<x:xmpmeta/>")}
	var b bytes.Buffer
	require.NoError(t, imagefile.Write(&b, "png", m, imagefile.WriteOptions{}))
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o666))
	mustRun(t, "-i", in, "-t", "5", "-q")
	assert.Contains(t, mustRun(t, "info", qtg), "ICC, EXIF, XMP")
	for _, name := range []string{"out.png", "out.tif"} {
		out := filepath.Join(dir, name)
		mustRun(t, "-i", qtg, "-o", out)
		got := readImage(t, bytes.NewReader(readFile(t, out)))
		assert.Equal(t, m.Meta.ICC, got.Meta.ICC, name)
		assert.Equal(t, m.Meta.XMP, got.Meta.XMP, name)
		if name == "out.png" { // a TIFF holds EXIF as tags of its own
			assert.Equal(t, m.Meta.EXIF, got.Meta.EXIF, name)
		}
	}

	p := readFile(t, qtg)
	p[bytes.Index(p, []byte("<x:xmpmeta/>"))] ^= 1
	require.NoError(t, os.WriteFile(qtg, p, 0o666))
	out := filepath.Join(dir, "damaged.png")
	qtgpuRun("-i", qtg, "-o", out).fails(t, exitFailure, "chunk xmpm: CRC-32C", "damaged metadata")
	require.NoFileExists(t, out)
	qtgpuRun("-i", qtg, "-o", out, "--keep-going").fails(t, exitPartial, "warning: damaged beside the tiles: chunk xmpm: CRC-32C", "damaged metadata")
	got := readImage(t, bytes.NewReader(readFile(t, out)))
	assert.Equal(t, imagefile.Meta{ICC: m.Meta.ICC, EXIF: m.Meta.EXIF}, got.Meta, "what is not damaged is kept")
}

func TestVerifyOfEqualPictures(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pgm")
	require.NoError(t, os.WriteFile(in, []byte("P5 3 2 255\n\x00\x00\x00\x00\x00\x00"), 0o666))
	out := mustRun(t, "-i", in, "-t", "1", "--json", "--verify")
	assert.Contains(t, out, `"psnr": null`)
	assert.Contains(t, out, `"ssim": null`)
	assert.Contains(t, mustRun(t, "verify", filepath.Join(dir, "in.qtg"), in), "PSNR none (luma none), SSIM none, largest error gray 0")
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ w, h, scale int }{{100, 70, 2}, {1001, 40, 1}} {
		in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "tree.png")
		writeImage(t, in, c.w, c.h, 1, 16)
		mustRun(t, "-i", in, "-t", "2%", "--bound", "rms", "-f", "-q")
		mustRun(t, "tree", filepath.Join(dir, "in.qtg"), "-o", out, "-f")
		m := readImage(t, bytes.NewReader(readFile(t, out)))
		assert.Equal(t, []int{c.w * c.scale, c.h * c.scale}, []int{m.W, m.H})
		for _, p := range [][2]int{{0, 0}, {32, 0}, {0, 32}} { // every 32×32 begins a leaf
			got := m.At(p[0]*c.scale, p[1]*c.scale)
			assert.Contains(t, []any{borderColours[8], borderColours[16], borderColours[32]}, got, "%v", p)
		}
	}
	qtg := filepath.Join(dir, "in.qtg")
	qtgpuRun("tree", qtg).fails(t, exitUsage, "missing -o", "no -o")
	qtgpuRun("tree", qtg, "-o", "x.jpg").fails(t, exitUsage, "expected .png", "jpg")
	qtgpuRun("tree", qtg, "-o", filepath.Join(dir, "tree.png")).fails(t, exitFailure, "exists already", "no -f")
	qtgpuRun("tree").fails(t, exitUsage, "tree with 0 files", "no file")
}
