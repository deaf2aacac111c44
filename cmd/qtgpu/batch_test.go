package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// TestBatch: every output is the one of a call of its own, whatever the number of goroutines,
// and reports come in the order of the inputs.
func TestBatch(t *testing.T) {
	here(t)
	var names []string
	want := map[string][]byte{}
	for i := range 12 {
		name := fmt.Sprintf("%02d.png", i)
		writeImage(t, name, shorttest.Side(300-20*i), shorttest.Side(200+100*(i%3)), 1+2*(i%2), 8<<(i%5/4))
		mustRun(t, name, "-t", "5", "-q", "-o", "one.qtg", "-f")
		names, want[name] = append(names, name), readFile(t, "one.qtg")
	}
	for _, jobs := range []string{"1", "2", "5"} {
		lines := strings.Split(mustRun(t, append(names, "-t", "5", "-j", jobs, "--output-dir", jobs)...), "\n")
		require.Len(t, lines, 14)
		for i, name := range names {
			out := filepath.Join(jobs, withoutExt(name)+".qtg")
			assert.True(t, strings.HasPrefix(lines[i], out+": "+grouped(int64(len(want[name])))+" bytes, ratio "), "%s", lines[i])
			assert.Equal(t, want[name], readFile(t, out), "%s, %s jobs", name, jobs)
		}
		assert.Regexp(t, `^12 files: [0-9,]+ bytes, [0-9,]+ of pixels, ratio [0-9.]+$`, lines[12])
		// And back.
		assert.Empty(t, mustRun(t, "-r", jobs, "-j", jobs, "--format", "tif"))
		for _, name := range names {
			mustRun(t, filepath.Join(jobs, withoutExt(name)+".qtg"), "-o", "one.tif", "-f")
			assert.Equal(t, readFile(t, "one.tif"), readFile(t, filepath.Join(jobs, withoutExt(name)+".tif")), "%s, %s jobs", name, jobs)
		}
	}
}

// TestBatchGoesOn: a bad file is named when its turn comes and at the end, and the others are
// done.
func TestBatchGoesOn(t *testing.T) {
	here(t, "a.png", "b.png", "d.png")
	require.NoError(t, os.WriteFile("c.png", []byte("bad"), 0o666))
	require.NoError(t, os.Mkdir("e", 0o777))
	require.NoError(t, os.WriteFile("b.qtg", []byte("mine"), 0o666))
	r := qtgpuRun("-t", "5", "a.png", "b.png", "c.png", "d.png", "e", "f.png", "-j", "1")
	assert.Equal(t, exitFailure, r.status)
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	assert.ElementsMatch(t, []string{
		"qtgpu: b.qtg: exists already: -f overwrites it",
		"qtgpu: c.png: not an image that qtgpu reads: expected TIFF, PNG, JPEG, BMP, WebP or PNM, found bytes 62 61 64",
		"qtgpu: e: is a directory, expected a file: -r takes what is in it",
		"qtgpu: f.png: no such file or directory",
		"qtgpu: 4 of 6 files failed: b.png, c.png, e, f.png",
	}, lines)
	assert.Equal(t, "qtgpu: 4 of 6 files failed: b.png, c.png, e, f.png", lines[len(lines)-1])
	assert.Equal(t, "a.png a.qtg b.png b.qtg c.png d.png d.qtg", below(t))
	assert.Equal(t, "mine", string(readFile(t, "b.qtg")))
	assert.Contains(t, r.stdout, "\n2 files: ")
	// The next time only what was not there before.
	r = qtgpuRun("-t", "5", "a.png", "b.png", "d.png", "--skip-existing")
	assert.Equal(t, result{0, "a.png: skipped, a.qtg exists already\nb.png: skipped, b.qtg exists already\nd.png: skipped, d.qtg exists already\n0 files; 3 skipped\n", ""}, r)
	assert.Equal(t, "mine", string(readFile(t, "b.qtg")))
	r = qtgpuRun("a.qtg", "--skip-existing", "--format", "png")
	assert.Equal(t, result{0, "a.qtg: skipped, a.png exists already\n", ""}, r)
}

// TestBatchStatus: what one failure is among others.
func TestBatchStatus(t *testing.T) {
	for _, c := range []struct {
		of   []int
		want int
		kind string
	}{
		{[]int{exitOK, exitOK}, exitOK, ""}, {[]int{exitOK, exitPartial}, exitPartial, ""},
		{[]int{exitVerification, exitPartial}, exitVerification, "promise"}, {[]int{exitVerification, exitFailure}, exitFailure, "failure"},
		{[]int{exitUsage, exitOK}, exitFailure, "failure"}, {[]int{exitFailure, exitPartial}, exitFailure, "failure"},
	} {
		var stderr strings.Builder
		b := &batch{app: &app{stderr: &stderr, json: true}}
		for i, status := range c.of {
			b.tasks = append(b.tasks, task{in: fmt.Sprint(i)})
			b.outcomes = append(b.outcomes, &outcome{status: status, lost: status == exitPartial})
		}
		assert.Equal(t, c.want, b.app.status(b.failure()), "%v", c.of)
		var got problemReport
		if c.kind != "" {
			require.NoError(t, json.Unmarshal([]byte(stderr.String()), &got))
			assert.Equal(t, c.kind, got.Error.Kind, "%v", c.of)
		}
	}
}

// TestBatchOfDamagedFiles: --keep-going goes on within a file, and the status says so.
func TestBatchOfDamagedFiles(t *testing.T) {
	dir, qtg := encoded(t)
	t.Chdir(dir)
	data := readFile(t, qtg)
	require.NoError(t, os.WriteFile("cut.qtg", data[:len(data)*3/4], 0o666))
	r := qtgpuRun("in.qtg", "cut.qtg", "--output-dir", "o")
	assert.Equal(t, exitFailure, r.status)
	assert.Contains(t, r.stderr, "qtgpu: 1 of 2 files failed: cut.qtg\n")
	r = qtgpuRun("in.qtg", "cut.qtg", "--output-dir", "p", "--keep-going")
	assert.Equal(t, exitPartial, r.status)
	assert.Contains(t, r.stderr, "cut.qtg: warning: ")
	assert.Equal(t, []string{"cut.png", "in.png"}, files(t, "p"))
}

// TestBatchAsJSON: a line of standard output for each input that is done or skipped, and of
// standard error for each that failed.
func TestBatchAsJSON(t *testing.T) {
	here(t, "a.png", "b.png", "c.png")
	require.NoError(t, os.WriteFile("b.png", []byte("bad"), 0o666))
	mustRun(t, "c.png", "-t", "5", "-q")
	r := qtgpuRun("-t", "5", "a.png", "b.png", "c.png", "--skip-existing", "--json")
	assert.Equal(t, exitFailure, r.status)
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	require.Len(t, lines, 2, r.stdout)
	var done encodeReport
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &done))
	assert.Equal(t, []string{"a.png", "a.qtg"}, []string{done.Input, done.Output})
	assert.EqualValues(t, len(readFile(t, "a.qtg")), done.OutputBytes)
	var left skipReport
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &left))
	assert.Equal(t, skipReport{"c.png", "c.qtg", true}, left)
	lines = strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	require.Len(t, lines, 2, r.stderr)
	for i, want := range []errorReport{
		{"b.png", "b.png: not an image that qtgpu reads: expected TIFF, PNG, JPEG, BMP, WebP or PNM, found bytes 62 61 64", "failure"},
		{"", "1 of 3 files failed: b.png", "failure"},
	} {
		var got problemReport
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &got))
		assert.Equal(t, want, *got.Error)
	}
	// One input of a directory is a line, too.
	out := mustRun(t, "-r", "-t", "5", "a.png", "--output-dir", "o", "--json")
	assert.Equal(t, 1, strings.Count(out, "\n"))
}

// TestBatchFlagsThatSomeHaveAUseFor: a flag may do nothing for one of several inputs, but not
// for all.
func TestBatchFlagsThatSomeHaveAUseFor(t *testing.T) {
	here(t, "a.png")
	writeImage(t, "gray.png", 50, 40, 1, 8)
	qtgpuRun("gray.png", "-t", "5", "--chroma", "444").fails(t, exitUsage, "--chroma does nothing here", "alone")
	mustRun(t, "a.png", "gray.png", "-t", "5", "--chroma", "444")
	writeImage(t, "gray2.png", 50, 40, 1, 8)
	before := contents(t)
	for _, c := range []struct{ args, want string }{
		{"gray.png gray2.png none.png -t 5 --chroma 444 --output-dir o", "--chroma does nothing here: there are no colours"},
		{"none.png gray.png a.png -t 5 --page 1 --output-dir o", "--page does nothing here: the image is no TIFF file"},
		{"-r . -t 0 --split hybrid --output-dir o", "--split does nothing here: without loss samples are predicted"},
		{"a.qtg gray.qtg --quality 80 --output-dir o", "--quality does nothing here: the output is no JPEG file"},
		{"a.qtg gray.qtg --quality 80 --output-dir o --format png", "--quality does nothing here"},
	} {
		qtgpuRun(strings.Fields(c.args)...).fails(t, exitUsage, c.want, c.args)
		assert.Equal(t, before, contents(t), "%s", c.args)
	}
	mustRun(t, "a.qtg", "gray.qtg", "--quality", "80", "--format", "jpg")
}

// TestBatchThatCannotReport: where reports are lost the batch ends, and what is whole stays.
func TestBatchThatCannotReport(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full here")
	}
	defer full.Close()
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("%02d.png", i))
	}
	here(t, names...)
	var stderr strings.Builder
	status := run(t.Context(), append(names, "-t", "5", "-j", "1"), nil, full, &stderr)
	assert.Equal(t, exitFailure, status)
	assert.Equal(t, "qtgpu: standard output: no space left on device\n", stderr.String())
	done := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if isQTG(path) {
			done++
			assert.Contains(t, mustRun(t, "verify", path), "holds")
		}
		return err
	}))
	assert.Less(t, done, 10)
}
