package main

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBench(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.png")
	writeImage(t, in, 130, 90, 3, 8)
	table, plot := filepath.Join(dir, "a.csv"), filepath.Join(dir, "a.svg")
	out := mustRun(t, "bench", "-i", in, "--runs", "2", "--csv", table, "--plot", plot)
	for _, want := range []string{"130×90", "65×45", "32×22", "16×11", "colour", "pyramid", "entropy", "total", "megapixels a second"} {
		assert.Contains(t, out, want)
	}
	rows, err := csv.NewReader(bytes.NewReader(readFile(t, table))).ReadAll()
	require.NoError(t, err)
	runs := 0
	for _, r := range rows {
		if r[0] == "130" && r[2] == "cpu" && r[3] == "total" {
			runs++
		}
	}
	assert.Equal(t, 2, runs, "runs of the CPU on the whole image")
	d := xml.NewDecoder(bytes.NewReader(readFile(t, plot)))
	for err == nil {
		_, err = d.Token()
	}
	assert.ErrorIs(t, err, io.EOF, "the plot is XML")

	qtgpuRun("bench", "-i", in, "--runs", "1", "--csv", table).fails(t, exitFailure, table+": exists already", "no -f")
	picture := filepath.Join(dir, "a.png")
	mustRun(t, "bench", "-i", in, "--runs", "1", "--plot", picture, "--no-verify")
	m, err := png.Decode(bytes.NewReader(readFile(t, picture)))
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, chartW, chartH), m.Bounds())

	qtgpuRun("bench").fails(t, exitUsage, "missing -i IN", "no input")
	qtgpuRun("bench", "-i", in, "--runs", "0").fails(t, exitUsage, "--runs 0: expected 1 or more", "runs")
	qtgpuRun("bench", "-i", in, "--plot", "x.gif").fails(t, exitUsage, "expected .svg or .png", "plot")
	qtgpuRun("bench", "-i", in, "-t", "300").fails(t, exitUsage, "threshold 300 with the bound rms", "threshold")
}

// TestCrossover: the GPU must be ahead from a size up to the largest one.
func TestCrossover(t *testing.T) {
	sizes := []image.Point{{X: 80, Y: 80}, {X: 40, Y: 40}, {X: 20, Y: 20}}
	for _, c := range []struct {
		gpu  []int // milliseconds by size, against 10 of the CPU
		want string
	}{
		{[]int{9, 9, 11}, "the GPU encodes faster from 40×40 on"},
		{[]int{9, 9, 9}, "the GPU encodes faster from 20×20 on"},
		{[]int{9, 11, 9}, "the GPU encodes faster from 80×80 on"},
		{[]int{10, 9, 9}, "none: the CPU encodes the largest size faster"},
	} {
		b := benchmark{sizes: sizes}
		for i, size := range sizes {
			for run, extra := range []int{50, 0, -50} { // the median has no extra
				b.samples = append(b.samples,
					timing{size, backendCPU, stageTotal, run, time.Duration(10+extra) * time.Millisecond},
					timing{size, backendGPU, stageTotal, run, time.Duration(c.gpu[i]+extra) * time.Millisecond})
			}
		}
		assert.Equal(t, c.want, b.crossover(), "%v", c.gpu)
	}
}
