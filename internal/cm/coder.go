// Package cm is context mixing: a binary range coder whose probabilities several
// adaptive contexts give, mixed in the logistic domain. Integers only.
package cm

import "slices"

// Coder is a binary range coder in both directions: 32 bits of range and
// probabilities of 16 bits.
type Coder struct {
	Decoding bool // Bit decodes
	rng      uint32
	value    uint32 // encoder: low end of the range; decoder: code less it

	out []byte // encoder
	in  []byte // decoder
	pos int    // decoder: bytes taken, of which those past the end are 0
}

// NewEncoder begins a code.
func NewEncoder() Coder { return Coder{rng: 1<<32 - 1} }

// NewDecoder decodes in.
func NewDecoder(in []byte) Coder {
	c := Coder{Decoding: true, rng: 1<<32 - 1, in: in}
	for range 4 {
		c.shiftByte()
	}
	return c
}

// Bit codes b, or decodes and returns it; p/65536 is the probability of 1,
// 1 ≤ p ≤ 65535.
func (c *Coder) Bit(p uint32, b int) int {
	bound := uint32(uint64(c.rng) * uint64(p) >> 16)
	if c.Decoding {
		b = 0
		if c.value < bound {
			b = 1
		} else {
			c.value -= bound
		}
	} else if b == 0 {
		c.add(bound)
	}
	if b == 1 {
		c.rng = bound
	} else {
		c.rng -= bound
	}
	for c.rng < 1<<24 {
		c.rng <<= 8
		c.shiftByte()
	}
	return b
}

// reserve makes room for the code of a residual.
func (c *Coder) reserve() {
	if !c.Decoding {
		c.out = slices.Grow(c.out, 4*Bins)
	}
}

// add raises the low end of the range and carries into the bytes written.
func (c *Coder) add(v uint32) {
	c.value += v
	if c.value < v {
		i := len(c.out) - 1
		for ; c.out[i] == 0xFF; i-- {
			c.out[i] = 0
		}
		c.out[i]++
	}
}

func (c *Coder) shiftByte() {
	if !c.Decoding {
		c.out = append(c.out, byte(c.value>>24))
		c.value <<= 8
		return
	}
	c.value <<= 8
	if c.pos < len(c.in) {
		c.value |= uint32(c.in[c.pos])
	}
	c.pos++
}

// Slack is the number of zero bytes at the end that the encoder may omit.
const Slack = 4

// Finish returns the code: of the values in the final range the one that ends
// in the most zero bits, without its last zero bytes; then zeros up to least bytes.
func (c *Coder) Finish(least int) []byte {
	for n := 31; n >= 0; n-- {
		up := -c.value & (1<<n - 1) // to the next multiple of 2^n
		if up < c.rng {
			c.add(up)
			break
		}
	}
	for range Slack {
		if c.value == 0 {
			break
		}
		c.shiftByte()
	}
	return append(c.out, make([]byte, max(least-len(c.out), 0))...)
}

// Ended tells whether the code was decoded to its end and no further, and has the
// least bytes that Finish was given.
func (c *Coder) Ended(least int) bool {
	if c.pos < len(c.in) { // only zeros may follow
		zeros := !slices.ContainsFunc(c.in[c.pos:], func(b byte) bool { return b != 0 })
		return zeros && len(c.in) == least
	}
	return c.pos <= len(c.in)+Slack && len(c.in) >= least
}

// Least is the number of bytes that a code of n units of work takes at least, of
// which free are free and each byte pays for perByte (FORMAT.md, "Length of
// codes"): what is decoded for long must be long.
func Least(n, free, perByte int64) int64 {
	return (max(n-free, 0) + perByte - 1) / perByte
}

// Spent tells whether a decoder has taken more than any code of this length holds,
// or one of least bytes is longer than this.
func (c *Coder) Spent(least int) bool {
	return c.Decoding && (c.pos > len(c.in)+Slack || len(c.in) < least)
}
