package imagefile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// noise returns an image in the layout of New with samples of all values.
func noise(w, h, channels, depth int) *Image {
	m := New(w, h, channels, depth)
	rng := rand.New(rand.NewPCG(uint64(w*h), uint64(channels*depth)))
	for i := range w * h {
		p := m.Pix[i*m.Step:]
		for b := range channels * depth / 8 {
			p[b] = byte(rng.Uint32())
		}
	}
	return m
}

// tight returns m with pixels of no padding, as the TIFF reader makes them.
func tight(m *Image) *Image {
	to := newPacked(m.W, m.H, m.Channels, m.Depth, m.Channels*m.Depth/8)
	for y := range m.H {
		m.copyRow(to.Pix[y*to.Stride:], to.Step, y, m.Channels)
	}
	return to
}

// requireSame compares samples, not padding, and names the first that differs.
func requireSame(t *testing.T, want, got *Image) {
	t.Helper()
	require.Equal(t, []int{want.W, want.H, want.Channels, want.Depth}, []int{got.W, got.H, got.Channels, got.Depth}, "width, height, channels, depth")
	size := want.Channels * want.Depth / 8
	for y := range want.H {
		for x := range want.W {
			p, q := want.Pix[y*want.Stride+x*want.Step:][:size], got.Pix[y*got.Stride+x*got.Step:][:size]
			if !bytes.Equal(p, q) {
				require.Equal(t, p, q, "pixel %d,%d", x, y)
			}
		}
	}
}

// eachShape runs a test for every number of channels, depth and some sizes.
func eachShape(t *testing.T, test func(t *testing.T, m *Image)) {
	for _, size := range [][2]int{{1, 1}, {1, 7}, {9, 1}, {17, 13}, {640, 301}} {
		for channels := 1; channels <= 4; channels++ {
			for _, depth := range []int{8, 16} {
				m := noise(size[0], size[1], channels, depth)
				t.Run(fmt.Sprintf("%dx%d/%d ch/%d bit", m.W, m.H, channels, depth), func(t *testing.T) { test(t, m) })
			}
		}
	}
}

func TestStdShowsTheSamePixels(t *testing.T) {
	eachShape(t, func(t *testing.T, m *Image) {
		for _, m := range []*Image{m, tight(m)} {
			std := m.Std()
			require.Equal(t, m.Bounds(), std.Bounds())
			for y := range min(m.H, 20) {
				for x := range min(m.W, 20) {
					require.Equal(t, std.At(x, y), m.At(x, y), "pixel %d,%d", x, y)
					require.Equal(t, m.At(x, y), m.ColorModel().Convert(m.At(x, y)), "colour model at %d,%d", x, y)
				}
			}
			r, g, b, _ := m.At(m.W, 0).RGBA()
			require.Zero(t, r|g|b, "outside")
		}
	})
}

func TestStdAndFromImageShareSamples(t *testing.T) {
	eachShape(t, func(t *testing.T, m *Image) {
		if m.Channels == 2 {
			t.Skip("package image has no gray with alpha")
		}
		got, err := FromImage(m.Std())
		require.NoError(t, err)
		if m.Channels == 4 && got.Channels == 3 {
			t.Skip("noise of one pixel came out opaque")
		}
		require.Equal(t, m.Interleaved, got.Interleaved)
		require.Same(t, &m.Pix[0], &got.Pix[0])
	})
}

func TestFromImageIsIdentity(t *testing.T) {
	m := New(2, 3, 2, 16)
	got, err := FromImage(m)
	require.NoError(t, err)
	require.Same(t, m, got)
}

// painted fills a drawable image with colours that its model may change.
func painted[T interface {
	image.Image
	Set(x, y int, c color.Color)
}](m T, opaque bool) T {
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBA{R: uint8(17 * x), G: uint8(29 * y), B: uint8(x * y), A: uint8(40 + 23*x)}
			if opaque {
				c.A = 255
			}
			m.Set(x, y, c)
		}
	}
	return m
}

// other hides the type of an image.
type other struct{ image.Image }

func TestFromImageColours(t *testing.T) {
	r := image.Rect(-3, 2, 8, 11)
	sub := image.Rect(-1, 4, 6, 10)
	cases := []struct {
		name            string
		m               image.Image
		channels, depth int
	}{
		{"gray", painted(image.NewGray(r), true), 1, 8},
		{"gray16", painted(image.NewGray16(r), true), 1, 16},
		{"rgba", painted(image.NewRGBA(r), false), 4, 8},
		{"rgba opaque", painted(image.NewRGBA(r), true), 3, 8},
		{"rgba64", painted(image.NewRGBA64(r), false), 4, 16},
		{"rgba64 opaque", painted(image.NewRGBA64(r), true), 3, 16},
		{"nrgba", painted(image.NewNRGBA(r), false), 4, 8},
		{"nrgba opaque", painted(image.NewNRGBA(r), true), 3, 8},
		{"nrgba64", painted(image.NewNRGBA64(r), false), 4, 16},
		{"nrgba64 opaque", painted(image.NewNRGBA64(r), true), 3, 16},
		{"cmyk", painted(image.NewCMYK(r), true), 3, 8},
		{"alpha", painted(image.NewAlpha(r), false), 4, 8},
		{"alpha16", painted(image.NewAlpha16(r), false), 4, 16},
		{"paletted", painted(image.NewPaletted(r, color.Palette{color.Gray{}, color.RGBA{R: 9, A: 255}, color.White}), true), 3, 8},
		{"paletted gray", painted(image.NewPaletted(r, color.Palette{color.Gray{Y: 90}, color.White}), true), 1, 8},
		{"paletted alpha", painted(image.NewPaletted(r, color.Palette{color.NRGBA{R: 9, A: 3}, color.White}), false), 4, 8},
		{"unknown gray", other{painted(image.NewGray16(r), true)}, 1, 16},
		{"unknown rgba", other{painted(image.NewNRGBA64(r), false)}, 4, 16},
		{"ycbcr 4:2:0", image.NewYCbCr(r, image.YCbCrSubsampleRatio420), 3, 8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			requireColours(t, c.m, c.channels, c.depth)
			if s, ok := c.m.(interface {
				SubImage(image.Rectangle) image.Image
			}); ok {
				requireColours(t, s.SubImage(sub), c.channels, c.depth)
			}
		})
	}
}

func requireColours(t *testing.T, m image.Image, channels, depth int) {
	t.Helper()
	got, err := FromImage(m)
	require.NoError(t, err)
	b := m.Bounds()
	require.Equal(t, []int{b.Dx(), b.Dy(), channels, depth}, []int{got.W, got.H, got.Channels, got.Depth})
	for y := range got.H {
		for x := range got.W {
			want := got.ColorModel().Convert(m.At(b.Min.X+x, b.Min.Y+y))
			require.Equal(t, want, got.At(x, y), "pixel %d,%d", x, y)
		}
	}
	if got.Channels == 3 && got.Step == 4*depth/8 {
		require.True(t, got.Std().(interface{ Opaque() bool }).Opaque(), "padding at full scale")
	}
}

func TestFromImageKeepsStraightAlphaOfYCbCr(t *testing.T) {
	m := image.NewNYCbCrA(image.Rect(2, 3, 9, 8), image.YCbCrSubsampleRatio444)
	for i := range m.Y {
		m.Y[i], m.Cb[i], m.Cr[i], m.A[i] = byte(7*i), byte(99+i), byte(150-i), byte(i)
	}
	got, err := FromImage(m.SubImage(image.Rect(3, 4, 8, 7)))
	require.NoError(t, err)
	for y := range got.H {
		for x := range got.W {
			c := m.NYCbCrAAt(3+x, 4+y)
			r, g, b := color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
			require.Equal(t, color.NRGBA{R: r, G: g, B: b, A: c.A}, got.At(x, y), "pixel %d,%d", x, y)
		}
	}
}

func TestFromImagePaletteIndices(t *testing.T) {
	p := painted(image.NewPaletted(image.Rect(1, 1, 6, 5), color.Palette{color.Black, color.RGBA{R: 200, A: 255}, color.White}), true)
	got, err := FromImage(p)
	require.NoError(t, err)
	require.Equal(t, p.Palette, got.Palette)
	require.Equal(t, p.Pix, got.Index)

	p.Pix[7] = 3
	_, err = FromImage(p)
	require.EqualError(t, err, "pixel 2,1: palette index 3, expected less than 3")
}

func TestFromImageRefusesEmpty(t *testing.T) {
	_, err := FromImage(image.NewGray(image.Rect(0, 0, 0, 5)))
	require.ErrorContains(t, err, "0x5 pixels: expected at least 1x1")
}
