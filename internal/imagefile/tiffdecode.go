package imagefile

import (
	"bufio"
	oldlzw "compress/lzw"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"sync"

	"github.com/klauspost/compress/zlib"
	"golang.org/x/image/tiff/lzw"

	"github.com/qtgpu/qtgpu/internal/imagefile/ccitt"
)

// blockDecoder decodes compressed blocks one after the other, row by row: memory is
// the part of a row inside the image, and what the compression needs.
type blockDecoder struct {
	h    *tiffHeader
	d    *directory
	opt  ReadOptions
	raw  *bufio.Reader // of a block in the file
	zlib io.Reader     // used again for each block
	zstd *zstdBlocks   // the same
	r    io.Reader     // of the rows of the present block, whole ones
	row  []byte
	out  []byte // samples that have another number of bits in the file
	sums []byte // of the bytes of a row so far, for each band
}

func newBlockDecoder(h *tiffHeader, d *directory, opt ReadOptions) *blockDecoder {
	return &blockDecoder{h: h, d: d, opt: opt, raw: bufio.NewReaderSize(nil, 1<<16)}
}

// blockRows are the rows of a block inside the image.
type blockRows struct {
	*blockDecoder
	pool *sync.Pool // where the decoder goes in the end
	b    block
	y    int
}

func (r *blockRows) close() { r.pool.Put(r.blockDecoder) }

// next implements rowDecoder.
func (r *blockRows) next() ([]byte, error) {
	h, b := r.h, r.b
	samples := b.w * h.blockSamples()
	n := (samples*h.bits + 7) / 8
	outside := h.rowBytes() - int64(n) // bytes of a row past the image
	row := room(&r.row, n)
	if err := r.readRow(row, outside, r.y, b); err != nil {
		return nil, err
	}
	r.y++
	if r.y == b.h && h.deflate() {
		if h.predictor == predictorFloat { // which has read the row to its end
			outside = 0
		}
		// Reading past the samples makes zlib compare its checksum.
		if _, err := io.CopyN(io.Discard, r.r, outside+h.rowBytes()*int64(h.blockH-b.h)+1); err != nil && err != io.EOF {
			return nil, err
		}
	}
	to := row
	if !h.asStored() {
		to = room(&r.out, samples*h.typ.Size())
	}
	h.samples(to, row, b)
	return to, nil
}

// room is the first n bytes of scratch, which grows to hold them.
func room(scratch *[]byte, n int) []byte {
	if cap(*scratch) < n {
		*scratch = make([]byte, n)
	}
	return (*scratch)[:n]
}

// readRow skips what is left of the row before, and reads the bytes of row y.
func (d *blockDecoder) readRow(row []byte, outside int64, y int, b block) error {
	var n int
	var err error
	if d.h.predictor == predictorFloat {
		err = d.readFloats(row, outside)
	} else {
		if y > 0 && outside > 0 {
			_, err = io.CopyN(io.Discard, d.r, outside)
		}
		if err == nil {
			n, err = io.ReadFull(d.r, row)
		}
	}
	switch {
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	case err != nil && d.h.ccitt():
		return err // it names the row
	}
	if err != nil {
		return fmt.Errorf("row %d of %d: expected %d bytes of samples, found %d: %w", y, b.h, len(row), n, err)
	}
	return nil
}

// readFloats reads a row and undoes the floating-point predictor (Adobe Photoshop TIFF
// Technical Note 3): first come the highest bytes of all samples, then the next ones, each
// but the first of a band as its difference to the one before.
func (d *blockDecoder) readFloats(row []byte, outside int64) error {
	size, bands := d.h.bits/8, d.h.blockSamples()
	n := len(row) / size
	sums := room(&d.sums, bands)
	clear(sums)
	plane := borrow(max(n, bands))
	defer giveBack(plane)
	for k := range size {
		part := (*plane)[:n]
		if _, err := io.ReadFull(d.r, part); err != nil {
			return err
		}
		accumulate(part, sums)
		at := k
		if native(binary.LittleEndian) {
			at = size - 1 - k
		}
		for i, v := range part {
			row[i*size+at] = v
		}
		chunk := (*plane)[:len(*plane)/bands*bands]
		for left := outside / int64(size); left > 0; {
			c := chunk[:min(int64(len(chunk)), left)]
			if _, err := io.ReadFull(d.r, c); err != nil {
				return err
			}
			accumulate(c, sums)
			left -= int64(len(c))
		}
	}
	return nil
}

// accumulate makes sums of differences that begin with the first band, from the sums so
// far on.
func accumulate(b, sums []byte) {
	for i := 0; i < len(b); i += len(sums) {
		for c := range sums {
			sums[c] += b[i+c]
			b[i+c] = sums[c]
		}
	}
}

// start begins with a block.
func (d *blockDecoder) start(b block) (err error) {
	src := io.NewSectionReader(d.d.src, b.off, b.n)
	var r io.Reader = src
	if d.h.reversed {
		r = reverser{r}
	}
	d.raw.Reset(r)
	switch h := d.h; {
	case h.ccitt():
		d.r = ccitt.NewReader(d.raw, ccitt.Options{
			Width: h.blockW, Rows: b.h, Mode: ccitt.Mode(h.compression), TwoDimensional: h.twoDimensional,
		})
	case h.compression == compressionLZW:
		d.r = d.lzw()
	case h.compression == compressionPackBits:
		d.r = &packBits{r: d.raw}
	case h.compression == compressionJPEG:
		d.r, err = h.decodeJPEG(src, b, d.opt)
	case h.compression == compressionZSTD:
		if d.zstd == nil {
			d.zstd, err = newZSTDBlocks(h, d.opt)
		}
		if err == nil {
			d.r, err = d.zstd.open(d.raw)
		}
	case d.zlib == nil:
		d.zlib, err = zlib.NewReader(d.raw)
		d.r = d.zlib
	default:
		err = d.zlib.(zlib.Resetter).Reset(d.raw, nil)
		d.r = d.zlib
	}
	return err
}

// lzw reads LZW as TIFF 6.0, section 13, has it, or as writers did before: the lowest bit
// first, codes growing one later. A block begins with the code 256 in 9 bits, which tells.
func (d *blockDecoder) lzw() io.Reader {
	if head, err := d.raw.Peek(2); err == nil && head[0] == 0 && head[1]&1 == 1 {
		return oldlzw.NewReader(d.raw, oldlzw.LSB, 8)
	}
	return lzw.NewReader(d.raw, lzw.MSB, 8)
}

// reverser reverses the bits of each byte, as FillOrder 2 asks for.
type reverser struct{ r io.Reader }

func (r reverser) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	for i := range p[:n] {
		p[i] = bits.Reverse8(p[i])
	}
	return n, err
}

// packBits decodes the byte runs of TIFF 6.0, section 9.
type packBits struct {
	r      *bufio.Reader
	left   int // bytes still to come of the present run
	repeat bool
	value  byte // what is repeated
}

func (p *packBits) Read(dst []byte) (int, error) {
	for p.left == 0 {
		c, err := p.r.ReadByte()
		if err != nil {
			return 0, err
		}
		n := int(int8(c))
		if n == -128 {
			continue
		}
		p.left, p.repeat = n+1, n < 0
		if p.repeat {
			p.left = 1 - n
			if p.value, err = p.r.ReadByte(); err != nil {
				return 0, err
			}
		}
	}
	dst = dst[:min(len(dst), p.left)]
	p.left -= len(dst)
	if p.repeat {
		for i := range dst {
			dst[i] = p.value
		}
		return len(dst), nil
	}
	return io.ReadFull(p.r, dst)
}
