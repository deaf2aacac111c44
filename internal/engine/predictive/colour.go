package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// transform applies the best reversible transform to colours, in place; with a
// bound none, since it would have to hold for their sums. The overviews are the means
// of the planes' cells, or where channels are packed, or are weighted, the transformed
// means of their values.
func transform(f *Format, channels []Plane) (planes, overviews []Plane, best chroma.RCT) {
	var means []Plane
	if f.packed() || f.weighs(channels) {
		means = f.overview(channels)
	}
	return transformBeside(f, channels, means)
}

// transformBeside is transform with given means of the channels' values, in place, or nil
// for the means of the planes.
func transformBeside(f *Format, channels, means []Plane) (planes, overviews []Plane, best chroma.RCT) {
	planes, overviews = slices.Clone(channels), means
	if f.joins() {
		best = bestRCT(channels)
		forward(best, planes)
		if means != nil {
			forward(best, overviews)
		}
	}
	if means == nil {
		overviews = make([]Plane, len(planes))
		for i := range planes {
			overviews[i] = planes[i].Overview(nil)
		}
	}
	return planes, overviews, best
}

// bestRCT scores each transform on a sample of pixels by the sum over planes of
// log2(1 + |4c−W−E−N−S|/2).
func bestRCT(channels []Plane) chroma.RCT {
	const rows, cols = 8, 4
	var cross [3][]int32 // c, W, E, N, S of the sampled pixels
	w, h := channels[0].W, channels[0].H
	for c := range cross {
		pix := channels[c].Pix
		for y := 1; y < h-1; y += rows {
			for x := 1; x < w-1; x += cols {
				i := y*w + x
				cross[c] = append(cross[c], pix[i], pix[i-1], pix[i+1], pix[i-w], pix[i+w])
			}
		}
	}
	best, least := chroma.RCT(1), int64(1)<<62
	for t := range chroma.RCT(chroma.RCTs) {
		var v [3][]int32
		for c := range v {
			v[c] = append([]int32(nil), cross[c]...)
		}
		t.Forward(&v)
		score := int64(0)
		for _, p := range v {
			for ; len(p) > 0; p = p[5:] {
				d := 4*p[0] - p[1] - p[2] - p[3] - p[4]
				score += int64(fixlog.Log2(uint64(2+max(d, -d)) << 8))
			}
		}
		if score < least {
			best, least = t, score
		}
	}
	return best
}

// forward applies a transform to colours in place.
func forward(rct chroma.RCT, planes []Plane) {
	if rct > 0 {
		recolour(planes, rct.Forward)
	}
}

// invert takes a transform back and clamps to the samples' range.
func (f *Format) invert(rct chroma.RCT, planes []Plane) {
	if rct > 0 {
		recolour(planes, rct.Inverse)
	}
	for i := range planes {
		least, most := f.numbers(i)
		for k, v := range planes[i].Pix {
			planes[i].Pix[k] = min(max(v, least), most)
		}
	}
}

// recolour does something to the first three planes.
func recolour(planes []Plane, do func(*[3][]int32)) {
	rgb := [3][]int32{planes[0].Pix, planes[1].Pix, planes[2].Pix}
	do(&rgb)
	for i := range rgb {
		planes[i].Pix = rgb[i]
	}
}
