package transform

import (
	"image"
	"slices"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/fixlog"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// ruleOf gives the thresholds of a way to choose leaves at a step.
func ruleOf(s engine.Split, step int) tree.Rule {
	const one = 1 << fixlog.Frac
	switch s {
	case engine.SplitPyramid:
		return tree.Rule{Lo: one * 3 / 10, Hi: one*3/10 - 1, Step: step}
	case engine.SplitCost:
		return tree.Rule{Lo: -64 * one, Hi: 64 * one, Step: step}
	}
	return tree.Rule{Lo: one / 10, Hi: one * 2, Step: step}
}

// Encoder codes tiles at one quantiser step. It is read-only, so that many
// goroutines may share it, each with a EncoderScratch of its own.
type Encoder struct {
	planes    []Plane
	frontStep int32
	rule      tree.Rule
	rates     *rates
	plain     *rates
	divide    divider
	promise   uint32 // the largest RMS error of a leaf in 1/65536 level, 0 for none
}

// Plane says what a plane holds.
type Plane struct {
	Chroma bool // colour difference statistics
	Half   bool // half the resolution of the others
	Alpha  bool // opacity: a cell of 8×8 at full or none is kept exactly
	Hides  bool // where it is the last plane: what lies under no opacity is not seen
}

func (p Plane) kind() int {
	if p.Chroma {
		return kindChroma
	}
	return kindLuma
}

// NewEncoder returns an encoder at a step in 1/8 levels, MinStep to MaxStep.
func NewEncoder(step int, planes []Plane, split engine.Split) *Encoder {
	return &Encoder{
		planes: planes, frontStep: frontStep(step), rule: ruleOf(split, step),
		rates: newRates(step), plain: zeroRates(step), divide: newDivider(step),
	}
}

// Keep returns an encoder whose leaves have RMS errors of t/65536 levels at most,
// over their samples in the image. t must not be below what StepFor took the step
// for.
func (e *Encoder) Keep(t int) *Encoder {
	keeping := *e
	keeping.promise = uint32(t)
	return &keeping
}

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

// Bytes is the memory of a tile.
func (t *Tile) Bytes() int64 {
	return int64(2*(len(t.front)+len(t.body)) + t.frontRaw.Len() + t.bodyRaw.Len())
}

// EncoderScratch is the memory of one encoding goroutine.
type EncoderScratch struct {
	tr     transformer
	coef   [sizes][maxN * maxN]int32
	nodes  [21]node // of the current 32×32: one of 32, four of 16, sixteen of 8
	mag    [magSize]uint8
	tokens [maxN * maxN]rans.Token // of a leaf
	levels [maxN * maxN]int32
	body   []rans.Token // of a tile

	// Of an encoder that keeps a promise: the levels of the leaves of a plane, and the
	// coefficients and samples of one that was decoded.
	nonzero []acLevel
	back    [maxN * maxN]int32
	decoded [maxN * maxN]uint16
}

// node is what is known of a quadtree node.
type node struct {
	known bool // all is there
	flat  bool // no coefficients: none can be non-zero
	analysis
}

// Tile is a coded tile before its entropy coding.
type Tile struct {
	front, body       []rans.Token
	frontRaw, bodyRaw rans.BitWriter
	// Leaves counts leaves of 8, 16, 32. Worst is each plane's largest RMS error of a
	// decoded leaf over its samples in the image, in 1/65536 level, rounded up; 0 of an
	// encoder that keeps no promise.
	Leaves [sizes]int
	Worst  []uint32
	// SplitTime is what choosing the leaves took, TransformTime the rest.
	SplitTime, TransformTime time.Duration
}

// Tile codes the rectangle rects[i] of each plane, in samples, multiples of 32.
func (e *Encoder) Tile(w *EncoderScratch, planes []chroma.Plane, pyramids []tree.Pyramid, rects []image.Rectangle) *Tile {
	t := &Tile{Worst: make([]uint32, len(planes)), body: w.body[:0]}
	encoders := make([]*planeEncoder, len(planes))
	for i := range planes {
		encoders[i] = newPlaneEncoder(e, w, t, i, &planes[i], &pyramids[i], rects[i])
		encoders[i].encode()
	}
	e.encodeRim(t, planes, encoders)
	// The tokens of all tiles are kept: without the slack of growing.
	w.body, t.body = t.body, slices.Clone(t.body)
	return t
}

// planeEncoder codes one plane of a tile. Coordinates are in cells of 8×8,
// x and y within the tile.
type planeEncoder struct {
	*Encoder
	w      *EncoderScratch
	t      *Tile
	index  int // of the plane
	def    Plane
	kind   int
	plane  *chroma.Plane
	pyr    *tree.Pyramid
	ox, oy int // the tile's origin in the plane
	cells
	exact  []int32 // the front image before quantisation
	leaves []placed
}

// placed is a leaf that was emitted.
type placed struct {
	x, y     uint16
	lg       uint8
	clipped  bool  // not all of it lies in the image
	dist     int64 // squared error of its coefficients; of AC alone before settleFront
	from, to int   // its levels in the scratch
}

// cells is the map of a tile's plane on the 8×8 grid.
type cells struct {
	w, h  int
	size  []uint8 // log2 of the leaf's side
	last  []uint8 // its last group
	front []int32 // the front image, in steps
	shown []int32 // the front image of the overview, nil where it is the same
}

func newCells(r image.Rectangle) cells {
	w, h := r.Dx()/8, r.Dy()/8
	return cells{w: w, h: h, size: make([]uint8, w*h), last: make([]uint8, w*h), front: make([]int32, w*h)}
}

// mark makes the cells of a leaf at (x,y) its own.
func (c *cells) mark(m []uint8, x, y, lg int, v uint8) {
	n := 1 << (lg - 3)
	for j := range n {
		row := m[(y+j)*c.w+x:][:n]
		for i := range row {
			row[i] = v
		}
	}
}

func newPlaneEncoder(e *Encoder, w *EncoderScratch, t *Tile, i int, p *chroma.Plane, pyr *tree.Pyramid, r image.Rectangle) *planeEncoder {
	c := newCells(r)
	return &planeEncoder{
		Encoder: e, w: w, t: t, index: i, def: e.planes[i], kind: e.planes[i].kind(), plane: p, pyr: pyr,
		ox: r.Min.X / 8, oy: r.Min.Y / 8, cells: c, exact: make([]int32, len(c.front)),
	}
}

// encode appends the plane to its tile.
func (p *planeEncoder) encode() {
	p.w.nonzero = p.w.nonzero[:0]
	p.blocks()
	if !p.def.Alpha {
		p.refineFront()
	}
	p.settleFront()
	if p.promise > 0 {
		p.t.Worst[p.index] = p.worst()
	}
	encodeFront(p.t, &p.cells, p.kind)
}

// blocks chooses and writes the leaves, 32×32 by 32×32.
func (p *planeEncoder) blocks() {
	for y := 0; y < p.h; y += 4 {
		for x := 0; x < p.cells.w; x += 4 {
			for i := range p.w.nodes {
				p.w.nodes[i].known = false
			}
			start := time.Now()
			p.choose(5, x, y, false)
			chosen := time.Now()
			p.emit(5, x, y)
			p.t.SplitTime += chosen.Sub(start)
			p.t.TransformTime += time.Since(chosen)
		}
	}
}

// state is the node of a level at cell (x,y), and coefficients its memory.
func (p *planeEncoder) state(lg, x, y int) (*node, []int32) {
	x, y = x&3, y&3
	switch lg {
	case 5:
		return &p.w.nodes[0], p.w.coef[2][:]
	case 4:
		i := y>>1<<1 | x>>1
		return &p.w.nodes[1+i], p.w.coef[1][i<<8 : (i+1)<<8]
	}
	i := y<<2 | x
	return &p.w.nodes[5+i], p.w.coef[0][i<<6 : (i+1)<<6]
}

// transformed makes a node known.
func (p *planeEncoder) transformed(lg, x, y int) (*node, []int32) {
	n, c := p.state(lg, x, y)
	if !n.known {
		pix := p.plane.Pix[(p.oy+y)*8*p.plane.Stride+(p.ox+x)*8:]
		p.w.tr.forward(c, pix, p.plane.Stride, 1<<lg, lg)
		*n = node{known: true, analysis: p.analyse(c, lg)}
	}
	return n, c
}

// typicalLast stands for the neighbours' last groups while they are unknown.
const typicalLast = 8

// leafCost quantises a node for its cost as a leaf.
func (p *planeEncoder) leafCost(lg, x, y int) int64 {
	n, c := p.transformed(lg, x, y)
	ctx := lastContext(p.kind, lg, typicalLast)
	if n.top == 0 {
		return n.energy<<distScale + p.rates.cost(ctx, 0)
	}
	q := p.quantise(p.w, p.rates, c, lg, p.kind, n.top, ctx)
	return n.energy<<distScale - q.saved
}

// flagCost is the cost of a split flag where one of two neighbours is smaller.
func (p *planeEncoder) flagCost(lg, flag int) int64 {
	if lg == tree.Base {
		return 0
	}
	return p.rates.cost(splitContext(p.kind, lg, 1), flag)
}

// choose marks the leaves under a node and returns their cost, if needed.
func (p *planeEncoder) choose(lg, x, y int, needed bool) int64 {
	if p.mustSplit(lg, x, y) {
		return p.chooseChildren(lg, x, y, needed)
	}
	nx, ny := (p.ox+x)>>(lg-3), (p.oy+y)>>(lg-3)
	if p.rule.Flat(p.pyr, lg, nx, ny) {
		return p.chooseFlat(lg, x, y)
	}
	decision := tree.Leaf
	if lg > tree.Base {
		decision = p.rule.Decide(p.pyr, lg, nx, ny)
	}
	switch decision {
	case tree.Split:
		return p.chooseChildren(lg, x, y, needed)
	case tree.Either:
		children := p.chooseChildren(lg, x, y, true)
		leaf := p.leafCost(lg, x, y) + p.flagCost(lg, 0)
		if children < leaf {
			return children
		}
		p.mark(p.size, x, y, lg, uint8(lg))
		return leaf
	}
	p.mark(p.size, x, y, lg, uint8(lg))
	if !needed {
		return 0
	}
	return p.leafCost(lg, x, y) + p.flagCost(lg, 0)
}

// extreme tells whether a node is at full or at no opacity throughout.
func (p *planeEncoder) extreme(lg, x, y int) bool {
	l := p.pyr.At(lg)
	i := (p.oy+y)>>(lg-3)*l.W + (p.ox+x)>>(lg-3)
	return l.Min[i] == chroma.MaxLevel || l.Max[i] == 0
}

// mustSplit tells whether a node of an alpha plane holds a cell at full or no
// opacity besides others: only in a leaf of its own does it come back exactly.
func (p *planeEncoder) mustSplit(lg, x, y int) bool {
	if !p.def.Alpha || lg == tree.Base || p.extreme(lg, x, y) {
		return false
	}
	n := 1 << (lg - 3)
	for i := range n * n {
		if p.extreme(tree.Base, x+i%n, y+i/n) {
			return true
		}
	}
	return false
}

// chooseFlat makes a flat node a leaf without transforming it.
func (p *planeEncoder) chooseFlat(lg, x, y int) int64 {
	n, _ := p.state(lg, x, y)
	// Samples are in 1/16 level, coefficients in 1/8: a quarter of the energy.
	energy := int64(tree.Energy(p.pyr, lg, (p.ox+x)>>(lg-3), (p.oy+y)>>(lg-3))+2) / 4
	*n = node{known: true, flat: true, analysis: analysis{energy: energy}}
	p.mark(p.size, x, y, lg, uint8(lg))
	return energy<<distScale + p.rates.cost(lastContext(p.kind, lg, typicalLast), 0) + p.flagCost(lg, 0)
}

func (p *planeEncoder) chooseChildren(lg, x, y int, needed bool) int64 {
	half := 1 << (lg - 4)
	cost := p.flagCost(lg, 1)
	for c := range 4 {
		cost += p.choose(lg-1, x+c&1*half, y+c>>1*half, needed)
	}
	return cost
}

// emit writes the split flags and leaves under a node.
func (p *planeEncoder) emit(lg, x, y int) {
	isLeaf := int(p.size[y*p.cells.w+x]) == lg
	if lg > tree.Base {
		flag := 1
		if isLeaf {
			flag = 0
		}
		p.t.body = append(p.t.body, rans.MakeToken(splitContext(p.kind, lg, p.smaller(lg, x, y)), flag))
	}
	if isLeaf {
		p.leaf(lg, x, y)
		return
	}
	half := 1 << (lg - 4)
	for c := range 4 {
		p.emit(lg-1, x+c&1*half, y+c>>1*half)
	}
}

// smaller counts the left and top neighbours that are smaller than a node.
func (c *cells) smaller(lg, x, y int) int {
	n := 0
	if x > 0 && int(c.size[y*c.w+x-1]) < lg {
		n++
	}
	if y > 0 && int(c.size[(y-1)*c.w+x]) < lg {
		n++
	}
	return n
}

// lastContext is the context of the last group of a leaf at (x,y).
func (c *cells) lastContext(kind, lg, x, y int) int {
	sum := -1
	switch {
	case x > 0 && y > 0:
		sum = int(c.last[y*c.w+x-1]) + int(c.last[(y-1)*c.w+x])
	case x > 0:
		sum = 2 * int(c.last[y*c.w+x-1])
	case y > 0:
		sum = 2 * int(c.last[(y-1)*c.w+x])
	}
	return lastContext(kind, lg, sum)
}

// leaf quantises and writes a leaf: its cells of the front image to the
// nearest step, and its AC levels. Where the error comes near the promise it
// rounds plainly, which leaves at most half a step on every coefficient.
func (p *planeEncoder) leaf(lg, x, y int) {
	ctx := p.lastContext(p.kind, lg, x, y)
	n, c := p.state(lg, x, y)
	if !n.known {
		n, c = p.transformed(lg, x, y)
	}
	p.measureFront(n.flat, c, lg, x, y)
	q := quantised{}
	if n.top > 0 {
		q = p.quantise(p.w, p.rates, c, lg, p.kind, n.top, ctx)
	}
	low := p.lowError(lg, x, y)
	if !n.flat && !p.keeps(n.energy-q.gained+low, lg) {
		q = p.quantise(p.w, p.plain, c, lg, p.kind, p.topOf(c, lg), ctx)
	}
	l := placed{x: uint16(x), y: uint16(y), lg: uint8(lg), dist: n.energy - q.gained, from: len(p.w.nonzero)}
	l.clipped = p.seen(lg, x, y) < 1<<(2*lg)
	if p.promise > 0 {
		p.store(&q, lg)
		if l.clipped || leafRMS(l.dist+low, lg)+roundings > p.promise {
			p.keep(&q, c, l.from, lg, x, y, ctx)
		}
	}
	l.to = len(p.w.nonzero)
	p.leaves = append(p.leaves, l)
	p.mark(p.last, x, y, lg, uint8(q.last))
	p.t.Leaves[lg-3]++
	p.t.body = append(p.t.body, rans.MakeToken(ctx, q.last))
	p.emitLevels(&q)
}

// keeps tells whether a leaf's squared error stays below (Step/2)²·65/64 a
// sample. Plain rounding always does: half a step on every AC coefficient, and
// in the low block, with the amplification of toLow, 4.33 instead of 4 steps²
// of a leaf of 32. StepFor sees to it that this is less than the promise.
func (p *planeEncoder) keeps(dist int64, lg int) bool {
	return 256*dist <= 65*p.rates.step*p.rates.step<<(2*lg)
}

// topOf is the highest diagonal with a coefficient of half a step or more.
func (p *planeEncoder) topOf(c []int32, lg int) int {
	for _, s := range scans[lg-3].pos {
		if 2*int64(max(c[s.coef], -c[s.coef])) >= p.rates.step {
			return int(s.coef)>>lg + int(s.coef)&(1<<lg-1)
		}
	}
	return 0
}

// emitLevels writes the tokens that quantise left in the scratch.
func (p *planeEncoder) emitLevels(q *quantised) {
	t := p.t
	for i := q.from; i < q.n; i++ {
		token := p.w.tokens[i]
		t.body = append(t.body, token)
		k := token & (rans.Symbols - 1)
		if k == 0 {
			continue
		}
		level := p.w.levels[i]
		t.bodyRaw.Put(uint32(level)>>31, 1)
		if k == rans.Symbols-1 {
			t.bodyRaw.PutExpGolomb(uint32(max(level, -level)) - (rans.Symbols - 1))
		}
	}
}
