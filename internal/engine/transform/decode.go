package transform

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Decoder decodes the tiles of a file. It is read-only and may be shared.
type Decoder struct {
	step         int32
	planes       []Plane
	steps        []*steps // of each plane
	classes      bool     // whether tiles have step classes
	tables       []rans.DecTable
	restorations *restorations // nil where nothing is restored
	guides       bool          // whether tiles say how much luma guides chroma
	predicts     bool          // whether leaves have modes
}

// NewDecoder takes the step of the plan and the payload of the tables. The error is
// rans.ErrCorrupt where the tables are damaged.
func NewDecoder(step int, planes []Plane, payload []byte) (*Decoder, error) {
	return newDecoder(step, planes, payload, false)
}

// newDecoder is NewDecoder, also for tiles of a Predicting encoder.
func newDecoder(step int, planes []Plane, payload []byte, predicts bool) (*Decoder, error) {
	tables, err := parseTables(payload, predicts)
	if err != nil {
		return nil, err
	}
	d := &Decoder{step: int32(step), planes: planes, tables: rans.NewDecTables(tables), predicts: predicts}
	for range planes {
		d.steps = append(d.steps, plainSteps(step))
	}
	return d, nil
}

// Overview decodes a tile's overview; rects as in Encoder.Tile.
func (d *Decoder) Overview(segment []byte, rects []image.Rectangle) ([]Cells, error) {
	var r rans.Decoder
	if err := r.Init(segment); err != nil {
		return nil, err
	}
	cells := d.blankCells(rects)
	for i, p := range d.planes {
		cells[i].codeOverview(p.kind(), func(_, ctx int, pred int32) int32 {
			return clampTo(pred+getResidual(&r, d.tables, ctx), maxOverview)
		}, r.Overrun)
	}
	d.decodeRims(&r, cells)
	if err := r.Finish(); err != nil {
		return nil, err
	}
	return cells, nil
}

// blankCells stand for a lost overview: mid-scale everywhere.
func (d *Decoder) blankCells(rects []image.Rectangle) []Cells {
	c := make([]Cells, len(rects))
	for i := range c {
		c[i] = newCells(rects[i], d.steps[i], d.planes[i])
	}
	return c
}

// Level3 writes the overview of a plane as samples of level 3, one for each cell, to dst
// from (x,y) on.
func (d *Decoder) Level3(dst *chroma.Plane, x, y int, c *Cells) {
	values := c.shown()
	for j := range c.h {
		row := dst.Pix[(y+j)*dst.Stride+x:][:c.w]
		for i, q := range values[j*c.w:][:c.w] {
			row[i] = c.scale.sample(q)
		}
	}
}

// DecoderScratch is the memory of one decoding goroutine.
type DecoderScratch struct {
	synthesis synthesis
	mag       magnitudes
	levels    levelScratch
	predicted [maxN * maxN]uint16
	edges     boundary
}

// Detail decodes a tile's detail into the rectangle of dst[i] that begins at at[i]; cells
// are what Overview gave, and receive the leaves.
func (d *Decoder) Detail(scratch *DecoderScratch, segment []byte, cells []Cells, dst []chroma.Plane, at []image.Point) error {
	var r rans.Decoder
	if err := r.Init(segment); err != nil {
		return err
	}
	predictors := make([]*predictor, len(cells))
	for i := range cells {
		p := planeDecoder{d, scratch, &r, &cells[i], &cells[0], d.planes[i], &dst[i], at[i], nil}
		if d.predicts {
			predictors[i] = newPredictor(predictors, d.planes, i, &cells[i], dst[i].Pix[at[i].Y*dst[i].Stride+at[i].X:], dst[i].Stride)
			p.predictor = predictors[i]
		}
		for root := range p.cells.roots {
			p.read(root)
			if r.Overrun() {
				return rans.ErrCorrupt
			}
		}
	}
	if d.restorations != nil {
		for i, p := range d.planes {
			if !p.Alpha {
				cells[i].strength = uint8(r.Bits(strengthBits))
			}
		}
	}
	if d.guides {
		for i, p := range d.planes {
			if p.Half {
				cells[i].guide = uint8(r.Bits(strengthBits))
			}
		}
	}
	return r.Finish()
}

// Conceal renders a tile whose detail is lost from its overview alone: leaves of 32 without
// AC levels.
func (d *Decoder) Conceal(scratch *DecoderScratch, cells []Cells, dst []chroma.Plane, at []image.Point) {
	for i := range cells {
		p := planeDecoder{decoder: d, scratch: scratch, cells: &cells[i], luma: &cells[0], dst: &dst[i], at: at[i]}
		for root := range p.cells.roots {
			p.leaf(root, modeNone, 0)
		}
	}
}

// planeDecoder decodes one plane of a tile.
type planeDecoder struct {
	decoder *Decoder
	scratch *DecoderScratch
	src     *rans.Decoder
	cells   *Cells
	luma    *Cells
	def     Plane
	dst     *chroma.Plane
	at      image.Point // of the tile, in dst

	predictor *predictor // nil where nothing is predicted
}

func (p *planeDecoder) symbol(ctx int) int { return p.src.Symbol(&p.decoder.tables[ctx]) }

// read reads the split flags and leaves under a node.
func (p *planeDecoder) read(n node) {
	split := n.lg > cellLog2 && p.symbol(p.cells.splitContext(p.def.kind(), n)) != 0
	if p.decoder.classes {
		p.class(n, split)
	}
	if split {
		for i := range 4 {
			p.read(n.child(i))
		}
		return
	}
	mode := modeNone
	if p.predictor != nil {
		m := p.predictor.modeContext(n)
		mode = m.get(p.src, p.decoder.tables)
		p.cells.setMode(n, mode)
	}
	last := p.symbol(p.cells.lastContext(p.def.kind(), n))
	p.cells.setLast(n, last)
	p.leaf(n, mode, last)
}

// class reads the class of a node of luma, or finds the one of a leaf of chroma.
func (p *planeDecoder) class(n node, split bool) {
	switch {
	case p.cells == p.luma && hasClass(n, split):
		p.cells.setClass(n, uint8(p.symbol(p.cells.classContext(n, split))))
	case p.def.Chroma && !split:
		p.cells.setClass(n, p.cells.classUnder(p.luma, n, p.def.times()))
	}
}

// leaf reads the levels of a leaf up to a last group, and renders it.
func (p *planeDecoder) leaf(n node, mode, last int) {
	p.cells.setLeaf(n)
	s := &p.scratch.synthesis
	s.begin(p.cells, n)
	if mode != modeNone {
		p.predictor.gather(n)
		p.predictor.predict(p.scratch.predicted[:], n, mode)
		s.predict(p.scratch.predicted[:1<<(2*n.lg)])
	}
	if last > 0 {
		p.levels(n, last)
	}
	dst := p.dst.Pix[p.index(n):]
	s.samples(dst, p.dst.Stride)
	p.cells.putEnds(n, dst, p.dst.Stride)
}

// levels reads the AC levels of a leaf, diagonal by diagonal: the contexts of a diagonal
// depend on later ones only.
func (p *planeDecoder) levels(n node, last int) {
	steps := p.cells.stepsOf(n)
	if steps.dependent {
		p.dependentLevels(n, last, steps)
		return
	}
	mag, edges := &p.scratch.mag, p.edges(n)
	mag.begin(n.lg)
	tables := p.decoder.tables[acContext(p.def.kind(), n.lg):]
	places := scanOf(n.lg).through(last)
	for len(places) > 0 {
		if edges == nil {
			done, found := p.scratch.levels.symbols(p.src, tables, mag, places)
			p.takeFound(found, &steps)
			if places = places[done:]; len(places) == 0 {
				return
			}
		}
		at := places[0]
		places = places[1:]
		i := int(at.mag)
		k := int32(p.src.Symbol(&tables[int(at.ctx)+mag.class(i)]))
		if k == 0 {
			continue
		}
		step := steps.of(int(at.coef))
		negative := p.negative(edges, at.coef, k, step)
		if k == escape {
			k += int32(min(p.src.ExpGolomb(), maxEscape))
		}
		mag[i] = uint8(min(k, magnitudeCap))
		p.take(edges, at.coef, k, step, negative)
	}
}

// foundLevel is a level that is not 0, without its sign.
type foundLevel struct{ coef, level uint16 }

// takeFound reads the signs of levels and gives their coefficients.
func (p *planeDecoder) takeFound(found []foundLevel, steps *leafSteps) {
	s := &p.scratch.synthesis
	for len(found) > 0 {
		n := min(len(found), 32)
		signs := int32(p.src.Bits(n) << (32 - n))
		for _, f := range found[:n] {
			c, sign := coefficient(int32(f.level), steps.of(int(f.coef))), signs>>31
			signs <<= 1
			s.set(int(f.coef), c^sign-sign)
		}
		found = found[n:]
	}
}

// dependentLevels is levels where they are dependent.
func (p *planeDecoder) dependentLevels(n node, last int, steps leafSteps) {
	mag, edges := &p.scratch.mag, p.edges(n)
	mag.begin(n.lg)
	var tables [states][]rans.DecTable
	for s := range tables {
		tables[s] = p.decoder.tables[dependentContext(p.def.kind(), n.lg, uint8(s)):]
	}
	state := uint8(0)
	for _, at := range scanOf(n.lg).through(last) {
		i := int(at.mag)
		k := int32(p.src.Symbol(&tables[state][int(at.ctx)+mag.class(i)]))
		if k == 0 {
			state = nextState[state][0]
			continue
		}
		unit := steps.unit(int(at.coef))
		negative := p.negative(edges, at.coef, multipleOf(k, state), unit)
		if k == escape {
			k += int32(min(p.src.ExpGolomb(), maxEscape/2))
		}
		mag[i] = uint8(min(k, magnitudeCap))
		p.take(edges, at.coef, multipleOf(k, state), unit, negative)
		state = nextState[state][k&1]
	}
}

// take gives a coefficient its magnitude, a multiple of a unit, and its sign.
func (p *planeDecoder) take(edges *boundary, coef uint16, k, unit int32, negative bool) {
	if negative {
		k = -k
	}
	c := coefficient(k, unit)
	p.scratch.synthesis.set(int(coef), c)
	if edges != nil {
		edges.take(coef, c)
	}
}

// negative reads the sign of a level of which the symbol is known.
func (p *planeDecoder) negative(edges *boundary, coef uint16, k, unit int32) bool {
	if edges == nil {
		return p.src.Bits(1) != 0
	}
	ctx, expected := edges.sign(coef, k, unit)
	return p.symbol(ctx) != 0 != expected
}

// edges takes up a leaf whose signs have contexts; without prediction they have none.
func (p *planeDecoder) edges(n node) *boundary {
	if p.predictor == nil {
		return nil
	}
	e := &p.scratch.edges
	e.begin(n, &p.scratch.synthesis, p.dst.Pix, p.index(n), p.dst.Stride)
	return e
}

// index is the one of the first sample of a node.
func (p *planeDecoder) index(n node) int {
	return (p.at.Y+cell*n.y)*p.dst.Stride + p.at.X + cell*n.x
}

// Filter smooths decoded planes, and then the borders of their leaves, but of alpha, whose full
// and no opacity it would touch.
func (d *Decoder) Filter(ctx context.Context, workers int, planes []chroma.Plane, grids []Grid) error {
	return d.filter(ctx, workers, new(memory), planes, grids)
}

// filter is Filter in memory.
func (d *Decoder) filter(ctx context.Context, workers int, m *memory, planes []chroma.Plane, grids []Grid) error {
	var f filters
	for i, p := range d.planes {
		if !p.Alpha {
			f = append(f, newFilter(m, d.steps[i], p, &planes[i], &grids[i]))
		}
	}
	return f.run(ctx, workers)
}
