package symbols

import "github.com/qtgpu/qtgpu/internal/cm"

const inputs = cm.Inputs

// mixer finds the slots of contexts by hashing.
type mixer struct {
	cm.Mixer
	slotShift int // from a hash to an index of slots
	at        [inputs]uint32
}

// newMixer makes 2^lg slots and the sets of weights.
func newMixer(c cm.Coder, lg, sets int) mixer {
	m := mixer{slotShift: 32 - lg}
	m.Reset(c, cm.Shape{Slots: 1 << lg, Sets: sets, Learning: 16, Horizon: 255})
	return m
}

// code codes b in the contexts m.at, or decodes and returns it.
func (m *mixer) code(set, second int, b int) int { return m.Code(&m.at, set, second, b) }

func hash(h, v uint32) uint32 { return cm.Hash(h, v) }

// context sets the i-th context; its value is v.
func (m *mixer) context(i int, v uint32) {
	m.at[i] = hash(uint32(i), v) >> m.slotShift
}

// line sets the i-th context to slot low, 0 to 15, of a line; its value is v. What is
// often met together shares a cache line.
func (m *mixer) line(i int, v, low uint32) {
	m.at[i] = hash(uint32(i), v)>>m.slotShift&^15 | low
}

// locate finds lines of 16 slots for contexts of values c.
func (m *mixer) locate(c *[inputs]uint32, line uint32) {
	for i, h := range c {
		m.at[i] = hash(h, line) >> m.slotShift &^ 15
	}
}

// decide codes a decision among the contexts of values c: bin tells it from
// others in the same contexts. 16 bins share a cache line.
func (m *mixer) decide(c *[inputs]uint32, bin uint32, set, second int, b int) int {
	m.locate(c, bin>>4)
	for i := range m.at {
		m.at[i] |= bin & 15
	}
	return m.code(set, second, b)
}
