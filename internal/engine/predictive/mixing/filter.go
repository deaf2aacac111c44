package mixing

import (
	"math"

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
	gainBits   = 8 // of a gain below those of a weight
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
