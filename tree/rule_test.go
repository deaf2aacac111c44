package tree

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/fixlog"
)

// block is a 32×32 of samples with its pyramid, naively summed.
type block struct {
	pix [32][32]uint16
	Pyramid
}

// newBlock fills 8×8 cells with noise of different strengths.
func newBlock(rng *rand.Rand) *block {
	b := &block{Pyramid: NewPyramid(32, 32)}
	strength := 1 + rng.IntN(1<<rng.IntN(12))
	base := rng.IntN(4081 - min(strength, 4080))
	var amplitude [16]int
	for i := range amplitude {
		amplitude[i] = 1 + strength>>rng.IntN(9)
	}
	for y := range 32 {
		for x := range 32 {
			b.pix[y][x] = uint16(min(base+rng.IntN(amplitude[y/8*4+x/8]), 4080))
		}
	}
	for level := Base; level <= 5; level++ {
		l := b.At(level)
		for i := range l.Sum {
			b.each(level, i%l.W, i/l.W, func(v float64) {
				l.Sum[i] += uint64(v)
				l.SumSq[i] += uint64(v) * uint64(v)
			})
		}
	}
	return b
}

// each visits the samples of a node.
func (b *block) each(level, x, y int, f func(v float64)) {
	n := 1 << level
	for j := range n {
		for i := range n {
			f(float64(b.pix[y*n+j][x*n+i]))
		}
	}
}

// energy is the sum of squared differences from the mean, in floats.
func (b *block) energy(level, x, y int) float64 {
	mean, sum := 0.0, 0.0
	b.each(level, x, y, func(v float64) { mean += v / float64(int(1)<<(2*level)) })
	b.each(level, x, y, func(v float64) { sum += (v - mean) * (v - mean) })
	return sum
}

// logVariance is log2(var + Δ²/12) in floats, squared samples of 1/16 level.
func (b *block) logVariance(step, level, x, y int) float64 {
	delta := float64(step) * 16 / 8
	return math.Log2(b.energy(level, x, y)/float64(int(1)<<(2*level)) + delta*delta/12)
}

// blocks visits nodes of many random blocks.
func blocks(rng *rand.Rand, f func(b *block, level, x, y int)) {
	for range 300 {
		b := newBlock(rng)
		for level := Base; level <= 5; level++ {
			n := 32 >> level
			f(b, level, rng.IntN(n), rng.IntN(n))
		}
	}
}

func TestEnergy(t *testing.T) {
	blocks(rand.New(rand.NewPCG(1, 1)), func(b *block, level, x, y int) {
		want := b.energy(level, x, y)
		got := float64(Energy(&b.Pyramid, level, x, y))
		require.True(t, got <= want+1e-3 && got > want-1-1e-3, "level %d x %d y %d: %g, expected %g", level, x, y, got, want)
	})
}

// TestFlat: a node is flat where its energy is below 0.3 Δ², up to the rounding
// of the energy.
func TestFlat(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	seen := map[bool]int{}
	blocks(rng, func(b *block, level, x, y int) {
		energy := b.energy(level, x, y)
		edge := int(math.Sqrt(energy/0.3) / 2) // the step at which it turns
		for _, step := range []int{3, 4096, edge - 1, edge + 1, edge + 2, 3 + rng.IntN(4094)} {
			if step < 3 || step > 4096 {
				continue
			}
			limit := 0.3 * 4 * float64(step*step)
			flat := (&Rule{Step: step}).Flat(&b.Pyramid, level, x, y)
			seen[flat]++
			if math.Abs(energy-limit) > 1.01 {
				require.Equal(t, energy < limit, flat, "level %d x %d y %d step %d: energy %g, limit %g", level, x, y, step, energy, limit)
			}
		}
	})
	assert.True(t, seen[true] > 100 && seen[false] > 100, "%v", seen)
}

// TestDecide: the three decisions agree with the difference in floats, except
// within the precision of Log2Fix of the thresholds.
func TestDecide(t *testing.T) {
	const one = 1 << fixlog.Frac
	rng := rand.New(rand.NewPCG(3, 3))
	seen := map[Decision]int{}
	blocks(rng, func(b *block, level, x, y int) {
		if level == Base {
			return
		}
		step := 3 + rng.IntN(1<<(2+rng.IntN(10)))
		d := b.logVariance(step, level, x, y)
		for c := range 4 {
			d -= b.logVariance(step, level-1, 2*x+c&1, 2*y+c>>1) / 4
		}
		for _, r := range []Rule{{one / 10, 2 * one, step}, {one * 3 / 10, one*3/10 - 1, step}, {-64 * one, 64 * one, step}} {
			got := r.Decide(&b.Pyramid, level, x, y)
			seen[got]++
			lo, hi := float64(r.Lo)/one, float64(r.Hi)/one
			const precision = 0.02 // of 16(var + Δ²/12) at the smallest steps, rounded down
			if math.Abs(d-lo) < precision || math.Abs(d-hi) < precision {
				continue
			}
			want := Either
			switch {
			case d < lo:
				want = Leaf
			case d > hi:
				want = Split
			}
			require.Equal(t, want, got, "level %d x %d y %d step %d: difference %.4f, thresholds %.4f and %.4f", level, x, y, step, d, lo, hi)
		}
	})
	for _, d := range []Decision{Leaf, Split, Either} {
		assert.Greater(t, seen[d], 50, "decision %d", d)
	}
}

// TestNodeLogs: what is known of rows of nodes says of each what the rule does.
func TestNodeLogs(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		b := newBlock(rng)
		r := Rule{Lo: 400, Hi: 4 << fixlog.Frac, Step: 3 + rng.IntN(4000>>rng.IntN(11))}
		rows := func(level int) (logs []NodeLog) {
			n := 32 >> level
			logs = make([]NodeLog, n*n)
			for y := range n {
				r.NodeLogs(logs[y*n:][:n], &b.Pyramid, level, 0, y)
			}
			return logs
		}
		below := rows(Base)
		for level := Base; level <= 5; level++ {
			logs, n := rows(level), 32>>level
			for i, l := range logs {
				x, y := i%n, i/n
				require.Equal(t, r.Flat(&b.Pyramid, level, x, y), l.Flat(), "level %d (%d,%d): flat", level, x, y)
				if level > Base {
					at := 4*y*n + 2*x
					children := [4]NodeLog{below[at], below[at+1], below[at+2*n], below[at+2*n+1]}
					require.Equal(t, r.Decide(&b.Pyramid, level, x, y), r.DecideBy(l, children), "level %d (%d,%d)", level, x, y)
				}
			}
			below = logs
		}
	}
}
