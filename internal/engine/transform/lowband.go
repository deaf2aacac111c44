package transform

// The front image holds one value per 8×8, in 1/8 levels scaled like the DC
// coefficient of an 8×8 leaf (64 times the mean level). A leaf of m×m such
// cells derives its m×m lowest coefficients from them and back by these
// matrices: the orthonormal m-point DCT with the gain s(k) of an average over
// 8 samples folded in, in 1/4096 (FORMAT.md, "Front image").
var (
	toFront = [4][4][4]int64{ // [m-1][j][k]: s(k)·basis
		0: {{4096}},
		1: {{2896, 2612}, {2896, -2612}},
		3: {{2048, 2609, 1847, 872}, {2048, 1081, -1847, -2106}, {2048, -1081, -1847, 2106}, {2048, -2609, 1847, -872}},
	}
	toLow = [4][4][4]int64{ // [m-1][k][j]: basis/s(k)
		0: {{4096}},
		1: {{2896, 2896}, {3212, -3212}},
		3: {{2048, 2048, 2048, 2048}, {2745, 1137, -1137, -2745}, {2271, -2271, -2271, 2271}, {1408, -3400, 3400, -1408}},
	}
)

// lowband applies a matrix to both axes of the m×m values of src:
// dst[a][b] = Σ t[a][i]·t[b][j]·src[i][j] / 2^24, rounded.
func lowband(dst, src *[16]int32, t *[4][4][4]int64, m int) {
	mat := &t[m-1]
	var mid [16]int64
	for a := range m {
		for j := range m {
			var s int64
			for i := range m {
				s += mat[a][i] * int64(src[i*m+j])
			}
			mid[a*m+j] = s
		}
	}
	for a := range m {
		for b := range m {
			s := int64(1) << 23
			for j := range m {
				s += mat[b][j] * mid[a*m+j]
			}
			dst[a*m+b] = int32(s >> 24)
		}
	}
}

// frontStep is the step of the front image, 0.85 of the AC step.
func frontStep(step int) int32 { return int32(step*218+128) >> 8 }

// frontLimit bounds a front value, so that no product leaves 32 bits.
const frontLimit = 1<<15 - 1
