package transform

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
)

// overviewEncoder finds the values of the overview of a plane.
type overviewEncoder struct {
	src   *original
	cells *Cells
	kind  int
	exact []int32 // the values before they are rounded to steps
	moved []bool  // whether a value of the leaf that begins here was refined

	endless   bool // whether the root at hand holds no end
	takenBack bool // whether values were that had been put
}

// overviewMemory is memory of the overview of a plane.
type overviewMemory struct {
	exact      []int32
	moved      []bool
	refinement refinement
}

// overviewOf has memory for the overview of plane i.
func (s *EncoderScratch) overviewOf(i int, src *original, c *Cells, kind int) overviewEncoder {
	for len(s.overviews) <= i {
		s.overviews = append(s.overviews, overviewMemory{})
	}
	m, n := &s.overviews[i], len(c.overview)
	m.exact, m.moved = zeroed(m.exact, n+overviewSpare), zeroed(m.moved, n)
	return overviewEncoder{src: src, cells: c, kind: kind, exact: m.exact[:n], moved: m.moved}
}

// refinement is how the overview of the plane is refined.
func (p *planeEncoder) refinement() *refinement {
	pixels := int64(1)
	if p.encoder.planes[p.index].Half {
		pixels = 4
	}
	return p.scratch.overviews[p.index].refinement.renewed(p.encoder.rates, p.kind, p.cells.scale.step, pixels)
}

// take finds the exact values of a leaf, from the statistics where it is flat and else
// from its coefficients, rounds them, and gives the squared error of its low block.
func (o *overviewEncoder) take(n node, flat bool, coefs []int32) (low int64) {
	m := n.cells()
	if m == 1 && !flat {
		return o.takeCell(n, coefs[0])
	}
	v, scale, ends := lowValues{}, &o.cells.scale, !o.endless && o.src.reachesEnd(n)
	if !flat {
		v.begin(coefs, n.lg)
	}
	for y := range m {
		at := o.cells.index(n.x, n.y+y)
		exacts, values := o.exact[at:][:m], o.cells.overview[at:][:m]
		for x := range exacts {
			exact := int32(v[x][y])
			if flat {
				exact = o.mean(n.x+x, n.y+y)
			}
			q := o.rounded(n.x+x, n.y+y, exact, ends)
			exacts[x], values[x], v[x][y] = exact, q, int64(exact-scale.mean(q))
		}
	}
	return v.lowSquares(m)
}

// rounded is the value of a cell that is nearest to an exact one, or of an end, if it may be one.
func (o *overviewEncoder) rounded(x, y int, exact int32, ends bool) int32 {
	if ends {
		if end := o.src.end(node{cellLog2, x, y}); end != 0 {
			return o.cells.scale.value(end)
		}
	}
	return o.cells.scale.nearest(exact)
}

// takeCell is take of the value of a leaf of one cell.
func (o *overviewEncoder) takeCell(n node, exact int32) (low int64) {
	at, q := o.cells.index(n.x, n.y), o.rounded(n.x, n.y, exact, !o.endless)
	o.exact[at], o.cells.overview[at] = exact, q
	d := int64(exact - o.cells.scale.mean(q))
	return d * d
}

// begin takes up the lowest coefficients of a leaf, and makes the exact values of its cells of them.
func (v *lowValues) begin(coefs []int32, lg int) {
	m := 1 << (lg - cellLog2)
	for i := range m {
		for j, c := range coefs[i<<lg:][:m] {
			v[i][j] = int64(c)
		}
	}
	v.toOverview(m)
}

// meansOf are the exact values of the cells of a leaf, column by column.
func meansOf(coefs []int32, lg int) (means [rootCells * rootCells]int32) {
	var v lowValues
	v.begin(coefs, lg)
	m := 1 << (lg - cellLog2)
	for i := range m {
		for j, mean := range v[i][:m] {
			means[i*m+j] = int32(mean)
		}
	}
	return means
}

// lowSquares is the sum of the squares of the coefficients that values of m×m cells make.
func (v *lowValues) lowSquares(m int) (sum int64) {
	v.toLow(m)
	for i := range m {
		for _, d := range v[i][:m] {
			sum += d * d
		}
	}
	return sum
}

// mean is the exact value of a cell: a sum of 64 samples in 1/16 level is 16 times too
// large.
func (o *overviewEncoder) mean(x, y int) int32 {
	l, i := o.src.stats(node{cellLog2, x, y})
	return int32(int64(l.Sum[i])-cell*cell*chroma.Centre+8) >> 4
}

// round rounds the values of a leaf to the nearest steps, but of its ends.
func (o *overviewEncoder) round(n node) {
	ends := !o.endless && o.src.reachesEnd(n)
	for y := n.y; y < n.y+n.cells(); y++ {
		at := o.cells.index(n.x, y)
		values := o.cells.overview[at:][:n.cells()]
		for x, exact := range o.exact[at:][:len(values)] {
			values[x] = o.rounded(n.x+x, y, exact, ends)
		}
	}
}

// takeBack takes back how the values of a leaf were refined.
func (o *overviewEncoder) takeBack(n node) {
	o.endless, o.takenBack = false, true
	o.round(n)
}

// lowError is the squared error of a leaf's low block.
func (o *overviewEncoder) lowError(n node) int64 {
	m := n.cells()
	if m == 1 {
		at := o.cells.index(n.x, n.y)
		d := int64(o.exact[at] - o.cells.scale.mean(o.cells.overview[at]))
		return d * d
	}
	var v lowValues
	for y := range m {
		at := o.cells.index(n.x, n.y+y)
		for x, q := range o.cells.overview[at:][:m] {
			v[x][y] = int64(o.exact[at+x] - o.cells.scale.mean(q))
		}
	}
	return v.lowSquares(m)
}

// refinement says where values of the overview of a plane are moved one step towards their prediction: where that saves more bits
// than it costs in error.
type refinement struct {
	rates  *rates
	kind   int
	step   int32
	pixels int64 // that have the error of a sample
	// gains are, by class of the gradient and distance from the prediction, above what an error must be towards it, in halves.
	gains [gradientClasses][farResidual]int32
}

// farResidual is the distance from which on gains are not kept.
const (
	farLog2     = 6
	farResidual = 1 << farLog2
)

// overviewSpare is how many cells and tokens a kernel may read and write beyond the last.
const overviewSpare = 8

// renewed is a refinement by rates, which may be the one that was made last.
func (f *refinement) renewed(r *rates, kind int, step int32, pixels int64) *refinement {
	if f.rates == r && f.kind == kind && f.step == step && f.pixels == pixels {
		return f
	}
	f.rates, f.kind, f.step, f.pixels = r, kind, step, pixels
	for class := range f.gains {
		for far := 1; far < farResidual; far++ {
			f.gains[class][far] = f.gainFrom(class, int32(far))
		}
	}
	return f
}

// gainFrom is what twice an error towards the prediction must be above for a value to be moved by a step Δ, at a distance from it.
// Errors d become d−Δ, so that squares grow by Δ²−2dΔ, of so many pixels: less than what bits are less is 2d > Δ − bits/(pixels·Δ).
// AC levels count errors of samples: what they lose in chroma of half the resolution is of some pixels, and unseen.
func (f *refinement) gainFrom(class int, far int32) int32 {
	ctx := ctxOverview + f.kind*gradientClasses + class
	saved, one := f.rates.residualCost(ctx, far)-f.rates.residualCost(ctx, far-1), f.pixels*int64(f.step)<<distScale
	return f.step + int32(arith.FloorDiv(-saved, one))
}

// refined is a value, or the one nearer to its prediction. Ends stay, and nothing else becomes one.
func (f *refinement) refined(scale *overviewScale, q, exact, pred int32, class int) int32 {
	off, nearer, error := q-pred, q+1, 2*(exact-scale.mean(q))
	if off > 0 {
		nearer, error = q-1, -error
	}
	far := max(off, -off)
	var gain int32
	switch {
	case far == 0:
		return q
	case far < farResidual:
		gain = f.gains[class][far]
	default:
		gain = f.gainFrom(class, far)
	}
	if error <= gain || scale.end(q) != 0 || scale.end(nearer) != 0 {
		return q
	}
	return nearer
}

// put appends the overview to a segment. Where values are refined it moves them first, and notes of which leaves.
func (o *overviewEncoder) put(s *segment, f *refinement) {
	s.tokens = slices.Grow(s.tokens, len(o.exact)+overviewSpare)
	for y := range o.cells.h {
		o.putCell(s, f, 0, y)
		x := 1
		switch {
		case y == 0:
		case vector && extracts:
			x = o.vectorRow(s, f, y)
		default:
			x = o.putWithin(s, f, y)
		}
		for ; x < o.cells.w; x++ {
			o.putCell(s, f, x, y)
		}
	}
}

// putCell is put of a cell.
func (o *overviewEncoder) putCell(s *segment, f *refinement, x, y int) {
	pred, gradient := o.cells.predict(x, y)
	at, class := o.cells.index(x, y), classOfGradient(gradient)
	if f != nil {
		o.move(x, y, f.refined(&o.cells.scale, o.cells.overview[at], o.exact[at], pred, class))
	}
	s.putResidual(overviewContext(o.kind, class), o.cells.overview[at]-pred)
}

// move gives a cell another value.
func (o *overviewEncoder) move(x, y int, q int32) {
	at := o.cells.index(x, y)
	if o.cells.overview[at] == q {
		return
	}
	o.cells.overview[at] = q
	in := 1<<(o.cells.size[at]-cellLog2) - 1
	o.moved[o.cells.index(x&^in, y&^in)] = true
}

// putWithin is put of the cells of a row that have all neighbours, after the first. It returns the place of the next.
func (o *overviewEncoder) putWithin(s *segment, f *refinement, y int) (x int) {
	from, scale := o.cells.index(0, y), &o.cells.scale
	row, above := o.cells.overview[from:][:o.cells.w], o.cells.overview[from-o.cells.w:][:o.cells.w]
	exact := o.exact[from:][:len(row)]
	l, tl := row[0], above[0]
	signs, n := uint32(0), uint(0) // that are to be put
	for x = 1; x < len(above)-1; x++ {
		t, q := above[x], row[x]
		pred, gradient := predictFrom(l, tl, t, above[x+1])
		class := classOfGradient(gradient)
		if f != nil && q != pred {
			if to := f.refined(scale, q, exact[x], pred, class); to != q {
				o.move(x, y, to)
				q = to
			}
		}
		l, tl = q, t
		r := q - pred
		mag := uint32(max(r, -r))
		if mag >= direct || n == 32 {
			s.raw.Put(signs, n)
			signs, n = 0, 0
		}
		if mag >= direct {
			s.putResidual(overviewContext(o.kind, class), r)
			continue
		}
		s.put(overviewContext(o.kind, class), int(mag))
		some := uint((mag + direct - 1) >> directLog2) // 1 where there is a sign
		signs, n = signs<<some|uint32(r)>>31, n+some
	}
	s.raw.Put(signs, n)
	return x
}

// refineLeaf refines the values of a leaf alone: values after them count for their contexts as they
// are.
func (o *overviewEncoder) refineLeaf(n node, f *refinement) {
	for y := n.y; y < n.y+n.cells(); y++ {
		for x := n.x; x < n.x+n.cells(); x++ {
			pred, gradient := o.cells.predict(x, y)
			at := o.cells.index(x, y)
			o.cells.overview[at] = f.refined(&o.cells.scale, o.cells.overview[at], o.exact[at], pred, classOfGradient(gradient))
		}
	}
}

// residualCost is the cost of a residual of the overview.
func (r *rates) residualCost(ctx int, residual int32) int64 {
	symbol, raw := residualBits(residual)
	return r.cost(ctx, symbol) + int64(raw)*r.overviewBit
}
