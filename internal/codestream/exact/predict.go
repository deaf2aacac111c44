package exact

// taps is the number of samples that a prediction weighs: 12 neighbours, and
// on level Base-1 the mean of the cells around.
const (
	neighbours = 12
	taps       = neighbours + 1
	cross      = taps // two terms
	constant   = cross + 2
	terms      = constant + 1
)

// Weights of a prediction in 1/weightOne: those of the taps, which sum to
// weightOne; of the residuals at the same place of the plane before and the one
// before that; and a constant.
type weights [terms]int32

const (
	weightBits = 7
	weightOne  = 1 << weightBits
)

// predictor is the set of weights of one plane, by level, pass and direction.
type predictor [Base][passes][directions]weights

// directions is the number of classes that the energies tell apart.
const directions = 5

// direction compares the energy e1 along the first direction (the falling
// diagonal, or the horizontal) with e2 along the second.
func direction(e1, e2 int32) int {
	d := 2
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

// rows is the scratch of one row of a pass: of each sample the weighted sum of
// its neighbours, its direction and the expected magnitude of its residual, but
// for what the residual to its left says.
type rows struct {
	sum    []int64
	dir    []uint8
	expect []int32
}

func (r *rows) reset(w int) {
	n := (w + 1) / 2
	if cap(r.sum) < n {
		r.sum, r.dir, r.expect = make([]int64, n), make([]uint8, n), make([]int32, n)
	}
}

func absDiff(a, b int32) int32 {
	d := a - b
	return max(d, -d)
}

// predictRow fills the scratch for row y of a pass and returns the number of
// its samples.
func (p *pyramid) predictRow(lev int, ps pass, y int, ws *[directions]weights, ex *expectation, others [2]*level) int {
	l := &p.levels[lev]
	x0, _ := ps.origin()
	n := (l.w - x0 + 1) / 2
	r := rows{p.rows.sum[:n], p.rows.dir[:n], p.rows.expect[:n]}
	switch ps {
	case passA:
		r.passA(l, y, ws, ex)
	case passB0:
		r.passB0(l, y, ws, ex)
	default:
		r.passB1(l, y, ws, ex)
	}
	if lev == Base-1 {
		p.addMeans(&r, ps, y, ws)
	}
	for k, o := range others {
		if o != nil {
			r.addCross(o.q[l.at(x0, y):], cross+k, p.step, ws)
		}
	}
	if p.step > 1 { // residuals count steps, energies samples
		for k := range r.expect {
			r.expect[k] /= p.step
		}
	}
	r.addResiduals(l, ps, l.at(x0, y), ex, others[0])
	return n
}

// addCross adds a term of another plane's residuals, every second of q.
func (r *rows) addCross(q []int32, term int, step int32, ws *[directions]weights) {
	for k := range r.sum {
		r.sum[k] += int64(ws[r.dir[k]][term]) * int64(q[2*k]*step)
	}
}

// addMeans adds the tap of the means to the samples of level Base-1.
func (p *pyramid) addMeans(r *rows, ps pass, y int, ws *[directions]weights) {
	x0, _ := ps.origin()
	for k := range r.sum {
		r.sum[k] += int64(ws[r.dir[k]][neighbours]) * int64(p.meanTap(ps, x0+2*k, y))
	}
}

func dot(w *weights, t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 int32) int64 {
	return int64(w[constant]) + int64(w[0])*int64(t0) + int64(w[1])*int64(t1) + int64(w[2])*int64(t2) + int64(w[3])*int64(t3) +
		int64(w[4])*int64(t4) + int64(w[5])*int64(t5) + int64(w[6])*int64(t6) + int64(w[7])*int64(t7) +
		int64(w[8])*int64(t8) + int64(w[9])*int64(t9) + int64(w[10])*int64(t10) + int64(w[11])*int64(t11)
}

// set stores a sample's direction, sum and expectation from its energies.
func (r *rows) set(k int, e1, e2, cross int32, ex *expectation) int {
	d := direction(e1, e2)
	r.dir[k] = uint8(d)
	r.expect[k] = ex.one + ex.flat*magnitude(min(e1, e2)) + ex.cross*magnitude(cross)
	return d
}

// passA: taps (±1,±1), (±3,±1), (±1,±3).
func (r *rows) passA(l *level, y int, ws *[directions]weights, ex *expectation) {
	u3, u1, d1, d3 := l.row(y-3), l.row(y-1), l.row(y+1), l.row(y+3)
	d1, u3, d3 = d1[:len(u1)], u3[:len(u1)], d3[:len(u1)]
	for k := range r.sum {
		x := margin + 1 + 2*k
		a, b, c, g := u1[x-1], u1[x+1], d1[x-1], d1[x+1]
		t4, t5, t6, t7 := u1[x-3], d1[x-3], u1[x+3], d1[x+3]
		t8, t9, t10, t11 := u3[x-1], u3[x+1], d3[x-1], d3[x+1]
		e1 := 4*absDiff(a, g) + absDiff(t4, c) + absDiff(b, t7) + absDiff(t8, b) + absDiff(c, t11)
		e2 := 4*absDiff(b, c) + absDiff(t6, g) + absDiff(a, t5) + absDiff(t9, a) + absDiff(g, t10)
		d := r.set(k, e1, e2, absDiff(a+g, b+c), ex)
		r.sum[k] = dot(&ws[d], a, b, c, g, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}

// passB0: taps (±1,0), (0,±1), (±2,±1), (±1,±2).
func (r *rows) passB0(l *level, y int, ws *[directions]weights, ex *expectation) {
	u2, u1, m, d1, d2 := l.row(y-2), l.row(y-1), l.row(y), l.row(y+1), l.row(y+2)
	u2, u1, d1, d2 = u2[:len(m)], u1[:len(m)], d1[:len(m)], d2[:len(m)]
	for k := range r.sum {
		x := margin + 1 + 2*k
		w, e, n, s := m[x-1], m[x+1], u1[x], d1[x]
		t4, t5, t6, t7 := u1[x-2], u1[x+2], d1[x-2], d1[x+2]
		t8, t9, t10, t11 := u2[x-1], u2[x+1], d2[x-1], d2[x+1]
		e1 := 2*absDiff(w, e) + absDiff(t4, n) + absDiff(s, t7)
		e2 := 2*absDiff(n, s) + absDiff(t8, w) + absDiff(e, t11)
		d := r.set(k, e1, e2, absDiff(w+e, n+s), ex)
		r.sum[k] = dot(&ws[d], w, e, n, s, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}

// passB1: taps (±1,0), (0,±1), (±1,±1), (±2,±1).
func (r *rows) passB1(l *level, y int, ws *[directions]weights, ex *expectation) {
	u1, m, d1 := l.row(y-1), l.row(y), l.row(y+1)
	u1, d1 = u1[:len(m)], d1[:len(m)]
	for k := range r.sum {
		x := margin + 2*k
		w, e, n, s := m[x-1], m[x+1], u1[x], d1[x]
		t4, t5, t6, t7 := u1[x-1], u1[x+1], d1[x-1], d1[x+1]
		t8, t9, t10, t11 := u1[x-2], u1[x+2], d1[x-2], d1[x+2]
		e1 := 2*absDiff(w, e) + absDiff(t4, n) + absDiff(n, t5) + absDiff(t6, s) + absDiff(s, t7)
		e2 := 2*absDiff(n, s) + absDiff(t4, w) + absDiff(w, t6) + absDiff(t5, e) + absDiff(e, t7)
		d := r.set(k, e1, e2, absDiff(w+e, n+s), ex)
		r.sum[k] = dot(&ws[d], w, e, n, s, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}
