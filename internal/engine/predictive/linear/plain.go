package linear

import (
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/rans"
)

type sum interface{ int32 | int64 }

// predict fills a row by plain code.
func predict[S sum](p *Predictor, sums []S, lev int, ps interlace.Pass, y int, before [2]*interlace.Level) {
	l := &p.Levels[lev]
	r := &p.Row
	switch ps {
	case interlace.PassA:
		tapsOfA(r, sums, l, y)
	case interlace.PassB0:
		tapsOfB0(r, sums, l, y)
	default:
		tapsOfB1(r, sums, l, y)
	}
	addMeans(p, sums, lev, ps, y)
	x0, _ := ps.Origin()
	for k, o := range before {
		if o != nil {
			addCross(r, sums, o.Q[l.At(x0, y):], cross+k, p.Step)
		}
	}
	addOwn(r, sums, l, ps, l.At(x0, y), p.Step)
	bits := WeightBits
	if p.Fine {
		bits += FineBits
	}
	for k, s := range sums {
		r.Pred[k] = p.Limits.Clamp(int32((s + 1<<(bits-1)) >> bits))
	}
	p.divideExpectations(len(sums))
	if p.Fine {
		p.scaleExpectations(len(sums), l, ps, l.At(x0, y), before[0])
		return
	}
	r.ex.AddResiduals(r.Expect[:len(sums)], l, ps, l.At(x0, y), before[0])
}

// divideExpectations makes steps, which residuals count, of samples, which
// energies do.
func (p *Predictor) divideExpectations(n int) {
	if p.Step > 1 {
		for k := range p.Row.Expect[:n] {
			p.Row.Expect[k] /= p.Step
		}
	}
}

// addCross adds a term of another plane's residuals, every second of q.
func addCross[S sum](r *Row, sums []S, q []int32, term int, step int32) {
	for k := range sums {
		sums[k] += S(r.ws[r.texture[k]][term]) * S(q[2*k]*step)
	}
}

// addOwn adds the terms of the level's own residuals, from index i on.
func addOwn[S sum](r *Row, sums []S, l *interlace.Level, ps interlace.Pass, i int, step int32) {
	for k := range sums {
		w := r.ws[r.texture[k]][own : own+3]
		above, corners, near := ownTerms(l, ps, i+2*k)
		sums[k] += S(w[0])*S(above*step) + S(w[1])*S(corners*step) + S(w[2])*S(near*step)
	}
}

// addMeans adds the tap of the means to the samples of level Base-1.
func addMeans[S sum](p *Predictor, sums []S, lev int, ps interlace.Pass, y int) {
	if lev != interlace.Base-1 {
		return
	}
	x0, _ := ps.Origin()
	r := &p.Row
	for k := range sums {
		sums[k] += S(r.ws[r.texture[k]][Neighbours]) * S(p.meanTap(ps, x0+2*k, y))
	}
}

func dot[S sum](w *weights, t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 int32) S {
	return S(w[constant]) + S(w[0])*S(t0) + S(w[1])*S(t1) + S(w[2])*S(t2) + S(w[3])*S(t3) +
		S(w[4])*S(t4) + S(w[5])*S(t5) + S(w[6])*S(t6) + S(w[7])*S(t7) +
		S(w[8])*S(t8) + S(w[9])*S(t9) + S(w[10])*S(t10) + S(w[11])*S(t11)
}

// set stores a sample's direction and expectation from its energies.
func (r *Row) set(k int, e1, e2, cross int32) int32 {
	ex := r.ex
	d := textureOf(e1, e2)
	r.texture[k] = d
	r.Expect[k] = ex.One + ex.Flat*rans.Magnitude(min(e1, e2)) + ex.Cross*rans.Magnitude(cross)
	return d
}

// tapsOfA: taps (±1,±1), (±3,±1), (±1,±3).
func tapsOfA[S sum](r *Row, sums []S, l *interlace.Level, y int) {
	u3, u1, d1, d3 := l.Row(y-3), l.Row(y-1), l.Row(y+1), l.Row(y+3)
	d1, u3, d3 = d1[:len(u1)], u3[:len(u1)], d3[:len(u1)]
	for k := range sums {
		x := interlace.Margin + 1 + 2*k
		a, b, c, g := u1[x-1], u1[x+1], d1[x-1], d1[x+1]
		t4, t5, t6, t7 := u1[x-3], d1[x-3], u1[x+3], d1[x+3]
		t8, t9, t10, t11 := u3[x-1], u3[x+1], d3[x-1], d3[x+1]
		e1 := 4*arith.AbsDiff(a, g) + arith.AbsDiff(t4, c) + arith.AbsDiff(b, t7) + arith.AbsDiff(t8, b) + arith.AbsDiff(c, t11)
		e2 := 4*arith.AbsDiff(b, c) + arith.AbsDiff(t6, g) + arith.AbsDiff(a, t5) + arith.AbsDiff(t9, a) + arith.AbsDiff(g, t10)
		d := r.set(k, e1, e2, arith.AbsDiff(a+g, b+c))
		sums[k] = dot[S](&r.ws[d], a, b, c, g, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}

// tapsOfB0: taps (±1,0), (0,±1), (±2,±1), (±1,±2).
func tapsOfB0[S sum](r *Row, sums []S, l *interlace.Level, y int) {
	u2, u1, m, d1, d2 := l.Row(y-2), l.Row(y-1), l.Row(y), l.Row(y+1), l.Row(y+2)
	u2, u1, d1, d2 = u2[:len(m)], u1[:len(m)], d1[:len(m)], d2[:len(m)]
	for k := range sums {
		x := interlace.Margin + 1 + 2*k
		w, e, n, s := m[x-1], m[x+1], u1[x], d1[x]
		t4, t5, t6, t7 := u1[x-2], u1[x+2], d1[x-2], d1[x+2]
		t8, t9, t10, t11 := u2[x-1], u2[x+1], d2[x-1], d2[x+1]
		e1 := 2*arith.AbsDiff(w, e) + arith.AbsDiff(t4, n) + arith.AbsDiff(s, t7)
		e2 := 2*arith.AbsDiff(n, s) + arith.AbsDiff(t8, w) + arith.AbsDiff(e, t11)
		d := r.set(k, e1, e2, arith.AbsDiff(w+e, n+s))
		sums[k] = dot[S](&r.ws[d], w, e, n, s, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}

// tapsOfB1: taps (±1,0), (0,±1), (±1,±1), (±2,±1).
func tapsOfB1[S sum](r *Row, sums []S, l *interlace.Level, y int) {
	u1, m, d1 := l.Row(y-1), l.Row(y), l.Row(y+1)
	u1, d1 = u1[:len(m)], d1[:len(m)]
	for k := range sums {
		x := interlace.Margin + 2*k
		w, e, n, s := m[x-1], m[x+1], u1[x], d1[x]
		t4, t5, t6, t7 := u1[x-1], u1[x+1], d1[x-1], d1[x+1]
		t8, t9, t10, t11 := u1[x-2], u1[x+2], d1[x-2], d1[x+2]
		e1 := 2*arith.AbsDiff(w, e) + arith.AbsDiff(t4, n) + arith.AbsDiff(n, t5) + arith.AbsDiff(t6, s) + arith.AbsDiff(s, t7)
		e2 := 2*arith.AbsDiff(n, s) + arith.AbsDiff(t4, w) + arith.AbsDiff(w, t6) + arith.AbsDiff(t5, e) + arith.AbsDiff(e, t7)
		d := r.set(k, e1, e2, arith.AbsDiff(w+e, n+s))
		sums[k] = dot[S](&r.ws[d], w, e, n, s, t4, t5, t6, t7, t8, t9, t10, t11)
	}
}
