package residual

import (
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Segment collects the tokens and raw bits of one segment.
type Segment struct {
	Tokens []rans.Token
	Raw    rans.BitWriter
}

// Put codes a residual of a class, in the contexts from base on: zigzag, its
// low bits raw.
func (s *Segment) Put(base int, c rans.Class, r int32) {
	u := rans.Zigzag(int(r))
	q := u >> c.Raw
	if q >= rans.Escape {
		s.Raw.PutExpGolomb(q - rans.Escape)
		q = rans.Escape
	}
	s.Raw.Put(u&(1<<c.Raw-1), uint(c.Raw))
	s.Tokens = append(s.Tokens, rans.MakeToken(base+int(c.Context), int(q)))
}

// PutSkip codes a flag of a skip map.
func (s *Segment) PutSkip(context int, skip bool) {
	symbol := 0
	if skip {
		symbol = 1
	}
	s.Tokens = append(s.Tokens, rans.MakeToken(context, symbol))
}

// wrapLen is the number of residuals that PutRow wraps at once.
const wrapLen = 128

// PutRow codes the residuals q of the values v, every step-th of n, 1 or 2, by the indices of
// their classes.
func (s *Segment) PutRow(base int, limits *Limits, v, q []int32, class []uint8, n, step int) {
	have := len(s.Tokens)
	s.Tokens = slices.Grow(s.Tokens, n)[:have+n]
	tokens := s.Tokens[have:]
	if !limits.Known {
		Classes.Tokens(tokens, &s.Raw, base, class, q, step)
		return
	}
	var wrapped [2 * wrapLen]int32
	for k := 0; k < n; k += wrapLen {
		m, at := min(n-k, wrapLen), k*step
		for i := 0; i < m*step; i += step {
			wrapped[i] = limits.Wrap(v[at+i]-q[at+i], q[at+i])
		}
		Classes.Tokens(tokens[k:k+m], &s.Raw, base, class[at:], wrapped[:], step)
	}
}

// Source decodes what a segment holds.
type Source struct {
	rans.Decoder
	Tables []rans.DecTable
}

// Get decodes a residual of an expectation in the contexts from base on.
func (s *Source) Get(base int, expect int32) int32 {
	return s.Residual(s.Tables[base:], Classes.Of(expect))
}

// GetSkip decodes a flag of a skip map.
func (s *Source) GetSkip(context int) bool { return s.Symbol(&s.Tables[context]) != 0 }

// Limits are the least and the largest sample that a plane may have, where they are
// known: predictions are clamped to them, and what they make impossible has no code.
type Limits struct {
	Lo, Hi int32
	Known  bool
}

// NoLimits are the limits of a plane of which nothing is known.
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

// Magnitude is the magnitude of what codes the residual r of a prediction.
func (l *Limits) Magnitude(pred, r int32) int32 {
	if l.Known {
		r = l.Wrap(pred, r)
	}
	return rans.Magnitude(r)
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
