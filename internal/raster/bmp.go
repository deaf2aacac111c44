package raster

import (
	"io"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/imagefile/bmp"
)

// readBMP keeps indices beside the colours of a palette.
func readBMP(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	c, err := bmp.DecodeConfig(src, src.Size())
	if err != nil {
		return nil, err
	}
	if err := checkSize(c.W, c.H, opt); err != nil {
		return nil, err
	}
	limit := opt.budget(src.Size())
	if c.Palette != nil {
		limit /= 5 // an index, and up to four samples
	}
	b, err := bmp.Decode(src, src.Size(), limit)
	if err != nil {
		return nil, err
	}
	m := &Image{Interleaved: chroma.Interleaved{
		W: b.W, H: b.H, Channels: b.Channels, Depth: 8,
		Step: b.Channels, Stride: b.W * b.Channels, Pix: b.Pix,
	}}
	if b.Palette != nil {
		if m, err = indexed(b.W, b.H, b.Pix, b.Palette); err != nil {
			return nil, err
		}
	}
	m.Meta.ICC = b.ICC
	if b.XDensity != 0 {
		m.Meta.PNG = densityChunk(b.XDensity, b.YDensity)
	}
	m.Lost, m.Notes = b.Lost, b.Notes
	return m, nil
}
