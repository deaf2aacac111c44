// Command qtgref decodes a .qtg file by the naive decoder of package refdec.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/qtgpu/qtgpu/internal/refdec"
)

const usage = `usage: qtgref [-max-pixels N] IN.qtg OUT.pnm|OUT.pam|OUT.raw

Decodes a .qtg file by a naive decoder, which was written from docs/FORMAT.md alone:
slow, whole images, for checking what other decoders and encoders do. Metadata is left
out.

The name of the output says what is written:
  .pnm .pgm .ppm  PGM of one band, PPM of three
  .pam            PAM, also of two and four bands; samples are as the file has them,
                  premultiplied colours too
  .raw            samples of any type, little-endian, without a header

`

func main() {
	err := run(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "qtgref:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

// run is the command; stderr takes the help.
func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("qtgref", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	maxPixels := flags.Int64("max-pixels", refdec.MaxPixels, "most `pixels` of an image, sides rounded up to multiples of 32")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if flags.NArg() != 2 {
		flags.Usage()
		return errUsage
	}
	return convert(flags.Arg(0), flags.Arg(1), *maxPixels)
}

// convert decodes the file in into the file out, which is written last.
func convert(in, out string, maxPixels int64) error {
	p, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	f, err := refdec.Parse(p, maxPixels)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	if err := f.CheckOvers(); err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	m, err := f.Level(0)
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	head, err := header(m, filepath.Ext(out))
	if err != nil {
		return fmt.Errorf("%s: %w", out, err)
	}
	body := samples(m)
	if filepath.Ext(out) == ".raw" {
		for at := range slices.Chunk(body, m.Bits/8) {
			slices.Reverse(at)
		}
	}
	return os.WriteFile(out, append([]byte(head), body...), 0o666)
}

// header is what stands before the samples in a file of the named kind.
func header(m *refdec.Image, ext string) (string, error) {
	switch {
	case ext == ".raw":
		return "", nil
	case m.Bands > 4 || m.Bits > 16 || m.Maximum == 0:
		return "", fmt.Errorf("%s of %d bands of type %d, expected a .raw", ext, m.Bands, m.Header.Type)
	}
	switch ext {
	case ".pam":
		kind := [5]string{1: "GRAYSCALE", 2: "GRAYSCALE_ALPHA", 3: "RGB", 4: "RGB_ALPHA"}[m.Bands]
		if m.Bands%2 == 0 && m.Bands == m.Header.NumBands() && m.Header.Alpha() == refdec.Data {
			kind = "BANDS"
		}
		return fmt.Sprintf("P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n", m.Width, m.Height, m.Bands, m.Maximum, kind), nil
	case ".pnm", ".pgm", ".ppm":
		magic := map[int]string{1: "P5", 3: "P6"}[m.Bands]
		if magic == "" || ext == ".pgm" && m.Bands != 1 || ext == ".ppm" && m.Bands != 3 {
			return "", fmt.Errorf("%s of %d bands, expected a .pam", ext, m.Bands)
		}
		return fmt.Sprintf("%s\n%d %d\n%d\n", magic, m.Width, m.Height, m.Maximum), nil
	}
	return "", fmt.Errorf("name ends in %q, expected .pnm, .pgm, .ppm, .pam or .raw", ext)
}

// samples are the bytes of all samples, big-endian.
func samples(m *refdec.Image) []byte {
	var b bytes.Buffer
	for _, v := range m.Samples {
		for shift := m.Bits - 8; shift >= 0; shift -= 8 {
			b.WriteByte(byte(v >> shift))
		}
	}
	return b.Bytes()
}
