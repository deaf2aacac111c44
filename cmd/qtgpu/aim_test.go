package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestAim: what the report says came out is what the file has and verify measures, and -t with
// its T makes the file again.
func TestAim(t *testing.T) {
	dir := t.TempDir()
	out, again := filepath.Join(dir, "a.qtg"), filepath.Join(dir, "b.qtg")
	gray16 := filepath.Join("..", "..", "testdata", "images", "etopo5.png")
	writeImage(t, filepath.Join(dir, "rgb.png"), 190, 170, 3, 8)
	writeImage(t, filepath.Join(dir, "alpha.png"), 90, 70, 4, 8)
	for _, c := range shorttest.Cases([]struct{ in, flags string }{
		{filepath.Join(dir, "rgb.png"), "--size 20k"},
		{filepath.Join(dir, "rgb.png"), "--size 20KiB --backend cpu"},
		{filepath.Join(dir, "rgb.png"), "--psnr 33.5"},
		{filepath.Join(dir, "rgb.png"), "--psnr 36 --chroma 444 --preset photo"},
		{filepath.Join(dir, "rgb.png"), "--psnr 36 --bound max --effort 1"},
		{filepath.Join(dir, "alpha.png"), "--size 6000"},
		{gray16, "--size 9000"},
		{gray16, "--psnr 50 --bound rms"},
	}) {
		flags := strings.Fields(c.flags)
		args := append([]string{"-i", c.in, "-f", "-o", out, "--json", "--verify"}, flags...)
		var r encodeReport
		require.NoError(t, json.Unmarshal([]byte(mustRun(t, args...)), &r), c.flags)
		require.NotNil(t, r.Search, c.flags)
		assert.InDelta(t, float64(r.Verify.Measured.PSNR), float64(r.Search.PSNR), 1e-9, "%s: %s", c.in, c.flags)
		assert.EqualValues(t, len(readFile(t, out)), r.OutputBytes, c.flags)
		text, _ := json.Marshal(r.Promise.T)
		args = append([]string{"-i", c.in, "-q", "-f", "-o", again, "-t", string(text)}, flags[2:]...)
		if r.Search.Chroma != "" {
			args = append(args, "--chroma", strings.ReplaceAll(r.Search.Chroma, ":", ""))
		}
		mustRun(t, args...)
		assert.Equal(t, readFile(t, out), readFile(t, again), "%s: %s, and -t %s", c.in, c.flags, text)
	}
	report := mustRun(t, "-i", filepath.Join(dir, "rgb.png"), "-f", "-o", out, "--size", "20k")
	assert.Contains(t, report, "T found by coding the image")
	assert.Contains(t, report, " dB\n")
}

// TestAimOfMany: every file has its own T.
func TestAimOfMany(t *testing.T) {
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "a.png"), 190, 170, 3, 8)
	writeImage(t, filepath.Join(dir, "b.png"), 120, 130, 1, 8)
	r := mustRun(t, "-r", dir, "--size", "5k")
	assert.Equal(t, 2, strings.Count(r, "PSNR"), r)
	for _, name := range []string{"a.qtg", "b.qtg"} {
		n := len(readFile(t, filepath.Join(dir, name)))
		assert.True(t, n <= 5<<10 && n >= 5<<10*95/100, "%s: %d bytes", name, n)
	}
}

func TestAimErrors(t *testing.T) {
	dir := t.TempDir()
	in, data := filepath.Join(dir, "a.png"), filepath.Join(dir, "data.tif")
	writeImage(t, in, 90, 70, 3, 8)
	writeRaster(t, data, raster.Format{Width: 90, Height: 70, Type: raster.Float32, Bands: raster.Bands(raster.Data)}, nil, hill)
	out := filepath.Join(dir, "a.qtg")
	for _, c := range []struct {
		status     int
		args, want string
	}{
		{exitUsage, in + " --size 100k --psnr 40", "--size and --psnr: expected one of them"},
		{exitUsage, in + " --size 100k -t 4", "-t beside --size or --psnr"},
		{exitUsage, in + " --psnr 40 -t 4", "-t beside --size or --psnr"},
		{exitUsage, in + " --size 0", "bytes, 1 or more"},
		{exitUsage, in + " --size -5", "as 500000000"},
		{exitUsage, in + " --size 0.02M", "as 500000000"},
		{exitUsage, in + " --psnr 0", "a number of dB above 0"},
		{exitUsage, in + " --psnr NaN", "a number of dB above 0"},
		{exitUsage, in + " --psnr much", "a number of dB above 0"},
		{exitFailure, in + " --size 20", "out of reach, expected at least "},
		{exitFailure, in + " --psnr 90 --engine transform", "out of reach, expected at most "},
		{exitFailure, data + " --psnr 40", "a PSNR is of pictures"},
	} {
		qtgpuRun(append(strings.Fields(c.args), "-o", out)...).fails(t, c.status, c.want, c.args)
		assert.NoFileExists(t, out, c.args)
	}
	mustRun(t, in, "-o", out, "--size", "1M", "-q")
	qtgpuRun("-i", out, "--size", "1M").fails(t, exitUsage, "--size is for encoding", "decode")
	qtgpuRun("plan", "-i", in, "-o", filepath.Join(dir, "job"), "--size", "1M").fails(t, exitUsage, "unknown flag: --size", "plan")
}
