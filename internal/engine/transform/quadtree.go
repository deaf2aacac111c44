package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/internal/hugepages"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

const (
	cellLog2 = tree.Base // of the side of a cell, which is the smallest leaf
	cell     = 1 << cellLog2
	rootLog2 = 5 // of the side of a root, which is the largest leaf
	maxN     = 1 << rootLog2

	sizes     = rootLog2 - cellLog2 + 1 // of leaves
	rootCells = maxN / cell             // along the side of a root
)

// node is a square of a quadtree with 1<<lg samples a side; (x,y) is its first cell.
type node struct{ lg, x, y int }

// cells is the number of cells along a side.
func (n node) cells() int { return 1 << (n.lg - cellLog2) }

// child is one of the four children, in the order of the format.
func (n node) child(i int) node {
	half := n.cells() / 2
	return node{n.lg - 1, n.x + i&1*half, n.y + i>>1*half}
}

// Cells is what is known of a tile's plane on its grid of cells.
type Cells struct {
	w, h     int
	size     []uint8 // log2 of the leaf's side
	last     []uint8 // its last group
	class    []uint8 // its step class
	overview []int32 // in steps
	level3   []int32 // what level 3 shows instead, nil where that is nothing else
	scale    overviewScale
	steps    *steps
	strength uint8       // the number of the strength of its restoration
	guide    uint8       // the number of how much luma guides it
	modes    []uint8     // of leaves, nil where none is predicted
	seen     image.Point // how many samples across and down lie in the image
}

// newCells has the cells of a rectangle of a plane, padded, whose overview is mid-scale.
func newCells(r image.Rectangle, s *steps, p Plane) Cells { return new(Cells).renewed(r, s, p) }

// renewed is newCells in memory of cells that nobody needs any longer.
func (c *Cells) renewed(r image.Rectangle, s *steps, p Plane) Cells {
	padded := pad(r)
	w, h := padded.Dx()/cell, padded.Dy()/cell
	of := Cells{w: w, h: h, size: zeroed(c.size, w*h), last: zeroed(c.last, w*h), class: hugepages.Sized(c.class, w*h), overview: zeroed(c.overview, w*h+overviewSpare)[:w*h],
		scale: newOverviewScale(int(s.plan), p), steps: s, seen: r.Size()}
	for i := range of.class {
		of.class[i] = middleClass
	}
	return of
}

// zeroed is hugepages.Sized of elements that are 0.
func zeroed[T any](s []T, n int) []T {
	s = hugepages.Sized(s, n)
	clear(s)
	return s
}

// bounds are all cells.
func (c *Cells) bounds() image.Rectangle { return image.Rect(0, 0, c.w, c.h) }

// stepsOf are the steps of a leaf whose class is known.
func (c *Cells) stepsOf(n node) leafSteps {
	s := c.steps.leaf(n.lg, c.class[c.index(n.x, n.y)])
	s.dependent = c.isDependent(n)
	return s
}

// baseOf is the step of a leaf whose class is known, before its weights.
func (c *Cells) baseOf(n node) int32 { return c.steps.base[c.class[c.index(n.x, n.y)]] }

// shown are the values that level 3 shows.
func (c *Cells) shown() []int32 {
	if c.level3 != nil {
		return c.level3
	}
	return c.overview
}

func (c *Cells) index(x, y int) int { return y*c.w + x }

// roots visits the roots of the quadtrees in coding order.
func (c *Cells) roots(yield func(node) bool) {
	for y := 0; y < c.h; y += rootCells {
		for x := 0; x < c.w; x += rootCells {
			if !yield(node{rootLog2, x, y}) {
				return
			}
		}
	}
}

// setLeaf makes a node a leaf, and setLast states its last group.
func (c *Cells) setLeaf(n node) { c.fill(c.size, n, uint8(n.lg)) }

func (c *Cells) setLast(n node, last int) { c.fill(c.last, n, uint8(last)) }

func (c *Cells) setMode(n node, mode int) { c.fill(c.modes, n, uint8(mode)) }

func (c *Cells) fill(m []uint8, n node, v uint8) {
	for j := range n.cells() {
		row := m[c.index(n.x, n.y+j):][:n.cells()]
		for i := range row {
			row[i] = v
		}
	}
}

// isLeaf tells whether the leaf at a node's first cell is the node.
func (c *Cells) isLeaf(n node) bool { return int(c.size[c.index(n.x, n.y)]) == n.lg }

// splitContext is the context of a node's split flag: how many of the leaves on the left
// and above are smaller.
func (c *Cells) splitContext(kind int, n node) int {
	at, smaller := c.index(n.x, n.y), 0
	if n.x > 0 && int(c.size[at-1]) < n.lg {
		smaller++
	}
	if n.y > 0 && int(c.size[at-c.w]) < n.lg {
		smaller++
	}
	return splitContext(kind, n.lg, smaller)
}

// lastContext is the context of a leaf's last group.
func (c *Cells) lastContext(kind int, n node) int {
	at, sum := c.index(n.x, n.y), -1
	switch {
	case n.x > 0 && n.y > 0:
		sum = int(c.last[at-1]) + int(c.last[at-c.w])
	case n.x > 0:
		sum = 2 * int(c.last[at-1])
	case n.y > 0:
		sum = 2 * int(c.last[at-c.w])
	}
	return lastContext(kind, n.lg, sum)
}

// synthesis makes the samples of a leaf of its coefficients. It notes how far these reach,
// so that zeros take no time.
type synthesis struct {
	dct    transformer
	lg     int
	coef   [maxN * maxN]int32
	extent extent
	base   []uint16 // what is predicted, nil where nothing is
}

// begin takes up a leaf: its low block follows from the overview, all else is 0.
func (s *synthesis) begin(c *Cells, n node) {
	clear(s.coef[:(s.extent.u+1)<<s.lg]) // of the last leaf
	s.lg, s.extent, s.base = n.lg, extent{}, nil
	m := n.cells()
	var values lowValues
	for j := range m {
		for i, q := range c.overview[c.index(n.x, n.y+j):][:m] {
			values[i][j] = int64(c.scale.mean(q))
		}
	}
	values.toLow(m)
	for i := range m {
		for j, v := range values[i][:m] {
			if k := min(max(int32(v), -1<<15), 1<<15-1); k != 0 {
				s.set(i<<n.lg+j, k)
			}
		}
	}
}

// predict takes up what is predicted of the leaf, row by row: its low block follows from the overview all
// the same.
func (s *synthesis) predict(samples []uint16) {
	low := s.dct.low(samples, s.lg)
	s.predictLow(samples, &low)
}

// predictLow is predict of samples whose lowest coefficients are known.
func (s *synthesis) predictLow(samples []uint16, low *[rootCells * rootCells]int32) {
	s.base = samples
	m := 1 << (s.lg - cellLog2)
	for i, v := range low[:m*m] {
		if at := i/m<<s.lg + i%m; v != 0 {
			s.set(at, s.coef[at]-v)
		}
	}
}

// setLevels gives coefficients that are 0 levels that are not (FORMAT.md, "AC levels").
func (s *synthesis) setLevels(levels []acLevel, steps leafSteps) {
	unit, e, lg := steps.unit(0), s.extent, uint(s.lg)&31
	for i := range levels {
		at := int(levels[i].coef)
		if steps.weights != nil {
			unit = steps.unit(at)
		}
		v := coefficient(levels[i].level, unit)
		s.coef[at] = v
		e.u, e.v = max(e.u, at>>lg), max(e.v, at&(1<<lg-1))
		e.l1 += int(abs(v))
	}
	s.extent = e
}

// coefficient is the one that a level makes, or a multiple of a unit.
func coefficient(level, unit int32) int32 { return clampTo(level*unit, maxMagnitude) }

func (s *synthesis) set(coef int, v int32) {
	s.coef[coef] = v
	e := &s.extent
	e.u, e.v = max(e.u, coef>>s.lg), max(e.v, coef&(1<<s.lg-1))
	e.l1 += int(max(v, -v))
}

// samples writes the leaf to dst, in rows stride apart.
func (s *synthesis) samples(dst []uint16, stride int) {
	s.dct.inverse(dst, stride, s.coef[:1<<(2*s.lg)], s.lg, s.extent, s.base)
}

// maxMagnitude is the largest coefficient that a level makes. maxEscape is the most that an
// escaped level adds: it keeps level·step in 32 bits, and saturates at any step. Half of it is the most for
// dependent levels, which stand for about twice as many units.
const (
	maxMagnitude = 1<<15 - 1
	maxEscape    = 1<<16 - rans.Symbols
)

func abs(v int32) int32 { return max(v, -v) }
