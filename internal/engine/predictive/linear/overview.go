package linear

import (
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// MinOverviewStep is the least step of the overview. Exact means would cost half a
// percent of a lossless photograph more.
const MinOverviewStep = 4

// CodeOverview predicts the overview in raster order, and lets code give the residual
// of the sample at index i, if it is coded, from its prediction and expected magnitude. It stops before
// a row where spent says so.
func (p *Predictor) CodeOverview(code func(i int, pred, expect int32) int32, spent func() bool) {
	raster(&p.Overview, p.OverviewStep, p.predictOverview, code, spent)
}

// CodeGrid is CodeOverview for the grid, of which the overview is known.
func (p *Predictor) CodeGrid(code func(i int, pred, expect int32) int32, spent func() bool) {
	raster(&p.Levels[interlace.Base], p.Step, p.predictGrid, code, spent)
	p.Descend(interlace.Base)
}

func raster(l *interlace.Level, step int32, predict func(x, y int) (pred, expect int32), code func(i int, pred, expect int32) int32, spent func() bool) {
	for y := 0; y < l.H && !spent(); y++ {
		for x := range l.W {
			i := l.At(x, y)
			pred, expect := predict(x, y)
			q := int32(0)
			if l.Mask == nil || l.Mask[i] == 0 {
				q = code(i, pred, expect)
			}
			l.Q[i], l.V[i] = q, pred+q*step
		}
	}
}

// Expected magnitudes of residuals of the overview and the grid, in 1/256: of the
// overview's first sample, and its others in the first row and column, which know one
// neighbour; then constants, and weights in 1/256 of the differences of samples around
// and of the magnitudes of residuals around.
const (
	expectFirst     = 64 << 8
	expectEdge      = 2 << 8
	expectEdgeQ     = 128
	expectConstant  = 64
	expectGradient  = 40
	expectOverviewQ = 40
	expectSpread    = 50
	expectGridQ     = 64
)

// predictOverview predicts from left, top and both top corners. The weights of the
// expectation, of a residual in steps, are for steps of MinOverviewStep.
func (p *Predictor) predictOverview(x, y int) (pred, expect int32) {
	l := &p.Overview
	i := l.At(x, y)
	v, s := l.V, l.Stride
	e := func(i int) int32 { return rans.Magnitude(l.Q[i]) }
	switch {
	case x == 0 && y == 0:
		return 0, expectFirst
	case y == 0:
		return v[i-1], expectEdge + expectEdgeQ*e(i-1)
	case x == 0:
		return v[i-s], expectEdge + expectEdgeQ*e(i-s)
	}
	a, b, c, d := v[i-1], v[i-s], v[i-s-1], v[i-s]
	if x+1 < l.W {
		d = v[i-s+1]
	}
	sum := 2*int64(arith.Med(a, b, c)) + int64(a) + int64(b)
	g := difference(a, c) + difference(c, b) + difference(b, d)
	return int32((sum + 2) >> 2), expectConstant + expectGradient*MinOverviewStep*g/p.OverviewStep + expectOverviewQ*(e(i-1)+e(i-s))
}

// predictGrid predicts the sample of the grid at (x,y), the corner of its cell, from
// the means of the cells around that corner.
func (p *Predictor) predictGrid(x, y int) (pred, expect int32) {
	m, l := &p.Overview, &p.Levels[interlace.Base]
	x1, y1 := max(x-1, 0), max(y-1, 0)
	a, b, c, d := m.V[m.At(x, y)], m.V[m.At(x1, y)], m.V[m.At(x, y1)], m.V[m.At(x1, y1)]
	i := l.At(x, y)
	sum := int64(a) + int64(b) + int64(c) + int64(d)
	spread := difference(max(a, b, c, d), min(a, b, c, d))
	near := rans.Magnitude(l.Q[i-1]) + rans.Magnitude(l.Q[i-l.Stride])
	return int32((sum + 2) >> 2), expectConstant + expectSpread*spread/p.Step + expectGridQ*near
}

// difference is |a−b|, capped as a magnitude is.
func difference(a, b int32) int32 { return rans.Magnitude(arith.AbsDiff(a, b)) }
