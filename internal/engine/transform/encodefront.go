package transform

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// measureFront finds the exact front values of a leaf's cells, from the
// pyramid where it is flat and else from its coefficients, and rounds them to
// the nearest step.
func (p *planeEncoder) measureFront(flat bool, c []int32, lg, x, y int) {
	m := 1 << (lg - 3)
	var low, front [16]int32
	if flat {
		sums := p.pyr.At(tree.Base)
		for i := range m * m {
			s := sums.Sum[(p.oy+y+i%m)*sums.W+p.ox+x+i/m]
			front[i] = int32(int64(s)-64*chroma.Centre+8) >> 4
		}
	} else {
		for u := range m {
			for v := range m {
				low[u*m+v] = c[u<<lg+v]
			}
		}
		lowband(&front, &low, &toFront, m)
	}
	for i := range m * m {
		at := (y+i%m)*p.cells.w + x + i/m
		p.exact[at] = front[i]
		p.front[at] = p.roundFront(front[i], x+i/m, y+i%m)
	}
}

// roundFront rounds to the nearest step; an alpha cell that is fully opaque or
// transparent is rounded outwards by a sample (4) at least, more than a larger
// leaf's roundings lose, so that clamping gives it back exactly.
func (p *planeEncoder) roundFront(v int32, x, y int) int32 {
	step := p.frontStep
	if p.def.Alpha {
		l := p.pyr.At(tree.Base)
		i := (p.oy+y)*l.W + p.ox + x
		switch {
		case l.Min[i] == chroma.MaxLevel:
			return (v + step + 3) / step
		case l.Max[i] == 0:
			return (v - step - 3) / step
		}
	}
	return arith.Nearest(v, step)
}

// lowError is the squared error of a leaf's low block.
func (p *planeEncoder) lowError(lg, x, y int) int64 {
	m := 1 << (lg - 3)
	var diff, low [16]int32
	for i := range m * m {
		at := (y+i%m)*p.cells.w + x + i/m
		diff[i] = p.exact[at] - p.front[at]*p.frontStep
	}
	lowband(&low, &diff, &toLow, m)
	dist := int64(0)
	for _, d := range low[:m*m] {
		dist += int64(d) * int64(d)
	}
	return dist
}

// refineFront moves front values one step towards their prediction where that
// saves more bits than it costs in error.
func (p *planeEncoder) refineFront() {
	for y := range p.h {
		for x := range p.cells.w {
			pred, gradient := p.predict(x, y)
			i := y*p.cells.w + x
			q := p.front[i]
			nearer := q - 1
			switch {
			case q == pred:
				continue
			case q < pred:
				nearer = q + 1
			}
			ctx := frontContext(p.kind, gradient)
			if p.frontCost(ctx, p.exact[i], nearer, pred) < p.frontCost(ctx, p.exact[i], q, pred) {
				p.front[i] = nearer
			}
		}
	}
}

func (p *planeEncoder) frontCost(ctx int, exact, q, pred int32) int64 {
	d := int64(exact - q*p.frontStep)
	r := q - pred
	sym, raw := frontToken(uint32(max(r, -r)))
	if sym == rans.Symbols-1 {
		raw = rans.ExpGolombBits(uint32(max(r, -r)) - frontEscape)
	}
	if r != 0 {
		raw++
	}
	return d*d<<distScale + p.rates.cost(ctx, sym) + int64(raw)*p.rates.frontBit
}

// settleFront takes back what refineFront did to leaves that came too near the promise
// by it.
func (p *planeEncoder) settleFront() {
	for i := range p.leaves {
		l := &p.leaves[i]
		lg, x, y, ac := int(l.lg), int(l.x), int(l.y), l.dist
		l.dist = ac + p.lowError(lg, x, y)
		if !l.clipped && !p.keeps(l.dist, lg) {
			p.unrefine(l)
			l.dist = ac + p.lowError(lg, x, y)
		}
	}
}

// unrefine rounds the front values of a leaf to the nearest step.
func (p *planeEncoder) unrefine(l *placed) {
	m := 1 << (l.lg - 3)
	for i := range m * m {
		x, y := int(l.x)+i/m, int(l.y)+i%m
		at := y*p.cells.w + x
		p.front[at] = p.roundFront(p.exact[at], x, y)
	}
}
