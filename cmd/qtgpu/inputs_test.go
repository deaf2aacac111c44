package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// here makes files in a new directory, which becomes the current one: pictures of 50×40, or
// their .qtg files of T = 5.
func here(t *testing.T, names ...string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range names {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		if !isQTG(name) {
			writeImage(t, name, 50, 40, 3, 8)
			continue
		}
		writeImage(t, "x.png", 50, 40, 3, 8)
		mustRun(t, "x.png", "-t", "5", "-q", "-o", name)
		require.NoError(t, os.Remove("x.png"))
	}
}

// below lists the files below the current directory.
func below(t *testing.T) string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, filepath.ToSlash(path))
		}
		return err
	}))
	return strings.Join(names, " ")
}

// TestInputsAndOutputs: which arguments are inputs, and where outputs go.
func TestInputsAndOutputs(t *testing.T) {
	for _, c := range []struct {
		files, args, want string // files that are there, and those that are added
	}{
		// One input.
		{"a.png", "a.png -t 5", "a.qtg"},
		{"a.png", "-t 5 -i a.png", "a.qtg"},
		{"a.png", "-t 5 a.png o.qtg", "o.qtg"},
		{"a.png", "a.png -t 5 O.QTG", "O.QTG"},
		{"a.png", "a.png -o o.qtg -t 5", "o.qtg"},
		{"a.png", "a.png --suffix -small -t 5", "a-small.qtg"},
		{"a.png", "a.png --output-dir d/e -t 5", "d/e/a.qtg"},
		{"s/a.png", "s/a.png -t 5", "s/a.qtg"},
		{"s/a.png", "s/a.png --output-dir d --suffix .5 -t 5", "d/a.5.qtg"},
		{"a.qtg", "a.qtg", "a.png"},
		{"a.qtg", "a.qtg o.tif", "o.tif"},
		{"a.qtg", "a.qtg o.JPEG", "o.JPEG"},
		{"a.qtg", "a.qtg --format tif", "a.tif"},
		{"a.qtg", "a.qtg --format ppm --suffix _x", "a_x.ppm"},
		{"a.qtg", "a.qtg --format ppm -o o.ppm", "o.ppm"},
		// Several.
		{"a.png b.png c.png", "-t 5 a.png b.png c.png", "a.qtg b.qtg c.qtg"},
		{"a.png b.png", "a.png b.png -t 5", "a.qtg b.qtg"},
		{"a.png b.png", "-i a.png -i b.png -t 5", "a.qtg b.qtg"},
		{"a.png b.png c.png", "c.png -i a.png -t 5 -i b.png", "a.qtg b.qtg c.qtg"},
		{"a.png b.tif", "a.png b.tif -t 5", "a.qtg b.qtg"},
		{"a.qtg b.qtg", "a.qtg b.qtg", "a.png b.png"},
		{"a.qtg b.qtg", "a.qtg b.qtg --format tif --output-dir o", "o/a.tif o/b.tif"},
		{"s/a.png u/b.png", "s/a.png u/b.png --output-dir o -t 5", "o/a.qtg o/b.qtg"},
		{"s/a.png u/a.png", "s/a.png u/a.png -t 5", "s/a.qtg u/a.qtg"},
		// Directories.
		{"s/a.png s/v/b.tif s/v/c.qtg s/v/d.jpg s/t.PNG", "-r s -t 5", "s/a.qtg s/t.qtg s/v/b.qtg s/v/d.qtg"},
		{"s/a.png s/v/b.tif s/v/c.qtg", "-r s -t 5 --output-dir o", "o/a.qtg o/v/b.qtg"},
		{"s/a.png s/v/b.tif s/v/c.qtg", "-r s", "s/v/c.png"},
		{"s/a.png s/v/c.qtg", "-r s --output-dir o --format jpg", "o/v/c.jpg"},
		{"s/a.png b.png", "b.png -r s -t 5 --output-dir o", "o/a.qtg o/b.qtg"},
		{"s/a.png u/v/b.png", "-t 5 -r s u --output-dir o", "o/a.qtg o/v/b.qtg"},
		{"s/a.png", "-r . -t 5", "s/a.qtg"},
	} {
		here(t, strings.Fields(c.files)...)
		before := below(t)
		r := qtgpuRun(append(strings.Fields(c.args), "-q")...)
		require.Equal(t, result{}, r, "%s", c.args)
		for _, name := range strings.Fields(below(t)) {
			require.NotZero(t, len(readFile(t, name)), name)
		}
		assert.ElementsMatch(t, append(strings.Fields(before), strings.Fields(c.want)...), strings.Fields(below(t)), "%s", c.args)
	}
}

// TestInputsRefused: what is not clear is an error before anything is done, and no file is
// touched.
func TestInputsRefused(t *testing.T) {
	const both = "would both become"
	for _, c := range []struct{ files, args, want string }{
		{"a.png", "-t 5", "missing IN: expected qtgpu IN [OUT.qtg] -t T"},
		{"a.png", "a.png", "missing -t T"},
		{"a.png b.png", "a.png b.png", "missing -t T: a.png is no .qtg file"},
		{"a.png b.png", "-f a.png b.png", "missing -t T: a.png is no .qtg file"},
		{"a.png b.png", "-t 5 -o o.qtg a.png b.png", "-o o.qtg with 2 inputs: expected one of them, or --output-dir DIR"},
		{"a.png b.png", "-t 5 -o - a.png b.png", "-o - with 2 inputs"},
		{"a.png b.png", "-t 5 -i a.png -i b.png -o o.qtg", "-o o.qtg with 2 inputs"},
		{"a.png", "-t 5 a.png - a.png", `"-" among 3 inputs: standard input is one alone, with -o`},
		{"a.png", "-t 5 - a.png", `"-" among 2 inputs`},
		{"a.png", "-t 5 -i - -i a.png", `"-" among 2 inputs`},
		{"a.png", "-t 5 -r -", "-r takes directories and files"},
		{"s/a.png", "-t 5 -r s -o o.qtg", "-r takes directories and files"},
		{"a.png", "-t 5 a.png -o o.qtg --output-dir d", "-o beside --output-dir or --suffix: expected one of them"},
		{"a.png", "-t 5 a.png -o o.qtg --suffix x", "-o beside --output-dir or --suffix"},
		{"a.png", "-t 5 a.png --suffix x/y", `--suffix "x/y": expected what follows a name`},
		{"a.png", "-t 5 a.png --output-dir=", `--output-dir "": expected a name`},
		{"a.png", "-t 5 a.png -f --skip-existing", "-f and --skip-existing: expected one of them"},
		{"a.png", "a.png -t 5 --format png", "--format is for decoding"},
		{"a.qtg", "a.qtg --format bmp", `--format "bmp": expected png, tif, ppm, pgm, pbm, jpg`},
		{"a.qtg", "a.qtg o.png --format tif", "-o o.png with --format tif: expected the same of both"},
		// Both directions.
		{"a.png b.qtg c.png", "-t 5 a.png b.qtg c.png", "-t is for encoding, and b.qtg is a .qtg file"},
		{"a.qtg b.png c.qtg", "a.qtg b.png c.qtg", "missing -t T: b.png is no .qtg file"},
		// The same output twice.
		{"a.png a.tif", "-t 5 a.png a.tif", "a.png and a.tif " + both + " a.qtg: expected one output each"},
		{"a.png", "-t 5 a.png ./a.png", "a.png and ./a.png " + both + " ./a.qtg"},
		{"s/a.png u/a.png", "-t 5 s/a.png u/a.png --output-dir o", "s/a.png and u/a.png " + both + " o/a.qtg"},
		{"s/a.png u/a.png", "-t 5 -f s/a.png u/a.png --output-dir o", both},
		{"s/a.png u/a.tif", "-t 5 -r s u --output-dir o", "s/a.png and u/a.tif " + both},
		{"s/a.qtg u/a.qtg", "s/a.qtg u/a.qtg --output-dir o", both},
		// -f and two arguments that may both be inputs.
		{"a.png b.qtg", "-f -t 5 a.png b.qtg", "b.qtg exists and has another name than a.png: expected -o b.qtg, if it is to be overwritten"},
		{"a.qtg b.png", "-f a.qtg b.png", "b.png exists and has another name than a.qtg"},
		{"s/x.png", "-r s", "s: no files that qtgpu decodes below"},
	} {
		here(t, strings.Fields(c.files)...)
		before := contents(t)
		status := exitUsage
		if strings.Contains(c.want, "no files") {
			status = exitFailure
		}
		qtgpuRun(strings.Fields(c.args)...).fails(t, status, c.want, c.args)
		assert.Equal(t, before, contents(t), "%s", c.args)
	}
}

// contents are the files below the current directory.
func contents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range strings.Fields(below(t)) {
		all[name] = string(readFile(t, name))
	}
	return all
}

// TestPatternsOverwriteNothing: whatever a shell makes of a pattern, no file that is there is
// another one afterwards.
func TestPatternsOverwriteNothing(t *testing.T) {
	for _, c := range []struct {
		files, args string
		status      int
	}{
		{"a.png b.png", "-t 5 -q a.png b.png", exitOK},
		{"a.png b.png", "-t 5 -q -f a.png b.png", exitOK},
		{"a.qtg b.qtg", "-q a.qtg b.qtg", exitOK},
		{"a.qtg b.qtg", "-q -f a.qtg b.qtg", exitOK},
		{"a.png a.qtg", "-t 5 -q a.png a.qtg", exitFailure}, // * after the first time
		{"a.png b.qtg", "-t 5 -q a.png b.qtg", exitFailure},
		{"a.png b.qtg", "-t 5 -q -f a.png b.qtg", exitUsage},
		{"a.qtg b.png", "-q a.qtg b.png", exitFailure},
		{"a.qtg b.png", "-q -f a.qtg b.png", exitUsage},
		{"a.png b.png c.png", "-t 5 -q -f a.png b.png c.png", exitOK},
		{"a.png b.qtg c.png", "-t 5 -q -f a.png b.qtg c.png", exitUsage},
	} {
		here(t, strings.Fields(c.files)...)
		before := contents(t)
		assert.Equal(t, c.status, qtgpuRun(strings.Fields(c.args)...).status, "%s", c.args)
		for name, was := range before {
			assert.Equal(t, was, string(readFile(t, name)), "%s: %s", c.args, name)
		}
	}
}

// TestOutputsThatAreInputs: an input that has the name of an output is not overwritten.
func TestOutputsThatAreInputs(t *testing.T) {
	here(t, "a.png", "b.png")
	require.NoError(t, os.Rename("b.png", "a.qtg")) // a picture under a wrong name
	before := contents(t)
	qtgpuRun("-f", "-t", "5", "./a.png", "a.qtg", "--suffix=").fails(t, exitUsage, "./a.png would become a.qtg, which is an input: expected another name", "")
	require.NoError(t, os.Symlink("a.png", "l.png"))
	qtgpuRun("-f", "-t", "5", "l.png", "a.qtg", "a.png").fails(t, exitUsage, "which is an input", "")
	require.NoError(t, os.Remove("l.png"))
	assert.Equal(t, before, contents(t))
}

// TestLinkedDirectories: two ways to one directory do not hide that two outputs are one.
func TestLinkedDirectories(t *testing.T) {
	here(t, "s/a.png")
	require.NoError(t, os.Symlink("s", "l"))
	qtgpuRun("-t", "5", "s/a.png", "l/a.png").fails(t, exitUsage, "would both become", "")
	require.NoError(t, os.Symlink("s/a.qtg", "b.qtg"))
	writeImage(t, "b.png", 50, 40, 3, 8)
	qtgpuRun("-t", "5", "s/a.png", "b.png").fails(t, exitUsage, "would both become", "an output is a link to the other")
}

// TestFormatOfAStream: --format says what goes to standard output.
func TestFormatOfAStream(t *testing.T) {
	here(t, "a.qtg")
	for format, head := range map[string]string{"png": "\x89PNG", "tif": "II*\x00", "ppm": "P6", "jpg": "\xff\xd8"} {
		r := qtgpuRun("a.qtg", "-", "--format", format)
		assert.Equal(t, exitOK, r.status, format)
		assert.True(t, strings.HasPrefix(r.stdout, head), "%s: %.4q", format, r.stdout)
	}
}
