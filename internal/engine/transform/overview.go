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
// prediction and the context of its residual. Encoders, which know the values, and
// decoders are the same in this; over ends the walk of a decoder beyond its segment.
func (c *Cells) codeOverview(kind int, value func(at, ctx int, pred int32) int32, over func() bool) {
	code := func(x, y int) {
		pred, gradient := c.predict(x, y)
		at := c.index(x, y)
		c.overview[at] = value(at, overviewContext(kind, gradient), pred)
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
		l = value(from+x, overviewContext(kind, gradient), pred)
		row[x], tl = l, t
	}
	return x
}

// never is where the walk of an encoder is over.
func never() bool { return false }

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
	symbol, extra := overviewSymbol(mag)
	s.put(ctx, symbol)
	if symbol == escape {
		s.raw.PutExpGolomb(mag - overviewEscape)
	}
	s.raw.Put(mag&(1<<extra-1), uint(extra))
	if r != 0 {
		s.raw.Put(uint32(r)>>31, 1)
	}
}

// residualBits is what putResidual appends: the symbol, and the number of raw bits.
func residualBits(r int32) (symbol, raw int) {
	mag := uint32(max(r, -r))
	symbol, raw = overviewSymbol(mag)
	if symbol == escape {
		raw = rans.ExpGolombBits(mag - overviewEscape)
	}
	if r != 0 {
		raw++
	}
	return symbol, raw
}

// putOverview appends the overview of a plane.
func (s *segment) putOverview(c *Cells, kind int) {
	c.codeOverview(kind, func(at, ctx int, pred int32) int32 {
		s.putResidual(ctx, c.overview[at]-pred)
		return c.overview[at]
	}, never)
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
// and back, by these matrices: the orthonormal m-point DCT with the gain s(k) of an
// average over 8 samples folded in, in 1/4096 (FORMAT.md, "Front image").
var (
	toOverview = [4][4][4]int64{ // [m-1][j][k]: s(k)·basis
		0: {{4096}},
		1: {{2896, 2612}, {2896, -2612}},
		3: {{2048, 2609, 1847, 872}, {2048, 1081, -1847, -2106}, {2048, -1081, -1847, 2106}, {2048, -2609, 1847, -872}},
	}
	toLow = [4][4][4]int64{ // [m-1][k][j]: basis/s(k)
		0: {{4096}},
		1: {{2896, 2896}, {3212, -3212}},
		3: {{2048, 2048, 2048, 2048}, {2745, 1137, -1137, -2745}, {2271, -2271, -2271, 2271}, {1408, -3400, 3400, -1408}},
	}
)

// lowFrom applies toLow to both axes of m×m values, as lowBlock does, by sums and differences of what mirrors each other.
func lowFrom(v *[rootCells][rootCells]int64, m int) {
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

func toLow4(a, b, c, d int64) (int64, int64, int64, int64) {
	outer, inner, across, within := a+d, b+c, a-d, b-c
	return 2048 * (outer + inner), 2745*across + 1137*within, 2271 * (outer - inner), 1408*across - 3400*within
}

// nearestLow rounds a sum of both axes.
func nearestLow(s int64) int64 { return (s + 1<<23) >> 24 }

// lowBlock applies a matrix to both axes of the m×m values of src:
// dst[a][b] = Σ t[a][i]·t[b][j]·src[i][j] / 2^24, rounded.
func lowBlock(dst, src *[rootCells * rootCells]int32, t *[4][4][4]int64, m int) {
	switch mat := &t[m-1]; m {
	case 1:
		dst[0] = src[0]
	case 2:
		smallLowBlock(dst, src, mat)
	case rootCells:
		largestLowBlock(dst, src, mat)
	}
}

// smallLowBlock is lowBlock of a leaf of 16.
func smallLowBlock(dst, src *[rootCells * rootCells]int32, mat *[4][4]int64) {
	a, b, c, d := int64(src[0]), int64(src[1]), int64(src[2]), int64(src[3])
	for k := range 2 {
		p, q := mat[k][0], mat[k][1]
		left, right := p*a+q*c, p*b+q*d
		dst[2*k] = int32((mat[0][0]*left + mat[0][1]*right + 1<<23) >> 24)
		dst[2*k+1] = int32((mat[1][0]*left + mat[1][1]*right + 1<<23) >> 24)
	}
}

// largestLowBlock is lowBlock of a leaf of 32.
func largestLowBlock(dst, src *[rootCells * rootCells]int32, mat *[4][4]int64) {
	var mid [rootCells][rootCells]int64
	for j := range rootCells {
		a, b, c, d := int64(src[j]), int64(src[4+j]), int64(src[8+j]), int64(src[12+j])
		for k := range mat {
			row := &mat[k]
			mid[k][j] = row[0]*a + row[1]*b + row[2]*c + row[3]*d
		}
	}
	for k := range mid {
		a, b, c, d := mid[k][0], mid[k][1], mid[k][2], mid[k][3]
		for j := range mat {
			row := &mat[j]
			dst[4*k+j] = int32((row[0]*a + row[1]*b + row[2]*c + row[3]*d + 1<<23) >> 24)
		}
	}
}
