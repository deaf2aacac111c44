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
	s := scoresOf(channels)
	best, least := chroma.RCT(1), int64(1)<<62
	for t := range chroma.RCT(chroma.RCTs) {
		if score := s.of(t); score < least {
			best, least = t, score
		}
	}
	return best
}

// planeScores are the scores of all planes that transforms make of three channels.
type planeScores struct {
	own    [3]int64 // of each channel
	apart  [3]int64 // of the difference of the two others
	halves [3]int64 // of what it has more than half of the two others
}

// of is the score of a transform (chroma.RCT says of what its planes are made).
func (s *planeScores) of(t chroma.RCT) int64 {
	b := t.Base()
	switch {
	case t == 0:
		return s.own[0] + s.own[1] + s.own[2]
	case t > 6:
		return s.own[b] + s.apart[(b+1)%3] + s.apart[(b+2)%3]
	}
	x := lastOf(t)
	return s.own[b] + s.apart[x] + s.halves[x]
}

// lastOf is the channel of the third plane of a transform.
func lastOf(t chroma.RCT) int {
	c := [3][]int32{make([]int32, 1), make([]int32, 1), make([]int32, 1)}
	planes := c
	t.Forward(&planes)
	last := 0
	for &c[last][0] != &planes[2][0] {
		last++
	}
	return last
}

// bendScore is log2(1 + |bend|/2) and a constant.
func bendScore(bend int32) int64 {
	if bend = max(bend, -bend); uint(bend) < uint(len(bendScores)) {
		return int64(bendScores[bend])
	}
	return bendLog(bend)
}

// bendScores has most of what bendScore gives.
var bendScores = func() (t [1 << 11]int32) {
	for bend := range t {
		t[bend] = int32(bendLog(int32(bend)))
	}
	return t
}()

func bendLog(bend int32) int64 { return int64(fixlog.Log2(uint64(2+bend) << 8)) }

// cross is a sample and the ones to its left, right, above and below.
type cross [5]int32

func (c *cross) bend() int32 { return 4*c[0] - c[1] - c[2] - c[3] - c[4] }

// scoresOf scores the planes of channels on one pixel of 32.
func scoresOf(channels []Plane) (s planeScores) {
	const rows, cols = 8, 4
	w, h := channels[0].W, channels[0].H
	for y := 1; y < h-1; y += rows {
		var lines [3][]int32 // from the row above on
		for c := range lines {
			lines[c] = channels[c].Pix[(y-1)*w:][:3*w]
		}
		for x := 1; x < w-1; x += cols {
			r, g, b := crossAt(lines[0], w, x), crossAt(lines[1], w, x), crossAt(lines[2], w, x)
			s.add(0, &r, &g, &b)
			s.add(1, &g, &b, &r)
			s.add(2, &b, &r, &g)
		}
	}
	return s
}

// crossAt is the cross at column x of the second of three lines of w samples.
func crossAt(lines []int32, w, x int) cross {
	return cross{lines[w+x], lines[w+x-1], lines[w+x+1], lines[x], lines[2*w+x]}
}

// add counts a pixel of channel c, of which own is the cross, and a and b of the others.
func (s *planeScores) add(c int, own, a, b *cross) {
	bend := own.bend()
	halves := cross{(a[0] + b[0]) >> 1, (a[1] + b[1]) >> 1, (a[2] + b[2]) >> 1, (a[3] + b[3]) >> 1, (a[4] + b[4]) >> 1}
	s.own[c] += bendScore(bend)
	s.apart[c] += bendScore(a.bend() - b.bend())
	s.halves[c] += bendScore(bend - halves.bend())
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
		clamp(planes[i].Pix, least, most)
	}
}

func clampPlain(pix []int32, least, most int32) {
	for k, v := range pix {
		pix[k] = min(max(v, least), most)
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
