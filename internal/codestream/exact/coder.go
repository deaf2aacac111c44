package exact

import "github.com/qtgpu/qtgpu/internal/rans"

// segment collects the tokens and raw bits of one segment.
type segment struct {
	tokens []rans.Token
	raw    rans.BitWriter
}

// put codes a residual: zigzag, its k low bits raw.
func (t *segment) put(ctx int, k uint, r int32) {
	u := uint32(r<<1) ^ uint32(r>>31)
	q := u >> k
	t.tokens = append(t.tokens, rans.MakeToken(ctx, int(min(q, rans.Escape))))
	if q >= rans.Escape {
		t.raw.PutExpGolomb(q - rans.Escape)
	}
	t.raw.Put(u&(1<<k-1), k)
}

// source decodes what a segment holds.
type source struct {
	rans.Decoder
	tables []rans.DecTable
}

// get decodes a residual of an expectation in the contexts from base on.
func (s *source) get(base int, expect int32) int32 {
	return s.Residual(s.tables[base:], classTable.Of(expect))
}
