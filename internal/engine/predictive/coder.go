package predictive

import "github.com/qtgpu/qtgpu/internal/rans"

// segment collects the tokens and raw bits of one segment.
type segment struct {
	tokens []rans.Token
	raw    rans.BitWriter
}

// put codes a residual of a class, in the contexts from base on: zigzag, its
// low bits raw.
func (t *segment) put(base int, c rans.Class, r int32) {
	t.tokens = append(t.tokens, t.token(base, c, r))
}

func (t *segment) token(base int, c rans.Class, r int32) rans.Token {
	u := rans.Zigzag(int(r))
	q := u >> c.Raw
	if q >= rans.Escape {
		t.raw.PutExpGolomb(q - rans.Escape)
		q = rans.Escape
	}
	t.raw.Put(u&(1<<c.Raw-1), uint(c.Raw))
	return rans.MakeToken(base+int(c.Context), int(q))
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
