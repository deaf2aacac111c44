package cm

import (
	"math"
	"math/bits"
	"slices"
)

// Probabilities are mixed in the logistic domain: stretch(p) = ln(p/(1−p)) in
// units of 1/256, squash its inverse in 1/65536.
const (
	logits     = 3072 // |stretch| stays below
	squashStep = 2    // log2 of the units per entry of squashTable
)

var (
	squashTable  = makeSquash()
	stretchTable = makeStretch() // by the upper 12 bits of a probability
	rateTable    = makeRates()
)

// makeSquash tabulates 65536/(1+e^−x) from powers of e^(−1/64) as 64-bit
// fractions: integers only, so that every machine has the same table.
func makeSquash() (t [2*logits>>squashStep + 1]uint16) {
	const step = 18160753814917686419 // 2^64·e^(−1/64)
	e := uint64(1<<64 - 1)
	for i := range len(t)/2 + 1 {
		p := 1 << 48 / (1<<32 + e>>32)
		t[len(t)/2+i] = uint16(min(p, 65535))
		t[len(t)/2-i] = uint16(max(65536-p, 1))
		e, _ = bits.Mul64(e, step)
	}
	return t
}

// makeStretch inverts squashTable in the middle of each of 4096 intervals.
func makeStretch() (t [4096]int16) {
	j := 0
	for i := range t {
		for j < len(squashTable)-1 && int(squashTable[j]) < i*16+8 {
			j++
		}
		t[i] = int16((j - len(squashTable)/2) << squashStep)
	}
	return t
}

// squash is the probability of 1 in 1/65536, 1 to 65535, of x in 1/256.
func squash(x int32) uint32 {
	x = max(-logits, min(logits-1, x))
	return uint32(squashTable[(x+logits)>>squashStep])
}

const maxHorizon = 255 // of Shape.Horizon

// makeRates tabulates 65536/(n+1.5), the share of the n-th bit in the average.
func makeRates() (t [maxHorizon + 1]int32) {
	for n := range t {
		t[n] = int32(2 * 65536 / (2*n + 3))
	}
	return t
}

// Inputs is the number of contexts of a bit.
const Inputs = 8

// weights of the inputs and of a constant in 1/65536, which are applied in 1/4096.
type weights [Inputs + 1]int32

const (
	firstWeight = 65536 / 10 // of the inputs
	weightBits  = 16
	appliedBits = 12
	constant    = 256
)

// applied is the sum of the i-th weights as 16 bits.
func (w *weights) applied(u *weights, i int) int32 {
	v := (w[i] + u[i]) >> (weightBits - appliedBits)
	return max(math.MinInt16, min(math.MaxInt16, v))
}

// learn moves the i-th weight of both sets, one after the other.
func (w *weights) learn(u *weights, i int, d int32) {
	w[i] += d
	u[i] += d
}

// Shape is what a Mixer is made of.
type Shape struct {
	Slots int // probabilities
	Sets  int // of weights
	// Learning is log2 of the inverse of the weights' learning rate, 1 or more.
	Learning uint
	// Horizon is the number of bits, 255 at most, that a probability averages
	// over.
	Horizon uint32
}

// Mixer codes bits under the adaptive probabilities of several contexts, mixed
// by two sets of weights that it learns.
type Mixer struct {
	Coder
	slots []uint32 // probability of 1: 22 bits, bits seen: 10
	sets  []weights

	learning uint32 // a shift, half of its divisor
	half     int32
	horizon  uint32
}

// Reset forgets what a mixer, new ones included, has learned, and keeps its memory.
func (m *Mixer) Reset(c Coder, shape Shape) {
	m.Coder = c
	m.learning, m.half, m.horizon = uint32(shape.Learning), 1<<(shape.Learning-1), shape.Horizon
	room := shape.Slots + Bins // for what would be the bins of the last slots
	m.slots = slices.Grow(m.slots[:0], room)[:room]
	for i := range m.slots {
		m.slots[i] = 1 << 31
	}
	m.sets = slices.Grow(m.sets[:0], shape.Sets)[:shape.Sets]
	for i := range m.sets {
		m.sets[i] = weights{}
		for k := range Inputs {
			m.sets[i][k] = firstWeight
		}
	}
}

// Code codes b in the contexts of the slots at, or decodes and returns it. The
// weights of the two sets add up.
func (m *Mixer) Code(at *[Inputs]uint32, set, second int, b int) int {
	w, u := &m.sets[set], &m.sets[second]
	if !vector {
		return m.mix(at, w, u, b)
	}
	m.reserve()
	_ = m.slots[highest(at)]
	return codeBit(m, at, w, u, b)
}

func highest(at *[Inputs]uint32) uint32 {
	return max(at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7])
}

// Bins of a residual's length: whether it is 0, the sign, and from firstBin on two
// for each length, one for each sign.
const (
	Bins     = 32
	Line     = 16 // of the last two contexts have slots of their own
	firstBin = 2
)

// Length codes the sign and the number of bits of the magnitude of a residual q, or
// decodes and returns them: negative is −1 or 0, n at most most. at, set and second
// belong to the first of Bins bins; of the last two contexts Line bins have slots,
// which the others share.
func (m *Mixer) Length(at *[Inputs]uint32, set, second int, q int32, most int) (n int, negative int32) {
	_ = m.slots[highest(at)+Bins-1]
	w, u := (*[Bins]weights)(m.sets[set:]), (*[Bins]weights)(m.sets[second:])
	n, sign := bits.Len32(uint32(max(q, -q))), int(uint32(q)>>31)
	if vector {
		m.reserve()
		n = codeLength(m, at, w, u, n, most, sign)
	} else {
		n = m.length(at, w, u, n, most, sign)
	}
	return max(n, -n), int32(n) >> 31
}

// length is Length without kernels, but that it returns n or −n.
func (m *Mixer) length(first *[Inputs]uint32, w, u *[Bins]weights, n, most, sign int) int {
	decide := func(bin int, is bool) int {
		at := *first
		for i := range at {
			if i >= Inputs-2 {
				at[i] += uint32(bin % Line)
			} else {
				at[i] += uint32(bin)
			}
		}
		b := 0
		if is {
			b = 1
		}
		return m.mix(&at, &w[bin], &u[bin], b)
	}
	if decide(0, n == 0) == 1 {
		return 0
	}
	sign = decide(1, sign == 1)
	k := 1
	for k < most && decide(min(2*k, Bins-firstBin)+sign, k == n) == 0 {
		k++
	}
	if sign == 1 {
		return -k
	}
	return k
}

// mix is Code without kernels.
func (m *Mixer) mix(at *[Inputs]uint32, w, u *weights, b int) int {
	var slots [Inputs]uint32
	var in [Inputs]int32
	sum := constant * w.applied(u, Inputs)
	for i, k := range at {
		slots[i] = m.slots[k]
		in[i] = int32(stretchTable[slots[i]>>20])
		sum += in[i] * w.applied(u, i)
	}
	p := squash(sum >> appliedBits)
	b = m.Bit(p, b)
	err := int32(b<<16) - int32(p)
	for i, x := range &in {
		w.learn(u, i, (x*err+m.half)>>(m.learning&31))
	}
	w.learn(u, Inputs, (constant*err+m.half)>>(m.learning&31))
	for i, k := range at {
		m.slots[k] = m.learned(slots[i], b)
	}
	return b
}

// CodeAlone codes b under the probability of one slot, or decodes and returns it.
func (m *Mixer) CodeAlone(at uint32, b int) int {
	p := max(m.slots[at]>>16, 1) // of 16 bits
	b = m.Bit(p, b)
	m.slots[at] = m.learned(m.slots[at], b)
	return b
}

// learned moves the probability of a slot towards b.
func (m *Mixer) learned(slot uint32, b int) uint32 {
	p, n := int64(slot>>10), slot&1023
	p += (int64(b)*(1<<22-1) - p) * int64(rateTable[n]) >> 16
	return uint32(p)<<10 | min(n+1, m.horizon)
}

// Hash mixes v into h.
func Hash(h, v uint32) uint32 {
	x := (bits.RotateLeft32(h*0x9E3779B1, 13) ^ v) * 0x85EBCA77
	return x ^ x>>15
}
