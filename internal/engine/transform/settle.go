package transform

import "github.com/qtgpu/qtgpu/internal/engine"

// settle takes back what refining the overview did to leaves that came too near the
// promise by it.
func (p *planeEncoder) settle() {
	for i := range p.scratch.leaves {
		l := &p.scratch.leaves[i]
		ac, moved := l.dist, &p.overview.moved[p.cells.index(l.node.x, l.node.y)]
		if *moved {
			*moved, l.low = false, p.overview.lowError(l.node)
		}
		l.dist = ac + l.low
		if !l.clipped && !p.keeps(l.node, l.dist) {
			p.overview.takeBack(l.node)
			l.dist = ac + p.overview.lowError(l.node)
		}
	}
}

// worst finds the largest RMS error of a leaf in 1/65536 level, as the promise counts it. Only of
// leaves whose coefficients say that they come near it the samples are measured.
func (p *planeEncoder) worst() (worst uint32) {
	leaves := p.scratch.leaves
	worst = p.settled(&leaves[p.likelyWorst()])
	near := p.nearBy(worst)
	for i := range leaves {
		if l := &leaves[i]; l.clipped || meanSquare(l.dist, l.node.lg) >= near[p.classOf(l.node)] {
			if w := p.settled(l); w > worst {
				worst, near = w, p.nearBy(w)
			}
		}
	}
	return worst
}

// likelyWorst is the number of the leaf of which the coefficients say the largest error.
func (p *planeEncoder) likelyWorst() (likely int) {
	var largest [stepClasses]uint64
	var of [stepClasses]int
	for i := range p.scratch.leaves {
		l := &p.scratch.leaves[i]
		if class, square := p.classOf(l.node), meanSquare(l.dist, l.node.lg); square > largest[class] {
			largest[class], of[class] = square, i
		}
	}
	most := uint32(0)
	for class, square := range largest {
		if c := counted(root(square), p.cells.steps.multipliers[class]); c > most {
			likely, most = of[class], c
		}
	}
	return likely
}

// nearBy are, by class, the least mean squares of which roots, rounded up, and roundings may be counted as more than an error.
func (p *planeEncoder) nearBy(worst uint32) (squares [stepClasses]uint64) {
	for class, multiplier := range p.cells.steps.multipliers {
		// ⌈e·unit/m⌉ is above the worst where e is above ⌊worst·m/unit⌋.
		if e := uint64(worst) * uint64(multiplier) / engine.MultiplierUnit; e >= roundings {
			squares[class] = (e-roundings)*(e-roundings) + 1
		}
	}
	return squares
}

// classOf is the step class of a leaf.
func (p *planeEncoder) classOf(n node) uint8 { return p.cells.class[p.cells.index(n.x, n.y)] }

// settled measures a leaf. Where refining the overview has broken the promise it takes
// that back: with values rounded, the leaf has kept it.
func (p *planeEncoder) settled(l *codedLeaf) uint32 {
	levels := p.scratch.levels[l.from:l.to]
	rms := p.gauge.rms(l.node, levels)
	if rms > p.promise(l.node) {
		p.overview.takeBack(l.node)
		rms = p.gauge.rms(l.node, levels)
	}
	return p.cells.counted(l.node, rms)
}
