package predictive

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
	other      [2]int32 // residuals of the planes before
	around     int32    // magnitudes of theirs near
	pred       int32
	value      [2]int32 // samples of the planes before
}

// look gathers the features around the sample of w; mean is not yet less the
// prediction.
func (f *features) look(w *window) {
	i, s := w.at, w.level.stride
	f.mean, f.spread = w.mean, w.spread
	f.beside = w.level.q[i-2] + w.level.q[i-2*s]
	f.around = 0
	for k, o := range w.before {
		if o != nil {
			q := o.q
			e := func(i int) int32 { return magnitude(q[i]) }
			f.other[k], f.value[k] = q[i], o.v[i]
			f.around += 2*e(i) + e(i-2) + e(i+2) + e(i-2*s) + e(i+2*s)
		}
	}
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
	slowDirect = 6
	slowBins   = 32
	slowValues = 1 << 12 // values of a context
	octaves    = 12
	kindPasses = kinds * 4 // three passes and the grid

	lengths   = 16 // that the bits below the first tell apart
	lowBins   = 4 * lengths
	lowSlots  = slowDirect * slowValues * slowBins    // where those bits have theirs
	hashSlots = lowSlots + kindPasses*classes*lowBins // where lines of values begin
	lineBins  = cm.Line

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
		(min(fine(f.spread<<3, 3), 63)*directions+uint32(f.direction))*octaves + oct,
		uint32(max(min(f.mean, 127), -127)+128)*octaves + oct,
		(signed(f.other[0])*signs+signed(f.beside))*octaves + coarse(f.around, 0, octaves),
	}
	for i, v := range &c {
		s.contexts[i] = (uint32(i)*slowValues + v) * slowBins
	}
	s.contexts[slowDirect], s.contexts[slowDirect+1] = s.lines(f.kind, f.pred, f.value)
	s.low = lowSlots + (kp*classes+uint32(class))*lowBins
	s.set = int(kp) * slowBins
	s.second = (kindPasses + class) * slowBins
}

// lines are the first slots of the contexts that are of values, not of differences:
// of the prediction and the samples of the planes before.
func (s *slow) lines(kind int, pred int32, before [2]int32) (first, second uint32) {
	h := cm.Hash(cm.Hash(uint32(kind), uint32(pred)), uint32(before[0]))
	return s.line(h), s.line(cm.Hash(h, uint32(before[1]+1)))
}

func (s *slow) line(hash uint32) uint32 { return hashSlots + hash>>s.lineShift*lineBins }

// prefetch asks for the lines of the n-th sample after the one in w, before the
// filter has corrected its prediction: most often they are those that it takes.
func (s *slow) prefetch(w *window, kind, n int, pred int32) {
	var values [2]int32
	for k, o := range w.before {
		if o != nil {
			values[k] = o.v[w.at+2*n]
		}
	}
	s.Prefetch(s.lines(kind, pred, values))
}

// residual codes q, or decodes and returns it: its sign and length, the next two
// bits under one context and the others as they are.
func (s *slow) residual(q int32) int32 {
	a := max(q, -q)
	n, neg := s.Length(&s.contexts, s.set, s.second, q, 32)
	low := s.low + 4*uint32(min(n-1, lengths-1))
	v := min(uint32(n), 1)
	for i := n - 2; i >= 0; i-- {
		b := int(a >> i & 1)
		if v < 4 {
			b = s.CodeAlone(low+v, b)
		} else {
			b = s.Bit(1<<15, b)
		}
		v = v<<1 | uint32(b)
	}
	return int32(v) ^ neg - neg
}
