package fixlog

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLog2(t *testing.T) {
	const units = 1 << Frac
	check := func(v uint64) {
		want := math.Log2(float64(v)) * units
		if got := Log2(v); math.Abs(float64(got)-want) > 0.52 {
			t.Fatalf("Log2(%d): got %d, want %.3f", v, got, want)
		}
	}
	for v := uint64(1); v < 1<<18; v++ {
		check(v)
		if a, b := Log2(v-1), Log2(v); a > b {
			t.Fatalf("not monotone: Log2(%d) = %d, Log2(%d) = %d", v-1, a, v, b)
		}
	}
	for e := range 64 {
		assert.EqualValues(t, e*units, Log2(1<<e), "2^%d", e)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	for range 100000 {
		v := rng.Uint64()>>rng.IntN(64) | 1
		check(v)
		if a, b := Log2(v-1), Log2(v); a > b {
			t.Fatalf("not monotone: Log2(%d) = %d, Log2(%d) = %d", v-1, a, v, b)
		}
	}
	check(math.MaxUint64)
	assert.Zero(t, Log2(0))
}

// TestLog2AtIntervals: the steps of the table join without a fall.
func TestLog2AtIntervals(t *testing.T) {
	for i := uint64(1); i < 1<<tableBits; i++ {
		for _, exp := range []int{24, 40, 63} {
			v := 1<<exp | i<<(exp-tableBits)
			a, b, c := Log2(v-1), Log2(v), Log2(v+1)
			require.True(t, a <= b && b <= c && c-a <= 1, "interval %d, exponent %d: %d %d %d", i, exp, a, b, c)
		}
	}
}

// TestLog2Frozen: decisions hang on these integers, so files do.
func TestLog2Frozen(t *testing.T) {
	for v, want := range map[uint64]int32{3: 6492, 5: 9511, 10: 13607, 1000: 40820, 65535: 65536, 1e12: 163279, math.MaxUint64: 262144} {
		assert.Equal(t, want, Log2(v), "Log2(%d)", v)
	}
}

// TestLogs holds the kernel to Log2.
func TestLogs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 70 {
		v, got := make([]uint64, n), make([]int32, n)
		for i := range v {
			if v[i] = rng.Uint64() >> rng.IntN(65); i%5 == 4 {
				v[i] = 1<<rng.IntN(64) - uint64(rng.IntN(2))
			}
		}
		Logs(got, v)
		for i, x := range v {
			if want := Log2(x); got[i] != want {
				t.Fatalf("%d numbers: Log2(%d): got %d, want %d", n, x, got[i], want)
			}
		}
	}
}

func BenchmarkLogs(b *testing.B) {
	v, dst := make([]uint64, 4096), make([]int32, 4096)
	for i := range v {
		v[i] = uint64(i*i*77 + 5)
	}
	for b.Loop() {
		Logs(dst, v)
	}
}
