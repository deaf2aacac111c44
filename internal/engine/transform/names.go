package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// A level that depends on no state has a name: its token less the first one of its frequency class, which the
// last group of the leaf and the place in coding order tell. Names take half of the memory of tokens.

// nameOf is the name of a magnitude whose neighbourhood has a class.
func nameOf(class int, magnitude int64) uint8 { return uint8(class<<4) | uint8(min(magnitude, escape)) }

// token is the token of a name in this place of a leaf.
func (p *scanPos) token(kind, lg int, name uint8) rans.Token {
	return rans.MakeToken(acContext(kind, lg)+int(p.ctx), 0) + rans.Token(name)
}

// firstTokens are the first tokens of frequency classes by size and place in coding order, less the first one of the leaf, and maxN more.
var firstTokens = func() (t [sizes][]rans.Token) {
	for size := range t {
		for _, at := range scanOf(size + cellLog2).pos {
			t[size] = append(t[size], rans.MakeToken(int(at.ctx), 0))
		}
		t[size] = append(t[size], make([]rans.Token, maxN)...)
	}
	return t
}()

// putNamed writes the tokens of the levels of a leaf, and returns how many there are. Up to maxN more may be read and written.
func putNamed(out []rans.Token, names []uint8, kind, lg, last int) (n int) {
	first, leaf := firstTokens[lg-cellLog2][scanOf(lg).start[last]:], rans.MakeToken(acContext(kind, lg), 0)
	n = len(first) - maxN
	if vector {
		out, names = out[:n+maxN], names[:n+maxN]
		widen(&out[0], &names[0], &first[0], n, leaf)
		return n
	}
	for i, name := range names[:n] {
		out[i] = leaf + first[i] + rans.Token(name)
	}
	return n
}
