package transform

import (
	"image"
	"slices"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/hugepages"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// Quantiser steps that a file can state, in 1/8 of an 8-bit level.
const (
	MinStep = 3
	MaxStep = 4096
)

// StepFor is the step that keeps the promise of t, in parts of engine.ErrorUnit of a level:
// Δ = 15/8·t, so that half a step is t less a sixteenth, and for small t less 1/16 level,
// which leaves room for the roundings of the transforms. t may have been rounded down.
func StepFor(t int64) int {
	const one = engine.ErrorUnit
	return int(min((15*t+14)/one, (16*t+15-one)/one))
}

// Plane says what a plane holds.
type Plane struct {
	Chroma bool // colour difference statistics
	Half   bool // half the resolution of the others
	Alpha  bool // opacity, of which no border is filtered
	Hides  bool // where it is the last plane: what lies under no opacity is not seen
}

func (p Plane) kind() int {
	if p.Chroma {
		return kindChroma
	}
	return kindLuma
}

// Encoder codes tiles at one quantiser step. It is read-only, so that many goroutines may
// share it, each with an EncoderScratch of its own.
type Encoder struct {
	planes   []Plane
	rule     tree.Rule
	rates    *rates                     // of all planes but chroma
	chroma   *rates                     // the same
	textures [stepClasses]func() *rates // of luma of a Predicting encoder, by the step class of a square of 32
	plain    *rates
	promise  uint32   // the largest RMS error of a leaf in 1/65536 level, 0 for none
	steps    []*steps // of each plane
	classes  bool     // whether tiles have step classes

	restorations *restorations // nil where nothing is restored
	guides       bool          // whether tiles say how much luma guides chroma
	predicts     bool          // whether leaves have modes
	thorough     bool          // whether all of them are tried, and by the levels that they would have
}

// NewEncoder returns an encoder at a step in 1/8 levels, MinStep to MaxStep, that promises
// nothing.
func NewEncoder(step int, planes []Plane, split engine.Split) *Encoder {
	e := &Encoder{
		planes: planes, rule: ruleOf(split, step),
		rates:  newRates(step, universalBits(), lambdas[kindLuma]),
		chroma: newRates(step, universalBits(), lambdas[kindChroma]),
		plain:  plainRates(step),
	}
	for range planes {
		e.steps = append(e.steps, plainSteps(step))
	}
	return e
}

// Promising returns an encoder whose leaves have RMS errors of t/65536 levels at most, over
// their samples in the image. t must not be below what StepFor took the step for.
func (e *Encoder) Promising(t int64) *Encoder {
	promising := *e
	promising.promise = uint32(t)
	return &promising
}

// Restoring returns an encoder that chooses how strongly tiles are restored.
func (e *Encoder) Restoring() *Encoder {
	restoring := *e
	restoring.restorations = new(restorations)
	return &restoring
}

// Guiding returns an encoder that chooses how much luma guides chroma, too.
func (e *Encoder) Guiding() *Encoder {
	guiding := *e
	guiding.guides = true
	return &guiding
}

// Predicting returns an encoder that predicts leaves from what is decoded around them.
func (e *Encoder) Predicting() *Encoder {
	predicting := *e
	predicting.predicts = true
	predicting.rates = newDependentRates(int(e.rates.step), lambdasPredicted[kindLuma])
	predicting.chroma = newDependentRates(int(e.rates.step), lambdasPredicted[kindChroma])
	for c, lambda := range lambdaTextures {
		predicting.textures[c] = sync.OnceValue(func() *rates { return newDependentRates(int(e.rates.step), lambda) })
	}
	return &predicting
}

// Thorough returns an encoder that tries all modes of leaves.
func (e *Encoder) Thorough() *Encoder {
	thorough := *e
	thorough.thorough = true
	return &thorough
}

// EncoderScratch is the memory of one encoding goroutine.
type EncoderScratch struct {
	areas   pixelAreas  // of the tile at hand
	logs    nodeLogs    // of the plane at hand
	spectra spectra     // of the root at hand
	tokens  levelTokens // of the leaf at hand
	leaves  []codedLeaf // of the plane at hand
	levels  []acLevel   // of its leaves, where something is promised or restored
	adopted []acLevel   // of the leaf at hand, of a record

	synthesis synthesis // of the leaf that is measured
	decoded   [maxN * maxN]uint16
	chooser   chooser
	trial     *trial // of a Predicting encoder
	edges     boundary
	signs     [maxN*maxN + 1]rans.Token // of the leaf at hand

	cells            []Cells // of a tile's planes
	overviews        []overviewMemory
	overview, detail segment // of a tile
}

// Tile is a coded tile before its entropy coding.
type Tile struct {
	overview, detail segment
	// Leaves counts leaves of 8, 16, 32. Worst is each plane's largest RMS error of a
	// decoded leaf over its samples in the image, in 1/65536 level, rounded up; 0 of an
	// encoder that promises nothing.
	Leaves [sizes]int
	Worst  []uint32
	// SplitTime is what choosing the leaves took, TransformTime the rest.
	SplitTime, TransformTime time.Duration
}

// Bytes is the memory of a tile.
func (t *Tile) Bytes() int64 { return t.overview.bytes() + t.detail.bytes() }

// Tile codes the rectangle rects[i] of each plane, in samples, multiples of 32. pixels are what
// the planes were made of; only a Guiding encoder needs them, and one of planes without samples.
func (e *Encoder) Tile(scratch *EncoderScratch, planes []chroma.Plane, pyramids []tree.Pyramid, rects []image.Rectangle, pixels *chroma.Interleaved) *Tile {
	return e.tile(scratch, planes, pyramids, rects, pixels, nil)
}

// tile is Tile of what is known of the tile already, nil for nothing.
func (e *Encoder) tile(scratch *EncoderScratch, planes []chroma.Plane, pyramids []tree.Pyramid, rects []image.Rectangle, pixels *chroma.Interleaved, given *givenTile) *Tile {
	t := &Tile{Worst: make([]uint32, len(planes))}
	scratch.begin(t, rects[0], len(planes))
	sources, cells := e.originals(scratch, planes, pyramids, rects, pixels), scratch.cells[:len(planes)]
	predictors := make([]*predictor, len(planes))
	if e.restorations != nil {
		scratch.chooser.begin(e, sources, rects)
	}
	for i, r := range rects {
		cells[i] = cells[i].renewed(r, e.steps[i], e.planes[i])
		cells[i].seen = image.Pt(planes[i].W, planes[i].H).Sub(r.Min)
		p := newPlaneEncoder(e, scratch, t, i, &sources[i], cells)
		if given != nil {
			p.partition.given = &given.planes[i]
			copy(cells[i].size, given.sizes[i])
		}
		if e.predicts {
			predictors[i] = newPredictor(predictors, e.planes, i, &cells[i], scratch.rebuilt(i, r), r.Dx())
			p.predictor, p.gauge.predictor = predictors[i], predictors[i]
		}
		p.encode()
		if e.restorations != nil && !e.planes[i].Alpha {
			scratch.chooser.take(p)
		}
	}
	if e.restorations != nil {
		scratch.chooser.choose(e, t, sources, cells)
	}
	if e.guides {
		scratch.chooser.guide(e, t, pixels, rects[0].Min)
	}
	e.encodeRims(t, sources, cells)
	scratch.end(t)
	return t
}

// begin lends a tile of so many planes, whose first one has a rectangle of samples, the memory of what is written of it, and has
// room for a good part of its levels.
func (s *EncoderScratch) begin(t *Tile, r image.Rectangle, planes int) {
	if s.levels == nil {
		s.levels = hugepages.Make[acLevel](r.Dx() * r.Dy() / 4)
		s.leaves = hugepages.Make[codedLeaf](r.Dx() * r.Dy() / (2 * cell * cell))
		s.detail.names = hugepages.Make[uint8](r.Dx() * r.Dy() / 2)
	}
	for len(s.cells) < planes {
		s.cells = append(s.cells, Cells{})
	}
	t.overview, t.detail = s.overview.emptied(), s.detail.emptied()
}

// end gives a tile memory of its own. All tiles are kept: without the slack of growing.
func (s *EncoderScratch) end(t *Tile) {
	s.overview, s.detail = t.overview, t.detail
	t.overview, t.detail = t.overview.clone(), t.detail.clone()
}

// planeEncoder codes one plane of a tile.
type planeEncoder struct {
	encoder   *Encoder
	scratch   *EncoderScratch
	tile      *Tile
	index     int // of the plane
	kind      int
	src       *original
	cells     *Cells
	partition partition
	overview  overviewEncoder
	gauge     gauge
	predictor *predictor // nil where nothing is predicted
}

// codedLeaf is a leaf whose tokens are written.
type codedLeaf struct {
	node     node
	clipped  bool  // not all of it lies in the image
	dist     int64 // squared error of its coefficients; of AC alone before settle
	low      int64 // squared error of its low block before values are refined
	from, to int   // its levels in the scratch
}

// newPlaneEncoder encodes plane i of planes of which cells are known, or become so.
func newPlaneEncoder(e *Encoder, scratch *EncoderScratch, t *Tile, i int, src *original, cells []Cells) *planeEncoder {
	kind, c := e.planes[i].kind(), &cells[i]
	scratch.spectra.normalises(e.classes)
	return &planeEncoder{
		encoder: e, scratch: scratch, tile: t, index: i, kind: kind, src: src, cells: c,
		partition: e.newPartition(scratch, src, c, &cells[0]),
		overview:  scratch.overviewOf(i, src, c, kind),
		gauge:     gauge{src: src, cells: c, scratch: scratch},
	}
}

// encode appends the plane to its tile. The overview comes last: what the refined values
// of its leaves do to the promise is known only when their levels are.
func (p *planeEncoder) encode() {
	p.scratch.leaves, p.scratch.levels = p.scratch.leaves[:0], p.scratch.levels[:0]
	if e := p.encoder; !e.predicts && !e.classes && p.partition.given == nil {
		p.partition.logs = p.scratch.logs.take(&e.rule, p.src, p.cells)
	}
	p.detail()
	s := &p.tile.overview
	if p.predictor != nil {
		p.overview.put(s, nil)
		return
	}
	before := *s
	p.overview.put(s, p.refinement())
	p.settle()
	if p.encoder.promise > 0 {
		p.tile.Worst[p.index] = p.worst()
	}
	if p.overview.takenBack { // which it hardly ever is
		*s = before
		p.overview.put(s, nil)
	}
}

// timedRoots is of how many roots one tells what part of the time goes into choosing: to ask the clock twice a root took 1% of the time
// to encode. No power of two, so that these are not all in the same columns.
const timedRoots = 7

// detail chooses and writes the leaves, root by root.
func (p *planeEncoder) detail() {
	start, n := time.Now(), 0
	var choosing, timed time.Duration
	for root := range p.cells.roots {
		if n++; n%timedRoots != 1 {
			p.chooseLeaves(root)
			p.write(root)
			continue
		}
		before := time.Now()
		p.chooseLeaves(root)
		choosing += time.Since(before)
		p.write(root)
		timed += time.Since(before)
	}
	took := time.Since(start)
	const parts = 1 << 10
	split := took * (parts * choosing / max(timed, 1)) / parts
	p.tile.SplitTime += split
	p.tile.TransformTime += took - split
}

// chooseLeaves marks the leaves of a root.
func (p *planeEncoder) chooseLeaves(root node) {
	p.scratch.spectra.reset()
	p.overview.endless = !p.src.reachesEnd(root)
	p.partition.rates = p.ratesAt(root)
	switch {
	case p.predictor != nil:
		p.search(root)
	case p.partition.given != nil:
		p.partition.adopt(root)
	default:
		p.partition.choose(root, false, anyCost)
		if p.partition.forecasts {
			p.partition.lookAheadAll(root)
		}
	}
}

// ratesOf are the rates of planes of a kind.
func (e *Encoder) ratesOf(kind int) *rates {
	if kind == kindChroma {
		return e.chroma
	}
	return e.rates
}

// ratesAt are the rates of a root.
func (p *planeEncoder) ratesAt(root node) *rates {
	if e := p.encoder; !e.predicts || e.classes || p.index > 0 {
		return e.ratesOf(p.kind)
	}
	x, y := p.src.place(root)
	return p.encoder.textures[stepClass(p.src.pyramid, rootLog2, x, y)]()
}

// write writes the split flags and leaves under a node.
func (p *planeEncoder) write(n node) {
	leaf := p.cells.isLeaf(n)
	if n.lg > cellLog2 {
		flag := 1
		if leaf {
			flag = 0
		}
		p.tile.detail.put(p.cells.splitContext(p.kind, n), flag)
	}
	if p.encoder.classes {
		p.class(n, leaf)
	}
	switch {
	case leaf && p.predictor != nil:
		p.predictedLeaf(n)
		return
	case leaf:
		p.leaf(n)
		return
	}
	for i := range 4 {
		p.write(n.child(i))
	}
}

// class writes the class of a node of luma, or settles the one of a leaf.
func (p *planeEncoder) class(n node, leaf bool) {
	switch class := p.partition.class(n); {
	case p.cells == p.partition.luma && hasClass(n, !leaf):
		p.tile.detail.put(p.cells.classContext(n, !leaf), int(class))
		p.cells.setClass(n, class)
	case p.cells != p.partition.luma && p.partition.def.Chroma && leaf:
		p.cells.setClass(n, class)
	}
}

// leaf quantises and writes a leaf: its part of the overview and its AC levels.
func (p *planeEncoder) leaf(n node) {
	ctx := p.cells.lastContext(p.kind, n)
	q, dist, low := p.takeUp(n, ctx)
	l := p.nextLeaf()
	l.node, l.clipped, l.dist, l.low, l.from = n, p.clipped(n), dist, low, len(p.scratch.levels)
	promising := p.encoder.promise > 0
	if promising || p.encoder.restorations != nil {
		p.keepLevels(q)
	}
	if promising && (l.clipped || !leafWithin(l.dist+low, n.lg, p.promise(n))) {
		q = p.mend(q, l, func() *spectrum { return p.partition.spectrum(n) }, ctx)
	}
	l.to = len(p.scratch.levels)
	p.cells.setLast(n, q.last)
	p.tile.Leaves[n.lg-cellLog2]++
	p.tile.detail.put(ctx, q.last)
	q.put(&p.tile.detail)
}

// nextLeaf is the memory of another leaf, which is written field by field: a literal is copied from where it is not written yet.
func (p *planeEncoder) nextLeaf() *codedLeaf {
	n := len(p.scratch.leaves)
	p.scratch.leaves = slices.Grow(p.scratch.leaves, 1)[:n+1]
	return &p.scratch.leaves[n]
}

// takeUp gives the levels of a leaf, and the squared errors of its AC coefficients and of its low block.
func (p *planeEncoder) takeUp(n node, ctx int) (q *quantised, dist, low int64) {
	if r := p.partition.record(n); r != nil {
		return p.adopt(n, r, ctx)
	}
	s := p.partition.spectrum(n)
	low = p.overview.take(n, s.flat, s.coefs.own)
	q = p.quantise(n, s, low, ctx)
	return q, p.dist(n, s, q), low
}

// quantise quantises a leaf as is cheapest or, where its error comes near the promise by
// that and the one of its low block, by plain rounding, which leaves at most half a step on every coefficient.
func (p *planeEncoder) quantise(n node, s *spectrum, low int64, ctx int) (q *quantised) {
	if s.top > 0 {
		q = p.decide(p.partition.rates, n, s, ctx)
	} else {
		q = p.scratch.tokens.becomes(quantised{})
	}
	if !s.flat && !p.keeps(n, p.dist(n, s, q)+low) {
		q = p.round(n, s, ctx)
	}
	return q
}

// round quantises a leaf by plain rounding.
func (p *planeEncoder) round(n node, s *spectrum, ctx int) *quantised {
	r, t, coefs := p.encoder.plain, &p.scratch.tokens, &s.coefs
	if !p.cells.isDependent(n) {
		return t.quantise(r, coefs.normal, n.lg, p.kind, topOf(coefs.normal, n.lg, r.step), ctx)
	}
	steps := p.cells.stepsOf(n)
	return t.depend(r, coefs.own, &steps, n.lg, p.kind, topOf(coefs.normal, n.lg, r.unit), ctx)
}

// decide decides the levels of a leaf.
func (p *planeEncoder) decide(r *rates, n node, s *spectrum, ctx int) *quantised {
	normal := s.coefs.normal
	if p.cells.isDependent(n) {
		return p.scratch.tokens.depend(r, normal, nil, n.lg, p.kind, s.top, ctx)
	}
	if p.predictor == nil { // else what is kept is of the leaf without prediction
		if q, ok := p.scratch.tokens.again(r, normal, n.lg, p.kind, ctx, p.scratch.spectra.levels(n)); ok {
			return q
		}
	}
	return p.scratch.tokens.quantise(r, normal, n.lg, p.kind, s.top, ctx)
}

// keepLevels keeps the levels of a leaf in the scratch.
func (p *planeEncoder) keepLevels(q *quantised) {
	p.scratch.levels = append(p.scratch.levels, q.levels...)
}

// mend gives a leaf that keeps the promise, as measured. It quantises one anew that does not: by plain rounding of the
// coefficients that of gives, or else by descent, for which leaves of dependent levels have no need.
func (p *planeEncoder) mend(q *quantised, l *codedLeaf, of func() *spectrum, ctx int) *quantised {
	n, kept, promise := l.node, func() []acLevel { return p.scratch.levels[l.from:] }, p.promise(l.node)
	if p.gauge.rms(n, kept()) <= promise {
		return q
	}
	if s := of(); !s.flat {
		q = p.round(n, s, ctx)
		p.scratch.levels = p.scratch.levels[:l.from]
		p.keepLevels(q)
		if p.gauge.rms(n, kept()) <= promise {
			return q
		}
	}
	if p.cells.isDependent(n) {
		return q
	}
	p.scratch.levels = append(p.scratch.levels[:l.from], p.gauge.descend(n, kept(), promise)...)
	return p.scratch.tokens.name(kept(), lastOf(kept(), n.lg), n.lg)
}
