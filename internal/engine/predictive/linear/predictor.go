package linear

import (
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
)

// Predictor is a plane while it is coded, in either direction: it predicts samples
// from those that are known before.
type Predictor struct {
	interlace.Pyramid
	Kind         int   // how many planes before are context and terms, 0 to residual.Kinds-1
	Parent       int   // the plane before, where Kind is not 0; its own is the one before that
	Step         int32 // of residuals: 2·bound + 1
	OverviewStep int32 // of the overview's residuals, at least Step
	Wide         bool  // samples of more than 16 bits
	Fine         bool  // weights have FineBits more
	Scales       Scales
	Limits       residual.Limits
	Row          Row
}

// Row is the scratch of one row of a pass, by its samples. Sums of samples of up to
// 16 bits fit 32 bits, and are taken modulo 2^32 where a damaged file has larger ones.
type Row struct {
	Pred    []int32 // the weighted sum of terms, rounded, within limits
	Expect  []int32 // the expected magnitude of the residual, but for what the one to its left says
	Q       []int32 // residuals that are decoded
	texture []int32
	sum     []int32
	wide    []int64 // in place of sum for samples of more bits
	Energy  []int32 // of fine planes, what energies add to Expect
	Around  []int32 // and residuals, before either is scaled
	ws      *[textures]weights
	ex      *residual.Expectation
	scale   Scale
	tables  kernelTables // of ws and ex
}

// vectorLen is the number of samples that a kernel fills at once: it writes so
// many beyond a row at most, and reads no more than interlace.Slack beyond a level.
const vectorLen = interlace.Slack / 2

// Reset prepares a predictor for a plane of w×h samples.
func (p *Predictor) Reset(w, h int) {
	p.Pyramid.Reset(w, h)
	p.Row.reset(p.W)
}

// Load is Reset with the samples of a plane, and its overview, for an encoder.
func (p *Predictor) Load(src, overview *interlace.Plane) {
	p.Pyramid.Load(src, overview)
	p.Row.reset(p.W)
}

func (r *Row) reset(w int) {
	n := (w+1)/2 + vectorLen
	if cap(r.sum) < n {
		r.sum, r.wide, r.Pred = make([]int32, n), make([]int64, n), make([]int32, n)
		r.texture, r.Expect, r.Q = make([]int32, n), make([]int32, n), make([]int32, n)
		r.Energy, r.Around = make([]int32, n), make([]int32, n)
	}
}

// Before gives a level of the planes that are context and terms for plane i: of its
// parent and of the parent's, nil where there is none.
func Before(ps []Predictor, i, lev int) (before [2]*interlace.Level) {
	for k := range ps[i].Kind {
		i = ps[i].Parent
		before[k] = &ps[i].Levels[lev]
	}
	return before
}

// CodeLevel completes a level in three passes. It predicts each row of n samples from
// (x0,y) on into p.Row, and lets code set its samples and residuals; it stops before a
// row where spent says so.
func (p *Predictor) CodeLevel(lev int, w *WeightSet, before [2]*interlace.Level, code func(ps interlace.Pass, x0, y, n int), spent func() bool) {
	for ps := range interlace.Passes {
		p.begin(lev, &w[lev][ps], &residual.Expectations[p.Kind][ps])
		x0, y0 := ps.Origin()
		for y := y0; y < p.Levels[lev].H && !spent(); y += 2 {
			code(ps, x0, y, p.predictRow(lev, ps, y, before))
		}
	}
	if lev > 0 {
		p.Descend(lev)
	}
}

// begin prepares a pass of a level: its margins and its weights.
func (p *Predictor) begin(lev int, ws *[textures]weights, ex *residual.Expectation) {
	p.Levels[lev].Extend()
	p.Row.use(ws, ex)
	p.Row.scale = p.Scales[lev]
}

// use sets the weights of the rows to come.
func (r *Row) use(ws *[textures]weights, ex *residual.Expectation) {
	r.ws, r.ex = ws, ex
	r.tables.set(ws, ex)
}

// predictRow fills the scratch for row y of a pass that has begun and returns
// the number of its samples.
func (p *Predictor) predictRow(lev int, ps interlace.Pass, y int, before [2]*interlace.Level) int {
	n := p.Levels[lev].RowLen(ps)
	if p.Wide {
		predict(p, p.Row.wide[:n], lev, ps, y, before)
	} else {
		p.predictNarrow(n, lev, ps, y, before)
	}
	return n
}

// Sum is the weighted sum of the k-th sample of the row, in 1/WeightOne, before it is
// rounded and limited.
func (p *Predictor) Sum(k int) int64 {
	if p.Fine {
		return p.Row.wide[k] >> FineBits
	}
	if p.Wide {
		return p.Row.wide[k]
	}
	return int64(p.Row.sum[k])
}

// Direction is the direction of the texture around the k-th sample of the row, 0 to
// Directions-1.
func (p *Predictor) Direction(k int) int { return directionOf(p.Row.texture[k]) }

// Side is the weight of the magnitude of the residual to the left of a sample, which
// is known only once that is coded, in its expectation.
func (p *Predictor) Side() int32 {
	if p.Fine {
		return p.Row.ex.Side * int32(p.Row.scale.Around) >> aroundBits
	}
	return p.Row.ex.Side
}
