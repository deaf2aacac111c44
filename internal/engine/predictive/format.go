package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
)

// Plane is one component of a tile.
type Plane = interlace.Plane

// NewPlane returns a plane of zeros.
func NewPlane(w, h int) Plane { return interlace.NewPlane(w, h) }

// Planes returns n planes of w×h samples of any value: old, if it is such.
func Planes(old []Plane, n, w, h int) []Plane { return interlace.Planes(old, n, w, h) }

// SampleBytes is about the memory that a decoder needs for a sample of a tile.
const SampleBytes = interlace.SampleBytes

// Format is what all tiles of a file have in common.
type Format struct {
	Channels int
	Alpha    bool  // the last of two or four channels is what the others count by in means
	Depth    int   // bits of a sample: 1 to 32 with a sign, to 31 without
	Maximum  int32 // the largest sample without a sign, 0 for 2^Depth−1
	Bound    int32 // the largest error of a sample, 0 for lossless
	Signed   bool
	// Labels says that samples are names of classes, whose means say nothing.
	Labels bool
	// Values of each channel, nil where it is coded as it is; or none at all.
	Values []Values
	// Merged is the bound that values keep of those they stand for.
	Merged int32
}

// sampleRange is the range of the samples.
func (f *Format) sampleRange() (least, most int32) {
	if f.Signed {
		return -1 << (f.Depth - 1), 1<<(f.Depth-1) - 1
	}
	if f.Maximum > 0 {
		return 0, f.Maximum
	}
	return 0, 1<<f.Depth - 1
}

// wide tells whether samples have more than 16 bits.
func (f *Format) wide() bool { return f.Depth > 16 }

// limits are the limits of plane i of a tile after a transform: known for a channel
// as it is, and not for differences, decoded samples within a bound or more than 16
// bits.
func (f *Format) limits(i int, rct chroma.RCT) residual.Limits {
	channel := i
	if rct > 0 && i == 0 {
		channel = rct.Base()
	}
	if f.Bound > 0 || f.wide() || rct > 0 && (i == 1 || i == 2) {
		return residual.NoLimits
	}
	if s := f.values(channel); s != nil {
		return residual.Limits{Lo: 0, Hi: int32(len(s) - 1), Known: true}
	}
	least, most := f.sampleRange()
	return residual.Limits{Lo: least, Hi: most, Known: true}
}

// plain is the format of tiles whose samples are not packed.
func (f *Format) plain() Format {
	p := *f
	p.Values, p.Merged, p.Bound = nil, 0, f.Bound+f.Merged
	return p
}

// fewValues is the number of values below which the step of the overview no longer
// grows with their distance.
const fewValues = 128

// overviewStep is the step of the overview of plane i: of packed values twice their
// mean distance.
func (f *Format) overviewStep(i int) int32 {
	step := max(linear.MinOverviewStep, 2*f.Bound+1, 2*f.Merged+1)
	s := f.values(i)
	if s == nil {
		return step
	}
	return max(step, 2*int32(s[len(s)-1]-s[0])/int32(max(len(s), fewValues)))
}

// weighs tells whether the last of some channels weights the means of others: it
// does not say the same of all samples.
func (f *Format) weighs(channels []Plane) bool {
	if !f.Alpha {
		return false
	}
	alpha := channels[len(channels)-1].Pix
	return slices.ContainsFunc(alpha, func(v int32) bool { return v != alpha[0] })
}

// overview holds the means of the values of each channel's cells, beside Alpha
// weighted by it.
func (f *Format) overview(channels []Plane) []Plane {
	values := slices.Clone(channels)
	for i := range values {
		if s := f.values(i); s != nil {
			values[i].Pix = slices.Clone(values[i].Pix)
			s.unpack(values[i].Pix)
		}
	}
	var weights *Plane
	last := len(values) - 1
	if f.weighs(values) {
		weights = &values[last]
	}
	out := make([]Plane, len(values))
	for i := range values[:last] {
		out[i] = values[i].Overview(weights)
	}
	out[last] = values[last].Overview(nil)
	return out
}
