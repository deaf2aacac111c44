//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"fmt"
	"math/bits"
	"slices"
	"sort"
	"sync"
)

// rangeDecoder reads bits of given probabilities (FORMAT.md, "Range coder").
type rangeDecoder struct {
	data  []byte
	taken int
	code  uint32 // less low
	span  uint32
}

func newRangeDecoder(data []byte, least int) (*rangeDecoder, error) {
	if len(data) < least {
		return nil, fmt.Errorf("Length of codes: %d bytes, expected at least %d", len(data), least)
	}
	r := &rangeDecoder{data: data, span: 1<<32 - 1}
	for range 4 {
		r.shift()
	}
	return r, nil
}

func (r *rangeDecoder) shift() {
	r.code <<= 8
	if r.taken < len(r.data) {
		r.code |= uint32(r.data[r.taken])
	}
	r.taken++
}

func (r *rangeDecoder) Bit(p int) int {
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

func (r *rangeDecoder) Finish(least int) error {
	if len(r.data) < least {
		return fmt.Errorf("Length of codes: %d bytes, expected at least %d", len(r.data), least)
	}
	for ; r.taken < len(r.data); r.taken++ {
		if len(r.data) > least || r.data[r.taken] != 0 {
			return fmt.Errorf("Range coder: %d bytes, of which %d are taken, expected 0 to 4 more than there are, or zeros up to %d", len(r.data), r.taken, least)
		}
	}
	if r.taken > len(r.data)+4 {
		return fmt.Errorf("Range coder: %d bytes taken of %d, expected 0 to 4 more than there are", r.taken, len(r.data))
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

// stretches are stretch(j) of all j.
var stretches = sync.OnceValue(func() (t [4096]int) {
	for j := range t {
		t[j] = 4*sort.SearchInts(curve()[:1536], 16*j+8) - 3072
	}
	return t
})

// hash folds values to the left: hash(a, b, c) = hash(hash(a, b), c).
func hash(h uint32, values ...uint32) uint32 {
	for _, v := range values {
		x := (bits.RotateLeft32(h*0x9E3779B1, 13) ^ v) * 0x85EBCA77
		h = x ^ x>>15
	}
	return h
}

type slot struct{ p, n int32 }

// weightSet names a set of weights: the kind of the decision, then what selects it.
type weightSet [5]int

// mixer makes decisions under several contexts (FORMAT.md, "Mixing").
type mixer struct {
	code    Bits
	slots   []slot
	limit   int  // of a slot's count
	shift   uint // of the learning of weights
	weights map[weightSet][]int

	stretches [4096]int
}

func newMixer(code Bits, slots []slot, limit int, shift uint) *mixer {
	return &mixer{code: code, slots: slots, limit: limit, shift: shift, weights: map[weightSet][]int{}, stretches: stretches()}
}

func newSlots(n int) []slot {
	slots := make([]slot, n)
	for i := range slots {
		slots[i].p = 1 << 21
	}
	return slots
}

// set is the named set of weights, the last for the constant.
func (m *mixer) set(name weightSet) []int {
	if m.weights[name] == nil {
		m.weights[name] = append(slices.Repeat([]int{6553}, 8), 0)
	}
	return m.weights[name]
}

// decide decodes a bit by a slot of each context and two sets of weights.
func (m *mixer) decide(slots []uint32, first, second weightSet) int {
	sets := [2][]int{m.set(first), m.set(second)}
	inputs := [9]int{8: 256}
	var old [8]slot
	for i, s := range slots {
		old[i] = m.slots[s]
		inputs[i] = m.stretches[old[i].p>>10]
	}
	sum := 0
	for i, v := range inputs {
		sum += v * clamp(int(int32(sets[0][i]+sets[1][i]))>>4, -1<<15, 1<<15-1)
	}
	p := squash(sum >> 12)
	bit := m.code.Bit(p)
	for _, w := range sets {
		for i, v := range inputs {
			w[i] = int(int32(w[i] + (v*(65536*bit-p)+1<<(m.shift-1))>>m.shift))
		}
	}
	for i, s := range slots {
		old[i].learn(bit, m.limit)
		m.slots[s] = old[i]
	}
	return bit
}

func (s *slot) learn(bit, limit int) {
	s.p += int32(int64(int32(bit)*(1<<22-1)-s.p) * int64(131072/(2*s.n+3)) >> 16)
	s.n = min(s.n+1, int32(limit))
}
