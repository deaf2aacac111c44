package exact

import "github.com/qtgpu/qtgpu/internal/rans"

// segment collects the tokens and raw bits of one segment.
type segment struct {
	tokens []rans.Token
	raw    rans.BitWriter
}

// escape is the symbol of all residuals from 15·2^k on.
const escape = rans.Symbols - 1

// put codes a residual: zigzag, its k low bits raw.
func (t *segment) put(ctx int, k uint, r int32) {
	u := uint32(r<<1) ^ uint32(r>>31)
	q := u >> k
	t.tokens = append(t.tokens, rans.MakeToken(ctx, int(min(q, escape))))
	if q >= escape {
		t.raw.PutExpGolomb(q - escape)
	}
	t.raw.Put(u&(1<<k-1), k)
}

// source decodes what a segment holds.
type source struct {
	rans.Decoder
	tables []rans.DecTable
}

func (s *source) get(ctx int, k uint) int32 {
	q := uint32(s.Symbol(&s.tables[ctx]))
	if q == escape {
		q += s.ExpGolomb()
	}
	u := q<<k | s.Bits(int(k))
	return int32(u>>1) ^ -int32(u&1)
}
