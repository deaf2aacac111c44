package transform

import "image"

// Grid is what filters and pixels need to know of the cells of a plane, row by row.
type Grid struct {
	w, h int
	ends []int8 // as overviewScale.end says
	of   []trait
}

// trait is what filters need to know of a cell.
type trait struct {
	mean     int32 // as overviewScale.mean says
	size     uint8 // log2 of its leaf's side
	bare     bool  // whether its leaf has neither AC levels nor a mode
	strength uint8 // the number of the strength of its restoration
	guide    uint8 // the number of how much luma guides it
	class    uint8 // its step class
}

// traitBytes is the memory of a trait.
const traitBytes = 12

// newGrid has w×h cells; of level 3, which is not filtered, they have no traits.
func newGrid(w, h, level int) Grid {
	g := Grid{w: w, h: h, ends: make([]int8, w*h)}
	if level == 0 {
		g.of = make([]trait, w*h)
	}
	return g
}

// bytes is the memory of a grid.
func (g *Grid) bytes() int64 { return int64(len(g.ends) + traitBytes*len(g.of)) }

// put copies a grid to where its first cell is (x,y), as far as g reaches.
func (g *Grid) put(src *Grid, x, y int) {
	within := image.Rect(x, y, x+src.w, y+src.h).Intersect(image.Rect(0, 0, g.w, g.h))
	for j := within.Min.Y; j < within.Max.Y; j++ {
		from, to, n := (j-y)*src.w+within.Min.X-x, j*g.w+within.Min.X, within.Dx()
		copy(g.ends[to:], src.ends[from:][:n])
		if src.of != nil {
			copy(g.of[to:], src.of[from:][:n])
		}
	}
}

// part is a copy of some of a grid.
func (g *Grid) part(r image.Rectangle) Grid {
	p := newGrid(r.Dx(), r.Dy(), 0)
	for j := range r.Dy() {
		at := (r.Min.Y+j)*g.w + r.Min.X
		copy(p.ends[j*p.w:][:p.w], g.ends[at:])
		copy(p.of[j*p.w:][:p.w], g.of[at:])
	}
	return p
}

// GridsOf are the grids of a tile's planes at level 0, when their leaves are decoded, or 3.
func GridsOf(planes []Cells, level int) []Grid {
	grids := make([]Grid, len(planes))
	for i := range planes {
		grids[i] = planes[i].grid(level)
	}
	return grids
}

// bare tells whether the leaf at a cell is made of the overview alone.
func (c *Cells) bare(at int) bool {
	return c.last[at] == 0 && (c.modes == nil || c.modes[at] == modeNone)
}

func (c *Cells) grid(level int) Grid {
	g := newGrid(c.w, c.h, level)
	g.take(c, c.bounds(), 0, 0)
	return g
}

// take takes up the cells r, the first of which becomes (x,y).
func (g *Grid) take(c *Cells, r image.Rectangle, x, y int) {
	values := c.overview
	if g.of == nil {
		values = c.shown()
	}
	scale := c.scale
	for j := range r.Dy() {
		at, to := (r.Min.Y+j)*c.w+r.Min.X, (y+j)*g.w+x
		row := values[at:][:r.Dx()]
		ends := g.ends[to:][:len(row)]
		for i, q := range row {
			ends[i] = int8(scale.end(q))
		}
		if g.of == nil {
			continue
		}
		of, size, class := g.of[to:][:len(row)], c.size[at:][:len(row)], c.class[at:][:len(row)]
		for i, q := range row {
			t := &of[i] // field by field: a literal is copied from where it is not written yet
			t.mean, t.size, t.bare = scale.mean(q), size[i], c.bare(at+i)
			t.strength, t.guide, t.class = c.strength, c.guide, class[i]
		}
	}
}
