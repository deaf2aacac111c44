package chroma

import "encoding/binary"

// Sums of four pixels, Cb in the low and Cr in the high half of a word: a
// packed weight times a component adds to both, and since each total is
// non-negative once the bias is in, no borrow is left between the halves.
const (
	packR    = cbR + crR<<32
	packG    = 1<<64 + cbG + crG<<32
	packB    = 1<<64 + cbB + crB<<32
	packBias = lanes * 4 * (Centre*unit8 + unit8/2)
)

// forward420 converts two rows at a time.
func forward420(dst []Plane, src *Interleaved, y0, y1 int) {
	for y := y0; y < y1; y += 2 {
		below := min(y+1, src.H-1)
		l0, l1 := dst[0].row(y), dst[0].row(below)
		cb, cr := dst[1].row(y/2), dst[2].row(y/2)
		p0, p1 := src.row(y), src.row(below)
		x := 0
		if src.pairs() {
			x = forward420Vector(l0, l1, cb, cr, src.from(y), src.from(below), src.Step, rowsAhead*src.Stride)
			end := min(x*src.Step, len(p0))
			x += forward420Pairs(l0[x:], l1[x:], cb[x/2:], cr[x/2:], p0[end:], p1[end:], src.Step)
		}
		for ; x < src.W; x += 2 {
			right := min(x+1, src.W-1)
			a, b := src.rgb(p0, x), src.rgb(p0, right)
			c, d := src.rgb(p1, x), src.rgb(p1, right)
			l0[x], l0[right] = a.luma(src.Depth), b.luma(src.Depth)
			l1[x], l1[right] = c.luma(src.Depth), d.luma(src.Depth)
			sum := rgb{a.r + b.r + c.r + d.r, a.g + b.g + c.g + d.g, a.b + b.b + c.b + d.b}
			cb[x/2], cr[x/2] = sum.chroma(2, src.Depth)
		}
	}
}

// forward420Vector converts 8×2 pixels at a time and returns the number of columns done. Those ahead are needed soon.
func forward420Vector(l0, l1, cb, cr []uint16, p0, p1 []byte, step, ahead int) int {
	n := min(len(l0)/8, vectors(p0, step), vectors(p1, step))
	if !vector || step < 3 || n == 0 {
		return 0
	}
	_, _, _, _ = l0[8*n-1], l1[8*n-1], cb[4*n-1], cr[4*n-1]
	at := 0
	if pairs := n / 2; wide && pairs > 0 {
		wideRows420(&l0[0], &l1[0], &cb[0], &cr[0], &p0[0], &p1[0], step, pairs, ahead)
		at = 16 * pairs
	}
	if at < 8*n {
		rows420(&l0[at], &l1[at], &cb[at/2], &cr[at/2], &p0[at*step], &p1[at*step], step, n-at/8, ahead)
	}
	return 8 * n
}

// forward420Pairs converts 2×2 pixels at a time and returns the number of
// columns done: all but the last few.
func forward420Pairs(l0, l1, cb, cr []uint16, p0, p1 []byte, step int) int {
	const luma = lanes * (unit8 / 2)
	n := max(0, min(len(l0)/2, (len(p0)-8+2*step)/(2*step)))
	l0, l1, cb, cr = l0[:2*n], l1[:2*n], cb[:n], cr[:n]
	o := 0
	for i := range cb {
		r0, g0, b0 := pair(binary.LittleEndian.Uint64(p0[o:]), step)
		r1, g1, b1 := pair(binary.LittleEndian.Uint64(p1[o:]), step)
		s0 := r0*yR + g0*yG + b0*yB + luma
		s1 := r1*yR + g1*yG + b1*yB + luma
		d0, d1 := l0[2*i:][:2], l1[2*i:][:2]
		d0[0], d0[1] = uint16(uint32(s0)>>12), uint16(s0>>44)
		d1[0], d1[1] = uint16(uint32(s1)>>12), uint16(s1>>44)
		r0, g0, b0 = r0+r1, g0+g1, b0+b1
		c := (r0&0xffff+r0>>32)*packR + (g0&0xffff+g0>>32)*packG + (b0&0xffff+b0>>32)*packB + packBias
		cb[i], cr[i] = uint16(uint32(c)>>14), uint16(c>>46)
		o += 2 * step
	}
	return 2 * n
}

// chromaRun is the number of packed chroma samples of one run of a row.
const chromaRun = 256

// upsample gives the packed chroma, Cb low and Cr high, of n luma samples from
// (x,y) on, weights 9,3,3,1 of the nearest four chroma samples, centre-sited;
// beyond the planes the edge repeats. n is at most chromaRun-2.
func upsample(buf *[chromaRun]uint32, cb, cr *Plane, x, y, n int) []uint32 {
	near, far := besides(y, cb.H)
	var blend [chromaRun/2 + 2]uint32
	first, count := x>>1, (x+n+1)>>1-x>>1
	t := blend[:count+2]
	lo, hi := max(first-1, 0), min(first+count+1, cb.W)
	blendRows(t[lo-first+1:], cb.row(near)[lo:hi], cr.row(near)[lo:hi], cb.row(far)[lo:hi], cr.row(far)[lo:hi])
	if first == 0 {
		t[0] = t[1]
	}
	if first+count == cb.W {
		t[count+1] = t[count]
	}
	interpolate(buf[:2*count], t)
	return buf[x&1:][:n]
}

// besides gives the row of chroma, of h, that row y of luma lies in, and the one on the other side of it.
func besides(y, h int) (near, far int) {
	near = y >> 1
	return near, max(0, min(near+y&1*2-1, h-1))
}

// blendRows sets t to 3·near + far: at most 16380, 14 bits of each half.
func blendRows(t []uint32, cbNear, crNear, cbFar, crFar []uint16) {
	n := len(cbNear)
	t, crNear, cbFar, crFar = t[:n], crNear[:n], cbFar[:n], crFar[:n]
	if vector && n >= 16 {
		blend(&t[0], &cbNear[0], &crNear[0], &cbFar[0], &crFar[0], n)
		return
	}
	genericBlend(t, cbNear, crNear, cbFar, crFar)
}

func genericBlend(t []uint32, cbNear, crNear, cbFar, crFar []uint16) {
	for i, b := range cbNear {
		near := uint32(b) | uint32(crNear[i])<<16
		far := uint32(cbFar[i]) | uint32(crFar[i])<<16
		t[i] = 3*near + far
	}
}

// interpolate writes two samples for each of t but the outer ones. The sums
// reach 4·16380 + 8 and so still fit their 16 bits.
func interpolate(dst, t []uint32) {
	if n := len(t) - 2; vector && n >= 8 {
		midpoints(&dst[:2*n][0], &t[0], n)
		return
	}
	genericInterpolate(dst, t)
}

func genericInterpolate(dst, t []uint32) {
	const half, mask = 8<<16 | 8, 0xfff<<16 | 0xfff
	left, mid := t[0], t[1]
	for i, right := range t[2:] {
		d := dst[2*i:][:2]
		c := 3*mid + half
		d[0], d[1] = (c+left)>>4&mask, (c+right)>>4&mask
		left, mid = mid, right
	}
}
