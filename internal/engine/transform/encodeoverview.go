package transform

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
)

// overviewEncoder finds the values of the overview of a plane.
type overviewEncoder struct {
	src   *original
	cells *Cells
	alpha bool // full and no opacity are kept exactly
	step  int32
	exact []int32 // the values before they are rounded to steps
}

// take finds the exact values of a leaf, from the statistics where it is flat and else
// from its coefficients, and rounds them.
func (o *overviewEncoder) take(n node, flat bool, coefs []int32) {
	m := n.cells()
	var low, values [rootCells * rootCells]int32
	if flat {
		for i := range m * m {
			values[i] = o.mean(n.x+i/m, n.y+i%m)
		}
	} else {
		for i := range m * m {
			low[i] = coefs[i/m<<n.lg+i%m]
		}
		lowBlock(&values, &low, &toOverview, m)
	}
	for i := range m * m {
		o.exact[o.cells.index(n.x+i/m, n.y+i%m)] = values[i]
	}
	o.round(n)
}

// mean is the exact value of a cell: a sum of 64 samples in 1/16 level is 16 times too
// large.
func (o *overviewEncoder) mean(x, y int) int32 {
	l, i := o.src.stats(node{cellLog2, x, y})
	return int32(int64(l.Sum[i])-cell*cell*chroma.Centre+8) >> 4
}

// round rounds the values of a leaf to the nearest steps.
func (o *overviewEncoder) round(n node) {
	for y := n.y; y < n.y+n.cells(); y++ {
		for x := n.x; x < n.x+n.cells(); x++ {
			at := o.cells.index(x, y)
			o.cells.overview[at] = o.rounded(o.exact[at], x, y)
		}
	}
}

// rounded is a value in steps, the nearest one. A cell of full or no opacity is rounded
// outwards by a sample (4) at least, more than a larger leaf's roundings lose, so that
// clamping gives it back exactly.
func (o *overviewEncoder) rounded(v int32, x, y int) int32 {
	if o.alpha {
		if sign := o.src.saturation(node{cellLog2, x, y}); sign != 0 {
			return (v + sign*(o.step+3)) / o.step
		}
	}
	return arith.Nearest(v, o.step)
}

// lowError is the squared error of a leaf's low block.
func (o *overviewEncoder) lowError(n node) int64 {
	m := n.cells()
	var diff, low [rootCells * rootCells]int32
	for i := range m * m {
		at := o.cells.index(n.x+i/m, n.y+i%m)
		diff[i] = o.exact[at] - o.cells.overview[at]*o.step
	}
	lowBlock(&low, &diff, &toLow, m)
	dist := int64(0)
	for _, d := range low[:m*m] {
		dist += int64(d) * int64(d)
	}
	return dist
}

// refine moves values one step towards their prediction where that saves more bits than
// it costs in error.
func (o *overviewEncoder) refine(kind int, r *rates) {
	o.cells.codeOverview(kind, func(at, ctx int, pred int32) int32 {
		q, nearer := o.cells.overview[at], int32(0)
		switch {
		case q == pred:
			return q
		case q < pred:
			nearer = q + 1
		default:
			nearer = q - 1
		}
		if o.cost(r, at, ctx, nearer, pred) < o.cost(r, at, ctx, q, pred) {
			return nearer
		}
		return q
	}, never)
}

// cost is what a value costs, in error and bits.
func (o *overviewEncoder) cost(r *rates, at, ctx int, q, pred int32) int64 {
	d := int64(o.exact[at] - q*o.step)
	symbol, raw := residualBits(q - pred)
	return d*d<<distScale + r.cost(ctx, symbol) + int64(raw)*r.overviewBit
}
