//go:build amd64 && !purego

package predictive

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Rows found by the kernel are the ones of plain code, whatever the samples, and nothing between them changes.
func TestFindExact(t *testing.T) {
	require.Equal(t, firstOctave, rans.FirstOctave)
	require.EqualValues(t, magnitudeCap, rans.Magnitude(math.MinInt32))
	r := rand.New(rand.NewPCG(1, 2))
	some := func(bits int) int32 { return int32(r.Uint32()) >> (31 - r.IntN(bits+1)) }
	for round := range 3000 {
		n, bits := 1+r.IntN(70), 1+r.IntN(31)
		limits := residual.NoLimits
		if bits <= 16 && round%2 == 0 {
			limits = residual.Limits{Lo: -some(bits), Hi: 1 << bits, Known: true}
		}
		whole := exactRow{n: n, side: r.Int32N(64), limits: &limits}
		for range 2 * n {
			v, pred := some(bits), some(bits)
			if limits.Known {
				v, pred = min(max(v, limits.Lo), limits.Hi), min(max(pred, limits.Lo), limits.Hi)
			}
			whole.v, whole.q, whole.class = append(whole.v, v), append(whole.q, some(31)), append(whole.class, uint8(r.Uint32()))
			whole.pred, whole.expect = append(whole.pred, pred), append(whole.expect, some(31))
		}
		plain := whole
		plain.v, plain.q, plain.class = slices.Clone(whole.v), slices.Clone(whole.q), slices.Clone(whole.class)
		plain.findPlain(0)
		whole.find()
		require.Equal(t, plain.q, whole.q, "residuals of round %d", round)
		require.Equal(t, plain.v, whole.v, "samples of round %d", round)
		require.Equal(t, plain.class, whole.class, "classes of round %d", round)
	}
}

// Rows placed by the kernel are the ones of plain code, whatever is coded.
func TestPlaceCoded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	some := func(bits int) int32 { return int32(r.Uint32()) >> (31 - r.IntN(bits+1)) }
	for round := range 3000 {
		n, bits := 1+r.IntN(70), 1+r.IntN(31)
		limits := residual.NoLimits
		if bits <= 16 && round%2 == 0 {
			limits = residual.Limits{Lo: -some(bits), Hi: 1 << bits, Known: true}
		}
		whole := codedRow{n: n, step: 1 + 2*r.Int32N(9), limits: &limits}
		for range 2 * n {
			pred := limits.Clamp(some(bits))
			whole.v, whole.q = append(whole.v, some(31)), append(whole.q, some(31))
			whole.pred, whole.code = append(whole.pred, pred), append(whole.code, some(bits+r.IntN(32-bits)))
		}
		plain := whole
		plain.v, plain.q = slices.Clone(whole.v), slices.Clone(whole.q)
		plain.placePlain(0)
		whole.place()
		require.Equal(t, plain.q, whole.q, "residuals of round %d", round)
		require.Equal(t, plain.v, whole.v, "samples of round %d", round)
	}
}

func TestClamp(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 40 {
		pix := make([]int32, n)
		for i := range pix {
			pix[i] = int32(r.Uint32()) >> r.IntN(32)
		}
		least, most := -r.Int32N(1000), r.Int32N(1<<r.IntN(31)+1)
		want := slices.Clone(pix)
		clampPlain(want, least, most)
		clamp(pix, least, most)
		require.Equal(t, want, pix, "%d numbers, %d to %d", n, least, most)
	}
}
