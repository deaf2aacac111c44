package exact

import "github.com/qtgpu/qtgpu/internal/rans"

// A context is the kind of the plane, the stage of coding and a class of the
// residual's expected magnitude; after them come those of the zero tree.
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
// expected magnitude of its residual: a constant; the lesser and the greater
// energy and the difference of the two directions' means; the residuals of the
// same pass to the left, above, two rows further up and at the corners; those of
// pass A and B0 near; and those of the two planes before at the same place.
type expectation struct {
	one, flat, most, cross, side, up, up2, corner, near, diag, other, other2 int32
}

// residualSums is the number of sums of residuals that a kernel weighs.
const residualSums = 7

func (x *expectation) ofResiduals() [residualSums]int32 {
	return [...]int32{x.up, x.up2, x.corner, x.near, x.diag, x.other, x.other2}
}

// Fitted to photographs, by kind, level and pass.
var expectations = [kinds][Base][passes]expectation{
	{
		{
			{one: 36, flat: 8, cross: 15, side: 38, up: 38, corner: 20},
			{one: 31, flat: 13, cross: 12, side: 31, up: 31, corner: 22, near: 8},
			{one: 24, flat: 11, cross: 6, side: 20, up: 20, corner: 8, diag: 18},
		},
		{
			{one: 36, flat: 8, cross: 15, side: 38, up: 38, corner: 20},
			{one: 31, flat: 13, cross: 12, side: 31, up: 31, corner: 22, near: 8},
			{one: 24, flat: 11, cross: 6, side: 20, up: 20, corner: 8, diag: 18},
		},
		{
			{one: 36, flat: 8, cross: 15, side: 38, up: 38, corner: 20},
			{one: 31, flat: 13, cross: 12, side: 31, up: 31, corner: 22, near: 8},
			{one: 24, flat: 11, cross: 6, side: 20, up: 20, corner: 8, diag: 18},
		},
	},
	{
		{
			{one: 1, flat: 9, cross: 18, side: 35, up: 35, corner: 15, other: 4},
			{one: 2, flat: 14, cross: 13, side: 26, up: 26, corner: 16, near: 15, other: 2},
			{one: 2, flat: 12, cross: 11, side: 18, up: 18, corner: 7, near: 4, diag: 12, other: 2},
		},
		{
			{one: 1, flat: 9, cross: 18, side: 35, up: 35, corner: 15, other: 4},
			{one: 2, flat: 14, cross: 13, side: 26, up: 26, corner: 16, near: 15, other: 2},
			{one: 2, flat: 12, cross: 11, side: 18, up: 18, corner: 7, near: 4, diag: 12, other: 2},
		},
		{
			{one: 1, flat: 9, cross: 18, side: 35, up: 35, corner: 15, other: 4},
			{one: 2, flat: 14, cross: 13, side: 26, up: 26, corner: 16, near: 15, other: 2},
			{one: 2, flat: 12, cross: 11, side: 18, up: 18, corner: 7, near: 4, diag: 12, other: 2},
		},
	},
	{
		{
			{one: 2, flat: 8, cross: 16, side: 31, up: 31, corner: 13, other: 46},
			{one: 4, flat: 11, cross: 11, side: 22, up: 22, corner: 13, near: 11, other: 44},
			{one: 2, flat: 11, cross: 6, side: 15, up: 15, corner: 4, near: 4, diag: 13, other: 39},
		},
		{
			{one: 2, flat: 8, cross: 16, side: 31, up: 31, corner: 13, other: 46},
			{one: 4, flat: 11, cross: 11, side: 22, up: 22, corner: 13, near: 11, other: 44},
			{one: 2, flat: 11, cross: 6, side: 15, up: 15, corner: 4, near: 4, diag: 13, other: 39},
		},
		{
			{one: 2, flat: 8, cross: 16, side: 31, up: 31, corner: 13, other: 46},
			{one: 4, flat: 11, cross: 11, side: 22, up: 22, corner: 13, near: 11, other: 44},
			{one: 2, flat: 11, cross: 6, side: 15, up: 15, corner: 4, near: 4, diag: 13, other: 39},
		},
	},
}

// addResiduals adds what residuals that are known before a row of n samples
// say, from index i on.
func (r *rows) addResiduals(n int, l *level, p pass, i int, others [2]*level) {
	x, s := r.ex, l.stride
	q := func(row *level, i, k int) int32 { return magnitude(row.q[i+2*k]) }
	for k := range r.expect[:n] {
		r.expect[k] += x.up*q(l, i-2*s, k) + x.corner*(q(l, i-2*s-2, k)+q(l, i-2*s+2, k))
	}
	if i >= 4*s { // else the margin, where residuals are 0
		for k := range r.expect[:n] {
			r.expect[k] += x.up2 * q(l, i-4*s, k)
		}
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
	for j, w := range [2]int32{x.other, x.other2} {
		if o := others[j]; o != nil {
			for k := range r.expect[:n] {
				r.expect[k] += w * q(o, i, k)
			}
		}
	}
}

func magnitude(r int32) int32 { return rans.Magnitude(r) }

// classOf gives the class of an expectation and the number k of low bits of
// the residual that are sent raw: by its octave and the next three bits, which
// make unequal thirds of it. Classes beyond the last repeat its octave with
// more raw bits: there distributions differ in scale only.
func classOf(expect int32) (class int, k uint) {
	c := classTable.Of(expect)
	return int(c.Context), uint(c.Raw)
}

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
