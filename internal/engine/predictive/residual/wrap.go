package residual

import (
	"math"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Limits are the least and the largest sample that a plane may have, where they are
// known: predictions are clamped to them, and what they make impossible has no code.
type Limits struct {
	Lo, Hi int32
	Known  bool
}

// NoLimits are those of a plane of which nothing is known.
var NoLimits = Limits{Lo: math.MinInt32, Hi: math.MaxInt32}

// Clamp moves a prediction within the limits.
func (l *Limits) Clamp(pred int32) int32 { return min(max(pred, l.Lo), l.Hi) }

// Wrap gives what codes the residual r of a prediction: as far as the nearer limit
// allows both signs itself, beyond that the next numbers in the order of zigzag.
func (l *Limits) Wrap(pred, r int32) int32 {
	d := min(pred-l.Lo, l.Hi-pred)
	a := max(r, -r)
	if a <= d {
		return r
	}
	return int32(rans.Unzigzag(uint32(a + d)))
}

// Unwrap is the inverse of Wrap.
func (l *Limits) Unwrap(pred, code int32) int32 {
	below, above := pred-l.Lo, l.Hi-pred
	d := min(below, above)
	u := rans.Zigzag(int(code))
	switch {
	case u <= uint32(2*d):
		return code
	case below <= above:
		return int32(u) - d
	}
	return d - int32(u)
}
