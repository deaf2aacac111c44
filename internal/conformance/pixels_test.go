package conformance

// deblock filters all vertical and then all horizontal borders.
func (p *plane) deblock(step int) {
	for _, across := range []struct{ cell, sample int }{{1, 1}, {p.cells, p.stride}} {
		for y := range p.rows {
			for x := range p.stride {
				cell := y/8*p.cells + x/8
				inside := x >= 8
				first := x%8 == 0
				if across.cell != 1 {
					inside, first = y >= 8, y%8 == 0
				}
				if inside && first && !p.sameLeaf(cell, cell-across.cell) {
					p.filter(y*p.stride+x, across.sample, step)
				}
			}
		}
	}
}

// sameLeaf tells whether two cells belong to one leaf.
func (p *plane) sameLeaf(a, b int) bool {
	n := 1 << (p.leaf[a] - 3)
	return p.leaf[a] == p.leaf[b] && a%p.cells/n == b%p.cells/n && a/p.cells/n == b/p.cells/n
}

// filter smooths the line of samples across a border before the sample at.
func (p *plane) filter(at, stride, step int) {
	beta := (77*step + 128) >> 8
	p2, p1, p0 := p.pix[at-3*stride], p.pix[at-2*stride], p.pix[at-stride]
	q0, q1, q2 := p.pix[at], p.pix[at+stride], p.pix[at+2*stride]
	delta := (9*(q0-p0) - 3*(q1-p1) + 8) >> 4
	if abs(p2-2*p1+p0)+abs(q2-2*q1+q0) > beta || delta == 0 || abs(delta) > 10*beta {
		return
	}
	delta = clamp(delta, -beta, beta)
	h := beta / 2
	for i, v := range []int{
		p1 + clamp(((p0+p2+1)>>1-p1+delta)>>1, -h, h), p0 + delta,
		q0 - delta, q1 + clamp(((q0+q2+1)>>1-q1-delta)>>1, -h, h),
	} {
		p.pix[at+(i-2)*stride] = clamp(v, 0, 4095)
	}
}

// overview is the plane of the front image.
func (p *plane) overview(step int) *plane {
	o := newPlane(p.kind, (p.w+7)/8, (p.h+7)/8)
	f := (218*step + 128) >> 8
	for y := range o.h {
		for x := range o.w {
			o.pix[y*o.stride+x] = levelThree(p.shown[y*p.cells+x], f)
		}
	}
	return o
}

// picture is decoded pixels: samples interleaved, row by row.
type picture struct {
	w, h, channels, depth int
	alpha                 bool // the last channel weights the others
	samples               []int
}

// toPixels is the way from the planes to the pixels.
func toPixels(planes []*plane, sub420 bool, depth int) *picture {
	w, h := planes[0].w, planes[0].h
	m := &picture{w: w, h: h, channels: len(planes), depth: depth}
	for y := range h {
		for x := range w {
			luma := planes[0].pix[y*planes[0].stride+x]
			if len(planes) < 3 {
				m.samples = append(m.samples, grayLevel(luma, depth))
			} else {
				cb, cr := planes[1].chroma(x, y, sub420)-2048, planes[2].chroma(x, y, sub420)-2048
				for _, v := range []int{22970 * cr, -5638*cb - 11700*cr, 29032 * cb} {
					m.samples = append(m.samples, colourLevel(16384*luma+v, depth))
				}
			}
			if len(planes)%2 == 0 {
				alpha := planes[len(planes)-1]
				m.samples = append(m.samples, grayLevel(alpha.pix[y*alpha.stride+x], depth))
			}
		}
	}
	return m
}

func grayLevel(v, depth int) int {
	if depth == 8 {
		return min((v+8)>>4, 255)
	}
	return min((257*v+8)>>4, 65535)
}

func colourLevel(v, depth int) int {
	if depth == 8 {
		return clamp((v+1<<17)>>18, 0, 255)
	}
	return int(clamp((257*int64(v)+1<<17)>>18, 0, 65535))
}

// chroma is the chroma sample at pixel (x,y).
func (p *plane) chroma(x, y int, sub420 bool) int {
	if !sub420 {
		return p.pix[y*p.stride+x]
	}
	nx, ny := x>>1, y>>1
	fx, fy := clamp(nx+x%2*2-1, 0, p.w-1), clamp(ny+y%2*2-1, 0, p.h-1)
	c := func(x, y int) int { return p.pix[y*p.stride+x] }
	return (9*c(nx, ny) + 3*c(fx, ny) + 3*c(nx, fy) + c(fx, fy) + 8) >> 4
}

// shrink averages squares of n pixels.
func (m *picture) shrink(n int) *picture {
	s := &picture{w: (m.w + n - 1) / n, h: (m.h + n - 1) / n, channels: m.channels, depth: m.depth}
	for y := range s.h {
		for x := range s.w {
			for c := range m.channels {
				sum, count := m.add(n*x, n*y, n, c, m.alpha && c < m.channels-1)
				if count == 0 {
					sum, count = m.add(n*x, n*y, n, c, false)
				}
				s.samples = append(s.samples, int((sum+count/2)/count))
			}
		}
	}
	return s
}

// add sums up a channel of a square of n pixels, each times its weight, and the
// weights.
func (m *picture) add(x, y, n, channel int, weighted bool) (sum, weights int64) {
	for j := y; j < min(y+n, m.h); j++ {
		for i := x; i < min(x+n, m.w); i++ {
			pixel := m.samples[(j*m.w+i)*m.channels:][:m.channels]
			weight := int64(1)
			if weighted {
				weight = int64(pixel[m.channels-1])
			}
			sum += weight * int64(pixel[channel])
			weights += weight
		}
	}
	return sum, weights
}
