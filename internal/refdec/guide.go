package refdec

import "math/bits"

// guided are the planes with Cb and Cr in the resolution of Y (FORMAT.md, "Guided upsampling").
func (h *Header) guided(planes []*plane) []*plane {
	luma := newPlane(0, planes[1].w, planes[1].h)
	for y := range luma.h {
		for x := range luma.w {
			sum := 2
			for k := range 4 {
				sum += planes[0].inside(2*x+k%2, 2*y+k/2)
			}
			luma.pix[y*luma.stride+x] = int32(sum >> 2)
		}
	}
	out := append([]*plane{}, planes...)
	for i := 1; i <= 2; i++ {
		out[i] = planes[i].upsampled(planes[0], luma, h.Step)
	}
	return out
}

// inside is the sample at (x,y), or the nearest one that is none of the padding.
func (p *plane) inside(x, y int) int { return p.at(clamp(x, 0, p.w-1), clamp(y, 0, p.h-1)) }

// upsampled is a plane of chroma in the resolution of y, which is l in that of chroma.
func (p *plane) upsampled(y, l *plane, step int) *plane {
	slopes, out := newPlane(1, p.w, p.h), newPlane(1, y.w, y.h)
	for j := range p.h {
		for i := range p.w {
			kappa := []int{0, 6, 11, 16}[p.kappa[j/8*p.cells+i/8]]
			slopes.pix[j*slopes.stride+i] = int32(p.slope(l, i, j, step, kappa))
		}
	}
	for j := range out.h {
		for i := range out.w {
			more := slopes.chroma(i, j, 1) * (y.at(i, j) - l.chroma(i, j, 1))
			out.pix[j*out.stride+i] = int32(clamp(p.chroma(i, j, 1)+(more+128)>>8, 0, 4095))
		}
	}
	return out
}

// slope is the slope at a sample of chroma.
func (p *plane) slope(l *plane, x, y, step, kappa int) int {
	var luma, squares, chroma, both int64
	for k := range 9 {
		u, v := int64(l.inside(x+k%3-1, y+k/3-1)), int64(p.inside(x+k%3-1, y+k/3-1))
		luma += u
		squares += u * u
		chroma += v
		both += u * v
	}
	v := 9*squares - luma*luma + 324*int64(step)*int64(step)
	e := bits.Len64(uint64(v)) - 9
	m := v >> e
	r := (1<<17 + m/2) / m
	slope := min(max((9*both-luma*chroma)>>e, -4095), 4095) * r * int64(kappa)
	return int(min(max((slope+1<<12)>>13, -2047), 2047))
}
