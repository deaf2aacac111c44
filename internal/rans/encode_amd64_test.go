//go:build !purego

package rans

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPairs holds the kernel that takes pairs of tokens to plain code.
func TestPairs(t *testing.T) {
	defer func(before bool) { fastPairs = before }(fastPairs)
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 400 {
		freqs, _ := randomTables(rng, 1+rng.IntN(40))
		table := NewEncTable(freqs)
		tokens := make([]Token, rng.IntN(300))
		for i := range tokens {
			tokens[i] = Token(rng.IntN(len(table)))
		}
		var segments [2][]byte
		for i, fast := range []bool{false, true} {
			fastPairs = fast
			segments[i] = table.AppendSegment([]byte{1, 2}, tokens, new(BitWriter))
		}
		require.Equal(t, segments[0], segments[1], "round %d, %d tokens", round, len(tokens))
		if len(tokens) > 0 {
			tokens[rng.IntN(len(tokens))] = Token(len(table) + rng.IntN(1<<16-len(table)))
			require.Panics(t, func() { table.AppendSegment(nil, tokens, new(BitWriter)) }, "round %d: a token of no table", round)
		}
	}
}
