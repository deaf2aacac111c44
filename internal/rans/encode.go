package rans

import (
	"encoding/binary"
	"math/bits"
)

// Token is one symbol in its context: context<<4 | symbol.
type Token uint16

// MakeToken packs a context (below 4096) and a symbol (below 16).
func MakeToken(context, symbol int) Token { return Token(context<<4 | symbol) }

// EncTable holds what the encoder needs of every token's symbol.
type EncTable []encSymbol

// encSymbol carries an exact reciprocal of freq for states below 2^31:
// x/freq = x*rcp >> (31+shift) (R. Alverson, "Integer division using reciprocals").
type encSymbol struct {
	rcp   uint64
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
				rcp:   (1<<(31+shift) + uint64(f) - 1) / uint64(f),
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

// AppendSegment appends the segment of the tokens and the raw bits to dst.
func (t EncTable) AppendSegment(dst []byte, tokens []Token, raw *BitWriter) []byte {
	words := make([]uint16, len(tokens)+4)
	p := len(words)
	x := [2]uint32{lower, lower}
	for i := len(tokens) - 1; i >= 0; i-- {
		s := &t[tokens[i]]
		v := x[i&1]
		if v >= s.limit {
			p--
			words[p] = uint16(v)
			v >>= 16
		}
		q := uint32(uint64(v) * s.rcp >> s.shift)
		x[i&1] = v + uint32(s.cum) + q*uint32(s.comp)
	}
	for i := 1; i >= 0; i-- {
		p -= 2
		words[p], words[p+1] = uint16(x[i]>>16), uint16(x[i])
	}
	for _, w := range words[p:] {
		dst = binary.LittleEndian.AppendUint16(dst, w)
	}
	return raw.AppendReversed(dst)
}
