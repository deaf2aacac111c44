package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestPresets: a preset makes the file that its flags make, of every kind of samples that
// these are for, and the flags that are given win.
func TestPresets(t *testing.T) {
	dir := t.TempDir()
	writeImage(t, filepath.Join(dir, "rgb.png"), 90, 70, 3, 8)
	writeImage(t, filepath.Join(dir, "gray16.png"), 90, 70, 1, 16)
	writeRaster(t, filepath.Join(dir, "float.tif"), raster.Format{Width: 90, Height: 70, Type: raster.Float32, Bands: raster.Bands(raster.Data)}, nil, hill)
	writeRaster(t, filepath.Join(dir, "int.tif"), raster.Format{Width: 90, Height: 70, Type: raster.Int16, Bands: raster.Bands(raster.Data)}, nil, hill)
	preset, plain := filepath.Join(dir, "preset.qtg"), filepath.Join(dir, "plain.qtg")
	for _, c := range []struct {
		in            string
		preset, flags string
	}{
		{"rgb.png", "photo", "-t 3 --bound rms"},
		{"gray16.png", "photo", "-t 983 --bound rms"},
		{"rgb.png", "screen", "-t 0 --effort 3"},
		{"rgb.png", "scan", "-t 7 --bound max"},
		{"float.tif", "elevation", "-t 0.01"},
		{"int.tif", "elevation", "-t 0"},
		{"rgb.png", "labels", "-t 0"},
		{"gray16.png", "imagery", "-t 1 --bound max"},
		{"float.tif", "imagery", "-t 0"},
		{"rgb.png", "photo -t 5", "-t 5 --bound rms"},
		{"float.tif", "elevation -t 0.5", "-t 0.5"},
		{"rgb.png", "screen --effort 1", "-t 0 --effort 1"},
		{"rgb.png", "screen -t 5", "-t 5"}, // effort has no use there, and nobody gave it
		{"rgb.png", "photo --bound max -t 2", "-t 2 --bound max"},
	} {
		in := filepath.Join(dir, c.in)
		mustRun(t, append([]string{"-i", in, "-q", "-f", "-o", preset, "--preset"}, strings.Fields(c.preset)...)...)
		mustRun(t, append([]string{"-i", in, "-q", "-f", "-o", plain}, strings.Fields(c.flags)...)...)
		assert.Equal(t, readFile(t, plain), readFile(t, preset), "%s: --preset %s, and %s", c.in, c.preset, c.flags)
	}
	qtgpuRun("-i", plain, "--preset", "photo").fails(t, exitUsage, "--preset is for encoding", "decode")
	qtgpuRun("-i", plain, "--preset", "photos").fails(t, exitUsage, "did you mean photo?", "unknown")

	job := filepath.Join(dir, "job")
	mustRun(t, "plan", "-i", filepath.Join(dir, "rgb.png"), "--preset", "photo", "-o", job)
	mustRun(t, "part", job, "-i", "0")
	merged := filepath.Join(dir, "merged.qtg")
	mustRun(t, "merge", job, "-o", merged)
	mustRun(t, "-i", filepath.Join(dir, "rgb.png"), "-q", "-f", "-o", preset, "--preset", "photo")
	assert.Equal(t, readFile(t, preset), readFile(t, merged), "plan takes presets too")
}

// TestPresetsAreDocumented: help and README say what each stands for, and the flags are
// there.
func TestPresetsAreDocumented(t *testing.T) {
	root := (&app{}).root()
	text := strings.Join(strings.Fields(mustRun(t, "--help")), " ")
	readme := string(readFile(t, filepath.Join("..", "..", "README.md")))
	for i := range presets {
		p := &presets[i]
		assert.True(t, strings.Contains(text, p.name+" is "+p.String()), "help has no %s", p.name)
		assert.True(t, strings.Contains(readme, "| `"+p.name+"` | `"+p.String()+"` |"), "README.md has no row of %s: %s", p.name, p)
		for j := 0; j < len(p.flags); j += 2 {
			require.NotNil(t, root.Flags().Lookup(p.flags[j]), "%s: --%s", p.name, p.flags[j])
		}
	}
}
