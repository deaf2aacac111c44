// Package raster holds images in memory and reads and writes them as TIFF,
// PNG, JPEG, BMP, WebP and PNM, with their ICC, EXIF and XMP metadata.
package raster

import (
	"image"
	"image/color"

	"github.com/qtgpu/qtgpu/chroma"
)

// Image is a raster of 8- or 16-bit samples: gray, gray and alpha, RGB or
// RGBA. It implements image.Image.
//
// Where Channels is 3 and Step is 4·Depth/8, the fourth sample of each pixel
// is at full scale, so that the pixels serve as image.RGBA or image.RGBA64.
type Image struct {
	chroma.Interleaved

	// Palette is that of a paletted source, nil for any other; Index then
	// holds the W·H palette indices, row by row, and Pix the colours.
	Palette color.Palette
	Index   []byte

	Alpha Alpha // what the last of 2 or 4 channels holds
	Max   int   // the sample of full scale; 0 stands for 2^Depth−1

	Meta Meta

	// Lost names what the file holds besides, which is left out; Notes says what
	// reading changed. Each is a phrase for people.
	Lost, Notes []string
}

// Alpha is what the last of two or four channels holds.
type Alpha uint8

// The kinds of a last channel.
const (
	Straight      Alpha = iota // opacity; the colours are as they are
	Premultiplied              // opacity; the colours have been multiplied by it
	NoAlpha                    // one more band
)

// FullScale is the sample of full scale.
func (m *Image) FullScale() int {
	if m.Max == 0 {
		return 1<<m.Depth - 1
	}
	return m.Max
}

// New returns a black image of w×h pixels, opaque where it has no alpha
// channel: 1 to 4 channels, depth 8 or 16. RGB pixels are padded with a sample
// at full scale.
func New(w, h, channels, depth int) *Image {
	step := channels * depth / 8
	if channels == 3 {
		step = 4 * depth / 8
	}
	m := newPacked(w, h, channels, depth, step)
	if channels == 3 {
		size := depth / 8
		for i := 3 * size; i < len(m.Pix); i += step {
			for j := range size {
				m.Pix[i+j] = 255
			}
		}
	}
	return m
}

// newPacked returns an image of zero samples with pixels of step bytes and no
// padding between rows.
func newPacked(w, h, channels, depth, step int) *Image {
	return &Image{Interleaved: chroma.Interleaved{
		W: w, H: h, Channels: channels, Depth: depth,
		Step: step, Stride: w * step, Pix: make([]byte, w*h*step),
	}}
}

// Bounds is (0,0)-(W,H).
func (m *Image) Bounds() image.Rectangle { return image.Rect(0, 0, m.W, m.H) }

// ColorModel is that of the colours At returns.
func (m *Image) ColorModel() color.Model {
	models := [...]color.Model{color.GrayModel, color.NRGBAModel, color.RGBAModel, color.NRGBAModel}
	if m.Depth == 16 {
		models = [...]color.Model{color.Gray16Model, color.NRGBA64Model, color.RGBA64Model, color.NRGBA64Model}
	}
	return models[m.Channels-1]
}

// At returns the colour of a pixel, and that of zero samples outside the image.
func (m *Image) At(x, y int) color.Color {
	var p [8]byte
	if (image.Point{X: x, Y: y}).In(m.Bounds()) {
		copy(p[:m.Channels*m.Depth/8], m.Pix[y*m.Stride+x*m.Step:])
	}
	if m.Depth == 16 {
		return m.at16(p)
	}
	switch m.Channels {
	case 1:
		return color.Gray{Y: p[0]}
	case 2:
		return color.NRGBA{R: p[0], G: p[0], B: p[0], A: p[1]}
	case 3:
		return color.RGBA{R: p[0], G: p[1], B: p[2], A: 0xff}
	}
	return color.NRGBA{R: p[0], G: p[1], B: p[2], A: p[3]}
}

func (m *Image) at16(p [8]byte) color.Color {
	var s [4]uint16
	for i := range s {
		s[i] = uint16(p[2*i])<<8 | uint16(p[2*i+1])
	}
	switch m.Channels {
	case 1:
		return color.Gray16{Y: s[0]}
	case 2:
		return color.NRGBA64{R: s[0], G: s[0], B: s[0], A: s[1]}
	case 3:
		return color.RGBA64{R: s[0], G: s[1], B: s[2], A: 0xffff}
	}
	return color.NRGBA64{R: s[0], G: s[1], B: s[2], A: s[3]}
}

// Std returns the image as a type of package image: Paletted where it has a
// palette, else Gray, Gray16, RGBA, RGBA64, NRGBA or NRGBA64. It shares the
// samples where the layout allows and copies gray with alpha and RGB without
// padding.
func (m *Image) Std() image.Image {
	if m.Palette != nil {
		return &image.Paletted{Pix: m.Index, Stride: m.W, Rect: m.Bounds(), Palette: m.Palette}
	}
	samples := m.Channels
	if samples == 3 {
		samples = 4
	}
	if m.Channels == 2 || m.Step != samples*m.Depth/8 {
		return m.repack().Std()
	}
	r := m.Bounds()
	switch {
	case m.Channels == 1 && m.Depth == 8:
		return &image.Gray{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case m.Channels == 1:
		return &image.Gray16{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case m.Channels == 3 && m.Depth == 8:
		return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case m.Channels == 3:
		return &image.RGBA64{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case m.Depth == 8:
		return &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: r}
	}
	return &image.NRGBA64{Pix: m.Pix, Stride: m.Stride, Rect: r}
}

// repack copies the samples to the layout of New, gray with alpha as RGBA.
func (m *Image) repack() *Image {
	channels := m.Channels
	if channels == 2 {
		channels = 4
	}
	to := New(m.W, m.H, channels, m.Depth)
	for y := range m.H {
		m.copyRow(to.Pix[y*to.Stride:], to.Step, y, channels)
	}
	return to
}

// copyRow writes row y to dst as pixels of step bytes with the given number of
// channels: those of the image, or 3 of gray and 4 of gray with alpha, where
// gray is repeated. The bytes of a step past the channels are left alone.
func (m *Image) copyRow(dst []byte, step, y, channels int) {
	src := m.Pix[y*m.Stride:]
	size := m.Depth / 8
	if step == m.Step && channels == m.Channels && step == channels*size {
		copy(dst[:m.W*step], src)
		return
	}
	offsets := make([]int, 0, 8)
	for c := range channels {
		if channels > m.Channels {
			c = c / 3 // 0 0 0 1: gray three times, then alpha
		}
		for b := range size {
			offsets = append(offsets, c*size+b)
		}
	}
	for x := range m.W {
		s, d := src[x*m.Step:], dst[x*step:]
		for i, o := range offsets {
			d[i] = s[o]
		}
	}
}
