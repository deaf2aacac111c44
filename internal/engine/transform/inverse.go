package transform

import "github.com/qtgpu/qtgpu/chroma"

const centre = chroma.Centre

// inverseKernel is what inversePairs works on: coefficients of 16 bits, by twos, so that a multiply-add
// takes two of them at once.
type inverseKernel struct {
	table  *uint32 // cosines of two frequencies by samples, of pairs of frequencies
	n      int     // points
	down   int     // pairs of vertical frequencies that are not all 0
	across int     // horizontal frequencies that are not all 0, a multiple of 8
	offset int32   // as inverseOffset says
	shift  int32
	pairs  [maxN / 2 * maxN]uint32 // of coefficients, [v/2][u]
	sums   [maxN * maxN]int16      // after the first pass, [y][u]
}

// pairL1 is the largest sum of magnitudes for which coefficients, and sums after the first pass, surely
// fit 16 bits.
const pairL1 = 1<<15 - 2

// cosinePairs are the cosines of two frequencies, the even one lower, of each size: [k/2][x].
var cosinePairs = func() (t [sizes][]uint32) {
	for s := range t {
		n := cell << s
		for k := 0; k < n; k += 2 {
			for x := range n {
				t[s] = append(t[s], uint32(uint16(cosine(x, k, n)))|uint32(cosine(x, k+1, n))<<16)
			}
		}
	}
	return t
}()

// inverse is transformer.inverse of coefficients whose magnitudes sum up to pairL1 at most.
func (k *inverseKernel) inverse(pix []uint16, stride int, coefs []int32, lg int, e extent, predicted []uint16) {
	n := 1 << lg
	k.table, k.n = &cosinePairs[lg-cellLog2][0], n
	k.down, k.across = e.v/2+1, (e.u+8)&^7
	offset, shift := inverseOffset(lg)
	k.offset, k.shift = offset, int32(shift)
	for u := range k.across {
		row := coefs[u*n : u*n+n]
		for v := range k.down {
			k.pairs[v*n+u] = uint32(uint16(row[2*v])) | uint32(row[2*v+1])<<16
		}
	}
	var base *uint16
	if predicted != nil {
		base = &predicted[:n*n][0]
	}
	inversePairs(k, &pix[:(n-1)*stride+n][0], sampleBytes*stride, base)
}
