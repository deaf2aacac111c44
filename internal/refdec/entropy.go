//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"encoding/binary"
	"fmt"
)

// Codes opens the codes of a tile, in the order in which they are decoded. Decoding
// opens what a file holds. Others may make symbols up and record them: a valid file, of
// whatever a decoder has to make something of.
type Codes interface {
	// Symbols opens a segment of at least so many bytes, of symbols by tables.
	Symbols(segment []byte, tables [][16]int, least int) (Symbols, error)
	// Bits opens a code of the range coder of at least so many bytes.
	Bits(code []byte, least int) (Bits, error)
	// Remainders opens a string of raw bits.
	Remainders(data []byte) (Raw, error)
}

// Raw are raw bits.
type Raw interface {
	Raw(n int) uint64 // of up to 63 bits
	Finish() error    // holds the string to end here
}

// Symbols are the symbols and raw bits of a segment.
type Symbols interface {
	Symbol(context int) int
	Raw(n int) uint64
	ExpGolomb() uint32
	Finish() error // holds the segment to end here
}

// Bits are the bits of a code of the range coder.
type Bits interface {
	Bit(p int) int          // of which 1 has probability p/65536
	Finish(least int) error // holds the code to end here and to be of at least so many bytes
}

// Stored gives the codes that a file holds.
var Stored Codes = stored{}

type stored struct{}

func (stored) Symbols(segment []byte, tables [][16]int, least int) (Symbols, error) {
	return newSegment(segment, tables, least)
}

func (stored) Bits(code []byte, least int) (Bits, error) { return newRangeDecoder(code, least) }

func (stored) Remainders(data []byte) (Raw, error) { return &rawBits{data: data}, nil }

// rawBits reads bits from the end of data.
type rawBits struct {
	data []byte
	pos  int // in bits
	bad  bool
}

func (r *rawBits) Raw(n int) (v uint64) {
	for range n {
		v <<= 1
		if i := len(r.data) - 1 - r.pos/8; i >= 0 {
			v |= uint64(r.data[i] >> (7 - r.pos%8) & 1)
		}
		r.pos++
	}
	return v
}

func (r *rawBits) ExpGolomb() uint32 {
	n := 0
	for r.Raw(1) == 0 {
		if n++; n > 31 {
			r.bad = true
			return 0
		}
	}
	return 1<<n | uint32(r.Raw(n)) - 1
}

func (r *rawBits) Finish() error {
	if r.used() != len(r.data) {
		return fmt.Errorf("Entropy coding: %d bytes of raw bits, of which %d are read, expected all", len(r.data), r.used())
	}
	return nil
}

// used is the number of bytes of which a bit was read.
func (r *rawBits) used() int { return (r.pos + 7) / 8 }

// segment decodes a segment of a file.
type segment struct {
	rawBits
	tables [][16]int
	state  [2]uint32
	turn   int
	next   int // word, in bytes
}

func newSegment(data []byte, tables [][16]int, least int) (*segment, error) {
	if least = max(least, 8); len(data) < least {
		return nil, fmt.Errorf("Entropy coding: a segment of %d bytes, expected at least %d", len(data), least)
	}
	s := &segment{rawBits: rawBits{data: data}, tables: tables}
	for i := range s.state {
		s.state[i] = s.word()<<16 | s.word()
		if x := s.state[i]; x < 1<<15 || x >= 1<<31 {
			return nil, fmt.Errorf("Entropy coding: state %d is %d at the start, expected 2^15 to 2^31−1", i, x)
		}
	}
	return s, nil
}

func (s *segment) word() uint32 {
	if s.next+2 > len(s.data) {
		s.bad = true
		return 0
	}
	s.next += 2
	return uint32(binary.LittleEndian.Uint16(s.data[s.next-2:]))
}

func (s *segment) Symbol(context int) int {
	x := &s.state[s.turn]
	s.turn ^= 1
	f := &s.tables[context]
	slot, c, k := *x%2048, uint32(0), 0
	for slot >= c+uint32(f[k]) {
		c += uint32(f[k])
		k++
	}
	*x = uint32(f[k])*(*x>>11) + slot - c
	if *x < 1<<15 {
		*x = *x<<16 | s.word()
	}
	return k
}

func (s *segment) Finish() error {
	switch end := [2]uint32{1 << 15, 1 << 15}; {
	case s.bad:
		return fmt.Errorf("Entropy coding: the segment of %d bytes ends before its last word, or an Exp-Golomb code has more than 31 zeros", len(s.data))
	case s.state != end:
		return fmt.Errorf("Entropy coding: states %d at the end, expected %d", s.state, end)
	case s.next+s.used() != len(s.data):
		return fmt.Errorf("Entropy coding: %d bytes of words and %d of raw bits, expected %d together", s.next, s.used(), len(s.data))
	}
	return nil
}
