package refdec

// toPixels is the way from the planes to the pixels (FORMAT.md, "Colour").
func (h *Header) toPixels(planes []*plane) *picture {
	m := newPicture(planes[0].w, planes[0].h, len(planes))
	for y := range m.h {
		for x := range m.w {
			m.samples = append(m.samples, h.pixel(planes, x, y)...)
		}
	}
	return m
}

// pixel is the samples of a pixel.
func (h *Header) pixel(planes []*plane, x, y int) (samples []int64) {
	luma := planes[0].at(x, y)
	if len(planes) < 3 {
		samples = append(samples, h.grayLevel(luma))
	} else {
		cb, cr := planes[1].chroma(x, y, h.Subsampling)-2048, planes[2].chroma(x, y, h.Subsampling)-2048
		for _, v := range []int{22970 * cr, -5638*cb - 11700*cr, 29032 * cb} {
			samples = append(samples, h.colourLevel(16384*luma+v))
		}
	}
	if len(planes)%2 == 0 {
		samples = append(samples, h.grayLevel(planes[len(planes)-1].at(x, y)))
	}
	return samples
}

func (h *Header) grayLevel(v int) int64 {
	if h.Depth() == 8 {
		return h.scale(min((int64(v)+8)>>4, 255))
	}
	return h.scale(min((257*int64(v)+8)>>4, 65535))
}

func (h *Header) colourLevel(v int) int64 {
	if h.Depth() == 8 {
		return h.scale(clamp((int64(v)+1<<17)>>18, 0, 255))
	}
	return h.scale(clamp((257*int64(v)+1<<17)>>18, 0, 65535))
}

// scale brings a sample of full scale to the maximum.
func (h *Header) scale(v int64) int64 {
	full := int64(1)<<h.Depth() - 1
	return (v*h.Maximum + full/2) / full
}

// chroma is the chroma sample at pixel (x,y).
func (p *plane) chroma(x, y, subsampling int) int {
	if subsampling == 0 {
		return p.at(x, y)
	}
	nx, ny := x>>1, y>>1
	fx, fy := clamp(nx+x%2*2-1, 0, p.w-1), clamp(ny+y%2*2-1, 0, p.h-1)
	return (9*p.at(nx, ny) + 3*p.at(fx, ny) + 3*p.at(nx, fy) + p.at(fx, fy) + 8) >> 4
}
