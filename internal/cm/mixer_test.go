package cm

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// source gives bits of which the first context tells the probability and the
// others nothing.
func source(seed uint64, n int) (bits []int, contexts [][Inputs]uint32, ideal float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		c := r.Uint32N(4)
		p := []float64{0.02, 0.3, 0.7, 0.99}[c]
		b := bit(r.Float64() < p)
		if b == 0 {
			p = 1 - p
		}
		ideal -= math.Log2(p)
		at := [Inputs]uint32{c}
		for i := range at[1:] {
			at[1+i] = uint32(4*(1+i)) + r.Uint32N(4)
		}
		bits, contexts = append(bits, b), append(contexts, at)
	}
	return bits, contexts, ideal
}

func newMixer(c Coder, s Shape) *Mixer {
	m := new(Mixer)
	m.Reset(c, s)
	return m
}

func TestMixer(t *testing.T) {
	for _, s := range []Shape{
		{Slots: 4 * Inputs, Sets: 2, Learning: 16, Horizon: 255},
		{Slots: 4 * Inputs, Sets: 2, Learning: 17, Horizon: 127},
	} {
		bits, contexts, ideal := source(3, 20000)
		e := newMixer(NewEncoder(), s)
		for i, b := range bits {
			require.Equal(t, b, e.Code(&contexts[i], 0, 1, b))
		}
		code := e.Finish(0)
		require.InEpsilon(t, ideal/8, len(code), 0.05, "bytes of %+v", s)
		d := newMixer(NewDecoder(code), s)
		for i, b := range bits {
			require.Equalf(t, b, d.Code(&contexts[i], 0, 1, 1-b), "%+v: bit %d", s, i)
		}
		require.True(t, d.Ended(0))
		require.False(t, d.Spent(0))
		for range 1000 {
			d.CodeAlone(4, 0)
		}
		require.True(t, d.Spent(0))
	}
}

func TestCodeAlone(t *testing.T) {
	s := Shape{Slots: 4 * Inputs, Sets: 2, Learning: 16, Horizon: 255}
	bits, contexts, ideal := source(5, 20000)
	e := newMixer(NewEncoder(), s)
	for i, b := range bits {
		e.CodeAlone(contexts[i][0], b)
	}
	code := e.Finish(0)
	require.InEpsilon(t, ideal/8, len(code), 0.03)
	d := newMixer(NewDecoder(code), s)
	for i, b := range bits {
		require.Equalf(t, b, d.CodeAlone(contexts[i][0], 1-b), "bit %d", i)
	}
	require.True(t, d.Ended(0))
}

// TestLength codes residuals of all lengths.
func TestLength(t *testing.T) {
	const sets = 2 * Bins
	s := Shape{Slots: 64 * Bins, Sets: sets, Learning: 17, Horizon: 127}
	for _, most := range []int{1, 8, 32} {
		r := rand.New(rand.NewPCG(6, uint64(most)))
		residuals := make([]int32, 3000)
		contexts := make([][Inputs]uint32, len(residuals))
		e := newMixer(NewEncoder(), s)
		for i := range residuals {
			q := int32(1<<min(r.IntN(most+1), r.IntN(most+1)) - 1)
			residuals[i] = (r.Int32N(2)*2 - 1) * (q - r.Int32N(q/2+1))
			for k := range contexts[i] {
				contexts[i][k] = r.Uint32N(64) * Bins
			}
			requireLength(t, residuals[i], i)(e.Length(&contexts[i], 0, Bins, residuals[i], most))
		}
		d := newMixer(NewDecoder(e.Finish(0)), s)
		for i, q := range residuals {
			requireLength(t, q, i)(d.Length(&contexts[i], 0, Bins, 0, most))
		}
		require.True(t, d.Ended(0))
	}
}

func requireLength(t *testing.T, q int32, i int) func(n int, negative int32) {
	return func(n int, negative int32) {
		require.Equalf(t, bits.Len32(uint32(max(q, -q))), n, "length of residual %d, %d", i, q)
		require.Equalf(t, q>>31, negative, "sign of residual %d, %d", i, q)
	}
}

// Indices beyond the slots and the sets panic, whatever codes the bits.
func TestBounds(t *testing.T) {
	s := Shape{Slots: 2 * Bins, Sets: Bins, Learning: 16, Horizon: 255}
	m := newMixer(NewEncoder(), s)
	beyond := [Inputs]uint32{5: 3 * Bins}
	require.Panics(t, func() { m.Code(&beyond, 0, 0, 0) })
	require.Panics(t, func() { m.Code(&[Inputs]uint32{}, Bins, 0, 0) })
	beyond[5] -= Bins - 1
	require.Panics(t, func() { m.Length(&beyond, 0, 0, 5, 8) })
	require.Panics(t, func() { m.Length(&[Inputs]uint32{}, 0, 1, 5, 8) })
}
