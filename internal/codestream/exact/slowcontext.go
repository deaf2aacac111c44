package exact

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// features are what the contexts of a residual are made of.
type features struct {
	kind       int
	pass       pass // passes for the grid
	direction  int
	expect     int32
	fraction   uint32   // of the prediction, 3 bits
	correction int32    // of the filter, in 1/weightOne
	mean       int32    // of the four nearest, less the prediction
	spread     int32    // of the four nearest
	beside     int32    // sum of the residuals left and above in the pass
	near, diag int32    // of those of earlier passes, beside and at the corners
	other      [2]int32 // residuals of the planes before
	around     int32    // magnitudes of theirs near
	pred       int32
	value      [2]int32 // samples of the planes before
}

// look gathers the features around index i and the inputs of the filter; mean is
// not yet less the prediction.
func (f *features) look(l *level, i int, others [2]*level, x *[filterTaps]int32) {
	f.nearest(l, i, (*[neighbours]int32)(x[:]))
	f.residuals(l, i, (*[10]int32)(x[neighbours:]))
	f.around = 0
	for k, o := range others {
		if o != nil {
			f.plane(o, i, k, (*[2]int32)(x[neighbours+10+2*k:]))
		}
	}
	x[filterTaps-1] = 4
}

// nearest sets the inputs of the taps to their differences from mean.
func (f *features) nearest(l *level, i int, x *[neighbours]int32) {
	var t [neighbours]int32
	for k, o := range &offsets[f.pass] {
		t[k] = l.v[i+o[1]*l.stride+o[0]]
	}
	f.mean = (t[0] + t[1] + t[2] + t[3] + 2) >> 2
	f.spread = max(t[0], t[1], t[2], t[3]) - min(t[0], t[1], t[2], t[3])
	for k := range t {
		x[k] = limit(t[k] - f.mean)
	}
}

// residuals enters those of the plane that are known.
func (f *features) residuals(l *level, i int, x *[10]int32) {
	q, s := l.q, l.stride
	f.beside = q[i-2] + q[i-2*s]
	x[0], x[1], x[2], x[3] = limit(q[i-2]), limit(q[i-2*s]), limit(q[i-2*s-2]), limit(q[i-2*s+2])
	switch f.pass {
	case passB0:
		f.near = q[i-s] + q[i+s]
		x[4], x[5] = limit(q[i-s]), limit(q[i+s])
	case passB1:
		f.near = q[i-1] + q[i+1]
		f.diag = q[i-s-1] + q[i-s+1] + q[i+s-1] + q[i+s+1]
		x[4], x[5] = limit(q[i-1]), limit(q[i+1])
		x[6], x[7], x[8], x[9] = limit(q[i-s-1]), limit(q[i-s+1]), limit(q[i+s-1]), limit(q[i+s+1])
	}
}

// plane enters the residuals of the k-th plane before.
func (f *features) plane(o *level, i, k int, x *[2]int32) {
	q, s := o.q, o.stride
	e := func(i int) int32 { return magnitude(q[i]) }
	f.other[k], f.value[k] = q[i], o.v[i]
	f.around += 2*e(i) + e(i-2) + e(i+2) + e(i-2*s) + e(i+2*s)
	x[0], x[1] = limit(q[i]), limit(q[i-2]+q[i+2]+q[i-2*s]+q[i+2*s])
}

// signed quantises v to 0 to 12, 6 for 0.
func signed(v int32) uint32 {
	n := min(uint32(bits.Len32(uint32(max(v, -v)))), 6)
	if v < 0 {
		return 6 - n
	}
	return 6 + n
}

const signs = 13 // values of signed

// fine quantises v in eighths of octaves from 2^octave on.
func fine(v int32, octave int) uint32 {
	u := uint32(max(v, 1<<octave))
	n := bits.Len32(u) - 1
	return uint32(n-octave)<<3 | u>>(n-3)&7
}

// coarse quantises v to n classes, octaves from 2^octave on.
func coarse(v int32, octave, n int) uint32 {
	return min(uint32(bits.Len32(uint32(max(v, 1<<octave)))-1-octave), uint32(n)-1)
}

// A context of a residual has a slot for each bin: whether it is 0, its sign, and
// the steps of the unary code of its length.
const (
	slowContexts = slowDirect + slowHashed
	slowDirect   = 8
	slowHashed   = 2 // of values, not of differences
	slowBins     = 32
	slowValues   = 1 << 12 // values of a context
	octaves      = 12
	kindPasses   = kinds * 4 // three passes and the grid

	lengths   = 16 // that the bits below the first tell apart
	lowBins   = 4 * lengths
	lowSlots  = slowDirect * slowValues * slowBins    // where those bits have theirs
	hashSlots = lowSlots + kindPasses*classes*lowBins // where lines of values begin
	lineBins  = 16

	slowSets     = (kindPasses + classes) * slowBins
	slowLearning = 17
	slowHorizon  = 127
)

// locate finds the contexts of a residual.
func (s *slow) locate(f *features) {
	kp := uint32(f.kind*4 + int(f.pass))
	oct := coarse(f.expect, rans.FirstOctave, octaves)
	class := int(classTable.Of(f.expect).Context)
	c := [slowDirect]uint32{
		(uint32(class)*8+f.fraction)*kindPasses + kp,
		(signed(f.other[0])*signs+signed(f.other[1]))*octaves + oct,
		(signed(2*f.mean)*signs+signed(f.correction>>(weightBits-1)))*octaves + oct,
		(signed(f.near)*signs+signed(f.diag))*octaves + oct,
		min(fine(f.around<<3, 3), 127)*octaves + oct,
		(min(fine(f.spread<<3, 3), 63)*directions+uint32(f.direction))*octaves + oct,
		uint32(max(min(f.mean, 127), -127)+128)*octaves + oct,
		(signed(f.other[0])*signs+signed(f.beside))*octaves + coarse(f.around, 0, octaves),
	}
	for i, v := range &c {
		s.contexts[i] = (uint32(i)*slowValues + v) * slowBins
	}
	h := cm.Hash(cm.Hash(uint32(f.kind), uint32(f.pred)), uint32(f.value[0]))
	s.line(slowDirect, h)
	s.line(slowDirect+1, cm.Hash(h, uint32(f.value[1]+1)))
	s.low = lowSlots + (kp*classes+uint32(class))*lowBins
	s.set = int(kp) * slowBins
	s.second = (kindPasses + class) * slowBins
}

// line selects the slots of a context by its hash.
func (s *slow) line(i int, hash uint32) {
	s.contexts[i] = hashSlots + hash>>s.lineShift*lineBins
}

// residual codes q, or decodes and returns it: whether it is 0, its sign, the
// length of its magnitude in unary, the next two bits under one context and the
// others as they are.
func (s *slow) residual(q int32) int32 {
	if s.decide(0, q == 0) == 1 {
		return 0
	}
	neg := s.decide(1, q < 0)
	a := uint32(max(q, -q))
	e := uint32(0)
	for e < 31 && s.decide(2+2*min(e, lengths-2)+neg, a>>e == 1) == 0 {
		e++
	}
	v := uint32(1)
	for i := int(e) - 1; i >= 0; i-- {
		b := a >> i & 1
		if v < 4 {
			b = uint32(s.CodeAlone(s.low+4*min(e, lengths-1)+v, int(b)))
		} else {
			b = uint32(s.Bit(1<<15, int(b)))
		}
		v = v<<1 | b
	}
	return int32(v^-neg) + int32(neg)
}

// decide codes a bin in all contexts.
func (s *slow) decide(bin uint32, b bool) uint32 {
	for i, c := range s.contexts[:slowDirect] {
		s.at[i] = c + bin
	}
	for i := slowDirect; i < slowContexts; i++ {
		s.at[i] = s.contexts[i] + bin%lineBins
	}
	bit := 0
	if b {
		bit = 1
	}
	return uint32(s.Code(s.at[:], s.set+int(bin), s.second+int(bin), bit))
}
