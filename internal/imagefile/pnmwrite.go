package imagefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/qtgpu/qtgpu/raster"
)

// pnmEncoder writes a PBM, PGM or PPM file of the depth and full scale of the raster; gray is
// repeated in a PPM. What is above full scale, which the format forbids, is at full scale.
type pnmEncoder struct {
	w      *bufio.Writer
	pixels *pixels
	small  *depth // of gray of 1, 2 and 4 bits, else nil
	max    int
	buf    []byte // a row
	bits   []byte // a row of a PBM, else nil
}

const pnmBuffer = 1 << 18

func newPNMEncoder(w io.Writer, format string, f *raster.Format, opt *WriteOptions) (*pnmEncoder, error) {
	p, err := pictureOf(format, f)
	if err != nil {
		return nil, err
	}
	kind, channels := '5', 1
	if format == "ppm" {
		kind, channels = '6', 3
	}
	if p.channels == 2 || p.channels == 4 {
		return nil, errAlpha(format)
	}
	if p.channels > channels {
		return nil, fmt.Errorf("%s holds no colour: write ppm instead", format)
	}
	e := &pnmEncoder{w: bufio.NewWriterSize(w, pnmBuffer), max: int(p.full)}
	if e.small = p.smallDepth(f, opt); e.small != nil {
		e.max = 1<<e.small.bits - 1
	}
	if e.pixels, err = p.pixels(f, channels, binary.BigEndian); err != nil {
		return nil, err
	}
	e.buf = make([]byte, e.pixels.stride())
	if format == "pbm" {
		return e, e.beginBits(f)
	}
	_, err = fmt.Fprintf(e.w, "P%c\n%d %d\n%d\n", kind, f.Width, f.Height, e.max)
	return e, err
}

// beginBits begins a PBM.
func (e *pnmEncoder) beginBits(f *raster.Format) error {
	if e.small == nil || e.small.bits != 1 {
		return errors.New("pbm holds samples that had 1 bit and come back so: write pgm instead")
	}
	e.bits = make([]byte, (f.Width+7)/8)
	_, err := fmt.Fprintf(e.w, "P4\n%d %d\n", f.Width, f.Height)
	return err
}

func (e *pnmEncoder) row(b *raster.Block, y int) error {
	if err := e.pixels.row(e.buf, b, y); err != nil {
		return err
	}
	row := e.buf
	if e.small == nil {
		row = e.limit(row)
	} else if err := e.small.divide(row, 1, e.pixels.step(), y); err != nil {
		return err
	}
	if e.bits != nil { // where one is black
		for i := range row {
			row[i] ^= 1
		}
		pack(e.bits, row, 1, 1)
		row = e.bits
	}
	_, err := e.w.Write(row)
	return err
}

// rows writes rows that lie in memory as in the file, and tells whether it has.
func (e *pnmEncoder) rows(b *raster.Block) (bool, error) {
	if e.small != nil || e.max != 1<<(8*e.pixels.size)-1 {
		return false, nil
	}
	rows := e.pixels.asWritten(b)
	if rows == nil {
		return false, nil
	}
	for len(rows) > 0 {
		n := min(len(rows), pnmBuffer/2) // through the buffer: a system copies slowly what is aligned to nothing
		if _, err := e.w.Write(rows[:n]); err != nil {
			return true, err
		}
		rows = rows[n:]
	}
	return true, nil
}

// limit holds samples to full scale. Below 256 they have a byte each in the file.
func (e *pnmEncoder) limit(row []byte) []byte {
	size := e.pixels.size
	if e.max == 1<<(8*size)-1 {
		return row
	}
	if size == 1 {
		for i, v := range row {
			row[i] = min(v, byte(e.max))
		}
		return row
	}
	for i := 0; i < len(row); i += 2 {
		v := min(binary.BigEndian.Uint16(row[i:]), uint16(e.max))
		if e.max < 256 {
			row[i/2] = byte(v)
		} else {
			binary.BigEndian.PutUint16(row[i:], v)
		}
	}
	if e.max < 256 {
		return row[:len(row)/2]
	}
	return row
}

func (e *pnmEncoder) finish() error { return e.w.Flush() }
