package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/refdec"
)

const vectorDir = "../../../../testdata/conformance/"

// TestOutputs: what is written has the header of its format and all samples.
func TestOutputs(t *testing.T) {
	for _, c := range []struct{ vector, ext, header string }{
		{"exact-gray-1x1", ".pnm", "P5\n1 1\n255\n"},
		{"exact-gray16-67x45", ".pgm", "P5\n67 45\n65535\n"},
		{"gray10-90x60", ".pgm", "P5\n90 60\n1023\n"},
		{"exact-rgb-1x40", ".ppm", "P6\n1 40\n255\n"},
		{"exact-rgb-1x40", ".pam", "P7\nWIDTH 1\nHEIGHT 40\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"},
		{"exact-palette-90x70", ".pam", "P7\nWIDTH 90\nHEIGHT 70\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"},
		{"exact-bands2-40x50", ".pam", "P7\nWIDTH 40\nHEIGHT 50\nDEPTH 2\nMAXVAL 65535\nTUPLTYPE BANDS\nENDHDR\n"},
		{"grayalpha-65x33", ".pam", "P7\nWIDTH 65\nHEIGHT 33\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"},
	} {
		in, out := vectorDir+c.vector+".qtg", filepath.Join(t.TempDir(), "out"+c.ext)
		require.NoError(t, run([]string{in, out}, os.Stderr), c.vector)
		got, err := os.ReadFile(out)
		require.NoError(t, err)
		p, err := os.ReadFile(in)
		require.NoError(t, err)
		m, err := refdec.Decode(p)
		require.NoError(t, err)
		require.Equal(t, c.header, string(got[:min(len(c.header), len(got))]), c.vector)
		got = got[len(c.header):]
		require.Len(t, got, len(m.Samples)*m.Bits/8, c.vector)
		for i, v := range m.Samples {
			sample := int64(got[i*m.Bits/8])
			if m.Bits == 16 {
				sample = sample<<8 | int64(got[2*i+1])
			}
			require.Equal(t, v, sample, "%s: x %d, y %d, band %d", c.vector, i/m.Bands%m.Width, i/m.Bands/m.Width, i%m.Bands)
		}
	}
}

// TestRaw: samples of any type are little-endian.
func TestRaw(t *testing.T) {
	in, out := vectorDir+"raster-float64-special-60x50.qtg", filepath.Join(t.TempDir(), "out.raw")
	require.NoError(t, run([]string{in, out}, os.Stderr))
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	p, err := os.ReadFile(in)
	require.NoError(t, err)
	m, err := refdec.Decode(p)
	require.NoError(t, err)
	require.Len(t, got, 8*len(m.Samples))
	for i, v := range m.Samples {
		require.Equal(t, uint64(v), binary.LittleEndian.Uint64(got[8*i:]), "sample %d", i)
	}
}

// TestFailures: what cannot be done is said, and nothing is written.
func TestFailures(t *testing.T) {
	vector := vectorDir + "rgba-120x90.qtg"
	for _, c := range []struct {
		args []string
		out  string
		want string
	}{
		{[]string{vector}, "out.pnm", ".pnm of 4 bands, expected a .pam"},
		{[]string{vectorDir + "raster-int8-5bands-70x60.qtg"}, "out.pam", ".pam of 5 bands of type 4, expected a .raw"},
		{[]string{vector}, "out.png", `name ends in ".png", expected .pnm, .pgm, .ppm, .pam or .raw`},
		{[]string{"-max-pixels", "10000", vector}, "out.pam", "HEAD: 120×90 pixels, 12288 in multiples of 32, above the limit of 10000"},
		{[]string{"main.go"}, "out.pam", "main.go: Container: "},
		{[]string{"absent.qtg"}, "out.pam", "absent.qtg"},
	} {
		out := filepath.Join(t.TempDir(), c.out)
		assert.ErrorContains(t, run(append(c.args, out), os.Stderr), c.want)
		assert.NoFileExists(t, out)
	}
}

// TestUsage: calls that mean nothing show the help.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"one.qtg"}, {"-levels", "3", "a.qtg", "b.pam"}, {"-help"}} {
		var help bytes.Buffer
		require.Error(t, run(args, &help), "%q", args)
		assert.Contains(t, help.String(), "usage: qtgref", "%q", args)
		assert.Contains(t, help.String(), "max-pixels", "%q", args)
	}
}
