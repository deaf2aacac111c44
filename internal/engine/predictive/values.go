package predictive

import (
	"slices"
	"sort"

	"github.com/qtgpu/qtgpu/chroma"
)

// Values are those that a channel has, in ascending order; its samples are ranks
// among them, its means are not.
type Values []uint16

// rank is the rank of the value nearest to v, the lower one of two.
func (s Values) rank(v int32) int32 {
	i := sort.Search(len(s), func(i int) bool { return int32(s[i]) >= v })
	if i == len(s) || i > 0 && v-int32(s[i-1]) <= int32(s[i])-v {
		i--
	}
	return int32(i)
}

// look turns ranks into values in place; a rank beyond the last, which only a
// damaged file has, is the last.
func (s Values) look(ranks []int32) {
	for i, v := range ranks {
		ranks[i] = int32(s[min(max(int(v), 0), len(s)-1)])
	}
}

// values are the values of channel i, nil where it is coded as it is.
func (f *Format) values(i int) Values {
	if f.Values == nil {
		return nil
	}
	return f.Values[i]
}

// ranked tells whether the samples of any channel are ranks.
func (f *Format) ranked() bool {
	return slices.ContainsFunc(f.Values, func(s Values) bool { return s != nil })
}

// look turns ranks of channels into values, in place.
func (f *Format) look(channels []Plane) {
	for i := range channels {
		if s := f.values(i); s != nil {
			s.look(channels[i].Pix)
		}
	}
}

// meanStep is the least step of means. Exact ones would cost half a percent of a
// lossless photograph more.
const meanStep = 4

// fewValues is the number of values below which the step of means no longer
// grows with their distance.
const fewValues = 128

// meanStep is the step of the means of plane i: of values twice their mean
// distance.
func (f *Format) meanStep(i int) int32 {
	step := max(meanStep, 2*f.Bound+1, 2*f.Merged+1)
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

// means are the means of the values of each channel's cells, beside Alpha weighted
// by it.
func (f *Format) means(channels []Plane) []Plane {
	values := slices.Clone(channels)
	for i := range values {
		if s := f.values(i); s != nil {
			values[i].Pix = slices.Clone(values[i].Pix)
			s.look(values[i].Pix)
		}
	}
	var weights *Plane
	last := len(values) - 1
	if f.weighs(values) {
		weights = &values[last]
	}
	out := make([]Plane, len(values))
	for i := range values[:last] {
		out[i] = values[i].means(weights)
	}
	out[last] = values[last].means(nil)
	return out
}

// rankMeans turns the means of a tile's planes, as they are coded, into those that
// ranks are predicted from; means gives a plane's.
func (f *Format) rankMeans(rct chroma.RCT, means func(i int) []int32) {
	if !f.ranked() {
		return
	}
	planes := make([]Plane, f.Channels)
	for i := range planes {
		planes[i].Pix = means(i)
	}
	f.invert(rct, planes)
	for i, p := range planes {
		if s := f.values(i); s != nil {
			for k, v := range p.Pix {
				p.Pix[k] = s.rank(v)
			}
		}
	}
	forward(rct, planes)
}
