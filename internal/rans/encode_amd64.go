//go:build !purego

package rans

// fastPairs tells whether tokens are taken by the kernel.
var fastPairs = true

// pairs is what takePairs works on.
type pairs struct {
	table     *encSymbol
	symbols   int // of the table
	tokens    *Token
	n         int // pairs of tokens
	words     *uint16
	at        int // before this word the next one is given out
	even, odd uint32
}

// takePairs takes tokens by twos, from the last ones on, until one is none of the table's: n are left then.
func (t EncTable) takePairs(tokens []Token, words []uint16, p int, even, odd uint32) (n, at int, e, o uint32) {
	a := pairs{&t[0], len(t), &tokens[0], len(tokens) / 2, &words[:p][0], p, even, odd}
	takePairs(&a)
	return a.n, a.at, a.even, a.odd
}

//go:noescape
func takePairs(a *pairs)
