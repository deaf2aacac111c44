package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a hostile or faulty file may take: so much CPU time, and as much again for each
// hostilePixels of an image that it does hold.
const (
	hostileCPU    = 2 * time.Second
	hostilePixels = 1 << 24
	hostileMemory = 512 << 20
)

// raceSlows is by how much more CPU and memory the race detector takes, 1 without it.
func raceSlows() int64 {
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, s := range b.Settings {
			if s.Key == "-race" && s.Value == "true" {
				return 20
			}
		}
	}
	return 1
}

// TestHostileFiles: whatever a file of the corpus holds, the command ends within the CPU time
// and the memory that it may take, without a panic, and either fails with status 1 or makes
// an image, which is the one that GDAL reads where GDAL reads one.
func TestHostileFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("a process or two for each of hundreds of files")
	}
	expected := expectedSums(t, corpus(t, "hostile"))
	dir := t.TempDir()
	made := map[string]string{} // the decoded files, by the name of their sources
	for _, folder := range []string{"hostile", "faults"} {
		root := corpus(t, folder)
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || slices.Contains([]string{".tsv", ".md", ".txt"}, filepath.Ext(name)) {
				return err
			}
			qtg, tif := filepath.Join(dir, filepath.Base(name)+".qtg"), filepath.Join(dir, filepath.Base(name)+".tif")
			from := name
			if filepath.Ext(name) != ".qtg" {
				if bounded(t, name, qtg, "-i", name, "-t", "0", "-q", "-o", qtg) != exitOK {
					return nil
				}
				from = qtg
			}
			if bounded(t, name, from, "-i", from, "-q", "-o", tif) == exitOK && folder == "hostile" {
				made[filepath.Base(name)] = tif
			}
			return nil
		})
		require.NoError(t, err)
	}
	require.NotEmpty(t, made)
	sums := gdalSums(t, made)
	for name, sum := range sums {
		assert.Equal(t, expected[name], sum, name) // none where GDAL refuses it
	}
}

// bounded runs the command as a process of its own and holds what it took against the limits;
// qtg is the file that tells how large an image is that the command has made.
func bounded(t *testing.T, name, qtg string, args ...string) int {
	t.Helper()
	var said strings.Builder
	took, w, err := os.Pipe()
	require.NoError(t, err)
	defer took.Close()
	c := exec.Command(os.Args[0], args...)
	c.Env, c.Stderr, c.ExtraFiles = append(os.Environ(), measuring+"=1"), &said, []*os.File{w}
	err = c.Run()
	status := c.ProcessState.ExitCode()
	if status != exitFailure {
		require.NoError(t, err, "%s: %s", name, said.String())
	}
	require.NoError(t, w.Close())
	var cpu time.Duration
	var kibibytes int64
	_, err = fmt.Fscan(took, (*int64)(&cpu), &kibibytes)
	require.NoError(t, err, "%s: %s", name, said.String())
	assert.NotContains(t, said.String(), "goroutine ", name)
	limit := hostileCPU * time.Duration(raceSlows())
	if status == exitOK {
		limit += limit * time.Duration(pixelsOf(t, qtg)/hostilePixels)
	}
	assert.LessOrEqual(t, cpu, limit, "%s: CPU time", name)
	assert.LessOrEqual(t, kibibytes<<10, hostileMemory*raceSlows(), "%s: memory", name)
	return status
}

// measuring asks a process of the tests to run the command in another one and to measure that.
const measuring = "QTGPU_TEST_MEASURING"

func init() {
	if os.Getenv(measuring) != "" {
		measureCommand()
	}
}

// measureCommand writes the CPU time in nanoseconds and the memory in KiB that the command takes to file 3.
// A process counts as its own the memory that the one that starts it has, which the one of tests has
// much of.
func measureCommand() {
	os.Unsetenv(measuring)
	c := command(os.Args[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); c.ProcessState == nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUsage)
	}
	cpu := c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	fmt.Fprintln(os.NewFile(3, "took"), int64(cpu), c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	os.Exit(c.ProcessState.ExitCode())
}

// pixelsOf is the number of pixels of a .qtg file.
func pixelsOf(t *testing.T, qtg string) int {
	var info rasterReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "info", qtg, "--json")), &info))
	return info.Width * info.Height
}

// expectedSums are GDAL's sums of the samples of the files that it reads, by their names.
func expectedSums(t *testing.T, dir string) map[string]string {
	sums := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(readFile(t, filepath.Join(dir, "EXPECTED.tsv")))), "\n")[1:] {
		if f := strings.Split(line, "\t"); f[6] == "ok" {
			sums[f[0]] = f[7]
		}
	}
	require.NotEmpty(t, sums)
	return sums
}

// gdalSums are the sums of files as EXPECTED.tsv has them, by the names of their sources.
func gdalSums(t *testing.T, files map[string]string) (sums map[string]string) {
	const name = "/usr/bin/python3"
	if exec.Command(name, "-c", "import osgeo.gdal").Run() != nil {
		t.Log("no GDAL for Python: images are not compared")
		return nil
	}
	cmd := exec.Command(name, "-c", `
import sys, json, hashlib
from osgeo import gdal
gdal.UseExceptions()
sums = {}
for source, file in json.load(sys.stdin).items():
    d = gdal.Open(file)
    size = gdal.GetDataTypeSize(d.GetRasterBand(1).DataType)//8
    sums[source] = hashlib.md5(d.ReadRaster(buf_pixel_space=size*d.RasterCount, buf_band_space=size)).hexdigest()
json.dump(sums, sys.stdout)
`)
	names, err := json.Marshal(files)
	require.NoError(t, err)
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(names)), os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(out, &sums))
	return sums
}
