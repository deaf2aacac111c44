package transform

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/chroma"
)

// The promise is about the samples of a leaf that lie in the image, decoded: what a leaf
// of padding alone holds, nobody sees. Inside the image the coefficients tell of them, by
// Parseval's theorem. At its right and bottom edges they do not: all of the error may lie
// in the few samples that are seen, and these are measured.

// roundings is more than rounding can add to the RMS error of a leaf, in 1/65536 level.
// Forwards and back, the second passes round coefficients by 1/16 level and samples by
// 1/32 at most, the first passes cost no more than 1/16 and 1/64, and the basis of 12
// bits is off by 1.4·10⁻⁴ of what is transformed, up to 128 levels, in each of the
// four: 0.25 level together.
const roundings = 3 << 16 / 10

// withinHalf tells whether a leaf's squared error stays below (Δ/2)²·65/64 a sample. Plain
// rounding always does: half a step on every AC coefficient, and in the low block, with
// the amplification of lowValues.toLow, 4.33 instead of 4 steps² of a leaf of 32. StepFor sees to it
// that this is less than the promise. The nearest dependent levels leave 0.2511·Δ² on
// coefficients at most (FORMAT.md, "The promise"), which is less than the promise with the low block, too.
func withinHalf(step, dist int64, lg int) bool { return 256*dist <= 65*step*step<<(2*lg) }

// RMS is √(sum/n) of differences of plane samples, whose squares add up to sum, in
// 1/65536 level, rounded up: sums below 2^34 and n from 1 on.
func RMS(sum uint64, n int) uint32 {
	const scale = 2 * (16 - chroma.FracBits)
	return root((sum<<scale + uint64(n) - 1) / uint64(n))
}

// meanSquare is dist/(64·4^lg) in 1/65536²: the square of what the squared error of the
// coefficients, in 1/8 level, says of the RMS error of the samples of a leaf.
func meanSquare(dist int64, lg int) uint64 { return uint64(dist) << 26 >> (2 * lg) }

// leafWithin tells whether the root of meanSquare, rounded up, and roundings are most at most.
func leafWithin(dist int64, lg int, most uint32) bool {
	if most < roundings {
		return false
	}
	limit := uint64(most - roundings)
	return meanSquare(dist, lg) <= limit*limit
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

// rmsOf is the RMS difference of w×h samples, at the start of a and b in rows that far
// apart, or 0 of none.
func rmsOf(a []uint16, strideA int, b []uint16, strideB, w, h int) uint32 {
	if w <= 0 || h <= 0 {
		return 0
	}
	sum := uint64(0)
	whole := 0
	if vector && w >= cell {
		whole = w &^ (cell - 1)
		sum = squaredDifferences(&a[0], strideA, &b[0], strideB, whole/cell, h)
	}
	for y := range h {
		ra, rb := a[y*strideA:][whole:w], b[y*strideB:][whole:w]
		for i, v := range ra {
			d := int64(v) - int64(rb[i])
			sum += uint64(d * d)
		}
	}
	return RMS(sum, w*h)
}

// gauge measures leaves as a decoder will see them.
type gauge struct {
	src     *original
	cells   *Cells
	scratch *EncoderScratch

	predictor *predictor // in whose plane leaves are decoded, nil where they are in the scratch
	predicted *candidate // what is predicted of the leaf at hand, nil where nothing is
}

// place is where a leaf is decoded, in rows stride apart.
func (g *gauge) place(n node) (dst []uint16, stride int) {
	if r := g.predictor; r != nil {
		return r.pix[r.index(n):], r.stride
	}
	return g.scratch.decoded[:], 1 << n.lg
}

// rms decodes a leaf of given levels and returns its error over the samples seen.
func (g *gauge) rms(n node, levels []acLevel) uint32 {
	s := &g.scratch.synthesis
	s.begin(g.cells, n)
	if c := g.predicted; c != nil && c.mode != modeNone {
		s.predictLow(c.predicted[:1<<(2*n.lg)], &c.low)
	}
	s.setLevels(levels, g.cells.stepsOf(n))
	dst, across := g.place(n)
	s.samples(dst, across)
	g.cells.putEnds(n, dst, across)
	w, h := g.src.seen(n)
	pix, stride := g.src.from(n)
	return rmsOf(pix, stride, dst, across, w, h)
}

// descent moves the AC levels of a leaf by single steps until none brings the samples
// seen any nearer, or they are near enough. Samples of ends, which no level changes, count
// as not seen.
//
// Let b be a step's effect on the samples seen, e their error. A step is taken where
// |e·b| > b·b/2. The steps of all coefficients, Δ times an orthonormal basis that is
// cut to the samples seen, keep Σ(e·b)² = Δ²·e·e and Σ b·b = Δ²·n for n samples seen,
// with b·b ≤ Δ². Where no step is left, therefore, e·e ≤ Σ(b·b)²/4Δ² ≤ nΔ²/4: an RMS
// error of Δ/2 at most, as plain rounding has over a whole leaf. The low block stays
// as it is and has an error of its own, which the same bound holds.
type descent struct {
	gauge  *gauge
	node   node
	steps  leafSteps
	w, h   int // seen
	levels [maxN * maxN]int32
	ends   [rootCells][rootCells]bool // by row
	// Of the samples seen, row by row, in 1/2^errorBits: what the original is more than
	// what is decoded, and what a step of the coefficient at hand adds.
	off, effect [maxN * maxN]int64
}

const (
	// errorBits leaves room: an error is below 2^24, an effect below 2^23, and the sum of
	// 1,024 products below 2^57.
	errorBits = 12
	// maxSweeps ends what roundings keep from ending, since effects do not add up to
	// quite what is decoded.
	maxSweeps = 64
)

// descend returns the levels that a descent from given ones ends at.
func (g *gauge) descend(n node, levels []acLevel, promise uint32) []acLevel {
	d := descent{gauge: g, node: n, steps: g.cells.stepsOf(n)}
	d.w, d.h = g.src.seen(n)
	for i := range n.cells() * n.cells() {
		x, y := i%n.cells(), i/n.cells()
		d.ends[y][x] = g.src.end(node{cellLog2, n.x + x, n.y + y}) != 0
	}
	for _, l := range levels {
		d.levels[l.coef] = l.level
	}
	for range maxSweeps {
		if g.rms(n, levels) <= promise {
			break
		}
		d.takeError()
		if !d.sweep() {
			break
		}
		levels = d.list()
	}
	return levels
}

// takeError takes the error of the samples that the gauge decoded.
func (d *descent) takeError() {
	want, stride := d.gauge.src.from(d.node)
	got, across := d.gauge.place(d.node)
	for j := range d.h {
		row := got[j*across:][:d.w]
		for i, v := range want[j*stride:][:d.w] {
			d.off[j*d.w+i] = (int64(v) - int64(row[i])) << errorBits
		}
	}
}

// sweep offers every coefficient a step, low frequencies first, and tells whether any
// took it.
func (d *descent) sweep() (moved bool) {
	pos := scanOf(d.node.lg).pos
	for k := len(pos) - 1; k >= 0; k-- {
		if d.step(int(pos[k].coef)) {
			moved = true
		}
	}
	return moved
}

// step moves a level up or down where that makes the error smaller.
func (d *descent) step(coef int) bool {
	along, energy := d.project(coef)
	sign := int32(1)
	if along < 0 {
		sign, along = -1, -along
	}
	level := d.levels[coef] + sign
	if 2*along <= energy || max(level, -level)*d.steps.of(coef) > maxMagnitude {
		return false
	}
	d.levels[coef] = level
	for i, b := range d.effect[:d.w*d.h] {
		d.off[i] -= int64(sign) * b
	}
	return true
}

// project finds the effect b of a step of a coefficient, and the products e·b and b·b.
func (d *descent) project(coef int) (along, energy int64) {
	lg := d.node.lg
	n := 1 << lg
	u, v := coef>>lg, coef&(n-1)
	step := int64(d.steps.of(coef))
	var across [maxN]int64
	for i := range d.w {
		across[i] = cosine(i, u, n) * step
	}
	// A coefficient's effect is cos·cos/2^(22+lg) (FORMAT.md, "Inverse transform").
	shift := 22 + lg - errorBits
	for j := range d.h {
		down := cosine(j, v, n)
		for i, e := range d.off[j*d.w:][:d.w] {
			b := across[i] * down >> shift
			if d.ends[j/cell][i/cell] {
				b = 0
			}
			d.effect[j*d.w+i] = b
			along += e * b
			energy += b * b
		}
	}
	return along, energy
}

// list are the levels that are not 0.
func (d *descent) list() (levels []acLevel) {
	for i, l := range d.levels {
		if l != 0 {
			levels = append(levels, acLevel{uint16(i), l})
		}
	}
	return levels
}
