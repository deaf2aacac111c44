package bmp

import (
	"bufio"
	"fmt"
	"io"
)

// Second bytes after a 0 ("Bitmap Compression" in the GDI reference); larger
// ones count pixels that follow as they are.
const (
	endOfLine   = 0
	endOfBitmap = 1
	delta       = 2
)

// runs decodes RLE8, and RLE4, whose pixels take half a byte each.
type runs struct {
	*bufio.Reader
	h    *header
	pix  []byte
	x, y int // of the next pixel, in the order of the file
}

// decode decodes up to the end of the bitmap or of its last row. Pixels beyond
// the end of a row are ignored: some writers make them even in number.
func (d *runs) decode() error {
	h := d.h
	for d.y < h.H {
		done, err := d.step()
		if done {
			return nil
		}
		if complete := d.y == h.H-1 && d.x == h.W; err == io.EOF && complete {
			return nil
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return fmt.Errorf("runs of pixels end early: found %d rows, expected %d", d.y, h.H)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// step decodes a run, an escape, or pixels as they are.
func (d *runs) step() (done bool, err error) {
	n, v, err := d.pair()
	if err != nil {
		return false, err
	}
	if n > 0 {
		d.put(n, func(int) byte { return v })
		return false, nil
	}
	switch v {
	case endOfLine:
		d.x, d.y = 0, d.y+1
	case endOfBitmap:
		return true, nil
	case delta:
		dx, dy, err := d.pair()
		if err != nil {
			return false, err
		}
		d.x, d.y = min(d.x+dx, d.h.W), d.y+int(dy)
	default:
		return false, d.literal(int(v))
	}
	return false, nil
}

func (d *runs) pair() (n int, v byte, err error) {
	var b [2]byte
	_, err = io.ReadFull(d, b[:])
	return int(b[0]), b[1], err
}

// literal takes n pixels as they are, padded to 16 bits.
func (d *runs) literal(n int) error {
	var b [256]byte
	used := n
	if d.h.compression == rle4 {
		used = (n + 1) / 2
	}
	if _, err := io.ReadFull(d, b[:used+used&1]); err != nil {
		return err
	}
	if d.h.compression == rle4 {
		d.put(n, func(i int) byte { return b[i/2] })
	} else {
		d.put(n, func(i int) byte { return b[i] })
	}
	return nil
}

// put writes n pixels; at gives the byte of the i-th, of which RLE4 takes the
// high half where i is even, else the low one.
func (d *runs) put(n int, at func(i int) byte) {
	row := d.row(d.y)[d.x:]
	n = min(n, len(row))
	for i := range row[:n] {
		v := at(i)
		if d.h.compression == rle4 {
			v = v >> (4 * (1 - i&1)) & 15
		}
		row[i] = v
	}
	d.x += n
}
