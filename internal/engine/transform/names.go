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

// span is a number of coefficients of one frequency class, and its first token less the first one of the leaf.
type span struct {
	n     int
	first rans.Token
}

// spans are the ones of leaves by size and last group.
var spans = func() (t [sizes][groups][]span) {
	for size := range t {
		for last := range groups {
			for _, at := range scanOf(size + cellLog2).through(last) {
				first := rans.MakeToken(int(at.ctx), 0)
				all := t[size][last]
				if n := len(all); n == 0 || all[n-1].first != first {
					all = append(all, span{first: first})
				}
				all[len(all)-1].n++
				t[size][last] = all
			}
		}
	}
	return t
}()

// putNamed writes the tokens of the levels of a leaf, and returns how many there are. Up to maxN more may be read and written.
func putNamed(out []rans.Token, names []uint8, kind, lg, last int) (n int) {
	of, leaf := spans[lg-cellLog2][last], rans.MakeToken(acContext(kind, lg), 0)
	n = len(scanOf(lg).through(last))
	if vector {
		out, names = out[:n+maxN], names[:n+maxN]
		widen(&out[0], &names[0], &of[0], len(of), leaf)
		return n
	}
	for _, s := range of {
		first := leaf + s.first
		for i, name := range names[:s.n] {
			out[i] = first + rans.Token(name)
		}
		out, names = out[s.n:], names[s.n:]
	}
	return n
}
