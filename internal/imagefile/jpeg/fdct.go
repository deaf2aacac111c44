package jpeg

// fdct transforms 8×8 samples, in rows stride apart, and leaves coefficients with a
// factor of 8. The constants are explained with the inverse.
func fdct(ws *[64]int32, src []byte, stride int) {
	const bits = constBits - passBits
	for y := range 8 {
		s := (*[8]byte)(src[y*stride:])
		v0, v1, v2, v3, v4, v5, v6, v7 := forward(
			int32(s[0])-128, int32(s[1])-128, int32(s[2])-128, int32(s[3])-128,
			int32(s[4])-128, int32(s[5])-128, int32(s[6])-128, int32(s[7])-128)
		*(*[8]int32)(ws[8*y:]) = [8]int32{
			v0 << passBits, descale(v1, bits), descale(v2, bits), descale(v3, bits),
			v4 << passBits, descale(v5, bits), descale(v6, bits), descale(v7, bits),
		}
	}
	for x := range 8 {
		const bits = constBits + passBits
		w := (*[57]int32)(ws[x:])
		v0, v1, v2, v3, v4, v5, v6, v7 := forward(w[0], w[8], w[16], w[24], w[32], w[40], w[48], w[56])
		w[0], w[8], w[16], w[24] = descale(v0, passBits), descale(v1, bits), descale(v2, bits), descale(v3, bits)
		w[32], w[40], w[48], w[56] = descale(v4, passBits), descale(v5, bits), descale(v6, bits), descale(v7, bits)
	}
}

func descale(v int32, bits uint) int32 { return (v + 1<<(bits-1)) >> bits }

// forward is the DCT of 8 values. The results are scaled by 2^constBits, but for
// the first and the fifth.
func forward(v0, v1, v2, v3, v4, v5, v6, v7 int32) (_, _, _, _, _, _, _, _ int32) {
	s0, d7 := v0+v7, v0-v7
	s1, d6 := v1+v6, v1-v6
	s2, d5 := v2+v5, v2-v5
	s3, d4 := v3+v4, v3-v4

	e0, e3 := s0+s3, s0-s3
	e1, e2 := s1+s2, s1-s2
	z1 := (e2 + e3) * fix0541
	r2, r6 := z1+e3*fix0765, z1-e2*fix1847

	z1 = (d4 + d7) * -fix0899
	z2 := (d5 + d6) * -fix2562
	z3, z4 := d4+d6, d5+d7
	z5 := (z3 + z4) * fix1175
	z3 = z5 - z3*fix1961
	z4 = z5 - z4*fix0390
	return e0 + e1, d7*fix1501 + z1 + z4, r2, d6*fix3072 + z2 + z3,
		e0 - e1, d5*fix2053 + z2 + z4, r6, d4*fix0298 + z1 + z3
}
