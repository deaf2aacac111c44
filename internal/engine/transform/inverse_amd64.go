//go:build !purego

package transform

import "github.com/qtgpu/qtgpu/chroma"

// inverseKernel is what inverseSums works on. It takes four frequencies at a time, the even ones and the odd ones by
// twos, so that a multiply-add takes both: what is even of the sums is the same at both ends of a row or column,
// and what is odd is the opposite.
type inverseKernel struct {
	table  *uint32 // [k/4][even, odd][sample]: cosines of two frequencies, the lower one first
	half   int     // bytes of the samples of a table, half of the points, but 8 at least
	n      int     // points
	down   int     // fours of vertical frequencies that are not all 0
	across int     // of horizontal ones
	offset int32   // as inverseOffset says
	shift  int32
	//lint:ignore U1000 memory of the kernel
	pairs [maxN * maxN]int16 // of coefficients, [u/8][v/4][even, odd][u%8]
	//lint:ignore U1000 memory of the kernel
	sums [maxN * maxN]int16 // after the first pass, [y][u]; of four u, the second and the third change places
}

// cosineFours are the tables of each size.
var cosineFours = func() (t [sizes][]uint32) {
	for s := range t {
		n := cell << s
		for k := 0; k < n; k += 4 {
			for _, first := range []int{k, k + 1} {
				for x := range max(n/2, cell) {
					t[s] = append(t[s], uint32(uint16(cosine(x, first, n)))|uint32(cosine(x, first+2, n))<<16)
				}
			}
		}
	}
	return t
}()

// centres is a row of samples that is predicted where nothing is.
var centres = func() (row [maxN]uint16) {
	for x := range row {
		row[x] = chroma.Centre
	}
	return row
}()

// inverse is transformer.inverse of coefficients that the kernel can take, and tells whether it can.
func (k *inverseKernel) inverse(pix []uint16, stride int, coefs []int32, lg int, e extent, predicted []uint16) bool {
	n := 1 << lg
	if !fits(coefs, n, e) {
		return false
	}
	k.table, k.half, k.n = &cosineFours[lg-cellLog2][0], 4*max(n/2, cell), n
	k.down, k.across = e.v/4+1, e.u/4+1
	offset, shift := inverseOffset(lg)
	k.offset, k.shift = offset, int32(shift)
	base, below := &centres[0], 0
	if predicted != nil {
		base, below = &predicted[:n*n][0], sampleBytes*n
	}
	to, from := &pix[:(n-1)*stride+n][0], &coefs[:n*n][0]
	switch {
	case wide && lg == cellLog2:
		k.table = &wideInverse8Table[0]
		wideInverse8(k, to, sampleBytes*stride, from, base, below)
	case wide:
		wideInverseSums(k, to, sampleBytes*stride, from, base, below)
	default:
		inverseSums(k, to, sampleBytes*stride, from, base, below)
	}
	return true
}

// fits tells whether coefficients and the sums after the first pass fit 16 bits: of a horizontal frequency these
// are at most the sum of its magnitudes, of which the first counts 1/√2.
func fits(coefs []int32, n int, e extent) bool {
	const most, root = 1<<15 - 2, 2897
	first := int(abs(coefs[0]))
	if first <= most && e.l1-first*(1<<basisBits-root)>>basisBits <= most { // so much for all of them together
		return true
	}
	for u := range e.u + 1 {
		row := coefs[u*n : u*n+e.v+1]
		sum := -(abs(row[0]) * (1<<basisBits - root) >> basisBits)
		for _, c := range row {
			sum += abs(c)
		}
		if sum > most || abs(row[0]) > most {
			return false
		}
	}
	return true
}

// inverseSums writes the samples of coefficients, [u][v], in rows stride bytes apart, on what is predicted in rows
// below bytes apart.
//
//go:noescape
func inverseSums(k *inverseKernel, dst *uint16, stride int, coefs *int32, predicted *uint16, below int)
