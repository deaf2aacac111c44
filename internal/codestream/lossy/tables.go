package lossy

import (
	_ "embed"
	"encoding/binary"
	"fmt"

	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// universal is the table set that a file starts from, trained by
// internal/codestream/lossy/train: nContexts × 16 frequencies, little-endian.
//
//go:embed universal.bin
var universal []byte

var universalTables = parseUniversal(universal)

func parseUniversal(p []byte) []rans.Freqs {
	t := make([]rans.Freqs, nContexts)
	for c := range t {
		for s := range t[c] {
			t[c][s] = binary.LittleEndian.Uint16(p[2*(c*rans.Symbols+s):])
		}
		if !t[c].Valid() {
			panic(fmt.Sprintf("lossy: universal table of context %d does not sum to %d", c, rans.Scale))
		}
	}
	return t
}

// costFrac is the number of fractional bits of a cost in bits.
const costFrac = 8

// symbolCost is the cost of a symbol of the given frequency; that of
// frequency 0 is out of reach.
func symbolCost(freq uint16) int64 {
	if freq == 0 {
		return 1 << 20
	}
	const drop = tree.Log2Frac - costFrac
	return rans.ProbBits<<costFrac - int64(tree.Log2Fix(uint64(freq))+1<<(drop-1))>>drop
}

// Frequencies of a replaced table are sent as quarter octaves: scaleIndex
// gives round(4·log2 f), scaleFreq its inverse.
var scaleFreq = [45]uint16{
	1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8, 10, 11, 13, 16, 19, 23, 27, 32, 38, 45,
	54, 64, 76, 91, 108, 128, 152, 181, 215, 256, 304, 362, 431, 512, 609, 724,
	861, 1024, 1218, 1448, 1722, 2048,
}

func scaleIndex(f uint16) int {
	const half = 1 << (tree.Log2Frac - 3)
	return int(tree.Log2Fix(uint64(f))+half) >> (tree.Log2Frac - 2)
}

// priorWeight is the number of symbols for which the universal table speaks
// when a replacement is fitted: it keeps rare symbols where they are.
const priorWeight = 24

// replacement returns the table for counts as a decoder will see it, and the
// index differences that describe it.
func replacement(counts *[rans.Symbols]uint64, base *rans.Freqs, n int) (rans.Freqs, [rans.Symbols]int) {
	var smooth [rans.Symbols]uint64
	for s := range n {
		smooth[s] = counts[s]*rans.Scale/priorWeight + uint64(base[s])
	}
	fit := rans.Normalise(&smooth, n)
	var diff [rans.Symbols]int
	for s := range n {
		diff[s] = scaleIndex(fit[s]) - scaleIndex(base[s])
	}
	return applyDiff(base, &diff, n), diff
}

// applyDiff moves each frequency by a difference in quarter octaves and
// normalises.
func applyDiff(base *rans.Freqs, diff *[rans.Symbols]int, n int) rans.Freqs {
	var counts [rans.Symbols]uint64
	for s := range n {
		i := min(max(scaleIndex(base[s])+diff[s], 0), len(scaleFreq)-1)
		counts[s] = uint64(scaleFreq[i])
	}
	return rans.Normalise(&counts, n)
}

func zigzag(v int) uint32 { return uint32(v<<1 ^ v>>31) }

func unzigzag(u uint32) int { return int(u>>1) ^ -int(u&1) }

func expGolombBits(u uint32) int {
	n := 1
	for u++; u > 1; u >>= 1 {
		n += 2
	}
	return n
}

// Histogram counts the tokens of tiles.
type Histogram [nContexts * rans.Symbols]uint64

// Add counts the tokens of a tile.
func (h *Histogram) Add(t *Tile) {
	for _, tokens := range [2][]rans.Token{t.front, t.body} {
		for _, k := range tokens {
			h[k]++
		}
	}
}

func (h *Histogram) context(c int) *[rans.Symbols]uint64 {
	return (*[rans.Symbols]uint64)(h[c*rans.Symbols:])
}

// chooseTables replaces each universal table where that makes the file
// smaller, and returns the set with the bytes that describe it.
func chooseTables(h *Histogram) ([]rans.Freqs, []byte) {
	tables := make([]rans.Freqs, nContexts)
	copy(tables, universalTables)
	var w rans.BitWriter
	gap := uint32(0)
	for c := range tables {
		counts := h.context(c)
		n := alphabet(c)
		fit, diff := replacement(counts, &tables[c], n)
		bits := expGolombBits(gap)
		for s := range n {
			bits += expGolombBits(zigzag(diff[s]))
		}
		saved := int64(0)
		for s := range n {
			saved += int64(counts[s]) * (symbolCost(tables[c][s]) - symbolCost(fit[s]))
		}
		if saved <= int64(bits)<<costFrac {
			gap++
			continue
		}
		w.PutExpGolomb(gap)
		gap = 0
		for s := range n {
			w.PutExpGolomb(zigzag(diff[s]))
		}
		tables[c] = fit
	}
	if w.Empty() {
		return tables, nil
	}
	w.PutExpGolomb(gap)
	return tables, w.AppendReversed(nil)
}

// parseTables is the decoder's side of chooseTables.
func parseTables(p []byte) ([]rans.Freqs, error) {
	tables := make([]rans.Freqs, nContexts)
	copy(tables, universalTables)
	if len(p) == 0 {
		return tables, nil
	}
	r := rans.NewBitReader(p)
	for c := 0; ; c++ {
		gap := r.ExpGolomb()
		if int64(gap) > int64(nContexts-c) {
			return nil, rans.ErrCorrupt
		}
		if c += int(gap); c == nContexts {
			return tables, r.Done()
		}
		n := alphabet(c)
		var diff [rans.Symbols]int
		for s := range n {
			diff[s] = unzigzag(r.ExpGolomb())
			if diff[s] < -len(scaleFreq) || diff[s] > len(scaleFreq) {
				return nil, rans.ErrCorrupt
			}
		}
		tables[c] = applyDiff(&tables[c], &diff, n)
	}
}

// Universal turns counts into the content of universal.bin.
func (h *Histogram) Universal() []byte {
	var p []byte
	for c := range nContexts {
		f := rans.Normalise(h.context(c), alphabet(c))
		for _, v := range f {
			p = binary.LittleEndian.AppendUint16(p, v)
		}
	}
	return p
}
