package transform

import (
	"image"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/tree"
)

// original is a tile's part of a plane that is to be coded, and its statistics.
type original struct {
	index   int // of the plane
	samples *chroma.Plane
	areas   *pixelAreas // of a plane without samples, else nil
	pyramid *tree.Pyramid
	x, y    int  // of the tile's first cell in the plane
	ends    bool // whether the plane has ends
}

// originals are the parts of all planes that a tile has, whose rectangles are given. Where planes have no
// samples, the scratch makes them of pixels.
func (e *Encoder) originals(scratch *EncoderScratch, planes []chroma.Plane, pyramids []tree.Pyramid, rects []image.Rectangle, pixels *chroma.Interleaved) []original {
	all := make([]original, len(planes))
	var areas *pixelAreas
	if planes[0].Pix == nil {
		areas = &scratch.areas
		areas.begin(e.planes, pixels, rects[0])
	}
	for i, r := range rects {
		all[i] = original{i, &planes[i], areas, &pyramids[i], r.Min.X / cell, r.Min.Y / cell, !e.planes[i].Chroma}
	}
	return all
}

// place is where a node lies in the plane, counted in nodes of its size.
func (o *original) place(n node) (x, y int) {
	down := n.lg - cellLog2
	return (o.x + n.x) >> down, (o.y + n.y) >> down
}

// stats are the statistics of a node: number i of a level.
func (o *original) stats(n node) (l *tree.Level, i int) {
	l = o.pyramid.At(n.lg)
	x, y := o.place(n)
	return l, y*l.W + x
}

// end is 1 of a node at full scale throughout, -1 of one at 0, and 0 of others.
func (o *original) end(n node) int32 {
	l, i := o.stats(n)
	switch {
	case !o.ends:
	case l.Min[i] == chroma.MaxLevel:
		return 1
	case l.Max[i] == 0:
		return -1
	}
	return 0
}

// reachesEnd tells whether a node may hold an end.
func (o *original) reachesEnd(n node) bool {
	l, i := o.stats(n)
	return o.ends && (l.Max[i] == chroma.MaxLevel || l.Min[i] == 0)
}

// from gives the samples of the plane from the first one of a node on, in rows stride apart.
func (o *original) from(n node) (pix []uint16, stride int) { return o.at(cell*n.x, cell*n.y) }

// at gives the samples of the plane from (x,y) of the tile on, as far as an area goes, in rows stride apart.
func (o *original) at(x, y int) (pix []uint16, stride int) {
	if o.areas != nil {
		return o.areas.from(o.index, x, y)
	}
	stride = o.samples.Stride
	return o.samples.Pix[(cell*o.y+y)*stride+cell*o.x+x:], stride
}

// seen is how much of a node lies in the image, in samples across and down.
func (o *original) seen(n node) (w, h int) { return o.seenOf(n.x, n.y, 1<<n.lg) }

// seenOf is seen of a square of samples that begins with cell (x,y).
func (o *original) seenOf(x, y, side int) (w, h int) {
	return min(max(o.samples.W-cell*(o.x+x), 0), side), min(max(o.samples.H-cell*(o.y+y), 0), side)
}

// spectrum is what is known of the coefficients of a node.
type spectrum struct {
	known  bool  // all is there
	flat   bool  // none can be other than 0, and none was computed
	energy int64 // sum of the squares of AC coefficients, normalised
	top    int   // highest diagonal with one that may be worth coding, 0 where none is
	coefs  leafCoefs

	forecast int64 // 0 where none was made
}

// leafCoefs are the coefficients of a leaf, as they are and normalised: as multiples of what makes their steps
// the plan's.
type leafCoefs struct{ own, normal []int32 }

// spectra are the coefficients of the nodes of one root, each computed when it is asked
// for first: one node of 32, four of 16, sixteen of 8.
type spectra struct {
	dct   transformer
	nodes [1 + 4 + 16]spectrum
	kept  [1 + 4 + 16]diagonalLevels // of leaves whose cost was found
	coefs [sizes][maxN * maxN]int32
	// weighted are the coefficients in steps that differ, normalised; nil where none do.
	weighted *[sizes][maxN * maxN]int32
}

// reset goes on to another root.
func (s *spectra) reset() {
	for i := range s.nodes {
		s.nodes[i].known, s.kept[i].known, s.kept[i].ahead = false, false, false
	}
}

// numberOf has the numbers of nodes among those of their size, by size and by the cell of the root where they begin; the first of each
// size is number firstOf among all.
var (
	numberOf = func() (t [sizes][rootCells * rootCells]uint8) {
		for size := range t {
			for at := range t[size] {
				depth := rootLog2 - cellLog2 - size
				t[size][at] = uint8(at/rootCells>>size<<depth | at%rootCells>>size)
			}
		}
		return t
	}()
	firstOf = [sizes]int{1 + 4, 1, 0}
)

// number is the number of a node among those of its size.
func (n node) number() int {
	return int(numberOf[n.lg-cellLog2][(n.y&(rootCells-1))*rootCells|n.x&(rootCells-1)])
}

// among is the number of a node among those of all sizes of its root, of which larger ones come first.
func (n node) among() int { return firstOf[n.lg-cellLog2] + n.number() }

// at is the memory of a node.
func (s *spectra) at(n node) (*spectrum, []int32) {
	return &s.nodes[n.among()], s.coefs[n.lg-cellLog2][n.number()<<(2*n.lg):][:1<<(2*n.lg)]
}

// levels is what is kept of the levels of a node.
func (s *spectra) levels(n node) *diagonalLevels { return &s.kept[n.among()] }

// of is the spectrum of a node of src; steps are of coefficients that are normalised.
func (s *spectra) of(n node, src *original, step int64, steps *leafSteps) *spectrum {
	sp := &s.nodes[n.among()]
	if sp.known {
		return sp
	}
	_, own := s.at(n)
	pix, stride := src.from(n)
	s.dct.forward(own, pix, stride, n.lg)
	sp.known, sp.flat, sp.forecast, sp.coefs.own, sp.coefs.normal = true, false, 0, own, s.normal(n, own)
	if s.weighted != nil {
		steps.normalise(sp.coefs.normal, own, step)
	}
	sp.energy, sp.top = analyse(sp.coefs.normal, n.lg, step)
	return sp
}

// normalises says whether coefficients are normalised.
func (s *spectra) normalises(does bool) {
	switch {
	case !does:
		s.weighted = nil
	case s.weighted == nil:
		s.weighted = new([sizes][maxN * maxN]int32)
	}
}

// normal are the coefficients of a node, normalised.
func (s *spectra) normal(n node, coefs []int32) []int32 {
	if s.weighted == nil {
		return coefs
	}
	return s.weighted[n.lg-cellLog2][n.number()<<(2*n.lg):][:1<<(2*n.lg)]
}

// partition chooses the leaves of a plane.
type partition struct {
	encoder *Encoder
	scratch *EncoderScratch
	rates   *rates // of the root at hand
	src     *original
	cells   *Cells // where it marks them
	luma    *Cells
	def     Plane
	kind    int
	given   *givenPlane // what a coder found out, nil for nothing
	logs    *nodeLogs   // nil where they are found for each node when it is asked for

	forecasts bool // whether costs are forecast before they are quantised
}

// newPartition chooses the leaves of the plane of an original, beside luma's.
func (e *Encoder) newPartition(scratch *EncoderScratch, src *original, cells, luma *Cells) partition {
	def := e.planes[src.index]
	return partition{
		encoder: e, scratch: scratch, rates: e.ratesOf(def.kind()), src: src, cells: cells, luma: luma, def: def, kind: def.kind(),
		forecasts: e.forecasts(),
	}
}

// class is the step class of a node.
func (p *partition) class(n node) uint8 {
	switch {
	case !p.encoder.classes || p.cells != p.luma && !p.def.Chroma:
		return middleClass
	case p.cells != p.luma:
		return p.cells.classUnder(p.luma, n, p.def.times())
	case n.lg == cellLog2:
		n = node{classLog2, n.x &^ 1, n.y &^ 1}
	}
	x, y := p.src.place(n)
	return stepClass(p.src.pyramid, n.lg, x, y)
}

// spectrum is the spectrum of a node.
func (p *partition) spectrum(n node) *spectrum {
	s, step := &p.scratch.spectra, p.encoder.rates.step
	if s.weighted == nil {
		return s.of(n, p.src, step, nil)
	}
	steps := p.cells.steps.leaf(n.lg, p.class(n))
	return s.of(n, p.src, step, &steps)
}

// ruleAt is the rule for a node, and the step that it is for.
func (p *partition) ruleAt(n node) (tree.Rule, int64) {
	rule, base := p.encoder.rule, p.cells.steps.base[p.class(n)]
	rule.Step = int(base)
	return rule, int64(base)
}

// flat tells whether a node is a leaf that is not transformed.
func (p *partition) flat(n node, rule *tree.Rule) bool {
	x, y := p.src.place(n)
	return rule.Flat(p.src.pyramid, n.lg, x, y)
}

// anyCost is more than any.
const anyCost = math.MaxInt64

// choose marks the leaves under a node and returns their cost, if needed. Of those that cost most or more it may leave some out,
// and what they cost.
func (p *partition) choose(n node, needed bool, most int64) int64 {
	return p.chooseOf(n, p.outlook(n), needed, most)
}

// chooseOf is choose of a node of which the outlook is known.
func (p *partition) chooseOf(n node, o outlook, needed bool, most int64) int64 {
	switch o {
	case flatNode:
		_, base := p.ruleAt(n)
		return p.flatLeaf(n, base)
	case splitNode:
		return p.split(n, p.outlooks(n), needed, most)
	case openNode:
		leaf, children := p.eitherCost(n, most)
		if children < leaf {
			return children
		}
		p.cells.setLeaf(n)
		return leaf
	}
	p.cells.setLeaf(n)
	if !needed {
		return 0
	}
	return p.cost(n)
}

// doubtLog2 is the part of a cost by which a forecast may be off.
const doubtLog2 = 6

// eitherCost is the cost of a node as a leaf, and of the leaves chosen under it, up to most. Where forecasts are too near to each other
// to tell which one is less, quantising does.
func (p *partition) eitherCost(n node, most int64) (leaf, children int64) {
	leaf = p.cost(n)
	if p.forecasts && leaf < cheap[p.kind][n.lg-cellLog2]*p.rates.bit {
		return leaf, anyCost
	}
	of := p.outlooks(n)
	if !p.forecasts {
		return leaf, p.split(n, of, true, min(leaf, most))
	}
	if n.lg == rootLog2 && p.costsMore(n, of, leaf+leaf>>wholeLog2) {
		return leaf, anyCost
	}
	doubt := leaf >> doubtLog2
	most = min(leaf+doubt, most)
	if children = p.split(n, of, true, most); children >= most || children <= leaf-doubt {
		return leaf, children
	}
	return p.leafCost(n), p.quantisedCost(n)
}

// cheap are the bits that leaves of 16 and 32 are worth that hardly ever cost less as smaller ones.
var cheap = [kinds][sizes]int64{kindLuma: {1: 80, 2: 128}, kindChroma: {1: 40, 2: 64}}

// wholeLog2 is the part by which the leaves of 16 of a root cost more than it where it hardly ever costs less by leaves of 8.
const wholeLog2 = 3

// costsMore tells whether the children of a node cost more than a cost, as leaves that all of them may be.
func (p *partition) costsMore(n node, of [4]outlook, than int64) bool {
	cost := p.flagCost(n.lg, 1)
	for i := 0; i < 4 && cost <= than; i++ {
		c := n.child(i)
		switch of[i] {
		case splitNode:
			return false
		case flatNode:
			_, base := p.ruleAt(c)
			p.flatSpectrum(c, base)
		}
		cost += p.cost(c)
	}
	return cost > than
}

// quantisedCost is the cost of the leaves that are chosen under a node that is split, by quantising them.
func (p *partition) quantisedCost(n node) int64 {
	if p.given == nil {
		p.lookAheadLeaves(n)
	}
	cost := p.flagCost(n.lg, 1)
	for i := range 4 {
		if c := n.child(i); p.cells.isLeaf(c) {
			cost += p.leafCost(c)
		} else {
			cost += p.quantisedCost(c)
		}
	}
	return cost
}

// lookAheadLeaves quantises those children of a node side by side that are leaves.
func (p *partition) lookAheadLeaves(n node) {
	var leaves [4]node
	wanted := 0
	for i := range leaves {
		if c := n.child(i); p.cells.isLeaf(c) && !p.scratch.spectra.levels(c).known && p.spectrum(c).top > 0 {
			leaves[wanted] = c
			wanted++
		}
	}
	for beside := range slices.Chunk(leaves[:wanted], besideOf(n.lg-1)) {
		p.lookAhead(p.rates, beside)
	}
}

// lookAheadAll quantises leaves under a node side by side.
func (p *partition) lookAheadAll(n node) {
	if n.lg == cellLog2 || p.cells.isLeaf(n) {
		return
	}
	p.lookAheadLeaves(n)
	for i := range 4 {
		p.lookAheadAll(n.child(i))
	}
}

// cost is about the cost of a node as a leaf, and the flag.
func (p *partition) cost(n node) int64 {
	if !p.forecasts {
		return p.leafCost(n)
	}
	if c, ok := p.givenCost(n); ok {
		return c.Forecast + p.flagCost(n.lg, 0)
	}
	s := p.spectrum(n)
	if s.top == 0 {
		return p.leafCost(n)
	}
	if s.forecast == 0 {
		s.forecast = p.rates.forecast(s.coefs.normal, n.lg, p.kind, s.top)
	}
	return s.forecast + p.flagCost(n.lg, 0)
}

// split chooses the leaves under the children of a node, up to a cost as choose does.
func (p *partition) split(n node, of [4]outlook, needed bool, most int64) int64 {
	cost, beside := p.flagCost(n.lg, 1), besideOf(n.lg-1)
	for i := 0; i < 4 && cost < most; i++ {
		if p.given == nil && !p.forecasts && i&(beside-1) == 0 {
			p.lookAheadOf(p.rates, n, i, of[i:i+beside], needed)
		}
		cost += p.chooseOf(n.child(i), of[i], needed, most-cost)
	}
	return cost
}

// besideLeaves is how many leaves of 8 are quantised side by side; of 16 there are half as many.
const besideLeaves = 4

// besideLeaf is a leaf of 8 or 16 that is quantised before its cost is asked for, and where its levels are kept.
type besideLeaf struct {
	coefs []int32
	top   int // the highest diagonal, 0 of one that is not wanted
	kept  *diagonalLevels
}

// besideOf is how many leaves of a size are quantised side by side.
func besideOf(lg int) int { return besideLeaves >> (lg - cellLog2) }

// lookAheadOf quantises children of a node from number i on side by side, as far as their costs are asked for next.
func (p *partition) lookAheadOf(r *rates, n node, i int, of []outlook, needed bool) {
	var leaves [besideLeaves]node
	wanted := 0
	for k, o := range of {
		if o == openNode || o == leafNode && needed {
			leaves[wanted] = n.child(i + k)
			wanted++
		}
	}
	p.lookAhead(r, leaves[:wanted])
}

// lookAhead quantises leaves of a size side by side, as many as go so at most.
func (p *partition) lookAhead(r *rates, nodes []node) {
	var leaves [besideLeaves]besideLeaf
	wanted := 0
	for _, n := range nodes {
		if s := p.spectrum(n); s.top > 0 {
			leaves[wanted] = besideLeaf{s.coefs.normal, s.top, p.scratch.spectra.levels(n)}
			wanted++
		}
	}
	if wanted > 1 {
		lg := nodes[0].lg
		p.scratch.tokens.ahead(r, leaves[:besideOf(lg)], lg, p.kind)
	}
}

// flatLeaf makes a flat node a leaf without transforming it.
func (p *partition) flatLeaf(n node, base int64) int64 {
	p.flatSpectrum(n, base)
	p.cells.setLeaf(n)
	return p.leafCost(n)
}

// flatSpectrum is what is known of a flat node.
func (p *partition) flatSpectrum(n node, base int64) {
	x, y := p.src.place(n)
	// Samples are in 1/16 level, coefficients in 1/8: a quarter of the energy.
	energy := int64(tree.Energy(p.src.pyramid, n.lg, x, y)+2) / 4
	step := p.encoder.rates.step
	s, own := p.scratch.spectra.at(n)
	*s = spectrum{known: true, flat: true, energy: energy * step * step / (base * base), coefs: leafCoefs{own, own}}
}

// typicalLast stands for the sum of the neighbours' last groups while these are unknown:
// it is in the middle class, as where there are no neighbours.
const typicalLast = 8

// leafCost is the cost of a node as a leaf: what quantising it comes to, and the flag.
func (p *partition) leafCost(n node) int64 {
	flag := p.flagCost(n.lg, 0)
	if c, ok := p.givenCost(n); ok {
		return c.J + flag
	}
	s := p.spectrum(n)
	kept := p.scratch.spectra.levels(n)
	if q, ok := kept.takeAhead(p.rates, n.lg, p.kind); ok {
		return s.energy<<distScale - q.saved + flag
	}
	return p.scratch.tokens.cost(p.rates, s.coefs.normal, n.lg, p.kind, s.energy, s.top, kept) + flag
}

// cost is J of a leaf before its neighbours are known, but for its flag: the energy of its
// coefficients and the highest diagonal are as analyse gives them. Levels may be kept.
func (t *levelTokens) cost(r *rates, c []int32, lg, kind int, energy int64, top int, kept *diagonalLevels) int64 {
	ctx := lastContext(kind, lg, typicalLast)
	saved := -r.cost(ctx, 0)
	if top > 0 {
		saved = t.comesTo(r, c, lg, kind, top, ctx, kept).saved
	}
	return energy<<distScale - saved
}

// flagCost is the cost of a split flag where one of two neighbours is smaller.
func (p *partition) flagCost(lg, flag int) int64 {
	if lg == cellLog2 {
		return 0
	}
	return p.rates.cost(splitContext(p.kind, lg, 1), flag)
}
