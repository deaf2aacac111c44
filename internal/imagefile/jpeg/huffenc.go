package jpeg

import (
	"encoding/binary"
	"io"
	"math"
	"math/bits"
	"slices"
)

// token is a symbol with the bits that follow its code. It has in its bits
//
//	 0…15 those bits, as many as the low half of the symbol says
//	16…23 the symbol
//	24…25 the table: 0 and 1 for luma, of DC and AC coefficients, 2 and 3 for chroma
type token uint32

func newToken(table, run, value int) token {
	size := bits.Len(uint(max(value, -value)))
	if value < 0 {
		value += 1<<size - 1
	}
	return token(table<<24 | run<<20 | size<<16 | value)
}

// tokenise turns the blocks of a row of MCUs into tokens and counts their symbols.
func (e *encoder) tokenise() {
	e.tokens = e.tokens[:0]
	for x := range e.mcusX {
		for i := range e.planes {
			p := &e.planes[i]
			for y := range p.v {
				for k := range p.h {
					e.tokens = p.appendTokens(e.tokens, &p.blocks[y*p.stride+x*p.h+k])
				}
			}
		}
	}
	for _, t := range e.tokens {
		e.freq[t>>24][t>>16&255]++
	}
	e.rows = append(e.rows, slices.Clone(e.tokens))
}

// appendTokens appends the tokens of a block, T.81 F.1.2.
func (p *encoderPlane) appendTokens(out []token, b *block) []token {
	out = append(out, newToken(2*p.table, 0, int(b.coef[0])-int(p.pred)))
	p.pred = b.coef[0]
	ac := 2*p.table + 1
	last := 0
	for m := b.nonzero; m != 0; m &= m - 1 {
		k := bits.TrailingZeros64(m)
		run := k - last - 1
		for ; run > 15; run -= 16 {
			out = append(out, newToken(ac, 15, 0))
		}
		out = append(out, newToken(ac, run, int(b.coef[k&63])))
		last = k
	}
	if last < 63 {
		out = append(out, newToken(ac, 0, 0)) // end of block
	}
	return out
}

// frequencies counts the symbols of a table.
type frequencies [256]int64

// huffmanCode is a code as DHT defines it, and the codes of its symbols.
type huffmanCode struct {
	counts  [17]byte // of codes of each length
	symbols []byte   // in the order of their codes
	code    [256]uint16
	length  [256]uint8
}

// definition is the payload of a DHT segment; id has the class in its high half.
func (h *huffmanCode) definition(id byte) []byte {
	return append(append([]byte{id}, h.counts[1:]...), h.symbols...)
}

// newHuffmanCode makes the code of T.81 K.2, with codes of at most 16 bits.
func newHuffmanCode(freq *frequencies) (h huffmanCode) {
	lengths := codeLengths(freq)
	var counts [257]int
	for _, n := range lengths {
		counts[n]++
	}
	shorten(&counts)
	for n := 1; n <= 16; n++ {
		h.counts[n] = byte(counts[n])
	}
	for n := 1; n < len(counts); n++ {
		for s, length := range lengths[:256] {
			if length == n {
				h.symbols = append(h.symbols, byte(s))
			}
		}
	}
	code, i := 0, 0
	for n := 1; n <= 16; n++ {
		for range h.counts[n] {
			h.code[h.symbols[i]], h.length[h.symbols[i]] = uint16(code), uint8(n)
			code++
			i++
		}
		code <<= 1
	}
	return h
}

// codeLengths is Huffman's algorithm. Symbol 256 stands for the code of all ones,
// which no symbol may have: it gets the least frequency there is and so one of the
// longest codes. Of symbols of the same frequency the larger is joined first.
func codeLengths(freq *frequencies) (lengths [257]int) {
	var trees [257]int64 // frequency of each tree, at one of its symbols
	copy(trees[:], freq[:])
	trees[256] = 1
	least := func(but int) int {
		at := -1
		for s, n := range trees {
			if n > 0 && s != but && (at < 0 || n <= trees[at]) {
				at = s
			}
		}
		return at
	}
	var members [257][]int // the other symbols of each tree
	for {
		a := least(-1)
		b := least(a)
		if b < 0 {
			return lengths
		}
		trees[a] += trees[b]
		trees[b] = 0
		members[a] = append(append(members[a], b), members[b]...)
		lengths[a]++
		for _, s := range members[a] {
			lengths[s]++
		}
	}
}

// shorten brings codes of more than 16 bits to that, T.81 figure K.3, and takes
// symbol 256 out: a pair of longest codes becomes their common prefix and a
// shorter code that is split in two.
func shorten(counts *[257]int) {
	for n := len(counts) - 1; n > 16; n-- {
		for counts[n] > 0 {
			shorter := n - 2
			for counts[shorter] == 0 {
				shorter--
			}
			counts[n] -= 2
			counts[n-1]++
			counts[shorter+1] += 2
			counts[shorter]--
		}
	}
	n := 16
	for counts[n] == 0 {
		n--
	}
	counts[n]--
}

// emit writes the data of the scan, row by row, and EOI.
func (e *encoder) emit(w io.Writer) error {
	var b bitWriter
	for _, row := range e.rows {
		for _, t := range row {
			h := &e.codes[t>>24&3]
			symbol := byte(t >> 16)
			size := symbol & 15
			b.put(uint64(h.code[symbol])<<size|uint64(t&math.MaxUint16), uint(h.length[symbol]+size))
		}
		if _, err := w.Write(b.out); err != nil {
			return err
		}
		b.out = b.out[:0]
	}
	b.flush()
	_, err := w.Write(append(b.out, 0xff, eoi))
	return err
}

// bitWriter collects bits, T.81 F.1.2.3, in bytes of which each 0xff is followed by 0.
type bitWriter struct {
	out []byte
	acc uint64 // its low n bits are not yet in out
	n   uint
}

// put appends the low n bits of v, n at most 32.
func (w *bitWriter) put(v uint64, n uint) {
	w.acc = w.acc<<n | v
	if w.n += n; w.n < 32 {
		return
	}
	w.n -= 32
	x := uint32(w.acc >> w.n)
	if hasFF(x) {
		for shift := 24; shift >= 0; shift -= 8 {
			w.putByte(byte(x >> shift))
		}
		return
	}
	w.out = binary.BigEndian.AppendUint32(w.out, x)
}

func (w *bitWriter) putByte(b byte) {
	if w.out = append(w.out, b); b == 0xff {
		w.out = append(w.out, 0)
	}
}

// flush writes what is left, filled up with ones to whole bytes.
func (w *bitWriter) flush() {
	w.acc = w.acc<<7 | 0x7f
	for w.n += 7; w.n >= 8; w.n -= 8 {
		w.putByte(byte(w.acc >> (w.n - 8)))
	}
}
