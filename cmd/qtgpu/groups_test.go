package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/containertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// inGroups makes a file of two groups of in.qtg, with level 6 as an OVER, and returns what
// the image was in one.
func inGroups(t *testing.T) (dir, qtg, one string) {
	t.Helper()
	dir, qtg = encoded(t)
	name := func(s string) string { return filepath.Join(dir, s) }
	require.NoError(t, os.WriteFile(name("one.qtg"), readFile(t, qtg), 0o666))
	mustRun(t, "-i", qtg, "-o", name("level.png"), "--level", "6")
	mustRun(t, "-i", name("level.png"), "-t", "0", "-q")
	rewrite(t, qtg, func(f *containertest.File) {
		f.Header.GroupRows = 1
		f.Overviews = []container.Overview{{Level: 6, File: readFile(t, name("level.qtg"))}}
	})
	return dir, qtg, name("one.qtg")
}

// TestSeveralGroups: every command takes a file of several groups for what it is in one.
func TestSeveralGroups(t *testing.T) {
	dir, qtg, one := inGroups(t)
	out := filepath.Join(dir, "out.ppm")
	for _, args := range shorttest.Cases([][]string{nil, {"--level", "2"}, {"--level", "3"}, {"--level", "6"}, {"--level", "8"}, {"--region", "500,500,30,20"}}) {
		var got [2][]byte
		for i, in := range []string{one, qtg} {
			mustRun(t, append([]string{"-i", in, "-o", out, "-f"}, args...)...)
			got[i] = readFile(t, out)
		}
		assert.True(t, bytes.Equal(got[0], got[1]), "%v", args)
	}
	r := qtgpuIn(bytes.NewReader(readFile(t, qtg)), "-i", "-", "-o", out, "-f")
	assert.Equal(t, exitOK, r.status, "a stream: %s", r.stderr)
	mustRun(t, "tree", qtg, "-o", filepath.Join(dir, "tree.png"))
	assert.Contains(t, mustRun(t, "verify", qtg, filepath.Join(dir, "in.png")), "all checksums of 4 tiles hold")

	var report infoReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "info", "--json", qtg)), &report))
	assert.Equal(t, int64(len(readFile(t, qtg))), report.FileBytes)
	assert.Equal(t, report.FileBytes,
		report.FrontBytes+report.BodyBytes+report.TableBytes+report.MetadataBytes+report.OtherBytes, "sum of the bytes")
}

// TestCutGroup: a file that is cut in its second group still gives the first, whole.
func TestCutGroup(t *testing.T) {
	dir, qtg, _ := inGroups(t)
	out := filepath.Join(dir, "out.png")
	p := readFile(t, qtg)
	second := bytes.LastIndex(p[:bytes.Index(p, []byte("OVER"))], []byte("INDX"))
	for at, lost := range map[int]string{second: "2 of 4 tiles lost", bytes.LastIndex(p, []byte("TAIL")): ""} {
		require.NoError(t, os.WriteFile(qtg, p[:at], 0o666))
		r := qtgpuRun("-i", qtg, "-o", out, "-f")
		r.fails(t, exitFailure, "--keep-going gives what there is", "without --keep-going")
		assert.Contains(t, r.stderr, "the input is cut")
		r = qtgpuRun("-i", qtg, "-o", out, "-f", "--keep-going")
		assert.Equal(t, exitPartial, r.status, r.stderr)
		assert.Contains(t, r.stderr, "damaged beside the tiles: the input is cut")
		assert.Contains(t, r.stderr, lost)
		r = qtgpuRun("-i", qtg, "-o", out, "-f", "--keep-going", "--region", "0,0,560,450")
		r.fails(t, exitPartial, "damaged beside the tiles: the input is cut", "a region of the first group")
	}
}

// TestDamagedOver: damage to a coarse level costs no tile, and is told.
func TestDamagedOver(t *testing.T) {
	dir, qtg, one := inGroups(t)
	out, want := filepath.Join(dir, "out.ppm"), filepath.Join(dir, "want.ppm")
	p := readFile(t, qtg)
	p[bytes.Index(p, []byte("OVER"))+100] ^= 1
	require.NoError(t, os.WriteFile(qtg, p, 0o666))
	qtgpuRun("-i", qtg, "-o", out).fails(t, exitFailure, "chunk OVER: CRC-32C", "without --keep-going")
	qtgpuRun("verify", qtg).fails(t, exitFailure, "chunk OVER: CRC-32C", "verify")
	for _, level := range []string{"0", "6", "7"} {
		mustRun(t, "-i", one, "-o", want, "-f", "--level", level)
		r := qtgpuRun("-i", qtg, "-o", out, "-f", "--level", level, "--keep-going")
		r.fails(t, exitPartial, "damaged beside the tiles: chunk OVER: CRC-32C", "with --keep-going")
		assert.True(t, bytes.Equal(readFile(t, want), readFile(t, out)), "level %s", level)
	}
}
