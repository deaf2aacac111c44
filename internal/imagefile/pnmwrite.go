package imagefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/qtgpu/qtgpu/raster"
)

// pnmEncoder writes a PGM or PPM file of the depth and full scale of the raster; gray is
// repeated in a PPM. What is above full scale, which the format forbids, is at full scale.
type pnmEncoder struct {
	w      *bufio.Writer
	pixels *pixels
	max    int
	buf    []byte // a row
}

func newPNMEncoder(w io.Writer, format string, f *raster.Format) (*pnmEncoder, error) {
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
		return nil, errors.New("pgm holds no colour: write ppm instead")
	}
	e := &pnmEncoder{w: bufio.NewWriterSize(w, 1<<16), max: int(p.full)}
	if e.pixels, err = p.pixels(f, channels, binary.BigEndian); err != nil {
		return nil, err
	}
	e.buf = make([]byte, e.pixels.stride())
	_, err = fmt.Fprintf(e.w, "P%c\n%d %d\n%d\n", kind, f.Width, f.Height, e.max)
	return e, err
}

func (e *pnmEncoder) row(b *raster.Block, y int) error {
	if err := e.pixels.row(e.buf, b, y); err != nil {
		return err
	}
	_, err := e.w.Write(e.limit(e.buf))
	return err
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
