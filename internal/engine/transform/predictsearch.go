package transform

import "math"

// Which leaves a root is split into is found by what they cost without prediction, at all sizes, and with it, where that
// may tell otherwise. A Thorough encoder tries all.

// plainCost is what a node costs without prediction, as a leaf and as its children, and what both pay for bits.
type plainCost struct{ leaf, children, leafBits, childBits int64 }

// best is the less of both, and the bits in it.
func (c *plainCost) best() (cost, bits int64) {
	if c.children < c.leaf {
		return c.children, c.childBits
	}
	return c.leaf, c.leafBits
}

// fewBits are so few that the children of a leaf that has no more hardly ever save them.
const fewBits = 24

// savedLog2 is the part of the bits of leaves, as a power of 1/2, that their prediction is trusted to save beside the one of the
// leaf in their place.
const savedLog2 = 2

// foresee finds what the nodes from one on cost without prediction.
func (p *planeEncoder) foresee(n node) *plainCost {
	rule, base := p.partition.ruleAt(n)
	if p.partition.flat(n, &rule) {
		p.partition.flatSpectrum(n, base)
	}
	c := &p.scratch.trial.plain[n.among()]
	*c = p.plainLeaf(n)
	if n.lg > cellLog2 && c.leafBits > fewBits*p.partition.rates.bit {
		p.foreseeChildren(n, c)
	}
	return c
}

// plainLeaf is what a leaf costs. Its levels are kept.
func (p *planeEncoder) plainLeaf(n node) plainCost {
	s := p.partition.spectrum(n)
	r, ctx := p.scoutRates(n), lastContext(p.kind, n.lg, typicalLast)
	q := quantised{saved: -r.cost(ctx, 0)}
	if s.top > 0 {
		q = p.scratch.tokens.outcome(r, s.coefs.normal, n.lg, p.kind, s.top, ctx, p.scratch.spectra.levels(n))
	}
	flag := p.partition.flagCost(n.lg, 0)
	return plainCost{
		leaf: s.energy<<distScale - q.saved + flag, leafBits: q.gained<<distScale - q.saved + flag,
		children: anyCost, childBits: anyCost,
	}
}

// foreseeChildren is foresee of the children of a node.
func (p *planeEncoder) foreseeChildren(n node, c *plainCost) {
	flag := p.partition.flagCost(n.lg, 1)
	c.children, c.childBits = flag, flag
	for i := range 4 {
		cost, bits := p.foresee(n.child(i)).best()
		c.children += cost
		c.childBits += bits
	}
}

// outcome is quantise, of which no token is wanted yet. What it finds may be kept for again.
func (t *levelTokens) outcome(r *rates, c []int32, lg, kind, top, lastCtx int, kept *diagonalLevels) quantised {
	if vector {
		if q, ok := t.diagonals.quantise(r, c, lg, kind, top, lastCtx, kept); ok {
			return q
		}
	}
	return t.genericQuantise(r, c, lg, kind, top, lastCtx)
}

// search decides the leaves of a root and their modes, and decodes them as far as is known.
func (p *planeEncoder) search(root node) {
	if !p.encoder.thorough {
		p.foresee(root)
		if p.predictor.luma == nil {
			p.countDirections(root)
		}
	}
	p.choose(root, anyCost)
}

// choose decides the leaves under a node and their modes, decodes them as far as is known, and
// returns their cost; or finds that this is not below most.
func (p *planeEncoder) choose(n node, most int64) int64 {
	rule, base := p.partition.ruleAt(n)
	flat := p.partition.flat(n, &rule)
	if flat {
		p.partition.flatLeaf(n, base)
	}
	switch {
	case flat || n.lg == cellLog2 || p.empty(n):
		return p.tryLeaf(n, math.MaxInt64)
	case p.encoder.thorough:
		return p.chooseThoroughly(n)
	}
	return p.chooseForeseen(n, most)
}

// chooseForeseen is choose of a node that may be split. Where its children cost less without prediction, they do with it, since
// smaller leaves are predicted better. A root that is best left whole nearly always stays so; the children of smaller nodes are
// tried.
func (p *planeEncoder) chooseForeseen(n node, most int64) int64 {
	plain := &p.scratch.trial.plain[n.among()]
	bends := p.partition.bendsEnd(n)
	if bends && plain.children == anyCost {
		p.foreseeChildren(n, plain)
	}
	if bends || plain.children < plain.leaf {
		return p.splitForeseen(n, most)
	}
	leaf := p.tryLeaf(n, math.MaxInt64)
	if plain.children == anyCost || n.lg == rootLog2 {
		return leaf
	}
	p.save(n)
	if children := p.splitForeseen(n, min(leaf, most)); children < leaf {
		return children
	}
	p.restore(n)
	return leaf
}

// splitForeseen chooses the leaves under the children of a node, as long as what they cost so far, and the rest at best, is less
// than most.
func (p *planeEncoder) splitForeseen(n node, most int64) int64 {
	t, cost := p.scratch.trial, p.partition.flagCost(n.lg, 1)
	plain := &t.plain[n.among()]
	rest := plain.children - cost - (plain.childBits-cost)>>savedLog2
	for i := range 4 {
		if cost+rest >= most {
			return most
		}
		c := n.child(i)
		plain, bits := t.plain[c.among()].best()
		cost += p.choose(c, most-cost)
		rest -= plain - bits>>savedLog2
	}
	return cost
}

// chooseThoroughly is choose of a node that may be split, after all below it.
func (p *planeEncoder) chooseThoroughly(n node) int64 {
	children := p.partition.flagCost(n.lg, 1)
	for i := range 4 {
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
