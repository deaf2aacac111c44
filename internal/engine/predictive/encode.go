package predictive

import (
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/hugepages"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// classes hold, for each level of a plane, the index of the class of each sample's
// residual.
type classes [interlace.Base + 1][]uint8

func (c *classes) reset(p *linear.Predictor) {
	for lev := range c {
		if n := len(p.Levels[lev].Q); len(c[lev]) < n {
			c[lev] = hugepages.Make[uint8](n)
		}
	}
}

// never is how long an encoder may go on.
func never() bool { return false }

// encodeOverview codes the overview of a plane.
func encodeOverview(s *residual.Segment, p *linear.Predictor) {
	base := residual.Context(p.Kind, residual.StageOverview)
	p.CodeOverview(func(i int, pred, expect int32) int32 {
		q := arith.Nearest(p.Overview.V[i]-pred, p.OverviewStep)
		s.Put(base, residual.Classes.Of(expect), q)
		return q
	}, never)
}

// encode codes the planes of a tile, of which the overviews are coded: first it finds
// all residuals, then it writes them, but for cells that are skipped.
func (s *Scratch) encode(t *residual.Segment, ps []linear.Predictor, weights []linear.WeightSet) {
	s.find(ps, weights, func(int, row) {})
	t.Tokens, t.Raw = s.room(tokensOf(ps)), s.raw
	t.Raw.Reset()
	for i := range ps {
		putGrid(t, &ps[i], &s.classes[i])
	}
	for lev := interlace.Base - 1; lev >= 0; lev-- {
		for i := range ps {
			putLevel(t, &ps[i], lev, s.classes[i][lev])
		}
	}
	s.tokens, s.raw = t.Tokens, t.Raw
	if !s.lend {
		t.Tokens, t.Raw = append(hugepages.Make[rans.Token](len(t.Tokens))[:0], t.Tokens...), t.Raw.Clone()
	}
}

// room is the memory of the tokens of a tile.
func (s *Scratch) room(tokens int) []rans.Token {
	if cap(s.tokens) < tokens {
		s.tokens = hugepages.Make[rans.Token](tokens)
	}
	return s.tokens[:0]
}

// tokensOf is the most tokens that planes take: one of a sample, and a flag of each node of a skip map.
func tokensOf(ps []linear.Predictor) (n int) {
	for i := range ps {
		n += ps[i].W*ps[i].H + 2*len(ps[i].Overview.V)
	}
	return n
}

// row is n samples of a pass of a level, every second from (x0,y) on.
type row struct {
	lev      int
	pass     interlace.Pass
	x0, y, n int
}

// find finds all residuals of planes; found is told of each row of a plane when it is done.
func (s *Scratch) find(ps []linear.Predictor, weights []linear.WeightSet, found func(plane int, r row)) {
	for i := range ps {
		s.classes[i].reset(&ps[i])
		findGrid(&ps[i], &s.classes[i])
	}
	for lev := interlace.Base - 1; lev >= 0; lev-- {
		for i := range ps {
			findLevel(&ps[i], lev, &weights[i], linear.Before(ps, i, lev), s.classes[i][lev], func(r row) { found(i, r) })
		}
	}
}

func findGrid(p *linear.Predictor, c *classes) {
	l, class := &p.Levels[interlace.Base], c[interlace.Base]
	p.CodeGrid(func(i int, pred, expect int32) int32 {
		class[i] = residual.Classes.Index(expect)
		return arith.Nearest(l.V[i]-pred, p.Step)
	}, never)
}

// findLevel finds the residuals of the three passes that complete a level; before are
// the same level of the planes before.
func findLevel(p *linear.Predictor, lev int, weights *linear.WeightSet, before [2]*interlace.Level, class []uint8, found func(r row)) {
	l := &p.Levels[lev]
	p.CodeLevel(lev, weights, before, func(ps interlace.Pass, x0, y, n int) {
		i := l.At(x0, y)
		findRow(p, l.V[i:][:2*n-1], l.Q[i:][:2*n-1], class[i:][:2*n-1], maskOf(l, i, n), n)
		found(row{lev, ps, x0, y, n})
	}, never)
}

// maskOf is the mask of n samples of a row, every second from index i on, nil for none.
func maskOf(l *interlace.Level, i, n int) []byte {
	if l.Mask == nil {
		return nil
	}
	return l.Mask[i:][:2*n-1]
}

// findRow finds the residuals of a row that is predicted, and makes its samples what a
// decoder will see; a sample that is not coded is its prediction.
func findRow(p *linear.Predictor, v, q []int32, class []uint8, mask []byte, n int) {
	if mask == nil && p.Step == 1 {
		r := exactRow{v: v, q: q, class: class, pred: p.Row.Pred[:n], expect: p.Row.Expect[:n], n: n, side: p.Side(), limits: &p.Limits}
		r.find()
		return
	}
	expects, side := p.Row.Expect[:n], p.Side()
	left := int32(0)
	for k, pred := range p.Row.Pred[:n] {
		if mask != nil && mask[2*k] != 0 {
			v[2*k] = pred
		}
		r := v[2*k] - pred
		if p.Step > 1 {
			r = arith.Nearest(r, p.Step)
			v[2*k] = pred + r*p.Step
		}
		class[2*k] = residual.Classes.Index(expects[k] + side*left)
		q[2*k] = r
		left = p.Limits.Magnitude(pred, r)
	}
}

// exactRow is a row of n samples, every second of v, that are all coded, without loss.
type exactRow struct {
	v, q         []int32
	class        []uint8
	pred, expect []int32
	n            int
	side, left   int32 // weight and magnitude of the residual before
	limits       *residual.Limits
}

// findPlain finds the residuals and classes from the k-th sample on.
func (r *exactRow) findPlain(k int) {
	for ; k < r.n; k++ {
		pred := r.pred[k]
		q := r.v[2*k] - pred
		r.class[2*k] = residual.Classes.Index(r.expect[k] + r.side*r.left)
		r.q[2*k] = q
		r.left = r.limits.Magnitude(pred, q)
	}
}

// putGrid writes the skip map of a plane and the residuals of its grid, which are not
// wrapped.
func putGrid(s *residual.Segment, p *linear.Predictor, c *classes) {
	p.FindSkips()
	p.Skip.Encode(func(context int, skip bool) { s.PutSkip(residual.SkipContext(p.Kind, context), skip) })
	l, class := &p.Levels[interlace.Base], c[interlace.Base]
	base := residual.Context(p.Kind, residual.StageGrid)
	for y := range l.H {
		i := l.At(0, y)
		p.GridRuns(y, func(start, end int) {
			s.PutRow(base, &residual.NoLimits, l.V[i+start:], l.Q[i+start:], class[i+start:], end-start, 1)
		})
	}
}

// putLevel writes the residuals of the cells of a level that are not skipped.
func putLevel(s *residual.Segment, p *linear.Predictor, lev int, class []uint8) {
	l := &p.Levels[lev]
	l.EachRow(func(ps interlace.Pass, x0, y, n int) {
		base := residual.Context(p.Kind, residual.StageOf(lev, ps))
		p.Runs(lev, x0, y, n, func(start, end int) {
			i := l.At(x0+2*start, y)
			s.PutRow(base, &p.Limits, l.V[i:], l.Q[i:], class[i:], end-start, 2)
		})
	})
}

// worst is the largest difference of what a decoder will see of plane i from the
// source.
func (f *Format) worst(i int, p *linear.Predictor, src *Plane) int32 {
	least, most := f.numbers(i)
	l := &p.Levels[0]
	worst := int32(0)
	for y := range src.H {
		for x, v := range src.Pix[y*src.W:][:src.W] {
			worst = max(worst, arith.AbsDiff(v, min(max(l.V[l.At(x, y)], least), most)))
		}
	}
	return worst
}
