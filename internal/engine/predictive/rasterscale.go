package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// planeTrials are the trials of the levels of a plane, nil of one that has no scales.
type planeTrials [interlace.Base]*linear.Trial

// newTrials are empty, of the planes of a format. Without scales, planes have neutral ones.
func newTrials(f *Format) []*planeTrials {
	trials := make([]*planeTrials, f.Channels)
	for i := range trials {
		if !f.fine(i) {
			continue
		}
		trials[i] = new(planeTrials)
		for lev := range trials[i] {
			trials[i][lev] = linear.NewTrial()
		}
	}
	return trials
}

func (t *planeTrials) merge(o *planeTrials) {
	if t == nil {
		return
	}
	for lev := range t {
		t[lev].Merge(o[lev])
	}
}

func (t *planeTrials) best() (s linear.Scales) {
	for lev := range t {
		s[lev] = t[lev].Best()
	}
	return s
}

// trialRows is the step of the rows of a pass that are entered, on level 0; coarser levels,
// which have fewer, in proportion.
const trialRows = 8

// tryScales codes a tile and enters its residuals into trials.
func (m *Model) tryScales(scratch *Scratch, f *Format, channels []Plane) []*planeTrials {
	trials := newTrials(f)
	planes, overviews, rct := transform(f, channels)
	ps := scratch.predictors(f, rct)
	for i := range ps {
		ps[i].Load(&planes[i], &overviews[i])
	}
	f.packOverview(rct, ps)
	rows := make([][]trialRow, len(ps))
	scratch.find(ps, m.planes, func(i int, r row) {
		if ps[i].Fine && r.y/2%max(trialRows>>r.lev, 1) == 0 {
			rows[i] = append(rows[i], newTrialRow(&ps[i], r))
		}
	})
	for i, t := range trials {
		if t == nil {
			continue
		}
		ps[i].FindSkips()
		ps[i].Skip.Any = true
		for _, r := range rows[i] {
			r.enter(&ps[i], t[r.lev])
		}
	}
	return trials
}

// trialRow is a row that is to be entered once it is known which of its samples are skipped.
type trialRow struct {
	row
	energy, around []int32
}

// newTrialRow is the row of a plane that has just been coded.
func newTrialRow(p *linear.Predictor, r row) trialRow {
	l := &p.Levels[r.lev]
	q := l.Q[l.At(r.x0, r.y):]
	t := trialRow{r, slices.Clone(p.Row.Energy[:r.n]), slices.Clone(p.Row.Around[:r.n])}
	for k := 1; k < r.n; k++ {
		t.around[k] += p.PlainSide() * rans.Magnitude(q[2*k-2])
	}
	return t
}

// enter enters what is coded of a row into a trial.
func (r *trialRow) enter(p *linear.Predictor, trial *linear.Trial) {
	tables := universal.Universal[residual.Context(p.Kind, residual.StageOf(r.lev, r.pass)):]
	l := &p.Levels[r.lev]
	q := l.Q[l.At(r.x0, r.y):]
	p.Runs(r.lev, r.x0, r.y, r.n, func(start, end int) {
		for k := start; k < end; k++ {
			trial.Add(r.energy[k], r.around[k], func(expect int32) int64 { return priceOf(tables, expect, q[2*k]) })
		}
	})
}

// priceOf is about what a residual costs of an expectation, in 2^−rans.CostFrac bits.
func priceOf(tables []rans.Freqs, expect, r int32) int64 {
	c := residual.Classes.Of(expect)
	u := rans.Zigzag(int(r))
	s, more := u>>c.Raw, int64(c.Raw)
	if s >= rans.Escape {
		more += int64(rans.ExpGolombBits(s - rans.Escape))
		s = rans.Escape
	}
	return int64(rans.Cost(tables[c.Context][s])) + more<<rans.CostFrac
}
