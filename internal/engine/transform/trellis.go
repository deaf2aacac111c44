package transform

import (
	"math"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Dependent levels are decided by the Viterbi algorithm, from the highest diagonal down: of all choices
// that lead to a state the cheapest is kept. Contexts depend on the two diagonals before, so that each
// path has a history of its own.

// path is the cheapest choice of levels that ends in a state.
type path struct {
	cost    int64 // J of all coefficients so far, and of the last group
	start   int32 // its first token
	history uint8 // of the diagonals before the one at hand
}

// unreachable is the cost of a state that no choice leads to.
const unreachable = 1 << 60

// history is the magnitudes of the levels of two diagonals, from u − 1 on.
type history struct {
	near, far [maxN + 4]uint8
	some      bool // not all are 0
}

// fresh is the history of a leaf that ends at the group at hand.
const fresh = states

// trellis is the memory of the algorithm.
type trellis struct {
	choices   [maxN * maxN][states]int32 // by token and state: 4·multiple + the state before
	histories [2][states + 1]history     // before the diagonal at hand, and after it
	contexts  [states + 1][maxN]int32    // of the coefficients of the diagonal, without the bank

	rates *rates
	coefs []int32
	steps *leafSteps // where each coefficient has a unit of its own, else nil
	pos   []scanPos
	lg    int
	banks [2]int32
	quiet int64 // magnitudes below become 0

	paths  [states]path
	zeroed int64 // J of all coefficients so far as zeros
}

// begin takes up a leaf.
func (t *trellis) begin(r *rates, coefs []int32, steps *leafSteps, lg, kind int) {
	t.rates, t.coefs, t.steps, t.lg, t.quiet = r, coefs, steps, lg, r.unit*r.quiet>>8
	for b := range t.banks {
		t.banks[b] = int32(dependentContext(kind, lg, uint8(2*b)) * rans.Symbols)
	}
	for s := range t.paths {
		t.paths[s] = path{cost: unreachable, history: uint8(s)}
		t.histories[0][s].some = false
	}
	t.zeroed = 0
}

// run finds the cheapest levels of a leaf, by J = (a−m·u)² + λ·bits, given what its last group costs, unless
// J is found to reach most.
func (t *trellis) run(top int, last []int32, most int64) bool {
	s, topGroup := scanOf(t.lg), group(top, t.lg)
	t.pos = s.pos[s.start[topGroup]:]
	now, g := 0, topGroup+1
	for from := 0; from < len(t.pos); now = 1 - now {
		d := diagonal(t.pos[from].coef, t.lg)
		if group(d, t.lg) < g {
			g = group(d, t.lg)
			if cost := t.zeroed + int64(last[g]); cost < t.paths[0].cost {
				t.paths[0] = path{cost, int32(from), fresh}
				t.histories[now][fresh].some = false
			}
		}
		to := from + 1
		for to < len(t.pos) && diagonal(t.pos[to].coef, t.lg) == d {
			to++
		}
		t.findContexts(&t.histories[now], t.pos[from:to])
		some := t.diagonal(from, to)
		t.remember(&t.histories[now], &t.histories[1-now], from, to, some)
		if min(t.zeroed, t.best().cost) >= most {
			return false
		}
		from = to
	}
	return true
}

// best is the cheapest path.
func (t *trellis) best() *path {
	best := &t.paths[0]
	for s := range t.paths {
		if t.paths[s].cost < best.cost {
			best = &t.paths[s]
		}
	}
	return best
}

// findContexts finds the contexts of a diagonal behind each history.
func (t *trellis) findContexts(histories *[states + 1]history, pos []scanPos) {
	var used [states + 1]bool
	for s := range t.paths {
		used[t.paths[s].history] = t.paths[s].cost < unreachable
	}
	first := int32(pos[0].ctx) * rans.Symbols
	for i := range histories {
		h, contexts := &histories[i], t.contexts[i][:len(pos)]
		switch {
		case !used[i]:
		case !h.some:
			for k := range contexts {
				contexts[k] = first
			}
		default:
			for k := range contexts {
				u := int(pos[k].coef) >> t.lg
				a, b := h.near[u:u+4:u+4], h.far[u:u+4:u+4]
				sum := 2*(int(a[1])+int(a[2])) + int(a[0]) + int(a[3]) + int(b[1]) + int(b[2]) + int(b[3])
				contexts[k] = first + int32(magnitudeClass[sum])*rans.Symbols
			}
		}
	}
}

// diagonal goes on over the coefficients of a diagonal, and tells whether any of them may have become
// other than 0.
func (t *trellis) diagonal(from, to int) (some bool) {
	r := t.rates
	symbol, unit := &r.symbol, r.unit
	p0, p1, p2, p3 := t.paths[0], t.paths[1], t.paths[2], t.paths[3]
	for n := from; n < to; n++ {
		i := n - from
		a := int64(t.coefs[t.pos[n].coef])
		a = max(a, -a)
		zero := a * a << distScale
		t.zeroed += zero
		i0, i1 := t.banks[0]+t.contexts[p0.history][i], t.banks[0]+t.contexts[p1.history][i]
		i2, i3 := t.banks[1]+t.contexts[p2.history][i], t.banks[1]+t.contexts[p3.history][i]
		if a < t.quiet {
			p0.cost += zero + int64(symbol[i0])
			p1.cost += zero + int64(symbol[i1])
			p2.cost += zero + int64(symbol[i2])
			p3.cost += zero + int64(symbol[i3])
			t.choices[n] = [states]int32{0, 2, 1, 3}
			p1, p2 = p2, p1
			continue
		}
		some = true
		f := int64(0)
		if t.steps == nil {
			f = r.units.div(a)
		} else {
			unit = int64(unitOf(t.steps.of(int(t.pos[n].coef))))
			f = a / unit
		}
		// The nearest multiples, f − 1 to f + 2: of each parity of both quantisers one.
		var dist [4]int64
		var multiple [4]int32
		for m := f - 1; m <= f+2; m++ {
			e := a - m*unit
			dist[m&3], multiple[m&3] = e*e<<distScale, int32(m)
		}
		if f == 0 { // −1 is none
			dist[3], multiple[3] = zero, 0
		}
		s0, s1 := symbol[i0:][:rans.Symbols], symbol[i1:][:rans.Symbols]
		s2, s3 := symbol[i2:][:rans.Symbols], symbol[i3:][:rans.Symbols]
		even0, odd0 := p0.cost+dist[0]+r.multipleCost(s0, multiple[0]), p0.cost+dist[2]+r.multipleCost(s0, multiple[2])
		even1, odd1 := p1.cost+dist[0]+r.multipleCost(s1, multiple[0]), p1.cost+dist[2]+r.multipleCost(s1, multiple[2])
		even2, odd2 := p2.cost+dist[3]+r.multipleCost(s2, multiple[3]), p2.cost+dist[1]+r.multipleCost(s2, multiple[1])
		even3, odd3 := p3.cost+dist[3]+r.multipleCost(s3, multiple[3]), p3.cost+dist[1]+r.multipleCost(s3, multiple[1])
		m0, m1, m2, m3 := 4*multiple[0], 4*multiple[0]+1, 4*multiple[3]+2, 4*multiple[3]+3
		if f <= mayBecomeZero {
			even0, m0 = cheaper(even0, m0, p0.cost+zero+int64(s0[0]), 0)
			even1, m1 = cheaper(even1, m1, p1.cost+zero+int64(s1[0]), 1)
			even2, m2 = cheaper(even2, m2, p2.cost+zero+int64(s2[0]), 2)
			even3, m3 = cheaper(even3, m3, p3.cost+zero+int64(s3[0]), 3)
		}
		q0, q1, q2, q3 := p0, p2, p0, p2
		q0.cost, q1.cost, q2.cost, q3.cost = even0, even2, odd0, odd2
		c := &t.choices[n]
		*c = [states]int32{m0, m2, 4 * multiple[2], 4*multiple[1] + 2}
		if odd1 < even0 {
			q0, c[0] = p1, 4*multiple[2]+1
			q0.cost = odd1
		}
		if even1 < odd0 {
			q2, c[2] = p1, m1
			q2.cost = even1
		}
		if odd3 < even2 {
			q1, c[1] = p3, 4*multiple[1]+3
			q1.cost = odd3
		}
		if even3 < odd2 {
			q3, c[3] = p3, m3
			q3.cost = even3
		}
		p0, p1, p2, p3 = q0, q1, q2, q3
	}
	t.paths = [states]path{p0, p1, p2, p3}
	return some
}

// mayBecomeZero is the largest multiple of which 0 is considered.
const mayBecomeZero = 4

// cheaper is the cheaper one of two choices.
func cheaper(a int64, m int32, b int64, n int32) (int64, int32) {
	if b < a {
		return b, n
	}
	return a, m
}

// multipleCost is levelCost of a multiple.
func (r *rates) multipleCost(cost []int32, multiple int32) int64 {
	return r.levelCost(cost, int64(levelOf(multiple)))
}

// remember makes the histories after a diagonal.
func (t *trellis) remember(before, after *[states + 1]history, from, to int, some bool) {
	for s := range t.paths {
		p := &t.paths[s]
		was, is := &before[p.history], &after[s]
		p.history = uint8(s)
		if is.some = p.cost < unreachable && (some || was.some); !is.some {
			continue
		}
		is.near, is.far = [maxN + 4]uint8{}, [maxN + 4]uint8{}
		if was.some {
			is.far = was.near
		}
		if !some {
			is.some = is.far != is.near
			continue
		}
		for i, state := to-1, int32(s); i >= from; i-- {
			c := t.choices[i][state]
			state = c & 3
			is.near[int(t.pos[i].coef)>>t.lg+1] = uint8(min(levelOf(c>>2), magnitudeCap))
		}
	}
}

// depend decides the dependent levels of a leaf, and where it is cheapest to end it; steps where each
// coefficient has a unit of its own. The levels are multiples, until name makes them tokens.
func (t *levelTokens) depend(r *rates, coefs []int32, steps *leafSteps, lg, kind, top, lastCtx int) quantised {
	return t.dependBelow(r, coefs, steps, lg, kind, top, lastCtx, math.MaxInt64)
}

// dependBelow is depend, or finds that J of all coefficients would reach most, and then leaves them all 0, of which the
// same is true.
func (t *levelTokens) dependBelow(r *rates, coefs []int32, steps *leafSteps, lg, kind, top, lastCtx int, most int64) quantised {
	if t.trellis == nil {
		t.trellis = new(trellis)
	}
	v := t.trellis
	v.begin(r, coefs, steps, lg, kind)
	last := r.symbol[lastCtx*rans.Symbols:][:groups]
	nothing := quantised{saved: -int64(last[0])}
	if top == 0 || !v.run(top, last, most) || v.zeroed-v.best().cost < nothing.saved {
		return nothing
	}
	return t.collect()
}

// collect makes the cheapest path the levels of the leaf.
func (t *levelTokens) collect() quantised {
	v := t.trellis
	p := v.best()
	q := quantised{saved: v.zeroed - p.cost}
	from, first := int(p.start), len(t.levels)
	q.last = group(diagonal(v.pos[from].coef, v.lg), v.lg)
	for i, state := len(v.pos)-1, int32(p.history); i >= from; i-- {
		c := v.choices[i][state]
		state = c & 3
		m := c >> 2
		if m == 0 {
			continue
		}
		coef := v.pos[i].coef
		a := int64(v.coefs[coef])
		e := max(a, -a) - int64(m)*v.rates.unit
		q.gained += a*a - e*e
		if a < 0 {
			m = -m
		}
		first--
		t.levels[first] = acLevel{coef, m}
	}
	q.tokens, q.levels = t.tokens[from:len(v.pos)], t.levels[first:]
	return q
}

// tokenise makes the tokens of the multiples of a leaf.
func (t *levelTokens) tokenise(q *quantised, lg, kind int) {
	clear(t.mag[:])
	state, levels := uint8(0), q.levels
	for i, at := range scanOf(lg).through(q.last) {
		k := int32(0)
		if len(levels) > 0 && levels[0].coef == at.coef {
			k = levelOf(abs(levels[0].level))
			levels = levels[1:]
		}
		q.tokens[i] = rans.MakeToken(dependentContext(kind, lg, state)+int(at.ctx)+t.mag.class(int(at.mag)), int(min(k, escape)))
		t.mag[at.mag] = uint8(min(k, magnitudeCap))
		state = nextState[state][k&1]
	}
}
