package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
)

// guide appends how much luma guides the planes of chroma of a tile: as brings red, green and
// blue nearest to pixels, which the tile begins at a place of, over the areas.
func (c *chooser) guide(e *Encoder, t *Tile, pixels *chroma.Interleaved, at image.Point) {
	var sums [2]chroma.GuideSums
	for k := range c.areas[0] {
		r := c.areas[0][k].rect.Add(at).Intersect(image.Rect(0, 0, pixels.W, pixels.H))
		if !r.Empty() {
			c.addMoved(&sums, e, k, pixels.Sub(r))
		}
	}
	for i := range sums {
		t.detail.raw.Put(uint32(gainOf(&sums[i], colourWeights[i]).best()), strengthBits)
	}
}

// addMoved adds the pixels of an area. Where some stand for all, these are two rows of each four, which count twice, and the
// outermost two: an image may have a frame there, to which a guide does more than to all else.
func (c *chooser) addMoved(sums *[2]chroma.GuideSums, e *Encoder, k int, pixels chroma.Interleaved) {
	pixels.Channels = 3
	var got [3]chroma.Plane
	for i, size := range chroma.PlaneSizes(pixels.W, pixels.H, len(got), true) {
		c.restoreArea(i, k)
		got[i] = c.areas[i][k].plane
		got[i].W, got[i].H = size.X, size.Y
	}
	c.guided = c.guided.Renewed(got[:], int(e.rates.step), func(int, int, int) int32 { return 16 })
	c.guided.Low(0, got[1].H)
	c.guided.Rows(0, got[1].H)
	if !c.some {
		c.sumRows(sums, pixels, 0, pixels.H, 2)
		return
	}
	const edge = 2 // rows
	var inner [2]chroma.GuideSums
	c.sumRows(sums, pixels, 0, min(edge, pixels.H), 2)
	c.sumRows(&inner, pixels, edge+1, pixels.H-edge-1, 4)
	c.sumRows(sums, pixels, max(edge, pixels.H-edge), pixels.H, 2)
	for i := range sums {
		sums[i].Add(&inner[i], 2)
	}
}

// sumRows adds the rows [y0,y1) by twos, of which one begins every so many rows.
func (c *chooser) sumRows(sums *[2]chroma.GuideSums, pixels chroma.Interleaved, y0, y1, every int) {
	for y := y0; y < y1; y += every {
		rows := pixels.Sub(image.Rect(0, y, pixels.W, min(y+2, y1)))
		want := c.want.sized(image.Pt(rows.W, rows.H), 3, false)
		chroma.Forward(want, &rows, false, 0, rows.H)
		c.guided.Sum(sums, want, y)
	}
}

// colours are planes of all channels, which areas of one size share.
type colours []chroma.Plane

// sized gives planes of some size, with what was there.
func (c *colours) sized(size image.Point, channels int, sub420 bool) []chroma.Plane {
	if len(*c) == 0 || image.Pt((*c)[0].W, (*c)[0].H) != size {
		*c = chroma.NewPlanes(size.X, size.Y, channels, sub420)
	}
	return *c
}

// restoreArea restores an area of a plane by its chosen strength.
func (c *chooser) restoreArea(plane, k int) {
	a, strength := &c.areas[plane][k], strengths[c.chosen[plane]]
	kept := c.kept[a.from:a.to]
	switch {
	case strength == 0 || len(kept) == 0:
	case vector:
		restoreKept(&kept[0], len(kept), &a.plane.Pix[0], sampleBytes*a.plane.Stride, strength)
	default:
		for i := range kept {
			addSums(a.plane.Pix[kept[i].at:], a.plane.Stride, &kept[i].sums, strength)
		}
	}
}

// guideGain says what the squared error of colours becomes where luma guides a plane of chroma:
// before + 2·along·w + square·w² for a weight w.
type guideGain struct{ before, along, square int64 }

// worthGuiding is the part of the squared error that a guide is to take away at least, for what
// decoding takes longer with it.
const worthGuiding = 100

// best is the weight of the least error, of those worth it.
func (g *guideGain) best() (best int) {
	least := -g.before / worthGuiding * 256
	for k := range guideWeights {
		w := int64(guideWeights[k])
		if change := 2*16*w*g.along + w*w*g.square; change < least {
			best, least = k, change
		}
	}
	return best
}

// colourWeights are what Cb and Cr count in two of the colours, in 1/64: green and blue, red and
// green.
var colourWeights = [2][2]int64{{-22, 113}, {90, -46}}

// gainOf is what sums come to where luma counts 1 in each of two colours, and chroma its weights: the
// squares of (64·luma + w·off)/64, and so on.
func gainOf(s *chroma.GuideSums, weights [2]int64) *guideGain {
	var g guideGain
	for _, w := range weights {
		g.before += 64*64*s.Luma2 + 2*64*w*s.LumaOff + w*w*s.Off2
		g.along += w * (64*s.LumaMoved + w*s.OffMoved)
		g.square += w * w * s.Moved2
	}
	return &g
}
