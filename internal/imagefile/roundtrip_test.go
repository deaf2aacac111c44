package imagefile

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

func encode(t testing.TB, format string, m *Image, opt WriteOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, format, m, opt))
	return b.Bytes()
}

// unsaid is what Unsaid names of an image.
func unsaid(format string, m *Image) []string {
	return Unsaid(format, m.Format(), m.Meta, WriteOptions{})
}

func decode(t testing.TB, format string, data []byte) *Image {
	t.Helper()
	m, name, err := Read(bytes.NewReader(data), ReadOptions{})
	require.NoError(t, err)
	require.Equal(t, format, name)
	return m
}

func TestLosslessRoundTrip(t *testing.T) {
	eachShape(t, func(t *testing.T, m *Image) {
		for _, src := range shorttest.Cases([]*Image{tight(m), m}) {
			requireSame(t, m, decode(t, "tif", encode(t, "tif", src, WriteOptions{})))
			requireSame(t, m, decode(t, "tif", encode(t, "tif", src, WriteOptions{Uncompressed: true})))
			requireSamePNG(t, m, decode(t, "png", encode(t, "png", src, WriteOptions{})))
			if m.Channels == 1 {
				requireSame(t, m, decode(t, "pnm", encode(t, "pgm", src, WriteOptions{})))
			}
			if m.Channels == 3 {
				requireSame(t, m, decode(t, "pnm", encode(t, "ppm", src, WriteOptions{})))
			}
		}
	})
}

func TestWriteRowsWithPadding(t *testing.T) {
	for channels := 1; channels <= 4; channels++ {
		m := noise(21, 15, channels, 8)
		crop := *m
		crop.Pix, crop.W, crop.H = m.Pix[3*m.Stride+5*m.Step:], 11, 9
		requireSame(t, &crop, decode(t, "tif", encode(t, "tif", &crop, WriteOptions{})))
	}
}

func TestWriteGrayAsPPM(t *testing.T) {
	for _, depth := range []int{8, 16} {
		m := noise(5, 3, 1, depth)
		got := decode(t, "pnm", encode(t, "ppm", m, WriteOptions{}))
		require.Equal(t, 3, got.Channels)
		for i := range m.W * m.H {
			for c := range 3 {
				require.Equal(t, m.Pix[i*depth/8:][:depth/8], got.Pix[(3*i+c)*depth/8:][:depth/8], "pixel %d channel %d", i, c)
			}
		}
	}
}

func TestJPEGIsClose(t *testing.T) {
	for _, channels := range []int{1, 3} {
		m := New(33, 21, channels, 8)
		for i := range m.W * m.H {
			for c := range channels {
				m.Pix[i*m.Step+c] = byte(40 + 3*(i%m.W) + 2*(i/m.W) + 20*c)
			}
		}
		got := decode(t, "jpg", encode(t, "jpg", m, WriteOptions{}))
		require.Equal(t, channels, got.Channels)
		for i := range m.W * m.H {
			x, y := i%m.W, i/m.W
			for c := range channels {
				require.InDelta(t, m.Pix[i*m.Step+c], got.Pix[y*got.Stride+x*got.Step+c], 6, "pixel %d,%d channel %d", x, y, c)
			}
		}
	}
}

// The writer is right by another reader's account, the reader by another
// writer's.
func TestTIFFAgainstXImage(t *testing.T) {
	for _, channels := range []int{1, 3, 4} {
		for _, depth := range []int{8, 16} {
			m := noise(71, 43, channels, depth)
			for _, opt := range []WriteOptions{{}, {Uncompressed: true}} {
				std, err := tiff.Decode(bytes.NewReader(encode(t, "tif", m, opt)))
				require.NoError(t, err)
				got, err := FromImage(std)
				require.NoError(t, err)
				requireSame(t, m, got)
			}
			for _, opt := range []tiff.Options{{}, {Compression: tiff.Deflate}, {Compression: tiff.Deflate, Predictor: true}} {
				var b bytes.Buffer
				require.NoError(t, tiff.Encode(&b, m.Std(), &opt))
				want := *m
				if channels == 3 {
					want.Channels = 4 // x/image/tiff writes the padding as alpha
				}
				requireSame(t, &want, decode(t, "tif", b.Bytes()))
			}
		}
	}
}

func TestReadBMP(t *testing.T) {
	for _, channels := range []int{1, 3} {
		m := noise(19, 11, channels, 8)
		var b bytes.Buffer
		require.NoError(t, bmp.Encode(&b, m.Std()))
		requireSame(t, m, decode(t, "bmp", b.Bytes()))
	}
}

// 16×16 pixels of one colour and no loss, as libwebp writes them.
const webpLossless = "RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00" +
	"\x2f\x0f\xc0\x03\x00\x07\x50\xb2\x22\x57\xa6\xff\x81\x88\xe8\x7f\x00\x00"

// 8×8 pixels of colour 200 100 50 at quality 90, alpha 0, 4, 8 to 252.
const webpAlpha = "RIFF\x70\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x07\x00\x00\x07\x00\x00" +
	"ALPH\x18\x00\x00\x00\x01\x99\x8c\xe8\x7f\x40\x4d\x00\x02\x8c\x15\x44\xff\x9c\x3e\x05\x22\x26\x60\x02\x30\x76\xdd\x00" +
	"VP8 \x32\x00\x00\x00\xd0\x01\x00\x9d\x01\x2a\x08\x00\x08\x00\x00\xc0\x12\x25\xa0\x02\x74\xba\x01\xf8\x00\x03\xb0" +
	"\x00\xfe\xda\x26\xff\xee\xf3\x7e\xd3\xd7\xb4\xf5\xfd\x4c\xff\xf8\xca\x9f\x20\x3f\xe3\x2a\x7f\xc5\xcc\x00\x00"

func TestReadWebP(t *testing.T) {
	m := decode(t, "webp", []byte(webpLossless))
	require.Equal(t, []int{16, 16, 3, 8}, []int{m.W, m.H, m.Channels, m.Depth})
	for i := range 256 {
		require.Equal(t, []byte{200, 100, 50, 255}, m.Pix[4*i:][:4], "pixel %d,%d", i%16, i/16)
	}
	m = decode(t, "webp", []byte(webpAlpha))
	require.Equal(t, []int{8, 8, 4, 8}, []int{m.W, m.H, m.Channels, m.Depth})
	for i := range 64 {
		p := m.Pix[4*i:][:4]
		require.Equal(t, byte(4*i), p[3], "alpha of pixel %d,%d", i%8, i/8)
		if i >= 32 { // libwebp is free in what cannot be seen
			for c, want := range []byte{200, 100, 50} {
				require.InDelta(t, want, p[c], 12, "pixel %d,%d channel %d", i%8, i/8, c)
			}
		}
	}
}

func TestReadPalettes(t *testing.T) {
	palette := color.Palette{color.RGBA{R: 1, G: 2, B: 3, A: 255}, color.RGBA{R: 250, A: 255}, color.RGBA{G: 7, A: 255}}
	p := painted(image.NewPaletted(image.Rect(0, 0, 13, 9), palette), true)
	for name, write := range map[string]func(io.Writer) error{
		"tif": func(w io.Writer) error { return tiff.Encode(w, p, nil) },
		"bmp": func(w io.Writer) error { return bmp.Encode(w, p) },
	} {
		var b bytes.Buffer
		require.NoError(t, write(&b))
		got := decode(t, name, b.Bytes())
		require.Equal(t, p.Pix, got.Index)
		require.Equal(t, 3, got.Channels)
		for i := range p.Pix {
			require.Equal(t, color.Color(palette[p.Pix[i]]), got.At(i%13, i/13), "%s pixel %d,%d", name, i%13, i/13)
		}
	}
}

func TestReadErrors(t *testing.T) {
	pam := "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE "
	cases := []struct{ name, file, want string }{
		{"empty", "", "not an image: the input is empty"},
		{"text", "%!PS-Adobe", "not an image that qtgpu reads: expected TIFF, PNG, JPEG, BMP, WebP or PNM, found bytes 25 21 50 53"},
		{"one byte", "x", "found bytes 78"},
		{"bigtiff", "II+\x00\x08\x00\x00\x00", "truncated header: expected 16 bytes of BigTIFF"},
		{"png head", pngSignature, "reading PNG: chunk at byte 8: expected chunks up to IEND: unexpected EOF"},
		{"tiff head", "II*\x00", "reading TIFF: truncated header: expected 8 bytes"},
		{"tiff directory", "II*\x00\x99\x00\x00\x00", "reading TIFF: directory at 153: the file ends at 8"},
		{"jpeg head", "\xff\xd8\xff", "reading JPEG: "},
		{"pnm size", "P5 0 3 255\n", "reading PNM: header: image of 0x3 pixels, expected at least 1x1"},
		{"pnm huge", "P5 99999 99999 255\n", "image of 99999x99999 pixels, expected at most 1073741824 in all"},
		{"pnm word", "P5 3 x 255\n", `header: height "x": expected a number`},
		{"pnm maximum", "P5 3 3 70000\n", "header: maximum 70000, expected 1 to 65535"},
		{"pnm short", "P5 100 100 255\nabc", "header promises more than the file holds: expected at least 10000 bytes, found 18"},
		{"pnm rows", "P6 2 2 255\nabcdefghijk", "row 1 of 2: expected 6 bytes of samples, found 5: unexpected EOF"},
		{"pnm sample", "P5 1 1 100\n\xff", "row 0 of 1: sample 255: expected at most 100"},
		{"pnm text", "P2 2 1 255\n1 z2345", `row 0 of 1: sample "z2345": expected a number up to 255`},
		{"pam kind", pam + "CMYK\nENDHDR\nabcd", `tuple type "CMYK" with 4 channels`},
		{"pnm side", "P5 9999999999 1 255\n", "expected at most "},
		{"pnm long word", "P5 " + strings.Repeat("1", 300), "word of more than 256 bytes"},
		{"pnm ends", "P5 7", "header: height: unexpected EOF"},
		{"pbm text", "P1 2 1\n0x", "byte 'x': expected 0 or 1"},
		{"pbm comment", "P1 2 1\n0#", "row 0 of 1: unexpected EOF"},
		{"pgm text", "P2 2 1 255\n1 300", "sample 300: expected at most 255"},
		{"pam channels", "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\nabcde", "5 channels, expected 1 to 4"},
		{"pam number", "P7\nWIDTH x\n", `WIDTH "x": expected a number`},
		{"pam ends", "P7\nWIDTH 1\n", "expected ENDHDR: unexpected EOF"},
		{"pam long line", "P7\n#" + strings.Repeat(" ", 300), "line of more than 256 bytes"},
		{"pam line", "P7\nWIDE 1\n", `line "WIDE", expected WIDTH`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.file), iotest.OneByteReader(strings.NewReader(c.file))} {
				m, _, err := Read(r, ReadOptions{})
				require.Nil(t, m)
				require.ErrorContains(t, err, c.want)
			}
		})
	}
}

func TestReadRefusesEarly(t *testing.T) {
	_, _, err := Read(zeros{}, ReadOptions{})
	require.ErrorContains(t, err, "found bytes 00 00 00 00", "an endless input")

	dir, err := os.Open(t.TempDir())
	require.NoError(t, err)
	defer dir.Close()
	_, _, err = Read(dir, ReadOptions{})
	require.ErrorContains(t, err, "is a directory")
}

func TestGuard(t *testing.T) {
	err := guard(func() error { panic("index out of range") })
	require.EqualError(t, err, "damaged data: the decoder failed: index out of range")
}

func TestReadWithoutSeeking(t *testing.T) {
	m := noise(31, 17, 3, 8)
	for _, format := range []string{"tif", "png", "ppm"} {
		got, _, err := Read(iotest.HalfReader(bytes.NewReader(encode(t, format, m, WriteOptions{}))), ReadOptions{})
		require.NoError(t, err)
		requireSame(t, m, got)
	}
	cause := errors.New("broken pipe")
	_, _, err := Read(io.MultiReader(strings.NewReader("P5 9 9 255\n1234567890"), iotest.ErrReader(cause)), ReadOptions{})
	require.ErrorIs(t, err, cause)
}

func TestReadFromCurrentPosition(t *testing.T) {
	r := bytes.NewReader(append([]byte("before"), encode(t, "tif", noise(3, 3, 1, 8), WriteOptions{})...))
	_, err := r.Seek(6, io.SeekStart)
	require.NoError(t, err)
	got, _, err := Read(r, ReadOptions{})
	require.NoError(t, err)
	requireSame(t, noise(3, 3, 1, 8), got)
}

func TestMaxPixels(t *testing.T) {
	m := noise(20, 10, 1, 8)
	for _, format := range []string{"tif", "png", "pgm", "jpg"} {
		data := encode(t, format, m, WriteOptions{})
		_, _, err := Read(bytes.NewReader(data), ReadOptions{MaxPixels: 200})
		require.NoError(t, err, format)
		_, _, err = Read(bytes.NewReader(data), ReadOptions{MaxPixels: 199})
		require.ErrorContains(t, err, "image of 20x10 pixels, expected at most 199 in all", format)
	}
	_, _, err := Read(io.MultiReader(strings.NewReader("P5 1 1 1\n"), zeros{}), ReadOptions{MaxPixels: 1})
	require.ErrorContains(t, err, "expected at most 8 for each of 1 pixels")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWriteErrors(t *testing.T) {
	cases := []struct {
		format   string
		channels int
		want     string
	}{
		{"pgm", 3, "pgm holds no colour: write ppm instead"},
		{"pgm", 2, "pgm holds no alpha: write png or tif instead"},
		{"ppm", 4, "ppm holds no alpha: write png or tif instead"},
		{"jpg", 4, "jpg holds no alpha: write png or tif instead"},
		{"gif", 1, `format "gif": expected png, tif, ppm, pgm, pbm or jpg`},
	}
	for _, c := range cases {
		require.EqualError(t, Write(io.Discard, c.format, New(2, 2, c.channels, 8), WriteOptions{}), c.want)
	}
	require.ErrorContains(t, Write(io.Discard, "jpg", New(65536, 1, 1, 8), WriteOptions{}), "at most 65500 pixels a side")
}

// full fails once n bytes are written.
type full struct{ n int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteReportsAFullDisk(t *testing.T) {
	m := noise(400, 300, 3, 8)
	m.Meta = sampleMeta()
	for _, format := range []string{"png", "tif", "ppm", "jpg"} {
		size := len(encode(t, format, m, WriteOptions{}))
		for _, n := range []int{0, 1, 100, size / 2, size - 1} {
			require.ErrorIs(t, Write(&full{n}, format, m, WriteOptions{}), errFull, "%s after %d bytes", format, n)
		}
		require.NoError(t, Write(&full{size}, format, m, WriteOptions{}))
	}
}

func TestFormatFromName(t *testing.T) {
	for name, want := range map[string]string{
		"a.png": "png", "b/c.TIFF": "tif", "d.tif": "tif", "e.x.Jpeg": "jpg", "f.jpg": "jpg", "g.ppm": "ppm", "h.pgm": "pgm",
	} {
		got, err := FormatFromName(name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
	for _, name := range []string{"", "png", "a.webp", "a.png/b"} {
		_, err := FormatFromName(name)
		require.ErrorContains(t, err, "expected .png, .tif, .ppm, .pgm, .pbm or .jpg", fmt.Sprintf("%q", name))
	}
}
