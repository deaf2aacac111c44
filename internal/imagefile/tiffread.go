package imagefile

import (
	"context"
	"fmt"
	"io"
	"math"
	"strconv"
	"sync"

	"github.com/qtgpu/qtgpu/raster"
)

// openTIFF opens gray and RGB of 1, 2, 4, 8 and 16 bits, alone or with one more
// sample, and palettes: in strips or tiles, chunky or planar, as is, CCITT, LZW,
// Deflate or PackBits. Of several pages it reads the first that is neither a
// reduced image nor a mask. Alpha is as the file has it.
func openTIFF(src *io.SectionReader, opt ReadOptions) (*File, error) {
	first, err := openDirectory(src)
	if err != nil {
		return nil, err
	}
	p := walk(first)
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
	f.Meta = Meta{ICC: d.blob(tagICC), XMP: d.blob(tagXMP), IPTC: d.iptc(), EXIF: exifFromTIFF(d), PNG: d.density()}
	f.Lost = append(p.others(), d.lost(h, f.Meta)...)
	f.Notes = append(p.notes(), h.notes...)
	return f, nil
}

func (h *tiffHeader) format() raster.Format {
	f := raster.Format{Width: h.w, Height: h.h, Type: h.typ(), Bands: bandsOf(h.channels, h.alpha), Palette: h.palette}
	if h.palette != nil {
		f.Bands = raster.Bands(raster.Index)
	}
	return f
}

// typ is the type of the samples in memory: 8 bits hold the smaller ones.
func (h *tiffHeader) typ() raster.Type {
	if h.bits > 8 {
		return raster.Uint16
	}
	return raster.Uint8
}

// blockSamples is how many samples of a pixel are in a block.
func (h *tiffHeader) blockSamples() int {
	if h.planar {
		return 1
	}
	return h.channels
}

// tiffPixels reads the blocks of a TIFF file.
type tiffPixels struct {
	h        *tiffHeader
	d        *directory
	absent   int // the sample of blocks that the file leaves out
	workers  int
	decoded  *decoded  // of compressed blocks
	decoders sync.Pool // of *blockDecoder
}

func newTIFFPixels(h *tiffHeader, d *directory, opt ReadOptions) (t *tiffPixels, err error) {
	t = &tiffPixels{h: h, d: d, absent: h.absent(d), workers: math.MaxInt}
	memory := int64(2 * batchBytes) // of a worker
	if h.compression != compressionNone {
		row := int64(h.w) * int64(h.channels*h.typ().Size())
		t.decoded, err = newDecoded(row, min(h.blockW, h.w), min(h.blockH, h.h), h.blockSamples(), h.typ(), opt, t.open)
		if err != nil {
			return nil, err
		}
		memory += 4 * int64(t.decoded.rowBytes)
	}
	if opt.MaxMemory > 0 { // half of it is for what is kept
		t.workers = int(min(math.MaxInt32, max(1, opt.MaxMemory/2/memory)))
	}
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
		bits: h.blockSamples() * h.bits, typ: h.typ(), samples: h.blockSamples(),
	}
	if !h.plain(t.d.order) {
		rows.unpack = func(dst, src []byte) error {
			h.samples(dst, src, b, t.d.order)
			return nil
		}
	}
	return rows.readBlock(ctx, dst)
}

// open opens a compressed block for decoded.
func (t *tiffPixels) open(i int) (rowDecoder, error) {
	d, _ := t.decoders.Get().(*blockDecoder)
	if d == nil {
		d = newBlockDecoder(t.h, t.d)
	}
	return &blockRows{blockDecoder: d, pool: &t.decoders, b: t.h.block(i)}, d.start(t.h.block(i))
}

// absent is the sample of blocks that the file leaves out: GDAL's value for no
// data where it is one, else 0.
func (h *tiffHeader) absent(d *directory) int {
	text, err := d.nodata()
	if err != nil || text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if n := int(v); err == nil && v >= 0 && v < float64(int(1)<<h.bits) && float64(n) == v {
		return n * h.scale()
	}
	return 0
}

// fill sets the samples of a block that the file leaves out.
func (t *tiffPixels) fill(dst *raster.Block, b block) {
	h, n, size := t.h, t.h.blockSamples(), dst.Type.Size()
	row := make([]byte, dst.Rect.Dx()*n*size)
	for i := 0; i < len(row); i += size {
		storeSample(row[i:i+size], t.absent)
	}
	h.invert(row, b)
	for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
		put(dst, row, dst.Rect.Min.X, y, n)
	}
}
