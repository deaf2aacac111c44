// Package residual codes what predictions leave: by static tables, in contexts of the
// magnitude that is expected (FORMAT-EXACT.md, "Residuals").
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
