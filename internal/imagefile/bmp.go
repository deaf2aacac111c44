package imagefile

import (
	"io"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/imagefile/bmp"
)

// bmpBytes is the most memory that a pixel takes: its index as read and as kept, and
// its colour.
const bmpBytes = 6

// readBMP keeps indices beside the colours of a palette.
func readBMP(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	c, err := bmp.DecodeConfig(src, src.Size())
	if err != nil {
		return nil, err
	}
	if err := checkSize(c.W, c.H, bmpBytes, opt); err != nil {
		return nil, err
	}
	limit := opt.budget(src.Size())
	if c.Palette != nil {
		limit /= bmpBytes
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
