package imagefile

import (
	"fmt"
	"image"
	"math"
	"slices"
)

// yield has the most bytes that a byte of a compressed block can give: PackBits
// two bytes for 128, LZW codes of 12 bits for strings under 4096.
var yield = map[uint64]int64{
	compressionNone: 1, compressionPackBits: 64, compressionLZW: 2731,
	compressionDeflate: deflateRatio, compressionDeflateOld: deflateRatio,
	compressionZSTD: zstdRatio, compressionJPEG: jpegRatio,
}

const (
	// A block of Zstandard repeats a byte in 4 bytes, up to 128 KiB of them (RFC 8878,
	// section 3.1.1.2).
	zstdRatio = 1 << 15
	// A block of 8×8 samples takes 2 bits at least, at 4:2:0 six of them give 16×16
	// pixels; in progressive scans runs of blocks share them.
	jpegRatio = 1 << 15
)

// blocks says where the strips or tiles are in the file, row by row, one plane
// after the other.
type blocks struct {
	n, across, down int
	offsets, counts []uint64
}

// block is a strip or tile: where it lies in the file, and the part of it that
// lies in the image.
type block struct {
	off, n     int64 // n is 0 where the file leaves the block out
	x, y, w, h int
	channel    int // of a planar image
}

// readBlocks reads where the blocks are. Tiles may be listed under the tags of
// strips, and strips under the tags of tiles, which libtiff holds for the same.
func (h *tiffHeader) readBlocks(d *directory) (err error) {
	if h.w < 1 || h.h < 1 {
		return fmt.Errorf("header: image of %dx%d pixels, expected at least 1x1", h.w, h.h)
	}
	planes := 1
	if h.planar {
		planes = h.channels
	}
	b := blocks{across: (h.w-1)/h.blockW + 1, down: (h.h-1)/h.blockH + 1}
	n := int64(b.across) * int64(b.down) * int64(planes)
	offsetTags, countTags := [2]uint16{tagStripOffsets, tagTileOffsets}, [2]uint16{tagStripByteCounts, tagTileByteCounts}
	if h.tiled {
		slices.Reverse(offsetTags[:])
		slices.Reverse(countTags[:])
	}
	if b.offsets, err = d.either(offsetTags); err != nil {
		return err
	}
	if b.counts, err = d.either(countTags); err != nil {
		return err
	}
	if b.counts == nil {
		b.counts = make([]uint64, len(b.offsets))
	}
	if slices.ContainsFunc(b.offsets, beyond) || slices.ContainsFunc(b.counts, beyond) {
		return fmt.Errorf("offsets and byte counts of blocks: expected less than 2^63 (tags %d, %d)", offsetTags[0], countTags[0])
	}
	if int64(len(b.offsets)) < n || int64(len(b.counts)) < n {
		return fmt.Errorf("%d offsets and %d byte counts: expected %d of each (tags %d, %d)",
			len(b.offsets), len(b.counts), n, offsetTags[0], countTags[0])
	}
	b.n = int(n)
	b.offsets, b.counts = b.offsets[:n], b.counts[:n]
	h.blocks = b
	h.estimate(d.src.Size())
	return nil
}

// beyond tells whether an offset or a length has more than 63 bits.
func beyond(v uint64) bool { return v > math.MaxInt64 }

// either returns the values of the first tag that is there.
func (d *directory) either(tags [2]uint16) ([]uint64, error) {
	tag := tags[0]
	if _, ok := d.find(tag); !ok {
		tag = tags[1]
	}
	return d.uints(tag, 1<<31-1)
}

// estimate replaces byte counts that are missing, or zero in every block that
// has an offset, and the count of a single uncompressed strip that is too
// small: a block without compression has its size, any other goes on to the
// next or to the end of the file. Files of writers that do not know the counts
// are read that way by libtiff where they have a single strip.
func (h *tiffHeader) estimate(size int64) {
	b := &h.blocks
	raw := h.compression == compressionNone
	short := raw && b.n == 1 && int64(b.counts[0]) < h.rowBytes()*int64(h.h)
	if !short && slices.Max(b.counts) > 0 || slices.Max(b.offsets) == 0 {
		return
	}
	h.notes = append(h.notes, "byte counts missing: estimated")
	starts := slices.Sorted(slices.Values(b.offsets))
	for i, off := range b.offsets {
		end := size
		if raw {
			end = int64(off) + h.rowBytes()*int64(h.block(i).h)
		} else if j, _ := slices.BinarySearch(starts, off+1); j < len(starts) {
			end = int64(starts[j])
		}
		b.counts[i] = uint64(max(end-int64(off), 0))
	}
}

// rowBytes is the bytes of a row of a block.
func (h *tiffHeader) rowBytes() int64 {
	samples := int64(h.blockW)
	if !h.planar {
		samples *= int64(h.channels)
	}
	return (samples*int64(h.bits) + 7) / 8
}

// block returns block i.
func (h *tiffHeader) block(i int) block {
	b := &h.blocks
	x, y := i%b.across*h.blockW, i/b.across%b.down*h.blockH
	return block{
		off: int64(b.offsets[i]), n: int64(b.counts[i]),
		x: x, y: y, w: min(h.blockW, h.w-x), h: min(h.blockH, h.h-y), channel: i / (b.across * b.down),
	}
}

// rect is the part of a block inside the image.
func (b block) rect() image.Rectangle { return image.Rect(b.x, b.y, b.x+b.w, b.y+b.h) }

// check holds the image against what the input may ask for: its samples, each
// block against its data, and all that is decoded, of which the part outside
// the image is thrown away.
func (h *tiffHeader) check(size int64, opt ReadOptions) error {
	if err := checkPixels(h.w, h.h, opt); err != nil {
		return err
	}
	budget := opt.budget(size)
	if n := int64(h.w) * int64(h.h); n > budget/h.pixelBytes() {
		return fmt.Errorf("header: image of %dx%d pixels takes %d bytes, expected at most %d for a file of %d", h.w, h.h, n*h.pixelBytes(), budget, size)
	}
	work := int64(0)
	for i := range h.blocks.n {
		b := h.block(i)
		if b.n == 0 {
			continue
		}
		if n := min(b.n, size-b.off); n < h.least(b) {
			return fmt.Errorf("block %d at pixel %d,%d: %d bytes at %d of a file of %d cannot hold %d rows of %d",
				i, b.x, b.y, b.n, b.off, size, b.h, h.rowBytes())
		}
		if work += h.rowBytes() * int64(h.rows(b)); work > budget {
			return fmt.Errorf("block %d at pixel %d,%d: its %d rows of %d bytes take the work beyond %d bytes, expected at most that for a file of %d",
				i, b.x, b.y, h.rows(b), h.rowBytes(), budget, size)
		}
	}
	return nil
}

// pixelBytes is the most memory that a pixel takes.
func (h *tiffHeader) pixelBytes() int64 {
	if h.palette != nil {
		return int64(h.channels)*int64(h.typ.Size()) + 1 + 4 // its index as read and in the image, and its colour
	}
	return int64(h.channels) * int64(h.typ.Size())
}

// least is the fewest bytes that can hold the rows of a block inside the image:
// in CCITT compression a row takes at least a bit.
func (h *tiffHeader) least(b block) int64 {
	if h.ccitt() {
		return (int64(b.h) + 7) / 8
	}
	return h.rowBytes() * int64(b.h) / yield[h.compression]
}

// rows is how many rows of a block are decoded: with Deflate all, so that the
// checksum at its end is compared, and with JPEG.
func (h *tiffHeader) rows(b block) int {
	if h.deflate() || h.compression == compressionJPEG {
		return h.blockH
	}
	return b.h
}
