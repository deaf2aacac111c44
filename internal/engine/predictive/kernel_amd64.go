package predictive

import "golang.org/x/sys/cpu"

// vector tells whether the kernels of kernel_amd64.s and filter_amd64.s are used.
var vector = cpu.X86.HasAVX2

// vectorLen is the number of samples that a kernel fills at once: it writes so
// many beyond a row at most, and reads no more than twice that beyond a level.
const vectorLen = 8

// tapArgs is what tapsA, tapsB0 and tapsB1 read.
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

// addMoments enters the terms of a sample as moments.add does, and sums that
// nobody reads above the diagonal.
//
//go:noescape
func addMoments(m *moments, d *[terms + 1]int32)

// aroundArgs is what around reads: the residuals of the plane from the row's first
// sample on, and of those before, nil where there is none.
type aroundArgs struct {
	q         *int32
	stride    int // in bytes
	flags     int
	others    [2]*int32
	sum, pred *int32
	expect    *int32
	texture   *int32
	table     *weightTable
	around    *[residualSums][vectorLen]int32
	n         int
	step      int32
	lo, hi    int32 // of predictions
}

// Flags of what residuals a row has around.
const (
	hasBeside = 1 << iota // above and below, of pass A
	hasDiag               // left and right, of pass A, and at the corners, of B0
)

//go:noescape
func around(a *aroundArgs)

// look is window.look.
//
//go:noescape
func look(w *window)

// filterMove is filter.move; gain has 32 bits.
//
//go:noescape
func filterMove(f *filter, gain int64)

// predictVector fills a row as predict does.
func (p *pyramid) predictVector(n, lev int, ps pass, y int, others [2]*level) {
	l := &p.levels[lev]
	r := &p.rows
	x0, _ := ps.origin()
	i, s := l.at(x0, y), l.stride
	t := tapArgs{sum: &r.sum[0], texture: &r.texture[0], expect: &r.expect[0], table: &r.table, expectation: r.ex, n: n}
	a := aroundArgs{
		q: &l.q[i], stride: 4 * s, sum: &r.sum[0], pred: &r.pred[0], expect: &r.expect[0],
		texture: &r.texture[0], table: &r.table, around: &r.around, n: n, step: p.step,
		lo: p.lo, hi: p.hi,
	}
	t.rows[1], t.rows[2], t.rows[3] = &l.v[i-s], &l.v[i], &l.v[i+s]
	switch ps {
	case passA:
		t.rows[0], t.rows[4] = &l.v[i-3*s], &l.v[i+3*s]
		tapsA(&t)
	case passB0:
		t.rows[0], t.rows[4] = &l.v[i-2*s], &l.v[i+2*s]
		a.flags |= hasBeside
		tapsB0(&t)
	default:
		a.flags |= hasDiag
		tapsB1(&t)
	}
	addMeans(p, r.sum[:n], lev, ps, y)
	p.divideExpectations(n)
	for k, o := range others {
		if o != nil {
			a.others[k] = &o.q[i]
		}
	}
	around(&a)
}
