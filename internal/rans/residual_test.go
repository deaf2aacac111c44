package rans

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// someClasses has all contexts of n tables, and raw bits.
func someClasses(r *rand.Rand, n int) *Classes {
	return NewClasses(func(octave, eighth int) Class {
		return Class{Context: uint8((8*octave + eighth) % n), Raw: uint8(r.IntN(24))}
	})
}

// compareResiduals decodes rows of any data by Residuals and by plain code.
func compareResiduals(t *testing.T, data []byte, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	var fast, plain Decoder
	if fast.Init(data) != nil {
		return
	}
	plain = fast
	freqs, _ := randomTables(r, 24)
	tables, classes := NewDecTables(freqs), someClasses(r, 24)
	for row := range 20 {
		expect := make([]int32, r.IntN(100))
		for i := range expect {
			expect[i] = int32(r.Uint32()) >> r.IntN(32)
		}
		side := int32(r.IntN(64))
		want, got := make([]int32, len(expect)), make([]int32, len(expect))
		plain.residuals(want, expect, 0, side, classes, tables)
		fast.Residuals(got, expect, side, classes, tables)
		for k := range want {
			require.Equal(t, want[k], got[k], "residual %d of %d of row %d", k, len(want), row)
		}
		require.Equal(t, plain.x, fast.x, "states after row %d", row)
		require.Equal(t, []any{plain.pos, plain.left(), plain.over}, []any{fast.pos, fast.left(), fast.over},
			"next word, bytes left and overrun after row %d", row)
	}
}

func TestResidualsAgainstPlainCode(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for seed := range uint64(300) {
		data := make([]byte, 8+r.IntN(3000))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		data[1], data[5] = data[1]&0x7f, data[5]&0x7f // states below their limit
		compareResiduals(t, data, seed)
	}
}

// Tokens and raw bits are the same as by plain code, and decode to the residuals.
func TestTokens(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 2000 {
		most := 1 + r.IntN(23) // of raw bits
		classes := NewClasses(func(octave, eighth int) Class {
			return Class{Context: uint8((8*octave + eighth) % 24), Raw: uint8(r.IntN(most))}
		})
		n, step, bits := r.IntN(60), 1+r.IntN(2), 1+r.IntN(20)
		index, residuals := make([]uint8, n*step), make([]int32, n*step)
		for i := range index {
			index[i], residuals[i] = uint8(r.IntN(len(classes.packed))), int32(r.Uint32())>>(31-r.IntN(bits+1))
		}
		var want, got BitWriter
		want.Put(5, uint(round%32))
		got = want.Clone()
		tokens, plain := make([]Token, n), make([]Token, n)
		classes.tokensPlain(plain, &want, 48, index, residuals, step)
		classes.Tokens(tokens, &got, 48, index, residuals, step)
		require.Equal(t, plain, tokens, "tokens of round %d", round)
		require.Equal(t, want.bytes(), got.bytes(), "raw bits of round %d", round)

		bitsOf := NewBitReader(got.AppendReversed(nil))
		bitsOf.Bits(round % 32)
		for k, token := range tokens {
			class := classes.class[index[k*step]]
			q := uint32(token & (Symbols - 1))
			if q == Escape {
				q += bitsOf.ExpGolomb()
			}
			require.EqualValues(t, 48+int(class.Context), token>>4, "context %d of round %d", k, round)
			require.EqualValues(t, residuals[k*step], Unzigzag(q<<class.Raw|bitsOf.Bits(int(class.Raw))), "residual %d of round %d", k, round)
		}
	}
}

func FuzzResiduals(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"), uint64(1))
	f.Fuzz(compareResiduals)
}
