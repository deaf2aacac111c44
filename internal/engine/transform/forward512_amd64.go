//go:build !purego

package transform

import "github.com/qtgpu/qtgpu/chroma"

// The wide forward transform is forwardPairs with what is mirrored folded twice: sums of mirrored samples have mirrored halves
// again, whose sums the frequencies that 4 divides take, and whose differences the other even ones. Samples less the centre have 12 bits,
// values after the first pass 14, and two more after both folds.

// wideCosines is what the kernels know of leaves of n: cosines of two samples, by registers as they are read.
var wideCosines = [sizes][]uint32{wideCosines8(), makeWideCosines(4), makeWideCosines(5)}

// wideForwards are the kernels by size.
var wideForwards = [sizes]func(k *forwardKernel, out *int32, pix *uint16, stride int){forward8, forward16, forward32}

// cosinePair has the cosines of two samples, the first one lower, times 2^up.
func cosinePair(x, x1, k, n, up int) uint32 {
	return uint32(uint16(cosine(x, k, n)<<up)) | uint32(cosine(x1, k, n)<<up)<<16
}

// raisedOdd is by how much cosines of odd frequencies are shifted up in the first pass, whose sums of them come to the upper words.
func raisedOdd(lg int) int { return 16 - lg - forwardShift1 }

// roundCentred is half of the last place of the first pass; of frequency 0 less what the centre of samples comes to, which adds
// nothing to others.
func roundCentred(k, lg int) uint32 {
	round := int64(1) << (lg + forwardShift1 - 1)
	if k == 0 {
		round -= chroma.Centre * cosine(0, 0, 1<<lg) << lg
	}
	return uint32(round)
}

// makeWideCosines has, of leaves of 16 and 32, for the first pass the cosines of differences x and n/2 − 1 − x of odd
// frequencies, the ones of x and x + 1 of even ones, folded once more, and what these begin with; for the second the even ones u and u + 2 and the odd
// ones u + 1 and u + 3, of every fourth u. In the first, frequencies lie so that words of even and odd ones by turns are, unpacked by fours with
// the next sample's, in their order.
func makeWideCosines(lg int) (t []uint32) {
	n := 1 << lg
	var order []int
	for k := 0; k < n/2; k += 4 {
		order = append(order, k, k+2, n/2+k, n/2+k+2)
	}
	for x := range n / 4 {
		for _, k := range order {
			t = append(t, cosinePair(x, n/2-1-x, k+1, n, raisedOdd(lg)))
		}
	}
	for x := 0; x < n/4; x += 2 {
		for _, k := range order {
			t = append(t, cosinePair(x, x+1, k, n, 0))
		}
	}
	for _, k := range order {
		t = append(t, roundCentred(k, lg))
	}
	for u := 0; u < n; u += 4 {
		for k := u; k < u+4; k += 2 {
			for x := 0; x < n/4; x += 2 {
				t = append(t, cosinePair(x, x+1, k, n, 0))
			}
		}
		for k := u + 1; k < u+4; k += 2 {
			for x := range n / 4 {
				t = append(t, cosinePair(x, n/2-1-x, k, n, 0))
			}
		}
	}
	return t
}

// wideCosines8 has registers of two frequencies, each for 8 columns or rows: 0 and 4, and what they begin with; 2 and 6, of which the
// latter takes differences with the other sign; 1 and 5, and 3 and 7, of samples 0 and 1 beside 3 and 2 and the other way, for
// both passes; and numbers of words: rows as pairs, and the samples 0, 1 beside 3, 2 of all frequencies, and 7, 6 beside 4, 5.
func wideCosines8() (t []uint32) {
	const n, lg = 8, cellLog2
	both := func(low, high uint32) {
		for i := range 2 * n {
			if i < n {
				t = append(t, low)
			} else {
				t = append(t, high)
			}
		}
	}
	both(cosinePair(0, 1, 0, n, 0), cosinePair(0, 1, 4, n, 0))
	both(roundCentred(0, lg), roundCentred(4, lg))
	both(cosinePair(0, 1, 2, n, 0), uint32(uint16(-cosine(0, 6, n)))|uint32(-cosine(1, 6, n))<<16)
	for _, up := range []int{raisedOdd(lg), 0} {
		for k := 1; k < 4; k += 2 {
			both(cosinePair(0, 1, k, n, up), cosinePair(3, 2, k+4, n, up))
			both(cosinePair(3, 2, k, n, up), cosinePair(0, 1, k+4, n, up))
		}
	}
	for half := range 2 {
		for x := range n {
			t = append(t, uint32(2*n*half+x)|uint32(2*n*half+n+x)<<16)
		}
	}
	for _, pairs := range [][4]int{{0, 1, 3, 2}, {7, 6, 4, 5}} {
		for half := range 2 {
			for v := range n {
				word := v&2<<4 | v>>2<<4 | v&1
				t = append(t, uint32(word+2*pairs[2*half])|uint32(word+2*pairs[2*half+1])<<16)
			}
		}
	}
	return t
}

// forward8, forward16 and forward32 write the coefficients of samples in rows stride bytes apart.
//
//go:noescape
func forward8(k *forwardKernel, out *int32, pix *uint16, stride int)

//go:noescape
func forward16(k *forwardKernel, out *int32, pix *uint16, stride int)

//go:noescape
func forward32(k *forwardKernel, out *int32, pix *uint16, stride int)
