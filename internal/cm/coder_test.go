package cm

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

func TestSquashAndStretch(t *testing.T) {
	for x := int32(-logits); x < logits; x += 1 << squashStep {
		want := 65536 / (1 + math.Exp(-float64(x)/256))
		assert.InDeltaf(t, want, squash(x), 1, "squash(%d)", x)
	}
	assert.Equal(t, squash(logits-1), squash(math.MaxInt32))
	assert.Equal(t, uint32(1), squash(math.MinInt32))
	for i, v := range stretchTable {
		p := 1 / (1 + math.Exp(-float64(v)/256))
		assert.InDeltaf(t, 16*i+8, 65536*p, max(2, 65536*p*(1-p)/63), "stretch(%d)", i)
	}
}

func TestCoder(t *testing.T) {
	for _, p := range []uint32{1, 2, 300, 32768, 65000, 65535} {
		for seed := range shorttest.Rounds(uint64(50)) {
			r := rand.New(rand.NewPCG(seed, uint64(p)))
			bits := make([]int, r.IntN(2000))
			for i := range bits {
				bits[i] = bit(r.Uint32N(65536) < p)
			}
			requireBits(t, p, bits)
			for i := range bits { // against the odds
				bits[i] = bit(p < 32768)
			}
			requireBits(t, p, bits)
		}
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

func requireBits(t *testing.T, p uint32, bits []int) {
	e := NewEncoder()
	ideal := 0.0
	for _, b := range bits {
		e.Bit(p, b)
		q := float64(p) / 65536
		if b == 0 {
			q = 1 - q
		}
		ideal -= math.Log2(q)
	}
	code := e.Finish(0)
	require.LessOrEqual(t, float64(len(code)), ideal/8*1.001+2, "bytes for %d bits", len(bits))
	d := NewDecoder(code)
	for i, b := range bits {
		require.Equalf(t, b, d.Bit(p, 0), "p %d: bit %d", p, i)
	}
	require.Truef(t, d.Ended(0), "%d bytes taken of %d", d.pos, len(code))
}

// TestCarry drives low to the top of its range, so that carries run through
// bytes of 0xFF.
func TestCarry(t *testing.T) {
	carried := false
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		e := NewEncoder()
		bits := make([]int, 400)
		for i := range bits {
			bits[i] = bit(r.IntN(8) == 0 && i > 20)
			n := len(e.out)
			before := append([]byte(nil), e.out...)
			e.Bit(32768, bits[i])
			carried = carried || n > 0 && string(before) != string(e.out[:n])
		}
		requireBits(t, 32768, bits)
	}
	require.True(t, carried, "no carry was met")
}
