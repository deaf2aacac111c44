// Package ccitt decodes bi-level images that are coded after ITU-T T.4 and T.6
// in the forms that TIFF knows as compressions 2, 3 and 4.
package ccitt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Mode is the form of the code.
type Mode uint8

// The modes, with the numbers of TIFF's Compression.
const (
	RLE    Mode = 2 // T.4, one-dimensional, each row from the start of a byte, no EOL
	Group3 Mode = 3 // T.4
	Group4 Mode = 4 // T.6
)

// Options describe the image.
type Options struct {
	Width, Rows int // in pixels; from 1
	Mode        Mode
	// TwoDimensional is bit 0 of TIFF's T4Options: in Group3 a bit after the EOL
	// tells whether the row is coded by the one above.
	TwoDimensional bool
}

// Reader is an io.Reader of the rows, ⌈Width/8⌉ bytes each: a bit for a pixel,
// the first in the highest bit, 0 in white runs and 1 in black ones.
//
// The code is read the highest bit first; TIFF's FillOrder 2 means that the bits
// of each byte come in reverse. EOLs may be missing, and fill bits may stand
// before each. Errors name the row, from 0; a row that is damaged is not
// repaired, nor is a missing one. Memory is a row and 8 bytes for each run of
// two rows, work is the rows and a step or two for each code.
type Reader struct {
	bits bitReader
	opt  Options
	y    int  // of the row decoded next
	eols bool // a row began with an EOL, so that the others do

	// Where the runs of a row end, white and black in turn; three times Width
	// come last.
	above, cur []int

	row  []byte
	left []byte // of row, not read yet
	err  error
}

// NewReader returns a Reader of a coded image.
func NewReader(r io.Reader, opt Options) *Reader {
	in, ok := r.(io.ByteReader)
	if !ok {
		in = bufio.NewReader(r)
	}
	return &Reader{
		bits: bitReader{r: in}, opt: opt,
		cur: []int{opt.Width, opt.Width, opt.Width}, // above the first row is a white one
		row: make([]byte, (opt.Width+7)/8),
	}
}

// Read returns bytes of at most one row.
func (d *Reader) Read(p []byte) (int, error) {
	if len(d.left) == 0 && d.err == nil && len(p) > 0 {
		d.err = d.next()
	}
	if len(d.left) == 0 {
		return 0, d.err
	}
	n := copy(p, d.left)
	d.left = d.left[n:]
	return n, nil
}

var errEnd = errors.New("the data ends")

// next decodes a row.
func (d *Reader) next() error {
	if d.y == d.opt.Rows {
		return io.EOF
	}
	if err := d.decode(); err != nil {
		if d.bits.err != nil {
			err = d.bits.err
		}
		return fmt.Errorf("row %d of %d: %w", d.y, d.opt.Rows, err)
	}
	d.y++
	d.render()
	return nil
}

func (d *Reader) decode() error {
	d.above, d.cur = d.cur, d.above[:0]
	byAbove, err := d.start()
	if err != nil {
		return err
	}
	if byAbove {
		err = d.row2D()
	} else {
		err = d.row1D()
	}
	if err == nil && d.bits.left() < 0 {
		err = errEnd
	}
	d.cur = append(d.cur, d.opt.Width, d.opt.Width, d.opt.Width)
	return err
}

// start skips what stands before a row and tells whether the row is coded by the
// one above.
func (d *Reader) start() (byAbove bool, err error) {
	switch d.opt.Mode {
	case RLE:
		d.bits.align()
		return false, nil
	case Group3:
		if err := d.syncEOL(); err != nil || !d.opt.TwoDimensional {
			return false, err
		}
		tag := d.bits.peek(1)
		d.bits.skip(1)
		return tag == 0, nil
	case Group4:
		return true, nil
	}
	return false, fmt.Errorf("mode %d: expected 2, 3 or 4", d.opt.Mode)
}

// syncEOL skips the EOL before a row with the fill bits before it. Where rows
// have EOLs, whatever stands between the row and its EOL is fill.
func (d *Reader) syncEOL() error {
	for d.bits.peek(eolBits-1) != 0 {
		if !d.eols {
			return nil
		}
		if d.bits.left() < 0 {
			return errEnd
		}
		d.bits.skip(1)
	}
	for d.bits.peek(eolBits) != eol {
		if d.bits.left() < 0 {
			return errEnd
		}
		d.bits.skip(1)
	}
	d.bits.skip(eolBits)
	d.eols = true
	return nil
}

// row1D reads the ends of runs, white first (T.4, section 4.1).
func (d *Reader) row1D() error {
	for x, black := 0, 0; x < d.opt.Width; black ^= 1 {
		n, err := d.run(black, x)
		if err != nil {
			return err
		}
		x += n
		d.cur = append(d.cur, x)
	}
	return nil
}

var colours = [2]string{"white", "black"}

// run reads the length of a run that starts at column x: make-up codes and a
// terminating code.
func (d *Reader) run(black, x int) (n int, err error) {
	for {
		c := runs[black][d.bits.peek(runBits)]
		if c.bits == 0 {
			return 0, d.noRun(black, x)
		}
		d.bits.skip(int(c.bits))
		n += int(c.value)
		if n > d.opt.Width-x {
			return 0, fmt.Errorf("a %s run of %d from column %d: expected at most %d", colours[black], n, x, d.opt.Width-x)
		}
		if c.value < 64 {
			return n, nil
		}
	}
}

// noRun says what stands where the code of a run was expected.
func (d *Reader) noRun(black, x int) error {
	switch {
	case d.bits.left() < runBits:
		return errEnd
	case d.bits.peek(eolBits) == eol:
		return fmt.Errorf("end of line at column %d: expected it at %d", x, d.opt.Width)
	case d.bits.peek(extensionBits1D) == extension:
		return d.extension(extensionBits1D, x)
	}
	return fmt.Errorf("bits %013b at column %d: expected the code of a %s run", d.bits.peek(runBits), x, colours[black])
}

// extension names the extension, the one in use being the uncompressed mode.
func (d *Reader) extension(bits, x int) error {
	n := d.bits.peek(bits+3) & 7
	if n == 7 {
		return fmt.Errorf("uncompressed mode at column %d is not supported", x)
	}
	return fmt.Errorf("extension %d at column %d is not supported", n, x)
}

// row2D reads the ends of runs by the changes of the row above (T.4, section
// 4.2; T.6, section 2.2). a0 is where the run begins; above[i] is b1, the first
// change to the right of a0 that has the colour of the run before it.
func (d *Reader) row2D() error {
	a0, i, black := 0, 0, 0
	for a0 < d.opt.Width {
		mode := modes[d.bits.peek(modeBits)]
		if mode.bits == 0 {
			return d.noMode(a0)
		}
		d.bits.skip(int(mode.bits))
		switch mode.value {
		case pass:
			a0 = d.above[i+1]
			i += 2
		case horizontal:
			for range 2 {
				n, err := d.run(black, a0)
				if err != nil {
					return err
				}
				a0 += n
				d.cur = append(d.cur, a0)
				black ^= 1
			}
		default:
			to := d.above[i] + int(mode.value) - vertical - 3
			if to < a0 || to > d.opt.Width {
				return fmt.Errorf("a change at column %d: expected %d to %d", to, a0, d.opt.Width)
			}
			d.cur = append(d.cur, to)
			// b1 of the other colour is the next change, or the one before if
			// the run ends left of b1.
			if i++; to < d.above[i-1] && i > 1 {
				i -= 2
			}
			a0, black = to, black^1
		}
		for a0 < d.opt.Width && d.above[i] <= a0 {
			i += 2
		}
	}
	return nil
}

// noMode says what stands where a mode was expected.
func (d *Reader) noMode(x int) error {
	switch {
	case d.bits.left() < modeBits:
		return errEnd
	case d.bits.peek(eolBits) == eol:
		return fmt.Errorf("end of the block or line at column %d: expected the line's end at %d", x, d.opt.Width)
	case d.bits.peek(extensionBits) == extension:
		return d.extension(extensionBits, x)
	}
	return fmt.Errorf("bits %07b at column %d: expected a mode", d.bits.peek(modeBits), x)
}

// render sets the bits of the black runs.
func (d *Reader) render() {
	d.left = d.row
	clear(d.row)
	for i := 1; i < len(d.cur); i += 2 {
		setBits(d.row, d.cur[i-1], d.cur[i])
	}
}

// setBits sets the bits from x0 up to x1.
func setBits(row []byte, x0, x1 int) {
	if x0 >= x1 {
		return
	}
	first, last := byte(0xff)>>(x0&7), ^(byte(0x7f) >> ((x1 - 1) & 7))
	a, b := x0/8, (x1-1)/8
	if a == b {
		row[a] |= first & last
		return
	}
	row[a] |= first
	for i := a + 1; i < b; i++ {
		row[i] = 0xff
	}
	row[b] |= last
}
