package transform

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// multiplesOf are the multiples of a leaf of dependent levels, by coefficient.
func multiplesOf(q *quantised) map[uint16]int32 {
	m := map[uint16]int32{}
	for _, l := range q.levels {
		m[l.coef] = l.level
	}
	return m
}

// leafCostOf is J of all coefficients from a diagonal on, with the levels that a leaf has, by its tokens.
func leafCostOf(r *rates, coefs []int32, q *quantised, lg, top, lastCtx int) (cost int64) {
	multiples := multiplesOf(q)
	for _, at := range scanOf(lg).through(group(top, lg)) {
		e := int64(coefs[at.coef]) - int64(multiples[at.coef])*r.unit
		cost += e * e << distScale
	}
	cost += r.cost(lastCtx, q.last)
	for i, at := range scanOf(lg).through(q.last) {
		token := q.tokens[i]
		cost += int64(r.symbol[token])
		if k := levelOf(abs(multiples[at.coef])); k >= escape {
			cost += r.bit * int64(rans.ExpGolombBits(uint32(k-escape)))
		}
	}
	return cost
}

// TestDependentCost: what levels are found to cost and to gain is what their tokens do, in the
// contexts that they are coded in; and one level of another choice of the same parities costs no less.
func TestDependentCost(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 4))
	var tokens levelTokens
	for round := range 600 {
		lg, kind, step := 3+round%3, round/3%2, []int{3, 20, 70, 300}[rng.IntN(4)]
		name := fmt.Sprintf("round %d: leaf of %d, kind %d, step %d", round, 1<<lg, kind, step)
		r, c := newRates(step, predictedBits(), lambdas[kindLuma]), coefficients(rng, lg, step)
		energy, top := analyse(c, lg, int64(step))
		if top == 0 {
			continue
		}
		ctx := lastContext(kind, lg, rng.IntN(20)-1)
		q := tokens.depend(r, c, nil, lg, kind, top, ctx)
		if q.last == 0 {
			continue
		}
		zeroed := int64(0)
		for _, at := range scanOf(lg).through(group(top, lg)) {
			zeroed += int64(c[at.coef]) * int64(c[at.coef]) << distScale
		}
		multiples := multiplesOf(q)
		require.Equal(t, zeroed-q.saved, leafCostOf(r, c, q, lg, top, ctx), name)
		dist := energy
		for coef, m := range multiples {
			e, a := int64(c[coef])-int64(m)*r.unit, int64(c[coef])
			dist += e*e - a*a
		}
		require.Equal(t, energy-q.gained, dist, name)
	}
}

// leastDistance is the smallest squared error of dependent levels that begin at one of the groups, by
// all of their magnitudes.
func leastDistance(r *rates, c []int32, lg, top int) int64 {
	costs := [states]int64{unreachable, unreachable, unreachable, unreachable}
	zeroed, last := int64(0), groups
	for _, at := range scanOf(lg).through(group(top, lg)) {
		if g := group(diagonal(at.coef, lg), lg); g < last {
			last, costs[0] = g, min(costs[0], zeroed)
		}
		a := int64(abs(c[at.coef]))
		zeroed += a * a
		next := [states]int64{unreachable, unreachable, unreachable, unreachable}
		for s, cost := range costs {
			for k := int64(0); k <= a/(2*r.unit)+2; k++ {
				e := a
				if k > 0 {
					e -= int64(multipleOf(int32(k), uint8(s))) * r.unit
				}
				to := &next[nextState[s][k&1]]
				*to = min(*to, cost+e*e)
			}
		}
		costs = next
	}
	return min(zeroed, costs[0], costs[1], costs[2], costs[3])
}

// TestDependentRounding: without prices, no levels are nearer than the ones found, and what they are off by
// is no more than FORMAT.md, "The promise", says.
func TestDependentRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 5))
	var tokens levelTokens
	for round := range 300 {
		lg, step := 3+round%3, []int{3, 20, 70, 300}[rng.IntN(4)]
		r := plainRates(step)
		c := coefficients(rng, lg, step)
		if round%2 == 0 { // where all that can be chosen is far away
			for i := range c {
				c[i] = int32((rng.Int64N(9) - 4) * r.unit)
			}
		}
		top := topOf(c, lg, r.unit)
		q := tokens.depend(r, c, nil, lg, kindLuma, top, lastContext(kindLuma, lg, -1))
		multiples, dist, above := multiplesOf(q), int64(0), int64(0)
		for _, at := range scanOf(lg).pos {
			e := int64(c[at.coef]) - int64(multiples[at.coef])*r.unit
			dist += e * e
			if group(diagonal(at.coef, lg), lg) > group(top, lg) {
				above += e * e
			}
		}
		name := fmt.Sprintf("round %d: leaf of %d, step %d", round, 1<<lg, step)
		if top > 0 {
			require.Equal(t, above+leastDistance(r, c, lg, top), dist, name)
		}
		require.LessOrEqual(t, 2*dist, int64(len(scanOf(lg).pos)+5)*r.unit*r.unit, name)
	}
}

// TestDependentBelow: a bound changes nothing where the cost is below it, and is kept to where it is not.
func TestDependentBelow(t *testing.T) {
	rng := rand.New(rand.NewPCG(10, 6))
	var tokens, below levelTokens
	const step = 40
	r := newRates(step, predictedBits(), lambdas[kindLuma])
	for round := range 300 {
		lg := 3 + round%3
		c := coefficients(rng, lg, step)
		energy, top := analyse(c, lg, step)
		if top == 0 {
			continue
		}
		ctx := lastContext(kindLuma, lg, -1)
		want := tokens.depend(r, c, nil, lg, kindLuma, top, ctx)
		cost := energy<<distScale - want.saved
		for _, more := range []int64{1, 1000, -cost / 20, -cost / 2} {
			got := below.dependBelow(r, c, nil, lg, kindLuma, top, ctx, cost+more)
			if more > 0 {
				require.Equal(t, want, got, "round %d, bound %d above %d", round, more, cost)
			} else {
				require.GreaterOrEqual(t, energy<<distScale-got.saved, cost+more, "round %d, bound %d below %d", round, more, cost)
			}
		}
	}
}

// TestMultiples: levels and the multiples that they stand for, in all states.
func TestMultiples(t *testing.T) {
	for s := range uint8(states) {
		for k := int32(1); k < 40; k++ {
			m := multipleOf(k, s)
			require.Equal(t, k, levelOf(m), "state %d, level %d", s, k)
			require.Equal(t, s < 2, m%2 == 0, "state %d, level %d", s, k)
		}
	}
	require.Zero(t, levelOf(0))
	for _, step := range []int32{1, 2, MinStep, 16, MaxStep} {
		require.LessOrEqual(t, 16*unitOf(step), max(16, 11*step), "step %d", step)
	}
	for _, p := range []Plane{{}, {Chroma: true}, {Chroma: true, Half: true}} {
		s := visualSteps(MaxVisualStep, p).leaf(rootLog2, stepClasses-1)
		s.dependent = true
		require.Less(t, int64(multipleOf(escape+maxEscape/2, 0))*int64(s.unit(maxN*maxN-1)), int64(1)<<31, "%+v", p)
	}
}
