package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// Decoder decodes the tiles of a file. It is read-only and may be shared.
type Decoder struct {
	step   int32
	planes []Plane
	tables []rans.DecTable
}

// NewDecoder takes the step of the header and the payload of the tables. The
// error is rans.ErrCorrupt where the tables are damaged.
func NewDecoder(step int, planes []Plane, payload []byte) (*Decoder, error) {
	tables, err := parseTables(payload)
	if err != nil {
		return nil, err
	}
	return &Decoder{step: int32(step), planes: planes, tables: rans.NewDecTables(tables)}, nil
}

// Cells is the decoded state of a tile's plane on its 8×8 grid.
type Cells struct{ cells }

// Front decodes a tile's front segment; rects as in Encoder.Tile.
func (d *Decoder) Front(segment []byte, rects []image.Rectangle) ([]Cells, error) {
	var r rans.Decoder
	if err := r.Init(segment); err != nil {
		return nil, err
	}
	planes := make([]Cells, len(rects))
	for i := range planes {
		planes[i].cells = newCells(rects[i])
		if err := decodeFront(&r, d.tables, &planes[i].cells, d.planes[i].kind()); err != nil {
			return nil, err
		}
	}
	if err := d.decodeRim(&r, planes); err != nil {
		return nil, err
	}
	if err := r.Finish(); err != nil {
		return nil, err
	}
	return planes, nil
}

// Overview writes the front image as plane samples, one per cell, to dst at
// (x,y).
func (d *Decoder) Overview(dst *chroma.Plane, x, y int, c *Cells) {
	fs := frontStep(int(d.step))
	values := c.front
	if c.shown != nil {
		values = c.shown
	}
	for j := range c.h {
		row := dst.Pix[(y+j)*dst.Stride+x:][:c.w]
		for i, q := range values[j*c.w:][:c.w] {
			row[i] = overviewSample(q, fs)
		}
	}
}

// overviewSample is the sample of the overview that a front value stands for.
func overviewSample(q, frontStep int32) uint16 {
	return clampSample((q*frontStep+2)>>2 + chroma.Centre)
}

// DecoderScratch is the memory of one decoding goroutine.
type DecoderScratch struct {
	tr   transformer
	coef [maxN * maxN]int32
	mag  [magSize]uint8
}

// Body decodes a tile's body segment into the rectangle of dst[i] that begins
// at at[i]; front is what Front gave, and receives the leaf sizes.
func (d *Decoder) Body(s *DecoderScratch, segment []byte, front []Cells, dst []chroma.Plane, at []image.Point) error {
	p := planeDecoder{Decoder: d, s: s}
	if err := p.r.Init(segment); err != nil {
		return err
	}
	for i := range front {
		p.cells, p.kind = &front[i].cells, d.planes[i].kind()
		p.dst, p.origin = &dst[i], at[i]
		for y := 0; y < p.cells.h; y += 4 {
			for x := 0; x < p.cells.w; x += 4 {
				p.node(5, x, y)
			}
			if p.r.Overrun() {
				return rans.ErrCorrupt
			}
		}
	}
	return p.r.Finish()
}

type planeDecoder struct {
	*Decoder
	s      *DecoderScratch
	r      rans.Decoder
	cells  *cells
	kind   int
	dst    *chroma.Plane
	origin image.Point
}

func (p *planeDecoder) node(lg, x, y int) {
	if lg > tree.Base {
		ctx := splitContext(p.kind, lg, p.cells.smaller(lg, x, y))
		if p.r.Symbol(&p.tables[ctx]) != 0 {
			half := 1 << (lg - 4)
			for c := range 4 {
				p.node(lg-1, x+c&1*half, y+c>>1*half)
			}
			return
		}
	}
	p.leaf(lg, x, y)
}

func (p *planeDecoder) leaf(lg, x, y int) {
	c := p.cells
	last := p.r.Symbol(&p.tables[c.lastContext(p.kind, lg, x, y)])
	c.mark(c.last, x, y, lg, uint8(last))
	p.render(lg, x, y, last)
}

// render marks a leaf, takes its levels up to a last group and transforms it.
func (p *planeDecoder) render(lg, x, y, last int) {
	p.cells.mark(p.cells.size, x, y, lg, uint8(lg))
	n := 1 << lg
	pix := p.dst.Pix[(p.origin.Y+8*y)*p.dst.Stride+p.origin.X+8*x:]
	clear(p.s.coef[:n*n])
	ext := p.cells.low(p.s.coef[:], lg, x, y, frontStep(int(p.step)))
	if last > 0 {
		p.ac(lg, last, &ext)
	}
	p.s.tr.inverse(pix, p.dst.Stride, p.s.coef[:n*n], n, lg, ext.u+1, ext.v+1, ext.l1)
}

// extent bounds the coefficients of a leaf: highest u and v, and the sum of
// their magnitudes.
type extent struct{ u, v, l1 int }

// add enters the value of a coefficient of a leaf.
func (e *extent) add(coef, lg int, v int32) {
	e.u, e.v = max(e.u, coef>>lg), max(e.v, coef&(1<<lg-1))
	e.l1 += int(max(v, -v))
}

// saturate keeps a coefficient in 16 bits (FORMAT.md, "Front image" and "AC levels").
func saturate(v int32) int32 { return min(max(v, -1<<15), 1<<15-1) }

// low derives the low block of a leaf from the front image.
func (c *cells) low(coef []int32, lg, x, y int, frontStep int32) (ext extent) {
	m := 1 << (lg - 3)
	var front, low [16]int32
	for i := range m * m {
		front[i] = c.front[(y+i%m)*c.w+x+i/m] * frontStep
	}
	lowband(&low, &front, &toLow, m)
	for i, v := range low[:m*m] {
		if k := saturate(v); k != 0 {
			at := i/m<<lg + i%m
			coef[at] = k
			ext.add(at, lg, k)
		}
	}
	return ext
}

// ac decodes the AC levels of a leaf, diagonal by diagonal: the contexts of a
// diagonal depend on later ones only.
func (p *planeDecoder) ac(lg, last int, ext *extent) {
	s := &scans[lg-3]
	mag := &p.s.mag
	clear(mag[:])
	tables := p.tables[acContext(p.kind, lg):]
	for _, at := range s.pos[s.start[last]:] {
		i := int(at.mag)
		k := p.r.Symbol(&tables[int(at.ctx)+int(magnitudeClass[neighbourhood(mag, i)])])
		if k == 0 {
			continue
		}
		level := int32(k)
		negative := p.r.Bits(1) != 0
		if k == rans.Symbols-1 {
			level += int32(min(p.r.ExpGolomb(), maxLevel))
		}
		mag[i] = uint8(min(level, magCap))
		level = saturate(level * p.step)
		if negative {
			level = -level
		}
		p.s.coef[at.coef] = level
		ext.add(int(at.coef), lg, level)
	}
}

// maxLevel keeps level·step in 32 bits; from it on every product saturates.
const maxLevel = 1<<16 - rans.Symbols

// Sizes returns the log2 of the leaf's side of every cell, row by row of w.
func (c *Cells) Sizes() (size []uint8, w int) { return c.size, c.w }

// Conceal renders a tile whose body is lost from its front image alone: leaves
// of 32 without AC. Without a front image (nil) it renders mid-scale.
func (d *Decoder) Conceal(s *DecoderScratch, front []Cells, dst []chroma.Plane, rects []image.Rectangle, at []image.Point) []Cells {
	if front == nil {
		front = BlankCells(rects)
	}
	p := planeDecoder{Decoder: d, s: s}
	for i := range front {
		p.cells, p.dst, p.origin = &front[i].cells, &dst[i], at[i]
		for y := 0; y < p.cells.h; y += 4 {
			for x := 0; x < p.cells.w; x += 4 {
				p.render(5, x, y, 0)
			}
		}
	}
	return front
}

// BlankCells stands for a lost front image: mid-scale everywhere.
func BlankCells(rects []image.Rectangle) []Cells {
	c := make([]Cells, len(rects))
	for i := range c {
		c[i].cells = newCells(rects[i])
	}
	return c
}
