package transform

import "github.com/qtgpu/qtgpu/chroma"

// transformer holds the scratch of one worker.
type transformer struct {
	mid [maxN * maxN]int32
	x   [maxN]int64
	y   [maxN]int64
}

// forward writes the n×n coefficients of the block at pix[0] (rows stride
// apart) to out[u*n+v].
func (t *transformer) forward(out []int32, pix []uint16, stride, n, lg int) {
	shift := lg + 6 + chroma.FracBits
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
	const shift2, round2 = 14, 1 << 13
	for v := 0; v < n; v += 2 {
		for x := range n {
			m := t.mid[x*n+v:]
			_ = m[1]
			t.x[x] = pack(m[0], m[1])
		}
		t.fold(n)
		for u, p := range t.y[:n] {
			lo, hi := lanes(p + both(round2))
			o := out[u*n+v:]
			_ = o[1]
			o[0], o[1] = lo>>shift2, hi>>shift2
		}
	}
}

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

// safeL1 is the largest sum of coefficient magnitudes for which no lane of
// the packed inverse can leave 32 bits: 2^31/4096, less the offset of the centre
// (2^26/4096 for a leaf of 32) and the roundings.
const safeL1 = 1<<19 - 1<<15

// inverse writes the block of coefs[u*n+v] to pix. Only u < uMax and v < vMax
// hold non-zeros; l1 bounds the sum of their magnitudes.
func (t *transformer) inverse(pix []uint16, stride int, coefs []int32, n, lg, uMax, vMax, l1 int) {
	if l1 > safeL1 {
		inverseWrapping(pix, stride, coefs, n, lg)
		return
	}
	clear(t.y[:n])
	for u := 0; u < uMax; u += 2 { // n is even: an odd uMax reads a row of zeros
		a, b := coefs[u*n:u*n+n], coefs[u*n+n:u*n+2*n]
		for v := range vMax {
			t.y[v] = pack(a[v], b[v])
		}
		t.unfold(n, vMax)
		c, d := t.mid[u*n:u*n+n], t.mid[u*n+n:u*n+2*n]
		for y, p := range t.x[:n] {
			lo, hi := lanes(p + both(1<<(basisBits-1)))
			c[y], d[y] = lo>>basisBits, hi>>basisBits
		}
	}
	clear(t.y[:n])
	shift := lg + 14 - chroma.FracBits
	offset := both(chroma.Centre<<shift + 1<<(shift-1))
	for y := 0; y < n; y += 2 {
		for u := range uMax {
			m := t.mid[u*n+y:]
			_ = m[1]
			t.y[u] = pack(m[0], m[1])
		}
		t.unfold(n, uMax)
		r0, r1 := pix[y*stride:y*stride+n], pix[(y+1)*stride:(y+1)*stride+n]
		for x, p := range t.x[:n] {
			lo, hi := lanes(p + offset)
			r0[x], r1[x] = clampSample(lo>>shift), clampSample(hi>>shift)
		}
	}
}

// maxSample is the largest value that a plane sample can take.
const maxSample = 1<<12 - 1

func clampSample(v int32) uint16 { return uint16(min(max(v, 0), maxSample)) }

// inverseWrapping defines what the inverse means for coefficients that no
// encoder produces: the same sums in 32-bit two's complement.
func inverseWrapping(pix []uint16, stride int, coefs []int32, n, lg int) {
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
	shift := lg + 14 - chroma.FracBits
	for y := range n {
		for x := range n {
			s := int32(chroma.Centre<<shift + 1<<(shift-1))
			for u := range n {
				s += mid[u*n+y] * int32(cosine(x, u, n))
			}
			pix[y*stride+x] = clampSample(s >> shift)
		}
	}
}
