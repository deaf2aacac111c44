package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTune: what T means tuned for the eye is said by every report, in words and in JSON, and measured.
func TestTune(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeImage(t, "rgb.png", 200, 150, 3, 8)
	const promised = "no leaf's RMS error above 9 times 0.5 to 2, by its step class (bound rms, tune visual)"
	report := mustRun(t, "rgb.png", "-t", "9", "--tune", "visual", "--engine", "transform", "--verify")
	assert.Contains(t, report, "promise    "+promised)
	assert.Contains(t, report, "holds: "+promised)
	assert.Contains(t, mustRun(t, "info", "rgb.qtg"), promised)
	var verified struct {
		Promise  promise
		Holds    bool
		Measured measures
	}
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "verify", "rgb.qtg", "rgb.png", "--json")), &verified))
	assert.Equal(t, "visual", verified.Promise.Tune)
	assert.True(t, verified.Holds)
	assert.Equal(t, verified.Promise.Stated, verified.Measured.Errors)
	mustRun(t, "rgb.png", "-t", "9", "--engine", "transform", "-o", "plain.qtg")
	assert.Contains(t, mustRun(t, "info", "plain.qtg", "--json"), `"tune": "psnr"`)
	mustRun(t, "rgb.png", "-t", "0", "-o", "exact.qtg")
	assert.Contains(t, mustRun(t, "info", "exact.qtg", "--json"), `"tune": ""`)
	qtgpuRun("rgb.png", "-t", "0.5", "--tune", "visual", "-o", "no.qtg").
		fails(t, exitUsage, "threshold 0.5 with the bound rms and the tune visual, expected 0 for lossless or 1 to 255", "below 1")
	assert.NoFileExists(t, filepath.Join(dir, "no.qtg"))
	qtgpuRun("rgb.png", "-t", "5", "--tune", "eye").fails(t, exitUsage, `--tune "eye": expected psnr, visual`, "a name")
}
