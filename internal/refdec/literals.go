package refdec

import "math/bits"

// grayLiteral reads the bits of a sample.
func (p *patterns) grayLiteral(n *neighbours) uint32 {
	med := median(int(n.w), int(n.n), int(n.w)+int(n.n)-int(n.nw))
	contexts := [8]uint32{
		0, n.w, n.n, hash(n.w, n.n), hash(hash(n.w, n.n), hash(n.nw, n.ne)), hash(n.w, n.n, n.nw), hash(n.n, n.ne), uint32(med),
	}
	for i, v := range contexts {
		contexts[i] = hash(uint32(32+i), v)
	}
	line, group := 1, 1
	for i := range p.depth {
		if i%4 == 0 && i > 0 {
			line, group = line<<4|group&15, 1
		}
		bit := p.decide(p.literalSlots(contexts, line<<4|group), weightSet{grayKind, i}, weightSet{otherKind})
		group = group<<1 | bit
	}
	return uint32((line<<4 | group&15) & (1<<p.depth - 1))
}

func bitLength(v int) int { return bits.Len(uint(abs(v))) }

// magnitude is mag of a value.
func magnitude(v int) uint32 {
	if v < 0 {
		return uint32(bitLength(v))
	}
	return uint32(bitLength(v)) + 16
}

func bandOf(symbol uint32, c int) int { return int(symbol >> (8 * c) & 255) }

// literalOrders are the bands in the order in which they are coded.
var literalOrders = [5][]int{2: {0, 1}, 3: {1, 0, 2}, 4: {3, 1, 0, 2}}

// colourLiteral reads the bands of a pixel as residuals.
func (p *patterns) colourLiteral(x, y int, n *neighbours) (v uint32) {
	last, before := 0, 0
	for j, c := range literalOrders[p.bands] {
		contexts, pred, act := p.residualContexts(x, y, n, c, v, [2]int{last, before})
		for i, value := range contexts {
			contexts[i] = hash(uint32(64+8*j+i), value)
		}
		r := p.readResidual(contexts, j, act)
		p.residual[y*p.w+x][c] = int16(r)
		v |= uint32(pred+r) & 255 << (8 * c)
		last, before = r, last
	}
	return v
}

// residualContexts are the contexts of band c, its prediction and act; v is the
// bands coded and latest the residuals last and before.
func (p *patterns) residualContexts(x, y int, n *neighbours, c int, v uint32, latest [2]int) (contexts [8]uint32, pred, act int) {
	of := func(s uint32) int { return bandOf(s, c) }
	w, north, nw := of(n.w), of(n.n), of(n.nw)
	med := median(w, north, w+north-nw)
	pred = med
	if p.bands >= 3 && (c == 0 || c == 2) {
		dw, dn, dnw := w-bandOf(n.w, 1), north-bandOf(n.n, 1), nw-bandOf(n.nw, 1)
		pred = clamp(bandOf(v, 1)+median(dw, dn, dw+dn-dnw), 0, 255)
	}
	act = bitLength(abs(w-nw) + abs(north-nw) + abs(north-of(n.ne)))
	return [8]uint32{
		uint32(act) | 256*magnitude(w-north),
		256*magnitude(w-pred) | magnitude(north-pred) | 65536*uint32(act),
		hash(magnitude(latest[0]), magnitude(latest[1])),
		hash(n.w, n.n, v),
		hash(uint32(pred), v),
		hash(magnitude(p.residualAt(x-1, y, c)), magnitude(p.residualAt(x, y-1, c))),
		hash(magnitude(of(n.ne)-north), 256*magnitude(of(n.nn)-north)|magnitude(of(n.ww)-w)),
		hash(uint32(med), hash(uint32(latest[0]), uint32(bandOf(v, 1)))),
	}, pred, act
}

func (p *patterns) residualAt(x, y, c int) int {
	if x < 0 || y < 0 {
		return 0
	}
	return int(p.residual[y*p.w+x][c])
}

func (p *patterns) readResidual(contexts [8]uint32, j, act int) int {
	bin := func(b int) int {
		return p.decide(p.literalSlots(contexts, b), weightSet{colourKind, 0, j, b % 64}, weightSet{colourKind, 1, j, act, b % 16})
	}
	if bin(0) == 1 {
		return 0
	}
	sign := bin(1)
	e := 0
	for e < 7 && bin(2+2*e+sign) == 0 {
		e++
	}
	size := 1
	for i := e - 1; i >= 0; i-- {
		b := 256*e + 48 + i
		if i >= e-3 {
			b = 256*e + 32 + size
		}
		size = size<<1 | bin(b)
	}
	return size * (1 - 2*sign)
}
