package rans

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/hugepages"
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
	t, all := EncTable(hugepages.Make[encSymbol](len(tables)*Symbols)), encSymbols()
	for c := range tables {
		cum := uint32(0)
		for s, f := range tables[c] {
			if f == 0 {
				continue
			}
			t[c*Symbols+s] = all[f]
			t[c*Symbols+s].cum = uint16(cum)
			cum += uint32(f)
		}
	}
	return t
}

// encSymbols are the symbols by frequency, but for what comes before them.
var encSymbols = sync.OnceValue(func() *[Scale + 1]encSymbol {
	t := new([Scale + 1]encSymbol)
	for f := uint64(1); f <= Scale; f++ {
		shift := bits.Len64(f - 1)
		t[f] = encSymbol{
			rcp:   uint32((1<<(31+shift) + f - 1) / f),
			limit: uint32(f) << (31 - ProbBits),
			comp:  uint16(Scale - f),
			shift: uint8(31 + shift),
		}
	}
	return t
})

// heldWords is memory of AppendSegment.
var heldWords = sync.Pool{New: func() any { return new([]uint16) }}

// AppendSegment appends the segment of the tokens and the raw bits to dst.
func (t EncTable) AppendSegment(dst []byte, tokens []Token, raw *BitWriter) []byte {
	held := heldWords.Get().(*[]uint16)
	defer heldWords.Put(held)
	p := len(tokens) + 4 // of each token a word at most, and of the states four
	if cap(*held) < p {
		*held = hugepages.Make[uint16](p)
	}
	words := (*held)[:p]
	// The last token is first.
	x := states{lower, lower}
	if n := len(tokens) - 1; n >= 0 && n&1 == 0 {
		x.even, p = t[tokens[n]].take(x.even, words, p)
		tokens = tokens[:n]
	}
	p = t.takePairs(&x, tokens, words, p)
	words = words[p-4:]
	words[0], words[1], words[2], words[3] = uint16(x.even>>16), uint16(x.even), uint16(x.odd>>16), uint16(x.odd)
	at := len(dst)
	dst = slices.Grow(dst, 2*len(words)+raw.Len())[:at+2*len(words)]
	for i, w := range words {
		binary.LittleEndian.PutUint16(dst[at+2*i:], w)
	}
	return raw.AppendReversed(dst)
}

// states are the ones of even and of odd tokens.
type states struct{ even, odd uint32 }

// takePairs takes an even number of tokens, as take does, and returns where it gave out the last word.
func (t EncTable) takePairs(x *states, tokens []Token, words []uint16, p int) int {
	if fast && len(tokens) > 0 {
		return p - takePairs(&t[0], x, &tokens[0], len(tokens), &words[p-1])
	}
	return t.genericPairs(x, tokens, words, p)
}

func (t EncTable) genericPairs(x *states, tokens []Token, words []uint16, p int) int {
	for ; len(tokens) > 1; tokens = tokens[:len(tokens)-2] {
		x.odd, p = t[tokens[len(tokens)-1]].take(x.odd, words, p)
		x.even, p = t[tokens[len(tokens)-2]].take(x.even, words, p)
	}
	return p
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
