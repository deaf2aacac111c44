package sample

import (
	"math"
	"math/bits"

	"github.com/qtgpu/qtgpu/raster"
)

// format is a type of IEEE 754 floats. Patterns are bits without the sign: finite ones,
// 0 to inf−1, number the floats from 0 up.
type format struct {
	fraction uint   // bits of it
	least    int    // the exponent of the least float, 2^least
	bias     int    // of exponents
	inf      uint64 // the pattern of infinity
	sign     uint64 // its bit
}

var (
	binary32 = format{23, -149, 127, 0xff << 23, 1 << 31}
	binary64 = format{52, -1074, 1023, 0x7ff << 52, 1 << 63}
)

func formatOf(t raster.Type) *format {
	if t == raster.Float32 {
		return &binary32
	}
	return &binary64
}

// places is the range of the binary places of a Fixed mapping: from all floats in lane 0
// and −1, to a lane for the least float.
func (f *format) places() (least, most int64) { return int64(-f.bias - 1), int64(-f.least) }

// number takes a finite pattern apart: it is m·2^e.
func (f *format) number(pattern uint64) (m uint64, e int) {
	field := int(pattern >> f.fraction)
	m = pattern & (1<<f.fraction - 1)
	if field > 0 {
		m |= 1 << f.fraction
		field--
	}
	return m, field + f.least
}

// The directions of rounding.
const (
	down = iota
	nearest
	up
)

// round is the pattern of q·2^e in a direction; nearest is to even. It is inf where that
// is beyond all floats, but down gives the largest. Where more is true it is something
// between q·2^e and (q+1)·2^e; q must have 2 bits more than a float then.
func (f *format) round(q uint64, more bool, e int, direction int) uint64 {
	if q == 0 {
		return 0
	}
	ulp := max(e+bits.Len64(q)-int(f.fraction)-1, f.least)
	if ulp-f.least >= int(f.inf>>f.fraction) {
		return f.limit(direction)
	}
	m := q
	if s := ulp - e; s > 0 {
		m = q >> s
		rest := q << (64 - min(s, 64)) // its first bit counts half an ulp
		if s > 64 {
			rest, more = 0, true
		}
		more = more || rest<<1 != 0
		half := rest >> 63
		if direction == up && (more || half != 0) || direction == nearest && half != 0 && (more || m&1 != 0) {
			m++
		}
	} else {
		m <<= -s
	}
	// m has the bit that floats leave out, unless it is below all that do: its place adds 1
	// to the exponent, and so does a carry.
	if p := uint64(ulp-f.least)<<f.fraction + m; p < f.inf {
		return p
	}
	return f.limit(direction)
}

func (f *format) limit(direction int) uint64 {
	if direction == down {
		return f.inf - 1
	}
	return f.inf
}

// word is a pattern with a sign: the largest float where it is beyond, and no −0.
func (f *format) word(pattern uint64, negative bool) uint64 {
	pattern = min(pattern, f.inf-1)
	if negative && pattern != 0 {
		return pattern | f.sign
	}
	return pattern
}

// scaledFloat converts floats to multiples of n/d·2^e.
type scaledFloat struct {
	*format
	d    uint64
	n    divisor
	e    int
	unit divisor // d·2^k, 2^31 ≤ unit < 2^32
	exp  int     // e + k + 32
}

func newScaledFloat(m Mapping, f *format) *scaledFloat {
	k := 32 - bits.Len64(m.D)
	return &scaledFloat{f, m.D, divisorOf(m.N), m.E, divisorOf(m.D << k), m.E + k + 32}
}

// pattern is RN(k·n/d·2^e), k ≤ 2^31 + 1.
func (c *scaledFloat) pattern(k uint64) uint64 {
	hi, lo := bits.Mul64(k, c.n.n)
	if hi|lo == 0 {
		return 0
	}
	// The product has at most 85 bits, and 127 after this: its lowest 32 are 0, and its
	// upper 63 divided by the unit are below 2^32. A quotient of 62 bits or more is left.
	s := 127 - length(hi, lo)
	hi, lo = shiftLeft(hi, lo, uint(s))
	q, rest := c.unit.div(hi)
	q2, rest := c.unit.div(rest<<32 | lo>>32)
	return c.round(q<<32|q2, rest != 0, c.exp-s, nearest)
}

func (c *scaledFloat) join(lane int32, _ uint64) uint64 {
	k, negative := magnitude(lane)
	return c.word(c.pattern(k), negative)
}

// nearestLane is the magnitude of the lane nearest to a pattern, of two the larger.
func (c *scaledFloat) nearestLane(pattern uint64) (k uint64, ok bool) {
	if pattern >= c.inf {
		return 0, false
	}
	m, e := c.number(pattern)
	hi, lo := bits.Mul64(m, c.d)
	q, _, ok := quotient(hi, lo, e-c.e+1, &c.n)
	return (q + 1) >> 1, ok
}

// split tries the nearest lane. Where lanes are closer than floats that may miss: below a
// power of two floats are twice as close as above it, so that of two lanes about it the
// one farther above can round to it where the nearer one below does not.
func (c *scaledFloat) split(word uint64) (lane int32, rem uint64, ok bool) {
	pattern, negative := word&^c.sign, word&c.sign != 0
	k, ok := c.nearestLane(pattern)
	if !ok || pattern == 0 && negative {
		return 0, 0, false
	}
	k = min(k, 1<<31) // the last lane may round to it too
	if !negative {
		k = min(k, 1<<31-1)
	}
	switch pattern {
	case c.pattern(k):
	case c.pattern(k + 1):
		k++
	default:
		return 0, 0, false
	}
	lane, ok = signed(k, negative)
	return lane, 0, ok
}

func (c *scaledFloat) nearest(word uint64) (lane int32, ok bool) {
	k, ok := c.nearestLane(word &^ c.sign)
	lane, fits := signed(k, word&c.sign != 0)
	return lane, ok && fits
}

// fixed converts floats to numbers of p binary places, and which of the floats there they
// are. The floats of lane k are those in [k, k+1)·2^−p, from the least up; −0 is in none.
type fixed struct {
	*format
	p int
}

// cell is the number of floats of a lane and the pattern of the first; the patterns of
// the next ones go up, down below 0. Where there are none it is the next float up.
func (c *fixed) cell(lane int32) (first, n uint64) {
	k, negative := magnitude(lane)
	if negative {
		first = c.round(k, false, -c.p, down)
		return first, first - c.round(k-1, false, -c.p, down)
	}
	first = c.round(k, false, -c.p, up)
	return first, c.round(k+1, false, -c.p, up) - first
}

// bits is the length of the remainders of a lane.
func (c *fixed) bits(lane int32) int {
	if _, n := c.cell(lane); n > 1 {
		return bits.Len64(n - 1)
	}
	return 0
}

func (c *fixed) split(word uint64) (lane int32, rem uint64, ok bool) {
	pattern, negative := word&^c.sign, word&c.sign != 0
	if pattern >= c.inf || pattern == 0 && negative {
		return 0, 0, false
	}
	m, e := c.number(pattern)
	one := divisorOf(1)
	k, exact, ok := quotient(0, m, e+c.p, &one)
	if negative && !exact {
		k++
	}
	lane, fits := signed(k, negative)
	if !ok || !fits {
		return 0, 0, false
	}
	first, _ := c.cell(lane)
	if negative {
		return lane, first - pattern, true
	}
	return lane, pattern - first, true
}

func (c *fixed) join(lane int32, rem uint64) uint64 {
	first, n := c.cell(lane)
	rem = min(rem, max(n, 1)-1)
	if lane < 0 {
		return c.word(first-rem, true)
	}
	return c.word(first+rem, false)
}

func (c *fixed) nearest(word uint64) (lane int32, ok bool) {
	pattern := word &^ c.sign
	if pattern >= c.inf {
		return 0, false
	}
	m, e := c.number(pattern)
	one := divisorOf(1)
	q, _, ok := quotient(0, m, e+c.p+1, &one)
	lane, fits := signed((q+1)>>1, word&c.sign != 0)
	return lane, ok && fits
}

// orderedFloat32 converts all patterns of float32, one to one.
type orderedFloat32 struct{}

func (orderedFloat32) split(word uint64) (lane int32, rem uint64, ok bool) {
	lane = int32(uint32(word))
	return lane ^ lane>>31&math.MaxInt32, 0, true
}

func (orderedFloat32) join(lane int32, _ uint64) uint64 {
	return uint64(uint32(lane ^ lane>>31&math.MaxInt32))
}

func (c orderedFloat32) nearest(word uint64) (lane int32, ok bool) {
	lane, _, _ = c.split(word)
	return lane, word&^binary32.sign < binary32.inf
}

// orderedFloat64 has the upper 32 bits as the lane, the lower ones as the remainder.
type orderedFloat64 struct{}

func (orderedFloat64) split(word uint64) (lane int32, rem uint64, ok bool) {
	v := int64(word) ^ int64(word)>>63&math.MaxInt64
	return int32(v >> 32), uint64(v) & math.MaxUint32, true
}

func (orderedFloat64) join(lane int32, rem uint64) uint64 {
	v := int64(lane)<<32 | int64(min(rem, math.MaxUint32))
	return uint64(v ^ v>>63&math.MaxInt64)
}

// nearest rounds in the order, half of it up. Infinity is not a finite sample's nearest.
func (c orderedFloat64) nearest(word uint64) (lane int32, ok bool) {
	lane, rem, _ := c.split(word)
	if rem>>31 != 0 && int64(lane)+1 < int64(binary64.inf>>32) {
		lane++
	}
	return lane, word&^binary64.sign < binary64.inf
}

// orderedMean is Mean for Ordered floats.
func orderedMean(t raster.Type, lanes []int32) int32 {
	c := Mapping{Kind: Ordered}.converter(t)
	var sum, n float64
	each := func(f func(v float64)) {
		for _, lane := range lanes {
			if v := Number(t, c.join(lane, 0)); !math.IsInf(v, 0) && !math.IsNaN(v) {
				f(v)
			}
		}
	}
	each(func(v float64) { sum, n = sum+v, n+1 })
	if n == 0 {
		return lanes[0]
	}
	mean := sum / n
	if math.IsInf(mean, 0) || math.IsNaN(mean) { // the sum is beyond float64
		mean = 0
		each(func(v float64) { mean += v / n })
	}
	word := math.Float64bits(mean)
	if t == raster.Float32 {
		word = uint64(math.Float32bits(float32(mean)))
	}
	lane, _ := c.nearest(word)
	return lane
}
