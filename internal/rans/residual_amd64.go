//go:build !purego

package rans

import (
	"slices"
	"unsafe"

	"golang.org/x/sys/cpu"
)

// fast tells whether rows are decoded by residuals.
var fast = cpu.X86.HasAVX2 && cpu.X86.HasBMI2

// residuals decodes up to n residuals, left being the magnitude of the one
// before, and returns their number: it stops before an escape and near the end
// of the words. It knows the layout of DecTable and Classes.
//
//go:noescape
func residuals(d *Decoder, q, expect *int32, n int, side, left int32, classes *Classes, tables *DecTable) int

// tokenGroup is the number of tokens that the kernel makes at once, of maxRaw raw bits each at most.
const (
	tokenGroup = 8
	maxRaw     = 7
)

// makeTokens is Classes.tokensPlain for groups of every second residual, as far as none of a group is an escape or
// has more than maxRaw raw bits. It returns the number of tokens made.
func (c *Classes) makeTokens(tokens []Token, raw *BitWriter, base int, index []uint8, r []int32) int {
	n := len(tokens) &^ (tokenGroup - 1)
	raw.buf = slices.Grow(raw.buf, n+8) // a byte of each, and four beyond the end
	a := tokenArgs{
		tokens: &tokens[0], index: &index[0], r: &r[0], classes: &c.tokens[0], n: n, first: int32(MakeToken(base, 0)),
		out: unsafe.SliceData(raw.buf[len(raw.buf):][:1]), acc: raw.acc, bits: raw.n,
	}
	makeTokens(&a)
	raw.buf, raw.acc, raw.n = raw.buf[:len(raw.buf)+a.written], a.acc, a.bits
	return n - a.n
}

// tokenArgs is what makeTokens reads; it leaves the number of tokens that are not made in n. It reads as many
// residuals and indices as there are up to the one behind the last, and writes four bytes behind the raw bits.
type tokenArgs struct {
	tokens  *Token
	index   *uint8
	r       *int32
	classes *uint32
	n       int // a multiple of tokenGroup
	out     *byte
	written int
	acc     uint64
	bits    uint
	first   int32
}

//go:noescape
func makeTokens(a *tokenArgs)
