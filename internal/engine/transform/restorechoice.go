package transform

import (
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
)

// chooser chooses how strongly the planes of a tile are restored: so that the squared error is
// smallest, over areas that are decoded as if there were nothing around.
type chooser struct {
	grid   areaGrid
	areas  [][]area // of each plane, those that are looked at
	some   bool     // whether some of their samples stand for all
	chosen []uint8  // the strength of each plane
	kept   []keptSums
	unkept keptSums // of the last block of luma
	memory memory   // of the area at hand
	window window
	// guides tells whether the window has luma of the area, which guides both planes of chroma.
	guides bool
	guided *chroma.Guide // of the area at hand
	want   colours       // two rows of it as they should be
}

// keptSums are the sums of a block that is restored when its strength is chosen.
type keptSums struct {
	at   int // in the plane of its area
	sums [block * block]int32
}

// begin goes on to a tile that has rectangles rects of its planes, and finds the areas of it that are looked at. Where these are
// few, luma is judged there by every second block, and guides by every second pair of rows.
func (c *chooser) begin(e *Encoder, sources []original, rects []image.Rectangle) {
	g := &c.grid
	g.lay(pad(rects[0]).Size())
	c.some = g.n() > allAreas && !e.thorough
	if g.n() <= allAreas {
		g.pickAll()
	} else {
		n := fewAreas
		if !c.some {
			n = g.n() / 2
		}
		g.weigh(e.planes, sources, rects)
		g.pick(n)
	}
	for len(c.areas) < len(rects) {
		c.areas = append(c.areas, nil)
	}
	for i, def := range e.planes {
		c.areas[i] = slices.Grow(c.areas[i][:0], len(g.seen))[:len(g.seen)]
		for k, of := range g.seen {
			c.areas[i][k].lay(g.rect(of.number, def, rects[i]))
		}
	}
}

// take decodes what lies in areas of a plane that is coded, before the next one is.
func (c *chooser) take(p *planeEncoder) {
	if p.predictor != nil {
		c.copy(p.index, p.predictor)
		return
	}
	def := p.encoder.planes[p.index]
	for i := range p.scratch.leaves {
		l := &p.scratch.leaves[i]
		at := image.Pt(cell*l.node.x, cell*l.node.y)
		if k := c.grid.placeOf(at, def); k >= 0 {
			a := &c.areas[p.index][k]
			at = at.Sub(a.rect.Min)
			p.render(l, a.plane.Pix[at.Y*a.plane.Stride+at.X:], a.plane.Stride)
		}
	}
}

// copy takes areas of a plane that is decoded already.
func (c *chooser) copy(i int, p *predictor) {
	for k := range c.areas[i] {
		a := &c.areas[i][k]
		for y := range a.rect.Dy() {
			copy(a.plane.Pix[y*a.plane.Stride:][:a.rect.Dx()], p.pix[(a.rect.Min.Y+y)*p.stride+a.rect.Min.X:])
		}
	}
}

// render decodes a leaf whose levels the scratch keeps.
func (p *planeEncoder) render(l *codedLeaf, dst []uint16, stride int) {
	s := &p.scratch.synthesis
	s.begin(p.cells, l.node)
	s.setLevels(p.scratch.levels[l.from:l.to], p.cells.stepsOf(l.node))
	s.samples(dst, stride)
	p.cells.putEnds(l.node, dst, stride)
}

// choose appends the strengths to a tile. Luma's errors count by what an area stands for, and chroma's alike: what restoration does to
// chroma, it does where most of its energy is.
func (c *chooser) choose(e *Encoder, t *Tile, sources []original, cells []Cells) {
	c.chosen, c.kept = make([]uint8, len(e.planes)), c.kept[:0]
	errors := make([]strengthErrors, len(e.planes))
	for k := range c.areas[0] {
		c.guides = false
		for i, def := range e.planes {
			if def.Alpha {
				continue
			}
			a := &c.areas[i][k]
			grid := c.filter(e, i, a, &cells[i])
			times := int64(1)
			if !def.Chroma {
				times = c.grid.seen[k].stands
			}
			var one strengthErrors
			c.add(&one, e, i, &sources[i], a, &grid, &c.areas[0][k].plane)
			errors[i].addTimes(&one, times)
		}
	}
	for i, def := range e.planes {
		if !def.Alpha {
			c.chosen[i] = errors[i].least()
			t.detail.raw.Put(uint32(c.chosen[i]), strengthBits)
		}
	}
}

// filter filters an area, and gives what is known of its cells.
func (c *chooser) filter(e *Encoder, plane int, a *area, cells *Cells) Grid {
	m, r := c.memory.again(), image.Rectangle{Min: a.rect.Min.Div(cell), Max: a.rect.Max.Div(cell)}
	grid := m.grid(r.Dx(), r.Dy(), 0)
	grid.take(cells, r, 0, 0)
	newFilter(m, e.steps[plane], e.planes[plane], &a.plane, &grid).all()
	return grid
}

// strengthErrors are squared errors by strength, but for what is alike.
type strengthErrors [1 << strengthBits]int64

// least is the strength of the least error.
func (e *strengthErrors) least() (best uint8) {
	for k, v := range e {
		if v < e[best] {
			best = uint8(k)
		}
	}
	return best
}

// addTimes adds errors some times.
func (e *strengthErrors) addTimes(o *strengthErrors, times int64) {
	for k, v := range o {
		e[k] += times * v
	}
}

// add adds the errors of the samples of an area that the image has.
func (c *chooser) add(errors *strengthErrors, e *Encoder, plane int, src *original, a *area, grid *Grid, luma *chroma.Plane) {
	at := a.rect.Min.Add(image.Pt(cell*src.x, cell*src.y))
	w, h := min(a.plane.W, src.samples.W-at.X), min(a.plane.H, src.samples.H-at.Y)
	if w <= 0 || h <= 0 {
		return
	}
	width, height := wholeBlocks(w), wholeBlocks(h)
	c.window.takePlane(&a.plane, e.planes[plane], 0, 0, width, height)
	if e.planes[plane].Chroma && !c.guides {
		c.window.takeGuide(&a.plane, luma, e.planes[plane], 0, 0, width, height)
		c.guides = true
	}
	c.window.uses(e.restorations, e.steps[plane], grid, 0, 0, width/block, height/block)
	c.window.classify(width/block, height/block)
	want, stride := src.at(a.rect.Min.X, a.rect.Min.Y)
	c.judge(errors, a, want, stride, w, h)
}

// judge adds the errors of the first w×h samples of the window, which is of an area, and keeps the sums of its blocks.
func (c *chooser) judge(errors *strengthErrors, a *area, want []uint16, stride, w, h int) {
	a.from, c.kept = len(c.kept), slices.Grow(c.kept, blocks*blocks)
	every := 1
	if c.some && c.window.kind == kindLuma {
		every = 2
	}
	whole := image.Point{} // blocks that a kernel judges
	if vector && w >= block && h >= block {
		whole = image.Pt(w/block, h/block)
		c.judgeWhole(errors, a, want, stride, whole, every)
	}
	weights := &weightsOf()[c.window.kind]
	for by := range wholeBlocks(h) / block {
		from := 0
		if by < whole.Y {
			from = whole.X
		}
		for bx := from; bx < wholeBlocks(w)/block; bx++ {
			class := c.window.class[by][bx]
			if class < 0 || len(weights[class]) == 0 || (bx+by)%every > 0 {
				continue
			}
			kept := c.keep(block*by*a.plane.Stride + block*bx)
			c.window.sums(&kept.sums, weights[class], bx, by)
			errors.addBlock(want[block*by*stride+block*bx:], stride, a.plane.Pix[kept.at:], a.plane.Stride, &kept.sums, min(block, w-block*bx), min(block, h-block*by))
		}
	}
	a.to = len(c.kept)
}

// judgeWhole is judge of whole blocks by a kernel, of which every so many are judged.
func (c *chooser) judgeWhole(errors *strengthErrors, a *area, want []uint16, stride int, whole image.Point, every int) {
	w := &c.window
	k := judging{window: w, weights: &weightsOf()[w.kind], errors: errors, every: every, across: whole.X, stride: sampleBytes * stride}
	for by := range whole.Y {
		k.first, k.row, k.at, k.place = by%every, blocks*by, w.at(0, block*by), block*by*a.plane.Stride
		k.want = &want[block*by*stride:][:(block-1)*stride+block*whole.X][0]
		if w.kind == kindLuma {
			judgePlain(&k)
			continue
		}
		k.kept = &c.kept[:len(c.kept)+1][len(c.kept)]
		judgeGuided(&k)
		c.kept, k.n = c.kept[:len(c.kept)+k.n], 0
	}
}

// judging is what kernels work on that judge blocks of a row of a window.
type judging struct {
	window       *window
	weights      *[classes][]weighted
	errors       *strengthErrors
	first, every int // of the row, and from one to the next
	across       int // where the row ends
	row          int // number of the block that it begins with in the window
	at           int // of that in the window
	want         *uint16
	stride       int       // from row to row of what samples should be, in bytes
	place        int       // of the row in the plane of its area
	kept         *keptSums // of chroma, with room for all blocks
	n            int       // blocks of which sums are kept
}

// keep makes room for the sums of a block, which are kept of chroma.
func (c *chooser) keep(at int) *keptSums {
	if c.window.kind == kindLuma {
		c.unkept.at = at
		return &c.unkept
	}
	n := len(c.kept)
	c.kept = c.kept[:n+1]
	c.kept[n].at = at
	return &c.kept[n]
}

// addBlock adds the errors of the first w×h samples of a block whose sums are known.
func (e *strengthErrors) addBlock(want []uint16, wantStride int, got []uint16, gotStride int, sums *[block * block]int32, w, h int) {
	for y := range h {
		for x := range w {
			e.add(int32(want[y*wantStride+x]), got[y*gotStride+x], sums[y*block+x])
		}
	}
}

// add adds the errors of a sample whose sum is known.
func (e *strengthErrors) add(want int32, got uint16, sum int32) {
	for k, strength := range strengths {
		d := int64(want - int32(restored(got, sum, strength)))
		e[k] += d * d
	}
}
