//go:build amd64 && !purego

package linear

import (
	"golang.org/x/sys/cpu"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
)

// avx2 tells whether the kernels of kernel_amd64.s are used.
var avx2 = cpu.X86.HasAVX2

// What kernel_amd64.s knows of other packages and of types: the cap of rans.Magnitude
// and the bytes of a row of moments.
const (
	magnitudeCap = 1 << 21
	momentsRow   = 8 * (terms + 1)
)

// expectation gives the kernels the fields of residual.Expectation.
type expectation residual.Expectation

// kernelTables hold the weights of the rows to come as the kernels read them.
type kernelTables struct {
	weights   weightTable
	residuals [residual.Sums][vectorLen]int32 // of the expectation
}

// weightTable holds the weights of a pass by term and texture.
type weightTable [terms][textures]int32

func (t *kernelTables) set(ws *[textures]weights, ex *residual.Expectation) {
	if !avx2 {
		return
	}
	for d := range ws {
		for i, w := range ws[d] {
			t.weights[i][d] = w
		}
	}
	for i, w := range ex.OfResiduals() {
		for k := range t.residuals[i] {
			t.residuals[i][k] = w
		}
	}
}

// predictNarrow fills a row of samples of up to 16 bits.
func (p *Predictor) predictNarrow(n, lev int, ps interlace.Pass, y int, before [2]*interlace.Level) {
	if avx2 {
		p.predictVector(n, lev, ps, y, before)
	} else {
		predict(p, p.Row.sum[:n], lev, ps, y, before)
	}
}

// add enters the terms of a sample.
func (m *moments) add(d *[terms + 1]int32) {
	if avx2 {
		addMoments(m, d)
	} else {
		m.addPlain(d)
	}
}

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

// addMoments is moments.addPlain, but for sums above the diagonal, which nobody
// reads.
//
//go:noescape
func addMoments(m *moments, d *[terms + 1]int32)

// residualArgs is what addResiduals reads: the residuals of the plane from the row's
// first sample on, and of those before, nil where there is none.
type residualArgs struct {
	q         *int32
	stride    int // in bytes
	flags     int
	before    [2]*int32
	sum, pred *int32
	expect    *int32
	texture   *int32
	table     *weightTable
	residuals *[residual.Sums][vectorLen]int32
	n         int
	step      int32
	lo, hi    int32 // of predictions
}

// Flags of what residuals a row has around.
const (
	hasBeside = 1 << iota // above and below, of pass A
	hasDiag               // left and right, of pass A, and at the corners, of B0
)

// addResiduals adds the terms of residuals to the sums and expectations of a row, and
// rounds the sums to predictions.
//
//go:noescape
func addResiduals(a *residualArgs)

// predictVector fills a row as predict does.
func (p *Predictor) predictVector(n, lev int, ps interlace.Pass, y int, before [2]*interlace.Level) {
	l := &p.Levels[lev]
	r := &p.Row
	x0, _ := ps.Origin()
	i, s := l.At(x0, y), l.Stride
	t := tapArgs{
		sum: &r.sum[0], texture: &r.texture[0], expect: &r.Expect[0],
		table: &r.tables.weights, expectation: (*expectation)(r.ex), n: n,
	}
	a := residualArgs{
		q: &l.Q[i], stride: 4 * s, sum: &r.sum[0], pred: &r.Pred[0], expect: &r.Expect[0], texture: &r.texture[0],
		table: &r.tables.weights, residuals: &r.tables.residuals, n: n, step: p.Step, lo: p.Limits.Lo, hi: p.Limits.Hi,
	}
	t.rows[1], t.rows[2], t.rows[3] = &l.V[i-s], &l.V[i], &l.V[i+s]
	switch ps {
	case interlace.PassA:
		t.rows[0], t.rows[4] = &l.V[i-3*s], &l.V[i+3*s]
		tapsA(&t)
	case interlace.PassB0:
		t.rows[0], t.rows[4] = &l.V[i-2*s], &l.V[i+2*s]
		a.flags |= hasBeside
		tapsB0(&t)
	default:
		a.flags |= hasDiag
		tapsB1(&t)
	}
	addMeans(p, r.sum[:n], lev, ps, y)
	p.divideExpectations(n)
	for k, o := range before {
		if o != nil {
			a.before[k] = &o.Q[i]
		}
	}
	addResiduals(&a)
}
