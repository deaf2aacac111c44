package transform

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
	likely, most := &leaves[0], uint32(0)
	for i := range leaves {
		l := &leaves[i]
		l.rms = leafRMS(l.dist, l.node.lg)
		if counted := p.cells.counted(l.node, l.rms); counted > most {
			likely, most = l, counted
		}
	}
	worst = p.settled(likely)
	for i := range leaves {
		if l := &leaves[i]; l.clipped || p.cells.counted(l.node, l.rms+roundings) > worst {
			worst = max(worst, p.settled(l))
		}
	}
	return worst
}

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
