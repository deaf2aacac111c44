package imagefile

import (
	"bufio"
	"compress/zlib"
	"fmt"
	"io"
	"math/bits"
	"sync"

	"golang.org/x/image/tiff/lzw"

	"github.com/qtgpu/qtgpu/internal/imagefile/ccitt"
)

// blockDecoder decodes compressed blocks one after the other, row by row: memory is
// the part of a row inside the image.
type blockDecoder struct {
	h    *tiffHeader
	d    *directory
	raw  *bufio.Reader // of a block in the file
	zlib io.Reader     // used again for each block
	r    io.Reader     // of the rows of the present block, whole ones
	row  []byte
	out  []byte // samples of less than 8 bits, unpacked
}

func newBlockDecoder(h *tiffHeader, d *directory) *blockDecoder {
	return &blockDecoder{h: h, d: d, raw: bufio.NewReaderSize(nil, 1<<16)}
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
	if len(r.row) < n {
		r.row = make([]byte, n)
	}
	row := r.row[:n]
	if err := r.readRow(row, outside, r.y, b); err != nil {
		return nil, err
	}
	r.y++
	if r.y == b.h && h.deflate() {
		// Reading past the samples makes zlib compare its checksum.
		if _, err := io.CopyN(io.Discard, r.r, outside+h.rowBytes()*int64(h.blockH-b.h)+1); err != nil && err != io.EOF {
			return nil, err
		}
	}
	to := row
	if h.bits < 8 {
		if len(r.out) < samples {
			r.out = make([]byte, samples)
		}
		to = r.out[:samples]
	}
	h.samples(to, row, b, r.d.order)
	return to, nil
}

// readRow skips what is left of the row before, and reads the bytes of row y.
func (d *blockDecoder) readRow(row []byte, outside int64, y int, b block) error {
	var n int
	var err error
	if y > 0 && outside > 0 {
		_, err = io.CopyN(io.Discard, d.r, outside)
	}
	if err == nil {
		n, err = io.ReadFull(d.r, row)
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

// start begins with a block.
func (d *blockDecoder) start(b block) (err error) {
	var r io.Reader = io.NewSectionReader(d.d.src, b.off, b.n)
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
		d.r = lzw.NewReader(d.raw, lzw.MSB, 8)
	case h.compression == compressionPackBits:
		d.r = &packBits{r: d.raw}
	case d.zlib == nil:
		d.zlib, err = zlib.NewReader(d.raw)
		d.r = d.zlib
	default:
		err = d.zlib.(zlib.Resetter).Reset(d.raw, nil)
		d.r = d.zlib
	}
	return err
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
