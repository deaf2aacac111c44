package qtgpu

import (
	"context"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// FromImage gives the samples of an image as Encode takes them: indices of an
// *image.Paletted, others as Encode says. It shares samples of 8 bits with m.
func FromImage(m image.Image) (raster.Source, error) {
	if err := checkBounds(m.Bounds()); err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	src, err := imagefile.FromImage(m)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	if indices := indexSource(src); indices != nil {
		return indices, nil
	}
	return sourceOf(src), nil
}

// formatOf is the format of an image's samples, or colours where it has a palette.
func formatOf(m *imagefile.Image) raster.Format {
	f := raster.Format{Width: m.W, Height: m.H, Type: raster.Uint8, Bands: raster.Bands(raster.Gray), Max: int64(m.Max)}
	if m.Depth == 16 {
		f.Type = raster.Uint16
	}
	if m.Channels >= 3 {
		f.Bands = raster.Bands(raster.Red, raster.Green, raster.Blue)
	}
	if m.Channels%2 == 0 {
		f.Bands = append(f.Bands, raster.Band{Role: alphaRoles[m.Alpha]})
	}
	return f
}

// alphaRoles are the roles of a last band of two or four.
var alphaRoles = [...]raster.Role{
	imagefile.Straight: raster.Alpha, imagefile.Premultiplied: raster.Premultiplied, imagefile.NoAlpha: raster.Data,
}

// sourceOf gives the samples of an image.
func sourceOf(m *imagefile.Image) raster.Source {
	f := formatOf(m)
	if m.Depth == 16 {
		return &bigEndian{f, m}
	}
	return inMemory(f, blockOf(m, f.Bounds()))
}

func inMemory(f raster.Format, b *raster.Block) raster.Source {
	src, err := raster.InMemory(f, b)
	if err != nil {
		panic(err) // an image has a valid format
	}
	return src
}

// blockOf views the samples of an image as a block at r.
func blockOf(m *imagefile.Image, r image.Rectangle) *raster.Block {
	size := m.Depth / 8
	b := &raster.Block{Rect: r, Type: formatOf(m).Type, Step: m.Step / size, Stride: m.Stride / size}
	for c := range m.Channels {
		b.Planes = append(b.Planes, m.Pix[c*size:])
	}
	return b
}

// indexSource gives the indices of a paletted image, nil of another.
func indexSource(m *imagefile.Image) raster.Source {
	if m.Palette == nil {
		return nil
	}
	const maxColours = 256 // what 8 bits can tell apart; no index reaches others
	f := raster.Format{
		Width: m.W, Height: m.H, Type: raster.Uint8, Bands: raster.Bands(raster.Index),
		Palette: m.Palette[:min(len(m.Palette), maxColours)],
	}
	return inMemory(f, &raster.Block{Rect: f.Bounds(), Type: f.Type, Step: 1, Stride: m.W, Planes: [][]byte{m.Index}})
}

// bigEndian gives samples of 16 bits that lie in the order of package image.
type bigEndian struct {
	format raster.Format
	m      *imagefile.Image
}

func (s *bigEndian) Format() *raster.Format { return &s.format }

func (s *bigEndian) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := raster.Check(&s.format, dst); err != nil {
		return err
	}
	for c := range dst.Planes {
		for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
			row := raster.Row[uint16](dst, c, y)
			src := s.m.Pix[y*s.m.Stride+dst.Rect.Min.X*s.m.Step+2*c:]
			for i, k := 0, 0; k < len(row); i, k = i+s.m.Step, k+dst.Step {
				row[k] = uint16(src[i])<<8 | uint16(src[i+1])
			}
		}
	}
	return nil
}

// toBigEndian brings samples of 16 bits to the order of package image, in place.
func toBigEndian(b *raster.Block) {
	for c := range b.Planes {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			row, p := raster.Row[uint16](b, c, y), b.RowBytes(c, y)
			for k := 0; k < len(row); k += b.Step {
				v := row[k]
				p[2*k], p[2*k+1] = byte(v>>8), byte(v)
			}
		}
	}
}

// newImage returns a black image for samples of a format.
func newImage(f *raster.Format, size image.Point) *imagefile.Image {
	m := imagefile.New(size.X, size.Y, len(f.Bands), 8*f.Type.Size())
	m.Max = int(f.Max)
	for kind, role := range alphaRoles {
		if len(f.Bands)%2 == 0 && f.Bands[len(f.Bands)-1].Role == role {
			m.Alpha = imagefile.Alpha(kind)
		}
	}
	return m
}
