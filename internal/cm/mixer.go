package cm

import "math/bits"

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
func squash(x int64) uint32 {
	x = max(-logits, min(logits-1, x))
	return uint32(squashTable[(x+logits)>>squashStep])
}

const maxHorizon = 255 // of Shape.Horizon

// makeRates tabulates 65536/(n+1.5), the share of the n-th bit in the average.
func makeRates() (t [maxHorizon + 1]int64) {
	for n := range t {
		t[n] = int64(2 * 65536 / (2*n + 3))
	}
	return t
}

const (
	firstWeight = 65536 / 10 // 1 = 65536
	constant    = 256        // the input beside those of the contexts
)

// Shape is what a Mixer is made of.
type Shape struct {
	Slots    int // probabilities
	Contexts int // of every bit
	Sets     int // of weights
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
	slots  []uint32 // probability of 1: 22 bits, bits seen: 10
	inputs []int32  // stretched probabilities of the contexts, and a constant
	sets   []int32  // weights of the inputs, set after set

	learning uint
	horizon  uint32
}

// NewMixer has not learned yet.
func NewMixer(c Coder, shape Shape) Mixer {
	n := shape.Contexts + 1
	m := Mixer{
		Coder: c, slots: make([]uint32, shape.Slots), inputs: make([]int32, n), sets: make([]int32, n*shape.Sets),
		learning: shape.Learning, horizon: shape.Horizon,
	}
	for i := range m.slots {
		m.slots[i] = 1 << 31
	}
	for i := range m.sets {
		if i%n < shape.Contexts {
			m.sets[i] = firstWeight
		}
	}
	m.inputs[shape.Contexts] = constant
	return m
}

// Code codes b in the contexts of the slots at, Shape.Contexts of them, or
// decodes and returns it. The weights of the two sets add up.
func (m *Mixer) Code(at []uint32, set, second int, b int) int {
	in := m.inputs
	w, u := m.sets[set*len(in):][:len(in)], m.sets[second*len(in):][:len(in)]
	for i, k := range at {
		in[i] = int32(stretchTable[m.slots[k]>>20])
	}
	sum := int64(0)
	for i, x := range in {
		sum += int64(x) * int64(w[i]+u[i])
	}
	p := squash(sum >> 16)
	b = m.Bit(p, b)
	err := int32(b<<16) - int32(p)
	shift := m.learning & 31
	half := int32(1) << (shift - 1)
	for i, x := range in {
		d := (x*err + half) >> shift
		w[i] += d
		u[i] += d
	}
	m.learn(at, int64(b))
	return b
}

// CodeAlone codes b under the probability of one slot, or decodes and returns it.
func (m *Mixer) CodeAlone(at uint32, b int) int {
	p := max(m.slots[at]>>16, 1) // of 16 bits
	b = m.Bit(p, b)
	m.learn([]uint32{at}, int64(b))
	return b
}

// learn moves the probabilities of slots towards b.
func (m *Mixer) learn(at []uint32, b int64) {
	for _, k := range at {
		s := m.slots[k]
		p, n := int64(s>>10), s&1023
		p += (b*(1<<22-1) - p) * rateTable[n] >> 16
		m.slots[k] = uint32(p)<<10 | min(n+1, m.horizon)
	}
}

// Hash mixes v into h.
func Hash(h, v uint32) uint32 {
	x := (bits.RotateLeft32(h*0x9E3779B1, 13) ^ v) * 0x85EBCA77
	return x ^ x>>15
}
