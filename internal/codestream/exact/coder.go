package exact

import (
	"slices"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// segment collects the tokens and raw bits of one segment.
type segment struct {
	tokens []rans.Token
	raw    rans.BitWriter
}

// putRow codes residuals: zigzag, the k low bits raw.
func (t *segment) putRow(row []residual) {
	n := len(t.tokens)
	t.tokens = slices.Grow(t.tokens, len(row))[:n+len(row)]
	for k, r := range row {
		u := uint32(r.q<<1) ^ uint32(r.q>>31)
		q := u >> r.k
		if q >= rans.Escape {
			t.raw.PutExpGolomb(q - rans.Escape)
			q = rans.Escape
		}
		t.tokens[n+k] = rans.MakeToken(int(r.ctx), int(q))
		t.raw.Put(u&(1<<r.k-1), uint(r.k))
	}
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
