//go:build !purego

package transform

import (
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// The kernel of diagonals finds a level by limits: the level is the number of them that the magnitude reaches, given
// the class of its neighbourhood. And what a level costs is what 0 does, and what each level up to it does more than the
// one before. Both are looked up by class, in bytes, 16 or 32 at once: limits as differences from the least one of all
// classes.

// levelLimits are, of one level and by class, what a magnitude must be to have it, and what that costs.
type levelLimits struct {
	over [16]uint8    // it must be more than from by more than this
	more [3][16]uint8 // cost less the cost of the level below, plus the bias, in bytes, low ones first
	from uint16
	_    [14]uint8
}

// frequencyLimits are the limits of a class of frequencies.
type frequencyLimits struct {
	zero   [3][16]uint8            // cost of 0
	levels [escape + 2]levelLimits // 1 to escape, and two ends that no magnitude reaches: kernels may take two at once
}

// levelPrices are the limits by which leaves of one kind and size are quantised.
type levelPrices struct {
	once        sync.Once
	fits        bool // whether the kernel can take them
	bias        int64
	frequencies [frequencyClasses]frequencyLimits
	bins        *levelBins // of wide kernels, nil where they cannot take them
}

// vectorRates are rates as the kernel has them, made when they are asked for first.
type vectorRates [kinds][sizes]levelPrices

// pricesOf are the limits of leaves of a kind and size, nil where the kernel cannot take them.
func (r *rates) pricesOf(kind, lg int) *levelPrices {
	p := &r.vectors[kind][lg-cellLog2]
	p.once.Do(func() { p.fits = p.make(r, acContext(kind, lg)) })
	if !p.fits {
		return nil
	}
	return p
}

// mostCost bounds the cost of a level: the sum over a group, of 192 coefficients at most, has 32 bits.
const mostCost = 1 << 23

// make derives the limits from the costs of tokens, and tells whether the kernel can take them.
func (p *levelPrices) make(r *rates, context int) bool {
	for i := range frequencyClasses * magnitudeClasses {
		c := r.levelCosts(context + i)
		for k := range c {
			if c[k] > mostCost {
				return false
			}
			if k > 0 {
				p.bias = max(p.bias, c[k-1]-c[k])
			}
		}
	}
	for f := range p.frequencies {
		if !p.frequencies[f].make(r, context+f*magnitudeClasses, p.bias) {
			return false
		}
	}
	if wide {
		p.bins = r.makeBins(context)
	}
	return true
}

// levelCosts are the costs of the levels 0 to escape in a context.
func (r *rates) levelCosts(ctx int) (c [escape + 1]int64) {
	for k := range c {
		c[k] = r.levelCost(r.symbol[ctx*rans.Symbols:][:rans.Symbols], int64(k))
	}
	return c
}

func (f *frequencyLimits) make(r *rates, context int, bias int64) bool {
	var limits [magnitudeClasses][escape + 1]int64
	for class := range limits {
		c := r.levelCosts(context + class)
		if c[1]-c[0] >= 4*r.step*r.step<<distScale || c[2]-c[0] >= 6*r.step*r.step<<distScale {
			return false
		}
		limits[class] = r.limits(&c)
		putCost(&f.zero, class, c[0])
		for k := 1; k <= escape; k++ {
			putCost(&f.levels[k-1].more, class, c[k]-c[k-1]+bias)
		}
	}
	for k := 1; k <= escape; k++ {
		least := limits[0][k]
		for class := range limits {
			least = min(least, limits[class][k])
		}
		l := &f.levels[k-1]
		l.from = uint16(least - 1)
		for class := range limits {
			over := limits[class][k] - least
			if over >= 255 {
				return false
			}
			l.over[class] = uint8(over)
		}
	}
	f.levels[escape].from, f.levels[escape+1].from = 1<<16-1, 1<<16-1
	return true
}

// putCost writes the bytes of a cost.
func putCost(to *[3][16]uint8, class int, cost int64) {
	for b := range to {
		to[b][class] = uint8(cost >> (8 * b))
	}
}

// limits are the least magnitudes of which bestLevel makes the levels 1 to escape or more, given the costs c of levels.
// After ⌊a+½⌋ = k, J of k − 1 is less where 16Δ(2a − (2k−1)Δ) < c(k) − c(k−1), and J of 0 is where
// 16kΔ(2a − kΔ) < c(k) − c(0): not from ⌊a+½⌋ = 3 on, if c(1) − c(0) < 64Δ² and c(2) − c(0) < 96Δ².
func (r *rates) limits(c *[escape + 1]int64) (limits [escape + 1]int64) {
	const one = 1 << distScale
	step := r.step
	nearest := func(k int64) int64 { return k*step - step/2 } // from where on ⌊a+½⌋ is k
	half := func(twice int64) int64 { return (twice + 1) >> 1 }
	below := func(k int64) int64 { return half((2*k-1)*step - arith.FloorDiv(c[k-1]-c[k], one*step)) }
	zero := func(k int64) int64 { return half(k*step - arith.FloorDiv(c[0]-c[k], one*k*step)) }
	for k := int64(2); k <= escape; k++ {
		limits[k] = max(below(k), nearest(k))
	}
	limits[2] = max(limits[2], zero(2))
	for k := int64(2); k <= escape; k++ {
		limits[k] = min(limits[k], nearest(k+1))
	}
	limits[1] = min(max(zero(1), nearest(1)), limits[2])
	return limits
}
