package conformance

import "math/bits"

// The kinds of decisions, which have weights of their own.
const (
	runKind = iota
	candidateKind
	grayKind
	colourKind
	otherKind // the second set of runs and of the bits of one channel
)

const literalOutcome = 7

// patterns decodes a tile of symbols (FORMAT-EXACT.md, "Pattern mode").
type patterns struct {
	*mixer
	lg                    int // of the number of slots
	w, h, channels, depth int
	pix                   []uint32
	grid                  []uint32 // of ⌈w/8⌉×⌈h/8⌉ known symbols, or nil
	outcome               []int
	residual              [][4]int
	recent                []uint32
	match, length         int // the position that predicts the next sample, −1 for none
	positions             []int
	symbols               []int64 // −1 for none
	runs                  int
	singles               int // samples that are not in runs, nor of the grid
}

func newPatterns(code bitSource, w, h, channels, depth int, grid []uint32) *patterns {
	p := &patterns{
		lg: 12, w: w, h: h, channels: channels, depth: depth, grid: grid, match: -1,
		pix: make([]uint32, w*h), outcome: make([]int, w*h), residual: make([][4]int, w*h),
		recent: []uint32{0},
	}
	for p.lg < 22 && 1<<(p.lg-2) < w*h {
		p.lg++
	}
	p.mixer = newMixer(code, newSlots(1<<p.lg), 255, 16)
	n := 1 << min(p.lg-2, 18)
	p.positions, p.symbols = make([]int, n), make([]int64, n)
	for i := range n {
		p.positions[i], p.symbols[i] = -1, -1
	}
	for y := range h {
		for x := 0; x < w; {
			if p.runAt(x, y) {
				x += 8
			} else {
				if !p.onGrid(x, y) {
					p.singles++
				}
				p.sample(x, y)
				x++
			}
		}
	}
	return p
}

// slotsOf are the slots of a decision's values.
func (p *patterns) slotsOf(values [8]uint32) []uint32 {
	for i, v := range values {
		values[i] = hash(uint32(i), v) >> (32 - p.lg)
	}
	return values[:]
}

// literalSlots are the slots of a bin of a literal.
func (p *patterns) literalSlots(contexts [8]uint32, bin int) []uint32 {
	for i, c := range contexts {
		contexts[i] = hash(c, uint32(bin>>4))>>(32-p.lg)&^15 | uint32(bin&15)
	}
	return contexts[:]
}

// readPatterns decodes a segment.
func readPatterns(data []byte, w, h, channels, depth int, grid []uint32) ([]uint32, error) {
	code := newRangeDecoder(data)
	p := newPatterns(code, w, h, channels, depth, grid)
	return p.pix, code.finish(p.least())
}

// least is the length of the code.
func (p *patterns) least() int { return leastBytes(p.singles, 1<<16, 1<<12) }

// at is the symbol at (x,y), within the rows decoded or beyond their ends.
func (p *patterns) at(x, y int) uint32 {
	switch {
	case y < 0:
		return 0
	case x < 0:
		return p.at(0, y-1)
	}
	return p.pix[y*p.w+min(x, p.w-1)]
}

// outcomeAt is 0 beyond the ends of a row.
func (p *patterns) outcomeAt(x, y int) int {
	if x < 0 || x >= p.w || y < 0 {
		return 0
	}
	return p.outcome[y*p.w+x]
}

// known is the grid sample (gx,gy), other where there is none.
func (p *patterns) known(gx, gy int, other uint32) uint32 {
	across, down := (p.w+7)/8, (p.h+7)/8
	if p.grid == nil || gx >= across || gy >= down {
		return other
	}
	return p.grid[gy*across+gx]
}

// toCome are the grid samples right, below and across.
func (p *patterns) toCome(x, y int, other uint32) [3]uint32 {
	return [3]uint32{p.known(x/8+1, y/8, other), p.known(x/8, (y+7)/8, other), p.known(x/8+1, (y+7)/8, other)}
}

func (p *patterns) onGrid(x, y int) bool { return p.grid != nil && x%8 == 0 && y%8 == 0 }

// differ has a bit for each value that is not c, the first lowest.
func differ(c uint32, values ...uint32) (e uint32) {
	for i, v := range values {
		if v != c {
			e |= 1 << i
		}
	}
	return e
}

// runAt tells whether 8 samples from (x,y) on were decoded as a run.
func (p *patterns) runAt(x, y int) bool {
	if x%8 != 0 || x+8 > p.w {
		return false
	}
	c := p.at(x-1, y)
	same := p.at(x-2, y) == c && (!p.onGrid(x, y) || p.known(x/8, y/8, c) == c)
	for i := x - 2; i <= x+8; i++ {
		same = same && p.at(i, y-1) == c
	}
	if !same || p.decideRun(x, y, c) == 0 {
		return false
	}
	for i := range 8 {
		p.pix[y*p.w+x+i] = c
	}
	p.match = -1
	return true
}

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

// neighbours of a sample.
type neighbours struct{ w, n, nw, ne, ww, nn, nee, nww, nne, nnw, www uint32 }

func (p *patterns) around(x, y int) neighbours {
	return neighbours{
		p.at(x-1, y), p.at(x, y-1), p.at(x-1, y-1), p.at(x+1, y-1), p.at(x-2, y), p.at(x, y-2),
		p.at(x+2, y-1), p.at(x-2, y-1), p.at(x+1, y-2), p.at(x-1, y-2), p.at(x-3, y),
	}
}

// sample decodes a sample that is not in a run, and learns.
func (p *patterns) sample(x, y int) {
	n := p.around(x, y)
	near := hash(n.w, n.n, n.nw, n.ne)
	far := hash(near, n.ww, n.nn, n.nee, n.nww, n.nne, n.nnw, n.www)
	shift := 32 - min(p.lg-2, 18)
	i := y*p.w + x
	if p.onGrid(x, y) {
		p.pix[i] = p.known(x/8, y/8, 0)
	} else {
		if p.match < 0 {
			p.match, p.length = p.positions[far>>shift], 0
		}
		p.pix[i], p.outcome[i] = p.read(x, y, &n, p.symbols[near>>shift])
		p.positions[far>>shift] = i
		if p.symbols[near>>shift] = int64(p.pix[i]); p.pix[i] == 1<<32-1 {
			p.symbols[near>>shift] = -1
		}
	}
	if p.match >= 0 && p.pix[p.match] == p.pix[i] {
		p.match++
		p.length++
	} else {
		p.match = -1
	}
	if p.pix[i] != n.w {
		p.remember(p.pix[i])
	}
}

// remember puts a symbol in front of the 4 latest.
func (p *patterns) remember(s uint32) {
	latest := []uint32{s}
	for _, v := range p.recent {
		if v != s && len(latest) < 4 {
			latest = append(latest, v)
		}
	}
	p.recent = latest
}

// read decodes the symbol of a sample and its outcome.
func (p *patterns) read(x, y int, n *neighbours, after int64) (symbol uint32, outcome int) {
	var outcomes [5]int
	literals := true
	for i, at := range [5][2]int{{-1, 0}, {0, -1}, {1, -1}, {-1, -1}, {-2, 0}} {
		outcomes[i] = p.outcomeAt(x+at[0], y+at[1])
		literals = literals && outcomes[i] == literalOutcome
	}
	list := p.candidates(x, y, n, after)
	if literals && len(list) > 2 {
		list = list[:2]
	}
	for k, c := range list {
		if p.decideCandidate(x, y, k, c, n, outcomes) == 1 {
			return c, k
		}
	}
	if p.channels == 1 {
		return p.grayLiteral(n), literalOutcome
	}
	return p.colourLiteral(x, y, n), literalOutcome
}

func (p *patterns) candidates(x, y int, n *neighbours, after int64) []uint32 {
	var list []uint32
	add := func(values ...uint32) {
		for _, v := range values {
			known := false
			for _, c := range list {
				known = known || c == v
			}
			if !known && len(list) < 7 {
				list = append(list, v)
			}
		}
	}
	if p.match >= 0 {
		add(p.pix[p.match])
	}
	if after >= 0 {
		add(uint32(after))
	}
	next := p.toCome(x, y, n.w)
	add(n.w, n.n, n.ne, n.nw, next[0], next[1], next[2])
	add(p.recent...)
	return list
}

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

func median(a, b, c int) int { return max(min(a, b), min(max(a, b), c)) }

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

func channel(symbol uint32, c int) int { return int(symbol >> (8 * c) & 255) }

// colourLiteral reads the channels of a pixel as residuals.
func (p *patterns) colourLiteral(x, y int, n *neighbours) (v uint32) {
	last, before := 0, 0
	order := map[int][]int{2: {0, 1}, 3: {1, 0, 2}, 4: {3, 1, 0, 2}}[p.channels]
	for j, c := range order {
		of := func(s uint32) int { return channel(s, c) }
		w, north, nw := of(n.w), of(n.n), of(n.nw)
		med := median(w, north, w+north-nw)
		pred := med
		green := channel(v, 1)
		if p.channels >= 3 && (c == 0 || c == 2) {
			dw, dn, dnw := w-channel(n.w, 1), north-channel(n.n, 1), nw-channel(n.nw, 1)
			pred = clamp(green+median(dw, dn, dw+dn-dnw), 0, 255)
		}
		act := bitLength(abs(w-nw) + abs(north-nw) + abs(north-of(n.ne)))
		values := [8]uint32{
			uint32(act) | 256*magnitude(w-north),
			256*magnitude(w-pred) | magnitude(north-pred) | 65536*uint32(act),
			hash(magnitude(last), magnitude(before)),
			hash(n.w, n.n, v),
			hash(uint32(pred), v),
			hash(magnitude(p.residualAt(x-1, y, c)), magnitude(p.residualAt(x, y-1, c))),
			hash(magnitude(of(n.ne)-north), 256*magnitude(of(n.nn)-north)|magnitude(of(n.ww)-w)),
			hash(uint32(med), hash(uint32(last), uint32(green))),
		}
		for i, value := range values {
			values[i] = hash(uint32(64+8*j+i), value)
		}
		r := p.readResidual(values, j, act)
		p.residual[y*p.w+x][c] = r
		v |= uint32(pred+r) & 255 << (8 * c)
		last, before = r, last
	}
	return v
}

func (p *patterns) residualAt(x, y, c int) int {
	if x < 0 || y < 0 {
		return 0
	}
	return p.residual[y*p.w+x][c]
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
