package transform

import (
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// trial is the memory of an encoder that tries predictions.
type trial struct {
	planes     [][]uint16                            // what is decoded of the planes of the tile
	directions [rootCells * rootCells][nAngles]int32 // of the cells of the root
	candidates [maxCandidates]*candidate
	count      int        // of the candidates
	luma       candidate  // what luma in the place of a leaf has
	seen       uint64     // the modes that are candidates
	none       candidate  // no prediction
	best       *candidate // so far, nil for none
	cost       int64      // of it
	levels     []acLevel  // of it, where they are known
	dct        transformer
	saved      [sizes]savedNode
	plain      [1 + 4 + 16]plainCost // of the nodes of the root
}

// candidate is a mode that is tried.
type candidate struct {
	mode      int
	estimate  int64
	predicted [maxN * maxN]uint16
	low       [rootCells * rootCells]int32 // the lowest coefficients of what is predicted
	coefs     leafCoefs                    // of what is predicted, and then of what it leaves
	rest      leafCoefs                    // of a leaf less what is predicted
	top       int                          // of the rest
	kept      *diagonalLevels              // of plain levels of the rest
}

// maxCandidates is the most that candidates tries.
const maxCandidates = 2 + nAngles // planar and luma

// savedNode is what a tile has of a node, while something else is tried.
type savedNode struct {
	pix             [maxN * maxN]uint16
	size, modes     [rootCells * rootCells]uint8
	class           [rootCells * rootCells]uint8
	overview, exact [rootCells * rootCells]int32
}

// rebuilt is the memory for a plane of a tile, as it will be decoded.
func (s *EncoderScratch) rebuilt(i int, r image.Rectangle) []uint16 {
	if s.trial == nil {
		s.trial = newTrial(s.spectra.weighted != nil)
	}
	t := s.trial
	for len(t.planes) <= i {
		t.planes = append(t.planes, nil)
	}
	if n := r.Dx() * r.Dy(); len(t.planes[i]) < n {
		t.planes[i] = make([]uint16, n)
	}
	return t.planes[i]
}

// newTrial has coefficients whose normalised ones are others or not.
func newTrial(weighted bool) *trial {
	t := new(trial)
	for i := range t.candidates {
		t.candidates[i] = &candidate{coefs: newLeafCoefs(weighted), kept: new(diagonalLevels)}
	}
	t.luma.coefs = newLeafCoefs(false)
	return t
}

// save keeps what is decided of a node, and restore brings it back.
func (p *planeEncoder) save(n node) {
	s, r := &p.scratch.trial.saved[n.lg-cellLog2], p.predictor
	side, m := 1<<n.lg, n.cells()
	for y := range side {
		copy(s.pix[y*side:][:side], r.pix[(cell*n.y+y)*r.stride+cell*n.x:])
	}
	for y := range m {
		at := p.cells.index(n.x, n.y+y)
		copy(s.size[y*m:][:m], p.cells.size[at:])
		copy(s.modes[y*m:][:m], p.cells.modes[at:])
		copy(s.class[y*m:][:m], p.cells.class[at:])
		copy(s.overview[y*m:][:m], p.cells.overview[at:])
		copy(s.exact[y*m:][:m], p.overview.exact[at:])
	}
}

func (p *planeEncoder) restore(n node) {
	s, r := &p.scratch.trial.saved[n.lg-cellLog2], p.predictor
	side, m := 1<<n.lg, n.cells()
	for y := range side {
		copy(r.pix[(cell*n.y+y)*r.stride+cell*n.x:], s.pix[y*side:][:side])
	}
	for y := range m {
		at := p.cells.index(n.x, n.y+y)
		copy(p.cells.size[at:], s.size[y*m:][:m])
		copy(p.cells.modes[at:], s.modes[y*m:][:m])
		copy(p.cells.class[at:], s.class[y*m:][:m])
		copy(p.cells.overview[at:], s.overview[y*m:][:m])
		copy(p.overview.exact[at:], s.exact[y*m:][:m])
	}
}

// tryLeaf makes a node a leaf of the mode that costs least, decodes it, and returns its cost; or finds
// that this is not below most.
func (p *planeEncoder) tryLeaf(n node, most int64) int64 {
	t, flag := p.scratch.trial, p.partition.flagCost(n.lg, 0)
	p.cells.setLeaf(n)
	p.cells.setClass(n, p.partition.class(n))
	s := p.partition.spectrum(n)
	coefs := s.coefs
	p.overview.take(n, s.flat, coefs.own)
	context := p.predictor.modeContext(n)
	t.cost, t.best = most-flag, nil
	t.none.rest, t.none.kept = coefs, p.scratch.spectra.levels(n)
	p.attempt(n, &t.none, s, &context)
	if s.top > 0 {
		for _, c := range p.candidates(n, coefs, &context) {
			if !p.encoder.thorough {
				p.transform(c, n)
			}
			left := p.remainder(c, coefs, n)
			p.attempt(n, c, &left, &context)
		}
	}
	if t.best == nil {
		return most
	}
	p.cells.setMode(n, t.best.mode)
	p.begin(n, t.best)
	p.finish(n, p.attempted(n))
	return t.cost + flag
}

// attempt quantises what a candidate leaves of a leaf, and keeps it where it is the best so far. A scout finds
// out what the levels are only where they are wanted.
func (p *planeEncoder) attempt(n node, c *candidate, s *spectrum, context *modeContext) {
	t, r, tokens := p.scratch.trial, p.partition.rates, &p.scratch.tokens
	ctx := lastContext(p.kind, n.lg, typicalLast)
	said := context.cost(r, c.mode)
	saved, levels := -r.cost(ctx, 0), []acLevel(nil)
	c.top = s.top
	switch {
	case s.top == 0:
	case c == &t.none && !p.encoder.thorough:
		saved = s.energy<<distScale + p.partition.flagCost(n.lg, 0) - t.plain[n.among()].leaf
	case p.scouts(n):
		saved = tokens.comesTo(p.scoutRates(n), c.rest.normal, n.lg, p.kind, s.top, ctx, c.kept).saved
	default:
		q := tokens.dependBelow(r, c.rest.normal, nil, n.lg, p.kind, s.top, ctx, t.cost-said)
		saved, levels = q.saved, q.levels
	}
	cost := s.energy<<distScale - saved + said
	if cost >= t.cost {
		return
	}
	t.cost, t.best = cost, c
	t.levels = append(t.levels[:0], levels...)
}

// scouts tells whether plain levels are tried in a leaf, and scoutRates what they cost.
func (p *planeEncoder) scouts(n node) bool { return !p.encoder.thorough || !p.cells.isDependent(n) }

func (p *planeEncoder) scoutRates(n node) *rates {
	if p.cells.isDependent(n) {
		return p.partition.rates.scout
	}
	return p.partition.rates
}

// attempted gives the levels of the best candidate.
func (p *planeEncoder) attempted(n node) []acLevel {
	t, tokens := p.scratch.trial, &p.scratch.tokens
	c := t.best
	if c.top == 0 || !p.scouts(n) {
		return t.levels
	}
	r, ctx := p.scoutRates(n), lastContext(p.kind, n.lg, typicalLast)
	if q, ok := tokens.again(r, c.rest.normal, n.lg, p.kind, ctx, c.kept); ok {
		return q.levels
	}
	return tokens.quantise(r, c.rest.normal, n.lg, p.kind, c.top, ctx).levels
}

// remainder finds what a prediction leaves of the coefficients of a leaf.
func (p *planeEncoder) remainder(c *candidate, coefs leafCoefs, n node) (s spectrum) {
	c.rest = c.coefs.first(len(coefs.own))
	differences(c.rest.own, coefs.own, c.coefs.own)
	p.normalise(c.rest, n)
	s.coefs = c.rest
	s.energy, s.top = analyse(c.rest.normal, n.lg, p.encoder.rates.step)
	return s
}

// differences writes what a has more than b, for whole leaves.
func differences(dst, a, b []int32) {
	b, dst = b[:len(a)], dst[:len(a)]
	if n := len(a) / 8; vector && n > 0 {
		subtract(&dst[0], &a[0], &b[0], n)
		dst, a, b = dst[8*n:], a[8*n:], b[8*n:]
	}
	for k, v := range a {
		dst[k] = v - b[k]
	}
}

// alpha is the factor of luma that leaves least of a leaf, in 1/8.
func (p *planeEncoder) alpha(n node, coefs []int32) int32 {
	c := &p.scratch.trial.luma
	size, low := 1<<n.lg, n.cells()
	p.predictor.lumaAt(c.predicted[:], n)
	p.scratch.trial.dct.forward(c.coefs.own[:size*size], c.predicted[:], size, n.lg)
	along, energy := products(c.coefs.own[:size*size], coefs)
	for i := range low * low {
		at := i/low*size + i%low
		l := int64(c.coefs.own[at])
		along -= l * int64(coefs[at])
		energy -= l * l
	}
	if energy == 0 {
		return 0
	}
	a := (16*max(along, -along) + energy) / (2 * energy)
	if along < 0 {
		a = -a
	}
	return int32(min(max(a, -8), 8))
}

// products sums up the products of whole leaves, and the squares of the first one.
func products(a, b []int32) (both, first int64) {
	b = b[:len(a)]
	if vector {
		return productsOf(&a[0], &b[0], len(a)/8)
	}
	for i, v := range a {
		both += int64(v) * int64(b[i])
		first += int64(v) * int64(v)
	}
	return both, first
}

// begin takes up a leaf in its place, and finish decodes it.
func (p *planeEncoder) begin(n node, c *candidate) {
	s := &p.scratch.synthesis
	s.begin(p.cells, n)
	if c.mode != modeNone {
		s.predictLow(c.predicted[:1<<(2*n.lg)], &c.low)
	}
}

func (p *planeEncoder) finish(n node, levels []acLevel) {
	s, r := &p.scratch.synthesis, p.predictor
	s.setLevels(levels, p.cells.stepsOf(n))
	dst := r.pix[r.index(n):]
	s.samples(dst, r.stride)
	p.cells.putEnds(n, dst, r.stride)
}

// predictedLeaf quantises a leaf whose mode is chosen, decodes it and writes it. Where it would break
// the promise, for what the transform of the prediction rounds, it is not predicted.
func (p *planeEncoder) predictedLeaf(n node) {
	mode := int(p.cells.modes[p.cells.index(n.x, n.y)])
	ctx, context := p.cells.lastContext(p.kind, n), p.predictor.modeContext(n)
	s := p.partition.spectrum(n)
	p.overview.take(n, s.flat, s.coefs.own)
	c := &p.scratch.trial.none
	if mode != modeNone {
		c = p.scratch.trial.candidates[0]
		p.predictor.gather(n)
		c.mode = mode
		p.predictor.predict(c.predicted[:], n, mode)
		p.transform(c, n)
		left := p.remainder(c, s.coefs, n)
		s = &left
	}
	p.gauge.predicted = c
	q, rms := p.settledLeaf(n, s, ctx)
	if p.encoder.promise > 0 {
		if rms > p.promise(n) && mode != modeNone {
			p.cells.setMode(n, modeNone)
			p.predictedLeaf(n)
			return
		}
		p.tile.Worst[p.index] = max(p.tile.Worst[p.index], p.cells.counted(n, rms))
	}
	r := p.predictor
	p.scratch.edges.begin(n, &p.scratch.synthesis, r.pix, r.index(n), r.stride)
	p.cells.setLast(n, q.last)
	p.tile.Leaves[n.lg-cellLog2]++
	context.put(&p.tile.detail, mode)
	p.tile.detail.put(ctx, q.last)
	p.putPredicted(n, q)
}

// putPredicted appends the tokens of a leaf, whose signs have contexts.
func (p *planeEncoder) putPredicted(n node, q *quantised) {
	s, b, steps := &p.tile.detail, &p.scratch.edges, p.cells.stepsOf(n)
	if !steps.dependent {
		q.tokens = p.scratch.tokens.unname(q, n.lg, p.kind)
	}
	p.putEscapes(q, steps.dependent)
	signs := p.scratch.signs[:len(q.levels)+1] // one more is read
	b.signs(signs, q.levels, &steps)
	at, sign := len(s.tokens), 0
	all := slices.Grow(s.tokens, 2*len(q.tokens)+1)[:at+2*len(q.tokens)+1]
	for _, token := range q.tokens {
		all[at], all[at+1] = token, signs[sign] // which stays where the level is not 0
		some := int(-(token % rans.Symbols) >> 15)
		at, sign = at+1+some, sign+some
	}
	s.tokens = all[:at]
}

// putEscapes appends what completes escaped levels.
func (p *planeEncoder) putEscapes(q *quantised, dependent bool) {
	for _, l := range q.levels {
		k := abs(l.level)
		if dependent {
			k = levelOf(k)
		}
		if k >= escape {
			p.tile.detail.raw.PutExpGolomb(uint32(k) - escape)
		}
	}
}

// unname makes the tokens of the names of a leaf.
func (t *levelTokens) unname(q *quantised, lg, kind int) []rans.Token {
	for i, at := range scanOf(lg).through(q.last) {
		t.tokens[i] = at.token(kind, lg, q.names[i])
	}
	return t.tokens[:len(q.names)]
}

// settledLeaf finds the levels of a leaf, which it leaves in the scratch, and the values of its
// overview, so that the promise is kept, decodes it, and gives its error.
func (p *planeEncoder) settledLeaf(n node, s *spectrum, ctx int) (*quantised, uint32) {
	q := p.quantise(n, s, p.overview.lowError(n), ctx)
	p.scratch.levels = p.scratch.levels[:0]
	p.keepLevels(q)
	p.overview.refineLeaf(n, p.refinement())
	if !p.keeps(n, p.dist(n, s, q)+p.overview.lowError(n)) {
		p.overview.round(n)
	}
	rms := p.gauge.rms(n, p.scratch.levels)
	if p.encoder.promise > 0 && rms > p.promise(n) {
		p.overview.round(n)
		q = p.mend(q, &codedLeaf{node: n}, func() *spectrum { return s }, ctx)
		rms = p.gauge.rms(n, p.scratch.levels)
	}
	return q, rms
}
