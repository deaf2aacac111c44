package imagefile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/raster"
)

// An internal mask of a TIFF file is a directory behind the picture's, of the same size and
// one bit a pixel, which is 0 where the picture is not to count. It becomes the last band:
// alpha of 0, which is also the sample of no data, and so comes back without loss whatever
// the bound, and of full scale, or 1 of floating point. The samples beside it stay as they are.

// maskSubfile is the value of NewSubfileType for a mask; among Tags it says that the last
// band is one.
const maskSubfile = 4

// maskTag says that the last band is a mask.
func maskTag() Tag {
	f := longs(tagNewSubfileType, maskSubfile)
	return Tag{f.tag, f.kind, f.count, f.value}
}

// maskBand is a band that tells where the others count.
func maskBand() raster.Band {
	return raster.Band{Role: raster.Alpha, NoData: new(float64)}
}

// beforeMask is the raster without the mask that tags say its last band is, and whether there
// is one.
func beforeMask(f *raster.Format, tags Tags) (*raster.Format, bool) {
	n := len(f.Bands) - 1
	t := tags.find(tagNewSubfileType)
	if t == nil || len(t.Value) != 4 || t.Value[0] != maskSubfile || n < 1 || !f.Bands[n].Mask() {
		return f, false
	}
	picture := *f
	picture.Bands = f.Bands[:n]
	return &picture, true
}

// addMask makes the mask of a directory the last band. The error says what of it is no such
// mask; f is as it was then.
func (f *File) addMask(d *directory, opt ReadOptions) error {
	if f.format.Palette != nil {
		return errors.New("of a palette image")
	}
	if len(f.format.Bands) == raster.MaxBands {
		return fmt.Errorf("beside %d bands", raster.MaxBands)
	}
	h, err := d.header()
	if err != nil {
		return err
	}
	if h.bits != 1 || h.channels != 1 || h.palette != nil {
		return fmt.Errorf("%s of %d bits, expected one of 1", counted(h.channels, "a sample", "%d samples"), h.bits)
	}
	if err := h.check(d.src.Size(), opt); err != nil {
		return err
	}
	opt.MaxMemory /= 4 // the picture has the rest of what is kept
	mask, err := newTIFFPixels(h, d, opt)
	if err != nil {
		return err
	}
	f.pixels = &maskedPixels{f.pixels, mask, maskValue(&f.format)}
	f.format.Bands = append(f.format.Bands[:len(f.format.Bands):len(f.format.Bands)], maskBand())
	f.pixelBytes += int64(f.format.Type.Size())
	f.Tags = append(Tags{maskTag()}, f.Tags...) // whose numbers are higher
	return nil
}

// maskedPixels reads a picture and, as its last band, its mask.
type maskedPixels struct {
	picture, mask pixelReader
	valid         float64 // the sample where the others count
}

// readBlock implements pixelReader.
func (m *maskedPixels) readBlock(ctx context.Context, dst *raster.Block) error {
	n := len(dst.Planes) - 1
	picture, band := *dst, *dst
	picture.Planes, band.Planes = dst.Planes[:n], dst.Planes[n:]
	if err := m.picture.readBlock(ctx, &picture); err != nil {
		return err
	}
	const most = 1 << 20
	r := dst.Rect
	rows := max(1, most/r.Dx())
	for y := r.Min.Y; y < r.Max.Y; y += rows {
		part := raster.NewBlock(image.Rect(r.Min.X, y, r.Max.X, min(y+rows, r.Max.Y)), raster.Uint8, 1)
		if err := m.mask.readBlock(ctx, part); err != nil {
			return inMask(err)
		}
		m.fill(&band, part)
	}
	return nil
}

func inMask(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("mask: %w", err)
}

// fill sets the samples of a band to the valid one where the ones of part are not 0, else to
// 0.
func (m *maskedPixels) fill(band, part *raster.Block) {
	size := band.Type.Size()
	valid, none := make([]byte, size), make([]byte, size)
	storeValue(valid, band.Type, m.valid)
	for y := part.Rect.Min.Y; y < part.Rect.Max.Y; y++ {
		row := band.RowBytes(0, y)[(part.Rect.Min.X-band.Rect.Min.X)*band.Step*size:]
		for x, v := range part.RowBytes(0, y) {
			of := none
			if v != 0 {
				of = valid
			}
			copy(row[x*band.Step*size:], of)
		}
	}
}

// maskValue is the sample where a mask has the others of a raster count.
func maskValue(f *raster.Format) float64 {
	if f.Type.Float() {
		return 1
	}
	return float64(f.FullScale())
}

// newMaskLayout is how a TIFF file stores the last band of a raster as a mask.
func newMaskLayout(f *raster.Format) (*tiffLayout, error) {
	format := &raster.Format{Width: f.Width, Height: f.Height, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	p, err := newPixels(format, []int{0}, nil, binary.LittleEndian)
	return &tiffLayout{pixels: p, format: format, colours: 1, mask: true, depth: &depth{bits: 1, factor: 1}}, err
}

// maskRow is row y of the last band as a mask: 1 where it is not 0.
func maskRow(dst []byte, b *raster.Block, y int) {
	row, size := b.RowBytes(len(b.Planes)-1, y), b.Type.Size()
	for x := range dst {
		dst[x] = 0
		for _, v := range row[x*b.Step*size:][:size] {
			if v != 0 {
				dst[x] = 1
			}
		}
	}
}
