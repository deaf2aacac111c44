package exact

import "golang.org/x/sys/cpu"

// vector tells whether rows are predicted by the kernels of kernel_amd64.s.
var vector = cpu.X86.HasAVX2

// vectorLen is the number of samples that a kernel fills at once: it writes so
// many beyond a row at most, and reads no more than twice that beyond a level.
const vectorLen = 8

// tapArgs is what tapsA, tapsB0 and tapsB1 read, at the offsets that they know.
type tapArgs struct {
	rows                 [5]*int32 // of the taps, from the first sample's column on
	sum, texture, expect *int32
	table                *weightTable
	expectation          *expectation
	n                    int
}

//go:noescape
func tapsA(a *tapArgs)

//go:noescape
func tapsB0(a *tapArgs)

//go:noescape
func tapsB1(a *tapArgs)

// aroundArgs is what around reads: residuals of the plane from the first
// sample on, nil where the pass has none, and of those before.
type aroundArgs struct {
	up                   *int32
	near, diag           [2]*int32
	others               [2]*int32
	sum, expect, texture *int32
	table                *weightTable
	expectation          *expectation
	n                    int
	pred                 *int32
	step                 int32
}

//go:noescape
func around(a *aroundArgs)

// predictVector fills a row as predict does.
func (p *pyramid) predictVector(n, lev int, ps pass, y int, ex *expectation, others [2]*level) {
	l := &p.levels[lev]
	r := &p.rows
	x0, _ := ps.origin()
	i, s := l.at(x0, y), l.stride
	t := tapArgs{sum: &r.sum[0], texture: &r.texture[0], expect: &r.expect[0], table: &r.table, expectation: ex, n: n}
	t.rows[1], t.rows[2], t.rows[3] = &l.v[i-s], &l.v[i], &l.v[i+s]
	switch ps {
	case passA:
		t.rows[0], t.rows[4] = &l.v[i-3*s], &l.v[i+3*s]
		tapsA(&t)
	case passB0:
		t.rows[0], t.rows[4] = &l.v[i-2*s], &l.v[i+2*s]
		tapsB0(&t)
	default:
		tapsB1(&t)
	}
	addMeans(p, r.sum[:n], lev, ps, y)
	p.divideExpectations(n)
	a := aroundArgs{up: &l.q[i-2*s], sum: &r.sum[0], expect: &r.expect[0], texture: &r.texture[0], table: &r.table, expectation: ex, n: n, pred: &r.pred[0], step: p.step}
	switch ps {
	case passB0:
		a.near = [2]*int32{&l.q[i-s], &l.q[i+s]}
	case passB1:
		a.near = [2]*int32{&l.q[i-1], &l.q[i+1]}
		a.diag = [2]*int32{&l.q[i-s], &l.q[i+s]}
	}
	for k, o := range others {
		if o != nil {
			a.others[k] = &o.q[i]
		}
	}
	around(&a)
}
