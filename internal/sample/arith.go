package sample

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/raster"
)

// divisor divides by a number from 1 on, by a multiplication.
type divisor struct{ n, reciprocal uint64 }

// divisorOf takes ⌊(2^64−1)/n⌋ as the reciprocal, above 2^64/n − 1 − 1/n. So the upper word
// of its product with x is the quotient of x, or one less: x·(2^64/n − 1)/2^64 > x/n − 1.
func divisorOf(n uint64) divisor { return divisor{n, ^uint64(0) / n} }

func (d *divisor) div(x uint64) (q, rest uint64) {
	q, _ = bits.Mul64(x, d.reciprocal)
	rest = x - q*d.n
	if rest >= d.n {
		q, rest = q+1, rest-d.n
	}
	return q, rest
}

// quotientBits is the least length of a quotient that no caller can use.
const quotientBits = 35

// quotient is ⌊x·2^s/d⌋ of x = hi·2^64 + lo below 2^96, and whether that is exact. ok
// is false where it has quotientBits or more, and it may be false with a bit less.
func quotient(hi, lo uint64, s int, d *divisor) (q uint64, exact, ok bool) {
	n := length(hi, lo)
	if n == 0 {
		return 0, true, true
	}
	if n+s >= bits.Len64(d.n)+quotientBits-1 {
		return 0, false, false
	}
	exact = true
	if s < 0 {
		exact = trailingZeros(hi, lo) >= -s
		hi, lo = shiftRight(hi, lo, uint(-s))
	} else {
		hi, lo = shiftLeft(hi, lo, uint(s))
	}
	// x has at most 34 bits more than d: the quotient has one word, hi is below d.
	var rest uint64
	if hi == 0 {
		q, rest = d.div(lo)
	} else {
		q, rest = bits.Div64(hi, lo, d.n)
	}
	return q, exact && rest == 0, true
}

func length(hi, lo uint64) int {
	if hi != 0 {
		return 64 + bits.Len64(hi)
	}
	return bits.Len64(lo)
}

// trailingZeros is 128 of zero.
func trailingZeros(hi, lo uint64) int {
	if lo != 0 {
		return bits.TrailingZeros64(lo)
	}
	return 64 + bits.TrailingZeros64(hi)
}

func shiftLeft(hi, lo uint64, s uint) (uint64, uint64) {
	if s >= 64 {
		return lo << (s - 64), 0
	}
	return hi<<s | lo>>(64-s), lo << s
}

func shiftRight(hi, lo uint64, s uint) (uint64, uint64) {
	if s >= 64 {
		return 0, hi >> (s - 64)
	}
	return hi >> s, lo>>s | hi<<(64-s)
}

// signed gives a magnitude its sign; ok is false where that fits no lane.
func signed(magnitude uint64, negative bool) (lane int32, ok bool) {
	if negative {
		return int32(-int64(magnitude)), magnitude <= 1<<31
	}
	return int32(magnitude), magnitude < 1<<31
}

// magnitude is |lane|, and whether it is below 0.
func magnitude(lane int32) (uint64, bool) {
	if lane < 0 {
		return uint64(-int64(lane)), true
	}
	return uint64(lane), false
}

// integers is the range of an integer type.
type integers struct{ least, most int64 }

func integersOf(t raster.Type) integers {
	if t.Signed() {
		return integers{-t.Max() - 1, t.Max()}
	}
	return integers{0, t.Max()}
}

// offset converts integers by a difference.
type offset struct {
	integers
	offset int64
}

func (c *offset) split(word uint64) (lane int32, rem uint64, ok bool) {
	v := int64(word) - c.offset
	return int32(v), 0, v == int64(int32(v))
}

func (c *offset) join(lane int32, _ uint64) uint64 {
	return uint64(min(max(int64(lane)+c.offset, c.least), c.most))
}

func (c *offset) nearest(word uint64) (lane int32, ok bool) {
	lane, _, ok = c.split(word)
	return lane, ok
}

// scaledInteger converts integers to multiples of n/d·2^e.
type scaledInteger struct {
	integers
	n, d divisor
	e    int
}

func (c *scaledInteger) split(word uint64) (lane int32, rem uint64, ok bool) {
	q, negative, exact, ok := c.lane(word, -c.e)
	lane, fits := signed(q, negative)
	return lane, 0, ok && exact && fits
}

func (c *scaledInteger) nearest(word uint64) (lane int32, ok bool) {
	q, negative, _, ok := c.lane(word, 1-c.e)
	lane, fits := signed((q+1)>>1, negative)
	return lane, ok && fits
}

// lane is ⌊|v|·d/n·2^s⌋.
func (c *scaledInteger) lane(word uint64, s int) (q uint64, negative, exact, ok bool) {
	v := int64(word)
	negative = v < 0
	hi, lo := bits.Mul64(uint64(max(v, -v)), c.d.n)
	q, exact, ok = quotient(hi, lo, s, &c.n)
	return q, negative, exact, ok
}

func (c *scaledInteger) join(lane int32, _ uint64) uint64 {
	k, negative := magnitude(lane)
	hi, lo := bits.Mul64(k, c.n.n)
	q, exact, ok := quotient(hi, lo, c.e+1, &c.d)
	if !ok {
		q = 1 << 34 // beyond all types
	}
	half := q & 1
	q >>= 1
	if half != 0 && (!exact || q&1 != 0) {
		q++
	}
	v := int64(q)
	if negative {
		v = -v
	}
	return uint64(min(max(v, c.least), c.most))
}
