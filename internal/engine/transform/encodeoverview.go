package transform

import (
	"github.com/qtgpu/qtgpu/chroma"
)

// overviewEncoder finds the values of the overview of a plane.
type overviewEncoder struct {
	src    *original
	cells  *Cells
	exact  []int32 // the values before they are rounded to steps
	pixels int64   // that have the error of a sample
}

// take finds the exact values of a leaf, from the statistics where it is flat and else
// from its coefficients, and rounds them.
func (o *overviewEncoder) take(n node, flat bool, coefs []int32) {
	m := n.cells()
	if m == 1 && !flat {
		o.exact[o.cells.index(n.x, n.y)] = coefs[0]
		o.round(n)
		return
	}
	var means [rootCells * rootCells]int32
	if !flat {
		means = meansOf(coefs, n.lg)
	}
	for y := range m {
		exact := o.exact[o.cells.index(n.x, n.y+y):][:m]
		for x := range exact {
			if exact[x] = means[x*m+y]; flat {
				exact[x] = o.mean(n.x+x, n.y+y)
			}
		}
	}
	o.round(n)
}

// meansOf are the exact values of the cells of a leaf, column by column.
func meansOf(coefs []int32, lg int) (means [rootCells * rootCells]int32) {
	var v lowValues
	m := 1 << (lg - cellLog2)
	for i := range m {
		for j, c := range coefs[i<<lg:][:m] {
			v[i][j] = int64(c)
		}
	}
	v.toOverview(m)
	for i := range m {
		for j, mean := range v[i][:m] {
			means[i*m+j] = int32(mean)
		}
	}
	return means
}

// mean is the exact value of a cell: a sum of 64 samples in 1/16 level is 16 times too
// large.
func (o *overviewEncoder) mean(x, y int) int32 {
	l, i := o.src.stats(node{cellLog2, x, y})
	return int32(int64(l.Sum[i])-cell*cell*chroma.Centre+8) >> 4
}

// round rounds the values of a leaf to the nearest steps, but of its ends.
func (o *overviewEncoder) round(n node) {
	scale, ends := &o.cells.scale, o.src.reachesEnd(n)
	for y := n.y; y < n.y+n.cells(); y++ {
		at := o.cells.index(n.x, y)
		values := o.cells.overview[at:][:n.cells()]
		for x, exact := range o.exact[at:][:len(values)] {
			values[x] = scale.nearest(exact)
			if !ends {
				continue
			}
			if end := o.src.end(node{cellLog2, n.x + x, y}); end != 0 {
				values[x] = scale.value(end)
			}
		}
	}
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
	v.toLow(m)
	dist := int64(0)
	for i := range m {
		for _, d := range v[i][:m] {
			dist += d * d
		}
	}
	return dist
}

// refine moves values one step towards their prediction where that saves more bits than
// it costs in error. Ends stay, and nothing else becomes one.
func (o *overviewEncoder) refine(kind int, r *rates) {
	o.cells.codeOverview(kind, func(at, ctx int, pred int32) int32 { return o.refined(r, at, ctx, pred) }, never)
}

// refined is a value, or the one nearer to its prediction.
func (o *overviewEncoder) refined(r *rates, at, ctx int, pred int32) int32 {
	scale, q := &o.cells.scale, o.cells.overview[at]
	nearer := q - 1
	switch {
	case q == pred:
		return q
	case q < pred:
		nearer = q + 1
	}
	if scale.end(q) != 0 || scale.end(nearer) != 0 {
		return q
	}
	// What they cost, in the error of pixels and bits. AC levels count errors of samples: what they lose in chroma of half
	// the resolution is of some pixels, and unseen.
	d, dNearer := int64(o.exact[at]-scale.mean(q)), int64(o.exact[at]-scale.mean(nearer))
	if o.pixels*(dNearer*dNearer-d*d)<<distScale < r.residualCost(ctx, q-pred)-r.residualCost(ctx, nearer-pred) {
		return nearer
	}
	return q
}

// refineLeaf refines the values of a leaf alone: values after them count for their contexts as they
// are.
func (o *overviewEncoder) refineLeaf(n node, kind int, r *rates) {
	for y := n.y; y < n.y+n.cells(); y++ {
		for x := n.x; x < n.x+n.cells(); x++ {
			pred, gradient := o.cells.predict(x, y)
			at := o.cells.index(x, y)
			o.cells.overview[at] = o.refined(r, at, overviewContext(kind, gradient), pred)
		}
	}
}

// residualCost is the cost of a residual of the overview.
func (r *rates) residualCost(ctx int, residual int32) int64 {
	symbol, raw := residualBits(residual)
	return r.cost(ctx, symbol) + int64(raw)*r.overviewBit
}
