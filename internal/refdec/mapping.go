package refdec

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// The kinds of mappings (FORMAT.md, "Numbers of samples").
const (
	offsetKind = iota
	scaledKind
	fixedKind
	orderedKind
)

// mapping says which sample of a type a number of 32 bits stands for.
type mapping struct {
	of     Type
	kind   int
	offset int64
	n, d   uint64
	e, p   int

	known map[int32]cell // of kinds 1 and 2
}

// cell is what a number stands for: the first pattern of n; of kind 1 alone.
type cell struct{ first, n uint64 }

// readMapping reads the mapping of a band.
func readMapping(r *reader, of Type) *mapping {
	m := &mapping{of: of, kind: int(field{"kind of mapping", 0, 3}.in(r)), known: map[int32]cell{}}
	if of.float() && m.kind == offsetKind || !of.float() && m.kind == fixedKind {
		r.fail("mapping of kind %d of type %d", m.kind, of)
	}
	switch m.kind {
	case offsetKind:
		m.offset = r.signed("offset", -1<<32, 1<<32)
	case scaledKind:
		m.n, m.d = field{"N", 1, 1 << 53}.in(r), field{"D", 1, 1<<32 - 1}.in(r)
		m.e = int(r.signed("E", -1074, 1023))
	case fixedKind:
		if of == Float32 {
			m.p = int(r.signed("P", -128, 149))
		} else {
			m.p = int(r.signed("P", -1024, 1074))
		}
	}
	if of.narrow() && (m.kind != offsetKind || m.offset != of.least()) && r.err == nil {
		r.fail("mapping of kind %d with offset %d of type %d, expected offset %d", m.kind, m.offset, of, of.least())
	}
	return m
}

// signed reads a zigzag number.
func (r *reader) signed(what string, least, most int64) int64 {
	u := r.uvarint(what)
	v := int64(u>>1) ^ -int64(u&1)
	if r.err == nil && (v < least || v > most) {
		r.fail("%s %d, expected %d to %d", what, v, least, most)
	}
	if r.err != nil {
		return 0
	}
	return v
}

// ordered is the mapping of the order of samples.
func ordered(of Type) *mapping { return &mapping{of: of, kind: orderedKind} }

// remainders tells whether numbers leave something of samples.
func (m *mapping) remainders() bool {
	return m.kind == fixedKind || m.kind == orderedKind && m.of == Float64
}

// bits is the length of the remainder of a number.
func (m *mapping) bits(number int32) int {
	switch {
	case !m.remainders():
		return 0
	case m.kind == orderedKind:
		return 32
	}
	return bits.Len64(max(m.cell(number).n, 1) - 1)
}

// sample is what a number and a remainder stand for.
func (m *mapping) sample(number int32, rest uint64) int64 {
	switch {
	case m.kind == offsetKind:
		return clamp(int64(number)+m.offset, m.of.least(), m.of.most())
	case m.kind == orderedKind:
		return m.inOrder(number, rest)
	case !m.of.float():
		return m.rounded(number)
	}
	c := m.cell(number)
	pattern, negative := c.first, number < 0
	if m.kind == fixedKind {
		rest = min(rest, max(c.n, 1)-1)
		if negative {
			rest = -rest
		}
		pattern += rest
	}
	pattern = min(pattern, m.of.infinity()-1)
	if negative && pattern > 0 {
		pattern |= m.of.sign()
	}
	return int64(pattern)
}

func (m *mapping) inOrder(number int32, rest uint64) int64 {
	switch m.of {
	case Float32:
		if number < 0 {
			number ^= math.MaxInt32
		}
		return int64(uint32(number))
	case Float64:
		v := int64(number)<<32 | int64(min(rest, math.MaxUint32))
		if v < 0 {
			v ^= math.MaxInt64
		}
		return v
	}
	middle := m.of.least() + (m.of.most()-m.of.least()+1)/2
	return clamp(int64(number)+middle, m.of.least(), m.of.most())
}

// times is |number| in units of kind 1 or 2.
func (m *mapping) times(number int64) *big.Rat {
	x := new(big.Rat).SetInt64(abs(number))
	if m.kind == fixedKind {
		return x.Mul(x, power(-m.p))
	}
	return x.Mul(x, m.unit())
}

// unit is N/D·2^E.
func (m *mapping) unit() *big.Rat {
	x := new(big.Rat).SetFrac(new(big.Int).SetUint64(m.n), new(big.Int).SetUint64(m.d))
	return x.Mul(x, power(m.e))
}

// power is 2^e.
func power(e int) *big.Rat {
	x := new(big.Int).Lsh(big.NewInt(1), uint(abs(e)))
	if e < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), x)
	}
	return new(big.Rat).SetInt(x)
}

// rounded is an integer of kind 1.
func (m *mapping) rounded(number int32) int64 {
	x := m.times(int64(number))
	v, rest := new(big.Int).QuoRem(x.Num(), x.Denom(), new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(x.Denom()); c > 0 || c == 0 && v.Bit(0) == 1 {
		v.Add(v, big.NewInt(1))
	}
	if v.BitLen() > 40 {
		v.SetInt64(1 << 40)
	}
	if number < 0 {
		v.Neg(v)
	}
	return clamp(v.Int64(), m.of.least(), m.of.most())
}

// cell is what a number stands for by kind 1 or 2 of floats.
func (m *mapping) cell(number int32) cell {
	c, ok := m.known[number]
	if ok {
		return c
	}
	k := int64(number)
	switch {
	case m.kind == scaledKind:
		c.first, _ = m.of.nearest(m.times(k))
	case k >= 0:
		c.first = m.of.atLeast(m.times(k))
		c.n = m.of.atLeast(m.times(k+1)) - c.first
	default:
		c.first = m.of.atMost(m.times(k))
		c.n = c.first - m.of.atMost(m.times(k+1))
	}
	m.known[number] = c
	return c
}

// nearest is the pattern of the float nearest to x, and how that compares with x.
func (t Type) nearest(x *big.Rat) (pattern uint64, order int) {
	var v float64
	if t == Float32 {
		f, _ := x.Float32()
		pattern, v = uint64(math.Float32bits(f)), float64(f)
	} else {
		v, _ = x.Float64()
		pattern = math.Float64bits(v)
	}
	if math.IsInf(v, 0) {
		return pattern, 1
	}
	return pattern, new(big.Rat).SetFloat64(v).Cmp(x)
}

// atLeast is the pattern of the least float from x on, infinity where there is none.
func (t Type) atLeast(x *big.Rat) uint64 {
	pattern, order := t.nearest(x)
	if order < 0 {
		pattern++
	}
	return pattern
}

// atMost is the pattern of the largest float up to x.
func (t Type) atMost(x *big.Rat) uint64 {
	pattern, order := t.nearest(x)
	if order > 0 {
		pattern--
	}
	return pattern
}

// substitutes are the samples that stand in the place of finite ones that mean no data.
func (t Type) substitutes(none []int64) map[int64]int64 {
	found := map[int64]int64{}
	for _, sample := range none {
		if t.float() && uint64(sample)&^t.sign() >= t.infinity() {
			continue
		}
		for _, up := range []bool{true, false} {
			v, ok := t.beside(sample, up)
			for ok && slices.Contains(none, v) {
				v, ok = t.beside(v, up)
			}
			if ok {
				found[sample] = v
				break
			}
		}
	}
	return found
}

// beside is the sample above another one, or below; ok is false where there is none.
func (t Type) beside(sample int64, up bool) (v int64, ok bool) {
	to := math.Inf(-1)
	if up {
		to = math.Inf(1)
	}
	switch {
	case t == Float32:
		v = t.sample(float64(math.Nextafter32(float32(t.value(sample)), float32(to))) + 0)
	case t == Float64:
		v = t.sample(math.Nextafter(t.value(sample), to) + 0) // of −0 0
	case up:
		v = sample + 1
	default:
		v = sample - 1
	}
	if t.float() {
		return v, !math.IsInf(t.value(v), 0)
	}
	return v, t.has(v)
}

// class is a sample that leaves the numbers.
type class struct {
	sample int64
	noData bool
}

// readClass reads a class.
func (t Type) readClass(r *reader) class {
	c := class{sample: int64(r.uvarint("class"))}
	if r.err == nil && !t.has(c.sample) {
		r.fail("class %s, expected the bits of a sample of type %d", fmt.Sprintf("%#x", uint64(c.sample)), t)
	}
	c.noData = field{"no data", 0, 1}.in(r) == 1
	return c
}
