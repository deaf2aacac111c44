package transform

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// A cell lies on the rim where some of its samples are hidden under alpha and others
// are not: its mean, from which the low block of its leaf is made, shows what is
// hidden. The front image has one value more for it, of its samples weighted by
// alpha, of which the overview is made (FORMAT.md, "Rim").

// rim finds the cells of a plane of colour that lie on the rim.
type rim struct {
	alpha *cells
	scale int   // cells of alpha along one of the plane
	step  int32 // of the front image
}

// newRim gives the rim of plane i, false where nothing hides it.
func newRim(planes []Plane, all []*cells, i int, step int32) (rim, bool) {
	last := len(planes) - 1
	r := rim{alpha: all[last], scale: 1, step: step}
	if planes[i].Half {
		r.scale = 2
	}
	return r, planes[last].Hides && i < last
}

// holds tells whether the cell at (x,y) lies on the rim.
func (r *rim) holds(x, y int) bool {
	shown, full := false, true
	for j := y * r.scale; j < min((y+1)*r.scale, r.alpha.h); j++ {
		for i := x * r.scale; i < min((x+1)*r.scale, r.alpha.w); i++ {
			v := overviewSample(r.alpha.front[j*r.alpha.w+i], r.step)
			shown = shown || v > 0
			full = full && v >= chroma.MaxLevel
		}
	}
	return shown && !full
}

// rimContext has the statistics of residuals that can be large.
func rimContext(kind int) int { return frontContext(kind, largestGradient) }

// encodeRim appends the values of all rims to the front image.
func (e *Encoder) encodeRim(t *Tile, planes []chroma.Plane, encoders []*planeEncoder) {
	all := make([]*cells, len(encoders))
	for i, p := range encoders {
		all[i] = &p.cells
	}
	for i, p := range encoders {
		r, ok := newRim(e.planes, all, i, e.frontStep)
		if !ok {
			continue
		}
		alpha := &planes[len(planes)-1]
		for y := range p.h {
			for x := range p.cells.w {
				if r.holds(x, y) {
					q := p.front[y*p.cells.w+x]
					t.putFront(rimContext(p.kind), r.shown(p, alpha, x, y, q)-q)
				}
			}
		}
	}
}

// shown is the front value of a cell's samples weighted by alpha; q where all are
// hidden.
func (r *rim) shown(p *planeEncoder, alpha *chroma.Plane, x, y int, q int32) int32 {
	sum, weight := int64(0), int64(0)
	x0, y0 := 8*(p.ox+x), 8*(p.oy+y)
	for j := y0; j < min(y0+8, p.plane.H); j++ {
		for i := x0; i < min(x0+8, p.plane.W); i++ {
			a := r.opacity(alpha, i, j)
			// Front values are four times a sample's distance from the centre.
			sum += a * 4 * (int64(p.plane.Pix[j*p.plane.Stride+i]) - chroma.Centre)
			weight += a
		}
	}
	if weight == 0 {
		return q
	}
	v := int32(sum / weight)
	if v < 0 {
		return -((-v + r.step/2) / r.step)
	}
	return (v + r.step/2) / r.step
}

// opacity is the alpha of the samples that a sample of the plane stands for.
func (r *rim) opacity(alpha *chroma.Plane, x, y int) (sum int64) {
	for j := y * r.scale; j < min((y+1)*r.scale, alpha.H); j++ {
		for i := x * r.scale; i < min((x+1)*r.scale, alpha.W); i++ {
			sum += int64(alpha.Pix[j*alpha.Stride+i])
		}
	}
	return sum
}

// decodeRim is the inverse of encodeRim.
func (d *Decoder) decodeRim(src *rans.Decoder, planes []Cells) error {
	all := make([]*cells, len(planes))
	for i := range planes {
		all[i] = &planes[i].cells
	}
	for i, c := range all {
		r, ok := newRim(d.planes, all, i, frontStep(int(d.step)))
		if !ok {
			continue
		}
		for y := range c.h {
			for x := range c.w {
				if r.holds(x, y) {
					at := y*c.w + x
					c.show(at, c.front[at]+getFront(src, d.tables, rimContext(d.planes[i].kind())))
				}
			}
			if src.Overrun() {
				return rans.ErrCorrupt
			}
		}
	}
	return nil
}

// show makes q the value of a cell in the overview.
func (c *cells) show(at int, q int32) {
	if c.shown == nil {
		c.shown = append(c.shown, c.front...)
	}
	c.shown[at] = min(max(q, -frontLimit), frontLimit)
}
