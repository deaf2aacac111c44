package predictive

import (
	"math"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// limits are the least and the largest sample that a plane may have, where they are
// known: predictions are clamped to them, and what they make impossible has no code.
type limits struct {
	lo, hi int32
	known  bool
}

// planeLimits are the limits of plane i of a tile after a transform: known for a
// channel as it is, and not for differences, decoded samples within a bound or more
// than 16 bits.
func (f *Format) planeLimits(i int, rct chroma.RCT) limits {
	channel := i
	if rct > 0 && i == 0 {
		channel = rct.Base()
	}
	if f.Bound > 0 || f.wide() || rct > 0 && (i == 1 || i == 2) {
		return limits{lo: math.MinInt32, hi: math.MaxInt32}
	}
	if s := f.values(channel); s != nil {
		return limits{0, int32(len(s) - 1), true}
	}
	least, most := f.limits()
	return limits{least, most, true}
}

// fold gives what codes the residual r of a prediction: as far as the nearer limit
// allows both signs itself, beyond that the next numbers in the order of zigzag.
func (l *limits) fold(pred, r int32) int32 {
	d := min(pred-l.lo, l.hi-pred)
	a := max(r, -r)
	if a <= d {
		return r
	}
	return int32(rans.Unzigzag(uint32(a + d)))
}

// unfold is the inverse of fold.
func (l *limits) unfold(pred, code int32) int32 {
	below, above := pred-l.lo, l.hi-pred
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
