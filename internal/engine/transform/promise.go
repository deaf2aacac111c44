package transform

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// The promise is about the samples of a leaf that lie in the image, decoded: what a
// leaf of padding alone holds, nobody sees. Inside the image the coefficients tell
// of them, by Parseval's theorem. At its right and bottom edges they do not: all of
// the error may lie in the few samples that are seen, and these are measured.

// roundings is more than rounding can add to the RMS error of a leaf, in 1/65536 level.
// Forwards and back, the second passes round coefficients by 1/16 level and samples by
// 1/32 at most, the first passes cost no more than 1/16 and 1/64, and the basis of 12
// bits is off by 1.4·10⁻⁴ of what is transformed, up to 128 levels, in each of the
// four: 0.25 level together.
const roundings = 3 << 16 / 10

// RMS is √(sum/n) of differences of plane samples, whose squares add up to sum, in
// 1/65536 level, rounded up: sums below 2^34 and n from 1 on.
func RMS(sum uint64, n int) uint32 {
	const scale = 2 * (16 - chroma.FracBits)
	return root((sum<<scale + uint64(n) - 1) / uint64(n))
}

// root is √v, rounded up.
func root(v uint64) uint32 {
	if v == 0 {
		return 0
	}
	r := uint64(1) << ((bits.Len64(v) + 1) / 2)
	for { // Newton from above
		next := (r + v/r) / 2
		if next >= r {
			break
		}
		r = next
	}
	if r*r < v {
		r++
	}
	return uint32(r)
}

// acLevel is an AC level of a leaf that is not 0.
type acLevel struct {
	coef  uint16 // index of the coefficient
	level int32
}

// seenSize is how much of a leaf lies in the image, in samples across and down, and
// seen their number.
func (p *planeEncoder) seenSize(lg, x, y int) (w, h int) {
	n := 1 << lg
	return min(max(p.plane.W-8*(p.ox+x), 0), n), min(max(p.plane.H-8*(p.oy+y), 0), n)
}

func (p *planeEncoder) seen(lg, x, y int) int {
	w, h := p.seenSize(lg, x, y)
	return w * h
}

// store keeps the levels of a leaf that quantise left in the scratch.
func (p *planeEncoder) store(q *quantised, lg int) {
	s := &scans[lg-3]
	for i, at := range s.pos[s.start[q.last]:s.start[0]] {
		if p.w.tokens[q.from+i]&(rans.Symbols-1) != 0 {
			p.w.nonzero = append(p.w.nonzero, acLevel{at.coef, p.w.levels[q.from+i]})
		}
	}
}

// measure decodes a leaf as it stands and returns its RMS error over the samples
// seen.
func (p *planeEncoder) measure(lg, x, y int, levels []acLevel) uint32 {
	w, h := p.seenSize(lg, x, y)
	if w == 0 || h == 0 {
		return 0
	}
	p.decode(lg, x, y, levels)
	n, sum := 1<<lg, uint64(0)
	for j := range h {
		want := p.plane.Pix[((p.oy+y)*8+j)*p.plane.Stride+(p.ox+x)*8:][:w]
		for i, v := range p.w.decoded[j*n:][:w] {
			d := int64(v) - int64(want[i])
			sum += uint64(d * d)
		}
	}
	return RMS(sum, w*h)
}

// decode leaves the samples of a leaf in the scratch.
func (p *planeEncoder) decode(lg, x, y int, levels []acLevel) {
	n := 1 << lg
	coef := p.w.back[:n*n]
	clear(coef)
	ext := p.cells.low(coef, lg, x, y, p.frontStep)
	for _, l := range levels {
		v := saturate(min(max(l.level, -maxLevel), maxLevel) * int32(p.rates.step))
		coef[l.coef] = v
		ext.add(int(l.coef), lg, v)
	}
	p.w.tr.inverse(p.w.decoded[:], n, coef, n, lg, ext.u+1, ext.v+1, ext.l1)
}

// keep quantises a leaf anew that breaks the promise, as measured: by plain rounding,
// or else by descent. Its levels are stored from an index on.
func (p *planeEncoder) keep(q *quantised, c []int32, from, lg, x, y, ctx int) {
	if p.measure(lg, x, y, p.w.nonzero[from:]) <= p.promise {
		return
	}
	if n, _ := p.state(lg, x, y); !n.flat {
		*q = p.quantise(p.w, p.plain, c, lg, p.kind, p.topOf(c, lg), ctx)
		p.w.nonzero = p.w.nonzero[:from]
		p.store(q, lg)
		if p.measure(lg, x, y, p.w.nonzero[from:]) <= p.promise {
			return
		}
	}
	d := descent{planeEncoder: p, lg: lg, x: x, y: y}
	p.w.nonzero = append(p.w.nonzero[:from], d.run(p.w.nonzero[from:])...)
	*q = p.tokenise(p.w.nonzero[from:], lg)
}

// worst finds the largest RMS error of a leaf in 1/65536 level. Only of the leaves
// whose coefficients say that they come near it the samples are measured. Where
// refining the front image has broken the promise it is taken back: with its values
// rounded, the leaf has kept it.
func (p *planeEncoder) worst() (worst uint32) {
	likely := slices.MaxFunc(p.leaves, func(a, b placed) int { return cmp.Compare(a.rms(), b.rms()) })
	worst = p.settled(&likely)
	for i := range p.leaves {
		if l := &p.leaves[i]; l.clipped || l.rms()+roundings > worst {
			worst = max(worst, p.settled(l))
		}
	}
	return worst
}

func (p *planeEncoder) settled(l *placed) uint32 {
	lg, x, y := int(l.lg), int(l.x), int(l.y)
	rms := p.measure(lg, x, y, p.w.nonzero[l.from:l.to])
	if rms > p.promise {
		p.unrefine(l)
		rms = p.measure(lg, x, y, p.w.nonzero[l.from:l.to])
	}
	return rms
}

// rms is what the coefficients of a leaf say of its RMS error.
func (l *placed) rms() uint32 { return leafRMS(l.dist, int(l.lg)) }

// leafRMS is √(dist/(64·4^lg)) in 1/65536, rounded up.
func leafRMS(dist int64, lg int) uint32 { return root(uint64(dist) << 26 >> (2 * lg)) }

// tokenise leaves the tokens of levels in the scratch, as quantise does.
func (p *planeEncoder) tokenise(levels []acLevel, lg int) quantised {
	s, w := &scans[lg-3], p.w
	var all [maxN * maxN]int32
	q := quantised{}
	for _, l := range levels {
		all[l.coef] = l.level
		q.last = max(q.last, group(int(l.coef)>>lg+int(l.coef)&(1<<lg-1), lg))
	}
	clear(w.mag[:])
	for _, at := range s.pos[s.start[q.last]:s.start[0]] {
		i := int(at.mag)
		ctx := (acContext(p.kind, lg) + int(at.ctx) + int(magnitudeClass[neighbourhood(&w.mag, i)])) * rans.Symbols
		level := all[at.coef]
		k := max(level, -level)
		w.tokens[q.n], w.levels[q.n] = rans.Token(ctx+int(min(k, rans.Symbols-1))), level
		w.mag[i] = uint8(min(k, magCap))
		q.n++
	}
	return q
}
