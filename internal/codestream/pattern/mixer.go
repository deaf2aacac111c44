package pattern

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

func squash(x int64) uint32 {
	x = max(-logits, min(logits-1, x))
	return uint32(squashTable[(x+logits)>>squashStep])
}

const (
	inputs  = 8   // contexts whose predictions are mixed for a bit
	horizon = 255 // a probability averages over at most so many bits
)

// makeRates tabulates 65536/(n+1.5), the share of the n-th bit in the average.
func makeRates() (t [horizon + 1]int64) {
	for n := range t {
		t[n] = int64(2 * 65536 / (2*n + 3))
	}
	return t
}

// weights of the inputs and of a constant, 1 = 65536.
type weights [inputs + 1]int32

const (
	firstWeight = 65536 / 10
	learning    = 16 // log2 of the inverse of the learning rate
)

// mixer codes bits under the adaptive probabilities of several contexts,
// mixed by two sets of weights that it learns.
type mixer struct {
	coder
	slots     []uint32 // probability of 1: 22 bits, bits seen: 10
	slotShift int      // from a hash to an index of slots
	at        [inputs]uint32
	sets      []weights
}

// init makes 2^lg slots and the sets of weights.
func (m *mixer) init(lg, sets int) {
	m.slots, m.slotShift, m.sets = make([]uint32, 1<<lg), 32-lg, make([]weights, sets)
	for i := range m.slots {
		m.slots[i] = 1 << 31
	}
	for i := range m.sets {
		for j := range inputs {
			m.sets[i][j] = firstWeight
		}
	}
}

// code codes b in the contexts m.at, or decodes and returns it. The two sets
// of weights add up.
func (m *mixer) code(set, second int, b int) int {
	w, u := &m.sets[set], &m.sets[second]
	var in weights
	for i, at := range &m.at {
		in[i] = int32(stretchTable[m.slots[at]>>20])
	}
	in[inputs] = 256
	sum := int64(0)
	for i, x := range &in {
		sum += int64(x) * int64(w[i]+u[i])
	}
	p := squash(sum >> 16)
	b = m.bit(p, b)
	err := int32(b<<16) - int32(p)
	for i, x := range &in {
		d := (x*err + 1<<(learning-1)) >> learning
		w[i] += d
		u[i] += d
	}
	m.learn(int64(b))
	return b
}

// learn moves the probabilities of the contexts m.at towards b.
func (m *mixer) learn(b int64) {
	for _, at := range &m.at {
		s := m.slots[at]
		p, n := int64(s>>10), s&1023
		p += (b*(1<<22-1) - p) * rateTable[n] >> 16
		m.slots[at] = uint32(p)<<10 | min(n+1, horizon)
	}
}

// hash mixes v into h.
func hash(h, v uint32) uint32 {
	x := (bits.RotateLeft32(h*0x9E3779B1, 13) ^ v) * 0x85EBCA77
	return x ^ x>>15
}

// context sets the i-th context; its value is v.
func (m *mixer) context(i int, v uint32) {
	m.at[i] = hash(uint32(i), v) >> m.slotShift
}

// decide codes a decision among the contexts of values c: bin tells it from
// others in the same contexts. 16 bins share a cache line.
func (m *mixer) decide(c *[inputs]uint32, bin uint32, set, second int, b int) int {
	for i, h := range c {
		m.at[i] = hash(h, bin>>4)>>m.slotShift&^15 | bin&15
	}
	return m.code(set, second, b)
}
