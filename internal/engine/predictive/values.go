package predictive

import (
	"slices"
	"sort"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
)

// Values are those that a channel has, in ascending order: a packed histogram. Its
// samples are indices into them, its overview is not.
type Values []int32

// index is the index of the value nearest to v, the lower one of two.
func (s Values) index(v int32) int32 {
	i := sort.Search(len(s), func(i int) bool { return s[i] >= v })
	if i == len(s) || i > 0 && int64(v)-int64(s[i-1]) <= int64(s[i])-int64(v) {
		i--
	}
	return int32(i)
}

// unpack turns indices into values in place; an index beyond the last, which only a
// damaged file has, is the last.
func (s Values) unpack(indices []int32) {
	for i, v := range indices {
		indices[i] = s[min(max(int(v), 0), len(s)-1)]
	}
}

// values are the values of channel i, nil where it is coded as it is.
func (f *Format) values(i int) Values {
	if f.Values == nil {
		return nil
	}
	return f.Values[i]
}

// packed tells whether the samples of any channel are indices.
func (f *Format) packed() bool {
	return slices.ContainsFunc(f.Values, func(s Values) bool { return s != nil })
}

// unpack turns indices of channels into values, in place.
func (f *Format) unpack(channels []Plane) {
	for i := range channels {
		if s := f.values(i); s != nil {
			s.unpack(channels[i].Pix)
		}
	}
}

// packOverview turns the overviews of a tile's planes, as they are coded, into those
// that indices are predicted from.
func (f *Format) packOverview(rct chroma.RCT, ps []linear.Predictor) {
	if !f.packed() {
		return
	}
	planes := make([]Plane, len(ps))
	for i := range ps {
		planes[i].Pix = ps[i].Overview.V
	}
	f.invert(rct, planes)
	for i, p := range planes {
		if s := f.values(i); s != nil {
			for k, v := range p.Pix {
				p.Pix[k] = s.index(v)
			}
		}
	}
	forward(rct, planes)
}
