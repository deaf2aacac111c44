package rans

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

const (
	// FirstOctave is log2 of the least expectation that is told apart.
	FirstOctave = 6
	// Escape is the symbol of all residuals from 15·2^k on, k being Class.Raw.
	Escape = Symbols - 1

	// MaxMagnitude caps magnitudes, so that expectations stay below 2^31.
	MaxMagnitude = 1 << 21
)

// Class is the context of a residual, counted from the first of its pass, and the
// number of its low bits that are sent raw, 23 at most.
type Class struct{ Context, Raw uint8 }

// Classes finds the class of a residual by the octave of its expected
// magnitude, from 2^FirstOctave on, and the next three bits.
type Classes struct {
	class    [256]Class                     // of which (32-FirstOctave)·8 are in use
	packed   [(32 - FirstOctave) * 8]uint32 // Raw, and the place of Context among tables in the lower 16 bits
	tokens   [256]uint32                    // Raw, and Context as in a token
	near     [nearEnd >> nearShift]uint32   // the same by expectation, below nearEnd: most are
	contexts int
}

// Expectations that differ in their lowest nearShift bits alone are of one class.
const (
	nearShift = FirstOctave - 3
	nearEnd   = 1 << 14
)

// NewClasses asks class for all octaves, from 0 on, and eighths of them.
func NewClasses(class func(octave, eighth int) Class) *Classes {
	c := new(Classes)
	for i := range c.packed {
		k := class(i>>3, i&7)
		c.class[i] = k
		c.packed[i] = uint32(k.Raw)<<16 | uint32(k.Context)*uint32(unsafe.Sizeof(DecTable{}))
		c.tokens[i] = uint32(k.Raw)<<16 | uint32(MakeToken(int(k.Context), 0))
		c.contexts = max(c.contexts, int(k.Context)+1)
	}
	for i := range c.near {
		c.near[i] = c.packed[c.Index(int32(i)<<nearShift)]
	}
	return c
}

// Index finds the class of an expectation.
func (c *Classes) Index(expect int32) uint8 {
	v := uint32(max(expect, 1<<FirstOctave))
	n := bits.Len32(v) - 1
	return uint8((n-FirstOctave)<<3 | int(v>>(n-3)&7))
}

// Of is the class of an expectation.
func (c *Classes) Of(expect int32) Class { return c.class[c.Index(expect)] }

// Tokens makes the tokens of residuals, every step-th of r, of the classes that index gives, in the
// contexts from base on: each is the zigzag of a residual, whose low bits go to raw. Of step 2, r and
// index have one more behind the last.
func (c *Classes) Tokens(tokens []Token, raw *BitWriter, base int, index []uint8, r []int32, step int) {
	for fast && step == 2 && len(tokens) >= tokenGroup {
		n := c.makeTokens(tokens, raw, base, index, r)
		if n == 0 {
			n = tokenGroup
			c.tokensPlain(tokens[:n], raw, base, index, r, step)
		}
		tokens, index, r = tokens[n:], index[n*step:], r[n*step:]
	}
	c.tokensPlain(tokens, raw, base, index, r, step)
}

// tokensPlain is Tokens by plain code.
func (c *Classes) tokensPlain(tokens []Token, raw *BitWriter, base int, index []uint8, r []int32, step int) {
	acc, n := raw.acc, raw.n
	first := uint32(MakeToken(base, 0))
	for k := range tokens {
		class, v := c.tokens[index[k*step]], r[k*step]
		low := class >> 16 & 31
		u := uint32(v<<1 ^ v>>31)
		q := u >> low
		if q >= Escape {
			raw.acc, raw.n = acc, n
			raw.PutExpGolomb(q - Escape)
			acc, n, q = raw.acc, raw.n, Escape
		}
		acc = acc<<low | uint64(u&(1<<low-1))
		if n += uint(low); n >= 32 {
			n -= 32
			raw.buf = binary.BigEndian.AppendUint32(raw.buf, uint32(acc>>(n&31)))
		}
		tokens[k] = Token(first + class + q)
	}
	raw.acc, raw.n = acc, n
}

// Magnitude is |r|, capped.
func Magnitude(r int32) int32 { return int32(min(uint32(max(r, -r)), MaxMagnitude)) }

// Residual decodes one residual of a class.
func (d *Decoder) Residual(tables []DecTable, c Class) int32 {
	q := uint32(d.Symbol(&tables[c.Context]))
	if q == Escape {
		q += d.ExpGolomb()
	}
	return int32(Unzigzag(q<<c.Raw | d.Bits(int(c.Raw))))
}

// Residuals decodes a row as Residual does, tables beginning with the first of its
// pass: the magnitude of each adds side times itself to the expectation of the
// next.
func (d *Decoder) Residuals(q, expect []int32, side int32, classes *Classes, tables []DecTable) {
	if !fast {
		d.residuals(q, expect, 0, side, classes, tables)
		return
	}
	left := int32(0)
	tables = tables[:classes.contexts]
	for len(expect) > 0 {
		n := residuals(d, &q[0], &expect[0], len(expect), side, left, classes, &tables[0])
		if n == len(expect) {
			return
		}
		if n > 0 {
			left = Magnitude(q[n-1])
		}
		left = d.residuals(q[n:n+1], expect[n:n+1], left, side, classes, tables)
		q, expect = q[n+1:], expect[n+1:]
	}
}

// residuals decodes a row by plain code, left being the magnitude of the residual
// before, and returns the magnitude of the last.
func (d *Decoder) residuals(q, expect []int32, left, side int32, classes *Classes, tables []DecTable) int32 {
	for k, e := range expect {
		q[k] = d.Residual(tables, classes.Of(e+side*left))
		left = Magnitude(q[k])
	}
	return left
}
