package refdec

// differ has a bit for each value that is not c, the first lowest.
func differ(c uint32, values ...uint32) (e uint32) {
	for i, v := range values {
		if v != c {
			e |= 1 << i
		}
	}
	return e
}

// decideRun decides whether the next 8 samples are c (FORMAT.md, "Pattern contexts").
func (p *patterns) decideRun(x, y int, c uint32) int {
	var around []uint32
	for i := x - 2; i <= x+9; i++ {
		around = append(around, p.at(i, y-2))
	}
	e := differ(c, append(around, p.at(x+9, y-1), p.at(x-3, y), p.at(x-4, y))...)
	next := p.toCome(x, y, c)
	g := differ(c, next[1], next[2], next[0]) | uint32(y%8)<<3
	near := uint32(min(e, 1))
	values := [8]uint32{
		e % 1024, e, g, near, hash(c, near), hash(c, g+128*near), e>>12 | uint32(16*p.runs), hash(e, g),
	}
	for i, v := range values {
		values[i] = hash(16, v)
	}
	bit := p.decide(p.slotsOf(values), weightSet{runKind, int(near)}, weightSet{otherKind})
	p.runs = (2*p.runs + 1 - bit) & 7
	return bit
}

// decideCandidate decides whether a sample is candidate c of number k.
func (p *patterns) decideCandidate(x, y, k int, c uint32, n *neighbours, outcomes [5]int) int {
	e := differ(c, n.w, n.n, n.nw, n.ne, n.ww, n.nn, n.nee, n.nww, n.nne, n.nnw, n.www,
		p.at(x+3, y-1), p.at(x-3, y-1), p.at(x+2, y-2), p.at(x-2, y-2), p.at(x-4, y)) ^ 0xFFFF
	next := p.toCome(x, y, n.w)
	g := differ(c, next[:]...) ^ 7
	place := uint32(x%8>>1*4 + y%8>>1)
	o := uint32(0)
	for i, v := range outcomes {
		o |= uint32(v) << (3 * i)
	}
	m, trust := p.confidence(c)
	near := hash(n.w, n.n, n.nw, n.ne)
	values := [8]uint32{
		hash(c, e/16%16), e/16%4 | 4*g | 32*place, hash(c, near), hash(c, hash(near, n.ww, n.nn, n.nee, n.nww)),
		uint32(m), hash(c, n.w, n.n), o, e / 16,
	}
	for i := range values {
		values[i] ^= uint32(k) << 24
	}
	slots := p.slotsOf(values)
	for _, i := range []int{0, 1, 4, 6, 7} {
		slots[i] = slots[i]&^15 | e%16
	}
	return p.decide(slots,
		weightSet{candidateKind, 0, k, trust, int(e % 8)}, weightSet{candidateKind, 1, k, int(o % 64)})
}

// confidence is m and trust of a candidate.
func (p *patterns) confidence(c uint32) (m, trust int) {
	if p.match < 0 {
		return 0, 0
	}
	m = 1 + p.length
	if p.length >= 16 {
		m = 17 + min(6, p.length/16)
	}
	if p.pix[p.match] != c {
		return m, 5
	}
	return m + 32, 1 + min(3, m/8)
}
