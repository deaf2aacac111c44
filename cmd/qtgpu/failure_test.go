package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// asCommand makes the test binary the command, for what takes a process.
const asCommand = "QTGPU_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	os.Exit(m.Run())
}

func command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), asCommand+"=1")
	return c
}

func TestUsage(t *testing.T) {
	dir, qtg := encoded(t)
	in := filepath.Join(dir, "in.png")
	before := files(t, dir)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "missing IN"},
		{[]string{"-t", "5"}, "missing IN"},
		{[]string{in}, "missing -t T"},
		{[]string{"-i", in}, "missing -t T"},
		{[]string{"-i", in, "-t"}, "flag needs an argument"},
		{[]string{"-i", in, "-t", "abc"}, `-t "abc" is not a number: expected 0 for lossless, a largest error in units of the samples (of photographs of 8 bits 0.25 to 255, the RMS of a leaf)`},
		{[]string{"-i", in, "-t", "NaN"}, "is not a number"},
		{[]string{"-i", in, "-t", "-1"}, "-t -1 is out of range: expected 0 for lossless"},
		{[]string{"-i", in, "-t", "0.1"}, "threshold 0.1 with the bound rms, expected 0 for lossless or 0.25 to 255"},
		{[]string{"-i", in, "-t", "255.1"}, "threshold 255.1 with the bound rms"},
		{[]string{"-i", in, "-t", "1.5", "--bound", "max"}, "threshold 1.5 with the bound max, expected a whole number of 0 to 255"},
		{[]string{"-i", in, "-t", "256", "--bound", "max", "-o", "-"}, "threshold 256 with the bound max, expected a whole number of 0 to 255"},
		{[]string{"-i", in, "-t", "1", "--bound", "mean"}, `--bound "mean": expected auto, rms, max`},
		{[]string{"-i", in, "-t", "Inf"}, "-t Inf is out of range"},
		{[]string{"-i", in, "-t", "5", "-o", "out.png"}, `extension ".png": expected .qtg`},
		{[]string{"-i", in, "-t", "5", "--chroma", "422"}, `--chroma "422": expected 420, 444`},
		{[]string{"-i", in, "-t", "5", "--split", "x"}, `--split "x": expected pyramid, hybrid, cost`},
		{[]string{"-i", in, "-t", "5", "--backend", "tpu"}, `--backend "tpu": expected auto, gpu, cpu`},
		{[]string{"-i", in, "-t", "5", "-j", "-1"}, "--jobs -1"},
		{[]string{"-i", in, "-t", "0", "--effort", "5"}, "--effort 5: expected 1 to 4"},
		{[]string{"-i", in, "-t", "5", "-j", "many"}, `--jobs "many": expected a whole number`},
		{[]string{"-i", in, "-t", "5", "--max-pixels", "0"}, "--max-pixels 0"},
		{[]string{"-i", in, "-t", "5", "--level", "1"}, "--level is for decoding"},
		{[]string{"-i", in, "-t", "5", "--what"}, "unknown flag: --what"},
		{[]string{"-i", in, "-t", "101%"}, "-t 101% is out of range"},
		{[]string{"-i", in, "-t", "%"}, `-t "%" is not a number`},
		{[]string{"-i", qtg, "-o", ""}, `-o "": expected a name`},
		{[]string{"-i", qtg, "-o", "a.png", "--stretch", "3,2"}, `--stretch "3,2": expected MIN,MAX`},
		{[]string{"-i", qtg, "-o", "a.png", "--stretch", "NaN,2"}, `--stretch "NaN,2": expected MIN,MAX`},
		{[]string{"-i", qtg, "-o", "a.png", "--bbox", "1,2,3,4", "--region", "1,2,3,4"}, "--region and --bbox: expected one of them"},
		{[]string{"-i", qtg, "-o", "a.png", "--bbox-crs", "EPSG:4326"}, "--bbox-crs without --bbox"},
		{[]string{"-i", qtg, "-o", "a.png", "--bbox", "1,2,3"}, `--bbox "1,2,3": expected W,S,E,N`},
		{[]string{"-i", qtg, "-o", "a.png", "--bbox", "1,2,3,4", "--bbox-crs", "WGS84"}, `--bbox-crs "WGS84": expected a code of the EPSG register`},
		{[]string{"-i", qtg, "-o", "a.png", "--bbox", "1,2,3,4"}, "--bbox: no georeference"},
		{[]string{"verify", qtg, in, "--page", "0"}, "--page 0: expected 1 or more"},
		{[]string{"-i", qtg, "-o", "a.png", "-t", "5"}, "-t is for encoding"},
		{[]string{"-i", qtg, "-o", "a.png", "--verify"}, "--verify is for encoding"},
		{[]string{"-i", qtg, "-o", "a.bmp"}, "expected .png, .tif, .ppm, .pgm, .pbm or .jpg"},
		{[]string{"-i", qtg, "-o", "a"}, "expected .png, .tif, .ppm, .pgm, .pbm or .jpg"},
		{[]string{"-i", qtg, "-o", "a.png", "--level", "-1"}, "--level -1"},
		{[]string{"info"}, "info with 0 files"},
		{[]string{"info", qtg, qtg}, "info with 2 files"},
		{[]string{"verify"}, "verify with 0 files"},
	} {
		qtgpuRun(c.args...).fails(t, exitUsage, c.want, c.args)
	}
	qtgpuIn(bytes.NewReader(readFile(t, in)), "-i", "-", "-t", "5").fails(t, exitUsage, "missing -o", "standard input")
	assert.Equal(t, before, files(t, dir), "nothing is written")
}

func TestUnreadableInput(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.png")
	require.NoError(t, os.WriteFile(text, []byte("this is no picture"), 0o666))
	empty := filepath.Join(dir, "empty.tif")
	require.NoError(t, os.WriteFile(empty, nil, 0o666))
	emptyQTG := filepath.Join(dir, "nothing.qtg")
	require.NoError(t, os.WriteFile(emptyQTG, nil, 0o666))
	missing := filepath.Join(dir, "missing.png")
	before := files(t, dir)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-i", missing, "-t", "5"}, missing + ": no such file or directory"},
		{[]string{"-i", dir, "-t", "5"}, dir + ": is a directory"},
		{[]string{"-i", text, "-t", "5"}, text + ": not an image that qtgpu reads: expected TIFF, PNG"},
		{[]string{"-i", empty, "-t", "5"}, empty + ": not an image: the input is empty"},
		{[]string{"-i", "-", "-t", "5", "-o", "-"}, "standard input: not an image: the input is empty"},
		{[]string{"-i", emptyQTG, "-o", filepath.Join(dir, "a.png")}, emptyQTG + ": not a .qtg file"},
		{[]string{"info", text}, text + ": not a .qtg file"},
		{[]string{"info", dir}, dir + ": is a directory"},
		{[]string{"verify", missing}, "no such file"},
		{[]string{"tree", missing, "-o", "t.png"}, "no such file"},
	} {
		qtgpuRun(c.args...).fails(t, exitFailure, c.want, c.args)
	}
	assert.Equal(t, before, files(t, dir), "nothing is written")
}

func TestReadErrorOfInput(t *testing.T) {
	const unreadable = "/proc/self/mem" // a regular file whose first page cannot be read
	if _, err := os.Stat(unreadable); err != nil {
		t.Skipf("no %s here", unreadable)
	}
	qtgpuRun("info", unreadable).fails(t, exitFailure, unreadable+": input/output error", "info")
}

func TestPermissionDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read and write everything")
	}
	dir, qtg := encoded(t)
	require.NoError(t, os.Chmod(qtg, 0))
	qtgpuRun("info", qtg).fails(t, exitFailure, qtg+": permission denied", "input")
	require.NoError(t, os.Chmod(dir, 0o555))
	defer os.Chmod(dir, 0o755)
	qtgpuRun("-i", filepath.Join(dir, "in.png"), "-t", "5", "-o", filepath.Join(dir, "a.qtg")).
		fails(t, exitFailure, "permission denied", "output")
}

func TestMaxPixels(t *testing.T) {
	dir, qtg := encoded(t)
	in := filepath.Join(dir, "in.png")
	qtgpuRun("-i", in, "-t", "5", "-o", filepath.Join(dir, "a.qtg"), "--max-pixels", "302399").fails(t, exitFailure, "302399", "encode")
	for _, args := range [][]string{
		{"-i", qtg, "-o", filepath.Join(dir, "a.png")}, {"info", qtg}, {"verify", qtg}, {"tree", qtg, "-o", filepath.Join(dir, "t.png")},
	} {
		qtgpuRun(append(args, "--max-pixels", "302399")...).fails(t, exitFailure, "image too large: 560×540 is 302400 pixels", args)
	}
	assert.Equal(t, []string{"in.png", "in.qtg"}, files(t, dir))
	mustRun(t, "-i", qtg, "-o", filepath.Join(dir, "a.png"), "--max-pixels", "302400")
}

func TestNothingIsOverwrittenWithoutForce(t *testing.T) {
	dir, qtg := encoded(t)
	in := filepath.Join(dir, "in.png")
	old := readFile(t, qtg)
	qtgpuRun("-i", in, "-t", "50").fails(t, exitFailure, qtg+": exists already: -f overwrites it", "encode")
	assert.Equal(t, old, readFile(t, qtg))
	qtgpuRun("-i", qtg, "-o", in).fails(t, exitFailure, in+": exists already", "decode")

	require.NoError(t, os.Chmod(qtg, 0o600))
	link := filepath.Join(dir, "link.qtg")
	require.NoError(t, os.Symlink("in.qtg", link))
	mustRun(t, "-i", in, "-t", "50", "-q", "-f", "-o", link)
	assert.NotEqual(t, old, readFile(t, qtg), "the link's target is overwritten")
	info, err := os.Stat(qtg)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "and keeps its mode")
	info, err = os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link stays")
	assert.Equal(t, []string{"in.png", "in.qtg", "link.qtg"}, files(t, dir), "no temporary file is left")
}

func TestOverwritingTheInput(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "picture")
	writeImage(t, in+".png", 50, 50, 3, 8)
	require.NoError(t, os.Rename(in+".png", in+".qtg")) // a PNG under a wrong name
	mustRun(t, "-i", in+".qtg", "-t", "5", "-q", "-f")
	assert.Contains(t, mustRun(t, "info", in+".qtg"), "50×50")
}

func TestOutputOutOfReach(t *testing.T) {
	dir, qtg := encoded(t)
	in := filepath.Join(dir, "in.png")
	nowhere := filepath.Join(dir, "no", "such", "a")
	qtgpuRun("-i", in, "-t", "5", "-o", nowhere+".qtg").fails(t, exitFailure, nowhere+".qtg: no such file or directory", "encode")
	qtgpuRun("-i", qtg, "-o", nowhere+".png").fails(t, exitFailure, nowhere+".png: no such file or directory", "decode")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d.png"), 0o777))
	qtgpuRun("-i", qtg, "-f", "-o", filepath.Join(dir, "d.png")).fails(t, exitFailure, "d.png: is a directory", "directory")
}

func TestFailedWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	var a app
	o, err := a.create(filepath.Join(dir, "a.qtg"), false)
	require.NoError(t, err)
	o.temp.Close() // every write now fails
	_, err = o.Write([]byte("x"))
	require.ErrorIs(t, err, os.ErrClosed)
	assert.ErrorContains(t, o.blame("input", err), "a.qtg: ")
	assert.True(t, a.outs.discard())
	assert.Empty(t, files(t, dir))
	assert.ErrorIs(t, a.outs.publish(), errInterrupted)
}

func TestFullDisk(t *testing.T) {
	const full = "/dev/full"
	w, err := os.OpenFile(full, os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("no %s here", full)
	}
	defer w.Close()
	dir, qtg := encoded(t)
	const want = "no space left on device"
	qtgpuRun("-i", filepath.Join(dir, "in.png"), "-t", "5", "-o", full).fails(t, exitFailure, full+": "+want, "encode")
	qtgpuRun("-i", qtg, "-o", full).fails(t, exitFailure, full+": "+want, "decode")
	qtgpuRun("tree", qtg, "-o", full).fails(t, exitFailure, full+": "+want, "tree")
	for _, args := range [][]string{{"info", qtg}, {"info", qtg, "--json"}, {"verify", qtg}, {"-i", qtg, "-o", "-"}} {
		var stderr bytes.Buffer
		status := run(context.Background(), args, nil, w, &stderr)
		assert.Equal(t, exitFailure, status, "%v", args)
		assert.Contains(t, stderr.String(), want, "%v", args)
	}
	status := run(context.Background(), []string{"--help"}, nil, w, io.Discard)
	assert.Equal(t, exitFailure, status, "help")
}

// lateFailure is a standard output that fails when it is closed.
type lateFailure struct{ io.Writer }

func (lateFailure) Close() error { return errors.New("late failure") }

// TestStandardOutputThatFailsLate: a report that is lost at last costs the output.
func TestStandardOutputThatFailsLate(t *testing.T) {
	dir := t.TempDir()
	in, qtg := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg")
	writeImage(t, in, 50, 40, 3, 8)
	mustRun(t, "-i", in, "-t", "10", "-q")
	for _, args := range [][]string{
		{"-i", in, "-t", "10", "-o", filepath.Join(dir, "a.qtg")},
		{"-i", qtg, "-o", "-"}, {"info", qtg}, {"--help"},
	} {
		var stderr bytes.Buffer
		status := run(context.Background(), args, nil, lateFailure{io.Discard}, &stderr)
		assert.Equal(t, exitFailure, status, "%v", args)
		assert.Equal(t, "qtgpu: standard output: late failure\n", stderr.String(), "%v", args)
		assert.Equal(t, []string{"in.png", "in.qtg"}, files(t, dir), "%v", args)
	}
}

// interrupter is a standard output that brings an interrupt when it is closed, just
// before files take their names.
type interrupter struct {
	io.Writer
	interrupt func()
}

func (i interrupter) Close() error {
	go i.interrupt()
	time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
	return nil
}

// TestLateInterrupt: when an interrupt meets the end of the work, the status still tells
// whether there is a file.
func TestLateInterrupt(t *testing.T) {
	dir := t.TempDir()
	in, qtg := filepath.Join(dir, "in.pgm"), filepath.Join(dir, "in.qtg")
	require.NoError(t, os.WriteFile(in, []byte("P5 3 2 255\n\x00\x00\x00\x00\x00\x00"), 0o666))
	mustRun(t, "-i", in, "-t", "0", "-q")
	for i := range 200 {
		out := filepath.Join(dir, fmt.Sprintf("%d.pgm", i))
		ctx, cancel := context.WithCancel(context.Background())
		status := run(ctx, []string{"-i", qtg, "-o", out}, nil, interrupter{io.Discard, cancel}, io.Discard)
		cancel()
		_, err := os.Stat(out)
		require.Equal(t, err == nil, status == exitOK, "run %d, status %d", i, status)
	}
}

func TestStandardInputAndOutput(t *testing.T) {
	dir, qtg := encoded(t)
	in := readFile(t, filepath.Join(dir, "in.png"))
	r := qtgpuIn(bytes.NewReader(in), "-i", "-", "-t", "10", "-o", "-")
	require.Equal(t, exitOK, r.status, r.stderr)
	assert.Equal(t, readFile(t, qtg), []byte(r.stdout))
	assert.Contains(t, r.stderr, "standard output", "the report gives way to the file")
	assert.Contains(t, r.stderr, "560×540")

	r = qtgpuIn(strings.NewReader(r.stdout), "-i", "-", "-o", "-", "--level", "2")
	require.Equal(t, exitOK, r.status, r.stderr)
	m := readImage(t, strings.NewReader(r.stdout))
	assert.Equal(t, []int{140, 135}, []int{m.W, m.H})

	r = qtgpuIn(bytes.NewReader(in[:len(in)/2]), "-i", "-", "-t", "10", "-o", "-")
	r.fails(t, exitFailure, "standard input: ", "half a PNG")
	assert.Empty(t, r.stdout, "nothing but whole files")
}

func TestDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "out.png")
	writeImage(t, in, 90, 60, 3, 8)
	mustRun(t, "-i", in, "-t", "20", "-q")
	good := readFile(t, qtg)
	try := func(p []byte, what string, at int) {
		require.NoError(t, os.WriteFile(qtg, p, 0o666))
		r := qtgpuRun("-i", qtg, "-o", out)
		require.Equal(t, exitFailure, r.status, "%s at %d: %s", what, at, r.stderr)
		require.True(t, strings.HasPrefix(r.stderr, "qtgpu: "+qtg+": "), "%s at %d: %s", what, at, r.stderr)
		require.Equal(t, 1, strings.Count(r.stderr, "\n"), "%s at %d: %s", what, at, r.stderr)
		require.NoFileExists(t, out, "%s at %d", what, at)
		require.Equal(t, exitFailure, qtgpuRun("verify", qtg).status, "verify, %s at %d", what, at)
	}
	for n := 0; n < len(good); n += shorttest.Step() {
		try(good[:n], "cut", n)
		p := bytes.Clone(good)
		p[n] ^= 1 << (n % 8)
		try(p, "flip", n)
	}
	assert.Equal(t, []string{"in.png", "in.qtg"}, files(t, dir))
}

func TestKeepGoing(t *testing.T) {
	dir, qtg := encoded(t)
	out := filepath.Join(dir, "out.png")
	p := readFile(t, qtg)
	p[len(p)-1] ^= 1 // in the last tile
	require.NoError(t, os.WriteFile(qtg, p, 0o666))
	qtgpuRun("-i", qtg, "-o", out).fails(t, exitFailure, "tile 3, body", "without --keep-going")
	require.NoFileExists(t, out)

	r := qtgpuRun("-i", qtg, "-o", out, "--keep-going")
	r.fails(t, exitPartial, "warning: 1 of 4 tiles lost and filled from the overview, blank where that is lost too: 512,512,48,28", "with --keep-going")
	m := readImage(t, bytes.NewReader(readFile(t, out)))
	assert.Equal(t, []int{560, 540}, []int{m.W, m.H})

	mustRun(t, "-i", qtg, "-o", out, "-f", "--region", "0,0,100,100")
	mustRun(t, "-i", qtg, "-o", out, "-f", "--level", "3")
}

// TestCutInput: the overview comes first, so that a cut file still has it; the tiles that
// are missing are named. What is cut before them is of no use.
func TestCutInput(t *testing.T) {
	dir, qtg := encoded(t)
	out := filepath.Join(dir, "out.png")
	p := readFile(t, qtg)
	bodies := bytes.Index(p, []byte("BODY"))
	require.NoError(t, os.WriteFile(qtg, p[:bodies+10], 0o666))
	qtgpuRun("-i", qtg, "-o", out, "--level", "3").fails(t, exitFailure, "more than the input holds (at byte 1098): --keep-going gives what there is", "without --keep-going")
	mustRun(t, "-i", qtg, "-o", out, "--level", "3", "--keep-going")
	qtgpuRun("-i", qtg, "-o", out, "-f", "--keep-going").fails(t, exitPartial, "4 of 4 tiles lost and filled from the overview", "all of it")
	require.NoError(t, os.WriteFile(qtg, p[:40], 0o666))
	r := qtgpuRun("-i", qtg, "-o", out, "-f")
	r.fails(t, exitFailure, "truncated", "before the index, without --keep-going")
	assert.NotContains(t, r.stderr, "--keep-going", "no hint where it would not help")
	qtgpuRun("-i", qtg, "-o", out, "-f", "--keep-going").fails(t, exitFailure, "truncated", "before the index")
}

// TestMemory: what does not fit is refused in decoding; an encoder takes fewer rows of
// tiles at once, to the same file.
func TestMemory(t *testing.T) {
	dir, qtg := encoded(t)
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.png")
	little := filepath.Join(dir, "little.qtg")
	mustRun(t, "-i", in, "-o", little, "-t", "10", "-q", "--memory", "1M")
	assert.Equal(t, readFile(t, qtg), readFile(t, little))
	qtgpuRun("-i", qtg, "-o", out, "--memory", "1MiB").fails(t, exitFailure, "bytes of memory, the limit is ", "decode")
	require.NoFileExists(t, out)
	qtgpuRun("-i", qtg, "-o", out, "--memory", "much").fails(t, exitUsage, "expected bytes, as 500000000, 512M or 4GiB", "no size")
	mustRun(t, "-i", qtg, "-o", out, "--memory", "1G")
	mustRun(t, "-i", qtg, "-o", out, "-f", "--memory", "0")
}

func TestClosedPipe(t *testing.T) {
	_, qtg := encoded(t)
	for _, args := range [][]string{{"-i", qtg, "-o", "-"}, {"info", qtg}} {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, r.Close())
		var stderr bytes.Buffer
		cmd := command(args...)
		cmd.Stdout, cmd.Stderr = w, &stderr
		cmd.Run()
		require.NoError(t, w.Close())
		assert.Equal(t, exitFailure, cmd.ProcessState.ExitCode(), "%v", args)
		assert.Contains(t, stderr.String(), "broken pipe", "%v", args)
	}
}
