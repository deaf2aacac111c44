// Package jpeg decodes and encodes JPEG files, ITU-T T.81, of 8 bits a sample. What
// it decodes is, bit for bit, what djpeg of libjpeg-turbo 2.1 shows: chroma is
// interpolated, and a cut or damaged file gives the picture as far as it goes. What
// it encodes has the coefficients that cjpeg gives it.
package jpeg

import (
	"fmt"
	"math"
	"unsafe"
)

// Options bounds what Decode does for an input of n bytes. A field that is 0 stands
// for its default.
type Options struct {
	// MaxPixels is the largest width × height; by default 1<<30.
	MaxPixels int64
	// MaxBytes is the most memory for pixels, coefficients and samples together; by
	// default 256 MiB + 4096 n.
	MaxBytes int64
	// MaxWork is the most visits of blocks of 8×8 samples, one for each scan that
	// has the block and one for its pixels; by default (256 MiB + 4096 n)/64. A
	// file that is not cut has a bit for each block at least, which allows for 8.
	MaxWork int64
	// Space says how colours are coded; by default the markers of the file tell.
	Space Space
	// Progress is told how much of all is done, in units of no meaning; nil tells nobody.
	Progress func(done, total int64)
}

// Space is how colours are coded, where it is known otherwise than by markers.
type Space uint8

// The spaces.
const (
	ByMarkers Space = iota // as libjpeg tells it
	AsCoded                // components are channels
	FromYCbCr              // the first three of three or four are YCbCr
)

func (o Options) withDefaults(n int) Options {
	set := func(limit *int64, value int64) {
		if *limit == 0 {
			*limit = value
		}
	}
	budget := int64(256<<20) + 4096*int64(n)
	set(&o.MaxPixels, 1<<30)
	set(&o.MaxBytes, budget)
	set(&o.MaxWork, budget/64)
	return o
}

// Image is a decoded picture.
type Image struct {
	Header
	// Pix holds the pixels row by row, Model.Channels() bytes each.
	Pix []byte
	// Stray is the number of bytes between segments that belong to none and were
	// skipped.
	Stray int64
	// Trailing is the number of bytes behind the EOI marker, at the end of the data.
	// Gain maps and the other pictures of MPF files lie there.
	Trailing int64
}

// decoder is the state of decoding a file.
type decoder struct {
	Header
	data            []byte
	pos             int   // of the next byte to be read
	pending         byte  // a marker that was read and not yet dealt with, or 0
	cut             bool  // the data ended before EOI
	stray, trailing int64 // as in Image

	space       Space
	jfif, adobe bool
	transform   byte
	ycc         bool // the first three components are YCbCr

	frame
	restartInterval int // in MCUs, 0 for none
	quant           [4]*[64]uint16
	huff            [2][4]*huffTable // DC and AC

	scan     *scan
	scans    int // number of scans that were decoded
	lastGood int // last row of MCUs that was reached with data, as libjpeg counts it
	work     int64
	maxWork  int64
	damage   *DamageError
}

// Decode decodes a file. It returns ErrNotJPEG, a *FormatError, an
// *UnsupportedError or a *LimitError without an image, and a *DamageError with one.
// The Data of the segments is part of data.
func Decode(data []byte, o Options) (*Image, error) {
	o = o.withDefaults(len(data))
	d := &decoder{data: data, maxWork: o.MaxWork, space: o.Space}
	if err := d.readHeader(); err != nil {
		return nil, err
	}
	// One scan may hold all, so that its rows can be shown as they come.
	single := !d.Progressive && len(d.scan.comps) == len(d.comps)
	if err := d.allocate(single, o); err != nil {
		return nil, err
	}
	r := d.newRenderer()
	if err := d.decodeScans(single, r, o.Progress); err != nil {
		return nil, err
	}
	m := &Image{Header: d.Header, Pix: r.pix, Stray: d.stray, Trailing: d.trailing}
	if d.damage != nil {
		return m, d.damage
	}
	return m, nil
}

// allocate holds the size of the picture against the limits and makes room for the
// coefficients, of one row of MCUs or of all.
func (d *decoder) allocate(single bool, o Options) error {
	pixels := int64(d.Width) * int64(d.Height)
	if pixels > o.MaxPixels {
		return &LimitError{fmt.Sprintf("pixels (%d×%d)", d.Width, d.Height), pixels, o.MaxPixels}
	}
	rows := d.mcusY
	if single {
		rows = 1
	}
	need := pixels * int64(d.Model.Channels())
	for i := range d.comps {
		c := &d.comps[i]
		d.work += int64(c.blocksX) * int64(c.blocksY)
		need += int64(c.v) * int64(c.stride) * (int64(rows)*int64(unsafe.Sizeof(block{})) + 2*64)
	}
	if err := d.visit(); err != nil {
		return err
	}
	if have := min(o.MaxBytes, math.MaxInt); need > have {
		return &LimitError{fmt.Sprintf("bytes of memory (for %d×%d pixels)", d.Width, d.Height), need, have}
	}
	for i := range d.comps {
		c := &d.comps[i]
		c.blocks = make([]block, rows*c.v*c.stride)
	}
	return nil
}

// decodeScans decodes all scans and renders the picture. The work is as much as there are
// bytes and, where all scans come before the picture, as much again.
func (d *decoder) decodeScans(single bool, r *renderer, progress func(done, total int64)) error {
	total := int64(len(d.data))
	if !single {
		total *= 2
	}
	if progress == nil {
		progress = func(int64, int64) {}
	}
	for {
		for row := range d.mcusY {
			d.scan.decodeRow(row)
			progress(int64(d.scan.bits.pos), total)
			if single {
				r.render(row)
				d.clear()
			}
		}
		d.scan.finish()
		if !d.another(single) {
			break
		}
		if err := d.visit(); err != nil {
			return err
		}
	}
	r.smooth = d.smoothable()
	for row := 0; row < d.mcusY && !single; row++ {
		r.render(row)
		progress(total/2+total/2*int64(row+1)/int64(d.mcusY), total)
	}
	return nil
}

// visit counts the blocks of the scan to come.
func (d *decoder) visit() error {
	if d.work += d.scan.blocks(); d.work > d.maxWork {
		return &LimitError{"visits of blocks", d.work, d.maxWork}
	}
	return nil
}

func (d *decoder) clear() {
	for i := range d.comps {
		clear(d.comps[i].blocks)
	}
}

// another moves to the next scan and reports whether there is one.
func (d *decoder) another(single bool) bool {
	marker, err := d.readSegments()
	switch {
	case err != nil:
	case marker == eoi:
		d.trailing = int64(len(d.data) - d.pos)
		if d.cut {
			d.damagef(d.pos, d.mcusY, "the file ends without an EOI marker")
		}
		return false
	case single:
		err = d.badf("a second scan of components that the first one completed")
	default:
		err = d.readScanHeader()
	}
	if err != nil {
		d.damagef(d.pos, d.mcusY, "%s", err.(interface{ what() string }).what())
	}
	return err == nil
}

// damagef notes damage, unless an earlier place is damaged.
func (d *decoder) damagef(offset, row int, format string, args ...any) {
	if d.damage == nil {
		d.damage = &DamageError{int64(offset), d.scans, row, min(row*d.MCUHeight, d.Height), fmt.Sprintf(format, args...)}
	}
}
