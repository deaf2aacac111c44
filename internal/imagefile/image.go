// Package imagefile reads and writes images as TIFF, PNG, JPEG, BMP, WebP and PNM,
// with their ICC, EXIF and XMP metadata. A File is read by windows, an Image is
// held in memory.
package imagefile

import (
	"encoding/binary"
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

	// Palette is the palette of a paletted source, nil for any other; Index then
	// holds the W·H palette indices, row by row, and Pix the colours.
	Palette color.Palette
	Index   []byte

	Alpha Alpha // what the last of 2 or 4 channels holds
	Max   int   // the sample of full scale, of 16 bits at least 256; 0 stands for 2^Depth−1

	Meta Meta

	// Lost names what the file holds besides, which is left out; Notes says what
	// reading changed. Each is a phrase for people. Damage says what is wrong with a
	// file that ReadOptions.KeepGoing took nevertheless, "" for nothing.
	Lost, Notes []string
	Damage      string
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

// shown is the number of channels that package image shows: it has no gray with
// alpha, which is RGBA there, and no band beside the colours.
func (m *Image) shown() int {
	switch {
	case m.Channels%2 == 0 && m.Alpha == NoAlpha:
		return m.Channels - 1
	case m.Channels == 2:
		return 4
	}
	return m.Channels
}

// ColorModel is the model of the colours that At returns.
func (m *Image) ColorModel() color.Model {
	models := [...]color.Model{color.GrayModel, color.RGBAModel, color.NRGBAModel}
	if m.Depth == 16 {
		models = [...]color.Model{color.Gray16Model, color.RGBA64Model, color.NRGBA64Model}
	}
	switch n := m.shown(); {
	case n == 1:
		return models[0]
	case n == 3 || m.Alpha == Premultiplied:
		return models[1]
	}
	return models[2]
}

// At returns the colour of a pixel at the full scale of the depth, and the colour
// of zero samples outside the image.
func (m *Image) At(x, y int) color.Color {
	s := [4]uint16{3: 1<<m.Depth - 1}
	n := m.shown()
	if n == 4 {
		s[3] = 0
	}
	if (image.Point{X: x, Y: y}).In(m.Bounds()) {
		for c := range min(n, m.Channels) {
			s[c] = m.sample(x, y, c)
		}
		if m.Channels == 2 && n == 4 {
			s[1], s[2], s[3] = s[0], s[0], s[1]
		}
	}
	if m.Depth == 16 {
		return m.colour16(s)
	}
	r, g, b, a := uint8(s[0]), uint8(s[1]), uint8(s[2]), uint8(s[3])
	switch m.ColorModel() {
	case color.GrayModel:
		return color.Gray{Y: r}
	case color.RGBAModel:
		return color.RGBA{R: r, G: g, B: b, A: a}
	}
	return color.NRGBA{R: r, G: g, B: b, A: a}
}

func (m *Image) colour16(s [4]uint16) color.Color {
	switch m.ColorModel() {
	case color.Gray16Model:
		return color.Gray16{Y: s[0]}
	case color.RGBA64Model:
		return color.RGBA64{R: s[0], G: s[1], B: s[2], A: s[3]}
	}
	return color.NRGBA64{R: s[0], G: s[1], B: s[2], A: s[3]}
}

// sample is channel c of a pixel at the full scale of the depth.
func (m *Image) sample(x, y, c int) uint16 {
	var b [2]byte
	size := m.Depth / 8
	copy(b[2-size:], m.Pix[y*m.Stride+x*m.Step+c*size:][:size])
	m.rescale(b[2-size:])
	return binary.BigEndian.Uint16(b[:])
}

// rescale brings samples from the full scale of the image to the full scale of its depth.
func (m *Image) rescale(samples []byte) { rescale(samples, m.Depth, uint32(m.FullScale())) }

// rescale brings samples of a depth from a full scale to the depth's, rounded to the
// nearest; what is above is at full scale.
func rescale(samples []byte, depth int, from uint32) {
	to := uint32(1)<<depth - 1
	if from == to {
		return
	}
	if depth == 8 {
		for i, v := range samples {
			samples[i] = byte((min(uint32(v), from)*to + from/2) / from)
		}
		return
	}
	for i := 0; i+1 < len(samples); i += 2 {
		v := min(uint32(binary.BigEndian.Uint16(samples[i:])), from)
		binary.BigEndian.PutUint16(samples[i:], uint16((v*to+from/2)/from))
	}
}

// Std returns the image as a type of package image: Paletted where it has a
// palette, else Gray, Gray16, RGBA, RGBA64, NRGBA or NRGBA64. It shares the
// samples where layout and scale allow. It copies gray with alpha and RGB without
// padding, brings samples to the full scale of the depth, and leaves out a last
// channel that is no alpha.
func (m *Image) Std() image.Image {
	if m.Palette != nil {
		return &image.Paletted{Pix: m.Index, Stride: m.W, Rect: m.Bounds(), Palette: m.Palette}
	}
	samples := m.Channels
	if samples == 3 {
		samples = 4
	}
	if m.shown() != m.Channels || m.Step != samples*m.Depth/8 || m.FullScale() != 1<<m.Depth-1 {
		return m.repack().Std()
	}
	r := m.Bounds()
	switch m.ColorModel() {
	case color.GrayModel:
		return &image.Gray{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case color.Gray16Model:
		return &image.Gray16{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case color.RGBAModel:
		return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case color.RGBA64Model:
		return &image.RGBA64{Pix: m.Pix, Stride: m.Stride, Rect: r}
	case color.NRGBAModel:
		return &image.NRGBA{Pix: m.Pix, Stride: m.Stride, Rect: r}
	}
	return &image.NRGBA64{Pix: m.Pix, Stride: m.Stride, Rect: r}
}

// repack copies what package image shows to the layout of New and to full scale.
func (m *Image) repack() *Image {
	to := New(m.W, m.H, m.shown(), m.Depth)
	to.Alpha = m.Alpha
	row := make([]byte, to.W*to.Channels*to.Depth/8)
	for y := range m.H {
		m.copyRow(row, len(row)/to.W, y, to.Channels)
		m.rescale(row)
		to.setRow(y, row)
	}
	return to
}

// setRow copies samples without padding to row y.
func (m *Image) setRow(y int, samples []byte) {
	n := m.Channels * m.Depth / 8
	for x := range m.W {
		copy(m.Pix[y*m.Stride+x*m.Step:][:n], samples[x*n:])
	}
}

// copyRow writes row y to dst as pixels of step bytes with the given number of
// channels: the image's or the first of them, or 3 of gray and 4 of gray
// with alpha, where gray is repeated. The bytes of a step past the channels are left alone.
func (m *Image) copyRow(dst []byte, step, y, channels int) {
	src := m.Pix[y*m.Stride:]
	size := m.Depth / 8
	if step == m.Step && channels == m.Channels && step == channels*size {
		copy(dst[:m.W*step], src)
		return
	}
	if channels == 3 && m.Channels > 2 && size == 1 { // far faster than by offsets
		for x := range m.W {
			s, d := src[x*m.Step:][:3], dst[x*step:][:3]
			d[0], d[1], d[2] = s[0], s[1], s[2]
		}
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
