package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// analysis is what one look at a leaf's AC coefficients tells.
type analysis struct {
	energy int64 // sum of their squares
	top    int   // highest diagonal with one worth coding, 0 where none is
}

// analyse sums the energy outside the low block. A coefficient below 0.59 of
// the step never makes a leaf longer.
func (e *Encoder) analyse(c []int32, lg int) analysis {
	n, low := 1<<lg, 1<<(lg-3)
	limit := e.rates.step - e.rates.step*105>>8
	limit *= limit
	a := analysis{}
	for u := range n {
		from := 0
		if u < low {
			from = low
		}
		row := c[u*n+from : u*n+n]
		last := -1
		for v, x := range row {
			sq := int64(x) * int64(x)
			a.energy += sq
			if sq >= limit {
				last = v
			}
		}
		if last >= 0 {
			a.top = max(a.top, u+last+from)
		}
	}
	return a
}

// quantised is the outcome of quantising a leaf's AC coefficients.
type quantised struct {
	last   int   // last group, 0 where nothing is coded
	from   int   // first token in the scratch
	n      int   // end of the tokens
	gained int64 // squared error less than with nothing coded
	saved  int64 // J less than with nothing coded and nothing said of it
}

// quantise decides the levels of a leaf from its highest diagonal down, by
// J = (a−k)² + λ·bits with k of ⌊a+½⌋, that less one, and 0, and where it is
// cheaper to end the leaf at a lower group. It leaves tokens and levels in w.
func (e *Encoder) quantise(w *EncoderScratch, r *rates, c []int32, lg, kind, top, lastCtx int) quantised {
	s := &scans[lg-3]
	last := r.symbol[lastCtx*rans.Symbols:][:groups]
	topGroup := group(top, lg)
	q := quantiser{Encoder: e, w: w, r: r, c: c, context: acContext(kind, lg), quantised: quantised{last: topGroup}}
	clear(w.mag[:])
	for g := topGroup; g >= 1; g-- {
		if q.coded+int64(last[q.last]) > q.zeroed+int64(last[g]) {
			q.restart(g)
		}
		q.group(s.pos[s.start[g]:s.start[g-1]])
	}
	q.saved = q.zeroed - q.coded - int64(last[q.last])
	if q.saved < -int64(last[0]) {
		return quantised{saved: -int64(last[0])}
	}
	return q.quantised
}

// quantiser is the state of one quantise.
type quantiser struct {
	*Encoder
	w       *EncoderScratch
	r       *rates
	c       []int32
	context int // the first of the leaf
	quantised
	coded, zeroed int64 // J of the groups so far as they are, and as zeros
}

// restart ends the leaf at a group: what is above it becomes zero.
func (q *quantiser) restart(g int) {
	q.quantised = quantised{last: g, from: q.n, n: q.n}
	q.coded, q.zeroed = 0, 0
	clear(q.w.mag[:])
}

// group quantises the coefficients of a group.
func (q *quantiser) group(pos []scanPos) {
	w, r, n := q.w, q.r, q.n
	half := (r.step + 1) / 2
	coded, zeroed := q.coded, q.zeroed
	for _, p := range pos {
		i := int(p.mag)
		ctx := (q.context + int(p.ctx) + int(magnitudeClass[neighbourhood(&w.mag, i)])) * rans.Symbols
		a := int64(q.c[p.coef])
		sq := a * a << distScale
		zeroed += sq
		sign := a >> 63
		a = (a ^ sign) - sign
		if a < half {
			coded += sq + int64(r.symbol[ctx])
			w.tokens[n] = rans.Token(ctx)
			n++
			continue
		}
		k, j := q.bestLevel(r, a, sq, r.symbol[ctx:ctx+rans.Symbols])
		coded += j
		w.tokens[n] = rans.Token(ctx + int(min(k, rans.Symbols-1)))
		w.levels[n] = int32((k ^ sign) - sign)
		n++
		w.mag[i] = uint8(min(k, magCap))
		d := a - k*r.step
		q.gained += a*a - d*d
	}
	q.n, q.coded, q.zeroed = n, coded, zeroed
}

// bestLevel chooses among ⌊a+½⌋, that less one, and 0.
func (e *Encoder) bestLevel(r *rates, a, zero int64, cost []int32) (k, j int64) {
	k = e.divide.div(a + r.step/2)
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
	if k < rans.Symbols-1 {
		return int64(cost[k])
	}
	return int64(cost[rans.Symbols-1]) + r.bit*int64(rans.ExpGolombBits(uint32(k-(rans.Symbols-1))))
}
