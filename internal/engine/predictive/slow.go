package predictive

import (
	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// slow codes the grid and the levels of a tile's planes by context mixing. Both
// directions are the same walk.
type slow struct {
	cm.Mixer
	contexts  [cm.Inputs]uint32 // first slot of each context of the residual
	lineShift int               // from a hash to a line of slots
	low       uint32            // first slot of the bits below the first
	set       int               // of the kind and pass
	second    int               // of the class
	filters   [][Base][passes]filter
}

// encodeSlow codes the planes of a tile as encode does, by context mixing. There
// is no zero tree: residuals that go on being zero cost next to nothing.
func (m *Model) encodeSlow(t *Tile, w *Worker, f *Format, planes, means []Plane) {
	enc := m.encodeMeans(t, w, f, planes, means)
	ps := make([]*pyramid, len(enc))
	for i := range enc {
		ps[i] = &enc[i].pyramid
	}
	s := &w.slow
	s.reset(cm.NewEncoder(), ps)
	s.walk(m, ps)
	t.cells = s.Finish(int(leastSlow(samplesOf(ps))))
}

// The free samples of a code, and what each byte pays for.
const (
	freeSlow    = 1 << 14
	slowPerByte = 1 << 8
)

// leastSlow is the number of bytes that the code of so many samples takes at least.
func leastSlow(samples int64) int64 { return cm.Least(samples, freeSlow, slowPerByte) }

// samplesOf counts the samples of planes.
func samplesOf(ps []*pyramid) int64 { return int64(len(ps)) * int64(ps[0].w) * int64(ps[0].h) }

// slowPlanes decodes what encodeSlow has coded, as planes does.
func (d *Decoder) slowPlanes(s *slow, dec []planeDecoder, body []byte) error {
	ps := make([]*pyramid, len(dec))
	for i := range dec {
		ps[i] = &dec[i].pyramid
	}
	least := leastSlow(samplesOf(ps))
	if int64(len(body)) < least {
		return rans.ErrCorrupt
	}
	s.reset(cm.NewDecoder(body), ps)
	s.walk(d.model, ps)
	if !s.Ended(int(least)) {
		return rans.ErrCorrupt
	}
	return nil
}

// reset prepares lines of values in proportion to the samples, 2^18 at most.
func (s *slow) reset(c cm.Coder, ps []*pyramid) {
	lg := 8
	for lg < 18 && 2<<lg < ps[0].w*ps[0].h {
		lg++
	}
	s.lineShift = 32 - lg
	s.Reset(c, cm.Shape{
		Slots: hashSlots + lineBins<<lg, Sets: slowSets, Learning: slowLearning, Horizon: slowHorizon,
	})
	s.filters = make([][Base][passes]filter, len(ps))
}

// walk codes coarse levels first, and of a level the planes in turn.
func (s *slow) walk(m *Model, ps []*pyramid) {
	for i, p := range ps {
		s.grid(p, kind(i, len(ps)))
	}
	for lev := Base - 1; lev >= 0; lev-- {
		for i, p := range ps {
			k := kind(i, len(ps))
			s.level(p, k, lev, &m.planes[i], others(k, i, func(k int) *level { return &ps[k].levels[lev] }), &s.filters[i][lev])
		}
	}
}

func (s *slow) grid(p *pyramid, kind int) {
	l := &p.levels[Base]
	for y := 0; y < l.h && !s.Spent(0); y++ {
		for x := range l.w {
			i := l.at(x, y)
			pred, expect := p.predictGrid(x, y)
			f := features{kind: kind, pass: passes, expect: expect}
			s.sample(l, i, pred, p.step, &f)
		}
	}
	p.descend(Base)
}

func (s *slow) level(p *pyramid, kind, lev int, w *predictor, others [2]*level, filters *[passes]filter) {
	l := &p.levels[lev]
	for ps := range passes {
		p.begin(lev, &w[lev][ps], &expectations[kind][ps])
		x0, y0 := ps.origin()
		f := features{kind: kind, pass: ps}
		around := newWindow(l, others, ps, &filters[ps])
		for y := y0; y < l.h && !s.Spent(0); y += 2 {
			n := p.predictRow(lev, ps, y, others)
			around.at = l.at(x0, y)
			s.row(p, l, n, around, &f)
		}
	}
	if lev > 0 {
		p.descend(lev)
	}
}

// prefetchAhead is in samples of a row.
const prefetchAhead = 2

// row codes n samples of a pass, the first of them in the middle of w.
func (s *slow) row(p *pyramid, l *level, n int, w *window, f *features) {
	side := p.rows.ex.side
	left := int32(0)
	for k := range n {
		i := w.at
		if vector && k+prefetchAhead < n {
			s.prefetch(w, f.kind, prefetchAhead, p.rows.pred[k+prefetchAhead])
		}
		w.look()
		f.look(w)
		f.correction = w.correction()
		sum := p.sumOf(k) + int64(f.correction)
		f.expect = p.rows.expect[k] + side*left
		f.direction = directionOf(p.rows.texture[k])
		f.fraction = uint32(sum+weightOne/2) & (weightOne - 1) >> (weightBits - 3)
		pred := int32((sum + weightOne/2) >> weightBits)
		f.mean -= pred
		s.sample(l, i, pred, p.step, f)
		w.filter.learn(int64(l.v[i])<<weightBits - sum)
		l.q[i] = quantise(l.v[i]-p.rows.pred[k], p.step)
		left = magnitude(l.q[i])
		w.at += 2
	}
}

// sample codes the sample at i, or decodes it, as a residual of pred, in steps.
func (s *slow) sample(l *level, i int, pred, step int32, f *features) {
	q := int32(0)
	if !s.Decoding {
		q = quantise(l.v[i]-pred, step)
	}
	f.pred = pred
	s.locate(f)
	q = s.residual(q)
	l.v[i], l.q[i] = pred+q*step, q
}
