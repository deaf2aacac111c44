package rans

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"
)

// Token is one symbol in its context: context<<4 | symbol.
type Token uint16

// MakeToken packs a context (below 4096) and a symbol (below 16).
func MakeToken(context, symbol int) Token { return Token(context<<4 | symbol) }

// Split is the inverse of MakeToken.
func (t Token) Split() (context, symbol int) { return int(t >> 4), int(t & 15) }

// EncTable holds what the encoder needs of every token's symbol.
type EncTable []encSymbol

// encSymbol carries an exact reciprocal of freq, 2^31 at least, for states below 2^31:
// x/freq = x*rcp >> (31+shift) (R. Alverson, "Integer division using reciprocals").
type encSymbol struct {
	rcp   uint32
	limit uint32 // states at or above it give out 16 bits first
	cum   uint16
	comp  uint16 // Scale - freq
	shift uint8
}

// NewEncTable prepares the tables of all contexts.
func NewEncTable(tables []Freqs) EncTable {
	t := make(EncTable, len(tables)*Symbols)
	for c := range tables {
		cum := uint32(0)
		for s, f := range tables[c] {
			if f == 0 {
				continue
			}
			shift := bits.Len16(f - 1)
			t[c*Symbols+s] = encSymbol{
				rcp:   uint32((1<<(31+shift) + uint64(f) - 1) / uint64(f)),
				limit: uint32(f) << (31 - ProbBits),
				cum:   uint16(cum),
				comp:  uint16(Scale - uint32(f)),
				shift: uint8(31 + shift),
			}
			cum += uint32(f)
		}
	}
	return t
}

// heldWords is memory of AppendSegment.
var heldWords = sync.Pool{New: func() any { return new([]uint16) }}

// AppendSegment appends the segment of the tokens and the raw bits to dst.
func (t EncTable) AppendSegment(dst []byte, tokens []Token, raw *BitWriter) []byte {
	held := heldWords.Get().(*[]uint16)
	defer heldWords.Put(held)
	p := len(tokens) + 4 // of each token a word at most, and of the states four
	*held = slices.Grow((*held)[:0], p)[:p]
	words := *held
	// States of even and of odd tokens; the last token is first.
	even, odd := uint32(lower), uint32(lower)
	if n := len(tokens) - 1; n >= 0 && n&1 == 0 {
		even, p = t[tokens[n]].take(even, words, p)
		tokens = tokens[:n]
	}
	if fastPairs && len(t) > 0 && len(tokens) > 1 {
		var n int
		n, p, even, odd = t.takePairs(tokens, words, p, even, odd)
		tokens = tokens[:2*n]
	}
	for ; len(tokens) > 1; tokens = tokens[:len(tokens)-2] {
		odd, p = t[tokens[len(tokens)-1]].take(odd, words, p)
		even, p = t[tokens[len(tokens)-2]].take(even, words, p)
	}
	words = words[p-4:]
	words[0], words[1], words[2], words[3] = uint16(even>>16), uint16(even), uint16(odd>>16), uint16(odd)
	at := len(dst)
	dst = slices.Grow(dst, 2*len(words)+raw.Len())[:at+2*len(words)]
	for i, w := range words {
		binary.LittleEndian.PutUint16(dst[at+2*i:], w)
	}
	return raw.AppendReversed(dst)
}

// take gives the state after a symbol, and what it gives out before words[p].
func (s *encSymbol) take(x uint32, words []uint16, p int) (uint32, int) {
	words[p-1] = uint16(x)
	full := (uint64(s.limit) - 1 - uint64(x)) >> 63 // 1 where x reaches the limit
	p -= int(full)
	x >>= 16 * full & 31
	q := uint32(uint64(x) * uint64(s.rcp) >> (s.shift & 63))
	return x + uint32(s.cum) + q*uint32(s.comp), p
}
