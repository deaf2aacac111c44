package transform

import (
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/fixlog"
	"github.com/qtgpu/qtgpu/tree"
)

// Tuned for the eye, a file has a step class for each square of 16×16 samples of luma, by which
// errors are small where they are seen and large where texture masks them, and coefficients have
// the larger steps the higher they are (FORMAT.md, "Step classes").

const (
	stepClasses = 9
	middleClass = stepClasses / 2 // of which luma has the step of the plan
	classLog2   = cellLog2 + 1    // of the side of a square of luma that has a class
)

// lumaMultipliers are the steps of luma by class in parts of the plan's, in 1/256: 2^((c−4)/4).
// chromaMultipliers are of chroma of half the resolution, 3/4 of 2^((c−4)/8), and
// fullMultipliers of chroma of the resolution of luma, 7/5 of it.
var (
	lumaMultipliers   = [stepClasses]int32{128, 152, 181, 215, 256, 304, 362, 431, 512}
	chromaMultipliers = [stepClasses]int32{136, 148, 161, 176, 192, 209, 228, 249, 272}
	fullMultipliers   = [stepClasses]int32{253, 276, 301, 329, 358, 391, 426, 465, 507}
)

// steps are the quantiser steps of a plane.
type steps struct {
	plan        int32              // the plan's
	multipliers [stepClasses]int32 // of t, in 1/256, by class
	base        [stepClasses]int32 // steps before their weights, by class
	betas       betas
	weighted    bool
}

// plainSteps are one step for all.
func plainSteps(step int) *steps {
	s := &steps{plan: int32(step)}
	for c := range stepClasses {
		s.multipliers[c], s.base[c] = engine.MultiplierUnit, s.plan
	}
	s.betas = betasOf(&s.base)
	return s
}

// unseenSteps are the steps of a plane beside gray or colours, of alpha or data: one step, as
// without classes.
func unseenSteps(step int) *steps {
	s := plainSteps(2 * step)
	s.plan = int32(step)
	return s
}

// visualSteps are the steps of a plane of luma or chroma.
func visualSteps(step int, p Plane) *steps {
	s := &steps{plan: int32(step), weighted: true}
	switch {
	case p.Half:
		s.multipliers = chromaMultipliers
	case p.Chroma:
		s.multipliers = fullMultipliers
	default:
		s.multipliers = lumaMultipliers
	}
	for c, m := range s.multipliers {
		s.base[c] = max(1, s.plan*m>>8)
	}
	s.betas = betasOf(&s.base)
	return s
}

// leafSteps are the steps of the coefficients of a leaf.
type leafSteps struct {
	step    int32   // of all, where they have no weights
	scaled  int32   // else of a weight of 1, in 1/256
	weights []uint8 // in 1/32, by coefficient

	dependent bool // whether levels are
}

// leaf gives the steps of a leaf of a class.
func (s *steps) leaf(lg int, class uint8) leafSteps {
	if !s.weighted {
		return leafSteps{step: s.base[class]}
	}
	return leafSteps{scaled: s.plan * s.multipliers[class], weights: weightsOfSize[lg-cellLog2]}
}

// of is the step of a coefficient.
func (l *leafSteps) of(coef int) int32 {
	if l.weights == nil {
		return l.step
	}
	return max(1, l.scaled*int32(l.weights[coef])>>13)
}

// unit is what a coefficient is a multiple of: its step, or the unit of dependent levels.
func (l *leafSteps) unit(coef int) int32 {
	if l.dependent {
		return unitOf(l.of(coef))
	}
	return l.of(coef)
}

// weightsOfSize are the weights of the coefficients of leaves, by size: 1 + 1.3·ρ^1.5 of the
// distance ρ from the mean, 1 being the frequency of the samples.
var weightsOfSize = func() (w [sizes][]uint8) {
	for size := range w {
		lg := size + cellLog2
		for i := range 1 << (2 * lg) {
			u, v := int64(i>>lg), int64(i&(1<<lg-1))
			w[size] = append(w[size], coefficientWeight((u*u+v*v)<<(2*(rootLog2-lg))))
		}
	}
	return w
}()

// coefficientWeight is 32 + k of the greatest k with 22·(2k − 1)^4 ≤ s³, s being (32·ρ)²: that is
// 0.231·s^(3/4), rounded.
func coefficientWeight(s int64) uint8 {
	k := int64(0)
	for n := int64(1); 22*n*n*n*n <= s*s*s; n += 2 {
		k++
	}
	return uint8(32 + k)
}

// stepClass is the class of a node of luma of 16 or 32, by the mean over its cells of log2(var + 4)
// in levels: 4 + 0.72·(mean − 7), rounded.
func stepClass(p *tree.Pyramid, lg, x, y int) uint8 {
	l := p.At(cellLog2)
	n := int64(1) << (lg - cellLog2)
	sum := int64(0)
	for j := y * int(n); j < (y+1)*int(n); j++ {
		for i := x * int(n); i < (x+1)*int(n); i++ {
			at := j*l.W + i
			_, v := tree.ScaledVariance(cell*cell, l.Sum[at], l.SumSq[at])
			// 64²·256 times a variance in levels, in place of 2^12 times.
			sum += int64(fixlog.Log2(v>>8 + 4<<12))
		}
	}
	const one, parts = 1 << fixlog.Frac, 25
	cells := n * n * one
	c := 4*parts*cells + 18*(sum-(12+7)*cells)
	return uint8(min(max((2*c+parts*cells)/(2*parts*cells), 0), stepClasses-1))
}

// setClass gives a node of luma a class.
func (c *Cells) setClass(n node, class uint8) { c.fill(c.class, n, class) }

// classUnder is the class of a leaf of chroma, by the mean over what it covers of luma, whose
// cells are as many times smaller. There may be less of luma with its padding.
func (c *Cells) classUnder(luma *Cells, n node, times int) uint8 {
	sum, m := 0, n.cells()
	for j := range m {
		for i := range m {
			x, y := min(times*(n.x+i), luma.w-1), min(times*(n.y+j), luma.h-1)
			sum += int(luma.class[luma.index(x, y)])
		}
	}
	return uint8((2*sum + m*m) / (2 * m * m))
}

// classContext is the context of the class of a node of luma: the mean of those on the left and
// above, and whether it is a leaf of 32, of 16, or split.
func (c *Cells) classContext(n node, split bool) int {
	at, mean := c.index(n.x, n.y), stepClasses
	switch {
	case n.x > 0 && n.y > 0:
		mean = (int(c.class[at-1]) + int(c.class[at-c.w]) + 1) / 2
	case n.x > 0:
		mean = int(c.class[at-1])
	case n.y > 0:
		mean = int(c.class[at-c.w])
	}
	kind := rootLog2 - n.lg
	if split {
		kind = 2
	}
	return ctxClass + kind*(stepClasses+1) + mean
}

// normalise brings coefficients to where all have the plan's step.
func (l *leafSteps) normalise(dst, src []int32, step int64) {
	for i, c := range src {
		dst[i] = arith.Nearest(int32(int64(c)*step), l.of(i))
	}
}

// hasClass tells whether a node of luma says its class: leaves of 16 and 32, and what is split to 8.
func hasClass(n node, split bool) bool { return n.lg > cellLog2 && (!split || n.lg == classLog2) }

// times is how many samples of luma there are along one of a plane.
func (p Plane) times() int {
	if p.Half {
		return 2
	}
	return 1
}

// visualPlanes are the steps of planes that are tuned for the eye.
func visualPlanes(step int, planes []Plane) (s []*steps) {
	for i, p := range planes {
		if i > 0 && !p.Chroma {
			s = append(s, unseenSteps(step))
		} else {
			s = append(s, visualSteps(step, p))
		}
	}
	return s
}

// Tuning returns a decoder of tiles that have step classes.
func (d *Decoder) Tuning() *Decoder {
	tuning := *d
	tuning.steps, tuning.classes = visualPlanes(int(d.step), d.planes), true
	return &tuning
}

// Tuning returns an encoder that has step classes.
func (e *Encoder) Tuning() *Encoder {
	tuning := *e
	tuning.steps, tuning.classes = visualPlanes(int(e.rates.step), e.planes), true
	return &tuning
}

// limit is the largest RMS error of a leaf that keeps a promise of t, both in 1/65536 level.
func (c *Cells) limit(n node, t uint32) uint32 {
	return uint32(uint64(t) * uint64(c.steps.multipliers[c.class[c.index(n.x, n.y)]]) / engine.MultiplierUnit)
}

// counted is the RMS error of a leaf as the promise counts it.
func (c *Cells) counted(n node, rms uint32) uint32 {
	return counted(rms, c.steps.multipliers[c.class[c.index(n.x, n.y)]])
}

// counted is an RMS error divided by a multiplier, and rounded up.
func counted(rms uint32, multiplier int32) uint32 {
	m := uint64(multiplier)
	return uint32((uint64(rms)*engine.MultiplierUnit + m - 1) / m)
}

// promise is the largest RMS error of a leaf whose class is known.
func (p *planeEncoder) promise(n node) uint32 { return p.cells.limit(n, p.encoder.promise) }

// keeps tells whether a leaf with a squared error keeps the promise, if there is one, without being
// measured.
func (p *planeEncoder) keeps(n node, dist int64) bool {
	if !p.encoder.classes {
		return withinHalf(p.encoder.rates.step, dist, n.lg)
	}
	return p.encoder.promise == 0 || leafWithin(dist, n.lg, p.promise(n))
}

// dist is the squared error of the AC coefficients of a leaf.
func (p *planeEncoder) dist(n node, s *spectrum, q *quantised) int64 {
	if !p.encoder.classes {
		return s.energy - q.gained
	}
	if s.flat {
		x, y := p.src.place(n)
		return int64(tree.Energy(p.src.pyramid, n.lg, x, y)+2) / 4
	}
	return p.cells.distance(n, s.coefs.own, q.levels)
}

// distance is the sum of the squares of what AC coefficients are off by their levels.
func (c *Cells) distance(n node, coefs []int32, levels []acLevel) (sum int64) {
	side, low := 1<<n.lg, n.cells()
	for u := range side {
		from := 0
		if u < low {
			from = low
		}
		for _, v := range coefs[u*side+from : (u+1)*side] {
			sum += int64(v) * int64(v)
		}
	}
	steps := c.stepsOf(n)
	for _, l := range levels {
		was := int64(coefs[l.coef])
		is := was - int64(l.level)*int64(steps.unit(int(l.coef)))
		sum += is*is - was*was
	}
	return sum
}

// MaxVisualStep is the largest step of a plan with step classes: no level times a step of a
// coefficient leaves 32 bits.
const MaxVisualStep = MaxStep / 2

// VisualStepFor is the step that keeps the promise of t times the multiplier of the class of a
// leaf, in parts of engine.ErrorUnit of a level: Δ = 15/16·t. Plain rounding leaves half of a
// coefficient's step, and the weights have a root mean square of up to 1.94 over a leaf, and of
// 1.96 over any part of it that is seen, from its corner: 0.92·t at most.
func VisualStepFor(t int64) int { return int((15*t/2 + 7) / engine.ErrorUnit) }

// newLeafCoefs are memory for the coefficients of a leaf, whose normalised ones are others where
// they are weighted.
func newLeafCoefs(weighted bool) leafCoefs {
	c := leafCoefs{own: make([]int32, maxN*maxN)}
	if c.normal = c.own; weighted {
		c.normal = make([]int32, maxN*maxN)
	}
	return c
}

// first are the first n.
func (c *leafCoefs) first(n int) leafCoefs { return leafCoefs{c.own[:n], c.normal[:n]} }

// normalise normalises coefficients of a leaf whose class is known.
func (p *planeEncoder) normalise(c leafCoefs, n node) {
	if p.encoder.classes {
		steps := p.cells.stepsOf(n)
		steps.normalise(c.normal, c.own, p.encoder.rates.step)
	}
}
