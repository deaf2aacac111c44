package jpeg

// The conversions of JFIF with 16 bits of fraction, as libjpeg rounds them.
const (
	crToR = 91881  // 1.402
	cbToG = -22554 // -0.34414
	crToG = -46802 // -0.71414
	cbToB = 116130 // 1.772

	rToY, gToY, bToY = 19595, 38470, 7471 // 0.299, 0.587, 0.114
	rToCb, gToCb     = -11059, -21709     // -0.16874, -0.33126
	gToCr, bToCr     = -27439, -5329      // -0.41869, -0.08131
	half             = 1 << 15            // 0.5
)

// yccToRGB converts a row of planes to the first 3 of every step bytes of dst.
func yccToRGB(dst []byte, step int, ys, cbs, crs []byte) {
	cbs, crs = cbs[:len(ys)], crs[:len(ys)]
	at := 0
	for x, y := range ys {
		l, cb, cr := int32(y), int32(cbs[x])-128, int32(crs[x])-128
		r := l + (crToR*cr+half)>>16
		g := l + (cbToG*cb+crToG*cr+half)>>16
		b := l + (cbToB*cb+half)>>16
		if uint32(r|g|b) > 255 { // few pixels need limiting
			r, g, b = int32(clamp(r)), int32(clamp(g)), int32(clamp(b))
		}
		d := dst[at:][:3]
		d[0], d[1], d[2] = byte(r), byte(g), byte(b)
		at += step
	}
}

// clamp limits v to 0…255.
func clamp(v int32) byte {
	if uint32(v) > 255 {
		return byte(^v >> 31)
	}
	return byte(v)
}

// interleave writes each plane to every len(planes)-th byte of dst.
func interleave(dst []byte, planes [][]byte) {
	if len(planes) == 1 {
		copy(dst, planes[0])
		return
	}
	for i, p := range planes {
		for x, v := range p {
			dst[x*len(planes)+i] = v
		}
	}
}

func invert(b []byte) {
	for i := range b {
		b[i] = ^b[i]
	}
}

// rgbToYCC converts len(ys) pixels, step bytes apart, to planes.
func rgbToYCC(ys, cbs, crs, pix []byte, step int) {
	cbs, crs = cbs[:len(ys)], crs[:len(ys)]
	const offset = 128<<16 + half - 1 // rounds so that 255 is not exceeded
	for x := range ys {
		p := pix[x*step:][:3]
		r, g, b := int32(p[0]), int32(p[1]), int32(p[2])
		ys[x] = byte((rToY*r + gToY*g + bToY*b + half) >> 16)
		cbs[x] = byte((rToCb*r + gToCb*g + half*b + offset) >> 16)
		crs[x] = byte((half*r + gToCr*g + bToCr*b + offset) >> 16)
	}
}
