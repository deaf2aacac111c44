package jpeg

import "encoding/binary"

// bitReader reads the bits of entropy-coded data, T.81 F.2.2.5. At a marker, or at
// the end of the file, zeros follow without end.
type bitReader struct {
	data []byte
	pos  int    // of the next byte that is not in acc
	acc  uint64 // the next n bits at its top, zeros below
	n    int
	// zeros is how many of the n bits at most were put in behind the data's end.
	zeros int
	// marker ends the data and lies before pos; 0 until it is found. At the end of
	// the file it is EOI, and cut is set.
	marker byte
	cut    bool
	// short says that more bits were read than there are.
	short bool
}

// fill takes and returns acc and n, which the decoders of blocks hold in registers:
// n must be at most 32 and is at least 32 afterwards, enough for a code and the
// bits that follow it.
func (r *bitReader) fill(acc uint64, n int) (uint64, int) {
	if r.pos+4 <= len(r.data) && r.marker == 0 {
		x := binary.BigEndian.Uint32(r.data[r.pos:])
		if !hasFF(x) {
			r.pos += 4
			return acc | uint64(x)<<(32-n), n + 32
		}
	}
	return r.fillBytes(acc, n)
}

// hasFF reports whether a byte of x is 0xff, and so one of its complement 0: taking
// 1 from each byte borrows from the highest bit where the byte is 0.
func hasFF(x uint32) bool { return (^x-0x01010101)&x&0x80808080 != 0 }

// fillBytes takes bytes one by one, as a 0xff among them may begin a marker.
func (r *bitReader) fillBytes(acc uint64, n int) (uint64, int) {
	for n <= 56 && r.marker == 0 {
		c, ok := r.next()
		if !ok {
			break
		}
		acc |= uint64(c) << (56 - n)
		n += 8
	}
	if n >= 32 {
		return acc, n
	}
	r.short = r.short || n < r.zeros
	r.zeros = min(r.zeros, n) + 64 - n
	return acc, 64
}

// next returns the next byte of data, or false where a marker stands or the file
// ends. Like libjpeg it takes any number of bytes 0xff before a 0 for one.
func (r *bitReader) next() (byte, bool) {
	if r.pos == len(r.data) {
		r.marker, r.cut = eoi, true
		return 0, false
	}
	c := r.data[r.pos]
	r.pos++
	if c != 0xff {
		return c, true
	}
	for c == 0xff && r.pos < len(r.data) {
		c = r.data[r.pos]
		r.pos++
	}
	switch c {
	case 0:
		return 0xff, true
	case 0xff:
		r.marker, r.cut = eoi, true
	default:
		r.marker = c
	}
	return 0, false
}

// bit reads one bit.
func (r *bitReader) bit() bool {
	if r.n < 1 {
		r.acc, r.n = r.fill(r.acc, r.n)
	}
	b := r.acc>>63 != 0
	r.acc <<= 1
	r.n--
	return b
}

// settle notes whether more bits were read than there are.
func (r *bitReader) settle() { r.short = r.short || r.n < r.zeros }

// drop throws away the bits that are left and reports whether whole bytes other
// than padding are among them.
func (r *bitReader) drop() (lost bool) {
	n := max(r.n-r.zeros, 0)
	acc := r.acc << (n & 7)
	for ; n >= 8; n -= 8 {
		lost = lost || !padding(byte(acc>>56))
		acc <<= 8
	}
	r.acc, r.n, r.zeros = 0, 0, 0
	return lost
}

// padding reports whether b is a byte that encoders pad the data with.
func padding(b byte) bool { return b == 0 || b == 0xff }
