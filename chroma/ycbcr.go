package chroma

import (
	"encoding/binary"
	"image"
)

// The integers of the transform (FORMAT.md, "Colour"): full-range BT.601,
// forward weights in units of 1/65536, inverse weights in units of 1/16384.
const (
	yR, yG, yB    = 19595, 38470, 7471
	cbR, cbG, cbB = -11059, -21709, 32768
	crR, crG, crB = 32768, -27439, -5329

	rCr, gCb, gCr, bCb = 22970, -5638, -11700, 29032
)

const (
	// A weighted sum of 8-bit samples holds one plane unit in unit8, one of
	// 16-bit samples (full scale 257·255) in unit16.
	unit8  = 1 << 12
	unit16 = 257 << 12
	// lanes repeats a 32-bit value in both halves of a word.
	lanes = 1<<32 | 1
)

// Forward converts the rows [y0,y1) of src to dst, the planes of NewPlanes for
// its size and channels. Every sample is the exact weighted sum rounded half
// up to 1/16 level. With sub420 a chroma sample is made of the exact mean of its
// 2×2 pixels, edge pixels repeated; y0 must then be even, and y1 even or src.H.
// Calls for disjoint bands may run at the same time. The padding of dst stays
// as it was: call Pad on each plane when all bands are done.
func Forward(dst []Plane, src *Interleaved, sub420 bool, y0, y1 int) {
	switch {
	case src.Channels < 3:
		forwardGray(&dst[0], src, 0, y0, y1)
	case sub420:
		forward420(dst, src, y0, y1)
	default:
		forward444(dst, src, y0, y1)
	}
	if alpha := src.Channels - 1; alpha&1 == 1 {
		forwardGray(&dst[alpha], src, alpha, y0, y1)
	}
}

// forwardGray scales one channel to plane units.
func forwardGray(dst *Plane, src *Interleaved, channel, y0, y1 int) {
	for y := y0; y < y1; y++ {
		d, p := dst.row(y), src.row(y)[channel*src.Depth/8:]
		if src.Depth == 8 {
			for x := range d {
				d[x] = uint16(p[x*src.Step]) << FracBits
			}
			continue
		}
		for x := range d {
			v := uint32(binary.BigEndian.Uint16(p[x*src.Step:]))
			d[x] = uint16((v<<FracBits + 128) / 257)
		}
	}
}

func forward444(dst []Plane, src *Interleaved, y0, y1 int) {
	for y := y0; y < y1; y++ {
		ly, cb, cr, p := dst[0].row(y), dst[1].row(y), dst[2].row(y), src.row(y)
		x := 0
		if src.pairs() {
			x = forward444Vector(ly, cb, cr, src.from(y), src.Step, rowsAhead*src.Stride)
			x += forward444Pairs(ly[x:], cb[x:], cr[x:], p[min(x*src.Step, len(p)):], src.Step)
		}
		for ; x < len(ly); x++ {
			c := src.rgb(p, x)
			ly[x] = c.luma(src.Depth)
			cb[x], cr[x] = c.chroma(0, src.Depth)
		}
	}
}

// vectors is how many times 8 pixels of step bytes the kernels may read of p, which has some more or is
// the end: the last four pixels are read as 16 bytes.
func vectors(p []byte, step int) int { return max(0, (len(p)-16+4*step)/(8*step)) }

// rowsAhead is how many rows before their turn pixels are asked for: those of a small part of a large image are in no cache.
const rowsAhead = 8

// forward444Vector converts 8 pixels at a time and returns the number of pixels done. Those ahead are needed soon.
func forward444Vector(ly, cb, cr []uint16, p []byte, step, ahead int) int {
	n := min(len(ly)/8, vectors(p, step))
	if !vector || step < 3 || n == 0 {
		return 0
	}
	_, _, _ = ly[8*n-1], cb[8*n-1], cr[8*n-1]
	at := 0
	if pairs := n / 2; wide && pairs > 0 {
		wideRows444(&ly[0], &cb[0], &cr[0], &p[0], step, pairs, ahead)
		at = 16 * pairs
	}
	if at < 8*n {
		rows444(&ly[at], &cb[at], &cr[at], &p[at*step], step, n-at/8, ahead)
	}
	return 8 * n
}

// forward444Pairs converts two pixels at a time, one in each half of a word,
// and returns the number of pixels done: all but the last few.
func forward444Pairs(ly, cb, cr []uint16, p []byte, step int) int {
	const luma, centred = lanes * (unit8 / 2), lanes * (Centre*unit8 + unit8/2)
	n := max(0, min(len(ly)/2, (len(p)-8+2*step)/(2*step)))
	ly, cb, cr = ly[:2*n], cb[:2*n], cr[:2*n]
	o := 0
	for x := 1; x < len(ly) && x < len(cb) && x < len(cr); x += 2 {
		r, g, b := pair(binary.LittleEndian.Uint64(p[o:]), step)
		sy := r*yR + g*yG + b*yB + luma
		sb := b*cbB - r*-cbR - g*-cbG + centred
		sr := r*crR - g*-crG - b*-crB + centred
		ly[x-1], ly[x] = uint16(uint32(sy)>>12), uint16(sy>>44)
		cb[x-1], cb[x] = uint16(uint32(sb)>>12), uint16(sb>>44)
		cr[x-1], cr[x] = uint16(uint32(sr)>>12), uint16(sr>>44)
		o += 2 * step
	}
	return 2 * n
}

// pairs tells whether eight bytes hold two whole pixels, as pair needs them.
func (m *Interleaved) pairs() bool {
	return m.Depth == 8 && m.Step <= 4 && m.W > 4
}

// pair splits the pixels at the bytes 0 and step of w, each component of the
// first in the low half and of the second in the high half of its word.
func pair(w uint64, step int) (r, g, b uint64) {
	const m = lanes * 0xff
	p := w&0xffffff | w>>(uint(8*step)&63)<<32
	return p & m, p >> 8 & m, p >> 16 & m
}

// rgb is a pixel, or a sum of pixels, of either depth.
type rgb struct{ r, g, b int64 }

// rgb reads pixel x of the row p.
func (m *Interleaved) rgb(p []byte, x int) rgb {
	p = p[x*m.Step:]
	if m.Depth == 8 {
		return rgb{int64(p[0]), int64(p[1]), int64(p[2])}
	}
	u16 := binary.BigEndian.Uint16
	return rgb{int64(u16(p)), int64(u16(p[2:])), int64(u16(p[4:]))}
}

func (c rgb) luma(depth int) uint16 {
	return quantise(c.r*yR+c.g*yG+c.b*yB, 0, depth)
}

// chroma gives Cb and Cr of the mean of the 1<<shift pixels that c sums up.
func (c rgb) chroma(shift uint, depth int) (cb, cr uint16) {
	return quantise(c.r*cbR+c.g*cbG+c.b*cbB+Centre*unit(depth)<<shift, shift, depth),
		quantise(c.r*crR+c.g*crG+c.b*crB+Centre*unit(depth)<<shift, shift, depth)
}

func unit(depth int) int64 {
	if depth == 8 {
		return unit8
	}
	return unit16
}

// quantise rounds the non-negative weighted sum over 1<<shift pixels half up
// to plane units.
func quantise(sum int64, shift uint, depth int) uint16 {
	sum = (sum + unit(depth)/2<<shift) >> shift
	if depth == 8 {
		return uint16(uint64(sum) / unit8)
	}
	return uint16(uint64(sum) / unit16)
}

// Inverse writes the pixels r, in image coordinates, to dst: Channels is
// len(planes), W×H is the size of r, pixel (0,0) is r.Min. Bytes between two
// pixels (Step larger than the samples) stay as they were. Results are clamped
// to the range of dst.Depth; plane samples are at most 4095.
//
// The planes may cover a window of the image whose first luma sample is at
// origin; r lies inside the window. With sub420 origin is even, and the result
// is the same as from planes of the whole image wherever the window reaches one
// chroma sample (two luma samples) beyond r on the sides where the image goes on.
func Inverse(dst *Interleaved, planes []Plane, sub420 bool, origin image.Point, r image.Rectangle) {
	InverseGuided(dst, planes, sub420, nil, origin, r)
}

// InverseGuided is Inverse with chroma that a guide of the planes makes follow luma, where it is
// not nil. A window then reaches two chroma samples beyond r, and has their luma.
func InverseGuided(dst *Interleaved, planes []Plane, sub420 bool, g *Guide, origin image.Point, r image.Rectangle) {
	r = r.Sub(origin)
	for y := range dst.H {
		row := dst.row(y)
		if dst.Channels < 3 {
			inverseGray(row, dst, planes[0].row(r.Min.Y + y)[r.Min.X:r.Max.X])
		} else {
			inverseRow(row, dst, planes, sub420, g, r.Min.X, r.Min.Y+y)
		}
		if alpha := dst.Channels - 1; alpha&1 == 1 {
			a := planes[alpha].row(r.Min.Y + y)[r.Min.X:r.Max.X]
			inverseGray(row[alpha*dst.Depth/8:], dst, a)
		}
	}
}

// inverseGray writes one channel, whose first sample is at dst[0].
func inverseGray(dst []byte, m *Interleaved, y []uint16) {
	if m.Depth == 8 {
		for x, v := range y {
			dst[x*m.Step] = byte(min((v+8)>>FracBits, 255))
		}
		return
	}
	for x, v := range y {
		s := min((257*uint32(v)+8)>>FracBits, 65535)
		binary.BigEndian.PutUint16(dst[x*m.Step:], uint16(s))
	}
}

// inverseRow writes the colours of one row from position (x,y) of the planes
// on, in runs whose chroma fits a small buffer.
func inverseRow(dst []byte, m *Interleaved, planes []Plane, sub420 bool, g *Guide, x, y int) {
	var buf [chromaRun]uint32
	luma := planes[0].row(y)[x:][:m.W]
	for len(luma) > 0 {
		n := min(len(luma), chromaRun-2)
		var c []uint32
		if sub420 {
			c = upsample(&buf, &planes[1], &planes[2], x, y, n)
			if g != nil {
				g.add(c, luma[:n], x, y)
			}
		} else {
			c = packChroma(&buf, planes[1].row(y)[x:][:n], planes[2].row(y)[x:][:n])
		}
		if m.Depth == 8 {
			inverseRGB8(dst, m.Step, luma[:n], c)
		} else {
			inverseRGB16(dst, m.Step, luma[:n], c)
		}
		luma, x = luma[n:], x+n
		dst = dst[min(n*m.Step, len(dst)):]
	}
}

// packChroma joins Cb (low half) and Cr (high half) of each sample.
func packChroma(buf *[chromaRun]uint32, cb, cr []uint16) []uint32 {
	c := buf[:len(cb)]
	cr = cr[:len(cb)]
	for i, b := range cb {
		c[i] = uint32(b) | uint32(cr[i])<<16
	}
	return c
}

// rgbShift is of the products of plane samples and weights of 14 bits to samples of 8.
const rgbShift = 14 + FracBits

// inverseRGB8 converts len(y) pixels; c holds their chroma, packed.
func inverseRGB8(dst []byte, step int, y []uint16, c []uint32) {
	c = c[:len(y)]
	if vector && step == 3 && len(y) > 0 {
		n := rgb8(&dst[:3*len(y)][0], &y[0], &c[0], len(y))
		dst, y, c = dst[3*n:], y[n:], c[n:]
	}
	if n := len(y) &^ 7; vector && step == 4 && n > 0 && len(dst) >= 4*n {
		rgb8Of4(&dst[0], &y[0], &c[0], n)
		dst, y, c = dst[4*n:], y[n:], c[n:]
	}
	genericRGB8(dst, step, y, c)
}

func genericRGB8(dst []byte, step int, y []uint16, c []uint32) {
	const shift, half = rgbShift, 1 << (rgbShift - 1)
	c = c[:len(y)]
	o := 0
	for i, v := range y {
		cb, cr := int(c[i]&0xffff), int(c[i]>>16)
		s := int(v)<<14 + half
		r := (s + rCr*cr - rCr*Centre) >> shift
		g := (s + gCb*cb + gCr*cr - (gCb+gCr)*Centre) >> shift
		b := (s + bCb*cb - bCb*Centre) >> shift
		q := dst[o : o+3 : o+3]
		if uint(r|g|b) > 255 { // rare in pictures: cheaper than clamping always
			r, g, b = max(0, min(r, 255)), max(0, min(g, 255)), max(0, min(b, 255))
		}
		q[0], q[1], q[2] = byte(r), byte(g), byte(b)
		o += step
	}
}

// inverseRGB16 is inverseRGB8 on the scale of 16-bit samples.
func inverseRGB16(dst []byte, step int, y []uint16, c []uint32) {
	c = c[:len(y)]
	for i, v := range y {
		cb, cr := int64(c[i]&0xffff)-Centre, int64(c[i]>>16)-Centre
		s := int64(v) << 14
		q := dst[i*step:]
		q = q[:6]
		binary.BigEndian.PutUint16(q, scale16(s+rCr*cr))
		binary.BigEndian.PutUint16(q[2:], scale16(s+gCb*cb+gCr*cr))
		binary.BigEndian.PutUint16(q[4:], scale16(s+bCb*cb))
	}
}

func scale16(s int64) uint16 {
	return uint16(max(0, min((257*s+1<<17)>>18, 65535)))
}
