package cm

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// pair is a mixer that the kernels serve and one that the plain code does.
type pair struct{ fast, plain *Mixer }

// The kernels give the code and the state of the plain code, from any slots and
// weights, and decode as it does.
func TestKernels(t *testing.T) {
	if !vector {
		t.Skip("no kernels on this machine")
	}
	for seed := range shorttest.Rounds(uint64(60)) {
		r := rand.New(rand.NewPCG(seed, 11))
		s := Shape{Slots: 300, Sets: 80, Learning: uint(1 + r.IntN(20)), Horizon: uint32(r.IntN(maxHorizon + 1))}
		e := pair{newMixer(NewEncoder(), s), newMixer(NewEncoder(), s)}
		e.disturb(seed)
		want := e.run(t, seed, nil)
		code := e.fast.Finish(0)
		require.Equal(t, e.plain.Finish(0), code, "seed %d", seed)

		d := pair{newMixer(NewDecoder(code), s), newMixer(NewDecoder(code), s)}
		d.disturb(seed)
		d.run(t, seed, want)
		require.True(t, d.fast.Ended(0))
	}
}

// disturb sets the slots, and for every second seed the weights, to anything.
func (p pair) disturb(seed uint64) {
	r := rand.New(rand.NewPCG(seed, 12))
	for i := range p.fast.slots {
		p.fast.slots[i] = r.Uint32()&^1023 | r.Uint32N(maxHorizon+1)
	}
	copy(p.plain.slots, p.fast.slots)
	for i := range p.fast.sets {
		for k := range p.fast.sets[i] {
			if seed%2 == 0 {
				p.fast.sets[i][k] = int32(r.Uint32()) >> r.IntN(20)
			}
		}
	}
	copy(p.plain.sets, p.fast.sets)
}

// run codes random bits and lengths with both and returns them, or decodes them and
// compares them with those coded.
func (p pair) run(t *testing.T, seed uint64, coded []int) (out []int) {
	r := rand.New(rand.NewPCG(seed, 13))
	for i := range 2000 {
		at := [Inputs]uint32{}
		for k := range at {
			at[k] = r.Uint32N(300-Bins) >> r.IntN(9) // some of them the same
		}
		set, second, most := r.IntN(80-Bins), r.IntN(80-Bins), 1+r.IntN(32)
		single, b := r.IntN(2) == 0, r.IntN(2)
		n, sign := r.IntN(min(most, 31)+1), r.IntN(2)
		if p.fast.Decoding {
			b, n, sign = 0, 0, 0
		}
		var got, want int
		if single {
			got = p.fast.Code(&at, set, second, b)
			want = p.plain.mix(&at, &p.plain.sets[set], &p.plain.sets[second], b)
		} else {
			w, u := (*[Bins]weights)(p.plain.sets[set:]), (*[Bins]weights)(p.plain.sets[second:])
			want = p.plain.length(&at, w, u, n, most, sign)
			n, negative := p.fast.Length(&at, set, second, int32(1<<n-1)*int32(1-2*sign), most)
			got = n * int(1+2*negative)
		}
		require.Equalf(t, want, got, "step %d", i)
		require.Equalf(t, p.plain.rng, p.fast.rng, "range of step %d", i)
		require.Equalf(t, p.plain.value, p.fast.value, "value of step %d", i)
		if p.fast.Decoding {
			require.Equalf(t, coded[i], got, "decoded in step %d", i)
		}
		out = append(out, got)
	}
	require.Equal(t, p.plain.slots, p.fast.slots)
	require.Equal(t, p.plain.sets, p.fast.sets)
	return out
}
