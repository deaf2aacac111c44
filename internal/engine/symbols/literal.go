package symbols

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
)

// Kinds of literals, mixed into the hash of their contexts.
const (
	kindIndex  = 32
	kindColour = 64 // + 8 × place in the order of channels
)

func abs(x int32) int32 { return max(x, -x) }

func log2(v int32) uint32 { return uint32(bits.Len32(uint32(v))) }

// signedLog2 is a signed logarithm.
func signedLog2(v int32) uint32 {
	if v < 0 {
		return log2(-v)
	}
	return 16 + log2(v)
}

// index codes a symbol bit by bit, the upper first: neighbours in value need
// not be alike.
func (m *model) index(sym uint32, a *around) uint32 {
	w, n, nw, ne := a.row[3], a.up[4], a.up[3], a.up[5]
	c := [inputs]uint32{
		0, w, n, hash(w, n), hash(hash(w, n), hash(nw, ne)), hash(hash(w, n), nw), hash(n, ne),
		uint32(arith.Med(int32(w), int32(n), int32(nw))),
	}
	for i, v := range c {
		c[i] = hash(kindIndex+uint32(i), v)
	}
	v, line, q := uint32(1), uint32(1), uint32(1)
	for i := range m.depth {
		if i%4 == 0 {
			line, q = v, 1
		}
		b := uint32(m.decide(&c, line<<4|q, setIndex+i, setOther, int(sym>>(m.depth-1-i)&1)))
		v, q = v<<1|b, q<<1|b
	}
	return v - 1<<m.depth
}

// order of the channels in a literal: alpha, then green, which predicts red
// and blue.
var order = [5][]int{2: {0, 1}, 3: {1, 0, 2}, 4: {3, 1, 0, 2}}

// channel is one channel of a pixel's neighbours.
type channel struct {
	w, n, nw, ne, ww, nn int32
	own, pred            int32  // prediction within the channel, and the one used
	activity             uint32 // logarithm of the local gradients, at most 10
}

// channel gathers channel k; red and blue are predicted by their difference
// from green.
func (m *model) channel(k int, green int32, a *around) (c channel) {
	of := func(v uint32) int32 { return int32(v >> (8 * k) & 255) }
	c.w, c.n, c.nw, c.ne = of(a.row[3]), of(a.up[4]), of(a.up[3]), of(a.up[5])
	c.ww, c.nn = of(a.row[2]), of(a.up2[4])
	c.own = arith.Med(c.w, c.n, c.nw)
	c.pred = c.own
	if m.channels > 2 && k%2 == 0 {
		diff := func(v uint32) int32 { return of(v) - int32(v>>8&255) }
		c.pred = green + arith.Med(diff(a.row[3]), diff(a.up[4]), diff(a.up[3]))
		c.pred = max(0, min(255, c.pred))
	}
	c.activity = log2(abs(c.w-c.nw) + abs(c.n-c.nw) + abs(c.n-c.ne))
	return c
}

// colour codes a symbol channel by channel, as residuals of predictions.
func (m *model) colour(sym uint32, a *around) (v uint32) {
	var green, last, before int32 // value of green, residuals of the channels before
	for j, k := range order[m.channels] {
		c := m.channel(k, green, a)
		contexts := [inputs]uint32{
			c.activity | signedLog2(c.w-c.n)<<8,
			signedLog2(c.w-c.pred)<<8 | signedLog2(c.n-c.pred) | c.activity<<16,
			hash(signedLog2(last), signedLog2(before)),
			hash(hash(a.row[3], a.up[4]), v),
			hash(uint32(c.pred), v),
			hash(signedLog2(m.errs[k][a.p-1]), signedLog2(m.errsUp[k][a.p])),
			hash(signedLog2(c.ne-c.n), signedLog2(c.nn-c.n)<<8|signedLog2(c.ww-c.w)),
			hash(uint32(c.own), hash(uint32(last), uint32(green))),
		}
		for i, h := range contexts {
			contexts[i] = hash(kindColour+uint32(8*j+i), h)
		}
		r := int32(int8(int32(sym>>(8*k)&255) - c.pred))
		r = m.residual(r, &contexts, j, int(c.activity))
		m.errs[k][a.p] = r
		before, last = last, r
		x := uint32(c.pred+r) & 255
		if k == 1 {
			green = int32(x)
		}
		v |= x << (8 * k)
	}
	return v
}

// residual codes r, −128 to 127: its sign and length, and the bits below the first.
func (m *model) residual(r int32, c *[inputs]uint32, j, activity int) int32 {
	a := uint32(abs(r))
	set, second := setColour+j*64, setActivity+(j*16+activity)*cm.Bins
	m.locate(c, 0)
	n, neg := m.Length(&m.at, set, second, r, 8)
	v := min(uint32(n), 1)
	for i := n - 2; i >= 0; i-- {
		bin := uint32(n-1)<<8 | 32 | v
		if i < n-4 {
			bin = uint32(n-1)<<8 | 48 | uint32(i)
		}
		b := m.decide(c, bin, set+int(bin&63), second+int(bin%16), int(a>>i&1))
		v = v<<1 | uint32(b)
	}
	return int32(v) ^ neg - neg
}
