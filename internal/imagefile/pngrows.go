package imagefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"image"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/qtgpu/qtgpu/raster"
)

// pngRows decodes the rows of a picture, or of the passes of an interlaced one.
type pngRows struct {
	p         *pngScan
	data      *idatReader
	z         io.ReadCloser
	w, y      int
	row, prev []byte // with the filter type before the first byte
	out       []byte // samples, where the bytes of a row are not
}

// newRows starts at the first IDAT chunk.
func (p *pngScan) newRows() (*pngRows, error) {
	r := &pngRows{p: p, data: newIDATReader(p.src, p.idat)}
	r.start(p.w)
	var err error
	r.z, err = zlib.NewReader(r.data)
	return r, noEOF(err)
}

// start begins a picture of rows of w pixels.
func (r *pngRows) start(w int) {
	n := int(1 + (int64(w)*int64(r.bits())+7)/8)
	if cap(r.row) < n {
		r.row, r.prev = make([]byte, n), make([]byte, n)
	}
	r.row, r.prev = r.row[:n], r.prev[:n]
	clear(r.prev)
	r.w, r.y = w, 0
}

// bits is the size of a pixel of the file.
func (r *pngRows) bits() int { return r.p.samples() * int(r.p.depth) }

func (r *pngRows) close() { r.z.Close() }

// next implements rowDecoder for a picture without interlace.
func (r *pngRows) next() ([]byte, error) {
	row, err := r.decode()
	if err == nil && r.y == r.p.h {
		err = r.end()
	}
	return row, err
}

// decode decodes a row.
func (r *pngRows) decode() ([]byte, error) {
	n, err := io.ReadFull(r.z, r.row)
	if err != nil {
		return nil, fmt.Errorf("row %d of %d: expected %d bytes, found %d: %w", r.y, r.p.h, len(r.row), n, noEOF(err))
	}
	row := r.row[1:]
	if err := unfilter(r.row[0], row, r.prev[1:], (r.bits()+7)/8); err != nil {
		return nil, fmt.Errorf("row %d of %d: %w", r.y, r.p.h, err)
	}
	r.row, r.prev = r.prev, r.row
	r.y++
	return r.samples(row), nil
}

// end looks at what follows the last row: nothing but the checksums.
func (r *pngRows) end() error {
	n, err := io.ReadFull(r.z, r.row[:1])
	switch {
	case err != nil && err != io.EOF:
		return fmt.Errorf("behind the last row: %w", noEOF(err))
	case n != 0 || r.data.left != 0:
		return errors.New("too much pixel data: expected no more behind the last row")
	}
	return r.data.finish()
}

// samples makes samples in the byte order of the machine of a row of the file.
func (r *pngRows) samples(row []byte) []byte {
	size, n := max(1, int(r.p.depth)/8), r.p.samples()
	plain := r.p.depth == 8
	if plain && r.p.key == nil {
		return row
	}
	if r.p.key != nil {
		n++
	}
	if cap(r.out) < r.w*n*size {
		r.out = make([]byte, r.w*n*size)
	}
	r.out = r.out[:r.w*n*size]
	if r.p.key == nil {
		r.convert(r.out, row)
		return r.out
	}
	// The samples come to the end, then to their places beside their alpha.
	samples := r.out[r.w*size:]
	r.convert(samples, row)
	r.addAlpha(samples, n, size)
	return r.out
}

// convert makes samples of 8 or 16 bits.
func (r *pngRows) convert(dst, row []byte) {
	switch depth := int(r.p.depth); {
	case depth == 8:
		copy(dst, row)
	case depth == 16:
		copy(dst, row)
		toNative(dst, 2)
	default:
		scale := byte(1)
		if r.p.colour == pngGray {
			scale = byte(255 / (1<<depth - 1))
		}
		mask := byte(1<<depth - 1)
		for x := range dst {
			at := x * depth
			dst[x] = row[at/8] >> (8 - depth - at%8) & mask * scale
		}
	}
}

// addAlpha makes pixels of n samples out of pixels without alpha, which is 0 for the
// colour of tRNS. Samples of 8 bits or less are compared with the lower byte of it, and
// 16-bit ones with both.
func (r *pngRows) addAlpha(samples []byte, n, size int) {
	var key [6]byte
	for c := range n - 1 {
		v := binary.BigEndian.Uint16(r.p.key[2*c:])
		if r.p.depth < 8 {
			v *= uint16(255 / (1<<r.p.depth - 1))
		}
		storeSample(key[c*size:][:size], int(v))
	}
	colour := (n - 1) * size
	for x := range r.w {
		to, from := r.out[x*n*size:][:n*size], samples[x*colour:][:colour]
		alpha := byte(0xff)
		if string(from) == string(key[:colour]) {
			alpha = 0
		}
		copy(to, from)
		for i := colour; i < n*size; i++ {
			to[i] = alpha
		}
	}
}

// adam7 has the first pixel of each pass and the steps to the next (PNG 8.2).
var adam7 = [7]struct{ x, y, stepX, stepY int }{
	{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2},
}

// readPasses decodes an interlaced picture into a block of all of it.
func (p *pngScan) readPasses(dst *raster.Block) error {
	r, err := p.newRows()
	if err != nil {
		return err
	}
	defer r.close()
	size := dst.Type.Size()
	for _, a := range adam7 {
		w, h := (p.w-a.x+a.stepX-1)/a.stepX, (p.h-a.y+a.stepY-1)/a.stepY
		if w <= 0 || h <= 0 {
			continue
		}
		pass := &raster.Block{Rect: image.Rect(0, 0, w, h), Type: dst.Type, Step: a.stepX * dst.Step, Stride: a.stepY * dst.Stride}
		for _, plane := range dst.Planes {
			pass.Planes = append(pass.Planes, plane[(a.y*dst.Stride+a.x*dst.Step)*size:])
		}
		r.start(w)
		for y := range h {
			row, err := r.decode()
			if err != nil {
				return err
			}
			put(pass, row, 0, y, len(dst.Planes))
		}
	}
	return r.end()
}

// idatReader reads the data of consecutive IDAT chunks, each against its checksum.
type idatReader struct {
	src  *bufio.Reader
	left int64 // bytes of the present chunk
	crc  hash.Hash32
}

// newIDATReader starts at the chunk at off.
func newIDATReader(src *io.SectionReader, off int64) *idatReader {
	return &idatReader{src: bufio.NewReaderSize(io.NewSectionReader(src, off, src.Size()-off), 1<<16)}
}

// Read implements io.Reader; io.EOF comes where another chunk follows.
func (d *idatReader) Read(b []byte) (int, error) {
	for d.left == 0 {
		more, err := d.nextChunk()
		if err != nil {
			return 0, err
		}
		if !more {
			return 0, io.EOF
		}
	}
	n, err := d.src.Read(b[:min(int64(len(b)), d.left)])
	d.crc.Write(b[:n])
	d.left -= int64(n)
	return n, err
}

// nextChunk compares the checksum of the present chunk, and tells whether IDAT follows.
func (d *idatReader) nextChunk() (bool, error) {
	var b [8]byte
	if d.crc != nil {
		if _, err := io.ReadFull(d.src, b[:4]); err != nil {
			return false, noEOF(err)
		}
		if found, expected := binary.BigEndian.Uint32(b[:]), d.crc.Sum32(); found != expected {
			return false, fmt.Errorf("IDAT: invalid checksum: found %08x, expected %08x", found, expected)
		}
	}
	if _, err := io.ReadFull(d.src, b[:]); err != nil {
		return false, noEOF(err)
	}
	d.crc = crc32.NewIEEE()
	d.crc.Write(b[4:])
	d.left = int64(binary.BigEndian.Uint32(b[:]))
	return string(b[4:]) == "IDAT", nil
}

// finish compares the checksums of what is left: chunks behind the end of the pixels,
// which decoders pass over.
func (d *idatReader) finish() error {
	for {
		more, err := d.nextChunk()
		if err != nil || !more {
			return err
		}
		if _, err := io.CopyN(d.crc, d.src, d.left); err != nil {
			return noEOF(err)
		}
	}
}
