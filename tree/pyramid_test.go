package tree

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNewPyramidLayout(t *testing.T) {
	for _, c := range []struct {
		w, h  int
		sizes [][2]int
	}{
		{1, 1, [][2]int{{1, 1}}},
		{8, 8, [][2]int{{1, 1}}},
		{9, 8, [][2]int{{2, 1}, {1, 1}}},
		{33, 1, [][2]int{{5, 1}, {3, 1}, {2, 1}, {1, 1}}},
		{64, 32, [][2]int{{8, 4}, {4, 2}, {2, 1}, {1, 1}}},
	} {
		p := NewPyramid(c.w, c.h)
		require.Len(t, p.Levels, len(c.sizes), "%dx%d", c.w, c.h)
		assert.Equal(t, Base+len(c.sizes)-1, p.Top())
		for i, s := range c.sizes {
			l := p.At(Base + i)
			assert.Equal(t, s, [2]int{l.W, l.H}, "%dx%d level %d", c.w, c.h, Base+i)
			n := s[0] * s[1]
			assert.Equal(t, []int{n, n, n, n}, []int{len(l.Sum), len(l.SumSq), len(l.Min), len(l.Max)})
		}
	}
}

// TestCount: the nodes of each level partition the plane.
func TestCount(t *testing.T) {
	for _, s := range [][2]int{{1, 1}, {8, 8}, {9, 17}, {100, 3}, {129, 64}} {
		p := NewPyramid(s[0], s[1])
		for l := Base; l <= p.Top(); l++ {
			var total uint64
			for y := range p.At(l).H {
				for x := range p.At(l).W {
					n := p.Count(l, x, y)
					assert.True(t, n >= 1 && n <= 1<<(2*l), "%v level %d (%d,%d): %d", s, l, x, y, n)
					total += n
				}
			}
			assert.EqualValues(t, s[0]*s[1], total, "%v level %d", s, l)
		}
	}
	p := Pyramid{W: 13, H: 10}
	assert.Equal(t, []uint64{64, 40, 16, 10}, []uint64{p.Count(3, 0, 0), p.Count(3, 1, 0), p.Count(3, 0, 1), p.Count(3, 1, 1)})
}

// bigVariance is n·sumSq − sum² and that over n², rounded down.
func bigVariance(n, sum, sumSq uint64) (scaled, variance *big.Int) {
	u := func(v uint64) *big.Int { return new(big.Int).SetUint64(v) }
	scaled = new(big.Int).Mul(u(n), u(sumSq))
	scaled.Sub(scaled, new(big.Int).Mul(u(sum), u(sum)))
	return scaled, new(big.Int).Div(scaled, new(big.Int).Mul(u(n), u(n)))
}

func checkVariance(t *testing.T, n, sum, sumSq uint64) {
	t.Helper()
	scaled, variance := bigVariance(n, sum, sumSq)
	hi, lo := ScaledVariance(n, sum, sumSq)
	got := new(big.Int).SetUint64(hi)
	got.Or(got.Lsh(got, 64), new(big.Int).SetUint64(lo))
	require.Equal(t, scaled.String(), got.String(), "scaled variance of n=%d sum=%d sumSq=%d", n, sum, sumSq)
	require.Equal(t, variance.String(), new(big.Int).SetUint64(Variance(n, sum, sumSq)).String(), "variance of n=%d sum=%d sumSq=%d", n, sum, sumSq)
}

// TestOverflowBound: a plane of MaxSamples 16-bit samples fits every field and
// helper, whatever part of it is black and the rest white.
func TestOverflowBound(t *testing.T) {
	const top = math.MaxUint16
	square := new(big.Int).SetUint64(top * top)
	total := new(big.Int).Mul(square, big.NewInt(MaxSamples))
	require.True(t, total.IsUint64(), "sum of squares %v", total)
	for _, n := range []uint64{1, 2, 64, 1 << 16, 1<<31 - 1, MaxSamples} {
		for _, white := range []uint64{0, 1, n / 3, n / 2, n - 1, n} {
			checkVariance(t, n, white*top, white*top*top)
		}
		hi, _ := ScaledVariance(n, n/2*top, n/2*top*top)
		if n <= 1<<16 {
			assert.Zero(t, hi, "n = %d", n)
		}
	}
}

func TestVarianceOfSamples(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 500 {
		n := 1 + rng.Uint64N(1024)
		var sum, sumSq uint64
		for range n {
			v := rng.Uint64N(1 << (1 + rng.IntN(16)))
			sum, sumSq = sum+v, sumSq+v*v
		}
		checkVariance(t, n, sum, sumSq)
	}
}
