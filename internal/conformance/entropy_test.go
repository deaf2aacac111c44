package conformance

import (
	"encoding/binary"
	"errors"
)

// Constants of FORMAT.md, "Tables".
var (
	octaves = []int{1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 19, 23, 27, 32, 38, 45,
		54, 64, 76, 91, 108, 128, 152, 181, 215, 256, 304, 362, 431, 512, 609, 724, 861, 1024, 1218, 1448, 1722, 2048}
	// indexBounds[i] is the least frequency of indexValues[i].
	indexBounds = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 18, 21, 25, 30, 35, 42, 50, 59, 70, 83, 99,
		118, 140, 166, 198, 235, 280, 332, 395, 470, 559, 664, 790, 939, 1117, 1328, 1580, 1878}
	indexValues = []int{0, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27,
		28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44}
)

const nContexts = 526

var errDamaged = errors.New("damaged")

// reached is the number of bounds that v reaches.
func reached(v int, bounds []int) int {
	n := 0
	for n < len(bounds) && v >= bounds[n] {
		n++
	}
	return n
}

func clamp[T int | int64](v, lo, hi T) T { return min(max(v, lo), hi) }

func abs[T int | int64](v T) T { return max(v, -v) }

// rawBits reads bits from the end of data.
type rawBits struct {
	data []byte
	pos  int // in bits
	bad  bool
}

func (r *rawBits) bits(n int) (v int) {
	for range n {
		v <<= 1
		if i := len(r.data) - 1 - r.pos/8; i >= 0 {
			v |= int(r.data[i] >> (7 - r.pos%8) & 1)
		}
		r.pos++
	}
	return v
}

func (r *rawBits) expGolomb() uint32 {
	n := 0
	for r.bits(1) == 0 {
		if n++; n > 31 {
			r.bad = true
			return 0
		}
	}
	return 1<<n | uint32(r.bits(n)) - 1
}

// used is the number of bytes of which a bit was read.
func (r *rawBits) used() int { return (r.pos + 7) / 8 }

// source gives the symbols and raw bits of a segment.
type source interface {
	symbol(context int) int
	bits(n int) int
	expGolomb() uint32
}

// segment is a source that reads a segment of a file.
type segment struct {
	rawBits
	tables [][16]int
	state  [2]uint32
	turn   int
	next   int // word, in bytes
}

func newSegment(data []byte, tables [][16]int) (*segment, error) {
	if len(data) < 8 {
		return nil, errDamaged
	}
	s := &segment{rawBits: rawBits{data: data}, tables: tables}
	for i := range s.state {
		s.state[i] = s.word()<<16 | s.word()
		if s.state[i] < 1<<15 || s.state[i] >= 1<<31 {
			return nil, errDamaged
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

func (s *segment) symbol(context int) int {
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

func (s *segment) finish() error {
	if s.bad || s.state != [2]uint32{1 << 15, 1 << 15} || s.next+s.used() != len(s.data) {
		return errDamaged
	}
	return nil
}

// alphabet is the number of symbols of a context.
func alphabet(context int) int {
	if context < 12 {
		return 2
	}
	return 16
}

// readTables parses universal.bin and applies TABL.
func readTables(universal, tabl []byte) ([][16]int, error) {
	tables := frequencies(universal, nContexts)
	if len(tabl) == 0 {
		return tables, nil
	}
	return tables, replaceTables(tables, &rawBits{data: tabl}, alphabet)
}

// frequencies parses n tables.
func frequencies(data []byte, n int) [][16]int {
	tables := make([][16]int, n)
	for i := range n * 16 {
		tables[i/16][i%16] = int(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return tables
}

// replaceTables replaces tables, to the front of the raw bits; alphabet is the
// number of symbols of a context.
func replaceTables(tables [][16]int, r *rawBits, alphabet func(context int) int) error {
	for c := 0; ; c++ {
		gap := r.expGolomb()
		if r.bad || gap > uint32(len(tables)-c) {
			return errDamaged
		}
		c += int(gap)
		if c == len(tables) {
			break
		}
		var counts [16]int
		for s := range alphabet(c) {
			u := r.expGolomb()
			if u > 90 {
				return errDamaged
			}
			d := int(u >> 1)
			if u&1 == 1 {
				d = -d - 1
			}
			index := indexValues[reached(tables[c][s], indexBounds)-1]
			counts[s] = octaves[clamp(index+d, 0, 44)]
		}
		tables[c] = normalise(counts, alphabet(c))
	}
	if r.used() != len(r.data) {
		return errDamaged
	}
	return nil
}

func normalise(counts [16]int, n int) (f [16]int) {
	total, sum, m := 0, 0, 0
	for s := range n {
		total += counts[s]
	}
	for s := range n {
		f[s] = max(1, (counts[s]*2048+total/2)/total)
		sum += f[s]
		if f[s] > f[m] {
			m = s
		}
	}
	for sum > 2048 {
		take := min(sum-2048, f[m]-1)
		f[m] -= take
		sum -= take
		for s := range n {
			if f[s] > f[m] {
				m = s
			}
		}
	}
	f[m] += 2048 - sum
	return f
}
