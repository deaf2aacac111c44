package predictive

// taps is the number of samples that a prediction weighs: 12 neighbours, and
// on level Base-1 the mean of the cells around.
const (
	neighbours = 12
	taps       = neighbours + 1
	cross      = taps      // two terms
	own        = cross + 2 // three terms
	constant   = own + 3
	terms      = constant + 1
)

// Weights of a prediction in 1/weightOne: of the taps, with the sum weightOne; of
// the residuals at the same place of the plane before and the one before that; of
// three sums of the plane's own residuals, above, at the upper corners and of
// earlier passes near; and a constant.
type weights [terms]int32

const (
	weightBits = 7
	weightOne  = 1 << weightBits
)

// predictor is the set of weights of one plane, by level, pass and texture.
type predictor [Base][passes][textures]weights

// A texture is a class of the energies of a sample's neighbourhood: 0 and 1, 6
// and 7 say that one direction has less, the others in between how much both have.
const (
	textures   = 8
	firstFlat  = 2
	lastFlat   = 5
	directions = textures - (lastFlat - firstFlat)
)

// texture compares the energy e1 along the first direction (the falling
// diagonal, or the horizontal) with e2 along the second.
func texture(e1, e2 int32) int32 {
	d := direction(e1, e2)
	if d > firstFlat {
		return d + lastFlat - firstFlat
	}
	if d < firstFlat {
		return d
	}
	switch e := e1 + e2; {
	case e < 12:
		return firstFlat
	case e < 32:
		return firstFlat + 1
	case e < 80:
		return firstFlat + 2
	}
	return lastFlat
}

func direction(e1, e2 int32) int32 {
	d := int32(firstFlat)
	if 3*e1 >= 4*e2+16 {
		d++
	}
	if 3*e1 >= 8*e2+32 {
		d++
	}
	if 3*e2 >= 4*e1+16 {
		d--
	}
	if 3*e2 >= 8*e1+32 {
		d--
	}
	return d
}

// directionOf is the direction of a texture, 0 to 4.
func directionOf(texture int32) int {
	return int(texture - min(max(texture-firstFlat, 0), lastFlat-firstFlat))
}

// rows is the scratch of one row of a pass: of each sample the weighted sum of
// its neighbours, its texture and the expected magnitude of its residual, but
// for what the residual to its left says. Sums of samples of up to 16 bits fit
// 32 bits, and are taken modulo 2^32 where a damaged file has larger ones.
type rows struct {
	sum     []int32
	wide    []int64 // in place of sum for samples of more bits
	pred    []int32 // the sum, rounded, within limits
	q       []int32 // residuals that are decoded
	texture []int32
	expect  []int32
	ws      *[textures]weights
	ex      *expectation
	table   weightTable // of ws, for the kernels
	around  [residualSums][vectorLen]int32
}

// weightTable holds the weights of a pass by term and texture.
type weightTable [terms][textures]int32

func (r *rows) reset(w int) {
	n := (w+1)/2 + vectorLen
	if cap(r.sum) < n {
		r.sum, r.wide, r.pred = make([]int32, n), make([]int64, n), make([]int32, n)
		r.texture, r.expect, r.q = make([]int32, n), make([]int32, n), make([]int32, n)
	}
}

func absDiff(a, b int32) int32 {
	d := a - b
	return max(d, -d)
}

// begin prepares a pass of a level: its margins and its weights.
func (p *pyramid) begin(lev int, ws *[textures]weights, ex *expectation) {
	p.levels[lev].extend()
	p.rows.use(ws, ex)
}

// use sets the weights of the rows to come.
func (r *rows) use(ws *[textures]weights, ex *expectation) {
	r.ws, r.ex = ws, ex
	if !vector {
		return
	}
	for t := range ws {
		for i, w := range ws[t] {
			r.table[i][t] = w
		}
	}
	for i, w := range ex.ofResiduals() {
		for k := range r.around[i] {
			r.around[i][k] = w
		}
	}
}

// predictRow fills the scratch for row y of a pass that has begun and returns
// the number of its samples.
func (p *pyramid) predictRow(lev int, ps pass, y int, others [2]*level) int {
	x0, _ := ps.origin()
	l := &p.levels[lev]
	n := (l.w - x0 + 1) / 2
	switch {
	case p.wide:
		predict(p, p.rows.wide[:n], lev, ps, y, others)
	case vector:
		p.predictVector(n, lev, ps, y, others)
	default:
		predict(p, p.rows.sum[:n], lev, ps, y, others)
	}
	return n
}

// sumOf is the sum of the k-th sample of the row.
func (p *pyramid) sumOf(k int) int64 {
	if p.wide {
		return p.rows.wide[k]
	}
	return int64(p.rows.sum[k])
}

type sum interface{ int32 | int64 }

// predict fills a row by plain code.
func predict[S sum](p *pyramid, sums []S, lev int, ps pass, y int, others [2]*level) {
	l := &p.levels[lev]
	r := &p.rows
	switch ps {
	case passA:
		tapsOfA(r, sums, l, y)
	case passB0:
		tapsOfB0(r, sums, l, y)
	default:
		tapsOfB1(r, sums, l, y)
	}
	addMeans(p, sums, lev, ps, y)
	x0, _ := ps.origin()
	for k, o := range others {
		if o != nil {
			addCross(r, sums, o.q[l.at(x0, y):], cross+k, p.step)
		}
	}
	addOwn(r, sums, l, ps, l.at(x0, y), p.step)
	for k, s := range sums {
		r.pred[k] = min(max(int32((s+weightOne/2)>>weightBits), p.lo), p.hi)
	}
	p.divideExpectations(len(sums))
	r.addResiduals(len(sums), l, ps, l.at(x0, y), others[0])
}

// divideExpectations makes steps, which residuals count, of samples, which
// energies do.
func (p *pyramid) divideExpectations(n int) {
	if p.step > 1 {
		for k := range p.rows.expect[:n] {
			p.rows.expect[k] /= p.step
		}
	}
}

// addCross adds a term of another plane's residuals, every second of q.
func addCross[S sum](r *rows, sums []S, q []int32, term int, step int32) {
	for k := range sums {
		sums[k] += S(r.ws[r.texture[k]][term]) * S(q[2*k]*step)
	}
}

// addOwn adds the terms of the level's own residuals, from index i on.
func addOwn[S sum](r *rows, sums []S, l *level, ps pass, i int, step int32) {
	q, s := l.q, l.stride
	for k := range sums {
		w := r.ws[r.texture[k]][own : own+3]
		j := i + 2*k
		sums[k] += S(w[0])*S(q[j-2*s]*step) + S(w[1])*S((q[j-2*s-2]+q[j-2*s+2])*step)
		switch ps {
		case passB0:
			sums[k] += S(w[2]) * S((q[j-s]+q[j+s])*step)
		case passB1:
			sums[k] += S(w[2]) * S((q[j-s-1]+q[j-s+1]+q[j+s-1]+q[j+s+1])*step)
		}
	}
}

// addMeans adds the tap of the means to the samples of level Base-1.
func addMeans[S sum](p *pyramid, sums []S, lev int, ps pass, y int) {
	if lev != Base-1 {
		return
	}
	x0, _ := ps.origin()
	r := &p.rows
	for k := range sums {
		sums[k] += S(r.ws[r.texture[k]][neighbours]) * S(p.meanTap(ps, x0+2*k, y))
	}
}

func dot[S sum](w *weights, t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 int32) S {
	return S(w[constant]) + S(w[0])*S(t0) + S(w[1])*S(t1) + S(w[2])*S(t2) + S(w[3])*S(t3) +
		S(w[4])*S(t4) + S(w[5])*S(t5) + S(w[6])*S(t6) + S(w[7])*S(t7) +
		S(w[8])*S(t8) + S(w[9])*S(t9) + S(w[10])*S(t10) + S(w[11])*S(t11)
}

// set stores a sample's direction and expectation from its energies.
func (r *rows) set(k int, e1, e2, cross int32) int32 {
	ex := r.ex
	d := texture(e1, e2)
	r.texture[k] = d
	r.expect[k] = ex.one + ex.flat*magnitude(min(e1, e2)) + ex.cross*magnitude(cross)
	return d
}

// tapsOfA: taps (±1,±1), (±3,±1), (±1,±3).
func tapsOfA[S sum](r *rows, sums []S, l *level, y int) {
	u3, u1, d1, d3 := l.row(y-3), l.row(y-1), l.row(y+1), l.row(y+3)
	d1, u3, d3 = d1[:len(u1)], u3[:len(u1)], d3[:len(u1)]
	for k := range sums {
		x := margin + 1 + 2*k
		a, b, c, g := u1[x-1], u1[x+1], d1[x-1], d1[x+1]
		t4, t5, t6, t7 := u1[x-3], d1[x-3], u1[x+3], d1[x+3]
		t8, t9, t10, t11 := u3[x-1], u3[x+1], d3[x-1], d3[x+1]
		e1 := 4*absDiff(a, g) + absDiff(t4, c) + absDiff(b, t7) + absDiff(t8, b) + absDiff(c, t11)
		e2 := 4*absDiff(b, c) + absDiff(t6, g) + absDiff(a, t5) + absDiff(t9, a) + absDiff(g, t10)
		d := r.set(k, e1, e2, absDiff(a+g, b+c))
		sums[k] = dot[S](&r.ws[d], a, b, c, g, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}

// tapsOfB0: taps (±1,0), (0,±1), (±2,±1), (±1,±2).
func tapsOfB0[S sum](r *rows, sums []S, l *level, y int) {
	u2, u1, m, d1, d2 := l.row(y-2), l.row(y-1), l.row(y), l.row(y+1), l.row(y+2)
	u2, u1, d1, d2 = u2[:len(m)], u1[:len(m)], d1[:len(m)], d2[:len(m)]
	for k := range sums {
		x := margin + 1 + 2*k
		w, e, n, s := m[x-1], m[x+1], u1[x], d1[x]
		t4, t5, t6, t7 := u1[x-2], u1[x+2], d1[x-2], d1[x+2]
		t8, t9, t10, t11 := u2[x-1], u2[x+1], d2[x-1], d2[x+1]
		e1 := 2*absDiff(w, e) + absDiff(t4, n) + absDiff(s, t7)
		e2 := 2*absDiff(n, s) + absDiff(t8, w) + absDiff(e, t11)
		d := r.set(k, e1, e2, absDiff(w+e, n+s))
		sums[k] = dot[S](&r.ws[d], w, e, n, s, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}

// tapsOfB1: taps (±1,0), (0,±1), (±1,±1), (±2,±1).
func tapsOfB1[S sum](r *rows, sums []S, l *level, y int) {
	u1, m, d1 := l.row(y-1), l.row(y), l.row(y+1)
	u1, d1 = u1[:len(m)], d1[:len(m)]
	for k := range sums {
		x := margin + 2*k
		w, e, n, s := m[x-1], m[x+1], u1[x], d1[x]
		t4, t5, t6, t7 := u1[x-1], u1[x+1], d1[x-1], d1[x+1]
		t8, t9, t10, t11 := u1[x-2], u1[x+2], d1[x-2], d1[x+2]
		e1 := 2*absDiff(w, e) + absDiff(t4, n) + absDiff(n, t5) + absDiff(t6, s) + absDiff(s, t7)
		e2 := 2*absDiff(n, s) + absDiff(t4, w) + absDiff(w, t6) + absDiff(t5, e) + absDiff(e, t7)
		d := r.set(k, e1, e2, absDiff(w+e, n+s))
		sums[k] = dot[S](&r.ws[d], w, e, n, s, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}
