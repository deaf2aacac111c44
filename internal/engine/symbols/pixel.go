package symbols

const (
	candidates = 7 // symbols tried at most before a literal
	literal    = 7 // outcome of a literal; 0 to 6 is the candidate that hit
)

// Kinds of decisions, mixed into the hash of their contexts: 0 to 6 are the
// candidates.
const kindRun = 16

// around is what a pixel's decisions depend on.
type around struct {
	p                    int      // index in the rows
	row, up, up2         []uint32 // from 4 samples left of the pixel on
	narrow, wide, widest uint32   // hashes of neighbours
	ahead                [3]uint32
	place                uint32 // within the cell of the grid
	outcomes             uint32 // of 5 neighbours, 3 bits each
	expected, confidence uint32 // of the match
	list                 [candidates]uint32
	n                    int // candidates in list
}

// pixel codes one sample: which of the candidates it is, or a literal.
func (m *model) pixel(x, y int, sym uint32) uint32 {
	var a around
	m.look(&a, x, y)
	m.find(y*m.w+x, a.widest)
	m.propose(&a)
	outcome := literal
	v := uint32(0)
	for i, c := range a.list[:a.n] {
		if m.hit(&a, i, c, sym == c) {
			v, outcome = c, i
			break
		}
	}
	switch {
	case outcome < literal:
	case m.channels == 1:
		v = m.index(sym, &a)
	default:
		v = m.colour(sym, &a)
	}
	m.narrow[a.narrow>>m.tableShift] = v + 1
	m.push(a.p, v, outcome)
	return v
}

// look gathers the neighbours.
func (m *model) look(a *around, x, y int) {
	p := pad + x
	a.p, a.row, a.up, a.up2 = p, m.row[p-4:p], m.up[p-4:p+5], m.up2[p-4:p+5]
	w, n := a.row[3], a.up[4]
	a.narrow = hash(hash(hash(w, n), a.up[3]), a.up[5])
	a.wide = hash(hash(hash(hash(a.narrow, a.row[2]), a.up2[4]), a.up[6]), a.up[2])
	a.widest = hash(hash(hash(a.wide, a.up2[5]), a.up2[3]), a.row[1])
	a.ahead[0], a.ahead[1], a.ahead[2] = m.ahead(x, y, w)
	a.place = uint32(x)&7>>1<<2 | uint32(y)&7>>1
	for i, o := range [5]uint8{m.outcome[p-1], m.outcomeUp[p], m.outcomeUp[p+1], m.outcomeUp[p-1], m.outcome[p-2]} {
		a.outcomes |= uint32(o) << (3 * i)
	}
}

// propose lists the candidates, each once.
func (m *model) propose(a *around) {
	limit := candidates
	if a.outcomes == 1<<15-1 { // among literals most often another
		limit = 2
	}
	a.confidence = m.confidence()
	if a.confidence > 0 {
		a.expected = m.pix[m.source]
		a.add(a.expected, limit)
	}
	if v := m.narrow[a.narrow>>m.tableShift]; v > 0 {
		a.add(v-1, limit)
	}
	for _, v := range [7]uint32{a.row[3], a.up[4], a.up[5], a.up[3], a.ahead[0], a.ahead[1], a.ahead[2]} {
		a.add(v, limit)
	}
	for _, v := range m.recent {
		a.add(v, limit)
	}
}

func (a *around) add(v uint32, limit int) {
	if a.n == limit {
		return
	}
	for _, c := range a.list[:a.n] {
		if c == v {
			return
		}
	}
	a.list[a.n] = v
	a.n++
}

// equal has a bit for each of 16 neighbours that is c, the nearest first.
func (a *around) equal(c uint32) uint32 {
	r, u, t := a.row, a.up, a.up2
	_, _, _ = r[3], u[8], t[8]
	return asBit(r[3] == c) | asBit(u[4] == c)<<1 | asBit(u[3] == c)<<2 | asBit(u[5] == c)<<3 |
		asBit(r[2] == c)<<4 | asBit(t[4] == c)<<5 | asBit(u[6] == c)<<6 | asBit(u[2] == c)<<7 |
		asBit(t[5] == c)<<8 | asBit(t[3] == c)<<9 | asBit(r[1] == c)<<10 | asBit(u[7] == c)<<11 |
		asBit(u[1] == c)<<12 | asBit(t[6] == c)<<13 | asBit(t[2] == c)<<14 | asBit(r[0] == c)<<15
}

// hit codes whether the pixel is its i-th candidate c.
func (m *model) hit(a *around, i int, c uint32, is bool) bool {
	e := a.equal(c)
	g := asBit(a.ahead[0] == c) | asBit(a.ahead[1] == c)<<1 | asBit(a.ahead[2] == c)<<2
	match, trust := a.confidence, uint32(0)
	switch {
	case match > 0 && a.expected == c:
		trust = 1 + min(3, match/8)
		match += 32
	case match > 0:
		trust = 5
	}
	kind, near, far := uint32(i)<<24, e&15, e>>4
	m.line(0, kind^hash(c, far&15), near)
	m.line(1, kind^(far&3|g<<2|a.place<<5), near)
	m.context(2, kind^hash(c, a.narrow))
	m.context(3, kind^hash(c, a.wide))
	m.line(4, kind^match, near)
	m.context(5, kind^hash(hash(c, a.row[3]), a.up[4]))
	m.line(6, kind^a.outcomes, near)
	m.line(7, kind^far, near)
	set := setHit + i*48 + int(trust*8+e&7)
	return m.code(set, setOutcome+i*64+int(a.outcomes&63), int(asBit(is))) == 1
}
