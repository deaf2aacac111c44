package imagefile

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/image/tiff/lzw"

	"github.com/qtgpu/qtgpu/internal/imagefile/ccitt"
)

// blockDecoder decodes blocks one after the other, row by row: memory is the
// part of a row inside the image.
type blockDecoder struct {
	h    *tiffHeader
	d    *directory
	raw  *bufio.Reader // of a block in the file
	zlib io.Reader     // used again for each block
	row  []byte
}

func newBlockDecoder(h *tiffHeader, d *directory) *blockDecoder {
	return &blockDecoder{h: h, d: d, raw: bufio.NewReaderSize(nil, 1<<16)}
}

// decode reads the part of a block inside the image into m.
func (d *blockDecoder) decode(m *Image, b block) error {
	r, err := d.open(b)
	if err != nil {
		return err
	}
	h := d.h
	n := (b.w*h.blockSamples()*h.bits + 7) / 8
	outside := h.rowBytes() - int64(n) // bytes of a row past the image
	if len(d.row) < n {
		d.row = make([]byte, n)
	}
	for y := range b.h {
		row := d.row[:n]
		if h.direct() {
			row = m.Pix[(b.y+y)*m.Stride+b.x*m.Step:][:n]
		}
		if err := d.readRow(r, row, outside, y, b); err != nil {
			return err
		}
		if !h.direct() {
			h.place(m, row, b, y)
		}
	}
	if h.deflate() {
		// Reading past the samples makes zlib compare its checksum.
		if _, err := io.CopyN(io.Discard, r, outside+h.rowBytes()*int64(h.blockH-b.h)+1); err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// readRow skips what is left of the row before, and reads the samples of row y,
// big-endian.
func (d *blockDecoder) readRow(r io.Reader, row []byte, outside int64, y int, b block) error {
	var n int
	var err error
	if y > 0 && outside > 0 {
		_, err = io.CopyN(io.Discard, r, outside)
	}
	if err == nil {
		n, err = io.ReadFull(r, row)
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
	if d.h.bits == 16 && d.d.order == binary.ByteOrder(binary.LittleEndian) {
		for i := 0; i < len(row); i += 2 {
			row[i], row[i+1] = row[i+1], row[i]
		}
	}
	if d.h.predictor == 2 {
		unpredict(row, d.h.blockSamples()*d.h.bits/8, d.h.bits)
	}
	return nil
}

// open returns a reader of the rows of a block, whole ones.
func (d *blockDecoder) open(b block) (r io.Reader, err error) {
	r = io.NewSectionReader(d.d.src, b.off, b.n)
	if d.h.reversed {
		r = reverser{r}
	}
	d.raw.Reset(r)
	switch h := d.h; {
	case h.ccitt():
		return ccitt.NewReader(d.raw, ccitt.Options{
			Width: h.blockW, Rows: b.h, Mode: ccitt.Mode(h.compression), TwoDimensional: h.twoDimensional,
		}), nil
	case h.compression == compressionLZW:
		return lzw.NewReader(d.raw, lzw.MSB, 8), nil
	case h.compression == compressionPackBits:
		return &packBits{r: d.raw}, nil
	case h.deflate() && d.zlib == nil:
		d.zlib, err = zlib.NewReader(d.raw)
		return d.zlib, err
	case h.deflate():
		return d.zlib, d.zlib.(zlib.Resetter).Reset(d.raw, nil)
	}
	return d.raw, nil
}

// unpredict undoes horizontal differencing (TIFF 6.0, section 14) of a row with
// pixels of step bytes.
func unpredict(row []byte, step, bits int) {
	if bits == 8 {
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
		return
	}
	for i := step; i < len(row); i += 2 {
		v := binary.BigEndian.Uint16(row[i-step:]) + binary.BigEndian.Uint16(row[i:])
		binary.BigEndian.PutUint16(row[i:], v)
	}
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
