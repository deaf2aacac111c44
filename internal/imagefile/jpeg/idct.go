package jpeg

import "math/bits"

// The DCT is by Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT
// algorithms with 11 multiplications", ICASSP 1989, with 12 multiplications as
// libjpeg's accurate integer DCT ("islow") arranges them: cK stands for
// cos(Kπ/16), constants have constBits of fraction, and the first of the two passes
// leaves passBits of fraction. Each pass scales by √8 more than the orthonormal
// DCT has.
const (
	constBits = 13
	passBits  = 2

	fix0298 = 2446  // √2(-c1+c3+c5-c7)
	fix0390 = 3196  // √2(c3-c5)
	fix0541 = 4433  // √2 c6
	fix0765 = 6270  // √2(c2-c6)
	fix0899 = 7373  // √2(c3-c7)
	fix1175 = 9633  // √2 c3
	fix1501 = 12299 // √2(c1+c3-c5-c7)
	fix1847 = 15137 // √2(c2+c6)
	fix1961 = 16069 // √2(c3+c5)
	fix2053 = 16819 // √2(c1+c3-c5+c7)
	fix2562 = 20995 // √2(c1+c3)
	fix3072 = 25172 // √2(c1+c3+c5-c7)
)

// zigzag gives the place of each coefficient of a block in rows, T.81 figure A.6.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// columns has for each column of a block the bits of its coefficients below the
// first row, and firstRow the bits of the first row, in zigzag order.
var columns, firstRow = func() (c [8]uint64, row uint64) {
	for k, at := range zigzag {
		if at < 8 {
			row |= 1 << k
		} else {
			c[at&7] |= 1 << k
		}
	}
	return c, row
}()

// idct dequantises the coefficients of a block, with q in zigzag order, and writes
// its samples to the first 8 bytes of 8 rows, stride apart.
//
// Values that no encoder makes overflow as they do in libjpeg-turbo's vector code:
// products and the sums that come before multiplications have 16 bits and wrap,
// results of the first pass saturate at 16 bits.
func (b *block) idct(q *[64]uint16, dst []byte, stride int) {
	if b.nonzero == 0 {
		b.fill(q, dst, stride)
		return
	}
	var ws [64]int32
	if b.nonzero&^firstRow == 0 {
		b.spread(q, &ws)
	} else {
		b.pass1(q, &ws)
	}
	for y := range 8 {
		pass2((*[8]int32)(ws[8*y:]), (*[8]byte)(dst[y*stride:]))
	}
}

// fill writes a block of nothing but a DC coefficient.
func (b *block) fill(q *[64]uint16, dst []byte, stride int) {
	dc := int32(int16(b.dequantised(0, q) << passBits))
	v := sample(dc << constBits)
	row := [8]byte{v, v, v, v, v, v, v, v}
	for y := range 8 {
		*(*[8]byte)(dst[y*stride:]) = row
	}
}

// spread does the first pass where only the first row of coefficients is not 0.
func (b *block) spread(q *[64]uint16, ws *[64]int32) {
	for k, at := range zigzag[:29] {
		if at >= 8 {
			continue
		}
		v := int32(int16(b.dequantised(k, q) << passBits))
		for y := 0; y < 64; y += 8 {
			ws[y+int(at)] = v
		}
	}
}

// dequantised gives the coefficient at k of the zigzag order.
func (b *block) dequantised(k int, q *[64]uint16) int32 {
	return int32(b.coef[k] * int16(q[k]))
}

// pass1 transforms the columns.
func (b *block) pass1(q *[64]uint16, ws *[64]int32) {
	ws[0] = b.dequantised(0, q)
	for m := b.nonzero; m != 0; m &= m - 1 {
		k := bits.TrailingZeros64(m) & 63
		ws[zigzag[k]&63] = b.dequantised(k, q)
	}
	wide := int32(0) // has bits above 16 where a result does not fit into 16
	for x := range 8 {
		w := (*[57]int32)(ws[x:])
		if b.nonzero&columns[x] == 0 {
			v := w[0] << passBits
			wide |= v + 1<<15
			w[0], w[8], w[16], w[24], w[32], w[40], w[48], w[56] = v, v, v, v, v, v, v, v
			continue
		}
		const round, shift = 1 << (constBits - passBits - 1), constBits - passBits
		v0, v1, v2, v3, v4, v5, v6, v7 := butterfly(w[0], w[8], w[16], w[24], w[32], w[40], w[48], w[56])
		v0, v1, v2, v3 = (v0+round)>>shift, (v1+round)>>shift, (v2+round)>>shift, (v3+round)>>shift
		v4, v5, v6, v7 = (v4+round)>>shift, (v5+round)>>shift, (v6+round)>>shift, (v7+round)>>shift
		wide |= (v0 + 1<<15) | (v1 + 1<<15) | (v2 + 1<<15) | (v3 + 1<<15) | (v4 + 1<<15) | (v5 + 1<<15) | (v6 + 1<<15) | (v7 + 1<<15)
		w[0], w[8], w[16], w[24], w[32], w[40], w[48], w[56] = v0, v1, v2, v3, v4, v5, v6, v7
	}
	if wide>>16 != 0 {
		for i, v := range ws {
			ws[i] = min(max(v, -1<<15), 1<<15-1)
		}
	}
}

// pass2 transforms a row and leaves its samples in dst.
func pass2(v *[8]int32, dst *[8]byte) {
	v0, v1, v2, v3, v4, v5, v6, v7 := butterfly(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
	dst[0], dst[1], dst[2], dst[3] = sample(v0), sample(v1), sample(v2), sample(v3)
	dst[4], dst[5], dst[6], dst[7] = sample(v4), sample(v5), sample(v6), sample(v7)
}

// sample rounds a result of the second pass and shifts it from around 0 to 0…255.
func sample(v int32) byte {
	const shift = constBits + passBits + 3
	v = (v+1<<(shift-1))>>shift + 128
	if uint32(v) > 255 {
		return byte(^v >> 31)
	}
	return byte(v)
}

// butterfly is the inverse DCT of 8 values, scaled by 2^constBits. It takes and
// returns them in registers.
func butterfly(v0, v1, v2, v3, v4, v5, v6, v7 int32) (_, _, _, _, _, _, _, _ int32) {
	z1 := (v2 + v6) * fix0541
	t2 := z1 - v6*fix1847
	t3 := z1 + v2*fix0765
	t0 := int32(int16(v0+v4)) << constBits
	t1 := int32(int16(v0-v4)) << constBits
	e0, e3 := t0+t3, t0-t3
	e1, e2 := t1+t2, t1-t2

	z3, z4 := int32(int16(v7+v3)), int32(int16(v5+v1))
	z5 := (z3 + z4) * fix1175
	z3 = z5 - z3*fix1961
	z4 = z5 - z4*fix0390
	z1 = (v7 + v1) * -fix0899
	z2 := (v5 + v3) * -fix2562
	t0 = v7*fix0298 + z1 + z3
	t1 = v5*fix2053 + z2 + z4
	t2 = v3*fix3072 + z2 + z3
	t3 = v1*fix1501 + z1 + z4
	return e0 + t3, e1 + t2, e2 + t1, e3 + t0, e3 - t0, e2 - t1, e1 - t2, e0 - t3
}
