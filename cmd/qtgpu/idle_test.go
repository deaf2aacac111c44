package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestIdleFlags: a flag that can make no difference is refused by its name with the reason,
// before anything is written; where it can, it is taken.
func TestIdleFlags(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeImage(t, "rgb.png", 60, 50, 3, 8)
	writeImage(t, "gray.png", 60, 50, 1, 8)
	writeImage(t, "rgb.tif", 60, 50, 3, 8)
	writeImage(t, "rgb16.png", 60, 50, 3, 16)
	mustRun(t, "-i", "rgb.png", "-t", "10", "-o", "a.qtg", "-q")
	mustRun(t, "-i", "rgb.png", "-t", "0", "-o", "exact.qtg", "-q")
	mustRun(t, "plan", "-i", "rgb.png", "-t", "0", "-o", "job", "-q")
	before := files(t, dir)
	const (
		lossless  = "without loss samples are predicted"
		bounded   = "with the bound max samples are predicted"
		transform = "-t 5 bounds the RMS error of leaves"
	)
	for _, c := range []struct {
		args []string
		want string // "" where it is taken
	}{
		{[]string{"-i", "gray.png", "-t", "10", "--chroma", "420"}, "gray.png: --chroma does nothing here: there are no colours"},
		{[]string{"-i", "rgb.png", "-t", "0", "--chroma", "420"}, "--chroma does nothing here: " + lossless},
		{[]string{"-i", "rgb.png", "-t", "2", "--bound", "max", "--chroma", "420"}, "--chroma does nothing here: " + bounded},
		{[]string{"-i", "rgb16.png", "-t", "2", "--chroma", "420"}, "--chroma does nothing here: " + bounded},
		{[]string{"-i", "rgb16.png", "-t", "2%", "--bound", "rms", "--chroma", "420"}, ""},
		{[]string{"-i", "rgb.png", "-t", "10", "--chroma", "444"}, ""},

		{[]string{"-i", "rgb.png", "-t", "0", "--split", "cost"}, "--split does nothing here: " + lossless + ", and there is no quadtree to split"},
		{[]string{"-i", "rgb.png", "-t", "0", "--split", "hybrid"}, "--split does nothing here"},
		{[]string{"-i", "gray.png", "-t", "10", "--split", "cost"}, ""},

		{[]string{"-i", "rgb.png", "-t", "0", "--tune", "visual"}, "--tune does nothing here: " + lossless + ", and every error counts alike"},
		{[]string{"-i", "rgb.png", "-t", "2", "--bound", "max", "--tune", "visual"}, "--tune does nothing here: " + bounded},
		{[]string{"-i", "gray.png", "-t", "10", "--tune", "visual"}, ""},
		{[]string{"-i", "rgb16.png", "-t", "2%", "--tune", "visual"}, ""},

		{[]string{"-i", "rgb.png", "-t", "5", "--engine", "transform", "--effort", "1"}, ""},
		{[]string{"-i", "rgb.png", "-t", "0", "--effort", "3"}, ""},
		{[]string{"-i", "rgb.png", "-t", "2", "--bound", "max", "--effort", "3"}, ""},

		{[]string{"-i", "rgb.png", "-t", "0", "--backend", "gpu"}, "--backend does nothing here: " + lossless + ", and that is done by the CPU alone"},
		{[]string{"-i", "rgb.png", "-t", "2", "--bound", "max", "--backend", "both"}, "--backend does nothing here: " + bounded},
		{[]string{"-i", "rgb.png", "-t", "0", "--backend", "cpu"}, ""},

		{[]string{"-i", "rgb.png", "-t", "5", "--page", "1"}, "--page does nothing here: the image is no TIFF file"},
		{[]string{"-i", "rgb.tif", "-t", "5", "--page", "1"}, ""},
		{[]string{"-i", "rgb.png", "-t", "5", "--keep-going"}, "--keep-going does nothing here: of images JPEG alone can be read in part"},

		{[]string{"-i", "a.qtg", "--quality", "80"}, "--quality does nothing here: the output is no JPEG file"},
		{[]string{"-i", "a.qtg", "-o", "out.tif", "--quality", "80"}, "--quality does nothing here"},
		{[]string{"-i", "a.qtg", "-o", "out.jpg", "--quality", "80"}, ""},
		{[]string{"-i", "a.qtg", "--max-expansion", "10"}, "--max-expansion is for encoding"},
		{[]string{"-i", "a.qtg", "--keep-going", "-o", "out.png"}, ""},

		{[]string{"info", "a.qtg", "-j", "1"}, "--jobs does nothing here: only --stats decodes"},
		{[]string{"info", "a.qtg", "-j", "1", "--stats"}, ""},
		{[]string{"verify", "a.qtg", "--page", "1"}, "--page does nothing here: there is no ORIGINAL"},
		{[]string{"verify", "a.qtg", "--max-expansion", "9"}, "--max-expansion does nothing here: there is no ORIGINAL"},
		{[]string{"verify", "a.qtg", "rgb.png", "--max-expansion", "9"}, ""},
		{[]string{"bench", "-i", "rgb.png", "-f"}, "--force does nothing here: neither --csv nor --plot asks for a file"},
		{[]string{"plan", "-i", "gray.png", "-t", "10", "-o", "job2", "--chroma", "444"}, "gray.png: --chroma does nothing here: there are no colours"},
		{[]string{"part", "job", "-i", "0", "--backend", "gpu"}, "--backend does nothing here: the parts are coded by the CPU alone"},
		{[]string{"part", "job", "-i", "0", "--index-env", "HOME"}, "--index does nothing here: --index-env has the number"},
		{[]string{"--version", "-i", "a.qtg"}, "--version with --input: expected it alone"},
	} {
		if c.want != "" {
			qtgpuRun(c.args...).fails(t, exitUsage, c.want, c.args)
			assert.Equal(t, before, files(t, dir), "files after %v", c.args)
			continue
		}
		if c.args[0] == "-i" && filepath.Ext(c.args[1]) != ".qtg" {
			c.args = append(c.args, "-q", "-o", "out.qtg")
		}
		r := qtgpuRun(c.args...)
		assert.Equal(t, exitOK, r.status, "%v: %s", c.args, r.stderr)
		for _, name := range []string{"out.qtg", "out.jpg", "out.png"} {
			os.Remove(name)
		}
	}
}

// TestEveryFlagIsConsidered: a new flag is either one that always can make a difference,
// or one that idle flags are told of; whoever adds it decides.
func TestEveryFlagIsConsidered(t *testing.T) {
	always := []string{"help", "threshold", "bound", "engine", "verify", "json", "format", "level", "max-side", "effort", "region", "bbox", "bbox-crs", "stretch",
		"preset", "size", "psnr", "input", "header", "output", "output-dir", "suffix", "recursive", "skip-existing", "force", "quiet", "strict", "jobs", "max-pixels", "memory", "version"}
	sometimes := []string{"chroma", "split", "tune", "backend", "page", "keep-going", "quality", "max-expansion"}
	var a app
	assert.ElementsMatch(t, append(always, sometimes...), flagNames(a.root()))
}
