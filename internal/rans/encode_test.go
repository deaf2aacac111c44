package rans

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTakePairs: the kernel gives out the words of plain code, and leaves its states, from any states and of any symbols.
func TestTakePairs(t *testing.T) {
	if !fast {
		t.Skip("no kernels in this build")
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		tables, _ := randomTables(r, 1+r.IntN(20))
		enc := NewEncTable(tables)
		var tokens []Token
		for n := 2 * r.IntN(200); len(tokens) < n; {
			if c, s := r.IntN(len(tables)), r.IntN(Symbols); tables[c][s] > 0 {
				tokens = append(tokens, MakeToken(c, s))
			}
		}
		from := states{lower + r.Uint32N(lower*(1<<15-1)), lower + r.Uint32N(lower*(1<<15-1))}
		want, got := make([]uint16, len(tokens)+4), make([]uint16, len(tokens)+4)
		x, y := from, from
		p := enc.genericPairs(&x, tokens, want, len(want))
		require.Equal(t, p, enc.takePairs(&y, tokens, got, len(got)), "of %d tokens", len(tokens))
		require.Equal(t, x, y, "states after %d tokens from %v", len(tokens), from)
		require.Equal(t, want[p:], got[p:], "words of %d tokens", len(tokens))
	}
}
