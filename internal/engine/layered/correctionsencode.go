package layered

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// rowContexts are the contexts of a row. An encoder, which knows all corrections, finds those of a whole row at once.
type rowContexts struct {
	ctx  []uint16
	flip []uint8 // 1 where the correction is expected to be negative
	ring []uint8 // of all rows, magnitudes around a sample in the planes before, 2 standing for more
}

// encode finds the corrections to the pixels of src.
func (c *corrections) encode(src *chroma.Interleaved, tokens []rans.Token, raw *rans.BitWriter) []rans.Token {
	c.find(src)
	var symbols [2][256]uint8 // by whether the sense is turned, and the correction
	for q := -largest; q <= largest; q++ {
		symbols[0][uint8(q)], symbols[1][uint8(q)] = uint8(symbol(q, false)), uint8(symbol(q, true))
	}
	w := c.base.W
	r := rowContexts{make([]uint16, w), make([]uint8, w), make([]uint8, w*c.base.H)}
	for k := range c.format.channels() {
		clear(r.flip)
		for y := range c.base.H {
			c.contrasts(order[k], y)
			c.rowContexts(&r, k, y)
			for x, q := range c.planes[k][c.at(y):][:w] {
				u := symbols[r.flip[x]&1][uint8(q)]
				tokens = append(tokens, rans.MakeToken(int(r.ctx[x]), int(min(u, escape))))
				if u >= escape {
					raw.PutExpGolomb(uint32(u) - escape)
				}
			}
		}
	}
	return tokens
}

// find finds the corrections.
func (c *corrections) find(src *chroma.Interleaved) {
	var nearest [511]int8 // by the difference, 255 more than it is
	for d := range nearest {
		nearest[d] = int8(arith.Nearest(d-255, c.format.spacing()))
	}
	for k := range c.format.channels() {
		for y := range c.base.H {
			pix, base := src.Pix[y*src.Stride+order[k]:], c.base.Pix[y*c.base.Stride+order[k]:]
			row := c.planes[k][c.at(y):][:c.base.W]
			for x := range row {
				row[x] = nearest[255+int(pix[x*src.Step])-int(base[x*c.base.Step])]
			}
		}
	}
}

// rowContexts are the contexts of row y of plane k, as context gives them; its rows come one after the other, and so do planes.
func (c *corrections) rowContexts(r *rowContexts, k, y int) {
	i, n := c.at(y), len(r.ctx)
	here, up := c.planes[k][i:][:n], c.planes[k][i-c.stride+1:][:n]
	contrast := c.row[:n]
	west, northwest, north := 0, 0, abs(c.planes[k][i-c.stride])
	for x, q := range here {
		northeast := abs(up[x])
		around := 2*(west+north) + northwest + northeast
		r.ctx[x] = uint16(aroundClass[min(around, 8)])*contrastClasses + uint16(contrast[x])
		west, northwest, north = abs(q), north, northeast
	}
	if k == 0 || k == 3 {
		return
	}
	ring := r.ring[y*n:][:n]
	c.rings(ring, k-1, i)
	first0, first1 := c.planes[0][i:][:n], c.planes[k-1][i:][:n]
	for x, p := range first0 {
		s := int(p)
		if k == 2 {
			s += int(first1[x])
		}
		class := min(max(s, -s), 2)
		if s == 0 && p != 0 {
			class = 3
		}
		r.ctx[x] += uint16(first + (k-1)*coloured + (class*ringClasses+int(ring[x]))*first)
		r.flip[x] = uint8(uint32(s) >> 31)
	}
}

// rings adds the magnitudes around the samples of a row of a plane.
func (c *corrections) rings(ring []uint8, k, i int) {
	n := len(ring)
	up, down, east := c.planes[k][i-c.stride:][:n], c.planes[k][i+c.stride:][:n], c.planes[k][i+1:][:n]
	west, here := 0, abs(c.planes[k][i])
	for x := range ring {
		next := abs(east[x])
		ring[x] = uint8(min(int(ring[x])+west+next+abs(up[x])+abs(down[x]), ringClasses-1))
		west, here = here, next
	}
}
