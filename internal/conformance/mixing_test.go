package conformance

import (
	"math/bits"
	"sort"
	"sync"
)

// rangeDecoder reads bits of given probabilities (FORMAT-EXACT.md, "Range coder").
type rangeDecoder struct {
	data  []byte
	taken int
	code  uint32 // less low
	span  uint32
}

func newRangeDecoder(data []byte) *rangeDecoder {
	r := &rangeDecoder{data: data, span: 1<<32 - 1}
	for range 4 {
		r.shift()
	}
	return r
}

func (r *rangeDecoder) shift() {
	r.code <<= 8
	if r.taken < len(r.data) {
		r.code |= uint32(r.data[r.taken])
	}
	r.taken++
}

func (r *rangeDecoder) bit(p int) int {
	bound := uint32(uint64(r.span) * uint64(p) >> 16)
	bit := 0
	if r.code < bound {
		bit, r.span = 1, bound
	} else {
		r.code -= bound
		r.span -= bound
	}
	for r.span < 1<<24 {
		r.span <<= 8
		r.shift()
	}
	return bit
}

func (r *rangeDecoder) finish() error {
	if over := r.taken - len(r.data); over < 0 || over > 4 {
		return errDamaged
	}
	return nil
}

// curve is the logistic curve T.
var curve = sync.OnceValue(func() []int {
	t := make([]int, 1537)
	for i, e := 0, ^uint64(0); i <= 768; i++ {
		q := int(1 << 48 / (1<<32 + e>>32))
		t[768+i] = min(65535, q)
		t[768-i] = max(1, 65536-q)
		e, _ = bits.Mul64(e, 18160753814917686419)
	}
	return t
})

func squash(x int) int { return curve()[(clamp(x, -3072, 3071)+3072)>>2] }

func stretch(j int) int {
	i := sort.Search(1536, func(i int) bool { return curve()[i] >= 16*j+8 })
	return 4*i - 3072
}

// hash folds values to the left: hash(a, b, c) = hash(hash(a, b), c).
func hash(h uint32, values ...uint32) uint32 {
	for _, v := range values {
		x := (bits.RotateLeft32(h*0x9E3779B1, 13) ^ v) * 0x85EBCA77
		h = x ^ x>>15
	}
	return h
}

type slot struct{ p, n int }

// weightSet names a set of weights: the kind of the decision, then what selects it.
type weightSet [5]int

// mixer makes decisions under 8 contexts (FORMAT-EXACT.md, "Mixing").
type mixer struct {
	code    interface{ bit(p int) int }
	lg      int
	slots   []slot
	weights map[weightSet]*[9]int
}

func newMixer(code interface{ bit(p int) int }, pixels int) *mixer {
	m := &mixer{code: code, lg: 12, weights: map[weightSet]*[9]int{}}
	for m.lg < 22 && 1<<(m.lg-2) < pixels {
		m.lg++
	}
	m.slots = make([]slot, 1<<m.lg)
	for i := range m.slots {
		m.slots[i].p = 1 << 21
	}
	return m
}

func (m *mixer) set(name weightSet) *[9]int {
	if m.weights[name] == nil {
		m.weights[name] = &[9]int{6553, 6553, 6553, 6553, 6553, 6553, 6553, 6553, 0}
	}
	return m.weights[name]
}

// decide decodes a bit by the slots of 8 contexts and two sets of weights.
func (m *mixer) decide(slots [8]uint32, first, second weightSet) int {
	sets := [2]*[9]int{m.set(first), m.set(second)}
	inputs := [9]int{8: 256}
	for i, s := range slots {
		inputs[i] = stretch(m.slots[s].p >> 10)
	}
	sum := 0
	for i, v := range inputs {
		sum += v * (sets[0][i] + sets[1][i])
	}
	p := squash(sum >> 16)
	bit := m.code.bit(p)
	for _, w := range sets {
		for i, v := range inputs {
			w[i] += (v*(65536*bit-p) + 1<<15) >> 16
		}
	}
	for _, i := range slots {
		s := &m.slots[i]
		s.p += ((bit*(1<<22-1) - s.p) * (131072 / (2*s.n + 3))) >> 16
		s.n = min(s.n+1, 255)
	}
	return bit
}

// slotsOf are the slots of a decision's values.
func (m *mixer) slotsOf(values [8]uint32) (slots [8]uint32) {
	for i, v := range values {
		slots[i] = hash(uint32(i), v) >> (32 - m.lg)
	}
	return slots
}

// literalSlots are the slots of a bin of a literal.
func (m *mixer) literalSlots(contexts [8]uint32, bin int) (slots [8]uint32) {
	for i, c := range contexts {
		slots[i] = hash(c, uint32(bin>>4))>>(32-m.lg)&^15 | uint32(bin&15)
	}
	return slots
}
