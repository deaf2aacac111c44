package transform

import "github.com/qtgpu/qtgpu/chroma"

// The transform is the orthonormal DCT-II of N = 2^lg points, 8, 16 or 32, along both axes
// in integers (FORMAT.md, "Inverse transform"). Its basis is round(4096·cos), without the factor
// √(2/N) of either axis: a sum over both is 2^24·N/2 times too large. Samples are in 1/16
// of a level and coefficients in 1/8, so a shift by lg+24 remains forwards and one by
// lg+22 back, each divided between the passes, of which each rounds once. Coefficients
// are stored [u][v], u the horizontal frequency.
//
// A pass works on two vectors at once, packed into an int64 as lo + hi·2^32: sums, and
// products by constants, act on both lanes exactly as long as the result of each lane
// fits 32 bits.

const basisBits = 12

// transformer is the memory of a transform.
type transformer struct {
	mid [maxN * maxN]int32 // between the passes
	x   [maxN]int64        // samples of two vectors
	y   [maxN]int64        // their coefficients

	ahead forwardKernel
	back  inverseKernel
}

// Shifts of the forward passes; the first has lg more.
const (
	forwardShift1 = 6 + chroma.FracBits
	forwardShift2 = 14
)

// forward writes the coefficients of the block of 1<<lg × 1<<lg samples at pix[0], in rows
// stride apart, to out.
func (t *transformer) forward(out []int32, pix []uint16, stride, lg int) {
	if vector {
		t.ahead.forward(out, pix, stride, lg)
		return
	}
	t.forwardLanes(out, pix, stride, lg)
}

// forwardLanes is forward by words of two lanes.
func (t *transformer) forwardLanes(out []int32, pix []uint16, stride, lg int) {
	n, shift := 1<<lg, lg+forwardShift1
	round := both(1 << (shift - 1))
	for x := 0; x < n; x += 2 {
		for y := range n {
			r := pix[y*stride+x:]
			_ = r[1]
			t.x[y] = int64(r[0]) + int64(r[1])<<32 - both(chroma.Centre)
		}
		t.fold(n)
		a, b := t.mid[x*n:x*n+n], t.mid[x*n+n:x*n+2*n]
		for v, p := range t.y[:n] {
			lo, hi := lanes(p + round)
			a[v], b[v] = lo>>shift, hi>>shift
		}
	}
	for v := 0; v < n; v += 2 {
		for x := range n {
			m := t.mid[x*n+v:]
			_ = m[1]
			t.x[x] = pack(m[0], m[1])
		}
		t.fold(n)
		for u, p := range t.y[:n] {
			lo, hi := lanes(p + both(1<<(forwardShift2-1)))
			o := out[u*n+v:]
			_ = o[1]
			o[0], o[1] = lo>>forwardShift2, hi>>forwardShift2
		}
	}
}

// low gives the m×m lowest coefficients of a block, as forward does.
func (t *transformer) low(pix []uint16, lg int) (low [rootCells * rootCells]int32) {
	n, m, shift := 1<<lg, 1<<(lg-cellLog2), lg+forwardShift1
	for v := range m {
		mid := t.mid[:n]
		for x := range mid {
			mid[x] = 1 << (shift - 1)
		}
		for y := range n {
			c := lowCosines[lg-cellLog2][v][y]
			for x, p := range pix[y*n : y*n+n] {
				mid[x] += c * (int32(p) - chroma.Centre)
			}
		}
		for u := range m {
			s := int32(1 << (forwardShift2 - 1))
			for x, c := range lowCosines[lg-cellLog2][u][:n] {
				s += c * (mid[x] >> shift)
			}
			low[u*m+v] = s >> forwardShift2
		}
	}
	return low
}

// lowCosines[size][k][i] is the cosine of frequency k at sample i.
var lowCosines = makeLowCosines()

func makeLowCosines() (t [sizes][rootCells][maxN]int32) {
	for size := range t {
		n := cell << size
		for k := range 1 << size {
			for i := range n {
				t[size][k][i] = int32(cosine(i, k, n))
			}
		}
	}
	return t
}

// fold makes the coefficients y of the samples x, n points.
func (t *transformer) fold(n int) {
	switch n {
	case 8:
		fold8((*[8]int64)(t.x[:]), (*[8]int64)(t.y[:]))
	case 16:
		fold16((*[16]int64)(t.x[:]), (*[16]int64)(t.y[:]))
	default:
		fold32(&t.x, &t.y)
	}
}

// unfold makes the samples x of the coefficients y, n points, the first used of which may
// be other than 0.
func (t *transformer) unfold(n, used int) {
	switch n {
	case 8:
		unfold8((*[8]int64)(t.y[:]), (*[8]int64)(t.x[:]))
	case 16:
		unfold16((*[16]int64)(t.y[:]), (*[16]int64)(t.x[:]), used)
	default:
		unfold32(&t.y, &t.x, used)
	}
}

// extent is how far the coefficients of a leaf reach that are not 0: the highest u and v,
// and at least the sum of their magnitudes.
type extent struct{ u, v, l1 int }

// safeL1 is the largest sum of magnitudes for which no lane of the packed inverse can
// leave 32 bits: 2^31/4096, less the offset of the centre (2^26/4096 for a leaf of 32) and
// the roundings.
const safeL1 = 1<<19 - 1<<15

// inverse writes the block of the coefficients to pix, in rows stride apart: around the centre,
// or on what is predicted, 1<<lg × 1<<lg samples.
func (t *transformer) inverse(pix []uint16, stride int, coefs []int32, lg int, e extent, predicted []uint16) {
	if e.l1 > safeL1 {
		inverseWrapping(pix, stride, coefs, lg, predicted)
		return
	}
	if vector && t.back.inverse(pix, stride, coefs, lg, e, predicted) {
		return
	}
	t.inverseLanes(pix, stride, coefs, lg, e, predicted)
}

// inverseLanes is inverse by words of two lanes.
func (t *transformer) inverseLanes(pix []uint16, stride int, coefs []int32, lg int, e extent, predicted []uint16) {
	n := 1 << lg
	t.inverseColumns(coefs, n, e)
	clear(t.y[:n])
	offset, shift := inverseOffset(lg)
	packed := both(int64(offset))
	for y := 0; y < n; y += 2 {
		for u := range e.u + 1 {
			m := t.mid[u*n+y:]
			_ = m[1]
			t.y[u] = pack(m[0], m[1])
		}
		t.unfold(n, e.u+1)
		r0, r1 := pix[y*stride:y*stride+n], pix[(y+1)*stride:(y+1)*stride+n]
		if predicted != nil {
			p0, p1 := predicted[y*n:y*n+n], predicted[(y+1)*n:(y+1)*n+n]
			for x, p := range t.x[:n] {
				lo, hi := lanes(p + packed)
				r0[x], r1[x] = onto(p0[x], lo>>shift), onto(p1[x], hi>>shift)
			}
			continue
		}
		for x, p := range t.x[:n] {
			lo, hi := lanes(p + packed)
			r0[x], r1[x] = clampSample(lo>>shift), clampSample(hi>>shift)
		}
	}
}

// inverseColumns is the first pass, over the vertical frequencies.
func (t *transformer) inverseColumns(coefs []int32, n int, e extent) {
	clear(t.y[:n])
	for u := 0; u <= e.u; u += 2 { // n is even: after an even e.u comes a row of zeros
		a, b := coefs[u*n:u*n+n], coefs[u*n+n:u*n+2*n]
		for v := range e.v + 1 {
			t.y[v] = pack(a[v], b[v])
		}
		t.unfold(n, e.v+1)
		c, d := t.mid[u*n:u*n+n], t.mid[u*n+n:u*n+2*n]
		for y, p := range t.x[:n] {
			lo, hi := lanes(p + both(1<<(basisBits-1)))
			c[y], d[y] = lo>>basisBits, hi>>basisBits
		}
	}
}

// inverseOffset is what the second pass adds, the centre and half of the last place, and
// by how much it shifts.
func inverseOffset(lg int) (offset int32, shift int) {
	shift = lg + 14 - chroma.FracBits
	return chroma.Centre<<shift + 1<<(shift-1), shift
}

// maxSample is the largest value that a plane sample can take.
const maxSample = 1<<12 - 1

// onto is a sample that differs from what is predicted as v does from the centre.
func onto(predicted uint16, v int32) uint16 { return clampSample(int32(predicted) + v - chroma.Centre) }

func clampSample(v int32) uint16 { return uint16(min(max(v, 0), maxSample)) }

// clampTo leaves v a magnitude of most at most.
func clampTo(v, most int32) int32 { return min(max(v, -most), most) }

// inverseWrapping defines what the inverse means for coefficients that no encoder
// produces: the same sums in 32-bit two's complement.
func inverseWrapping(pix []uint16, stride int, coefs []int32, lg int, predicted []uint16) {
	n := 1 << lg
	var mid [maxN * maxN]int32
	for u := range n {
		for y := range n {
			s := int32(1 << (basisBits - 1))
			for v := range n {
				s += coefs[u*n+v] * int32(cosine(y, v, n))
			}
			mid[u*n+y] = s >> basisBits
		}
	}
	offset, shift := inverseOffset(lg)
	for y := range n {
		for x := range n {
			s := offset
			for u := range n {
				s += mid[u*n+y] * int32(cosine(x, u, n))
			}
			if s >>= shift; predicted != nil {
				pix[y*stride+x] = onto(predicted[y*n+x], s)
			} else {
				pix[y*stride+x] = clampSample(s)
			}
		}
	}
}

// quarter[i] is round(4096·cos(πi/64)), a quarter turn.
var quarter = [33]int64{
	4096, 4091, 4076, 4052, 4017, 3973, 3920, 3857, 3784, 3703, 3612,
	3513, 3406, 3290, 3166, 3035, 2896, 2751, 2598, 2440, 2276, 2106,
	1931, 1751, 1567, 1380, 1189, 995, 799, 601, 401, 201, 0,
}

// cosine returns 4096·c(k)·cos((2n+1)kπ/2N), c(0) = 1/√2.
func cosine(n, k, size int) int64 {
	if k == 0 {
		return c4 // 4096/√2
	}
	turn := (2*n + 1) * k * (maxN / size) % 128
	turn = min(turn, 128-turn)
	if turn > 32 {
		return -quarter[64-turn]
	}
	return quarter[turn]
}

// odd[l][j][i] is the cosine of odd frequency 2j+1 at sample i of a 2<<l point
// transform: the folded half of each stage, l = 0..4 for 2, 4, 8, 16, 32 points.
var odd = makeOdd()

func makeOdd() (t [5][16][16]int64) {
	for l := range t {
		size := 2 << l
		for j := range size / 2 {
			for i := range size / 2 {
				t[l][j][i] = cosine(i, 2*j+1, size)
			}
		}
	}
	return t
}

func pack(lo, hi int32) int64 { return int64(lo) + int64(hi)<<32 }

func lanes(v int64) (lo, hi int32) { return int32(v), int32((v + 1<<31) >> 32) }

// both is the constant r in both lanes.
func both(r int64) int64 { return r + r<<32 }

// fold8 transforms 8 packed samples into 8 packed sums of products, unscaled.
func fold8(x, y *[8]int64) {
	s0, d0 := x[0]+x[7], x[0]-x[7]
	s1, d1 := x[1]+x[6], x[1]-x[6]
	s2, d2 := x[2]+x[5], x[2]-x[5]
	s3, d3 := x[3]+x[4], x[3]-x[4]
	y[1] = c1*d0 + c3*d1 + c5*d2 + c7*d3
	y[3] = c3*d0 - c7*d1 - c1*d2 - c5*d3
	y[5] = c5*d0 - c1*d1 + c7*d2 + c3*d3
	y[7] = c7*d0 - c5*d1 + c3*d2 - c1*d3
	e0, f0 := s0+s3, s0-s3
	e1, f1 := s1+s2, s1-s2
	y[2] = c2*f0 + c6*f1
	y[6] = c6*f0 - c2*f1
	y[0] = c4 * (e0 + e1)
	y[4] = c4 * (e0 - e1)
}

// Cosines of the 8-point stage: quarter[4k].
const (
	c1 = 4017
	c2 = 3784
	c3 = 3406
	c4 = 2896
	c5 = 2276
	c6 = 1567
	c7 = 799
)

// unfold8 is the transpose of fold8: samples from coefficients.
func unfold8(y, x *[8]int64) {
	e := c4 * (y[0] + y[4])
	f := c4 * (y[0] - y[4])
	g := c2*y[2] + c6*y[6]
	h := c6*y[2] - c2*y[6]
	s0, s3, s1, s2 := e+g, e-g, f+h, f-h
	d0 := c1*y[1] + c3*y[3] + c5*y[5] + c7*y[7]
	d1 := c3*y[1] - c7*y[3] - c1*y[5] - c5*y[7]
	d2 := c5*y[1] - c1*y[3] + c7*y[5] + c3*y[7]
	d3 := c7*y[1] - c5*y[3] + c3*y[5] - c1*y[7]
	x[0], x[7] = s0+d0, s0-d0
	x[1], x[6] = s1+d1, s1-d1
	x[2], x[5] = s2+d2, s2-d2
	x[3], x[4] = s3+d3, s3-d3
}

// fold16 and fold32 reach fold8 through one and two more folds.
func fold16(x, y *[16]int64) {
	var s, e [8]int64
	var d [8]int64
	for i := range 8 {
		s[i], d[i] = x[i]+x[15-i], x[i]-x[15-i]
	}
	fold8(&s, &e)
	for j := range 8 {
		m := &odd[3][j]
		y[2*j] = e[j]
		y[2*j+1] = d[0]*m[0] + d[1]*m[1] + d[2]*m[2] + d[3]*m[3] + d[4]*m[4] + d[5]*m[5] + d[6]*m[6] + d[7]*m[7]
	}
}

func fold32(x, y *[32]int64) {
	var s, e [16]int64
	var d [16]int64
	for i := range 16 {
		s[i], d[i] = x[i]+x[31-i], x[i]-x[31-i]
	}
	fold16(&s, &e)
	for j := range 16 {
		m := &odd[4][j]
		y[2*j] = e[j]
		y[2*j+1] = d[0]*m[0] + d[1]*m[1] + d[2]*m[2] + d[3]*m[3] + d[4]*m[4] + d[5]*m[5] + d[6]*m[6] + d[7]*m[7] +
			d[8]*m[8] + d[9]*m[9] + d[10]*m[10] + d[11]*m[11] + d[12]*m[12] + d[13]*m[13] + d[14]*m[14] + d[15]*m[15]
	}
}

// unfold16 and unfold32 use only the first n coefficients; the rest are zero.
func unfold16(y, x *[16]int64, n int) {
	var e, s [8]int64
	for j := range 8 {
		e[j] = y[2*j]
	}
	unfold8(&e, &s)
	var d [8]int64
	for j := 0; 2*j+1 < n; j++ {
		m, c := &odd[3][j], y[2*j+1]
		for i := range 8 {
			d[i] += c * m[i]
		}
	}
	for i := range 8 {
		x[i], x[15-i] = s[i]+d[i], s[i]-d[i]
	}
}

func unfold32(y, x *[32]int64, n int) {
	var e, s [16]int64
	for j := range 16 {
		e[j] = y[2*j]
	}
	unfold16(&e, &s, (n+1)/2)
	var d [16]int64
	for j := 0; 2*j+1 < n; j++ {
		m, c := &odd[4][j], y[2*j+1]
		for i := range 16 {
			d[i] += c * m[i]
		}
	}
	for i := range 16 {
		x[i], x[31-i] = s[i]+d[i], s[i]-d[i]
	}
}
