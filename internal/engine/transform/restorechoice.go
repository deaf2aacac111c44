package transform

import (
	"context"
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
)

// chooser chooses how strongly the planes of a tile are restored: so that the squared error is
// smallest, over areas that are decoded as if there were nothing around.
type chooser struct {
	areas  [][]area // of each plane
	window window
}

// area is a part of a plane of a tile.
type area struct {
	rect  image.Rectangle // in samples of the tile, with its padding
	plane chroma.Plane
}

// areaSide is the side of an area in pixels, a whole number of roots also of chroma of half the
// resolution.
const areaSide = 2 * maxN

// allAreas is how many areas of a tile are all looked at, and of more every areaStep-th.
const (
	allAreas = 16
	areaStep = 4
)

// lay lays out the areas of a plane of a tile, which are the same of all its planes.
func (c *chooser) lay(i int, def Plane, cells *Cells) {
	for len(c.areas) <= i {
		c.areas = append(c.areas, nil)
	}
	c.areas[i] = c.areas[i][:0]
	side := areaSide
	if def.Half {
		side /= 2
	}
	tile := image.Rect(0, 0, cell*cells.w, cell*cells.h)
	across, down := (tile.Dx()+side-1)/side, (tile.Dy()+side-1)/side
	for k := range across * down {
		x, y := k%across, k/across
		if across*down <= allAreas || (x+2*y)%areaStep == 0 {
			rect := image.Rect(0, 0, side, side).Add(image.Pt(side*x, side*y)).Intersect(tile)
			c.areas[i] = append(c.areas[i], area{rect, chroma.NewPlane(rect.Dx(), rect.Dy())})
		}
	}
}

// take decodes what lies in areas of a plane that is coded, before the next one is.
func (c *chooser) take(p *planeEncoder) {
	c.lay(p.index, p.encoder.planes[p.index], p.cells)
	for _, l := range p.scratch.leaves {
		at := image.Pt(cell*l.node.x, cell*l.node.y)
		i := slices.IndexFunc(c.areas[p.index], func(a area) bool { return at.In(a.rect) })
		if i < 0 {
			continue
		}
		a := &c.areas[p.index][i]
		at = at.Sub(a.rect.Min)
		p.render(&l, a.plane.Pix[at.Y*a.plane.Stride+at.X:], a.plane.Stride)
	}
}

// render decodes a leaf whose levels the scratch keeps.
func (p *planeEncoder) render(l *codedLeaf, dst []uint16, stride int) {
	s := &p.scratch.synthesis
	s.begin(p.cells, l.node)
	for _, level := range p.scratch.levels[l.from:l.to] {
		s.setLevel(int(level.coef), level.level, int32(p.encoder.rates.step))
	}
	s.samples(dst, stride)
	p.cells.putEnds(l.node, dst, stride)
}

// choose appends the strengths to a tile.
func (c *chooser) choose(e *Encoder, t *Tile, sources []original, cells []Cells) {
	for i, def := range e.planes {
		if def.Alpha {
			continue
		}
		grid := cells[i].grid(0)
		for k := range c.areas[i] {
			a := &c.areas[i][k]
			g := grid.part(image.Rectangle{Min: a.rect.Min.Div(cell), Max: a.rect.Max.Div(cell)})
			// Without an end of the context there is no error.
			filterPlane(context.Background(), 1, int32(e.rates.step), &a.plane, &g)
		}
	}
	for i, def := range e.planes {
		if def.Alpha {
			continue
		}
		var errors strengthErrors
		for k := range c.areas[i] {
			c.add(&errors, e.restoration, def, &sources[i], &c.areas[i][k], &c.areas[0][k].plane)
		}
		t.detail.raw.Put(uint32(errors.least()), strengthBits)
	}
}

// strengthErrors are squared errors by strength, but for what is alike.
type strengthErrors [1 << strengthBits]int64

// least is the strength of the least error.
func (e *strengthErrors) least() (best int) {
	for k, v := range e {
		if v < e[best] {
			best = k
		}
	}
	return best
}

// add adds the errors of the samples of an area that the image has.
func (c *chooser) add(errors *strengthErrors, r *restoration, def Plane, src *original, a *area, luma *chroma.Plane) {
	c.window.take(&a.plane, luma, def, 0, 0)
	at := a.rect.Min.Add(image.Pt(cell*src.x, cell*src.y))
	w, h := min(a.plane.W, src.samples.W-at.X), min(a.plane.H, src.samples.H-at.Y)
	if w <= 0 || h <= 0 {
		return
	}
	c.window.classify(r.step, wholeBlocks(w)/block, wholeBlocks(h)/block)
	var sums [block * block]int32
	for by := range wholeBlocks(h) / block {
		for bx := range wholeBlocks(w) / block {
			if c.window.class[by][bx] < 0 {
				continue
			}
			r.sums(&sums, &c.window, bx, by)
			for y := block * by; y < min(block*(by+1), h); y++ {
				want := src.samples.Pix[(at.Y+y)*src.samples.Stride+at.X:]
				for x := block * bx; x < min(block*(bx+1), w); x++ {
					errors.add(int32(want[x]), a.plane.Pix[y*a.plane.Stride+x], sums[y%block*block+x%block])
				}
			}
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
