// Package residual codes what predictions leave: by static tables, in contexts of the
// magnitude that is expected (FORMAT.md, "Residuals").
package residual

import (
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// A context is the kind of the plane, the stage of coding and a class of the
// residual's expected magnitude; after them come the contexts of the skip map.
const (
	Kinds    = 3  // first, second and third plane of a tile; others are first ones
	stages   = 11 // passes of levels 0, 1, 2; grid; overview
	NClasses = 24 // thirds of octaves of the expected magnitude, from 1/4 on

	StageGrid     = interlace.Base * int(interlace.Passes)
	StageOverview = StageGrid + 1

	firstSkip = Kinds * stages * NClasses
	NContexts = firstSkip + Kinds*interlace.SkipContexts
)

// Kind of plane i of n: three of colour, or bands, stand in a row; alpha and
// further ones are first planes.
func Kind(i, n int) int {
	if n > 2 && i < Kinds {
		return i
	}
	return 0
}

// StageOf is the stage of a pass of a level.
func StageOf(lev int, ps interlace.Pass) int { return lev*int(interlace.Passes) + int(ps) }

// Context is the first context of a stage of planes of a kind.
func Context(kind, stage int) int { return (kind*stages + stage) * NClasses }

// SkipContext is a context of the skip maps of planes of a kind.
func SkipContext(kind, context int) int { return firstSkip + kind*interlace.SkipContexts + context }

// Alphabet is the number of symbols of a context.
func Alphabet(context int) int {
	if context >= firstSkip {
		return 2
	}
	return rans.Symbols
}

// Classes gives the class of an expectation by its octave and the next three
// bits, which make unequal thirds of it. Classes beyond the last repeat its octave
// with more raw bits: there distributions differ in scale only.
var Classes = rans.NewClasses(func(octave, eighth int) (class rans.Class) {
	c := 3 * octave
	switch {
	case eighth >= 5:
		c += 2
	case eighth >= 2:
		c++
	}
	if c > 8 {
		class.Raw = uint8(c-6) / 3
	}
	for c >= NClasses {
		c -= 3
	}
	class.Context = uint8(c)
	return class
})

// Expectation weighs, in 1/256, what is known around a sample into the
// expected magnitude of its residual: a constant; the lesser energy and the
// difference of the two directions' means; the residuals of the same pass to the
// left, above and at the upper corners; the residuals of pass A and B0 near; and
// the residual of the plane before at the same place.
type Expectation struct {
	One, Flat, Cross, Side, Corner, Near, Diag, Other int32
}

// Sums is the number of sums of residuals that are weighed.
const Sums = 5

// OfResiduals are the weights of the sums of residuals.
func (x *Expectation) OfResiduals() [Sums]int32 {
	return [...]int32{x.Side, x.Corner, x.Near, x.Diag, x.Other}
}

// Expectations were fitted to photographs. Weights of their own for each level, and
// more of what is known, made files smaller by 0.1% at best.
var Expectations = [Kinds][interlace.Passes]Expectation{
	{
		{One: 36, Flat: 8, Cross: 15, Side: 38, Corner: 20},
		{One: 31, Flat: 13, Cross: 12, Side: 31, Corner: 22, Near: 8},
		{One: 24, Flat: 11, Cross: 6, Side: 20, Corner: 8, Diag: 18},
	}, {
		{One: 1, Flat: 9, Cross: 18, Side: 35, Corner: 15, Other: 4},
		{One: 2, Flat: 14, Cross: 13, Side: 26, Corner: 16, Near: 15, Other: 2},
		{One: 2, Flat: 12, Cross: 11, Side: 18, Corner: 7, Near: 4, Diag: 12, Other: 2},
	}, {
		{One: 2, Flat: 8, Cross: 16, Side: 31, Corner: 13, Other: 46},
		{One: 4, Flat: 11, Cross: 11, Side: 22, Corner: 13, Near: 11, Other: 44},
		{One: 2, Flat: 11, Cross: 6, Side: 15, Corner: 4, Near: 4, Diag: 13, Other: 39},
	},
}

// AddResiduals adds to the expectations of a row what residuals say that are known
// before it, from index i of its level on; before is the same level of the plane
// before, or nil.
func (x *Expectation) AddResiduals(expect []int32, l *interlace.Level, p interlace.Pass, i int, before *interlace.Level) {
	s := l.Stride
	q := func(row *interlace.Level, i, k int) int32 { return rans.Magnitude(row.Q[i+2*k]) }
	for k := range expect {
		expect[k] += x.Side*q(l, i-2*s, k) + x.Corner*(q(l, i-2*s-2, k)+q(l, i-2*s+2, k))
	}
	switch p {
	case interlace.PassB0:
		for k := range expect {
			expect[k] += x.Near * (q(l, i-s, k) + q(l, i+s, k))
		}
	case interlace.PassB1:
		for k := range expect {
			expect[k] += x.Near*(q(l, i-1, k)+q(l, i+1, k)) +
				x.Diag*(q(l, i-s-1, k)+q(l, i-s+1, k)+q(l, i+s-1, k)+q(l, i+s+1, k))
		}
	}
	if before != nil {
		for k := range expect {
			expect[k] += x.Other * q(before, i, k)
		}
	}
}
