// Package bmp reads Windows and OS/2 bitmaps: headers of 12, 16 to 64, 108 and
// 124 bytes; 1, 2, 4, 8, 16, 24 and 32 bits a pixel, as they are, run-length
// coded or as fields of bits. The source is "Bitmap Storage" and
// "BITMAPV5HEADER" in Microsoft's Windows GDI reference.
package bmp

import (
	"bufio"
	"fmt"
	"image/color"
	"io"
)

// Config is what the header of a bitmap says.
type Config struct {
	W, H     int
	Bits     int           // of a pixel in the file: 1, 2, 4, 8, 16, 24 or 32
	Channels int           // 1 palette index, 3 for RGB, 4 for RGB and straight alpha
	Palette  color.Palette // at most 256 colours; nil where pixels hold colours
	// XDensity and YDensity are pixels per metre, 0 where the file does not say.
	XDensity, YDensity uint32
}

// Reader reads the pixels of a bitmap: samples of 8 bits, Channels of them for each
// pixel. An index may be one that the palette has no colour for.
type Reader struct {
	Config
	ICC []byte // embedded colour profile, at most 16 MiB
	// Lost names what the file holds besides, Notes what reading the pixels changes;
	// each is a phrase for people.
	Lost, Notes []string

	h    *header
	src  io.ReaderAt
	size int64
}

// NewReader reads all of a file of size bytes but the pixels. The error names what is
// damaged or not supported, pixels that are not all there, or pixels that take more
// than limit bytes.
func NewReader(src io.ReaderAt, size, limit int64) (*Reader, error) {
	h, err := readHeader(src, size)
	if err != nil {
		return nil, err
	}
	if int64(h.W) > limit/int64(h.Channels)/int64(h.H) {
		return nil, fmt.Errorf("header: %dx%d pixels of %d bytes, expected at most %d bytes for a file of %d", h.W, h.H, h.Channels, limit, size)
	}
	r := &Reader{Config: h.Config, h: h, src: src, size: size}
	if r.packed() {
		if err := h.checkRows(size); err != nil {
			return nil, err
		}
	}
	if n := h.fields.widest(); n > 8 {
		r.Notes = append(r.Notes, fmt.Sprintf("samples of %d bits brought to 8", n))
	}
	h.readProfile(r)
	return r, nil
}

// packed tells whether rows are as they are, not run-length coded.
func (r *Reader) packed() bool { return r.h.compression != rle4 && r.h.compression != rle8 }

// Rows says where rows of pixels lie that are as they are.
type Rows struct {
	First  int64 // offset of the top row in the file
	Stride int64 // from a row to the one below it, often negative
	Bits   int   // of a pixel, which come from the highest of a byte on
	// Unpack makes samples of pixels; both may be the same memory where a sample is as
	// long as its bits.
	Unpack func(dst, src []byte)
}

// Rows returns where the rows lie, or false where they are run-length coded.
func (r *Reader) Rows() (Rows, bool) {
	stride, _ := r.h.stride()
	rows := Rows{r.h.dataAt, stride, r.h.Bits, r.h.unpacker()}
	if !r.h.topDown {
		rows.First += int64(r.H-1) * stride
		rows.Stride = -stride
	}
	return rows, r.packed()
}

// Runs decodes run-length coded pixels into the W·H indices of pix, from the top row
// down. Pixels that are left out keep theirs.
func (r *Reader) Runs(pix []byte) error {
	d := &runs{
		Reader: bufio.NewReaderSize(io.NewSectionReader(r.src, r.h.dataAt, r.size-r.h.dataAt), 1<<16),
		h:      r.h, pix: pix,
	}
	return d.decode()
}

// row is row y of the file, the lowest row of the picture being the first one
// unless the header says otherwise.
func (d *runs) row(y int) []byte {
	if !d.h.topDown {
		y = d.h.H - 1 - y
	}
	return d.pix[y*d.h.W:][:d.h.W]
}
