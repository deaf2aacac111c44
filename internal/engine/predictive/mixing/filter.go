package mixing

import (
	"math"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
)

// filter predicts, by normalised least mean squares, what the weights of the
// file leave of a sample: one for each plane, level and pass.
type filter struct {
	w [filterLen]int64 // in 1/2^filterBits of 1/WeightOne
	x [filterLen]int32
	n int64 // sum of the squares of x
}

const (
	filterTaps  = linear.Neighbours + residualTaps + 2*2 + 1
	filterLen   = filterTaps + 1                   // one is 0, for whole vectors
	filterInput = 1 << 16                          // the largest input
	filterOne   = 4                                // the constant input
	filterLimit = 1 << limitBits                   // the largest weight
	filterError = filterInput << linear.WeightBits // the largest correction, and error

	filterBits = 16 // of a weight below 1/WeightOne
	limitBits  = 26
	gainBits   = 8 // of a gain, below the bits of a weight
	rateBits   = 7 // the weights move by 1/2^rateBits of the error
)

// sum weighs the inputs and sets n.
func (f *filter) sum() int64 {
	sum, n := int64(0), int64(0)
	for i, x := range &f.x {
		v := int64(x)
		sum += f.w[i] * v
		n += v * v
	}
	f.n = n
	return sum
}

// learn moves the weights by a 128th of the error of the prediction, which is in
// 1/WeightOne. The gain has 8 bits more than the weights, and 32 in all.
func (f *filter) learn(err int64) {
	err = max(min(err, filterError), -filterError)
	gain := err << (filterBits + gainBits - rateBits) / (f.n + 9*filterTaps)
	gain = max(min(gain, math.MaxInt32), math.MinInt32)
	f.move(gain)
}

// movePlain moves the weights by plain code.
func (f *filter) movePlain(gain int64) {
	for i, x := range &f.x {
		f.w[i] = max(min(f.w[i]+gain*int64(x)>>gainBits, filterLimit), -filterLimit)
	}
}

// clampInput makes v an input of a filter.
func clampInput(v int32) int32 { return max(min(v, filterInput), -filterInput) }

// level is an interlace.Level, whose fields the kernels ask for by this name.
type level interlace.Level

const residualTaps = 10 // of the plane, at most

// residualOffsets are the offsets of the residuals that are inputs in each pass.
var residualOffsets = [interlace.Passes][][2]int{
	interlace.PassA:  {{-2, 0}, {0, -2}, {-2, -2}, {2, -2}},
	interlace.PassB0: {{-2, 0}, {0, -2}, {-2, -2}, {2, -2}, {0, -1}, {0, 1}},
	interlace.PassB1: {{-2, 0}, {0, -2}, {-2, -2}, {2, -2}, {-1, 0}, {1, 0}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}},
}

// neighbourhood is what a filter sees: a sample of a level, and of the same level of
// the planes before, nil where there are none.
type neighbourhood struct {
	level  *level
	before [2]*level
	filter *filter
	at     int // index of the sample

	taps      [linear.Neighbours]int32 // offsets
	residuals [12]int32                // offsets, the last two for whole vectors
	has       [8]int32                 // −1 for each of residuals from the fifth on that a pass has

	mean, spread int32 // of the four nearest
	sum          int64 // of the weighted inputs
}

func newNeighbourhood(l *interlace.Level, before [2]*interlace.Level, ps interlace.Pass, f *filter) *neighbourhood {
	n := &neighbourhood{level: (*level)(l), filter: f}
	for k, o := range before {
		n.before[k] = (*level)(o)
	}
	for k, o := range &linear.Offsets[ps] {
		n.taps[k] = int32(o[1]*l.Stride + o[0])
	}
	for k, o := range residualOffsets[ps] {
		n.residuals[k] = int32(o[1]*l.Stride + o[0])
		if k >= 4 {
			n.has[k-4] = -1
		}
	}
	return n
}

// gatherPlain sets the inputs of the filter and weighs them by plain code.
func (n *neighbourhood) gatherPlain() {
	n.nearest()
	x := n.filter.x[linear.Neighbours:]
	for k := range residualTaps {
		if k < 4 || n.has[k-4] != 0 {
			x[k] = clampInput(n.level.Q[n.at+int(n.residuals[k])])
		}
	}
	for k, o := range n.before {
		if o != nil {
			q, i, s := o.Q, n.at, o.Stride
			x[residualTaps+2*k] = clampInput(q[i])
			x[residualTaps+2*k+1] = clampInput(q[i-2] + q[i+2] + q[i-2*s] + q[i+2*s])
		}
	}
	n.filter.x[filterTaps-1] = filterOne
	n.sum = n.filter.sum()
}

// nearest sets the inputs of the taps to their differences from mean.
func (n *neighbourhood) nearest() {
	var t [linear.Neighbours]int32
	for k, o := range &n.taps {
		t[k] = n.level.V[n.at+int(o)]
	}
	n.mean = (t[0] + t[1] + t[2] + t[3] + 2) >> 2
	n.spread = max(t[0], t[1], t[2], t[3]) - min(t[0], t[1], t[2], t[3])
	for k := range t {
		n.filter.x[k] = clampInput(t[k] - n.mean)
	}
}

// correction of a prediction, in 1/WeightOne.
func (n *neighbourhood) correction() int32 {
	return int32(max(min(n.sum>>filterBits, filterError), -filterError))
}
