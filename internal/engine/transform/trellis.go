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

// unreachable is the cost of a state that no choice leads to. All others are below 2^50: the squares of a leaf's samples
// in 1/16 level sum up to 2^34 at most.
const unreachable = 1 << 56

// history is the magnitudes of the levels of two diagonals, from u − 1 on.
type history struct {
	near, far [maxN + 4]uint8
	some      bool // not all are 0
}

// fresh is the history of a leaf that ends at the group at hand.
const fresh = states

// choice is what may become of a coefficient: its multiples, each by the lowest two bits, and which of its ways led to each
// state.
type choice struct {
	multiples  [aZero + 1]int32
	magnitudes [aZero + 4]uint8 // of their levels, capped
	ways       [states]uint8    // at wayShift, among other bits
}

// way is how a state is reached: from another one, by one of the multiples or by 0.
type way struct{ from, multiple uint8 }

// zeroed stands for 0 among multiples.
const (
	aZero = 4
)

// ways are the ones to each state, of which earlier ones are taken where costs are equal.
var ways = [states][4]way{
	{{0, 0}, {0, aZero}, {1, 2}},
	{{2, 3}, {2, aZero}, {3, 1}},
	{{0, 2}, {1, 0}, {1, aZero}},
	{{2, 1}, {3, 3}, {3, aZero}},
}

// zeroWays are the ways of a coefficient that can only become 0, one of them in each byte: 1, 1, 2 and 2.
const zeroWays = (1 + 1<<8 + 2<<16 + 2<<24) << wayShift

// A path within a diagonal is one number, so that the cheapest is the least: its cost, the way to the last state, and its history.
const (
	historyBits = 3
	wayShift    = historyBits
	costShift   = historyBits + 2
	allWays     = 3 << wayShift
	aHistory    = 1<<historyBits - 1
)

// trellis is the memory of the algorithm.
type trellis struct {
	choices   [maxN * maxN]choice           // by token
	histories [2][states + 1]history        // before the diagonal at hand, and after it
	classes   [1 << historyBits][maxN]uint8 // of the neighbourhoods on the diagonal, by history and u

	rates *rates
	coefs []int32
	steps *leafSteps // where each coefficient has a unit of its own, else nil
	pos   []scanPos
	lg    int
	banks [2]int32
	quiet int64 // magnitudes below become 0

	paths  [states]path
	kernel trellisKernel
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
	k := &t.kernel
	k.coefs, k.classes, k.lg = &coefs[0], &t.classes, lg
	k.quiet, k.unit, k.reciprocal = t.quiet, r.unit, r.units.reciprocal
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
		t.classify(&t.histories[now], t.pos[from:to])
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

// classify finds the classes of the neighbourhoods on a diagonal behind each history.
func (t *trellis) classify(histories *[states + 1]history, pos []scanPos) {
	var used [states + 1]bool
	for s := range t.paths {
		used[t.paths[s].history] = t.paths[s].cost < unreachable
	}
	for i := range histories {
		h, classes := &histories[i], &t.classes[i]
		switch {
		case !used[i]:
		case !h.some:
			*classes = [maxN]uint8{}
		case vector:
			trellisClasses(classes, h)
		default:
			h.findClasses(classes, pos, t.lg)
		}
	}
}

// findClasses finds the classes of neighbourhoods at places.
func (h *history) findClasses(classes *[maxN]uint8, pos []scanPos, lg int) {
	for _, at := range pos {
		u := int(at.coef) >> lg
		a, b := h.near[u:u+4:u+4], h.far[u:u+4:u+4]
		sum := 2*(int(a[1])+int(a[2])) + int(a[0]) + int(a[3]) + int(b[1]) + int(b[2]) + int(b[3])
		classes[u] = magnitudeClass[sum]
	}
}

// trellisKernel is what goes over the coefficients of a diagonal.
type trellisKernel struct {
	paths        [states]int64 // packed
	zeroed       int64         // of trellis
	some         int           // 1 where any coefficient may have become other than 0
	pos          *scanPos      // of the first coefficient
	coefs        *int32
	choices      *choice // of the first coefficient
	classes      *[1 << historyBits][maxN]uint8
	bank0, bank1 *int32 // costs of the symbols of the first class of the diagonal
	lg           int
	done         int // how many coefficients
	quiet        int64
	unit         int64
	reciprocal   uint64 // of the unit
}

// leastEscaped is the least multiple beside which there may be an escaped level.
const leastEscaped = 2 * (escape - 2)

// diagonal goes on over the coefficients of a diagonal, and tells whether any of them may have become
// other than 0.
func (t *trellis) diagonal(from, to int) (some bool) {
	k := &t.kernel
	k.some = 0
	for s := range t.paths {
		k.paths[s] = t.paths[s].pack()
	}
	if vector && t.steps == nil {
		k.pos, k.choices, k.zeroed = &t.pos[from], &t.choices[from], t.zeroed
		first := int32(t.pos[from].ctx) * rans.Symbols
		k.bank0, k.bank1 = &t.rates.symbol[t.banks[0]+first], &t.rates.symbol[t.banks[1]+first]
		trellisDiagonal(k, to-from)
		t.zeroed = k.zeroed
		from += k.done
	}
	if from < to {
		t.genericDiagonal(from, to)
	}
	t.unpack()
	return k.some != 0
}

// genericDiagonal goes on in the kernel's paths.
func (t *trellis) genericDiagonal(from, to int) {
	r := t.rates
	symbol, unit, first := &r.symbol, r.unit, int32(t.pos[from].ctx)*rans.Symbols
	bank0, bank1 := t.banks[0]+first, t.banks[1]+first
	p0, p1, p2, p3 := t.kernel.paths[0], t.kernel.paths[1], t.kernel.paths[2], t.kernel.paths[3]
	for n := from; n < to; n++ {
		coef := t.pos[n].coef
		u := coef >> t.lg
		a := int64(t.coefs[coef])
		a = max(a, -a)
		zero := a * a << distScale
		t.zeroed += zero
		s0 := (*[rans.Symbols]int32)(symbol[bank0+int32(t.classes[p0&aHistory][u])*rans.Symbols:])
		s1 := (*[rans.Symbols]int32)(symbol[bank0+int32(t.classes[p1&aHistory][u])*rans.Symbols:])
		s2 := (*[rans.Symbols]int32)(symbol[bank1+int32(t.classes[p2&aHistory][u])*rans.Symbols:])
		s3 := (*[rans.Symbols]int32)(symbol[bank1+int32(t.classes[p3&aHistory][u])*rans.Symbols:])
		z0, z1 := p0+(zero+int64(s0[0]))<<costShift, p1+int64(zero+int64(s1[0]))<<costShift
		z2, z3 := p2+int64(zero+int64(s2[0]))<<costShift, p3+int64(zero+int64(s3[0]))<<costShift
		c := &t.choices[n]
		if a < t.quiet {
			c.ways = [states]uint8{zeroWays & 0xff, zeroWays >> 8 & 0xff, zeroWays >> 16 & 0xff, zeroWays >> 24}
			p0, p1, p2, p3 = z0, z2, z1, z3
			continue
		}
		t.kernel.some = 1
		f := int64(0)
		if t.steps == nil {
			f = r.units.div(a)
		} else {
			unit = int64(unitOf(t.steps.of(int(coef))))
			f = a / unit
		}
		// The nearest multiples, f − 1 to f + 2: of each parity of both quantisers one.
		m0, m1, m2, m3 := (f+2)&^3, (f+1)&^3+1, f&^3+2, (f-1)&^3+3
		m3 = max(m3, 0) // −1 is none
		c.multiples = [aZero + 1]int32{int32(m0), int32(m1), int32(m2), int32(m3)}
		d0, d1, d2, d3 := a-m0*unit, a-m1*unit, a-m2*unit, a-m3*unit
		d0, d1, d2, d3 = d0*d0<<distScale, d1*d1<<distScale, d2*d2<<distScale, d3*d3<<distScale
		k0, k1, k2, k3 := (m0+1)>>1, (m1+1)>>1, (m2+1)>>1, (m3+1)>>1
		c.magnitudes = [aZero + 4]uint8{capped(k0), capped(k1), capped(k2), capped(k3)}
		var e0, e1, e2, e3, o0, o1, o2, o3 int64
		if f < leastEscaped {
			e0, e1, o0, o1 = int64(s0[k0%16]), int64(s1[k0%16]), int64(s0[k2%16]), int64(s1[k2%16])
			e2, e3, o2, o3 = int64(s2[k3%16]), int64(s3[k3%16]), int64(s2[k1%16]), int64(s3[k1%16])
		} else {
			e0, e1, o0, o1 = r.levelCost(s0[:], k0), r.levelCost(s1[:], k0), r.levelCost(s0[:], k2), r.levelCost(s1[:], k2)
			e2, e3, o2, o3 = r.levelCost(s2[:], k3), r.levelCost(s3[:], k3), r.levelCost(s2[:], k1), r.levelCost(s3[:], k1)
		}
		w0 := least(p0+int64(d0+e0)<<costShift, p1+int64(d2+o1)<<costShift+2<<wayShift)
		w1 := least(p2+int64(d3+e2)<<costShift, p3+int64(d1+o3)<<costShift+2<<wayShift)
		w2 := least(p0+int64(d2+o0)<<costShift, p1+int64(d0+e1)<<costShift+1<<wayShift)
		w3 := least(p2+int64(d1+o2)<<costShift, p3+int64(d3+e3)<<costShift+1<<wayShift)
		if f <= mayBecomeZero {
			w0, w1 = least(w0, z0+1<<wayShift), least(w1, z2+1<<wayShift)
			w2, w3 = least(w2, z1+2<<wayShift), least(w3, z3+2<<wayShift)
		}
		c.ways = [states]uint8{uint8(w0), uint8(w1), uint8(w2), uint8(w3)}
		p0, p1, p2, p3 = w0&^allWays, w1&^allWays, w2&^allWays, w3&^allWays
	}
	t.kernel.paths = [states]int64{p0, p1, p2, p3}
}

// pack makes a path one number, and unpack takes the ones of a diagonal that is done.
func (p *path) pack() int64 { return p.cost<<costShift | int64(p.history) }

func (t *trellis) unpack() {
	var starts [states + 1]int32
	for _, p := range t.paths {
		starts[p.history] = p.start
	}
	for s, p := range t.kernel.paths {
		h := p & aHistory
		t.paths[s] = path{int64(p >> costShift), starts[h], uint8(h)}
	}
}

// least is the smaller one of two costs, without a branch that no processor could foresee.
func least(a, b int64) int64 {
	d := b - a
	return a + d&(d>>63)
}

// capped is a level's magnitude as the contexts of others see it.
func capped(level int64) uint8 { return uint8(min(level, magnitudeCap)) }

// before is the way of a coefficient to a state.
func (c *choice) before(state uint8) way {
	return ways[state%states][c.ways[state%states]>>wayShift%4]
}

// mayBecomeZero is the largest multiple of which 0 is considered.
const mayBecomeZero = 4

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
		}
	}
	switch {
	case !some:
	case vector:
		trellisRemember(after, &t.choices[from], &t.pos[from], to-from, t.lg)
	default:
		t.rememberLevels(after, from, to)
	}
}

// rememberLevels notes the magnitudes of a diagonal on the paths to all states.
func (t *trellis) rememberLevels(after *[states + 1]history, from, to int) {
	state := [states]uint8{0, 1, 2, 3}
	for i := to - 1; i >= from; i-- {
		c, u := &t.choices[i], int(t.pos[i].coef)>>t.lg+1
		for s := range state {
			w := c.before(state[s])
			state[s] = w.from
			after[s].near[u] = c.magnitudes[w.multiple]
		}
	}
}

// depend decides the dependent levels of a leaf, and where it is cheapest to end it; steps where each
// coefficient has a unit of its own. The levels are multiples, until name makes them tokens.
func (t *levelTokens) depend(r *rates, coefs []int32, steps *leafSteps, lg, kind, top, lastCtx int) *quantised {
	return t.dependBelow(r, coefs, steps, lg, kind, top, lastCtx, math.MaxInt64)
}

// dependBelow is depend, or finds that J of all coefficients would reach most, and then leaves them all 0, of which the
// same is true.
func (t *levelTokens) dependBelow(r *rates, coefs []int32, steps *leafSteps, lg, kind, top, lastCtx int, most int64) *quantised {
	if t.trellis == nil {
		t.trellis = new(trellis)
	}
	v := t.trellis
	v.begin(r, coefs, steps, lg, kind)
	last := r.lastCosts(lastCtx)
	nothing := outcome{saved: -int64(last[0])}
	if top == 0 || !v.run(top, last, most) || v.zeroed-v.best().cost < nothing.saved {
		return t.becomes(quantised{outcome: nothing})
	}
	return t.collect()
}

// collect makes the cheapest path the levels of the leaf.
func (t *levelTokens) collect() *quantised {
	v := t.trellis
	p := v.best()
	q := t.becomes(quantised{outcome: outcome{saved: v.zeroed - p.cost}})
	from, first := int(p.start), len(t.levels)
	q.last = group(diagonal(v.pos[from].coef, v.lg), v.lg)
	for i, state := len(v.pos)-1, p.history; i >= from; i-- {
		c := &v.choices[i]
		w := c.before(state)
		state = w.from
		m := c.multiples[w.multiple]
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
