package transform

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// A value of the overview stands for the mean of a cell, as a multiple of the overview's
// step in the scale of the DC coefficient of an 8×8 leaf: 64 times the mean's distance
// from the centre in levels.

// overviewStepOf is the step of the overview by the step of AC levels: 0.85 of it, of chroma 0.625,
// whose errors over large areas are seen as blotches (docs/bench/colour.md).
func overviewStepOf(step int, p Plane) int32 {
	if p.Chroma {
		return int32(step*160+128) >> 8
	}
	return int32(step*218+128) >> 8
}

// maxOverview bounds a value, so that no product leaves 32 bits.
const maxOverview = 1<<15 - 1

// The gradient is unknown in a tile's first row and column, and so is the prediction in
// its first cell (FORMAT.md, "Front image").
const (
	edgeGradient    = 12
	largestGradient = 1 << 20
)

// predict gives the prediction (2·MED(L,T,TL) + L + T + 2)>>2 of a value of the overview,
// and the gradient that is its context.
func (c *Cells) predict(x, y int) (pred, gradient int32) {
	i := c.index(x, y)
	switch {
	case x == 0 && y == 0:
		return 0, largestGradient
	case y == 0:
		return c.overview[i-1], edgeGradient
	case x == 0:
		return c.overview[i-c.w], edgeGradient
	}
	l, t, tl := c.overview[i-1], c.overview[i-c.w], c.overview[i-c.w-1]
	tr := t
	if x+1 < c.w {
		tr = c.overview[i-c.w+1]
	}
	return predictFrom(l, tl, t, tr)
}

// predictFrom is predict from the values on the left, above on the left, above, and above on the right.
func predictFrom(l, tl, t, tr int32) (pred, gradient int32) {
	pred = (2*arith.Med(l, t, tl) + l + t + 2) >> 2
	return pred, arith.AbsDiff(l, tl) + arith.AbsDiff(tl, t) + arith.AbsDiff(t, tr)
}

// codeOverview visits the cells in coding order and takes from value what each is, by its
// prediction and the context of its residual. over ends the walk beyond a segment.
func (c *Cells) codeOverview(kind int, value func(at, ctx int, pred int32) int32, over func() bool) {
	code := func(x, y int) {
		pred, gradient := c.predict(x, y)
		at := c.index(x, y)
		c.overview[at] = value(at, overviewContext(kind, classOfGradient(gradient)), pred)
	}
	for y := 0; y < c.h && !over(); y++ {
		code(0, y)
		x := 1
		if y > 0 {
			x = c.codeWithin(y, kind, value)
		}
		for ; x < c.w; x++ {
			code(x, y)
		}
	}
}

// codeWithin is codeOverview of the cells of a row that have all neighbours, after the first. It returns the place of the next.
func (c *Cells) codeWithin(y, kind int, value func(at, ctx int, pred int32) int32) (x int) {
	from := c.index(0, y)
	row, above := c.overview[from:][:c.w], c.overview[from-c.w:][:c.w]
	l, tl := row[0], above[0]
	for x = 1; x < len(above)-1; x++ {
		t := above[x]
		pred, gradient := predictFrom(l, tl, t, above[x+1])
		l = value(from+x, overviewContext(kind, classOfGradient(gradient)), pred)
		row[x], tl = l, t
	}
	return x
}

// Magnitudes of a residual below direct have a symbol each. From there on there is one for
// each octave, whose rest is raw bits, and the last one for all from overviewEscape on.
const (
	directLog2     = 3
	direct         = 1 << directLog2
	overviewEscape = direct << (escape - direct)
)

// overviewSymbol is the symbol of a magnitude, and the number of raw bits that complete it
// below overviewEscape.
func overviewSymbol(mag uint32) (symbol, extra int) {
	switch {
	case mag < direct:
		return int(mag), 0
	case mag >= overviewEscape:
		return escape, 0
	}
	octave := bits.Len32(mag) - 1
	return direct + octave - directLog2, octave
}

// putResidual appends a residual of the overview.
func (s *segment) putResidual(ctx int, r int32) {
	mag := uint32(max(r, -r))
	if mag < direct {
		if s.put(ctx, int(mag)); mag > 0 {
			s.raw.Put(uint32(r)>>31, 1)
		}
		return
	}
	symbol, extra := overviewSymbol(mag)
	s.put(ctx, symbol)
	if symbol == escape {
		s.raw.PutExpGolomb(mag - overviewEscape)
	}
	s.raw.Put(mag&(1<<extra-1)<<1|uint32(r)>>31, uint(extra)+1)
}

// residualBits is what putResidual appends: the symbol, and the number of raw bits.
func residualBits(r int32) (symbol, raw int) {
	mag := uint32(max(r, -r))
	if mag == 0 {
		return 0, 0
	}
	if symbol, raw = overviewSymbol(mag); symbol == escape {
		raw = rans.ExpGolombBits(mag - overviewEscape)
	}
	return symbol, raw + 1
}

// getResidual is the inverse of putResidual.
func getResidual(d *rans.Decoder, tables []rans.DecTable, ctx int) int32 {
	symbol := d.Symbol(&tables[ctx])
	mag := int32(symbol)
	switch {
	case symbol == escape:
		mag = int32(min(d.ExpGolomb(), 1<<30)) + overviewEscape
	case symbol >= direct:
		octave := symbol - direct + directLog2
		mag = 1<<octave | int32(d.Bits(octave))
	}
	if mag != 0 && d.Bits(1) != 0 {
		mag = -mag
	}
	return mag
}

// CellsPerByte is more than the cells of an overview that a byte can hold: no symbol of
// 16 has a frequency above Scale-15, so each takes 1/95 bit at least.
const CellsPerByte = 1 << 10

// A leaf of m×m cells derives its m×m lowest coefficients from the values of its cells,
// and back: the orthonormal m-point DCT with the gain s(k) of an average over 8 samples
// folded in, in 1/4096 (FORMAT.md, "Front image").

// toOverview are, by m-1, j and k, s(k)·basis.
var toOverview = [4][4][4]int64{
	0: {{4096}},
	1: {{2896, 2612}, {2896, -2612}},
	3: {{2048, 2609, 1847, 872}, {2048, 1081, -1847, -2106}, {2048, -1081, -1847, 2106}, {2048, -2609, 1847, -872}},
}

// lowValues are m×m values or coefficients of a leaf, by column and row or by frequency.
type lowValues [rootCells][rootCells]int64

// toLow makes the lowest coefficients of the values of cells: of both axes, by sums and differences of what mirrors each other.
func (v *lowValues) toLow(m int) {
	switch m {
	case 2:
		for k := range 2 {
			v[k][0], v[k][1] = 2896*(v[k][0]+v[k][1]), 3212*(v[k][0]-v[k][1])
		}
		for k := range 2 {
			v[0][k], v[1][k] = nearestLow(2896*(v[0][k]+v[1][k])), nearestLow(3212*(v[0][k]-v[1][k]))
		}
	case 4:
		for k := range 4 {
			v[k][0], v[k][1], v[k][2], v[k][3] = toLow4(v[k][0], v[k][1], v[k][2], v[k][3])
		}
		for k := range 4 {
			a, b, c, d := toLow4(v[0][k], v[1][k], v[2][k], v[3][k])
			v[0][k], v[1][k], v[2][k], v[3][k] = nearestLow(a), nearestLow(b), nearestLow(c), nearestLow(d)
		}
	}
}

// toOverview is the inverse of toLow, but for rounding.
func (v *lowValues) toOverview(m int) {
	switch m {
	case 2:
		for k := range 2 {
			v[k][0], v[k][1] = 2896*v[k][0]+2612*v[k][1], 2896*v[k][0]-2612*v[k][1]
		}
		for k := range 2 {
			v[0][k], v[1][k] = nearestLow(2896*v[0][k]+2612*v[1][k]), nearestLow(2896*v[0][k]-2612*v[1][k])
		}
	case 4:
		for k := range 4 {
			v[k][0], v[k][1], v[k][2], v[k][3] = toOverview4(v[k][0], v[k][1], v[k][2], v[k][3])
		}
		for k := range 4 {
			a, b, c, d := toOverview4(v[0][k], v[1][k], v[2][k], v[3][k])
			v[0][k], v[1][k], v[2][k], v[3][k] = nearestLow(a), nearestLow(b), nearestLow(c), nearestLow(d)
		}
	}
}

func toLow4(a, b, c, d int64) (int64, int64, int64, int64) {
	outer, inner, across, within := a+d, b+c, a-d, b-c
	return 2048 * (outer + inner), 2745*across + 1137*within, 2271 * (outer - inner), 1408*across - 3400*within
}

func toOverview4(a, b, c, d int64) (int64, int64, int64, int64) {
	outer, inner, across, within := 2048*a+1847*c, 2048*a-1847*c, 2609*b+872*d, 1081*b-2106*d
	return outer + across, inner + within, inner - within, outer - across
}

// nearestLow rounds a sum of both axes.
func nearestLow(s int64) int64 { return (s + 1<<23) >> 24 }
