package imagefile

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/qtgpu/qtgpu/raster"
)

// openTIFF opens TIFF and BigTIFF in strips or tiles, chunky or planar: unsigned integers
// of 1 to 32 bits, signed ones of 8, 16 and 32, floating point of 16 to 64, in any number
// of bands, and palettes; as is, CCITT, LZW, Deflate, PackBits, Zstandard or JPEG. Of
// several pages it reads the one that the options ask for, else the first that is neither
// a reduced image nor a mask. Alpha is as the file has it, and so are inks, as bands of
// measurements.
func openTIFF(src *io.SectionReader, opt ReadOptions) (*File, error) {
	first, err := openDirectory(src)
	if err != nil {
		return nil, err
	}
	p := walk(first, opt.Page)
	if err := p.check(); err != nil {
		return nil, err
	}
	d := p.picture
	h, err := d.header()
	if err != nil {
		return nil, err
	}
	if err := h.check(src.Size(), opt); err != nil {
		return nil, err
	}
	f := &File{format: h.format(), pixelBytes: h.pixelBytes()}
	if f.pixels, err = newTIFFPixels(h, d, opt); err != nil {
		return nil, err
	}
	if h.photometric == photometricSeparated {
		f.noPicture = "inks (CMYK)"
	}
	f.Meta = Meta{ICC: d.blob(tagICC), XMP: d.blob(tagXMP), IPTC: d.iptc(), EXIF: exifFromTIFF(d), PNG: d.density()}
	f.Tags = d.tags(h)
	f.Tags.describe(f.format.Bands)
	f.Lost = append(p.lost(), d.lost(h, f.Meta, f.Tags)...)
	f.Notes = append(p.notes(), h.notes...)
	if p.mask != nil {
		if err := f.addMask(p.mask, opt); err != nil {
			f.Lost = append(f.Lost, fmt.Sprintf("a mask (%v)", err))
		}
	}
	return f, nil
}

// tiffPixels reads the blocks of a TIFF file.
type tiffPixels struct {
	h        *tiffHeader
	d        *directory
	workers  int
	decoded  *decoded  // of compressed blocks
	decoders sync.Pool // of *blockDecoder
}

func newTIFFPixels(h *tiffHeader, d *directory, opt ReadOptions) (t *tiffPixels, err error) {
	t = &tiffPixels{h: h, d: d, workers: math.MaxInt}
	memory := int64(2 * batchBytes) // of a worker
	if h.compression != compressionNone {
		row := int64(h.w) * int64(h.channels*h.typ.Size())
		t.decoded, err = newDecoded(row, min(h.blockW, h.w), min(h.blockH, h.h), h.blockSamples(), h.typ, opt, t.open)
		if err != nil {
			return nil, err
		}
		memory += 4*int64(t.decoded.rowBytes) + h.blockMemory(opt)
	}
	if opt.MaxMemory > 0 { // half of it is for what is kept
		t.workers = int(min(math.MaxInt32, max(1, opt.MaxMemory/2/memory)))
	}
	t.decoders.New = func() any { return newBlockDecoder(h, d, opt) }
	return t, nil
}

// readBlock implements pixels.
func (t *tiffPixels) readBlock(ctx context.Context, dst *raster.Block) error {
	h := t.h
	x0, x1 := dst.Rect.Min.X/h.blockW, (dst.Rect.Max.X-1)/h.blockW+1
	y0, y1 := dst.Rect.Min.Y/h.blockH, (dst.Rect.Max.Y-1)/h.blockH+1
	across, down := x1-x0, y1-y0
	planes := h.channels / h.blockSamples()
	return parallel(ctx, t.workers, across*down*planes, func(k int) error {
		i := k / (across * down) * h.blocks.across * h.blocks.down
		i += (y0+k/across%down)*h.blocks.across + x0 + k%across
		b := h.block(i)
		if err := t.readPart(ctx, i, b, h.part(dst, b)); err != nil {
			return fmt.Errorf("block %d at pixel %d,%d: %w", i, b.x, b.y, err)
		}
		return nil
	})
}

// part is what a block of samples has of a block of the file: its rectangle, and its
// band alone where the file is planar.
func (h *tiffHeader) part(dst *raster.Block, b block) *raster.Block {
	part := dst.Sub(dst.Rect.Intersect(b.rect()))
	if h.planar {
		part.Planes = part.Planes[b.channel : b.channel+1]
	}
	return part
}

// readPart fills a part of block i.
func (t *tiffPixels) readPart(ctx context.Context, i int, b block, dst *raster.Block) error {
	h := t.h
	switch {
	case b.n == 0:
		t.fill(dst, b)
		return nil
	case h.compression != compressionNone:
		return t.decoded.read(ctx, i, b.rect(), dst)
	}
	rows := packedRows{
		src: io.NewSectionReader(t.d.src, b.off, b.n), rect: b.rect(), stride: h.rowBytes(),
		bits: h.blockSamples() * h.bits, typ: h.typ, samples: h.blockSamples(),
	}
	if !h.plain() {
		rows.unpack = func(dst, src []byte) error {
			h.samples(dst, src, b)
			return nil
		}
	}
	return rows.readBlock(ctx, dst)
}

// open opens a compressed block for decoded.
func (t *tiffPixels) open(i int) (rowDecoder, error) {
	d := t.decoders.Get().(*blockDecoder)
	return &blockRows{blockDecoder: d, pool: &t.decoders, b: t.h.block(i)}, d.start(t.h.block(i))
}

// fill sets the samples of a block that the file leaves out: to no data where there is
// such a sample, else to 0.
func (t *tiffPixels) fill(dst *raster.Block, b block) {
	h, n, size := t.h, t.h.blockSamples(), dst.Type.Size()
	row := make([]byte, 0, dst.Rect.Dx()*n*size)
	for len(row) < n*size {
		band := b.channel + len(row)/size
		v := h.shown(0, band)
		if none := h.bands[band].NoData; none != nil {
			v = *none
		}
		row = row[:len(row)+size]
		storeValue(row[len(row)-size:], h.typ, v)
	}
	for len(row) < cap(row) {
		row = append(row, row[:min(len(row), cap(row)-len(row))]...)
	}
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		put(dst, row, dst.Rect.Min.X, y, n)
	}
}
