package transform

import "github.com/qtgpu/qtgpu/chroma"

// deblocker smooths the borders of leaves in a decoded plane (FORMAT.md, "Deblocking"):
// first all vertical borders, then all horizontal ones. Within one direction no filter
// reads what another writes, so rows of cells can be filtered in any order.
type deblocker struct {
	steps *steps
	plane *chroma.Plane
	grid  *Grid
}

func newDeblocker(s *steps, p *chroma.Plane, g *Grid) *deblocker { return &deblocker{s, p, g} }

// beta is 0.15 steps, in plane samples, of the two sides of a border in the mean.
func (d *deblocker) beta(a, b trait) int32 {
	return ((d.steps.base[a.class]+d.steps.base[b.class])*77 + 256) >> 9
}

// border tells whether a leaf of size lg that holds cell x (or y) begins there.
func border(x int, lg uint8) bool { return x&(1<<(lg-cellLog2)-1) == 0 }

// vertical filters across the vertical borders in row y of cells.
func (d *deblocker) vertical(y int) {
	stride := d.plane.Stride
	for x := 1; x < d.grid.w; x++ {
		own := d.grid.of[y*d.grid.w+x]
		if !border(x, own.size) {
			continue
		}
		beta := d.beta(own, d.grid.of[y*d.grid.w+x-1])
		for j := range cell {
			s := (*[6]uint16)(d.plane.Pix[(cell*y+j)*stride+cell*x-3:])
			deblock(beta, &s[0], &s[1], &s[2], &s[3], &s[4], &s[5])
		}
	}
}

// horizontal filters across the horizontal borders at the top of row y of cells.
func (d *deblocker) horizontal(y int) {
	if y == 0 {
		return
	}
	stride := d.plane.Stride
	for x := range d.grid.w {
		own := d.grid.of[y*d.grid.w+x]
		if !border(y, own.size) {
			continue
		}
		beta := d.beta(own, d.grid.of[(y-1)*d.grid.w+x])
		at := d.plane.Pix[(cell*y-3)*stride+cell*x:]
		r0, r1, r2 := at[:cell], at[stride:stride+cell], at[2*stride:2*stride+cell]
		r3, r4, r5 := at[3*stride:3*stride+cell], at[4*stride:4*stride+cell], at[5*stride:5*stride+cell]
		for i := range r0 {
			deblock(beta, &r0[i], &r1[i], &r2[i], &r3[i], &r4[i], &r5[i])
		}
	}
}

// deblock smooths p2 p1 p0 | q0 q1 q2.
func deblock(beta int32, pp2, pp1, pp0, qq0, qq1, qq2 *uint16) {
	p2, p1, p0 := int32(*pp2), int32(*pp1), int32(*pp0)
	q0, q1, q2 := int32(*qq0), int32(*qq1), int32(*qq2)
	a, b := p2-2*p1+p0, q2-2*q1+q0
	if max(a, -a)+max(b, -b) > beta {
		return
	}
	delta := (9*(q0-p0) - 3*(q1-p1) + 8) >> 4
	if delta == 0 || max(delta, -delta) > 10*beta {
		return
	}
	delta = clampTo(delta, beta)
	*pp0, *qq0 = clampSample(p0+delta), clampSample(q0-delta)
	*pp1 = clampSample(p1 + clampTo(((p0+p2+1)>>1-p1+delta)>>1, beta/2))
	*qq1 = clampSample(q1 + clampTo(((q0+q2+1)>>1-q1-delta)>>1, beta/2))
}
