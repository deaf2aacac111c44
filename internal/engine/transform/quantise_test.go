package transform

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

var quantSteps = []int{MinStep, 8, 160, 4080, MaxStep}

// maxCoef is more than a coefficient of a leaf of 32 can be.
const maxCoef = 1 << 15

// coefficients are random ones that fall off with the frequency, and a few that
// stand out.
func coefficients(rng *rand.Rand, lg, step int) []int32 {
	n := 1 << lg
	c := make([]int32, n*n)
	for i := range c {
		u, v := i>>lg, i&(n-1)
		spread := max(step*(1+rng.IntN(6))/(1+u+v), 1)
		c[i] = int32(rng.IntN(2*spread+1) - spread)
		if rng.IntN(n*n) < 3 {
			c[i] = int32(rng.IntN(2*maxCoef+1) - maxCoef)
		}
	}
	return c
}

// nearest is the level of a coefficient, halves away from zero.
func nearest(c, step int) int {
	if c < 0 {
		return -nearest(-c, step)
	}
	return (2*c + step) / (2 * step)
}

// levelsOf are the levels of a leaf that are not 0.
func levelsOf(q *quantised) map[uint16]int {
	levels := map[uint16]int{}
	for _, l := range q.levels {
		levels[l.coef] = int(l.level)
	}
	return levels
}

// TestPlainRounding: by rates that price nothing each level is the nearest, and
// what is gained is what a naive sum says.
func TestPlainRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var tokens levelTokens
	for _, step := range quantSteps {
		plain := plainRates(step)
		for lg := 3; lg <= 5; lg++ {
			for range 60 {
				c := coefficients(rng, lg, step)
				q := tokens.quantise(plain, c, lg, kindLuma, topOf(c, lg, plain.step), lastContext(kindLuma, lg, -1))
				levels := levelsOf(q)
				gained := int64(0)
				for _, pos := range scanOf(lg).pos {
					a := int(c[pos.coef])
					k := nearest(a, step)
					require.Equal(t, k, levels[pos.coef], "step %d size %d u %d v %d: %d", step, 1<<lg, pos.coef>>lg, int(pos.coef)&(1<<lg-1), a)
					gained += int64(a*a - (a-k*step)*(a-k*step))
				}
				require.Equal(t, gained, q.gained, "step %d size %d: gained", step, 1<<lg)
			}
		}
	}
}

// TestWorthCoding: a coefficient that makes a leaf longer gains less than the cheapest
// level costs, where it is smaller than analyse looks for.
func TestWorthCoding(t *testing.T) {
	for _, step := range quantSteps {
		r := newRates(step, universalBits(), lambdas[kindLuma])
		cheapest := int64(math.MaxInt64)
		for ctx := ctxAC; ctx < nContexts; ctx += magnitudeClasses { // the first of the leaf: no level is near
			cheapest = min(cheapest, r.cost(ctx, 1))
		}
		for a := int64(0); a < (r.step*worthCoding+255)>>8; a++ {
			require.Less(t, (a*a-(a-r.step)*(a-r.step))<<distScale, cheapest, "step %d: %d", step, a)
		}
	}
}

// naiveCost is J of a leaf with levels: squared error over all of its AC, and
// the bits of its last group, tokens, signs and escapes.
func naiveCost(r *rates, c []int32, levels map[uint16]int, lg, kind, lastCtx, last int) int64 {
	var mag magnitudes
	s := scanOf(lg)
	j := r.cost(lastCtx, last)
	for i, p := range s.pos {
		k := levels[p.coef]
		d := int64(c[p.coef]) - int64(k)*r.step
		j += d * d << distScale
		if i < s.start[last] {
			continue
		}
		k = max(k, -k)
		ctx := acContext(kind, lg) + int(p.ctx) + mag.class(int(p.mag))
		j += r.cost(ctx, min(k, rans.Symbols-1))
		if k >= rans.Symbols-1 {
			j += r.bit * int64(rans.ExpGolombBits(uint32(k-rans.Symbols+1)))
		}
		mag[p.mag] = uint8(min(k, magnitudeCap))
	}
	return j
}

// TestRateDistortion: what quantise claims to save is the difference of two
// naive sums; no level is farther than one below the nearest but 0; it is never
// worse than coding nothing, and on the whole better than plain rounding.
func TestRateDistortion(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var tokens levelTokens
	for _, step := range quantSteps {
		r, plain := newRates(step, universalBits(), lambdas[kindLuma]), plainRates(step)
		var total, totalPlain int64
		for lg := 3; lg <= 5; lg++ {
			for range 60 {
				c, kind := coefficients(rng, lg, step), rng.IntN(kinds)
				ctx := lastContext(kind, lg, rng.IntN(30)-1)
				name := fmt.Sprintf("step %d size %d kind %d", step, 1<<lg, kind)
				energy, top := analyse(c, lg, r.step)
				q := tokens.quantise(r, c, lg, kind, top, ctx)
				levels := levelsOf(q)
				for coef, k := range levels {
					full := nearest(int(c[coef]), step)
					require.True(t, k == full || k == full-1 && full > 1 || k == full+1 && full < -1, "%s: %d coded as %d", name, c[coef], k)
				}
				got := naiveCost(r, c, levels, lg, kind, ctx, q.last)
				nothing := naiveCost(r, c, nil, lg, kind, ctx, 0)
				require.Equal(t, energy<<distScale-q.saved, got, "%s: J", name)
				require.LessOrEqual(t, got, nothing, "%s: J", name)

				q = tokens.quantise(plain, c, lg, kind, topOf(c, lg, plain.step), ctx)
				total += got
				totalPlain += naiveCost(r, c, levelsOf(q), lg, kind, ctx, q.last)
			}
		}
		require.Less(t, total, totalPlain, "step %d", step)
	}
}

// hardLeaves encodes a 32×32 whose leaves of one size have such coefficients.
func hardLeaves(e *Encoder, plane *chroma.Plane, pyramid *tree.Pyramid, lg int, coefs func() []int32) *planeEncoder {
	tile := &Tile{Worst: make([]uint32, 1)}
	cells := []Cells{newCells(image.Rect(0, 0, 32, 32), e.steps[0], e.planes[0])}
	p := newPlaneEncoder(e, new(EncoderScratch), tile, 0, &original{samples: plane, pyramid: pyramid}, cells)
	for y := 0; y < rootCells; y += 1 << (lg - 3) {
		for x := 0; x < rootCells; x += 1 << (lg - 3) {
			n := node{lg, x, y}
			s, c := p.scratch.spectra.at(n)
			copy(c, coefs())
			*s = spectrum{known: true, coefs: leafCoefs{c, c}}
			s.energy, s.top = analyse(c, lg, e.rates.step)
			p.leaf(n)
		}
	}
	return p
}

// exceeding counts the leaves above the bound of withinHalf, and finds the largest
// squared error of any, in units of what half a step everywhere gives. Settled
// leaves know the error of their low block.
func (p *planeEncoder) exceeding(settled bool) (n int, largest float64) {
	step := p.encoder.rates.step
	for _, l := range p.scratch.leaves {
		dist := l.dist
		if !settled {
			dist += p.overview.lowError(l.node)
		}
		if !withinHalf(step, dist, l.node.lg) {
			n++
		}
		largest = max(largest, float64(4*dist)/float64(step*step<<(2*l.node.lg)))
	}
	return n, largest
}

// TestPlainRoundingKeeps: rounding plainly never exceeds the bound of withinHalf, with
// every AC coefficient at its worst and any low block.
func TestPlainRoundingKeeps(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	plane := newPlane(sources["flat"], 32, 32)
	pyramid := &reduce(t, []chroma.Plane{plane})[0]
	worst := 0.0
	for _, step := range quantSteps {
		e := NewEncoder(step, []Plane{{}}, engine.SplitHybrid)
		e.rates = e.plain
		for lg := 3; lg <= 5; lg++ {
			for round := range 100 {
				p := hardLeaves(e, &plane, pyramid, lg, func() []int32 { return worstCoefficients(rng, lg, step, round) })
				n, largest := p.exceeding(false)
				require.Zero(t, n, "step %d size %d round %d: squared error %.4f", step, 1<<lg, round, largest)
				worst = max(worst, largest)
			}
		}
	}
	require.Greater(t, worst, 0.95, "of the squared half step: the leaves were too easy")
}

// TestFallbacks: where the cheapest levels of a leaf, or values of the overview, would
// exceed the bound, the encoder takes them back.
func TestFallbacks(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	plane := newPlane(sources["flat"], 32, 32)
	pyramid := &reduce(t, []chroma.Plane{plane})[0]
	var quantised, settled int
	for _, step := range quantSteps[1:] {
		e := NewEncoder(step, []Plane{{}}, engine.SplitHybrid)
		for lg := 3; lg <= 5; lg++ {
			for round := range 40 {
				p := hardLeaves(e, &plane, pyramid, lg, func() []int32 {
					c := worstCoefficients(rng, lg, step, round)
					levelOverview(rng, c, lg, overviewStepOf(step, Plane{}))
					energy, top := analyse(c, lg, e.rates.step)
					q := new(levelTokens).quantise(e.rates, c, lg, kindLuma, top, lastContext(kindLuma, lg, -1))
					if !withinHalf(e.rates.step, energy-q.gained, lg) {
						quantised++
					}
					return c
				})
				n, _ := p.exceeding(false)
				require.Zero(t, n, "step %d size %d round %d: quantised", step, 1<<lg, round)
				p.overview.put(new(segment), p.refinement())
				n, _ = p.exceeding(false)
				settled += n
				p.settle()
				n, _ = p.exceeding(true)
				require.Zero(t, n, "step %d size %d round %d: settled", step, 1<<lg, round)
			}
		}
	}
	require.Positive(t, quantised, "leaves whose levels were taken back")
	require.Positive(t, settled, "leaves whose overview was taken back")
}

// worstCoefficients lie halfway between two levels, give or take a little, above
// a low block of any values.
func worstCoefficients(rng *rand.Rand, lg, step, round int) []int32 {
	n, low := 1<<lg, 1<<(lg-3)
	c := make([]int32, n*n)
	for i := range c {
		half := step/2 + step*rng.IntN(1+round%4) + rng.IntN(3+step*(round%2)/8) - 1
		if i>>lg < low && i&(n-1) < low {
			half = rng.IntN(8 * step)
		}
		c[i] = int32(half)
		if rng.IntN(2) == 0 {
			c[i] = -c[i]
		}
	}
	return c
}

// levelOverview makes the overview alike within a leaf and in most leaves, so that
// the few between two steps are tempting to move.
func levelOverview(rng *rand.Rand, c []int32, lg int, step int32) {
	low := 1 << (lg - 3)
	for i := range low * low {
		c[i/low<<lg+i%low] = 0
	}
	v := 40 * step
	if rng.IntN(4) == 0 {
		v += step * (50 + rng.Int32N(50)) / 100
	}
	c[0] = v * int32(low)
}

func TestDivider(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for step := MinStep; step <= MaxStep; step++ {
		d := newDivider(step)
		for range 20 {
			a := rng.Int64N(1 << 20)
			require.Equal(t, a/int64(step), d.div(a), "%d / %d", a, step)
			edge := a - a%int64(step)
			require.Equal(t, edge/int64(step), d.div(edge), "%d / %d", edge, step)
			require.Equal(t, max(edge-1, 0)/int64(step), d.div(max(edge-1, 0)), "%d / %d", edge-1, step)
		}
	}
}

func TestLeafRMS(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 2000 {
		lg := 3 + rng.IntN(3)
		dist := rng.Int64N(1 << (1 + rng.IntN(36)))
		v := uint64(root(meanSquare(dist, lg))) // of v² = dist·2^32/(64·4^lg), rounded up
		want := uint64(dist) << 26 >> (2 * lg)
		require.GreaterOrEqual(t, v*v, want, "dist %d size %d", dist, 1<<lg)
		require.True(t, v == 0 || (v-1)*(v-1) < want, "dist %d size %d: %d is too much", dist, 1<<lg, v)
		for _, most := range []uint32{0, uint32(v), uint32(v) + roundings - 1, uint32(v) + roundings, uint32(v) + roundings + 1} {
			require.Equal(t, uint32(v)+roundings <= most, leafWithin(dist, lg, most), "dist %d size %d: within %d", dist, 1<<lg, most)
		}
	}
}

// TestLambdaTextures holds λ by texture to its formula.
func TestLambdaTextures(t *testing.T) {
	for c, lambda := range lambdaTextures {
		require.InDelta(t, float64(lambdasPredicted[kindLuma])*math.Exp2(0.2*float64(c-middleClass)), float64(lambda), 0.5, "class %d", c)
	}
}

// TestRatesByTexture: predicted luma of less texture has a smaller λ, and all else the one of its kind.
func TestRatesByTexture(t *testing.T) {
	defs := []Plane{{}, {Chroma: true}}
	for name, f := range sources {
		planes, rects := tileOf(f, defs, 96, 64)
		e := NewEncoder(40, defs, engine.SplitHybrid)
		pyramids, cells, scratch := reduce(t, planes), make([]Cells, 2), new(EncoderScratch)
		for _, e := range []*Encoder{e, e.Predicting(), e.Predicting().Tuning()} {
			for i := range planes {
				cells[i] = newCells(rects[i], e.steps[i], defs[i])
				p := newPlaneEncoder(e, scratch, new(Tile), i, &original{samples: &planes[i], pyramid: &pyramids[i]}, cells)
				for root := range p.cells.roots {
					want := [kinds]*rates{e.rates, e.chroma}[i]
					if e.predicts && !e.classes && i == 0 {
						x, y := p.src.place(root)
						want = e.textures[stepClass(&pyramids[0], rootLog2, x, y)]()
					}
					require.Same(t, want, p.ratesAt(root), "%s: plane %d, root at %d, %d", name, i, root.x, root.y)
				}
			}
		}
	}
}
