package jpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// The markers that are named here, T.81 table B.1, without their first byte 0xff.
const (
	tem   = 0x01
	sof0  = 0xc0
	sof1  = 0xc1
	sof2  = 0xc2
	sof3  = 0xc3
	dht   = 0xc4
	sof5  = 0xc5
	sof7  = 0xc7
	jpg   = 0xc8
	sof9  = 0xc9
	dac   = 0xcc
	sof13 = 0xcd
	sof15 = 0xcf
	rst0  = 0xd0
	rst7  = 0xd7
	soi   = 0xd8
	eoi   = 0xd9
	sos   = 0xda
	dqt   = 0xdb
	dnl   = 0xdc
	dri   = 0xdd
	dhp   = 0xde
	exp   = 0xdf
	app0  = 0xe0
	app14 = 0xee
	app15 = 0xef
	jpg7  = 0xf7 // SOF55 of JPEG-LS, T.87
	com   = 0xfe
)

// Model says what the channels of an image are.
type Model uint8

const (
	Gray Model = iota // 1 channel
	RGB               // 3 channels
	CMYK              // 4 channels of ink, 0 for none and 255 for full
)

// Channels is the number of samples of a pixel.
func (m Model) Channels() int { return [...]int{Gray: 1, RGB: 3, CMYK: 4}[m] }

// Header is what is known of a file before its first scan is decoded.
type Header struct {
	Width, Height int // in pixels, 1 to 65535
	Model         Model
	Progressive   bool
	// Subsampled tells that a component has fewer samples than the image pixels.
	Subsampled bool
	// MCURows is the number of rows of MCUs, each MCUHeight pixels high.
	MCURows, MCUHeight int
	// Segments are the APPn and COM segments before the first scan, in their order.
	Segments []Segment
}

// Segment is a marker segment that holds metadata.
type Segment struct {
	Marker byte   // second byte of the marker: 0xe0 to 0xef for APPn, 0xfe for COM
	Data   []byte // what follows the length; at most 65533 bytes
	Offset int64  // of Data in the file; 0 in segments to be written
}

// DecodeHeader reads a file up to its first scan. The Data of the segments is part
// of data. The error is ErrNotJPEG, a *FormatError or an *UnsupportedError.
func DecodeHeader(data []byte) (*Header, error) {
	d := decoder{data: data}
	if err := d.readHeader(); err != nil {
		return nil, err
	}
	return &d.Header, nil
}

// readHeader reads up to the header of the first scan, which is left in d.scan.
func (d *decoder) readHeader() error {
	if len(d.data) < 2 || d.data[0] != 0xff || d.data[1] != soi {
		return fmt.Errorf("%w, found % x", ErrNotJPEG, d.data[:min(2, len(d.data))])
	}
	d.pos = 2
	marker, err := d.readSegments()
	switch {
	case err != nil:
		return err
	case marker == eoi && d.cut:
		return d.badf("the file ends before the first scan")
	case marker == eoi:
		return d.badf("EOI marker before the first scan")
	}
	d.colour()
	return d.readScanHeader()
}

func (d *decoder) badf(format string, args ...any) error {
	return &FormatError{int64(d.pos), fmt.Sprintf(format, args...)}
}

func (d *decoder) unsupported(what string) error { return &UnsupportedError{int64(d.pos), what} }

// nextMarker moves behind the next marker and returns it: EOI, and d.cut set, where
// the data ends. Bytes before it that belong to no segment are counted in d.stray.
func (d *decoder) nextMarker() byte {
	if m := d.pending; m != 0 {
		d.pending = 0
		return m
	}
	start := d.pos
	for {
		i := bytes.IndexByte(d.data[d.pos:], 0xff)
		if i < 0 {
			break
		}
		d.pos += i
		stray := d.pos - start
		for d.pos < len(d.data) && d.data[d.pos] == 0xff {
			d.pos++ // any number of fill bytes, T.81 B.1.1.2
		}
		if d.pos == len(d.data) {
			break
		}
		d.pos++
		if m := d.data[d.pos-1]; m != 0 {
			d.stray += int64(stray)
			if stray > 0 && d.scans > 0 {
				d.damagef(start, d.mcusY, "%s before marker ff %02x that belong to no segment", plural(stray, "byte"), m)
			}
			return m
		}
	}
	d.stray += int64(len(d.data) - start)
	d.pos, d.cut = len(d.data), true
	return eoi
}

// readSegments reads segments up to SOS or EOI, whichever comes first, and returns
// that marker.
func (d *decoder) readSegments() (byte, error) {
	for {
		m := d.nextMarker()
		switch {
		case m == sos, m == eoi:
			return m, nil
		case m == tem, isRestart(m):
			continue // no parameters
		}
		if err := d.checkMarker(m); err != nil {
			return 0, err
		}
		payload, err := d.payload(m)
		if err != nil {
			return 0, err
		}
		if err := d.segment(m, payload); err != nil {
			return 0, err
		}
		d.pos += len(payload)
	}
}

// payload returns what follows the marker m and the length, and moves to it.
func (d *decoder) payload(m byte) ([]byte, error) {
	rest := d.data[d.pos:]
	if len(rest) < 2 {
		return nil, d.badf("the file ends in the segment of marker ff %02x", m)
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 {
		return nil, d.badf("segment of marker ff %02x of length %d: expected at least 2", m, n)
	}
	if n > len(rest) {
		return nil, d.badf("the file ends in the segment of marker ff %02x, of length %d, %d bytes before its end", m, n, n-len(rest))
	}
	d.pos += 2
	return rest[2:n], nil
}

// checkMarker refuses, by name, what is not decoded.
func (d *decoder) checkMarker(m byte) error {
	switch {
	case m == sof3:
		return d.unsupported("lossless JPEG (SOF3)")
	case sof5 <= m && m <= sof7, m == dhp, m == exp:
		return d.unsupported("hierarchical JPEG")
	case sof9 <= m && m <= sof15 && m != dac:
		return d.unsupported("JPEG with arithmetic coding")
	case m == jpg7:
		return d.unsupported("JPEG-LS")
	case m == soi:
		return d.badf("a second SOI marker")
	case m < sof0, m == jpg, 0xf0 <= m && m < com:
		return d.badf("marker ff %02x is reserved", m)
	}
	return nil
}

// segment takes the payload of a marker segment; d.pos is its offset.
func (d *decoder) segment(m byte, b []byte) error {
	switch {
	case m == sof0, m == sof1, m == sof2:
		return d.frameHeader(m, b)
	case m == dht:
		return d.huffmanTables(b)
	case m == dqt:
		return d.quantTables(b)
	case m == dri:
		if len(b) != 2 {
			return d.badf("DRI segment of %d bytes: expected 2", len(b))
		}
		d.restartInterval = int(binary.BigEndian.Uint16(b))
	case app0 <= m && m <= app15, m == com:
		if d.scans == 0 {
			d.Segments = append(d.Segments, Segment{m, b, int64(d.pos)})
			d.examine(m, b)
		}
	}
	return nil // DNL repeats what is known
}

// examine looks for the markers that tell the colour space: JFIF, and Adobe's in
// which the last of 12 bytes is the transform: 0 for none, 1 for YCbCr, 2 for YCCK.
func (d *decoder) examine(m byte, b []byte) {
	switch {
	case m == app0 && len(b) >= 14 && bytes.HasPrefix(b, []byte("JFIF\x00")):
		d.jfif = true
	case m == app14 && len(b) >= 12 && bytes.HasPrefix(b, []byte("Adobe")):
		d.adobe, d.transform = true, b[11]
	}
}

// quantTables reads a DQT segment, T.81 B.2.4.1. Tables stay in zigzag order.
func (d *decoder) quantTables(b []byte) error {
	for len(b) > 0 {
		size, id := int(b[0]>>4), b[0]&15
		if id > 3 || size > 1 {
			return d.badf("quantisation table %d with elements of code %d: expected table 0 to 3 and code 0 or 1", id, size)
		}
		n := 64 << size
		if len(b) < 1+n {
			return d.badf("quantisation table %d of %d bytes: expected %d", id, len(b)-1, n)
		}
		q := new([64]uint16)
		for i := range q {
			if size == 0 {
				q[i] = uint16(b[1+i])
			} else {
				q[i] = binary.BigEndian.Uint16(b[1+2*i:])
			}
		}
		d.quant[id] = q
		b = b[1+n:]
	}
	return nil
}
