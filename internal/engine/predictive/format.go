package predictive

import (
	"math"
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

// Planes returns n planes of w×h samples of any value, in the memory of old ones where these are
// as large.
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
	Lanes  []Lanes // of a raster, nil of a picture
	// Apart says that channels are not to be joined by a transform of colours.
	Apart bool
	// Values of each channel, nil where it is coded as it is; or none at all.
	Values []Values
	// Merged is the bound that values keep of those they stand for.
	Merged int32
}

// Lanes say how a plane of a raster is coded: its numbers are what a mapping makes of the
// samples of a band.
type Lanes struct {
	Bound  int32 // the largest error of a number
	Wide   bool  // 32 bits with a sign; else Depth bits without
	Parent int   // the plane whose residuals are context, from 0; −1 for none
	Step   int32 // the least step of the overview
	Scales linear.Scales
	// Fine says that weights have more bits; see Format.refine.
	Fine bool
}

// refine says which planes have weights of more bits, once values are known: the ones whose
// numbers have 32 bits throughout the file.
func (f *Format) refine() {
	for i := range f.Lanes {
		f.Lanes[i].Fine = f.Lanes[i].Wide && f.values(i) == nil
	}
}

// fine tells whether plane i has weights of more bits.
func (f *Format) fine(i int) bool { return f.Lanes != nil && f.Lanes[i].Fine }

// moreBits is the number of bits that the weights of each plane have more.
func (f *Format) moreBits() []int {
	more := make([]int, f.Channels)
	for i := range more {
		if f.fine(i) {
			more[i] = linear.FineBits
		}
	}
	return more
}

// bound is the largest error of plane i.
func (f *Format) bound(i int) int32 {
	if f.Lanes != nil {
		return f.Lanes[i].Bound
	}
	return f.Bound
}

// wide tells whether plane i has numbers of more than 16 bits; the overview may have them
// where the others are indices of values.
func (f *Format) wide(i int) bool {
	if f.values(i) != nil {
		return false
	}
	if f.Lanes != nil {
		return f.Lanes[i].Wide
	}
	return f.Depth > 16
}

// parent is the plane whose residuals are context for plane i, −1 for none.
func (f *Format) parent(i int) int {
	if f.Lanes != nil {
		return f.Lanes[i].Parent
	}
	return i - min(residual.Kind(i, f.Channels), 1)
}

// joins tells whether a transform of colours may join the first three planes.
func (f *Format) joins() bool {
	if f.Apart || f.Channels != 3 && f.Channels != 4 {
		return false
	}
	for i := range 3 {
		if f.bound(i) > 0 || f.Lanes != nil && f.Lanes[i].Wide {
			return false
		}
	}
	return true
}

// kind is the number of planes before that are context for plane i, at most two.
func (f *Format) kind(i int) int {
	if f.Lanes == nil {
		return residual.Kind(i, f.Channels)
	}
	kind := 0
	for p := f.Lanes[i].Parent; p >= 0 && kind < residual.Kinds-1; p = f.Lanes[p].Parent {
		kind++
	}
	return kind
}

func (f *Format) kinds() []int {
	kinds := make([]int, f.Channels)
	for i := range kinds {
		kinds[i] = f.kind(i)
	}
	return kinds
}

// numbers is the range of the numbers of plane i.
func (f *Format) numbers(i int) (least, most int32) {
	switch {
	case f.Lanes != nil && f.Lanes[i].Wide:
		return math.MinInt32, math.MaxInt32
	case f.Signed:
		return -1 << (f.Depth - 1), 1<<(f.Depth-1) - 1
	case f.Maximum > 0:
		return 0, f.Maximum
	}
	return 0, 1<<f.Depth - 1
}

// limits are the limits of plane i of a tile after a transform: known for a channel
// as it is, and not for differences, decoded samples within a bound or more than 16
// bits.
func (f *Format) limits(i int, rct chroma.RCT) residual.Limits {
	channel := i
	if rct > 0 && i == 0 {
		channel = rct.Base()
	}
	if f.bound(channel) > 0 || f.wide(channel) || rct > 0 && (i == 1 || i == 2) {
		return residual.NoLimits
	}
	if s := f.values(channel); s != nil {
		return residual.Limits{Lo: 0, Hi: int32(len(s) - 1), Known: true}
	}
	least, most := f.numbers(channel)
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
	step := max(linear.MinOverviewStep, 2*f.bound(i)+1, 2*f.Merged+1)
	if f.Lanes != nil {
		step = max(step, f.Lanes[i].Step)
	}
	s := f.values(i)
	if s == nil {
		return step
	}
	return max(step, int32(2*(int64(s[len(s)-1])-int64(s[0]))/int64(max(len(s), fewValues))))
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
	values, last := f.unpacked(channels), len(channels)-1
	if f.weighs(values) {
		return overviewsBy(values, last, &values[last])
	}
	return overviewsBy(values, last, nil)
}

// unpacked are channels with values in the place of ranks.
func (f *Format) unpacked(channels []Plane) []Plane {
	values := slices.Clone(channels)
	for i := range values {
		if s := f.values(i); s != nil {
			values[i].Pix = slices.Clone(values[i].Pix)
			s.unpack(values[i].Pix)
		}
	}
	return values
}

// overviewsBy holds the means of cells, by weights, if there are any, of all planes but one.
func overviewsBy(planes []Plane, but int, weights *Plane) []Plane {
	out := make([]Plane, len(planes))
	for i := range planes {
		if i == but {
			out[i] = planes[i].Overview(nil)
		} else {
			out[i] = planes[i].Overview(weights)
		}
	}
	return out
}
