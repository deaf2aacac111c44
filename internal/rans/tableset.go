package rans

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// TableSet is the universal tables of an engine's contexts, from which a file
// starts; a file replaces those that do not fit it (FORMAT.md, "Tables").
type TableSet struct {
	Universal []Freqs
	alphabet  func(ctx int) int
}

// NewTableSet takes n tables as Append wrote them and the size of each
// context's alphabet. It panics where a table does not sum to Scale, since
// tables are built into the program.
func NewTableSet(p []byte, n int, alphabet func(ctx int) int) TableSet {
	t := make([]Freqs, n)
	for c := range t {
		for s := range t[c] {
			t[c][s] = binary.LittleEndian.Uint16(p[2*(c*Symbols+s):])
		}
		if !t[c].Valid() {
			panic(fmt.Sprintf("rans: universal table of context %d does not sum to %d", c, Scale))
		}
	}
	return TableSet{t, alphabet}
}

// Histogram counts tokens: 16 counts a context.
type Histogram []uint64

// Add counts tokens.
func (h Histogram) Add(tokens []Token) {
	// Four parts side by side: where the next token is the same, a count waits for the last one.
	n := len(tokens) / 4
	a, b, c, d := tokens[:n], tokens[n:][:n], tokens[2*n:][:n], tokens[3*n:]
	for i := range a {
		h[a[i]]++
		h[b[i]]++
		h[c[i]]++
		h[d[i]]++
	}
	for _, k := range d[n:] {
		h[k]++
	}
}

func (h Histogram) context(c int) *[Symbols]uint64 { return (*[Symbols]uint64)(h[c*Symbols:]) }

// Append fits universal tables to counts and appends them: 16 frequencies a
// context, 16 bits each, little-endian.
func (s *TableSet) Append(p []byte, h Histogram) []byte {
	for c := range s.Universal {
		f := Normalise(h.context(c), s.alphabet(c))
		for _, v := range f {
			p = binary.LittleEndian.AppendUint16(p, v)
		}
	}
	return p
}

// CostFrac is the number of fractional bits of a cost in bits.
const CostFrac = 8

// Cost is what a symbol of the given frequency costs, in bits; one of
// frequency 0 is out of reach.
func Cost(freq uint16) int64 {
	if freq == 0 {
		return 1 << 20
	}
	const drop = fixlog.Frac - CostFrac
	return ProbBits<<CostFrac - int64(log2(freq)+1<<(drop-1))>>drop
}

// log2 is fixlog.Log2 of a frequency.
func log2(f uint16) int32 { return logs()[f] }

var logs = sync.OnceValue(func() *[Scale + 1]int32 {
	t := new([Scale + 1]int32)
	for f := range t {
		t[f] = fixlog.Log2(uint64(f))
	}
	return t
})

// Frequencies of a replaced table are sent as quarter octaves: scaleIndex
// gives round(4·log2 f), scaleFreq its inverse.
var scaleFreq = [45]uint16{
	1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 19, 23, 27, 32, 38, 45,
	54, 64, 76, 91, 108, 128, 152, 181, 215, 256, 304, 362, 431, 512, 609, 724,
	861, 1024, 1218, 1448, 1722, 2048,
}

func scaleIndex(f uint16) int {
	const half = 1 << (fixlog.Frac - 3)
	return int(log2(f)+half) >> (fixlog.Frac - 2)
}

// priorWeight is the number of symbols for which the universal table speaks
// when a replacement is fitted: it keeps rare symbols where they are.
const priorWeight = 24

// replacement returns the table for counts as a decoder will see it, and the
// index differences that describe it.
func replacement(counts *[Symbols]uint64, base *Freqs, n int) (Freqs, [Symbols]int) {
	var smooth [Symbols]uint64
	for s := range n {
		smooth[s] = counts[s]*Scale/priorWeight + uint64(base[s])
	}
	fit := Normalise(&smooth, n)
	var diff [Symbols]int
	for s := range n {
		diff[s] = scaleIndex(fit[s]) - scaleIndex(base[s])
	}
	return applyDiff(base, &diff, n), diff
}

// applyDiff moves each frequency by a difference in quarter octaves and
// normalises.
func applyDiff(base *Freqs, diff *[Symbols]int, n int) Freqs {
	var counts [Symbols]uint64
	for s := range n {
		i := min(max(scaleIndex(base[s])+diff[s], 0), len(scaleFreq)-1)
		counts[s] = uint64(scaleFreq[i])
	}
	return Normalise(&counts, n)
}

// Zigzag maps 0, -1, 1, -2, … to 0, 1, 2, 3, …; Unzigzag back.
func Zigzag(v int) uint32 { return uint32(v<<1 ^ v>>31) }

// Unzigzag is the inverse of Zigzag.
func Unzigzag(u uint32) int { return int(u>>1) ^ -int(u&1) }

// ExpGolombBits is the length of the code of PutExpGolomb.
func ExpGolombBits(u uint32) int {
	n := 1
	for u++; u > 1; u >>= 1 {
		n += 2
	}
	return n
}

// Choose replaces each universal table where that makes the file smaller,
// writes what describes the replacements to w, and returns the set and the
// number of replacements.
func (s *TableSet) Choose(w *BitWriter, h Histogram) (tables []Freqs, replaced int) {
	tables = slices.Clone(s.Universal)
	gap := uint32(0)
	for c := range tables {
		counts, n := h.context(c), s.alphabet(c)
		if *counts == [Symbols]uint64{} {
			gap++
			continue
		}
		fit, diff := replacement(counts, &tables[c], n)
		bits := ExpGolombBits(gap)
		saved := int64(0)
		for i := range n {
			bits += ExpGolombBits(Zigzag(diff[i]))
			saved += int64(counts[i]) * (Cost(tables[c][i]) - Cost(fit[i]))
		}
		if saved <= int64(bits)<<CostFrac {
			gap++
			continue
		}
		w.PutExpGolomb(gap)
		gap = 0
		for i := range n {
			w.PutExpGolomb(Zigzag(diff[i]))
		}
		tables[c] = fit
		replaced++
	}
	w.PutExpGolomb(gap)
	return tables, replaced
}

// Parse is the inverse of Choose.
func (s *TableSet) Parse(r *BitReader) ([]Freqs, error) {
	tables := slices.Clone(s.Universal)
	for c := 0; ; c++ {
		gap := r.ExpGolomb()
		if int64(gap) > int64(len(tables)-c) {
			return nil, ErrCorrupt
		}
		if c += int(gap); c == len(tables) {
			return tables, nil
		}
		n := s.alphabet(c)
		var diff [Symbols]int
		for i := range n {
			diff[i] = Unzigzag(r.ExpGolomb())
			if diff[i] < -len(scaleFreq) || diff[i] > len(scaleFreq) {
				return nil, ErrCorrupt
			}
		}
		tables[c] = applyDiff(&tables[c], &diff, n)
	}
}
