package lossy

import (
	"image"
	"math/bits"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// Split is the way leaf sizes are chosen.
type Split int

const (
	SplitHybrid  Split = iota // the pyramid where it is sure, cost in between
	SplitPyramid              // the pyramid's variances alone
	SplitCost                 // the cost of coding alone
)

// rule gives the thresholds of a Split at a step.
func (s Split) rule(step int) tree.Rule {
	const one = 1 << tree.Log2Frac
	switch s {
	case SplitPyramid:
		return tree.Rule{Lo: one * 3 / 10, Hi: one*3/10 - 1, Step: step}
	case SplitCost:
		return tree.Rule{Lo: -64 * one, Hi: 64 * one, Step: step}
	}
	return tree.Rule{Lo: one / 10, Hi: one * 9 / 10, Step: step}
}

// Encoder codes tiles at one quantiser step. It is read-only, so that many
// goroutines may share it, each with a Worker of its own.
type Encoder struct {
	step   int
	planes []Plane
	rule   tree.Rule
	rates  *rates
	plain  *rates
	divide divider
}

// Plane says what a plane holds.
type Plane struct {
	Chroma bool // colour difference statistics
	Alpha  bool // full and no opacity are kept exactly where they fill an 8×8
}

func (p Plane) kind() int {
	if p.Chroma {
		return kindChroma
	}
	return kindLuma
}

// NewEncoder returns an encoder at a step in 1/8 levels, MinStep to MaxStep.
func NewEncoder(step int, planes []Plane, split Split) *Encoder {
	return &Encoder{
		step: step, planes: planes, rule: split.rule(step),
		rates: newRates(step), plain: zeroRates(step), divide: newDivider(step),
	}
}

// Quantiser steps that a file can state, in 1/8 of an 8-bit level.
const (
	MinStep = 3
	MaxStep = 4096
)

// Worker is the scratch memory of one goroutine.
type Worker struct {
	tr     transformer
	coef   [sizes][maxN * maxN]int32
	nodes  [21]node // of the current 32×32: one of 32, four of 16, sixteen of 8
	mag    [magSize]uint8
	tokens [maxN * maxN]rans.Token
	levels [maxN * maxN]int32
}

// node is what is known of a quadtree node.
type node struct {
	known bool // coefficients and analysis are there
	flat  bool
	analysis
}

// Tile is a coded tile before its entropy coding.
type Tile struct {
	front, body       []rans.Token
	frontRaw, bodyRaw rans.BitWriter
	// Leaves counts leaves of 8, 16, 32; Worst is each plane's largest leaf
	// RMS in 1/65536 level, rounded up.
	Leaves [sizes]int
	Worst  []uint32
	// SplitTime is what choosing the leaves took, TransformTime the rest.
	SplitTime, TransformTime time.Duration
}

// Tile codes the rectangle rects[i] of each plane, in samples, multiples of 32.
func (e *Encoder) Tile(w *Worker, planes []chroma.Plane, pyramids []tree.Pyramid, rects []image.Rectangle) *Tile {
	t := &Tile{Worst: make([]uint32, len(planes))}
	for i := range planes {
		p := newPlaneEncoder(e, w, t, i, &planes[i], &pyramids[i], rects[i])
		p.encode()
		t.Worst[i] = p.worst
	}
	return t
}

// planeEncoder codes one plane of a tile. Coordinates are in cells of 8×8,
// x and y within the tile.
type planeEncoder struct {
	*Encoder
	w      *Worker
	t      *Tile
	def    Plane
	kind   int
	plane  *chroma.Plane
	pyr    *tree.Pyramid
	ox, oy int // the tile's origin in the plane
	cells
	worst uint32
}

// cells is the map of a tile's plane on the 8×8 grid.
type cells struct {
	w, h  int
	size  []uint8 // log2 of the leaf's side
	last  []uint8 // its last group
	front []int32 // the front image, in steps
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

func newPlaneEncoder(e *Encoder, w *Worker, t *Tile, i int, p *chroma.Plane, pyr *tree.Pyramid, r image.Rectangle) *planeEncoder {
	return &planeEncoder{
		Encoder: e, w: w, t: t, def: e.planes[i], kind: e.planes[i].kind(), plane: p, pyr: pyr,
		ox: r.Min.X / 8, oy: r.Min.Y / 8, cells: newCells(r),
	}
}

func (p *planeEncoder) encode() {
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
	encodeFront(p.t, &p.cells, p.kind)
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

// choose marks the leaves under a node and returns their cost, if needed.
func (p *planeEncoder) choose(lg, x, y int, needed bool) int64 {
	nx, ny := (p.ox+x)>>(lg-3), (p.oy+y)>>(lg-3)
	if p.rule.Flat(p.pyr, lg, nx, ny) {
		n, _ := p.state(lg, x, y)
		// Samples are in 1/16 level, coefficients in 1/8: a quarter of the energy.
		energy := int64(tree.Energy(p.pyr, lg, nx, ny)+2) / 4
		*n = node{known: true, flat: true, analysis: analysis{cost: energy<<distScale + p.rates.leaf, energy: energy}}
		p.mark(p.size, x, y, lg, uint8(lg))
		return n.cost
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
		if lg == 5 && p.splitQuarters(x, y) > 2 {
			return children
		}
		n, _ := p.transformed(lg, x, y)
		if n.cost > children {
			return children
		}
		p.mark(p.size, x, y, lg, uint8(lg))
		return n.cost
	}
	p.mark(p.size, x, y, lg, uint8(lg))
	if !needed {
		return 0
	}
	n, _ := p.transformed(lg, x, y)
	return n.cost
}

func (p *planeEncoder) chooseChildren(lg, x, y int, needed bool) int64 {
	half := 1 << (lg - 4)
	cost := int64(0)
	for c := range 4 {
		cost += p.choose(lg-1, x+c&1*half, y+c>>1*half, needed)
	}
	return cost
}

// splitQuarters counts the 16×16 quarters of the 32×32 at (x,y) that are split.
func (p *planeEncoder) splitQuarters(x, y int) int {
	n := 0
	for c := range 4 {
		if p.size[(y+c>>1*2)*p.cells.w+x+c&1*2] < 4 {
			n++
		}
	}
	return n
}

// emit writes the split flags and leaves under a node.
func (p *planeEncoder) emit(lg, x, y int) {
	isLeaf := int(p.size[y*p.cells.w+x]) == lg
	var l leaf
	if isLeaf {
		if l = p.leaf(lg, x, y); !l.kept && lg > tree.Base {
			isLeaf = false
			p.mark(p.size, x, y, lg, uint8(lg-1))
		}
	}
	if lg > tree.Base {
		flag := 1
		if isLeaf {
			flag = 0
		}
		p.t.body = append(p.t.body, rans.MakeToken(splitContext(p.kind, lg, p.smaller(lg, x, y)), flag))
	}
	if isLeaf {
		p.emitLeaf(lg, x, y, &l)
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

// leaf is a quantised leaf.
type leaf struct {
	quantised
	ctx  int
	dist int64 // squared error of all coefficients
	kept bool  // the promise on the leaf's RMS error holds
}

// leaf quantises a leaf: its cells of the front image, and its AC levels in w.
// Where the result breaks the promise it rounds plainly, which leaves at most
// half a step on every coefficient.
func (p *planeEncoder) leaf(lg, x, y int) leaf {
	l := leaf{ctx: p.lastContext(p.kind, lg, x, y), kept: true}
	n, c := p.state(lg, x, y)
	if !n.known {
		n, c = p.transformed(lg, x, y)
	}
	low := p.quantiseLow(n.flat, c, lg, x, y)
	if n.flat {
		l.dist = n.energy + low
		return l
	}
	if n.top > 0 {
		l.quantised = p.quantise(p.w, p.rates, c, lg, p.kind, n.top, l.ctx)
	}
	area := int64(1) << (2 * lg)
	l.dist = low + n.energy - l.gained
	if 40*l.dist > 9*area*p.rates.step*p.rates.step {
		l.quantised = p.quantise(p.w, p.plain, c, lg, p.kind, p.topOf(c, lg), l.ctx)
		l.dist = low + n.energy - l.gained
		l.kept = 4*l.dist <= area*p.rates.step*p.rates.step
	}
	return l
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

// quantiseLow sets the leaf's cells of the front image and returns the squared
// error of the low block that they give back.
func (p *planeEncoder) quantiseLow(flat bool, c []int32, lg, x, y int) int64 {
	m := 1 << (lg - 3)
	var low, front, back [16]int32
	if flat {
		sums := p.pyr.At(tree.Base)
		for i := range m * m {
			s := sums.Sum[(p.oy+y+i%m)*sums.W+p.ox+x+i/m]
			front[i] = int32(int64(s)-64*chroma.Centre+8) >> 4
		}
		lowband(&low, &front, &toLow, m)
	} else {
		for u := range m {
			for v := range m {
				low[u*m+v] = c[u<<lg+v]
			}
		}
		lowband(&front, &low, &toFront, m)
	}
	fs := frontStep(p.step)
	for i := range m * m {
		q := p.roundFront(front[i], fs, x+i/m, y+i%m)
		p.front[(y+i%m)*p.cells.w+x+i/m] = q
		front[i] = q * fs
	}
	lowband(&back, &front, &toLow, m)
	dist := int64(0)
	for i := range m * m {
		d := int64(low[i] - back[i])
		dist += d * d
	}
	return dist
}

// roundFront rounds to the nearest step; an alpha cell that is fully opaque or
// transparent is rounded outwards, so that clamping gives it back exactly.
func (p *planeEncoder) roundFront(v, step int32, x, y int) int32 {
	if p.def.Alpha {
		l := p.pyr.At(tree.Base)
		i := (p.oy+y)*l.W + p.ox + x
		switch {
		case l.Min[i] == chroma.MaxLevel:
			return (v + step - 1) / step
		case l.Max[i] == 0:
			return (v - step + 1) / step
		}
	}
	if v < 0 {
		return -((-v + step/2) / step)
	}
	return (v + step/2) / step
}

func (p *planeEncoder) emitLeaf(lg, x, y int, l *leaf) {
	t := p.t
	t.Leaves[lg-3]++
	p.worst = max(p.worst, leafRMS(l.dist, lg))
	p.mark(p.last, x, y, lg, uint8(l.last))
	t.body = append(t.body, rans.MakeToken(l.ctx, l.last))
	for i := l.from; i < l.n; i++ {
		tok := p.w.tokens[i]
		t.body = append(t.body, tok)
		k := tok & (rans.Symbols - 1)
		if k == 0 {
			continue
		}
		level := p.w.levels[i]
		sign := uint32(level) >> 31
		t.bodyRaw.Put(sign, 1)
		if k == rans.Symbols-1 {
			t.bodyRaw.PutExpGolomb(uint32(max(level, -level)) - (rans.Symbols - 1))
		}
	}
}

// leafRMS is √(dist/(64·4^lg)) in 1/65536, rounded up.
func leafRMS(dist int64, lg int) uint32 {
	v := uint64(dist) << 26 >> (2 * lg)
	if v == 0 {
		return 0
	}
	root := uint64(1) << ((bits.Len64(v) + 1) / 2)
	for { // Newton from above
		next := (root + v/root) / 2
		if next >= root {
			break
		}
		root = next
	}
	if root*root < v {
		root++
	}
	return uint32(root)
}
