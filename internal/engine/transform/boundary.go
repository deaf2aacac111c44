package transform

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// boundary follows what is missing of a leaf for its first row to continue the samples above it,
// and its first column the ones on its left: the cosine transform along each of them of these
// samples less what the leaf is so far, in units of coefficients (FORMAT.md, "Signs").
type boundary struct {
	lg          int
	above, left bool
	row, column [maxN]int32
	first       *[maxN]int32 // cosines of the first sample, by frequency
}

// firstCosines are the cosines of the first sample of each size, by frequency.
var firstCosines = func() (t [sizes][maxN]int32) {
	for s := range t {
		for k := range cell << s {
			t[s][k] = cosines[s][k][0]
		}
	}
	return t
}()

// cosines are the orthonormal cosines of each size, by frequency and sample, in 1/4096.
var cosines = func() (t [sizes][maxN][maxN]int32) {
	scale := [sizes]int64{2048, 1448, 1024} // √(2/n), in 1/4096
	for s := range t {
		n := cell << s
		for k := range n {
			for x := range n {
				t[s][k][x] = int32((cosine(x, k, n)*scale[s] + 1<<(basisBits-1)) >> basisBits)
			}
		}
	}
	return t
}()

// begin takes up a leaf at an index of a plane, of which the synthesis has the low block and what
// is predicted.
func (b *boundary) begin(n node, s *synthesis, pix []uint16, at, stride int) {
	b.lg, b.above, b.left, b.first = n.lg, n.y > 0, n.x > 0, &firstCosines[n.lg-cellLog2]
	size, m := 1<<n.lg, n.cells()
	if b.above {
		b.transform(&b.row, func(x int) int32 { return int32(pix[at-stride+x]) - s.predicted(x) })
		for i := range m * m {
			b.row[i/m] -= b.edge(i%m, s.coef[i/m*size+i%m])
		}
	}
	if b.left {
		b.transform(&b.column, func(y int) int32 { return int32(pix[at+y*stride-1]) - s.predicted(y*size) })
		for i := range m * m {
			b.column[i%m] -= b.edge(i/m, s.coef[i/m*size+i%m])
		}
	}
}

// predicted is a sample of what is predicted of a leaf.
func (s *synthesis) predicted(i int) int32 {
	if s.base == nil {
		return chroma.Centre
	}
	return int32(s.base[i])
}

// transform is the cosine transform of samples.
func (b *boundary) transform(out *[maxN]int32, sample func(i int) int32) {
	n := 1 << b.lg
	var d [maxN]int16
	for i := range n {
		d[i] = int16(sample(i))
	}
	if vector {
		edgeCosines(&out[0], &d[0], &cosinePairs[b.lg-cellLog2][0], n)
		return
	}
	for k := range n {
		sum := int32(0)
		for i, c := range cosines[b.lg-cellLog2][k][:n] {
			sum += c * int32(d[i])
		}
		out[k] = sum >> edgeShift
	}
}

// edgeShift brings samples in 1/16 level, times cosines, to coefficients in 1/8.
const edgeShift = basisBits + 1

// cosinePairs has the cosines of two samples, the first in the low bits, by size, pair of samples and frequency.
var cosinePairs = func() (t [sizes][]uint32) {
	for s := range t {
		n := cell << s
		for i := range n * n / 2 {
			k, x := i%n, i/n*2
			t[s] = append(t[s], uint32(uint16(cosines[s][k][x]))|uint32(cosines[s][k][x+1])<<16)
		}
	}
	return t
}()

// edge is what a coefficient c of frequency k gives at the first sample.
func (b *boundary) edge(k int, c int32) int32 {
	return c * b.first[k%maxN] >> basisBits
}

// missing is what the row above and the column on the left tell of a coefficient, 0 where there is
// none.
func (b *boundary) missing(coef uint16) (row, column int32) {
	u, v := frequencies(coef, b.lg)
	if b.above {
		row = b.edge(v, b.row[u%maxN])
	}
	if b.left {
		column = b.edge(u, b.column[v%maxN])
	}
	return row, column
}

// Classes of contexts of signs.
const (
	missingClasses = 12 // of what is missing, times the magnitude
	agreeClasses   = 11 // one side alone, or how much both tell, at odds or not
)

// sign gives the context of the sign of a level of magnitude k, a multiple of a unit, and whether it is
// expected to be negative.
func (b *boundary) sign(coef uint16, k, unit int32) (ctx int, negative bool) {
	row, column := b.missing(coef)
	missing := 8 * abs(row+column) / unit * min(k, 6) >> 1
	agree := 0
	if b.above && b.left {
		agree = 1 + min(halfOctavesOf(8*min(abs(row), abs(column))/unit), 4) + 5&^int((row^column)>>31)
	}
	return ctxSign + halfOctavesOf(missing)*agreeClasses + agree, row+column < 0
}

// signs gives the tokens of the signs of levels, which it takes.
func (b *boundary) signs(out []rans.Token, levels []acLevel, steps *leafSteps) {
	for i, l := range levels {
		unit := steps.unit(int(l.coef))
		ctx, expected := b.sign(l.coef, abs(l.level), unit)
		unexpected := 0
		if l.level < 0 != expected {
			unexpected = 1
		}
		out[i] = rans.MakeToken(ctx, unexpected)
		b.take(l.coef, coefficient(l.level, unit))
	}
}

// halfOctavesOf is halfOctaves up to the last class of what is missing.
func halfOctavesOf(v int32) int {
	return int(octaveClasses[min(uint32(v), uint32(len(octaveClasses)-1))])
}

var octaveClasses = func() (t []uint8) {
	for v := int32(0); len(t) == 0 || t[v-1] < missingClasses-1; v++ {
		t = append(t, uint8(halfOctaves(v)))
	}
	return t
}()

// halfOctaves counts v in halves of octaves: 0 and 1, 2 and 3, 4 and 5, 6 and 7, 8 to 11, and so on.
func halfOctaves(v int32) int {
	if v < 4 {
		return int(v) / 2
	}
	n := bits.Len32(uint32(v))
	return 2*(n-2) + int(v>>(n-2))&1
}

// take adds a coefficient to the leaf.
func (b *boundary) take(coef uint16, c int32) {
	u, v := frequencies(coef, b.lg)
	b.row[u%maxN] -= b.edge(v, c)
	b.column[v%maxN] -= b.edge(u, c)
}
