package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planned makes a job of two parts in a folder, and gives its image, its directory and
// the file that one encode makes of all.
func planned(t *testing.T) (in, job, whole string) {
	t.Helper()
	dir, whole := encoded(t)
	in, job = filepath.Join(dir, "in.png"), filepath.Join(dir, "job")
	out := mustRun(t, "plan", "-i", in, "-t", "10", "-o", job, "--part-rows", "1")
	require.Contains(t, out, ": 2 parts, 0 to 1, of 1 row of tiles; plan ")
	return in, job, whole
}

// TestParts: parts that are made in any order merge to the file of one encode, byte for byte.
func TestParts(t *testing.T) {
	in, job, whole := planned(t)
	want, err := os.ReadFile(whole)
	require.NoError(t, err)
	t.Setenv("TASK", "1")
	mustRun(t, "part", job, "--index-env", "TASK")
	mustRun(t, "part", job, "-i", "0")
	merged := filepath.Join(filepath.Dir(in), "merged.qtg")
	mustRun(t, "merge", job, "-o", merged)
	got, err := os.ReadFile(merged)
	require.NoError(t, err)
	assert.Equal(t, want, got, "bytes of the merged file")
}

// TestPartRows: a part has no more rows of tiles than the image, and no number below 1.
func TestPartRows(t *testing.T) {
	dir, _ := encoded(t)
	in := filepath.Join(dir, "in.png")
	for _, flags := range [][]string{nil, {"--part-rows", "1000"}} {
		args := append([]string{"plan", "-i", in, "-t", "10", "-f", "-o", filepath.Join(dir, "job")}, flags...)
		assert.Contains(t, mustRun(t, args...), ": 1 part, 0 to 0, of 2 rows of tiles; plan ", "%v", flags)
	}
	for _, rows := range []string{"0", "-1"} {
		qtgpuRun("plan", "-i", in, "-t", "10", "-o", filepath.Join(dir, "job"), "--part-rows", rows).
			fails(t, exitUsage, "--part-rows "+rows+": expected 1 or more", rows)
	}
}

// TestFailuresOfParts: what is wrong with a command on a job is named, and nothing is written.
func TestFailuresOfParts(t *testing.T) {
	in, job, whole := planned(t)
	mustRun(t, "part", job, "-i", "1")
	dir := filepath.Dir(in)
	before := append(files(t, dir), files(t, job)...)
	t.Setenv("TASK", "2")
	t.Setenv("WORD", "two")
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"plan", "-i", in, "-t", "10"}, exitUsage, "missing -o JOB"},
		{[]string{"plan", "-i", "-", "-t", "10", "-o", job}, exitUsage, "- is a stream: expected a file that every part can read"},
		{[]string{"plan", "-i", in, "-t", "10", "-o", job}, exitFailure, "plan.json: exists already"},
		{[]string{"part"}, exitUsage, "part with 0 directories"},
		{[]string{"part", dir, "-i", "0"}, exitFailure, "plan.json: no such file or directory"},
		{[]string{"part", job}, exitUsage, "missing -i N: expected 0 to 1, or --index-env"},
		{[]string{"part", job, "-i", "2"}, exitUsage, "-i 2: expected 0 to 1"},
		{[]string{"part", job, "-i", "-1"}, exitUsage, "--index -1: expected 0 or more"},
		{[]string{"part", job, "--index-env", "TASK"}, exitUsage, "--index-env TASK: 2: expected 0 to 1"},
		{[]string{"part", job, "--index-env", "WORD"}, exitUsage, `--index-env WORD: found "two", expected a number from 0 to 1`},
		{[]string{"part", job, "-i", "1"}, exitFailure, "part-000001.qtg: exists already"},
		{[]string{"part", job, "-i", "0", "--input", whole}, exitFailure, "not an image that qtgpu reads"},
		{[]string{"merge", job}, exitUsage, "missing -o"},
		{[]string{"merge", job, job, "-o", filepath.Join(dir, "m.qtg")}, exitUsage, "merge with 2 directories"},
		{[]string{"merge", job, "-o", filepath.Join(dir, "m.png")}, exitUsage, `extension ".png": expected .qtg`},
		{[]string{"merge", job, "-o", filepath.Join(dir, "m.qtg")}, exitFailure, "missing parts: 0; expected all of 0 to 1"},
	} {
		qtgpuRun(c.args...).fails(t, c.status, c.want, c.args)
	}
	assert.Equal(t, before, append(files(t, dir), files(t, job)...), "nothing is written")
}

// TestPartOfACopy: a part is made of any copy of the image, and of no other image, be it
// of the same length.
func TestPartOfACopy(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	image := append([]byte("P5 1000 600 255\n"), make([]byte, 600_000)...)
	require.NoError(t, os.WriteFile(path("in.pgm"), image, 0o666))
	require.NoError(t, os.WriteFile(path("copy.pgm"), image, 0o666))
	image[len(image)-1] = 9
	require.NoError(t, os.WriteFile(path("other.pgm"), image, 0o666))
	mustRun(t, "plan", "-i", path("in.pgm"), "-t", "0", "-o", path("job"))
	qtgpuRun("part", path("job"), "-i", "0", "--input", path("other.pgm")).
		fails(t, exitFailure, "it is not what the plan was made of", "another image")
	mustRun(t, "part", path("job"), "-i", "0", "--input", path("copy.pgm"))
}

// TestSampleHash: the first and the last byte of a file of any length count, and of a
// short one all.
func TestSampleHash(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 64 << 10, 100_000, 64 * 64 << 10, 5_000_000} {
		data := make([]byte, size)
		sample := func() string {
			h, err := sampleHash(bytes.NewReader(data), int64(size))
			require.NoError(t, err)
			return h
		}
		plain := sample()
		places := []int{0, size - 1}
		if size <= 64*64<<10 {
			places = append(places, size/2, size/3)
		}
		for _, at := range places {
			if at < 0 || at >= size {
				continue
			}
			data[at] = 1
			assert.NotEqual(t, plain, sample(), "byte %d of %d", at, size)
			data[at] = 0
		}
	}
}
