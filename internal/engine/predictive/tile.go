package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Worker is the memory of one goroutine.
type Worker struct {
	enc     []planeEncoder
	dec     []planeDecoder
	tokens  []rans.Token // of a tile
	decoded []Plane
	slow    slow
}

// Fit sums what tiles tell of their planes' predictors.
type Fit struct {
	planes []fitter
	step   int
}

// NewFit is empty, for n planes of which every step-th row will be entered.
func NewFit(n, step int) *Fit {
	return &Fit{make([]fitter, n), step}
}

// roughStep is the step of the rows that a tile's own rough weights are fitted to.
const roughStep = 64

// add enters the planes of a tile, after a transform. The residuals that are
// terms come from rough weights, for the file's are not known yet, and are 0 where
// nothing needs them.
func (f *Fit) add(w *Worker, format *Format, planes, means []Plane, rct chroma.RCT) {
	ps := w.encoders(len(planes))
	for i := range ps {
		ps[i].kind, ps[i].step, ps[i].wide = kind(i, len(ps)), 1, format.wide()
		ps[i].limits = format.planeLimits(i, rct)
		ps[i].load(&planes[i], &means[i])
		for l := range ps[i].levels {
			clear(ps[i].levels[l].q)
		}
	}
	format.rankMeans(rct, func(i int) []int32 { return ps[i].means.v })
	rough := NewFit(len(ps), roughStep)
	rough.sample(ps, DefaultModel(len(ps)))
	f.sample(ps, rough.Model())
}

// Merge adds the sums of g.
func (f *Fit) Merge(g *Fit) {
	for i := range f.planes {
		f.planes[i].merge(&g.planes[i])
	}
}

// Model solves for the weights.
func (f *Fit) Model() *Model {
	m := &Model{make([]predictor, len(f.planes))}
	for i := range m.planes {
		m.planes[i] = f.planes[i].fit(&defaultPredictors[kind(i, len(m.planes))], f.step)
	}
	return m
}

func (w *Worker) encoders(n int) []planeEncoder {
	for len(w.enc) < n {
		w.enc = append(w.enc, planeEncoder{})
	}
	return w.enc[:n]
}

// encode codes the planes of a tile by prediction.
func (m *Model) encode(t *Tile, w *Worker, f *Format, planes, means []Plane) {
	ps := m.encodeMeans(t, w, f, planes, means)
	for i := range ps {
		ps[i].encodeGrid()
	}
	for lev := Base - 1; lev >= 0; lev-- {
		for i := range ps {
			ps[i].encodeLevel(lev, &m.planes[i], others(ps[i].kind, i, func(k int) *level { return &ps[k].levels[lev] }))
		}
	}
	t.body.tokens = w.tokens[:0]
	for i := range ps {
		ps[i].findZeros()
		ps[i].emitZeros(&t.body)
		ps[i].emitGrid(&t.body)
	}
	for lev := Base - 1; lev >= 0; lev-- {
		for i := range ps {
			ps[i].emitLevel(&t.body, lev)
		}
	}
	// The tokens of all tiles are kept: without the slack of growing.
	w.tokens, t.body.tokens = t.body.tokens, slices.Clone(t.body.tokens)
}

// encodeMeans loads the planes and codes their means.
func (m *Model) encodeMeans(t *Tile, w *Worker, f *Format, planes, means []Plane) []planeEncoder {
	ps := w.encoders(len(planes))
	for i := range ps {
		p := &ps[i]
		p.kind, p.step, p.meanStep, p.wide = kind(i, len(ps)), 2*f.Bound+1, f.meanStep(i), f.wide()
		p.limits = f.planeLimits(i, transformOf(t.mode))
		p.load(&planes[i], &means[i])
		p.encodeMeans(&t.front)
	}
	f.rankMeans(transformOf(t.mode), func(i int) []int32 { return ps[i].means.v })
	return ps
}

// others gives, for plane i, the levels of the planes before that are context
// and terms for it.
func others(kind, i int, at func(i int) *level) (o [2]*level) {
	for k := range kind {
		o[k] = at(i - 1 - k)
	}
	return o
}

// Decoder decodes the tiles of a file. It is read-only and may be shared.
type Decoder struct {
	format Format
	model  *Model
	tables []rans.DecTable
	step   int32
}

// NewDecoder takes the format of the header and the payload of the tables, of
// which first reads the beginning and completes the format. The error is from
// first or is rans.ErrCorrupt.
func NewDecoder(payload []byte, format Format, first func(*rans.BitReader, *Format) error) (*Decoder, error) {
	r := rans.NewBitReader(payload)
	if err := first(&r, &format); err != nil {
		return nil, err
	}
	m, err := parseModel(&r, format.Channels)
	if err != nil {
		return nil, err
	}
	tables, err := universal.Parse(&r)
	if err != nil {
		return nil, err
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	return &Decoder{format, m, rans.NewDecTables(tables), 2*format.Bound + 1}, nil
}

// means decodes the means of a tile of w×h samples.
func (d *Decoder) means(wk *Worker, segment []byte, w, h int) ([]planeDecoder, error) {
	ps := wk.decoders(len(d.model.planes))
	s := source{tables: d.tables}
	if err := s.Init(segment); err != nil {
		return nil, err
	}
	for i := range ps {
		ps[i].kind, ps[i].step = kind(i, len(ps)), d.step
		ps[i].meanStep, ps[i].wide = d.format.meanStep(i), d.format.wide()
		ps[i].reset(w, h)
		ps[i].decodeMeans(&s)
	}
	return ps, s.Finish()
}

func (w *Worker) decoders(n int) []planeDecoder {
	for len(w.dec) < n {
		w.dec = append(w.dec, planeDecoder{})
	}
	return w.dec[:n]
}

// planes decodes planes that were coded by prediction, of which the means are
// known.
func (d *Decoder) planes(ps []planeDecoder, body []byte) error {
	s := source{tables: d.tables}
	if err := s.Init(body); err != nil {
		return err
	}
	for i := range ps {
		ps[i].decodeZeros(&s)
		ps[i].decodeGrid(&s)
	}
	for lev := Base - 1; lev >= 0; lev-- {
		for i := range ps {
			ps[i].decodeLevel(&s, lev, &d.model.planes[i], others(ps[i].kind, i, func(k int) *level { return &ps[k].levels[lev] }))
		}
	}
	return s.Finish()
}
