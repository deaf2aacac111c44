package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/imagefile/jpeg"
)

// TestLeftOutIsNamed: what an image holds besides and what a format cannot hold is named
// on standard error, with -q too.
func TestLeftOutIsNamed(t *testing.T) {
	dir := t.TempDir()
	in, qtg := filepath.Join(dir, "in.pgm"), filepath.Join(dir, "in.qtg")
	one := append([]byte("P5\n20 20\n1023\n"), make([]byte, 800)...)
	require.NoError(t, os.WriteFile(in, append(one, one...), 0o666))
	r := qtgpuRun("-i", in, "-t", "0", "-q")
	assert.Equal(t, exitOK, r.status)
	assert.Contains(t, r.stderr, "in.pgm: warning: left out: ")
	assert.Contains(t, r.stderr, "further image")
	r = qtgpuRun("-i", qtg, "-o", filepath.Join(dir, "out.png"), "-q")
	assert.Equal(t, exitOK, r.status)
	assert.Contains(t, r.stderr, "samples of 0 to 1023 are brought to 0 to 65535")
	r = qtgpuRun("-i", qtg, "-o", filepath.Join(dir, "out.pgm"))
	assert.Equal(t, []any{exitOK, ""}, []any{r.status, r.stderr})
	assert.True(t, bytes.Equal(one, readFile(t, filepath.Join(dir, "out.pgm"))))
}

// TestMaximumCounts: a bound counts in the steps of the file's own maximum.
func TestMaximumCounts(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.pgm"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.pgm")
	pgm := []byte("P5 60 40 1023\n")
	for i := range 60 * 40 {
		pgm = binary.BigEndian.AppendUint16(pgm, uint16((i*i/7+i*13)%1024))
	}
	require.NoError(t, os.WriteFile(in, pgm, 0o666))
	mustRun(t, "-i", in, "-t", "2", "--bound", "max", "-o", qtg, "--verify")
	mustRun(t, "-i", qtg, "-o", out)
	a, b := readImage(t, bytes.NewReader(pgm)), readImage(t, bytes.NewReader(readFile(t, out)))
	require.Equal(t, 1023, b.Max)
	worst := 0
	for i := 0; i < len(a.Pix); i += 2 {
		d := int(binary.BigEndian.Uint16(a.Pix[i:])) - int(binary.BigEndian.Uint16(b.Pix[i:]))
		worst = max(worst, d, -d)
	}
	assert.Equal(t, 2, worst)
	qtgpuRun("-i", in, "-t", "1024", "--bound", "max", "-f").fails(t, exitUsage, "expected a whole number of 0 to 1023", "beyond full scale")
	mustRun(t, "-i", in, "-t", "5", "-o", qtg, "-f", "--verify")
	mustRun(t, "-i", qtg, "-o", out, "-f")
	assert.Equal(t, 1023, readImage(t, bytes.NewReader(readFile(t, out))).Max)
}

// TestPremultiplied: associated alpha comes back as it was, without loss.
func TestPremultiplied(t *testing.T) {
	dir := t.TempDir()
	m := imagefile.New(30, 20, 4, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(i * 37 % 251)
	}
	for _, alpha := range []imagefile.Alpha{imagefile.Premultiplied, imagefile.NoAlpha, imagefile.Straight} {
		m.Alpha = alpha
		in, qtg, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.tif")
		var b bytes.Buffer
		require.NoError(t, imagefile.Write(&b, "tif", m, imagefile.WriteOptions{}))
		require.NoError(t, os.WriteFile(in, b.Bytes(), 0o666))
		mustRun(t, "-i", in, "-t", "0", "-f", "--verify")
		mustRun(t, "-i", qtg, "-o", out, "-f")
		got := readImage(t, bytes.NewReader(readFile(t, out)))
		assert.Equal(t, []any{alpha, m.Pix}, []any{got.Alpha, got.Pix})
	}
}

// TestJPEGOutput: quality, and colour at the resolution that the .qtg file has.
func TestJPEGOutput(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.jpg")
	writeImage(t, in, 300, 200, 3, 8)
	mustRun(t, "-i", in, "-t", "10", "-q")
	size := map[string]int{}
	for _, q := range []string{"30", "95", "100"} {
		mustRun(t, "-i", qtg, "-o", out, "-f", "--quality", q)
		size[q] = len(readFile(t, out))
	}
	assert.True(t, size["30"] < size["95"] && size["95"] < size["100"], "%v", size)
	mustRun(t, "-i", qtg, "-o", out, "-f")
	assert.Len(t, readFile(t, out), size["95"], "the default")
	for chroma, subsampled := range map[string]bool{"420": true, "444": false} {
		mustRun(t, "-i", in, "-t", "5", "--chroma", chroma, "-f")
		mustRun(t, "-i", qtg, "-o", out, "-f")
		h, err := jpeg.DecodeHeader(readFile(t, out))
		require.NoError(t, err)
		assert.Equal(t, subsampled, h.Subsampled, chroma)
	}
	qtgpuRun("-i", qtg, "-o", out, "-f", "--quality", "101").fails(t, exitUsage, "--quality 101: expected 1 to 100", "out of range")
}

// TestCutJPEG: the picture so far with --keep-going, and an exit status of its own.
func TestCutJPEG(t *testing.T) {
	dir := t.TempDir()
	in, qtg, jpg := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "a.jpg")
	writeImage(t, in, 300, 200, 3, 8)
	mustRun(t, "-i", in, "-t", "10", "-q")
	mustRun(t, "-i", qtg, "-o", jpg)
	p := readFile(t, jpg)
	require.NoError(t, os.WriteFile(jpg, p[:len(p)/2], 0o666))
	qtgpuRun("-i", jpg, "-t", "5", "-f", "-o", qtg).fails(t, exitFailure, "--keep-going takes what there is", "cut")
	qtgpuRun("-i", jpg, "-t", "5", "-f", "-o", qtg, "--keep-going").fails(t, exitPartial, "a.jpg: warning: ", "cut, with --keep-going")
	mustRun(t, "verify", qtg)
}

// TestPage: a page by its number, from 1; one that is not there fails.
func TestPage(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.tif")
	var b bytes.Buffer
	require.NoError(t, imagefile.Write(&b, "tif", imagefile.New(30, 20, 1, 8), imagefile.WriteOptions{}))
	require.NoError(t, os.WriteFile(in, b.Bytes(), 0o666))
	mustRun(t, "-i", in, "-t", "0", "-f", "--page", "1")
	qtgpuRun("-i", in, "-t", "0", "-f", "--page", "2").fails(t, exitFailure, "page 2: expected 1 to 1", "no such page")
	qtgpuRun("-i", in, "-t", "0", "-f", "--page", "0").fails(t, exitUsage, "--page 0: expected 1 or more", "no number of a page")
	qtgpuRun("-i", filepath.Join(dir, "in.qtg"), "-o", filepath.Join(dir, "out.tif"), "--page", "1").fails(t, exitUsage, "--page is for encoding", "of a .qtg file")
}
