package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
)

// A cell of luma or alpha at full scale or at 0 throughout, paper or a bar or an opacity, is an
// end. Its value in the overview says so, and from there on no level, filter or chroma changes
// it (FORMAT.md, "Ends").

// overviewScale is what the values of an overview stand for.
type overviewScale struct {
	step      int32
	full, low int32 // the values of ends; of planes that have none beyond maxOverview
}

// Means of ends, as values of the overview are scaled.
const (
	fullMean = 4 * (chroma.MaxLevel - chroma.Centre)
	lowMean  = 4 * (0 - chroma.Centre)
)

// newOverviewScale takes the step of AC levels.
func newOverviewScale(step int, p Plane) overviewScale {
	s := overviewScale{step: overviewStepOf(step, p), full: maxOverview + 1, low: -maxOverview - 1}
	if !p.Chroma {
		s.full, s.low = beyond(fullMean, s.step), -beyond(-lowMean, s.step)
	}
	return s
}

// beyond is the least value that stands for more than a mean by more than half a step:
// rounding to the nearest gives none of it.
func beyond(mean, step int32) int32 { return (2*mean+step)/(2*step) + 1 }

// end is 1 of the value of an end at full scale, -1 of one at 0, and 0 of all others.
func (s *overviewScale) end(q int32) int32 {
	switch q {
	case s.full:
		return 1
	case s.low:
		return -1
	}
	return 0
}

// value is the value of an end.
func (s *overviewScale) value(end int32) int32 {
	if end > 0 {
		return s.full
	}
	return s.low
}

// mean is 64 times the distance from the centre, in levels, that a value stands for in a leaf.
func (s *overviewScale) mean(q int32) int32 {
	switch {
	case q < s.full && q > s.low:
	case q == s.full:
		return fullMean
	case q == s.low:
		return lowMean
	case q > s.full:
		q--
	case q < s.low:
		q++
	}
	return q * s.step
}

// nearest is the value of a mean, but of no end.
func (s *overviewScale) nearest(mean int32) int32 {
	q := arith.Nearest(mean, s.step)
	switch {
	case q >= s.full:
		q++
	case q <= s.low:
		q--
	}
	return q
}

// sample is the sample of level 3 that a value stands for.
func (s *overviewScale) sample(q int32) uint16 {
	return clampSample((s.mean(q)+2)>>2 + chroma.Centre)
}

// endSample is the sample of an end.
func endSample(end int32) uint16 {
	if end > 0 {
		return chroma.MaxLevel
	}
	return 0
}

// putEnds gives the samples of a leaf, at the start of dst in rows stride apart, to its ends.
func (c *Cells) putEnds(n node, dst []uint16, stride int) {
	for y := range n.cells() {
		for x, q := range c.overview[c.index(n.x, n.y+y):][:n.cells()] {
			end := c.scale.end(q)
			if end == 0 {
				continue
			}
			v := endSample(end)
			for j := range cell {
				row := dst[(cell*y+j)*stride+cell*x:][:cell]
				for i := range row {
					row[i] = v
				}
			}
		}
	}
}

// PutEnds gives the pixels of ends their samples: m are the pixels r of an image of which a
// cell has side×side.
func (d *Decoder) PutEnds(m *chroma.Interleaved, r image.Rectangle, grids []Grid, side int) {
	size := m.Depth / 8
	for i := range grids {
		if d.planes[i].Chroma {
			continue
		}
		bands := 1
		if i == 0 && m.Channels >= 3 {
			bands = 3
		}
		g := &grids[i]
		for y := r.Min.Y / side; y*side < r.Max.Y; y++ {
			for x, end := range g.ends[y*g.w:][:(r.Max.X-1)/side+1] {
				if end == 0 {
					continue
				}
				at := image.Rect(x*side, y*side, (x+1)*side, (y+1)*side).Intersect(r)
				for j := at.Min.Y; j < at.Max.Y; j++ {
					fillPixels(m.Pix[(j-r.Min.Y)*m.Stride+(at.Min.X-r.Min.X)*m.Step+i*size:], m.Step, bands*size, at.Dx(), end)
				}
			}
		}
	}
}

// fillPixels gives n pixels, step bytes apart, the samples of an end in some bytes of each: of
// full scale all bits, of none no bit.
func fillPixels(dst []byte, step, size, n int, end int8) {
	v := byte(0)
	if end > 0 {
		v = 0xff
	}
	for x := range n {
		pixel := dst[x*step:][:size]
		for i := range pixel {
			pixel[i] = v
		}
	}
}
