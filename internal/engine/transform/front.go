package transform

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// encodeFront appends the front image of a tile's plane: each value is
// predicted from its neighbours in raster order (FORMAT.md, "Front image").
func encodeFront(t *Tile, c *cells, kind int) {
	for y := range c.h {
		for x := range c.w {
			pred, gradient := c.predict(x, y)
			t.putFront(frontContext(kind, gradient), c.front[y*c.w+x]-pred)
		}
	}
}

// putFront appends a residual of the front image.
func (t *Tile) putFront(ctx int, r int32) {
	mag := uint32(max(r, -r))
	sym, extra := frontToken(mag)
	t.front = append(t.front, rans.MakeToken(ctx, sym))
	switch {
	case sym == rans.Symbols-1:
		t.frontRaw.PutExpGolomb(mag - frontEscape)
	case extra > 0:
		t.frontRaw.Put(mag&(1<<extra-1), uint(extra))
	}
	if r != 0 {
		t.frontRaw.Put(uint32(r)>>31, 1)
	}
}

// getFront is the inverse of putFront.
func getFront(d *rans.Decoder, tables []rans.DecTable, ctx int) int32 {
	sym := d.Symbol(&tables[ctx])
	mag := int32(sym)
	switch {
	case sym == rans.Symbols-1:
		mag = int32(min(d.ExpGolomb(), 1<<30)) + frontEscape
	case sym >= 8:
		n := sym - 8
		mag = 8<<n | int32(d.Bits(n+3))
	}
	if mag != 0 && d.Bits(1) != 0 {
		mag = -mag
	}
	return mag
}

// CellsPerByte is more than the cells of a front image that a byte can hold: no
// symbol of 16 has a frequency above Scale-15, so each takes 1/95 bit at least.
const CellsPerByte = 1 << 10

// Tokens of a front residual: 0..7 directly, 8+n for magnitudes of n+4 bits
// with their n+3 lower bits raw, and 15 for all from 1024 in Exp-Golomb.
const frontEscape = 1 << 10

func frontToken(mag uint32) (sym, extra int) {
	switch {
	case mag < 8:
		return int(mag), 0
	case mag >= frontEscape:
		return rans.Symbols - 1, 0
	}
	n := bits.Len32(mag) - 4
	return 8 + n, n + 3
}

// predict gives the prediction (2·MED(L,T,TL) + L + T + 2)>>2 of a front value
// and the gradient that is its context. Where one neighbour exists it is the
// prediction, where none does 0.
func (c *cells) predict(x, y int) (pred, gradient int32) {
	i := y*c.w + x
	switch {
	case x == 0 && y == 0:
		return 0, largestGradient
	case y == 0:
		return c.front[i-1], firstGradient
	case x == 0:
		return c.front[i-c.w], firstGradient
	}
	l, t, tl := c.front[i-1], c.front[i-c.w], c.front[i-c.w-1]
	tr := t
	if x+1 < c.w {
		tr = c.front[i-c.w+1]
	}
	pred = (2*arith.Med(l, t, tl) + l + t + 2) >> 2
	return pred, arith.AbsDiff(l, tl) + arith.AbsDiff(tl, t) + arith.AbsDiff(t, tr)
}

// firstGradient stands for the unknown gradient in a tile's first row and column, and
// largestGradient in its first cell.
const (
	firstGradient   = 12
	largestGradient = 1 << 20
)

// decodeFront is the inverse of encodeFront.
func decodeFront(d *rans.Decoder, tables []rans.DecTable, c *cells, kind int) error {
	for y := range c.h {
		for x := range c.w {
			pred, gradient := c.predict(x, y)
			r := getFront(d, tables, frontContext(kind, gradient))
			c.front[y*c.w+x] = min(max(pred+r, -frontLimit), frontLimit)
		}
		if d.Overrun() {
			return rans.ErrCorrupt
		}
	}
	return nil
}
