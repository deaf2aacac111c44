package jpeg

import (
	"bytes"
	"image"
	"image/color"
	stdjpeg "image/jpeg"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// bigPhoto is a photo of the corpus as a JPEG file of quality 90.
func bigPhoto(b *testing.B, options string) []byte {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = "../../../../shared/corpus"
	}
	name := dir + "/big/big.tif"
	if _, err := os.Stat(name); err != nil {
		b.Skip(err)
	}
	pnm := tool(b, nil, "tifftopnm -quiet "+name)
	return tool(b, pnm, "cjpeg -quality 90 "+options)
}

// BenchmarkDecode compares decoding to RGB with image/jpeg, of which the conversion
// is timed too. image/jpeg repeats chroma and so does less.
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ name, options string }{
		{"baseline", "-sample 2x2"}, {"progressive", "-sample 2x2 -progressive"}, {"444", "-sample 1x1"},
	} {
		file := bigPhoto(b, c.options)
		h, err := DecodeHeader(file)
		require.NoError(b, err)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(h.Width * h.Height * 3))
			for b.Loop() {
				_, err := Decode(file, Options{})
				require.NoError(b, err)
			}
		})
		b.Run(c.name+"/std", func(b *testing.B) {
			b.SetBytes(int64(h.Width * h.Height * 3))
			for b.Loop() {
				m, err := stdjpeg.Decode(bytes.NewReader(file))
				require.NoError(b, err)
				rgbOf(m.(*image.YCbCr))
			}
		})
	}
}

// rgbOf converts as image/draw does, without its checks.
func rgbOf(m *image.YCbCr) []byte {
	r := m.Rect
	out := make([]byte, 0, 3*r.Dx()*r.Dy())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			yi, ci := m.YOffset(x, y), m.COffset(x, y)
			red, green, blue := color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
			out = append(out, red, green, blue)
		}
	}
	return out
}

// BenchmarkEncode compares encoding of RGB with image/jpeg, which takes an RGBA
// image and has fixed Huffman tables.
func BenchmarkEncode(b *testing.B) {
	m, err := Decode(bigPhoto(b, "-sample 1x1"), Options{})
	require.NoError(b, err)
	p := m.picture()
	rgba := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	for i := range p.w * p.h {
		copy(rgba.Pix[4*i:], p.pix[3*i:3*i+3])
		rgba.Pix[4*i+3] = 255
	}
	for _, subsample := range []bool{true, false} {
		b.Run(map[bool]string{true: "420", false: "444"}[subsample], func(b *testing.B) {
			b.SetBytes(int64(len(p.pix)))
			for b.Loop() {
				require.NoError(b, Encode(io.Discard, p.source(), EncodeOptions{Quality: 90, Subsample: subsample}))
			}
		})
	}
	b.Run("420/std", func(b *testing.B) {
		b.SetBytes(int64(len(p.pix)))
		for b.Loop() {
			require.NoError(b, stdjpeg.Encode(io.Discard, rgba, &stdjpeg.Options{Quality: 90}))
		}
	})
}
