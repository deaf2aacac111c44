//go:build !purego

package chroma

// sumSamples is how many samples of chroma a row has at most whose pixels sumGuided takes.
const sumSamples = 32

// sumKernel is what sumGuided works on. Distances are in bytes.
type sumKernel struct {
	from       [5]*uint16 // Cb, Cr, luma in their resolution, slopes of Cb and of Cr, from their first rows on
	at         [2][2]int  // of the rows of pixels, where the row of chroma and the one beside lie in these
	luma       *uint16
	lumaStride int
	want       [3]*uint16 // what the rows should be
	wantStride int
	count      int // of the rows
	n          int // times 16 samples of chroma, 1 or 2
	sums       *[2]GuideSums
	//lint:ignore U1000 memory of the kernel
	blended [5]blendedRow
}

// blendedRow is three times a row and the one beside it, from the eighth on, with one more on both sides.
type blendedRow [blendedBytes / 2]uint16

const blendedBytes = 2 * (8 + sumSamples + 8)

// sumGuided adds pixels as Sum does.
//
//go:noescape
func sumGuided(k *sumKernel)

// vectorSum is Sum by a kernel, where it can take the width.
func (g *Guide) vectorSum(sums *[2]GuideSums, want []Plane, y int) bool {
	n, count, stride := g.planes[1].W, want[0].H, g.planes[1].Stride
	if !vector || n%16 != 0 || n > sumSamples || g.planes[0].W != 2*n || count > 2 || stride != g.low.Stride {
		return false
	}
	if g.sums == nil {
		g.sums = new(sumKernel)
	}
	k := g.sums
	k.sums, k.n, k.count = sums, n/16, count
	for i, p := range [5]*Plane{&g.planes[1], &g.planes[2], &g.low, &g.slopes[0], &g.slopes[1]} {
		k.from[i] = &p.Pix[:(p.H-1)*stride+n][0]
	}
	for j := range count {
		at, beside := besides(y+j, g.low.H)
		k.at[j] = [2]int{2 * stride * at, 2 * stride * beside}
	}
	luma := &g.planes[0]
	k.luma, k.lumaStride = &luma.Pix[y*luma.Stride:][:(count-1)*luma.Stride+2*n][0], 2*luma.Stride
	k.wantStride = 2 * want[0].Stride
	for i := range k.want {
		k.want[i] = &want[i].Pix[:(count-1)*want[0].Stride+2*n][0]
	}
	sumGuided(k)
	return true
}
