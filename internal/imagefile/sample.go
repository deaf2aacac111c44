package imagefile

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/qtgpu/qtgpu/raster"
)

// toNative brings 16-bit samples, one every step bytes, from big-endian to the byte
// order of the machine, or back.
func toNative(samples []byte, step int) {
	for i := 0; i+1 < len(samples); i += step {
		binary.NativeEndian.PutUint16(samples[i:], binary.BigEndian.Uint16(samples[i:]))
	}
}

// ToBigEndian brings the samples of an image without padding between rows, which are in
// the byte order of the machine, to the order that Image has.
func (m *Image) ToBigEndian() {
	if m.Depth == 16 {
		toNative(m.Pix, 2)
	}
}

// storeSample sets a sample of 8 or 16 bits.
func storeSample(dst []byte, v int) {
	if len(dst) == 1 {
		dst[0] = byte(v)
		return
	}
	binary.NativeEndian.PutUint16(dst, uint16(v))
}

// format is what the samples are: indices where there is a palette.
func (m *Image) format() raster.Format {
	f := raster.Format{Width: m.W, Height: m.H, Type: raster.Uint8, Bands: bandsOf(m.Channels, m.Alpha), Max: int64(m.Max)}
	if m.Depth == 16 {
		f.Type = raster.Uint16
	}
	if m.Palette != nil {
		f.Type, f.Max, f.Bands, f.Palette = raster.Uint8, 0, raster.Bands(raster.Index), m.Palette
	}
	return f
}

// bandsOf are the bands of 1 to 4 channels.
func bandsOf(channels int, alpha Alpha) []raster.Band {
	roles := []raster.Role{raster.Gray}
	if channels > 2 {
		roles = []raster.Role{raster.Red, raster.Green, raster.Blue}
	}
	if channels%2 == 0 {
		last := [...]raster.Role{Straight: raster.Alpha, Premultiplied: raster.Premultiplied, NoAlpha: raster.Data}
		roles = append(roles, last[alpha])
	}
	return raster.Bands(roles...)
}

// Block is a view of the indices of a palette, or else of the channels. Samples of 16
// bits are big-endian in an image that is complete.
func (m *Image) Block() *raster.Block {
	b := &raster.Block{Rect: m.Bounds(), Type: raster.Uint8, Step: m.Step, Stride: m.Stride}
	if m.Palette != nil {
		b.Planes, b.Step, b.Stride = [][]byte{m.Index}, 1, m.W
		return b
	}
	if m.Depth == 16 {
		b.Type, b.Step, b.Stride = raster.Uint16, m.Step/2, m.Stride/2
	}
	for c := range m.Channels {
		b.Planes = append(b.Planes, m.Pix[c*m.Depth/8:])
	}
	return b
}

// Source returns the samples as a raster. It shares samples of 8 bits with m; samples of
// 16 are brought to the byte order of the machine where they are read.
func (m *Image) Source() raster.Source {
	s, err := raster.InMemory(m.format(), m.Block())
	if err != nil {
		panic("imagefile: " + err.Error()) // m breaks the rules of Image
	}
	if m.Depth == 16 && m.Palette == nil {
		return imageOrder{s}
	}
	return s
}

// imageOrder gives samples of 16 bits that lie in the order of package image.
type imageOrder struct{ raster.Source }

// ReadBlock implements raster.Source.
func (s imageOrder) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if err := s.Source.ReadBlock(ctx, dst); err != nil {
		return err
	}
	for c := range dst.Planes {
		for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
			toNative(dst.RowBytes(c, y), 2*dst.Step)
		}
	}
	return nil
}

// NewFor returns an image of zeros for the samples of a format, of a palette for its
// indices; RGB may be padded with a sample at full scale.
func NewFor(f *raster.Format, padded bool) *Image {
	channels, depth := len(f.Bands), 8*f.Type.Size()
	m := newPacked(f.Width, f.Height, channels, depth, channels*depth/8)
	if padded && channels == 3 {
		m = New(f.Width, f.Height, channels, depth)
	}
	if f.FullScale() != f.Type.Max() {
		m.Max = int(f.Max)
	}
	switch f.Bands[channels-1].Role {
	case raster.Premultiplied:
		m.Alpha = Premultiplied
	case raster.Data, raster.Label:
		if channels%2 == 0 {
			m.Alpha = NoAlpha
		}
	}
	return m
}

// FromRaster reads a raster of uint8 or uint16 as an image: gray or RGB, alone or with
// one more band, or indices of a palette. Bands of role Data and Label serve as gray,
// or three of them as RGB. The error is from src, or says what Image does not hold;
// Lost names what it leaves out.
func FromRaster(ctx context.Context, src raster.Source) (*Image, error) {
	f := src.Format()
	if err := Holds(f); err != nil {
		return nil, err
	}
	m := NewFor(f, false)
	if err := src.ReadBlock(ctx, m.Block()); err != nil {
		return nil, err
	}
	m.ToBigEndian()
	if f.Bands[0].Role == raster.Index {
		return indexed(m.W, m.H, m.Pix, f.Palette)
	}
	for i, b := range f.Bands {
		if b.Name != "" {
			m.Lost = append(m.Lost, fmt.Sprintf("the name of band %d (%s)", i, b.Name))
		}
		if b.NoData != nil {
			m.Lost = append(m.Lost, fmt.Sprintf("nodata value %v of band %d", *b.NoData, i))
		}
		if b.Offset != 0 || b.Scale != 0 && b.Scale != 1 {
			m.Lost = append(m.Lost, fmt.Sprintf("offset %v and scale %v of band %d", b.Offset, b.Scale, i))
		}
	}
	return m, nil
}

// Holds is nil, or says what of a raster Image does not hold.
func Holds(f *raster.Format) error {
	n := len(f.Bands)
	switch {
	case f.Type != raster.Uint8 && f.Type != raster.Uint16:
		return fmt.Errorf("samples of %v: an image holds uint8 or uint16", f.Type)
	case n < 1 || n > 4:
		return fmt.Errorf("%d bands: an image holds 1 to 4", n)
	case f.Bytes() > math.MaxInt/2:
		return fmt.Errorf("%d bytes of samples: an image holds at most %d", f.Bytes(), math.MaxInt/2)
	case f.Type == raster.Uint16 && f.Max != 0 && f.Max <= math.MaxUint8:
		return fmt.Errorf("samples of uint16 up to %d: an image holds them from %d on", f.Max, math.MaxUint8+1)
	}
	colours := []raster.Role{raster.Gray}
	if n > 2 {
		colours = []raster.Role{raster.Red, raster.Green, raster.Blue}
	}
	for i, b := range f.Bands {
		plain := b.Role == raster.Data || b.Role == raster.Label
		fits := plain || i < len(colours) && b.Role == colours[i] || i == len(colours) && (b.Role == raster.Alpha || b.Role == raster.Premultiplied)
		if n == 1 && b.Role == raster.Index && f.Type == raster.Uint8 {
			fits = true
		}
		if !fits {
			return fmt.Errorf("band %d of %d is %v of %v: an image holds gray or RGB, alone or with one more, or an index of uint8", i, n, b.Role, f.Type)
		}
	}
	return nil
}
