package layered

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Classes of a context; see the package comment.
const (
	aroundClasses   = 6
	contrastClasses = 4
	ringClasses     = 3
	hereClasses     = 4

	first     = aroundClasses * contrastClasses // contexts of a plane alone
	coloured  = first * ringClasses * hereClasses
	nContexts = first + 2*coloured
)

// order is the order of the planes: colours from the one that resembles the
// others most, then alpha.
var order = [4]int{1, 0, 2, 3}

// aroundClass gives the class of a sum of magnitudes, 8 standing for more.
var aroundClass = [9]uint8{0, 1, 2, 3, 3, 4, 4, 4, 5}

// corrections are the corrections of a tile, in planes with a margin of zeros.
type corrections struct {
	format *Format
	base   *chroma.Interleaved
	stride int
	planes [4][]int8 // in coding order; |q| ≤ 85
	row    []uint8   // contrast classes of a row

	contrastClass [2*255 + 1]uint8 // of a sum of two distances
	lines         [3][]byte        // of a channel of the base: the one above a row, its own, the one below, with a margin
}

func newCorrections(f *Format, base *chroma.Interleaved) *corrections {
	c := &corrections{format: f, base: base, stride: base.W + 2, row: make([]uint8, base.W)}
	for k := range f.channels() {
		c.planes[k] = make([]int8, c.stride*(base.H+2))
	}
	unit := uint(f.Bound + 1)
	for v := range c.contrastClass {
		c.contrastClass[v] = uint8(min(bits.Len(1+uint(v)/unit)-1, contrastClasses-1))
	}
	for i := range c.lines {
		c.lines[i] = make([]byte, c.stride)
	}
	return c
}

// at is the index of the first correction of row y.
func (c *corrections) at(y int) int { return (y+1)*c.stride + 1 }

// contrasts classifies row y of the base, which follows the one before, or is the first.
func (c *corrections) contrasts(channel, y int) {
	if y == 0 {
		c.line(0, channel, 0)
		c.line(1, channel, 0)
	} else {
		c.lines[0], c.lines[1], c.lines[2] = c.lines[1], c.lines[2], c.lines[0]
	}
	c.line(2, channel, y+1)
	n := len(c.row)
	here := c.lines[1][:n+2]
	north, south := c.lines[0][1:][:n], c.lines[2][1:][:n]
	for x := range c.row {
		c.row[x] = c.contrastClass[distance(here[x+2], here[x])+distance(south[x], north[x])]
	}
}

// line takes row y of a channel of the base, or the nearest one.
func (c *corrections) line(i, channel, y int) {
	m, dst := c.base, c.lines[i]
	pix := m.Pix[min(y, m.H-1)*m.Stride+channel:]
	for x := range m.W {
		dst[x+1] = pix[x*m.Step]
	}
	dst[0], dst[m.W+1] = dst[1], dst[m.W]
}

func distance(a, b byte) uint {
	d := int(a) - int(b)
	return uint(max(d, -d))
}

func abs(q int8) int { return int(max(q, -q)) }

// context gives the context of the sample at index i and column x of plane k,
// and s, whose sign the correction is expected to have.
func (c *corrections) context(k, i, x int) (ctx, s int) {
	q, up := c.planes[k], i-c.stride
	around := 2*(abs(q[i-1])+abs(q[up])) + abs(q[up-1]) + abs(q[up+1])
	ctx = int(aroundClass[min(around, 8)])*contrastClasses + int(c.row[x])
	if k == 0 || k == 3 {
		return ctx, 0
	}
	here, ring := 0, 0
	for _, p := range c.planes[:k] {
		s += int(p[i])
		here += abs(p[i])
		ring += abs(p[i-1]) + abs(p[i+1]) + abs(p[up]) + abs(p[i+c.stride])
	}
	class := min(max(s, -s), 2)
	if here > 0 && s == 0 {
		class = 3
	}
	return first + (k-1)*coloured + (class*ringClasses+min(ring, ringClasses-1))*first + ctx, s
}

// code visits the samples of the planes in coding order. f gives the
// correction of a sample of a channel at (x,y), in the sense of the context.
func (c *corrections) code(f func(ctx int, flip bool, channel, x, y int) int8) {
	for k := range c.format.channels() {
		for y := range c.base.H {
			c.contrasts(order[k], y)
			i := c.at(y)
			for x := range c.base.W {
				ctx, s := c.context(k, i+x, x)
				c.planes[k][i+x] = f(ctx, s < 0, order[k], x, y)
			}
		}
	}
}

// escape is the symbol of all corrections from it on.
const escape = rans.Symbols - 1

func symbol(q int, flip bool) int {
	if flip {
		q = -q
	}
	if q > 0 {
		return 2*q - 1
	}
	return -2 * q
}

// largest is the largest correction, of samples 255 apart at T = 1.
const largest = 85

// decode reads the corrections of a segment.
func (c *corrections) decode(tables []rans.DecTable, segment []byte) error {
	var r rans.Decoder
	if err := r.Init(segment); err != nil {
		return err
	}
	damaged := false
	c.code(func(ctx int, flip bool, _, _, _ int) int8 {
		u := r.Symbol(&tables[ctx])
		if u == 0 {
			return 0
		}
		if u == escape {
			u += int(min(r.ExpGolomb(), 2*largest))
		}
		damaged = damaged || u > 2*largest
		q := min((u+1)/2, largest)
		if (u&1 == 0) != flip {
			q = -q
		}
		return int8(q)
	})
	if damaged {
		return rans.ErrCorrupt
	}
	return r.Finish()
}

// apply corrects the base.
func (c *corrections) apply() {
	spacing := c.format.spacing()
	for k := range c.format.channels() {
		for y := range c.base.H {
			dst := c.base.Pix[y*c.base.Stride+order[k]:]
			for x, q := range c.planes[k][c.at(y):][:c.base.W] {
				if q != 0 {
					v := int(dst[x*c.base.Step]) + int(q)*spacing
					dst[x*c.base.Step] = byte(min(max(v, 0), 255))
				}
			}
		}
	}
}
