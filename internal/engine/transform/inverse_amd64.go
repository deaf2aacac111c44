//go:build !purego

package transform

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
	//lint:ignore U1000 memory of the kernel
	sums [maxN * maxN]int16 // after the first pass, [y][u]
}

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

// inverse is transformer.inverse of coefficients that the kernel can take, and tells whether it can.
func (k *inverseKernel) inverse(pix []uint16, stride int, coefs []int32, lg int, e extent, predicted []uint16) bool {
	n := 1 << lg
	k.table, k.n = &cosinePairs[lg-cellLog2][0], n
	k.down, k.across = e.v/2+1, (e.u+8)&^7
	offset, shift := inverseOffset(lg)
	k.offset, k.shift = offset, int32(shift)
	if !k.pair(coefs, n) {
		return false
	}
	var base *uint16
	if predicted != nil {
		base = &predicted[:n*n][0]
	}
	inversePairs(k, &pix[:(n-1)*stride+n][0], sampleBytes*stride, base)
	return true
}

// pair lays out the coefficients, and tells whether they and the sums after the first pass fit 16
// bits: of a horizontal frequency these are at most the sum of its magnitudes, of which the first counts
// 1/√2.
func (k *inverseKernel) pair(coefs []int32, n int) bool {
	const most, root = 1<<15 - 2, 2897
	for u := range k.across {
		row := coefs[u*n : u*n+n]
		sum := -(abs(row[0]) * (1<<basisBits - root) >> basisBits)
		for v := range k.down {
			a, b := row[2*v], row[2*v+1]
			sum += abs(a) + abs(b)
			k.pairs[v*n+u] = uint32(uint16(a)) | uint32(b)<<16
		}
		if sum > most || abs(row[0]) > most {
			return false
		}
	}
	return true
}

// inversePairs writes the samples of what a kernel has, in rows stride bytes apart: around the centre,
// or on what is predicted, where that is not nil.
//
//go:noescape
func inversePairs(k *inverseKernel, dst *uint16, stride int, predicted *uint16)
