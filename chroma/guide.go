package chroma

import "math/bits"

// Guide makes chroma of half the resolution follow luma where it is upsampled (FORMAT.md,
// "Guided upsampling"): around each sample of chroma a slope tells how much it changes with
// luma, and what luma has at a pixel more than its own upsampled means, times the slope, is
// added.
type Guide struct {
	planes []Plane
	damp   int64    // what is added to 81 times the variance of luma
	low    Plane    // luma, in the resolution of chroma
	slopes [2]Plane // of Cb and Cr in 1/256, slopeBias more than they are
	across int      // runs of guideCell samples in a row
	some   []bool   // whether such a run has slopes
	weight func(plane, x, y int) int32

	sums      *sumKernel // what Sum works in
	upsampled []uint16   // the same without a kernel
}

const (
	slopeBias  = 2048
	slopeLimit = slopeBias - 1
	guideCell  = 8
)

// NewGuide has no slopes yet: Rows finds them. step is the quantiser's, in 1/8 level; weight
// gives how much of the slope at a sample of Cb, 0, or Cr, 1, is taken, 0 to 16 in 1/16, the same
// for all whose x and y differ below the lowest 3 bits. Planes are the ones of NewPlanes with 4:2:0.
func NewGuide(planes []Plane, step int, weight func(plane, x, y int) int32) *Guide {
	return new(Guide).Renewed(planes, step, weight)
}

// Renewed is a new guide in the memory of one that is no longer used, which may be nil.
func (g *Guide) Renewed(planes []Plane, step int, weight func(plane, x, y int) int32) *Guide {
	if g == nil {
		g = new(Guide)
	}
	w, h := planes[1].W, planes[1].H
	across := (w + guideCell - 1) / guideCell
	n := &Guide{
		across: across, some: g.some, sums: g.sums, upsampled: g.upsampled, planes: planes, damp: 81 * 4 * int64(step) * int64(step), weight: weight,
		low: g.low.Renewed(w, h), slopes: [2]Plane{g.slopes[0].Renewed(w, h), g.slopes[1].Renewed(w, h)},
	}
	if cap(n.some) < across*h {
		n.some = make([]bool, across*h)
	}
	n.some = n.some[:across*h]
	return n
}

// Low finds the luma of the rows [y0,y1) of chroma: it comes before Rows.
func (g *Guide) Low(y0, y1 int) {
	luma := &g.planes[0]
	for y := y0; y < y1; y++ {
		above, below := luma.row(2*y), luma.row(min(2*y+1, luma.H-1))
		dst := g.low.row(y)
		n := len(above) / 2
		below = below[:len(above)]
		done := 0
		if k := n / 8; vector && k > 0 {
			lowRows(&dst[0], &above[0], &below[0], k)
			done = 8 * k
		}
		for x := done; x < n; x++ {
			a, b := above[2*x:][:2], below[2*x:][:2]
			dst[x] = (a[0] + a[1] + b[0] + b[1] + 2) >> 2
		}
		if n < len(dst) {
			dst[n] = (above[2*n] + below[2*n] + 1) >> 1
		}
	}
}

// Rows finds the slopes of the rows [y0,y1) of chroma. Calls for disjoint rows may run at the
// same time.
func (g *Guide) Rows(y0, y1 int) {
	if !g.vectorRows(y0, y1) {
		g.rows(y0, y1)
	}
}

// rows is Rows without kernels.
func (g *Guide) rows(y0, y1 int) {
	var rows [3]moments
	for i := range rows {
		rows[i] = newMoments(g.low.W)
	}
	sums := newMoments(g.low.W)
	for y := y0 - 1; y <= y0; y++ {
		rows[(y+3)%3].take(g, y)
	}
	for y := y0; y < y1; y++ {
		rows[(y+4)%3].take(g, y+1)
		sums.add(&rows)
		for x := 0; x < g.low.W; x += guideCell {
			n := min(guideCell, g.low.W-x)
			cb, cr := g.slopes[0].row(y)[x:][:n], g.slopes[1].row(y)[x:][:n]
			g.some[y*g.across+x/guideCell] = g.cell(cb, cr, &sums, x, g.weight(0, x, y), g.weight(1, x, y))
		}
	}
}

// moments are of a row, each with one more sample on both sides: luma and its square, Cb and
// Cr, and both times luma, packed as lo + hi·2^32.
type moments struct{ luma, chroma, both []uint64 }

func newMoments(n int) moments {
	return moments{make([]uint64, n+2), make([]uint64, n+2), make([]uint64, n+2)}
}

// add sums up rows.
func (m *moments) add(rows *[3]moments) {
	addRows(m.luma, rows[0].luma, rows[1].luma, rows[2].luma)
	addRows(m.chroma, rows[0].chroma, rows[1].chroma, rows[2].chroma)
	addRows(m.both, rows[0].both, rows[1].both, rows[2].both)
}

func addRows(dst, a, b, c []uint64) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	for i := range dst {
		dst[i] = a[i] + b[i] + c[i]
	}
}

// take takes row y, or the nearest one.
func (m *moments) take(g *Guide, y int) {
	y = min(max(y, 0), g.low.H-1)
	low, cb, cr := g.low.row(y), g.planes[1].row(y), g.planes[2].row(y)
	n := len(low)
	cb, cr = cb[:n], cr[:n]
	luma, chroma, both := m.luma[1:][:n], m.chroma[1:][:n], m.both[1:][:n]
	for x, v := range low {
		l, c := uint64(v), uint64(cb[x])|uint64(cr[x])<<32
		luma[x], chroma[x], both[x] = l|l*l<<32, c, l*c
	}
	for _, s := range [][]uint64{m.luma, m.chroma, m.both} {
		s[0], s[n+1] = s[1], s[n]
	}
}

// cell finds the slopes of some samples of a row, from x on, and tells whether there are any.
func (g *Guide) cell(cb, cr []uint16, sums *moments, x int, wcb, wcr int32) bool {
	if wcb == 0 && wcr == 0 {
		for i := range cb {
			cb[i], cr[i] = slopeBias, slopeBias
		}
		return false
	}
	l, c, b := sums.luma[x:][:len(cb)+2], sums.chroma[x:][:len(cb)+2], sums.both[x:][:len(cb)+2]
	cr = cr[:len(cb)]
	some := uint16(0)
	for i := range cb {
		luma, chroma, both := l[i]+l[i+1]+l[i+2], c[i]+c[i+1]+c[i+2], b[i]+b[i+1]+b[i+2]
		sum := int64(uint32(luma))
		v := 9*int64(luma>>32) - sum*sum + g.damp
		e := uint(bits.Len64(uint64(v))-9) & 63
		r := int64(reciprocals[v>>e&255])
		cb[i] = slope((9*int64(uint32(both))-sum*int64(uint32(chroma)))>>e, r*int64(wcb))
		cr[i] = slope((9*int64(both>>32)-sum*int64(chroma>>32))>>e, r*int64(wcr))
		some |= cb[i] ^ slopeBias | cr[i] ^ slopeBias
	}
	return some != 0
}

// reciprocals are 2^17 by 256 to 511, rounded.
var reciprocals = func() (r [256]int32) {
	for i := range r {
		m := int32(256 + i)
		r[i] = (1<<17 + m/2) / m
	}
	return r
}()

// slope is a slope with its bias, of covariance over variance both scaled alike: the latter is
// 2^17 by r/16.
func slope(covariance, r int64) uint16 {
	const most = 4095
	s := (min(max(covariance, -most), most)*r + 1<<12) >> 13
	return uint16(min(max(s, -slopeLimit), slopeLimit) + slopeBias)
}

// any tells whether samples of chroma that upsampling reads for pixels of row y and of cell c of
// chroma may have slopes.
func (g *Guide) any(c, y int) bool {
	at, beside := besides(y, g.low.H)
	for i := max(c-1, 0); i <= min(c+1, g.across-1); i++ {
		if g.some[at*g.across+i] || g.some[beside*g.across+i] {
			return true
		}
	}
	return false
}

// add adds to the packed chroma of pixels from (x,y) on what their luma says.
func (g *Guide) add(c []uint32, luma []uint16, x, y int) {
	const side = 2 * guideCell
	for from := 0; from < len(c); {
		n := from
		some := g.any((x+from)/side, y)
		for n < len(c) && g.any((x+n)/side, y) == some {
			n = min(n+side-(x+n)%side, len(c))
		}
		if some {
			g.addRun(c[from:n], luma[from:n], x+from, y)
		}
		from = n
	}
}

// addRun adds what luma says to pixels that may have slopes.
func (g *Guide) addRun(c []uint32, luma []uint16, x, y int) {
	var lowBuf, slopeBuf [chromaRun]uint32
	low := upsample(&lowBuf, &g.low, &g.low, x, y, len(c))
	slopes := upsample(&slopeBuf, &g.slopes[0], &g.slopes[1], x, y, len(c))
	followLuma(c, luma, low, slopes)
}

// followLuma is addSlopes.
func followLuma(c []uint32, luma []uint16, low, slopes []uint32) {
	if n := len(c) &^ 7; vector && n > 0 {
		follow(&c[0], &luma[:n][0], &low[:n][0], &slopes[:n][0], n)
		c, luma, low, slopes = c[n:], luma[n:], low[n:], slopes[n:]
	}
	addSlopes(c, luma, low, slopes)
}

// addSlopes adds to packed chroma what luma has more than low, a packed pair of it, times the slopes.
func addSlopes(c []uint32, luma []uint16, low, slopes []uint32) {
	luma, low, slopes = luma[:len(c)], low[:len(c)], slopes[:len(c)]
	for i, v := range c {
		s := slopes[i]
		if s == slopeBias<<16|slopeBias {
			continue
		}
		d := int32(luma[i]) - int32(low[i]&0xffff)
		cb := int32(v&0xffff) + ((int32(s&0xffff)-slopeBias)*d+128)>>8
		cr := int32(v>>16) + ((int32(s>>16)-slopeBias)*d+128)>>8
		c[i] = uint32(min(max(cb, 0), maxSample)) | uint32(min(max(cr, 0), maxSample))<<16
	}
}

// maxSample is the largest sample of a decoded plane.
const maxSample = 1<<(8+FracBits) - 1
