package refdec

// deblock filters all vertical and then all horizontal borders of a plane (FORMAT.md,
// "Deblocking").
func (p *plane) deblock(step int) {
	for y := range p.rows {
		for x := 8; x < p.stride; x += 8 {
			if cell := y/8*p.cells + x/8; !p.sameLeaf(cell, cell-1) {
				p.filter(y*p.stride+x, 1, p.base(cell, step)+p.base(cell-1, step))
			}
		}
	}
	for y := 8; y < p.rows; y += 8 {
		for x := range p.stride {
			if cell := y/8*p.cells + x/8; !p.sameLeaf(cell, cell-p.cells) {
				p.filter(y*p.stride+x, p.stride, p.base(cell, step)+p.base(cell-p.cells, step))
			}
		}
	}
}

// sameLeaf tells whether two cells belong to one leaf.
func (p *plane) sameLeaf(a, b int) bool {
	n := 1 << (p.leaf[a] - 3)
	return p.leaf[a] == p.leaf[b] && a%p.cells/n == b%p.cells/n && a/p.cells/n == b/p.cells/n
}

// filter smooths the line of samples across a border before the sample q0, between cells whose
// steps add up to steps.
func (p *plane) filter(at, stride, steps int) {
	beta := int32(77*steps+256) >> 9
	p2, p1, p0 := p.pix[at-3*stride], p.pix[at-2*stride], p.pix[at-stride]
	q0, q1, q2 := p.pix[at], p.pix[at+stride], p.pix[at+2*stride]
	delta := (9*(q0-p0) - 3*(q1-p1) + 8) >> 4
	if abs(p2-2*p1+p0)+abs(q2-2*q1+q0) > beta || delta == 0 || abs(delta) > 10*beta {
		return
	}
	delta = clamp(delta, -beta, beta)
	h := beta / 2
	for i, v := range []int32{
		p1 + clamp(((p0+p2+1)>>1-p1+delta)>>1, -h, h), p0 + delta,
		q0 - delta, q1 + clamp(((q0+q2+1)>>1-q1-delta)>>1, -h, h),
	} {
		p.pix[at+(i-2)*stride] = clamp(v, 0, 4095)
	}
}
