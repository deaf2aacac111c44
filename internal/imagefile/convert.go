package imagefile

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/qtgpu/qtgpu/chroma"
)

// FromImage returns m as an Image whose (0,0) is the minimum of m's bounds.
//
// Samples are shared with *Image, *image.Gray, Gray16, NRGBA, NRGBA64, RGBA and
// RGBA64; what is opaque has 3 channels, and the alpha of RGBA and RGBA64 stays
// premultiplied, since division would not give back what was multiplied. All
// else is converted: palettes to gray, RGB or RGBA at 8 bits, other types by
// their colour model, to straight alpha. The error names an empty image or a
// palette index without a colour.
func FromImage(m image.Image) (*Image, error) {
	b := m.Bounds()
	if b.Empty() {
		return nil, fmt.Errorf("image of %dx%d pixels: expected at least 1x1", b.Dx(), b.Dy())
	}
	switch m := m.(type) {
	case *Image:
		return m, nil
	case *image.Gray:
		return view(b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, 1, 8), nil
	case *image.Gray16:
		return view(b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, 1, 16), nil
	case *image.NRGBA:
		return view(b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, colours(m), 8), nil
	case *image.NRGBA64:
		return view(b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, colours(m), 16), nil
	case *image.RGBA:
		return premultiplied(view(b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, colours(m), 8)), nil
	case *image.RGBA64:
		return premultiplied(view(b, m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], m.Stride, colours(m), 16)), nil
	case *image.NYCbCrA:
		return fromNYCbCrA(m), nil
	case *image.Paletted:
		return fromPaletted(m)
	}
	return convert(m), nil
}

// view wraps the samples of a type of package image; RGB has padded pixels.
func view(b image.Rectangle, pix []byte, stride, channels, depth int) *Image {
	step := depth / 8
	if channels > 1 {
		step *= 4
	}
	return &Image{Interleaved: chroma.Interleaved{
		W: b.Dx(), H: b.Dy(), Channels: channels, Depth: depth,
		Step: step, Stride: stride, Pix: pix,
	}}
}

// premultiplied says so of an image with alpha.
func premultiplied(m *Image) *Image {
	if m.Channels == 4 {
		m.Alpha = Premultiplied
	}
	return m
}

// colours is 3 for an opaque image and 4 for any other.
func colours(m image.Image) int {
	if o, ok := m.(interface{ Opaque() bool }); ok && o.Opaque() {
		return 3
	}
	return 4
}

// convert copies any image by its colour model.
func convert(m image.Image) *Image {
	b := m.Bounds()
	channels, depth := colours(m), 8
	switch m.ColorModel() {
	case color.GrayModel:
		channels = 1
	case color.Gray16Model:
		channels, depth = 1, 16
	case color.RGBA64Model, color.NRGBA64Model, color.Alpha16Model:
		depth = 16
	}
	to := New(b.Dx(), b.Dy(), channels, depth)
	if channels < 4 {
		// Opaque: package draw converts YCbCr and CMYK fast and exactly.
		draw.Draw(to.Std().(draw.Image), to.Bounds(), m, b.Min, draw.Src)
		return to
	}
	for y := range to.H {
		row := to.Pix[y*to.Stride:]
		for x := range to.W {
			at := m.At(b.Min.X+x, b.Min.Y+y)
			if depth == 8 {
				c := color.NRGBAModel.Convert(at).(color.NRGBA)
				copy(row[4*x:], []byte{c.R, c.G, c.B, c.A})
				continue
			}
			c := color.NRGBA64Model.Convert(at).(color.NRGBA64)
			for i, v := range [4]uint16{c.R, c.G, c.B, c.A} {
				binary.BigEndian.PutUint16(row[8*x+2*i:], v)
			}
		}
	}
	return to
}

// fromNYCbCrA converts the colours apart from the straight alpha, which package
// color would multiply into them first.
func fromNYCbCrA(m *image.NYCbCrA) *Image {
	to := convert(&m.YCbCr)
	to.Channels = 4
	for y := range to.H {
		row, alpha := to.Pix[y*to.Stride:], m.A[m.AOffset(m.Rect.Min.X, m.Rect.Min.Y+y):]
		for x := range to.W {
			row[4*x+3] = alpha[x]
		}
	}
	return to
}

// fromPaletted expands the colours and copies the indices.
func fromPaletted(m *image.Paletted) (*Image, error) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	index := make([]byte, 0, w*h)
	for y := range h {
		index = append(index, m.Pix[y*m.Stride:][:w]...)
	}
	const most = 256 // what 8 bits can tell apart; no index reaches others
	return indexed(w, h, index, m.Palette[:min(len(m.Palette), most)])
}

// indexed returns the image of w×h indices, which it holds, and their colours.
func indexed(w, h int, index []byte, palette color.Palette) (*Image, error) {
	for i, v := range index {
		if int(v) >= len(palette) {
			return nil, fmt.Errorf("pixel %d,%d: palette index %d, expected less than %d", i%w, i/w, v, len(palette))
		}
	}
	table, channels := expandPalette(palette)
	to := New(w, h, channels, 8)
	for i, v := range index {
		copy(to.Pix[i*to.Step:][:to.Step], table[v][:])
	}
	to.Palette, to.Index = palette, index
	return to, nil
}

// expandPalette returns the straight RGBA of each colour and the channels that
// hold them all: 1 where all are opaque grays, 3 where all are opaque, else 4.
func expandPalette(p color.Palette) (table [][4]byte, channels int) {
	channels = 1
	for _, at := range p {
		c := color.NRGBAModel.Convert(at).(color.NRGBA)
		table = append(table, [4]byte{c.R, c.G, c.B, c.A})
		switch {
		case c.A != 0xff:
			channels = 4
		case c.R != c.G || c.G != c.B:
			channels = max(channels, 3)
		}
	}
	return table, channels
}
