package transform

import (
	"math"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// Dependent levels are decided by the Viterbi algorithm, from the highest diagonal down: of all choices
// that lead to a state the cheapest is kept. Contexts depend on the two diagonals before, so that each
// path has a history of its own. Paths that end in the same state before a diagonal have the same one.

// unreachable is the cost of a state that no choice leads to. All others are below 2^50: the squares of a leaf's samples
// in 1/16 level sum up to 2^34 at most.
const unreachable = 1 << 56

// choice is what may become of a coefficient.
type choice struct {
	magnitudes [aZero + 4]uint8  // of the levels of its multiples, capped, and 0
	ways       [2 * states]uint8 // numbers of the ways that led to each state, in every other byte
	paths      [states]uint8     // the same on the paths to the states after its diagonal
	floor      int32             // its magnitude in whole units
}

// way is how a state is reached: from another one, by one of the multiples or by 0.
type way struct{ from, multiple uint8 }

// aZero stands for 0 among multiples.
const aZero = 4

// ways are the ones to each state, by their number: of each state there are three, in the order in which they are taken where
// costs are equal, and below that the state.
var ways = [16]way{
	{0, 0}, {2, 3}, {0, 2}, {2, 1},
	{0, aZero}, {2, aZero}, {1, 0}, {3, 3},
	{1, 2}, {3, 1}, {1, aZero}, {3, aZero},
}

// zeroWays are the numbers of the ways of a coefficient that can only become 0.
var zeroWays = [2 * states]uint8{0: 1 << stateBits, 2: 1<<stateBits + 1, 4: 2<<stateBits + 2, 6: 2<<stateBits + 3}

// A path within a diagonal is one number, so that the cheapest is the least: its cost, the way to the last state, and its history,
// which is the state that it was in before the diagonal.
const (
	stateBits = 2
	wayShift  = stateBits
	costShift = 2 * stateBits
	allWays   = 3 << wayShift
	aHistory  = 1<<stateBits - 1
)

// multiples are the ones of a unit that are nearest to a magnitude of so many whole ones, floor − 1 to floor + 2: of each parity of both
// quantisers one, by the lowest two bits.
func multiples(floor int64) (m0, m1, m2, m3 int64) {
	return (floor + 2) &^ 3, (floor+1)&^3 + 1, floor&^3 + 2, max((floor-1)&^3+3, 0) // −1 is none
}

// history is the magnitudes of the levels of a diagonal on each path, from u − 1 on.
type history [maxN + 8][states]uint8

// trellisRow is a diagonal of a leaf in coding order.
type trellisRow struct {
	n                uint16 // of its coefficients
	group, frequency uint8  // the class of its frequencies
	first, last      uint8  // u
}

// trellisRows are the diagonals of leaves of each size.
var trellisRows = [sizes][]trellisRow{makeTrellisRows(3), makeTrellisRows(4), makeTrellisRows(5)}

func makeTrellisRows(lg int) (rows []trellisRow) {
	before := 0
	for _, at := range scanOf(lg).pos {
		d, u := diagonal(at.coef, lg), at.coef>>lg
		if d != before {
			rows = append(rows, trellisRow{group: uint8(group(d, lg)), frequency: uint8(frequencyClass(d, lg)), first: uint8(u)})
			before = d
		}
		row := &rows[len(rows)-1]
		row.n++
		row.last = uint8(u)
	}
	return rows
}

// trellis is the memory of the algorithm.
type trellis struct {
	choices   [maxN * maxN]choice                // by token
	classes   [2 * maxN * maxN][2 * states]uint8 // of neighbourhoods behind each history, by diagonal and u
	before    [2 * maxN][states]uint8            // the states before each diagonal on the paths to the ones after it
	near, far history                            // before the diagonal at hand
	next      history                            // of it

	paths  [states]int64 // the cheapest one to each state
	starts [states]int32 // the first token of each
	zeroed int64         // J of all coefficients so far as zeros

	rates *rates
	coefs []int32
	steps *leafSteps // where each coefficient has a unit of its own, else nil
	pos   []scanPos
	rows  []trellisRow
	lg    int
	kind  int
	quiet int64 // magnitudes below become 0

	kernel trellisKernel
}

// begin takes up a leaf, of which diagonals up to a group are looked at.
func (t *trellis) begin(r *rates, coefs []int32, steps *leafSteps, lg, kind, topGroup int) {
	t.rates, t.coefs, t.steps, t.lg, t.kind, t.quiet = r, coefs, steps, lg, kind, r.unit*r.quiet>>8
	s := scanOf(lg)
	t.pos, t.rows = s.pos[s.start[topGroup]:], trellisRows[lg-cellLog2]
	for int(t.rows[0].group) > topGroup {
		t.rows = t.rows[1:]
	}
	for s := range t.paths {
		t.paths[s] = unreachable<<costShift | int64(s)
	}
	t.zeroed = 0
}

// run finds the cheapest levels of a leaf, by J = (a−m·u)² + λ·bits, given what its last group costs, unless
// J is found to reach most.
func (t *trellis) run(last []int32, most int64) bool {
	if vector && t.steps == nil {
		if done, ok := t.kernel.run(t, last, most); ok {
			return done
		}
	}
	t.near, t.far = history{}, history{}
	g, from := groups, 0
	for i := range t.rows {
		row := &t.rows[i]
		if int(row.group) < g {
			g = int(row.group)
			t.restart(int32(from), t.zeroed+int64(last[g]))
		}
		to := from + int(row.n)
		t.classify(row, t.classes[i<<t.lg:][:1<<t.lg])
		t.diagonal(t.classes[i<<t.lg:][:1<<t.lg], from, to)
		t.before[i] = t.remember(from, to)
		if min(t.zeroed, t.paths[t.best()]>>costShift) >= most {
			return false
		}
		from = to
	}
	return true
}

// restart begins a path at a token, if that is cheaper than the one to the first state.
func (t *trellis) restart(token int32, cost int64) {
	if cost >= t.paths[0]>>costShift {
		return
	}
	t.paths[0], t.starts[0] = cost<<costShift, token
	for u := range t.near {
		t.near[u][0], t.far[u][0] = 0, 0
	}
}

// best is the state of the cheapest path.
func (t *trellis) best() (state int) {
	for s := range t.paths {
		if t.paths[s] < t.paths[state] {
			state = s
		}
	}
	return state
}

// classify finds the classes of the neighbourhoods on a diagonal behind each history.
func (t *trellis) classify(row *trellisRow, classes [][2 * states]uint8) {
	for u := int(row.first); u <= int(row.last); u++ {
		a, b := t.near[u:u+4:u+4], t.far[u:u+4:u+4]
		for s := range states {
			sum := 2*(int(a[1][s])+int(a[2][s])) + int(a[0][s]) + int(a[3][s]) + int(b[1][s]) + int(b[2][s]) + int(b[3][s])
			classes[u][s] = magnitudeClass[sum]
		}
	}
}

// leastEscaped is the least floor beside which there may be an escaped level.
const leastEscaped = 2 * (escape - 2)

// diagonal goes on over the coefficients of a diagonal.
func (t *trellis) diagonal(classes [][2 * states]uint8, from, to int) {
	r := t.rates
	symbol, unit, first := &r.symbol, r.unit, int(t.pos[from].ctx)
	bank0, bank1 := (dependentContext(t.kind, t.lg, 0)+first)*rans.Symbols, (dependentContext(t.kind, t.lg, 2)+first)*rans.Symbols
	p0, p1, p2, p3 := t.paths[0], t.paths[1], t.paths[2], t.paths[3]
	for n := from; n < to; n++ {
		coef := t.pos[n].coef
		class := &classes[coef>>t.lg]
		a := int64(t.coefs[coef])
		a = max(a, -a)
		zero := a * a << distScale
		t.zeroed += zero
		s0 := (*[rans.Symbols]int32)(symbol[bank0+int(class[p0&aHistory])*rans.Symbols:])
		s1 := (*[rans.Symbols]int32)(symbol[bank0+int(class[p1&aHistory])*rans.Symbols:])
		s2 := (*[rans.Symbols]int32)(symbol[bank1+int(class[p2&aHistory])*rans.Symbols:])
		s3 := (*[rans.Symbols]int32)(symbol[bank1+int(class[p3&aHistory])*rans.Symbols:])
		z0, z1 := p0+(zero+int64(s0[0]))<<costShift, p1+(zero+int64(s1[0]))<<costShift
		z2, z3 := p2+(zero+int64(s2[0]))<<costShift, p3+(zero+int64(s3[0]))<<costShift
		c := &t.choices[n]
		if a < t.quiet {
			c.ways = zeroWays
			p0, p1, p2, p3 = z0, z2, z1, z3
			continue
		}
		f := int64(0)
		if t.steps == nil {
			f = r.units.div(a)
		} else {
			unit = int64(unitOf(t.steps.of(int(coef))))
			f = a / unit
		}
		c.floor = int32(f)
		m0, m1, m2, m3 := multiples(f)
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
		w0 := least(p0+(d0+e0)<<costShift, p1+(d2+o1)<<costShift+2<<wayShift)
		w1 := least(p2+(d3+e2)<<costShift, p3+(d1+o3)<<costShift+2<<wayShift)
		w2 := least(p0+(d2+o0)<<costShift, p1+(d0+e1)<<costShift+1<<wayShift)
		w3 := least(p2+(d1+o2)<<costShift, p3+(d3+e3)<<costShift+1<<wayShift)
		if f <= mayBecomeZero {
			w0, w1 = least(w0, z0+1<<wayShift), least(w1, z2+1<<wayShift)
			w2, w3 = least(w2, z1+2<<wayShift), least(w3, z3+2<<wayShift)
		}
		c.ways = [2 * states]uint8{0: uint8(w0 & allWays), 2: uint8(w1&allWays + 1), 4: uint8(w2&allWays + 2), 6: uint8(w3&allWays + 3)}
		p0, p1, p2, p3 = w0&^allWays, w1&^allWays, w2&^allWays, w3&^allWays
	}
	t.paths = [states]int64{p0, p1, p2, p3}
}

// least is the smaller one of two costs, without a branch that no processor could foresee.
func least(a, b int64) int64 {
	d := b - a
	return a + d&(d>>63)
}

// capped is a level's magnitude as the contexts of others see it.
func capped(level int64) uint8 { return uint8(min(level, magnitudeCap)) }

// mayBecomeZero is the largest multiple of which 0 is considered.
const mayBecomeZero = 4

// remember makes the histories after a diagonal, and gives the states before it on the paths to the ones after it.
func (t *trellis) remember(from, to int) (state [states]uint8) {
	t.next = history{}
	state = [states]uint8{0, 1, 2, 3}
	for i := to - 1; i >= from; i-- {
		c, u := &t.choices[i], int(t.pos[i].coef)>>t.lg+1
		for s := range state {
			c.paths[s] = c.ways[2*(state[s]%states)]
			w := ways[c.paths[s]%16]
			state[s] = w.from
			t.next[u][s] = c.magnitudes[w.multiple]
		}
	}
	starts := t.starts
	for s, from := range state {
		t.starts[s] = starts[from]
		t.paths[s] = t.paths[s]&^aHistory | int64(s)
		for u := range t.far {
			t.far[u][s] = t.near[u][from]
		}
	}
	t.near = t.next
	return state
}

// depend decides the dependent levels of a leaf, and where it is cheapest to end it; steps where each
// coefficient has a unit of its own. The levels are multiples.
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
	last := r.lastCosts(lastCtx)
	nothing := outcome{saved: -int64(last[0])}
	if top == 0 {
		return t.becomes(quantised{outcome: nothing})
	}
	v.begin(r, coefs, steps, lg, kind, group(top, lg))
	if !v.run(last, most) || v.zeroed-v.paths[v.best()]>>costShift < nothing.saved {
		return t.becomes(quantised{outcome: nothing})
	}
	return t.collect()
}

// collect makes the cheapest path the levels and the tokens of the leaf.
func (t *levelTokens) collect() *quantised {
	v := t.trellis
	state := v.best()
	q := t.becomes(quantised{outcome: outcome{saved: v.zeroed - v.paths[state]>>costShift}})
	from, at := int(v.starts[state]), len(v.pos)
	first := len(t.levels)
	for row := len(v.rows) - 1; at > from; row-- {
		to := at
		at -= int(v.rows[row].n)
		before := int(v.before[row][state])
		first = t.collectRow(q, v.classes[row<<v.lg:][:1<<v.lg], at, to, first, state, before)
		state = before
		q.last = int(v.rows[row].group)
	}
	q.tokens, q.levels = t.tokens[from:len(v.pos)], t.levels[first:]
	return q
}

// collectRow collects the coefficients of a diagonal on the path to a state from another one before it: levels before the first one
// so far, which becomes another.
func (t *levelTokens) collectRow(q *quantised, classes [][2 * states]uint8, from, to, first, state, before int) int {
	v, unit, gained := t.trellis, t.trellis.rates.unit, int64(0)
	pos, choices, tokens := v.pos[from:to], v.choices[from:to], t.tokens[from:to]
	var banks [states / 2]rans.Token
	for i := range banks {
		banks[i] = rans.MakeToken(dependentContext(v.kind, v.lg, uint8(2*i))+int(pos[0].ctx), 0)
	}
	for i := len(pos) - 1; i >= 0; i-- {
		c, coef := &choices[i], pos[i].coef
		number := c.paths[state%states] % 16
		m := max((c.floor+multipliers[number].up)&multipliers[number].mask+multipliers[number].more, 0)
		class := rans.MakeToken(int(classes[coef>>v.lg][before]), 0)
		tokens[i] = banks[ways[number].from/2%2] + class + rans.Token(min(levelOf(m), escape))
		a := int64(v.coefs[coef])
		e := max(a, -a) - int64(m)*unit
		gained += a*a - e*e
		sign := int32(a >> 63)
		t.levels[first-1] = acLevel{coef, (m ^ sign) - sign} // which stays where it is not 0
		first -= int(uint32(-m) >> 31)
	}
	q.gained += gained
	return first
}

// multipliers make multiples of floors, by the number of a way: what multiples adds, what it leaves, and what it adds to that.
var multipliers = func() (t [16]struct{ up, mask, more int32 }) {
	for i, w := range ways {
		if w.multiple != aZero {
			t[i].up, t[i].mask, t[i].more = 2-int32(w.multiple), ^3, int32(w.multiple)
		}
	}
	return t
}()
