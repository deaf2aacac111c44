//go:build !purego

package transform

import (
	"math"

	"golang.org/x/sys/cpu"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// overviewCells is what the kernel that puts cells of a row knows of them: where the first one and what belongs to it lies. Up to
// overviewSpare more may be read and written.
type overviewCells struct {
	row, above, exact *int32
	tokens            *rans.Token
	gains             *[farResidual]int32 // of classes
	classes           *uint8
	step, full, low   int32
	first             int32 // token of the contexts
	steep, far        int32 // the last gradient of classes, and the last residual of gains
	signs             uint64
	signed            int
}

// mostCells is how many cells the kernel takes at once.
const mostCells = 56

// unmoved are gains that no error is above.
var unmoved = func() (t [gradientClasses][farResidual]int32) {
	for class := range t {
		for far := range t[class] {
			t[class][far] = math.MaxInt32
		}
	}
	return t
}()

// extracts tells whether there are the instructions of BMI2 that the kernel needs besides.
var extracts = cpu.X86.HasBMI2

// putCells puts the tokens of up to n cells, and collects their signs, up to the first cell that is moved, an end, or as far from its
// prediction as direct. It returns how many it has put.
//
//go:noescape
func putCells(k *overviewCells, n int) int

// vectorRow is putWithin by the kernel, which leaves other cells to putCell.
func (o *overviewEncoder) vectorRow(s *segment, f *refinement, y int) (x int) {
	c, w := o.cells, o.cells.w
	gains := &unmoved
	if f != nil {
		gains = &f.gains
	}
	k := overviewCells{
		gains: &gains[0], classes: &gradientClass[0], step: c.scale.step, full: c.scale.full, low: c.scale.low,
		first: int32(rans.MakeToken(overviewContext(o.kind, 0), 0)), steep: largestBound, far: direct - 1,
	}
	row := c.overview[:len(c.overview)+overviewSpare]
	for x = 1; x < w-1; {
		at, n := c.index(x, y), len(s.tokens)
		tokens := s.tokens[:n+w-1-x+overviewSpare]
		k.row, k.above, k.exact, k.tokens = &row[at], &row[at-w], &o.exact[at], &tokens[n]
		done := putCells(&k, min(w-1-x, mostCells))
		s.tokens = s.tokens[:n+done]
		if k.signed > 32 {
			s.raw.Put(uint32(k.signs>>(k.signed-32)), 32)
			k.signed -= 32
			k.signs &= 1<<k.signed - 1
		}
		s.raw.Put(uint32(k.signs), uint(k.signed))
		if x += done; done < mostCells && x < w-1 {
			o.putCell(s, f, x, y)
			x++
		}
	}
	return x
}
