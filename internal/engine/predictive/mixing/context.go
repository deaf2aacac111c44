package mixing

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// features are what the contexts of a residual are made of.
type features struct {
	kind       int
	pass       interlace.Pass // Passes for the grid
	direction  int
	expect     int32
	fraction   uint32   // of the prediction, 3 bits
	correction int32    // of the filter, in 1/WeightOne
	mean       int32    // of the four nearest, less the prediction
	spread     int32    // of the four nearest
	beside     int32    // sum of the residuals left and above in the pass
	other      [2]int32 // residuals of the planes before
	around     int32    // magnitudes of theirs near
	pred       int32
	value      [2]int32 // samples of the planes before
}

// gather finds the features around the sample of n; mean is not yet less the
// prediction.
func (f *features) gather(n *neighbourhood) {
	i, s := n.at, n.level.Stride
	f.mean, f.spread = n.mean, n.spread
	f.beside = n.level.Q[i-2] + n.level.Q[i-2*s]
	f.around = 0
	for k, o := range n.before {
		if o != nil {
			q := o.Q
			e := func(i int) int32 { return rans.Magnitude(q[i]) }
			f.other[k], f.value[k] = q[i], o.V[i]
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
	direct     = 6
	bins       = 32
	values     = 1 << 12 // values of a context
	octaves    = 12
	kindPasses = residual.Kinds * 4 // three passes and the grid

	lengths   = 16 // that the bits below the first tell apart
	lowBins   = 4 * lengths
	lowSlots  = direct * values * bins                          // where those bits have theirs
	hashSlots = lowSlots + kindPasses*residual.NClasses*lowBins // where lines of values begin
	lineBins  = cm.Line

	sets     = (kindPasses + residual.NClasses) * bins
	learning = 17
	horizon  = 127
)

// locate finds the contexts of a residual.
func (c *Coder) locate(f *features) {
	kp := uint32(f.kind*4 + int(f.pass))
	oct := coarse(f.expect, rans.FirstOctave, octaves)
	class := int(residual.Classes.Of(f.expect).Context)
	v := [direct]uint32{
		(uint32(class)*8+f.fraction)*kindPasses + kp,
		(signed(f.other[0])*signs+signed(f.other[1]))*octaves + oct,
		(signed(2*f.mean)*signs+signed(f.correction>>(linear.WeightBits-1)))*octaves + oct,
		(min(fine(f.spread<<3, 3), 63)*linear.Directions+uint32(f.direction))*octaves + oct,
		uint32(max(min(f.mean, 127), -127)+128)*octaves + oct,
		(signed(f.other[0])*signs+signed(f.beside))*octaves + coarse(f.around, 0, octaves),
	}
	for i, v := range &v {
		c.contexts[i] = (uint32(i)*values + v) * bins
	}
	c.contexts[direct], c.contexts[direct+1] = c.lines(f.kind, f.pred, f.value)
	c.low = lowSlots + (kp*residual.NClasses+uint32(class))*lowBins
	c.set = int(kp) * bins
	c.second = (kindPasses + class) * bins
}

// lines are the first slots of the contexts that are of values, not of differences:
// of the prediction and the samples of the planes before.
func (c *Coder) lines(kind int, pred int32, before [2]int32) (first, second uint32) {
	h := cm.Hash(cm.Hash(uint32(kind), uint32(pred)), uint32(before[0]))
	return c.line(h), c.line(cm.Hash(h, uint32(before[1]+1)))
}

func (c *Coder) line(hash uint32) uint32 { return hashSlots + hash>>c.lineShift*lineBins }

// prefetchLines asks for the lines of the k-th sample after the one in n, before the
// filter has corrected its prediction: most often they are those that it takes.
func (c *Coder) prefetchLines(n *neighbourhood, kind, k int, pred int32) {
	var before [2]int32
	for i, o := range n.before {
		if o != nil {
			before[i] = o.V[n.at+2*k]
		}
	}
	c.Prefetch(c.lines(kind, pred, before))
}

// residual codes q, or decodes and returns it: its sign and length, the next two
// bits under one context and the others as they are.
func (c *Coder) residual(q int32) int32 {
	a := max(q, -q)
	n, neg := c.Length(&c.contexts, c.set, c.second, q, 32)
	low := c.low + 4*uint32(min(n-1, lengths-1))
	v := min(uint32(n), 1)
	for i := n - 2; i >= 0; i-- {
		b := int(a >> i & 1)
		if v < 4 {
			b = c.CodeAlone(low+v, b)
		} else {
			b = c.Bit(1<<15, b)
		}
		v = v<<1 | uint32(b)
	}
	return int32(v) ^ neg - neg
}
