package imagefile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestForeignFormats: formats that are not read are refused by name, from a file
// and from a stream.
func TestForeignFormats(t *testing.T) {
	box := func(brands ...string) string {
		s := "ftyp" + brands[0] + "\x00\x00\x00\x00" + strings.Join(brands[1:], "")
		return "\x00\x00\x00" + string([]byte{byte(4 + len(s))}) + s
	}
	cases := []struct{ name, file string }{
		{"GIF", "GIF89a\x01\x00"}, {"GIF", "GIF87a"},
		{"PSD", "8BPS\x00\x01"}, {"PSB", "8BPS\x00\x02"},
		{"JPEG XL", "\xff\x0a\x00"}, {"JPEG XL", "\x00\x00\x00\x0cJXL \r\n\x87\n"},
		{"JPEG 2000", "\xff\x4f\xff\x51\x00"}, {"JPEG 2000", "\x00\x00\x00\x0cjP  \r\n\x87\n"},
		{"OpenEXR", "v/1\x01\x02"}, {"DDS", "DDS |"}, {"ICO", "\x00\x00\x01\x00\x01\x00"}, {"PDF", "%PDF-1.7"},
		{"AVIF", box("avif", "mif1")}, {"AVIF", box("mif1", "miaf", "avif")}, {"AVIF", box("avis")},
		{"HEIC", box("heic", "mif1")}, {"HEIC", box("mif1", "heic")}, {"HEIF", box("mif1", "miaf")},
		{"SVG", "<svg xmlns='http://www.w3.org/2000/svg'/>"}, {"SVG", "<?xml version='1.0'?>\n<!-- a\nb -->\n<svg>"},
		{"SVG", "\xef\xbb\xbf <svg "}, {"SVG", "<?xml version='1.0'?><!DOCTYPE svg PUBLIC"},
		{"an animated WebP", "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x12\x00\x00\x00"},
	}
	for _, c := range cases {
		want := c.name + " is not read: expected TIFF, PNG, JPEG, BMP, WebP or PNM"
		_, _, err := Read(strings.NewReader(c.file), ReadOptions{})
		require.EqualError(t, err, want, "%q", c.file)
		_, _, err = Read(bytes.NewBufferString(c.file), ReadOptions{})
		require.EqualError(t, err, want, "%q", c.file)
	}
	for _, file := range []string{"<?xml version='1.0'?><html>", box("isom", "mp41"), "RIFF\x00\x00\x00\x00WAVE", "8BPS\x00\x03", "GI"} {
		_, _, err := Read(strings.NewReader(file), ReadOptions{})
		require.ErrorContains(t, err, "not an image that qtgpu reads", "%q", file)
	}
}

// TestAnimatedWebP: animated files of the corpus are refused by name.
func TestAnimatedWebP(t *testing.T) {
	dir := filepath.Join(corpus(t), "faults")
	for _, name := range []string{"w-anim.webp", "reports/animated.webp"} {
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
		require.NoError(t, err)
		defer f.Close()
		_, _, err = Read(f, ReadOptions{})
		require.ErrorContains(t, err, "an animated WebP is not read", name)
	}
}
