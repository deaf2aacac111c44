package linear

import (
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
)

// Scale is how much a plane's expectations differ from the ones that were fitted to
// photographs: where samples have many bits energies say far less of residuals, and
// residuals more.
type Scale struct{ Energy, Around uint8 }

// Scales are the ones of a plane's levels.
type Scales [interlace.Base]Scale

// What a Scale counts in: a part in 2^energyBits of what energies add, and in 2^aroundBits
// of what residuals do.
const (
	energyBits = 7
	aroundBits = 6
)

// NoScales leave expectations as they are.
var NoScales = Scales{{1 << energyBits, 1 << aroundBits}, {1 << energyBits, 1 << aroundBits}, {1 << energyBits, 1 << aroundBits}}

// maxExpectation leaves room for what the residual to the left adds.
const maxExpectation = 1 << 30

// Of is the expectation that a scale makes of what energies and residuals add.
func (s Scale) Of(energy, around int32) int32 {
	return int32(min(int64(energy)*int64(s.Energy)>>energyBits+int64(around)*int64(s.Around)>>aroundBits, maxExpectation))
}

// scaleExpectations adds what residuals say to the expectations of a row, each scaled.
func (p *Predictor) scaleExpectations(n int, l *interlace.Level, ps interlace.Pass, i int, before *interlace.Level) {
	r := &p.Row
	energy, around := r.Energy[:n], r.Around[:n]
	copy(energy, r.Expect[:n])
	clear(around)
	r.ex.AddResiduals(around, l, ps, i, before)
	for k := range energy {
		r.Expect[k] = r.scale.Of(energy[k], around[k])
	}
}

// PlainSide is Side before it is scaled: what a residual to the left adds to Row.Around.
func (p *Predictor) PlainSide() int32 { return p.Row.ex.Side }

// Trial sums what the residuals of a level cost by each of some scales.
type Trial struct {
	candidates []Scale
	cost       []int64
}

// NewTrial is empty, of all candidates.
func NewTrial() *Trial {
	t := &Trial{}
	for _, around := range []uint8{40, 52, 64, 76, 88, 100, 116} {
		for energy := uint8(2); energy > 0; energy *= 2 {
			t.candidates = append(t.candidates, Scale{energy, around})
		}
	}
	t.cost = make([]int64, len(t.candidates))
	return t
}

// Add enters a residual, of which energies and residuals say something; price is its cost
// by an expectation.
func (t *Trial) Add(energy, around int32, price func(expect int32) int64) {
	for i, s := range t.candidates {
		t.cost[i] += price(s.Of(energy, around))
	}
}

// Merge adds the costs of o.
func (t *Trial) Merge(o *Trial) {
	for i, c := range o.cost {
		t.cost[i] += c
	}
}

// Best is the scale of the least cost, the first of equals.
func (t *Trial) Best() Scale {
	best := 0
	for i, c := range t.cost {
		if c < t.cost[best] {
			best = i
		}
	}
	return t.candidates[best]
}
