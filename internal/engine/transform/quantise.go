package transform

import (
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Costs and distortions are integers in 1/16 of a squared coefficient unit (1/8 level):
// J = D·16 + λ·Δ²·bits·16.
const distScale = 4

// λ in 1/256 of Δ² a bit, of the levels and the leaves by kind of plane, and of the overview, whose errors
// are amplified. With 28 everywhere files of the same RGB PSNR are 0.2% smaller, of the same luma PSNR and SSIM 0.5%
// and 1.2% larger; predicted ones 1.1%, 0.5% and 0.7% (docs/bench/quality.md).
var (
	lambdas          = [kinds]int64{kindLuma: 23, kindChroma: 27}
	lambdasPredicted = [kinds]int64{kindLuma: 26, kindChroma: 35}
)

const lambdaOverview = 21

// lambdaTextures are λ of the levels of luma of predicted files by the step class of a square of 32:
// lambdasPredicted times 2^(0.2·(c−4)). Where there is little texture, errors change the structure of an image more than as large
// ones do elsewhere: files of the same SSIM are 1.5% smaller by it, of the same PSNR hardly larger. (Without
// prediction the PSNR loses more.)
var lambdaTextures = [stepClasses]int64{15, 17, 20, 23, 26, 30, 34, 39, 45}

// rates holds what symbols cost at one step and λ of levels. It prices them by the universal tables, since
// a file has its own only when its levels are decided.
type rates struct {
	step    int64
	divide  divider
	eighths divider // divides by an eighth of the step
	unit    int64   // of dependent levels
	units   divider // divides by it
	quiet   int64   // below this part of it, in 1/256, nothing dependent is worth coding
	// symbol is the cost of each token; of AC tokens with their sign.
	symbol [nPredicted * rans.Symbols]int32
	// bit is the cost of one raw bit, overviewBit of one in the overview.
	bit, overviewBit int64

	vectors   vectorRates
	scans     forecastScans
	trellises trellisRates

	scout *rates // by which leaves of dependent levels and their modes are chosen, but by a Thorough encoder
}

func newRates(step int, bits *symbolBits, levels int64) *rates {
	r := plainRates(step)
	r.quiet = worthDepending
	r.bit = price(r.step, levels, 1<<rans.CostFrac)
	r.overviewBit = price(r.step, lambdaOverview, 1<<rans.CostFrac)
	r.priceContexts(bits, 0, ctxOverview, levels)
	r.priceContexts(bits, ctxOverview, ctxAC, lambdaOverview)
	r.priceContexts(bits, ctxAC, nPredicted, levels)
	r.foretells()
	return r
}

// priceContexts prices the symbols of contexts.
func (r *rates) priceContexts(bits *symbolBits, from, to int, lambda int64) {
	symbols, one := r.symbol[from*rans.Symbols:to*rans.Symbols], r.step*r.step*lambda
	for i, b := range bits[from*rans.Symbols : to*rans.Symbols] {
		symbols[i] = int32(min(int64(b)*one>>priceShift, 1<<30))
	}
}

// symbolBits are the bits that each symbol of each context takes, of AC levels with their sign, in
// 1/2^rans.CostFrac.
type symbolBits [nPredicted * rans.Symbols]int32

// Of files without prediction, of predicted leaves, and of scouts.
var (
	universalBits = sync.OnceValue(func() *symbolBits { return bitsOf(universal.Universal) })
	predictedBits = sync.OnceValue(func() *symbolBits { return bitsOf(predictedSet.Universal) })
	scoutBits     = sync.OnceValue(func() *symbolBits {
		tables := slices.Clone(predictedSet.Universal)
		copy(tables[ctxAC:nContexts], universal.Universal[ctxAC:])
		return bitsOf(tables)
	})
)

func bitsOf(tables []rans.Freqs) *symbolBits {
	b := new(symbolBits)
	for c := range tables {
		for k := range rans.Symbols {
			bits := rans.Cost(tables[c][k])
			if isAC(c) && k > 0 {
				bits += 1 << rans.CostFrac
			}
			b[c*rans.Symbols+k] = int32(bits)
		}
	}
	return b
}

// newDependentRates price predicted leaves.
func newDependentRates(step int, levels int64) *rates {
	r := newRates(step, predictedBits(), levels)
	r.scout = newScout(step, levels)
	return r
}

// newScout prices plain levels that are as fine as dependent ones of a step: they are quantised many times
// faster, and choose much the same leaves and modes.
func newScout(step int, levels int64) *rates {
	r := newRates(step, scoutBits(), levels)
	r.step, r.divide = r.unit, r.units
	return r
}

// plainRates price nothing: quantising by them is plain rounding.
func plainRates(step int) *rates {
	unit := int(unitOf(int32(step)))
	return &rates{
		step: int64(step), divide: newDivider(step), eighths: newDivider8(step),
		unit: int64(unit), units: newDivider(unit),
	}
}

// price is λ·Δ²·bits, of bits in 1/2^rans.CostFrac.
func price(step, lambda, bits int64) int64 {
	return bits * step * step * lambda >> priceShift
}

const priceShift = 8 + rans.CostFrac - distScale

// lastCosts are the costs of the last groups in a context.
func (r *rates) lastCosts(ctx int) []int32 { return r.symbol[ctx*rans.Symbols:][:groups] }

// cost is the cost of a token.
func (r *rates) cost(ctx, symbol int) int64 { return int64(r.symbol[ctx*rans.Symbols+symbol]) }

// divider divides magnitudes below 2^20 by the step.
type divider struct{ reciprocal uint64 }

func newDivider(step int) divider { return divider{(1<<32 + uint64(step) - 1) / uint64(step)} }

// newDivider8 divides by an eighth of the step, magnitudes below 2^17.
func newDivider8(step int) divider { return divider{(8<<32 + uint64(step) - 1) / uint64(step)} }

func (d divider) div(a int64) int64 { return int64(uint64(a) * d.reciprocal >> 32) }

// worthCoding is the part of a step below which a coefficient makes no leaf longer, in
// 1/256: a level of 1 in the place of a gains 2a−1 in Δ², and costs λ·bits, of which the
// cheapest takes 1.9 where no later coefficient is coded. That pays from 0.585 on.
const worthCoding = 149

// worthDepending is the part of a unit of dependent levels below which a coefficient becomes 0, in
// 1/256: smaller ones made files no smaller, and half of the unit made them 0.5% larger, since a level that gains nothing
// by itself leads to another state.
const worthDepending = 64

// analyse gives the energy of the AC coefficients of a leaf, the sum of their squares, and
// the highest diagonal with one that may be worth coding, 0 where there is none.
func analyse(c []int32, lg int, step int64) (energy int64, top int) {
	limit := (step*worthCoding + 255) >> 8
	if vector {
		if energy, top, ok := vectorAnalyse(c, lg, int32(limit)); ok {
			return energy, top
		}
	}
	return genericAnalyse(c, lg, limit*limit)
}

// genericAnalyse is analyse of the square of a limit.
func genericAnalyse(c []int32, lg int, limit int64) (energy int64, top int) {
	n, low := 1<<lg, 1<<(lg-cellLog2)
	for u := range n {
		from := 0
		if u < low {
			from = low
		}
		row := c[u*n+from : u*n+n]
		last := -1
		for v, x := range row {
			sq := int64(x) * int64(x)
			energy += sq
			if sq >= limit {
				last = v
			}
		}
		if last >= 0 {
			top = max(top, u+last+from)
		}
	}
	return energy, top
}

// topOf is the highest diagonal with a coefficient of half a step or more.
func topOf(c []int32, lg int, step int64) int {
	for _, s := range scanOf(lg).pos {
		if 2*int64(max(c[s.coef], -c[s.coef])) >= step {
			return diagonal(s.coef, lg)
		}
	}
	return 0
}

// acLevel is an AC level of a leaf that is not 0.
type acLevel struct {
	coef  uint16 // index of the coefficient
	level int32
}

// levelTokens is the memory of the tokens and the levels of a leaf.
type levelTokens struct {
	names  [maxN*maxN + 64]uint8   // with what a kernel may read or write beyond the last
	tokens [maxN * maxN]rans.Token // of dependent levels
	leaf   quantised
	levels [maxN*maxN + 16]acLevel // likewise
	mag    magnitudes

	diagonals diagonals
	trellis   *trellis // of dependent levels, nil before the first
}

// quantised is a leaf that is quantised, until the next one is.
type quantised struct {
	outcome
	names  []uint8      // in coding order
	tokens []rans.Token // the same of dependent levels, which have no names
	levels []acLevel    // that are not 0, in coding order
}

// outcome is what quantising a leaf comes to.
type outcome struct {
	last   int   // last group, 0 where nothing is coded
	gained int64 // squared error less than with nothing coded
	saved  int64 // J less than with nothing coded and nothing said of it
}

// becomes says what the leaf at hand is.
func (t *levelTokens) becomes(q quantised) *quantised {
	t.leaf = q
	return &t.leaf
}

// quantise decides the levels of a leaf from its highest diagonal down, by
// J = (a−k)² + λ·bits with k of ⌊a+½⌋, that less one, and 0, and where it is cheaper to end
// the leaf at a lower group.
func (t *levelTokens) quantise(r *rates, c []int32, lg, kind, top, lastCtx int) *quantised {
	if vector {
		if o, ok := t.diagonals.quantise(r, c, lg, kind, top, lastCtx, nil); ok {
			return t.diagonals.levels.name(t, o, r, c, lg)
		}
	}
	return t.genericQuantise(r, c, lg, kind, top, lastCtx)
}

// comesTo is what quantise comes to, of which no level is wanted yet. What it finds may be kept for again.
func (t *levelTokens) comesTo(r *rates, c []int32, lg, kind, top, lastCtx int, kept *diagonalLevels) outcome {
	if vector {
		if o, ok := t.diagonals.quantise(r, c, lg, kind, top, lastCtx, kept); ok {
			return o
		}
	}
	return t.genericQuantise(r, c, lg, kind, top, lastCtx).outcome
}

// again is quantise of a leaf of which something is kept, if that has the levels.
func (t *levelTokens) again(r *rates, c []int32, lg, kind, lastCtx int, kept *diagonalLevels) (q *quantised, ok bool) {
	if o, ok := kept.again(r, lastCtx); ok {
		return kept.name(t, o, r, c, lg), true
	}
	return nil, false
}

// genericQuantise is quantise, a coefficient after the other.
func (t *levelTokens) genericQuantise(r *rates, c []int32, lg, kind, top, lastCtx int) *quantised {
	s := scanOf(lg)
	last := r.lastCosts(lastCtx)
	q := quantiser{out: t, rates: r, coefs: c, context: acContext(kind, lg)}
	topGroup := group(top, lg)
	q.restart(topGroup)
	for g := topGroup; g >= 1; g-- {
		if q.coded+int64(last[q.leaf.last]) > q.zeroed+int64(last[g]) {
			q.restart(g)
		}
		q.group(s.pos[s.start[g]:s.start[g-1]])
	}
	q.leaf.saved = q.zeroed - q.coded - int64(last[q.leaf.last])
	if q.leaf.saved < -int64(last[0]) {
		return t.becomes(quantised{outcome: outcome{saved: -int64(last[0])}})
	}
	q.leaf.names, q.leaf.levels = t.names[:q.names], t.levels[:q.levels]
	return t.becomes(q.leaf)
}

// quantiser is the state of one quantise.
type quantiser struct {
	out           *levelTokens
	rates         *rates
	coefs         []int32
	context       int // the first of the leaf
	leaf          quantised
	names         int   // of the groups so far
	levels        int   // that are not 0
	coded, zeroed int64 // J of the groups so far as they are, and as zeros
}

// restart ends the leaf at a group: what is above it becomes zero.
func (q *quantiser) restart(g int) {
	q.leaf = quantised{outcome: outcome{last: g}}
	q.names, q.levels, q.coded, q.zeroed = 0, 0, 0, 0
	clear(q.out.mag[:])
}

// group quantises the coefficients of a group.
func (q *quantiser) group(pos []scanPos) {
	out, r, n := q.out, q.rates, q.names
	half := (r.step + 1) / 2
	coded, zeroed := q.coded, q.zeroed
	for _, p := range pos {
		i := int(p.mag)
		class := out.mag.class(i)
		ctx := (q.context + int(p.ctx) + class) * rans.Symbols
		a := int64(q.coefs[p.coef])
		sq := a * a << distScale
		zeroed += sq
		sign := a >> 63
		a = (a ^ sign) - sign
		if a < half {
			coded += sq + int64(r.symbol[ctx])
			out.names[n] = nameOf(class, 0)
			n++
			continue
		}
		k, j := r.bestLevel(a, sq, r.symbol[ctx:ctx+rans.Symbols])
		coded += j
		out.names[n] = nameOf(class, k)
		n++
		if k > 0 {
			out.levels[q.levels] = acLevel{p.coef, int32((k ^ sign) - sign)}
			q.levels++
		}
		out.mag[i] = uint8(min(k, magnitudeCap))
		d := a - k*r.step
		q.leaf.gained += a*a - d*d
	}
	q.names, q.coded, q.zeroed = n, coded, zeroed
}

// bestLevel chooses among ⌊a+½⌋, that less one, and 0, of which zero is the distortion.
func (r *rates) bestLevel(a, zero int64, cost []int32) (k, j int64) {
	k = r.divide.div(a + r.step/2)
	d := a - k*r.step
	j = d*d<<distScale + r.levelCost(cost, k)
	if k > 1 {
		d += r.step
		if j2 := d*d<<distScale + r.levelCost(cost, k-1); j2 < j {
			k, j = k-1, j2
		}
	}
	if j0 := zero + int64(cost[0]); k <= 2 && j0 < j {
		return 0, j0
	}
	return k, j
}

// levelCost is the cost of a level of magnitude k, given the costs of the tokens.
func (r *rates) levelCost(cost []int32, k int64) int64 {
	if k < escape {
		return int64(cost[k])
	}
	return int64(cost[escape]) + r.bit*int64(rans.ExpGolombBits(uint32(k-escape)))
}

// lastOf is the least last group of a leaf of given levels.
func lastOf(levels []acLevel, lg int) (last int) {
	for _, l := range levels {
		last = max(last, group(diagonal(l.coef, lg), lg))
	}
	return last
}

// name names given levels up to a last group.
func (t *levelTokens) name(levels []acLevel, last, lg int) *quantised {
	var all [maxN * maxN]int32
	for _, l := range levels {
		all[l.coef] = l.level
	}
	clear(t.mag[:])
	scan, n := scanOf(lg).through(last), 0
	for i, at := range scan {
		level := all[at.coef]
		k := int64(max(level, -level))
		t.names[i] = nameOf(t.mag.class(int(at.mag)), k)
		t.mag[at.mag] = uint8(min(k, magnitudeCap))
		if k > 0 {
			t.levels[n] = acLevel{at.coef, level}
			n++
		}
	}
	return t.becomes(quantised{outcome{last: last}, t.names[:len(scan)], nil, t.levels[:n]})
}

// put appends the levels of a leaf to a segment that has its last group.
func (q *quantised) put(s *segment) {
	s.names = append(s.names, q.names...)
	for levels := q.levels; len(levels) > 0; {
		n := min(len(levels), 32)
		signs, most := uint32(0), int32(0)
		for i := range levels[:n] {
			level := levels[i].level
			signs, most = signs<<1|uint32(level)>>31, max(most, abs(level))
		}
		if most < escape {
			s.raw.Put(signs, uint(n))
		} else {
			s.putEscapes(levels[:n])
		}
		levels = levels[n:]
	}
}

// putEscapes appends signs of levels, and what there is above escape.
func (s *segment) putEscapes(levels []acLevel) {
	for _, l := range levels {
		s.raw.Put(uint32(l.level)>>31, 1)
		if k := uint32(abs(l.level)); k >= escape {
			s.raw.PutExpGolomb(k - escape)
		}
	}
}
