package cm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// source gives bits of which the first context tells the probability and the
// second nothing.
func source(seed uint64, n int) (bits []int, contexts [][]uint32, ideal float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for range n {
		c := r.Uint32N(4)
		p := []float64{0.02, 0.3, 0.7, 0.99}[c]
		b := bit(r.Float64() < p)
		if b == 0 {
			p = 1 - p
		}
		ideal -= math.Log2(p)
		bits, contexts = append(bits, b), append(contexts, []uint32{c, 4 + r.Uint32N(4)})
	}
	return bits, contexts, ideal
}

func TestMixer(t *testing.T) {
	for _, s := range []Shape{
		{Slots: 8, Contexts: 2, Sets: 2, Learning: 16, Horizon: 255},
		{Slots: 8, Contexts: 2, Sets: 2, Learning: 17, Horizon: 127},
	} {
		bits, contexts, ideal := source(3, 20000)
		e := NewMixer(NewEncoder(), s)
		for i, b := range bits {
			require.Equal(t, b, e.Code(contexts[i], 0, 1, b))
		}
		code := e.Finish()
		require.InEpsilon(t, ideal/8, len(code), 0.05, "bytes of %+v", s)
		d := NewMixer(NewDecoder(code), s)
		for i, b := range bits {
			require.Equalf(t, b, d.Code(contexts[i], 0, 1, 1-b), "%+v: bit %d", s, i)
		}
		require.True(t, d.Ended())
		require.False(t, d.Overrun())
		for range 1000 {
			d.CodeAlone(4, 0)
		}
		require.True(t, d.Overrun())
	}
}

func TestCodeAlone(t *testing.T) {
	s := Shape{Slots: 8, Contexts: 2, Sets: 2, Learning: 16, Horizon: 255}
	bits, contexts, ideal := source(5, 20000)
	e := NewMixer(NewEncoder(), s)
	for i, b := range bits {
		e.CodeAlone(contexts[i][0], b)
	}
	code := e.Finish()
	require.InEpsilon(t, ideal/8, len(code), 0.03)
	d := NewMixer(NewDecoder(code), s)
	for i, b := range bits {
		require.Equalf(t, b, d.CodeAlone(contexts[i][0], 1-b), "bit %d", i)
	}
	require.True(t, d.Ended())
}
