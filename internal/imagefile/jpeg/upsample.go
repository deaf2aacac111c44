package jpeg

// plane holds the samples of a component while they are needed.
type plane struct {
	*component
	// ring holds the samples of two MCU rows, with stride samples in a row.
	ring   []byte
	stride int
	// hx and vx are the pixels of a sample in each direction.
	hx, vx int
	line   []byte // a row of samples for each pixel
}

func newPlane(c *component, maxH, maxV int) plane {
	p := plane{component: c, stride: 8 * c.blocksX, hx: maxH / c.h, vx: maxV / c.v}
	p.ring = make([]byte, 16*c.v*p.stride)
	p.line = make([]byte, c.width*p.hx)
	return p
}

// row returns row i of the samples; beyond the edges the row at the edge.
func (p *plane) row(i int) []byte {
	i = min(max(i, 0), p.height-1) % (16 * p.v)
	return p.ring[i*p.stride:][:p.width]
}

// pixels returns the component's value for each pixel of row y of the image. As in
// libjpeg-turbo, ratios of 2 are interpolated ("fancy upsampling"): a value is 3/4
// of the nearest sample and 1/4 of the next nearest, in each direction. A ratio of
// 2 in the horizontal needs more than 2 samples for that, and one of 1 or 2 in the
// vertical; everything else is repeated.
func (p *plane) pixels(y int) []byte {
	i := y / p.vx
	near := p.row(i)
	beside, bias := i-1, uint16(1)
	if y%p.vx > 0 {
		beside, bias = i+1, 2
	}
	switch {
	case p.hx == 1 && p.vx == 1:
		return near
	case p.hx == 1 && p.vx == 2:
		vertical(p.line, near, p.row(beside), bias)
	case p.hx == 2 && p.vx == 1 && p.width > 2:
		horizontal(p.line, near)
	case p.hx == 2 && p.vx == 2 && p.width > 2:
		both(p.line, near, p.row(beside))
	default:
		repeat(p.line, near, p.hx)
	}
	return p.line
}

func repeat(dst, src []byte, n int) {
	for i := range dst {
		dst[i] = src[i/n]
	}
}

// vertical interpolates between two rows. Halves are rounded by the bias: down in
// the first row of two, up in the second.
func vertical(dst, near, far []byte, bias uint16) {
	near, far = near[:len(dst)], far[:len(dst)]
	for x := range dst {
		dst[x] = byte((3*uint16(near[x]) + uint16(far[x]) + bias) >> 2)
	}
}

// horizontal interpolates in a row; at its ends the sample counts as its own
// neighbour. Halves are rounded down and up by turns.
func horizontal(dst, src []byte) {
	last, this := uint16(src[0]), uint16(src[0])
	for x := range src {
		next := this
		if x+1 < len(src) {
			next = uint16(src[x+1])
		}
		d := dst[2*x : 2*x+2]
		d[0] = byte((3*this + last + 1) >> 2)
		d[1] = byte((3*this + next + 2) >> 2)
		last, this = this, next
	}
}

// both interpolates in both directions, first between the rows.
func both(dst, near, far []byte) {
	far = far[:len(near)]
	sum := func(x int) uint16 { return 3*uint16(near[x]) + uint16(far[x]) }
	last, this := sum(0), sum(0)
	for x := range near {
		next := this
		if x+1 < len(near) {
			next = sum(x + 1)
		}
		d := dst[2*x : 2*x+2]
		d[0] = byte((3*this + last + 8) >> 4)
		d[1] = byte((3*this + next + 7) >> 4)
		last, this = this, next
	}
}
