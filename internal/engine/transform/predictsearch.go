package transform

import "math"

// Which leaves a root is split into is found by what they cost without prediction, at all sizes, and with it, where that
// may tell otherwise. A Thorough encoder tries all.

// plainCost is what a node costs without prediction, as a leaf, bits of it among that, and as its children.
type plainCost struct{ leaf, bits, children int64 }

func (c *plainCost) best() int64 { return min(c.leaf, c.children) }

// fewBits are so few that the children of a leaf that has no more hardly ever save them.
const fewBits = 36

// trusted is how many times the part that prediction saves of a leaf of 16 or of 32 it is trusted to save of its children, which are
// nearer to what they are predicted from.
var trusted = [sizes]int64{1: 4, 2: 2}

// foresee finds what the nodes from one on cost without prediction.
func (p *planeEncoder) foresee(n node) *plainCost {
	rule, base := p.partition.ruleAt(n)
	if p.partition.flat(n, &rule) {
		p.partition.flatSpectrum(n, base)
	}
	c := &p.scratch.trial.plain[n.among()]
	*c = p.plainLeaf(n)
	if n.lg > cellLog2 && c.bits > fewBits*p.partition.rates.bit {
		p.foreseeChildren(n, c)
	}
	return c
}

// plainLeaf is what a leaf costs. Its levels are kept.
func (p *planeEncoder) plainLeaf(n node) plainCost {
	s := p.partition.spectrum(n)
	q := p.plainOutcome(n, s)
	flag := p.partition.flagCost(n.lg, 0)
	return plainCost{leaf: s.energy<<distScale - q.saved + flag, bits: q.gained<<distScale - q.saved + flag, children: anyCost}
}

// plainOutcome is what quantising a leaf comes to.
func (p *planeEncoder) plainOutcome(n node, s *spectrum) outcome {
	r, kept, ctx := p.scoutRates(n), p.scratch.spectra.levels(n), lastContext(p.kind, n.lg, typicalLast)
	if s.top == 0 {
		return outcome{saved: -r.cost(ctx, 0)}
	}
	if q, ok := kept.takeAhead(r, n.lg, p.kind); ok {
		return q
	}
	return p.scratch.tokens.comesTo(r, s.coefs.normal, n.lg, p.kind, s.top, ctx, kept)
}

// foreseeChildren is foresee of the children of a node.
func (p *planeEncoder) foreseeChildren(n node, c *plainCost) {
	c.children = p.partition.flagCost(n.lg, 1)
	var of [4]outlook
	for i := range of {
		if rule, _ := p.partition.ruleAt(n.child(i)); !p.partition.flat(n.child(i), &rule) {
			of[i] = leafNode
		}
	}
	beside := besideOf(n.lg - 1)
	for i := range 4 {
		if i&(beside-1) == 0 {
			p.partition.lookAheadOf(p.scoutRates(n.child(i)), n, i, of[i:i+beside], true)
		}
		c.children += p.foresee(n.child(i)).best()
	}
}

// search decides the leaves of a root and their modes, and decodes them as far as is known.
func (p *planeEncoder) search(root node) {
	p.foreseeWhole(root)
	if !p.encoder.thorough && p.predictor.luma == nil {
		p.countDirections(root)
	}
	p.choose(root, anyCost)
}

// foreseeWhole is foresee where that tells of what prediction does: not of a node of which padding is a part, which prediction
// has for nothing.
func (p *planeEncoder) foreseeWhole(n node) {
	if !p.encoder.thorough && !p.clipped(n) {
		p.foresee(n)
	}
}

// clipped tells whether not all of a node lies in the image.
func (p *planeEncoder) clipped(n node) bool {
	w, h := p.src.seen(n)
	return w*h < 1<<(2*n.lg)
}

// choose decides the leaves under a node and their modes, decodes them as far as is known, and
// returns their cost; or finds that this is not below most.
func (p *planeEncoder) choose(n node, most int64) int64 {
	rule, base := p.partition.ruleAt(n)
	flat := p.partition.flat(n, &rule)
	if flat {
		p.partition.flatLeaf(n, base)
	}
	if !p.encoder.thorough && p.clipped(n) {
		p.scratch.trial.plain[n.among()] = p.plainLeaf(n)
	}
	switch {
	case flat || n.lg == cellLog2 || p.empty(n):
		return p.tryLeaf(n, math.MaxInt64)
	case p.encoder.thorough || p.clipped(n):
		return p.chooseThoroughly(n)
	}
	return p.chooseForeseen(n, most)
}

// chooseForeseen is choose of a node that may be split. Where its children cost less without prediction, they do with it, since
// smaller leaves are predicted better.
func (p *planeEncoder) chooseForeseen(n node, most int64) int64 {
	plain := &p.scratch.trial.plain[n.among()]
	bends := p.partition.bendsEnd(n)
	if bends && plain.children == anyCost {
		p.foreseeChildren(n, plain)
	}
	if bends || plain.children < plain.leaf {
		return p.splitForeseen(n, most, 0)
	}
	leaf := p.tryLeaf(n, math.MaxInt64)
	if plain.children == anyCost {
		return leaf
	}
	p.save(n)
	saved := trusted[n.lg-cellLog2] * (plain.leaf - leaf) << partLog2 / max(plain.leaf, 1)
	if children := p.splitForeseen(n, min(leaf, most), min(max(saved, 0), 1<<partLog2)); children < leaf {
		return children
	}
	p.restore(n)
	return leaf
}

const partLog2 = 8

// splitForeseen chooses the leaves under the children of a node, as long as what they cost so far, and the rest less what prediction
// may save, is less than most. That is a part of it, in 1/2^partLog2.
func (p *planeEncoder) splitForeseen(n node, most, saved int64) int64 {
	t, cost := p.scratch.trial, p.partition.flagCost(n.lg, 1)
	rest := t.plain[n.among()].children - cost
	for i := range 4 {
		if cost+rest-rest*saved>>partLog2 >= most {
			return most
		}
		c := n.child(i)
		plain := t.plain[c.among()].best()
		cost += p.choose(c, most-cost)
		rest -= plain
	}
	return cost
}

// chooseThoroughly is choose of a node that may be split, after all below it.
func (p *planeEncoder) chooseThoroughly(n node) int64 {
	children := p.partition.flagCost(n.lg, 1)
	for i := range 4 {
		p.foreseeWhole(n.child(i))
		children += p.choose(n.child(i), anyCost)
	}
	if p.partition.bendsEnd(n) || p.splitAll(n) {
		return children
	}
	p.save(n)
	leaf := p.tryLeaf(n, children)
	if leaf == children {
		p.restore(n)
	}
	return leaf
}

// splitAll tells whether all children of a node are split: such a one is hardly ever a leaf.
func (p *planeEncoder) splitAll(n node) bool {
	for i := range 4 {
		if p.cells.isLeaf(n.child(i)) {
			return false
		}
	}
	return true
}

// empty tells whether a node as a leaf has nothing that is worth coding: its parts have nothing
// either.
func (p *planeEncoder) empty(n node) bool {
	return p.partition.spectrum(n).top == 0 && !p.partition.bendsEnd(n)
}
