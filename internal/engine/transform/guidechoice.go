package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
)

// guide appends how much luma guides the planes of chroma of a tile: as brings red, green and
// blue nearest to pixels, which the tile begins at a place of, over the areas.
func (c *chooser) guide(e *Encoder, t *Tile, pixels *chroma.Interleaved, at image.Point) {
	var sums [2]guideSums
	for k := range c.areas[0] {
		r := c.areas[0][k].rect.Add(at).Intersect(image.Rect(0, 0, pixels.W, pixels.H))
		if r.Empty() || !c.areas[0][k].seen() {
			continue
		}
		want, got := c.want.sized(r.Size(), 3, false), c.got.sized(r.Size(), 3, true)
		m := pixels.Sub(r)
		m.Channels = len(want)
		chroma.Forward(want, &m, false, 0, m.H)
		for i := range got {
			c.restoreArea(i, k)
			for y := range got[i].H {
				copy(got[i].Pix[y*got[i].Stride:][:got[i].W], rowOf(&c.areas[i][k].plane, y))
			}
		}
		addMoved(&sums, got, want, int(e.rates.step))
	}
	for i := range sums {
		t.detail.raw.Put(uint32(sums[i].gain(colourWeights[i]).best()), strengthBits)
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

// guideSums are sums over pixels of products of two of these: how far their luma is off, how far their
// chroma is, and how far luma moves it.
type guideSums struct {
	luma2, lumaOff, off2, lumaMoved, offMoved, moved2 int64
}

// add adds a pixel.
func (s *guideSums) add(luma, off, moved int64) {
	s.luma2 += luma * luma
	s.lumaOff += luma * off
	s.off2 += off * off
	s.lumaMoved += luma * moved
	s.offMoved += off * moved
	s.moved2 += moved * moved
}

// addRow adds pixels whose luma and chroma should be others, and whose chroma is guided or plain.
func (s *guideSums) addRow(luma, wantLuma, plain, want, guided []uint16) {
	wantLuma, plain, want, guided = wantLuma[:len(luma)], plain[:len(luma)], want[:len(luma)], guided[:len(luma)]
	x := 0
	if n := len(luma) &^ 15; vector && 0 < n && n <= areaSide {
		gainSums(s, &luma[0], &wantLuma[0], &plain[0], &want[0], &guided[0], n)
		x = n
	}
	for ; x < len(luma); x++ {
		s.add(int64(luma[x])-int64(wantLuma[x]), int64(plain[x])-int64(want[x]), int64(guided[x])-int64(plain[x]))
	}
}

// gain is what the sums come to where luma counts 1 in each of two colours, and chroma its weights: the
// squares of (64·luma + w·off)/64, and so on.
func (s *guideSums) gain(weights [2]int64) *guideGain {
	var g guideGain
	for _, w := range weights {
		g.before += 64*64*s.luma2 + 2*64*w*s.lumaOff + w*w*s.off2
		g.along += w * (64*s.lumaMoved + w*s.offMoved)
		g.square += w * w * s.moved2
	}
	return &g
}

// addMoved adds the pixels of an area, got being decoded, want the original, whose chroma has the
// resolution of luma.
func addMoved(sums *[2]guideSums, got, want []chroma.Plane, step int) {
	full := chroma.NewGuide(got, step, func(int, int, int) int32 { return 16 })
	full.Low(0, got[1].H)
	full.Rows(0, got[1].H)
	var rows [4][areaSide]uint16
	n := got[0].W
	plain, guided := [2][]uint16{rows[0][:n], rows[1][:n]}, [2][]uint16{rows[2][:n], rows[3][:n]}
	for y := range got[0].H {
		chroma.Upsample(plain, guided, got, full, y)
		at := y * want[0].Stride
		for i := range sums {
			sums[i].addRow(got[0].Pix[y*got[0].Stride:][:n], want[0].Pix[at:], plain[i], want[1+i].Pix[at:], guided[i])
		}
	}
}
