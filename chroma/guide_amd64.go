//go:build !purego

package chroma

import "sync"

// The kernels take damps up to which no sum leaves 32 bits: 81·4·step² of steps up to 2400, and from which on a
// variance has nine bits.
const (
	leastDamp = 1 << 9
	mostDamp  = 81 * 4 * 2400 * 2400
)

// rowSums are sums of three rows, with one more sample on the left and on the right, and what kernels write beyond.
type rowSums struct {
	luma, cb, cr            []uint16
	squares, withCb, withCr []uint32 // of luma, and of its products
	weights                 [][2]int32
}

var rowSumsPool = sync.Pool{New: func() any { return new(rowSums) }}

// reset makes room for n samples.
func (s *rowSums) reset(n int) {
	n = PadUp(n) + 2
	if cap(s.luma) < n {
		s.luma, s.cb, s.cr = make([]uint16, n), make([]uint16, n), make([]uint16, n)
		s.squares, s.withCb, s.withCr = make([]uint32, n), make([]uint32, n), make([]uint32, n)
		s.weights = make([][2]int32, n/guideCell+1)
	}
	s.luma, s.cb, s.cr = s.luma[:n], s.cb[:n], s.cr[:n]
	s.squares, s.withCb, s.withCr = s.squares[:n], s.withCb[:n], s.withCr[:n]
}

// edges repeats the first and the last of n sums.
func (s *rowSums) edges(n int) {
	for _, p := range [][]uint16{s.luma, s.cb, s.cr} {
		p[0], p[n+1] = p[1], p[n]
	}
	for _, p := range [][]uint32{s.squares, s.withCb, s.withCr} {
		p[0], p[n+1] = p[1], p[n]
	}
}

// vectorRows is Rows by kernels, where they can take the damp.
func (g *Guide) vectorRows(y0, y1 int) bool {
	if !vector || g.damp < leastDamp || g.damp > mostDamp {
		return false
	}
	s := rowSumsPool.Get().(*rowSums)
	defer rowSumsPool.Put(s)
	s.reset(g.low.W)
	planes := [3]*Plane{&g.low, &g.planes[1], &g.planes[2]}
	sums := rowsKernel{
		sums: [3]*uint16{&s.luma[1], &s.cb[1], &s.cr[1]}, products: [3]*uint32{&s.squares[1], &s.withCb[1], &s.withCr[1]},
		n: (g.low.W + 15) / 16,
	}
	slopes := slopesKernel{
		sums: [3]*uint16{&s.luma[0], &s.cb[0], &s.cr[0]}, products: [3]*uint32{&s.squares[0], &s.withCb[0], &s.withCr[0]},
		weights: &s.weights[0], reciprocals: &reciprocals, n: g.across, damp: uint32(g.damp),
	}
	next := func(y int) { // row y, or the nearest, goes below the two that were the lower ones
		at := min(max(y, 0), g.low.H-1)
		for i, p := range planes {
			r := &sums.rows[i]
			r[0], r[1], r[2] = r[1], r[2], &p.Pix[at*p.Stride:][:16*sums.n][0]
		}
	}
	next(y0 - 1)
	next(y0)
	for y := y0; y < y1; y++ {
		if y == y0 || y%guideCell == 0 {
			for i := range g.across {
				s.weights[i] = [2]int32{g.weight(0, i*guideCell, y), g.weight(1, i*guideCell, y)}
			}
		}
		next(y + 1)
		sumRows(&sums)
		s.edges(g.low.W)
		for i := range slopes.slopes {
			slopes.slopes[i] = &g.slopes[i].Pix[y*g.slopes[i].Stride:][:guideCell*g.across][0]
		}
		slopes.some = &g.some[y*g.across:][:g.across][0]
		cellSlopes(&slopes)
	}
	return true
}

// rowsKernel is what sumRows works on: of luma, Cb and Cr three rows, and where n times 16 of their sums go, and of
// their products with luma.
type rowsKernel struct {
	rows     [3][3]*uint16
	sums     [3]*uint16
	products [3]*uint32
	n        int
}

//go:noescape
func sumRows(k *rowsKernel)

// slopesKernel is what cellSlopes works on: sums from the sample before the first on, and where the slopes of n cells
// go.
type slopesKernel struct {
	sums        [3]*uint16
	products    [3]*uint32
	slopes      [2]*uint16
	weights     *[2]int32 // of cells
	some        *bool
	reciprocals *[256]int32
	n           int
	damp        uint32
}

// cellSlopes finds slopes as Guide.cell does.
//
//go:noescape
func cellSlopes(k *slopesKernel)

// lowRows writes n times 8 means of squares of two rows.
//
//go:noescape
func lowRows(dst, above, below *uint16, n int)
