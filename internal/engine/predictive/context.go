package predictive

import "github.com/qtgpu/qtgpu/internal/rans"

// A context is the kind of the plane, the stage of coding and a class of the
// residual's expected magnitude; after them come the contexts of the zero tree.
const (
	kinds   = 3  // first, second and third plane of a tile; others are first ones
	stages  = 11 // passes of levels 0, 1, 2; grid; means
	classes = 24 // thirds of octaves of the expected magnitude, from 1/4 on

	stageGrid  = Base * int(passes)
	stageMeans = stageGrid + 1

	ctxZero   = kinds * stages * classes
	nContexts = ctxZero + kinds*(zeroTop+1)*3
)

func contextBase(kind, stage int) int { return (kind*stages + stage) * classes }

// expectation weighs, in 1/256, what is known around a sample into the
// expected magnitude of its residual: a constant; the lesser energy and the
// difference of the two directions' means; the residuals of the same pass to the
// left, above and at the upper corners; the residuals of pass A and B0 near; and
// the residual of the plane before at the same place.
type expectation struct {
	one, flat, cross, side, corner, near, diag, other int32
}

// residualSums is the number of sums of residuals that a kernel weighs.
const residualSums = 5

func (x *expectation) ofResiduals() [residualSums]int32 {
	return [...]int32{x.side, x.corner, x.near, x.diag, x.other}
}

// Fitted to photographs. Weights of their own for each level, and more of what
// is known, made files smaller by 0.1% at best.
var expectations = [kinds][passes]expectation{
	{
		{one: 36, flat: 8, cross: 15, side: 38, corner: 20},
		{one: 31, flat: 13, cross: 12, side: 31, corner: 22, near: 8},
		{one: 24, flat: 11, cross: 6, side: 20, corner: 8, diag: 18},
	}, {
		{one: 1, flat: 9, cross: 18, side: 35, corner: 15, other: 4},
		{one: 2, flat: 14, cross: 13, side: 26, corner: 16, near: 15, other: 2},
		{one: 2, flat: 12, cross: 11, side: 18, corner: 7, near: 4, diag: 12, other: 2},
	}, {
		{one: 2, flat: 8, cross: 16, side: 31, corner: 13, other: 46},
		{one: 4, flat: 11, cross: 11, side: 22, corner: 13, near: 11, other: 44},
		{one: 2, flat: 11, cross: 6, side: 15, corner: 4, near: 4, diag: 13, other: 39},
	},
}

// addResiduals adds what residuals that are known before a row of n samples
// say, from index i on.
func (r *rows) addResiduals(n int, l *level, p pass, i int, before *level) {
	x, s := r.ex, l.stride
	q := func(row *level, i, k int) int32 { return magnitude(row.q[i+2*k]) }
	for k := range r.expect[:n] {
		r.expect[k] += x.side*q(l, i-2*s, k) + x.corner*(q(l, i-2*s-2, k)+q(l, i-2*s+2, k))
	}
	switch p {
	case passB0:
		for k := range r.expect[:n] {
			r.expect[k] += x.near * (q(l, i-s, k) + q(l, i+s, k))
		}
	case passB1:
		for k := range r.expect[:n] {
			r.expect[k] += x.near*(q(l, i-1, k)+q(l, i+1, k)) +
				x.diag*(q(l, i-s-1, k)+q(l, i-s+1, k)+q(l, i+s-1, k)+q(l, i+s+1, k))
		}
	}
	if before != nil {
		for k := range r.expect[:n] {
			r.expect[k] += x.other * q(before, i, k)
		}
	}
}

func magnitude(r int32) int32 { return rans.Magnitude(r) }

// classTable gives the class of an expectation by its octave and the next three
// bits, which make unequal thirds of it. Classes beyond the last repeat its octave
// with more raw bits: there distributions differ in scale only.
var classTable = rans.NewClasses(func(octave, eighth int) (class rans.Class) {
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
	for c >= classes {
		c -= 3
	}
	class.Context = uint8(c)
	return class
})
