package rans

import (
	"encoding/binary"
	"unsafe"
)

const firstShift = 4 // slots per entry of DecTable.first, as a power of two

// DecTable finds the symbol of a slot in one context: first gives the lowest
// symbol of 1<<firstShift neighbouring slots, a walk along cum does the rest.
type DecTable struct {
	first [Scale >> firstShift]uint8
	cum   [Symbols + 1]uint16
}

// What kernels that decode tokens need to know of a table: its length, and where the sums of frequencies begin
// and slots are found, by the bits that are dropped. Words are read into states below Lower.
const (
	TableBytes = int(unsafe.Sizeof(DecTable{}))
	TableCum   = int(unsafe.Offsetof(DecTable{}.cum))
	TableShift = firstShift
	Lower      = lower
)

// NewDecTables prepares the tables of all contexts; each must be Valid.
func NewDecTables(tables []Freqs) []DecTable {
	out := make([]DecTable, len(tables))
	for c := range tables {
		t := &out[c]
		for s, f := range tables[c] {
			t.cum[s+1] = t.cum[s] + f
		}
		s := 0
		for i := range t.first {
			for int(t.cum[s+1]) <= i<<firstShift {
				s++
			}
			t.first[i] = uint8(s)
		}
	}
	return out
}

// Decoder reads one segment: rANS words from the front, raw bits from the back.
type Decoder struct {
	x    [2]uint32
	data []byte
	pos  int // next word
	BitReader
}

// Init starts on a segment.
func (d *Decoder) Init(data []byte) error {
	if len(data) < 8 {
		return ErrCorrupt
	}
	*d = Decoder{data: data, pos: 8, BitReader: NewBitReader(data)}
	for i := range d.x {
		hi, lo := binary.LittleEndian.Uint16(data[4*i:]), binary.LittleEndian.Uint16(data[4*i+2:])
		d.x[i] = uint32(hi)<<16 | uint32(lo)
		if d.x[i] < lower || d.x[i] >= lower<<16 {
			return ErrCorrupt
		}
	}
	return nil
}

// Symbol decodes the next token in the context of t and turns the two states.
func (d *Decoder) Symbol(t *DecTable) int {
	x := d.x[0]
	slot := x & (Scale - 1)
	s := int(t.first[slot>>firstShift])
	for s < Symbols-1 && slot >= uint32(t.cum[s+1]) {
		s++
	}
	lo := uint32(t.cum[s])
	x = (uint32(t.cum[s+1])-lo)*(x>>ProbBits) + slot - lo
	d.x[0], d.x[1] = d.x[1], d.refilled(x)
	return s
}

// refilled is a state after a token, with the next word where it is low: no branch, since that is
// as good as random.
func (d *Decoder) refilled(x uint32) uint32 {
	low := (x - lower) >> 31 // 1 below lower, states being below 2^31
	if d.pos+2 > len(d.data) {
		d.over = d.over || low > 0
		return x << (16 * low)
	}
	w := uint32(binary.LittleEndian.Uint16(d.data[d.pos:]))
	d.pos += int(2 * low)
	return x<<(16*low&31) | w&-low
}

// Words gives the states, the next token's first, and what follows the words that were read: words, and
// raw bits after them.
func (d *Decoder) Words() (x [2]uint32, data []byte) { return d.x, d.data[d.pos:] }

// TakeWords has a decoder go on with other states, n words further on.
func (d *Decoder) TakeWords(x [2]uint32, n int) { d.x, d.pos = x, d.pos+2*n }

// Finish checks that words and raw bits were used up exactly.
func (d *Decoder) Finish() error {
	if d.over || d.x[0] != lower || d.x[1] != lower || d.left() != d.pos {
		return ErrCorrupt
	}
	return nil
}

// Overrun tells whether the segment was read beyond its end, so that long
// loops can stop early.
func (d *Decoder) Overrun() bool { return d.over || d.left() < d.pos }
