package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// compareAlone is a folder with in.png where qtgpu alone can be started, and where temporary
// files go.
func compareAlone(t *testing.T) (dir, tmp string) {
	t.Helper()
	dir, tmp = t.TempDir(), t.TempDir()
	t.Setenv(asCommand, "1")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("TMPDIR", tmp)
	writeImage(t, filepath.Join(dir, "in.png"), 230, 240, 3, 8)
	return dir, tmp
}

// TestCompare: qtgpu runs as a program, beside what Go has; all files are there, and say the
// same as the table.
func TestCompare(t *testing.T) {
	dir, tmp := compareAlone(t)
	name := func(s string) string { return filepath.Join(dir, s) }
	out := mustRun(t, "compare", "-i", name("in.png"), "-t", "10,0", "--report", name("r.html"), "--plot", name("p.svg"),
		"--csv", name("a.csv"), "--json", name("a.json"), "--batches", name("batches"))
	for _, want := range []string{"in.png: 230 × 240 pixels", "T = 10: at the PSNR of qtgpu", "T = 0: without loss", "rms 10, holds", "lossless, holds", "JPEG, Go", "PNG, Go", "cjpeg is not on PATH"} {
		assert.Contains(t, out, want)
	}
	assert.Empty(t, files(t, tmp), "left among temporary files")
	rows, err := csv.NewReader(bytes.NewReader(readFile(t, name("a.csv")))).ReadAll()
	require.NoError(t, err)
	assert.Len(t, rows, 1+2+2+2)
	var report struct {
		Comparisons []struct {
			Tables []struct {
				Rows []struct {
					Codec string
					Bytes int64
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(readFile(t, name("a.json")), &report))
	own := report.Comparisons[0].Tables[0].Rows[0]
	assert.Equal(t, "qtgpu", own.Codec)
	mustRun(t, "-i", name("in.png"), "-t", "10", "-o", name("own.qtg"), "-q")
	assert.InDelta(t, len(readFile(t, name("own.qtg"))), own.Bytes, 200, "bytes of the command itself, which keeps metadata")
	assert.Contains(t, string(readFile(t, name("r.html"))), "At the PSNR of qtgpu")
	assert.Contains(t, string(readFile(t, name("p.svg"))), "<svg")
	var list [][]string
	require.NoError(t, json.Unmarshal(readFile(t, name("batches/batches.json")), &list))
	assert.Equal(t, [][]string{{"jpeg-go.json"}, {"png-lossless.json"}, {"qtgpu.json"}, {"qtgpu-lossless.json"}}, list)
	for _, one := range list {
		var batch struct {
			Descriptions []map[string]string `json:"constant_descriptions"`
			Constants    []string            `json:"constant_values"`
			Fields       []map[string]string `json:"field_descriptions"`
			Values       [][]any             `json:"field_values"`
		}
		require.NoError(t, json.Unmarshal(readFile(t, filepath.Join(dir, "batches", one[0])), &batch), one[0])
		assert.Len(t, batch.Constants, len(batch.Descriptions), one[0])
		assert.NotEmpty(t, batch.Values, one[0])
		for _, v := range batch.Values {
			assert.Len(t, v, len(batch.Fields), one[0])
		}
	}

	qtgpuRun("compare", "-i", name("in.png"), "--csv", name("a.csv")).fails(t, exitFailure, "a.csv: exists already", "no -f")
	qtgpuRun("compare", "-i", name("in.png"), "--batches", name("batches")).fails(t, exitFailure, "batches.json: exists already", "no -f")
}

// TestCompareToStream: a file on standard output leaves the table to standard error.
func TestCompareToStream(t *testing.T) {
	dir, _ := compareAlone(t)
	r := qtgpuRun("compare", "-i", filepath.Join(dir, "in.png"), "--json", "-", "--against", "jpeg")
	require.Equal(t, exitOK, r.status, r.stderr)
	assert.True(t, json.Valid([]byte(r.stdout)), r.stdout)
	assert.Contains(t, r.stderr, "T = 10: at the PSNR of qtgpu", "4% of 255, rounded down, is what is taken where -t is not given")
	qtgpuRun("compare", "--json", "-", "-i", "nowhere.png").fails(t, exitFailure, "nowhere.png: no such file", "an error in words: --json names a file")
}

// TestCompareRaster: a raster that is no photograph is compared without loss by default.
func TestCompareRaster(t *testing.T) {
	_, tmp := compareAlone(t)
	out := mustRun(t, "compare", "-i", "../../testdata/images/etopo5.png")
	assert.Contains(t, out, "T = 0: without loss")
	assert.Contains(t, out, "PNG, Go")
	assert.Contains(t, out, "JPEG, Go: holds samples of 8 bits")
	out = mustRun(t, "compare", "-i", "../../testdata/images/etopo5.png", "-t", "5")
	assert.Contains(t, out, "T = 5: no sample off by more than 5")
	assert.Contains(t, out, "max 5, holds")
	assert.NotContains(t, out, "SSIM")
	assert.Empty(t, files(t, tmp), "left among temporary files")
}

// TestCompareUsage: what makes no sense is refused before anything runs.
func TestCompareUsage(t *testing.T) {
	dir, _ := compareAlone(t)
	in := filepath.Join(dir, "in.png")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "missing -i IN: expected qtgpu compare -i IN"},
		{[]string{"-i", in, "-t", "10,x"}, `-t "x" is not a number`},
		{[]string{"-i", in, "-t", "10,300"}, "threshold 300 with the bound rms"},
		{[]string{"-i", in, "-t", ""}, "missing -t T"},
		{[]string{"-i", in, "--against", "jpeg,webb"}, `--against "webb": expected jpeg, webp, png, avif, jxl, jp2, lerc, tiff; did you mean webp?`},
		{[]string{"-i", in, "--plot", "a.png"}, "--plot a.png: extension \".png\": expected .svg"},
		{[]string{"-i", in, "--report", "a.txt"}, "--report a.txt: extension \".txt\": expected .html"},
		{[]string{"-i", in, "-f"}, "--force does nothing here: no file is asked for"},
		{[]string{"-i", in, "--page", "1"}, "--page does nothing here: the image is no TIFF file"},
		{[]string{"-i", "../../testdata/images/etopo5.png", "--plot", "a.svg"}, "--plot does nothing here: curves are of photographs of 8 bits, and of loss"},
		{[]string{"-i", in, "-t", "0", "--plot", "a.svg"}, "--plot does nothing here: curves are of photographs of 8 bits, and of loss"},
		{[]string{"-i", in, "more.png"}, `unexpected argument "more.png"`},
	} {
		qtgpuRun(append([]string{"compare"}, c.args...)...).fails(t, exitUsage, c.want, c.args)
	}
	qtgpuRun("compare", "-i", in, "--memory", "100K").fails(t, exitFailure, "in.png: comparing takes about 496,800 bytes, --memory allows 102,400", "memory")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.png"), []byte("bad"), 0o666))
	qtgpuRun("compare", "-i", filepath.Join(dir, "bad.png")).fails(t, exitFailure, "bad.png: ", "no image")
}

// TestCompareHelp: the help has what the flags take, in lines of its width.
func TestCompareHelp(t *testing.T) {
	help := mustRun(t, "compare", "--help")
	for _, want := range []string{"--report FILE.html", "--against jpeg,webp,png,avif,jxl,jp2,lerc,tiff", "within 0.05 dB", "within 1%"} {
		assert.Contains(t, help, want)
	}
	for line := range strings.SplitSeq(help, "\n") {
		assert.LessOrEqual(t, len([]rune(line)), helpWidth+4, line)
	}
}
