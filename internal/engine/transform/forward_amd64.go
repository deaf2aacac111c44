//go:build !purego

package transform

// forwardKernel is what forwardPairs works on: values of 16 bits, by twos.
type forwardKernel struct {
	table *uint32 // cosines of two samples by frequencies, of pairs of samples
	n     int     // points
	round int32   // half of the last place of the first pass
	shift int32
	//lint:ignore U1000 memory of the kernel
	folded [maxN / 4 * maxN]uint64 // sums of mirrored rows by twos, and differences above them, [y/2][x]
	//lint:ignore U1000 memory of the kernel
	sums [2][maxN / 4 * maxN]uint32 // after the first pass, of mirrored columns likewise, and differences, [x/2][v]
	//lint:ignore U1000 memory of the kernel
	align [64]byte // wide kernels take what precedes from the first whole line on
}

// samplePairs are the cosines of two samples of the first half, the even one lower, of each size: [x/2][k]. In the other half
// those of odd frequencies change their sign, so that the passes take sums and differences of what is mirrored.
var samplePairs = func() (t [sizes][]uint32) {
	for s := range t {
		n := cell << s
		for x := 0; x < n/2; x += 2 {
			for k := range n {
				t[s] = append(t[s], uint32(uint16(cosine(x, k, n)))|uint32(cosine(x+1, k, n))<<16)
			}
		}
	}
	return t
}()

// forward is transformer.forward: samples less the centre have 12 bits, sums after the first pass 14, and two of either one more.
func (k *forwardKernel) forward(out []int32, pix []uint16, stride, lg int) {
	n, size := 1<<lg, lg-cellLog2
	to, from := &out[:n*n][0], &pix[:(n-1)*stride+n][0]
	if wide {
		k.table = &wideCosines[size][0]
		wideForwards[size](k, to, from, sampleBytes*stride)
		return
	}
	k.table, k.n = &samplePairs[size][0], n
	k.shift = int32(lg + forwardShift1)
	k.round = 1 << (k.shift - 1)
	forwardPairs(k, to, from, sampleBytes*stride)
}

// forwardPairs writes the coefficients of samples in rows stride bytes apart.
//
//go:noescape
func forwardPairs(k *forwardKernel, out *int32, pix *uint16, stride int)
