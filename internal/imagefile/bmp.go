package imagefile

import (
	"io"

	"github.com/qtgpu/qtgpu/internal/imagefile/bmp"
	"github.com/qtgpu/qtgpu/raster"
)

// bmpBytes is the most memory that a pixel takes: its index, and its colour.
const bmpBytes = 5

// openBMP keeps indices beside the colours of a palette.
func openBMP(src *io.SectionReader, opt ReadOptions) (*File, error) {
	limit := opt.budget(src.Size())
	b, err := bmp.NewReader(src, src.Size(), limit)
	if err != nil {
		return nil, err
	}
	if err := checkPixels(b.W, b.H, opt); err != nil {
		return nil, err
	}
	f := &File{
		format:     raster.Format{Width: b.W, Height: b.H, Type: raster.Uint8, Bands: bandsOf(b.Channels, Straight), Palette: b.Palette},
		pixelBytes: int64(b.Channels), mayGrow: true,
		Meta: Meta{ICC: b.ICC}, Lost: b.Lost, Notes: b.Notes,
	}
	if b.XDensity != 0 {
		f.Meta.PNG = densityChunk(b.XDensity, b.YDensity)
	}
	if b.Palette != nil {
		f.format.Bands, f.pixelBytes = raster.Bands(raster.Index), bmpBytes
		if b.Bits < 8 {
			f.Tags = Tags{bitsTag(b.Bits)}
		}
	}
	rows, packed := b.Rows()
	if !packed {
		f.pixels = newWhole(func() (*Image, error) {
			return f.image(func(all *raster.Block) error { return b.Runs(all.Planes[0]) })
		})
		return f, checkSize(b.W, b.H, bmpBytes, opt)
	}
	f.pixels = &packedRows{
		src: src, rect: f.format.Bounds(), first: rows.First, stride: rows.Stride, bits: rows.Bits, typ: raster.Uint8, samples: b.Channels,
		unpack: func(dst, src []byte) error {
			rows.Unpack(dst, src)
			return nil
		},
	}
	return f, nil
}
