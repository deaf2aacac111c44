package transform

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// A cell lies on the rim where some of its samples are hidden under alpha and others are
// not: its mean, from which the low block of its leaf is made, shows what is hidden. The
// overview has one value more for it, of its samples weighted by alpha, which level 3
// shows (FORMAT.md, "Rim").

// rim finds the cells of a plane of colour that lie on the rim.
type rim struct {
	alpha *Cells
	times int // cells of alpha along one of the plane
}

// holds tells whether the cell at (x,y) lies on the rim.
func (r *rim) holds(x, y int) bool {
	shown, full := false, true
	for j := y * r.times; j < min((y+1)*r.times, r.alpha.h); j++ {
		for i := x * r.times; i < min((x+1)*r.times, r.alpha.w); i++ {
			v := r.alpha.scale.sample(r.alpha.overview[r.alpha.index(i, j)])
			shown = shown || v > 0
			full = full && v >= chroma.MaxLevel
		}
	}
	return shown && !full
}

// codeRims visits the cells on the rims of all planes in coding order: cell (x,y) of plane
// i. over is as in codeOverview.
func codeRims(planes []Plane, cells []Cells, visit func(r *rim, i, x, y int), over func() bool) {
	last := len(planes) - 1
	if !planes[last].Hides {
		return
	}
	for i := range planes[:last] {
		r := rim{alpha: &cells[last], times: 1}
		if planes[i].Half {
			r.times = 2
		}
		for y := 0; y < cells[i].h && !over(); y++ {
			for x := range cells[i].w {
				if r.holds(x, y) {
					visit(&r, i, x, y)
				}
			}
		}
	}
}

// rimContext has the statistics of residuals that can be large.
func rimContext(kind int) int { return overviewContext(kind, classOfGradient(largestGradient)) }

// never is where the walk of an encoder is over.
func never() bool { return false }

// encodeRims appends the values of all rims to the overview of a tile.
func (e *Encoder) encodeRims(t *Tile, sources []original, cells []Cells) {
	alpha := &sources[len(sources)-1]
	codeRims(e.planes, cells, func(r *rim, i, x, y int) {
		q := cells[i].overview[cells[i].index(x, y)]
		t.overview.putResidual(rimContext(e.planes[i].kind()), r.weighted(&sources[i], alpha, &cells[i].scale, x, y, q)-q)
	}, never)
}

// weighted is the value of a cell whose samples are weighted by alpha, or q where all are
// hidden.
func (r *rim) weighted(src, alpha *original, scale *overviewScale, x, y int, q int32) int32 {
	sum, weight := int64(0), int64(0)
	pix, stride := src.at(cell*x, cell*y)
	w, h := src.seen(node{cellLog2, x, y})
	opacities := r.opacities(alpha, x, y)
	for j := range h {
		for i, v := range pix[j*stride:][:w] {
			a := opacities[j][i]
			// Values are four times a sample's distance from the centre.
			sum += a * 4 * (int64(v) - chroma.Centre)
			weight += a
		}
	}
	switch {
	case weight == 0:
		return q
	case src.ends && sum == weight*fullMean:
		return scale.full
	case src.ends && sum == weight*lowMean:
		return scale.low
	}
	return scale.nearest(int32(sum / weight))
}

// opacities are the alpha of the samples that each sample of a cell stands for, by row.
func (r *rim) opacities(alpha *original, x, y int) (sums [cell][cell]int64) {
	x, y = x*r.times, y*r.times // of the cell in alpha
	pix, stride := alpha.at(cell*x, cell*y)
	w, h := alpha.seenOf(x, y, cell*r.times)
	for j := range h {
		for i, v := range pix[j*stride:][:w] {
			sums[j/r.times][i/r.times] += int64(v)
		}
	}
	return sums
}

// decodeRims is the inverse of encodeRims.
func (d *Decoder) decodeRims(src *rans.Decoder, cells []Cells) {
	codeRims(d.planes, cells, func(_ *rim, i, x, y int) {
		c := &cells[i]
		if c.level3 == nil {
			c.level3 = append(c.level3, c.overview...)
		}
		at := c.index(x, y)
		c.level3[at] = clampTo(c.overview[at]+getResidual(src, d.tables, rimContext(d.planes[i].kind())), maxOverview)
	}, src.Overrun)
}
