//go:build !purego

package chroma

// sumSamples is how many samples of chroma a row has at most whose pixels sumGuided takes.
const sumSamples = 32

// sumKernel is what sumGuided works on.
type sumKernel struct {
	rows    [2]sumRow
	count   int // of the rows
	n       int // times 16 samples of chroma, 1 or 2
	sums    *[2]GuideSums
	blended [5]blendedRow
}

// sumRow is a row of pixels.
type sumRow struct {
	from [5][2]*uint16 // of Cb, Cr, luma in their resolution, slopes of Cb and of Cr: the row of chroma and the one beside
	luma *uint16
	want [3]*uint16 // what it should be
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
	n := g.planes[1].W
	if !vector || n%16 != 0 || n > sumSamples || g.planes[0].W != 2*n || want[0].H > 2 {
		return false
	}
	if g.sums == nil {
		g.sums = new(sumKernel)
	}
	k := g.sums
	k.sums, k.n, k.count = sums, n/16, want[0].H
	for j := range k.count {
		r := &k.rows[j]
		at, beside := besides(y+j, g.low.H)
		for i, p := range [5]*Plane{&g.planes[1], &g.planes[2], &g.low, &g.slopes[0], &g.slopes[1]} {
			r.from[i] = [2]*uint16{&p.row(at)[:n][0], &p.row(beside)[:n][0]}
		}
		r.luma = &g.planes[0].row(y + j)[:2*n][0]
		for i := range r.want {
			r.want[i] = &want[i].row(j)[:2*n][0]
		}
	}
	sumGuided(k)
	return true
}
