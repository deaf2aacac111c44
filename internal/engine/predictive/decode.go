package predictive

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Decoder decodes the tiles of a file. It is read-only and may be shared.
type Decoder struct {
	format Format
	model  *Model
	tables []rans.DecTable
	plain  *Decoder // of tiles whose samples are as they are, nil where all are
}

// NewDecoder takes the format of the header and the payload of the tables. The error is
// rans.ErrCorrupt.
func NewDecoder(payload []byte, format Format) (*Decoder, error) {
	m, tables, err := parsePayload(payload, &format)
	if err != nil {
		return nil, err
	}
	d := &Decoder{format: format, model: m, tables: rans.NewDecTables(tables)}
	if format.packed() {
		d.plain = &Decoder{format: format.plain(), model: m, tables: d.tables}
	}
	return d, nil
}

// open gives the decoder of a tile that has a given front segment, its mode and what
// follows it.
func (d *Decoder) open(front []byte) (of *Decoder, mode byte, rest []byte, err error) {
	if len(front) == 0 {
		return nil, 0, nil, rans.ErrCorrupt
	}
	mode = front[0]
	if mode&modePlain != 0 {
		if d = d.plain; d == nil {
			return nil, 0, nil, rans.ErrCorrupt
		}
	}
	return d, mode &^ modePlain, front[1:], nil
}

// Decode decodes both segments of a tile of w×h pixels into values. The planes
// may belong to scratch and are good until it decodes another tile.
func (d *Decoder) Decode(scratch *Scratch, front, body []byte, w, h int) ([]Plane, error) {
	if err := d.Rows(scratch, front, body, w, h, scratch.collect(d.format.Channels, w, h)); err != nil {
		return nil, err
	}
	return scratch.decoded, nil
}

// takeRow takes row y of all channels, planes of one row that are good until it returns.
type takeRow func(y int, channels []Plane)

// collect gives what takes the rows of n planes of w×h samples into s.decoded.
func (s *Scratch) collect(n, w, h int) takeRow {
	s.decoded = Planes(s.decoded, n, w, h)
	return func(y int, channels []Plane) {
		for i := range channels {
			copy(s.decoded[i].Pix[y*w:][:w], channels[i].Pix)
		}
	}
}

// Rows is Decode row by row, from the top; there are none of a tile that is damaged.
func (d *Decoder) Rows(scratch *Scratch, front, body []byte, w, h int, take takeRow) error {
	d, mode, front, err := d.open(front)
	if err != nil {
		return err
	}
	unpacked := func(y int, channels []Plane) {
		d.format.unpack(channels)
		take(y, channels)
	}
	switch {
	case symbolic(mode) && d.format.packable():
		planes, err := d.symbols(mode, front, body, w, h)
		if err == nil {
			eachRow(planes, unpacked)
		}
		return err
	case d.format.predicted(mode):
		return d.predicted(scratch, mode, front, body, w, h, unpacked)
	}
	return rans.ErrCorrupt
}

// eachRow hands on the rows of planes.
func eachRow(planes []Plane, take takeRow) {
	rows := make([]Plane, len(planes))
	for y := range planes[0].H {
		for i, p := range planes {
			rows[i] = Plane{W: p.W, H: 1, Pix: p.Pix[y*p.W:][:p.W]}
		}
		take(y, rows)
	}
}

// symbols decodes a tile of symbols; front is what follows the mode.
func (d *Decoder) symbols(mode byte, front, body []byte, w, h int) ([]Plane, error) {
	f := &d.format
	if mode == modeWhole && len(front) > 0 {
		return nil, rans.ErrCorrupt
	}
	var grid []uint32
	if mode == modeLabels {
		var err error
		if grid, err = symbols.DecodeFront(front, w, h, f.Channels, f.Depth); err != nil {
			return nil, err
		}
	}
	packed, err := symbols.DecodeBody(body, grid, w, h, f.Channels, f.Depth)
	if err != nil {
		return nil, err
	}
	return unpack(f, packed, w, h), nil
}

// predicted decodes a tile in one of the modes of prediction; front is what follows
// the mode.
func (d *Decoder) predicted(scratch *Scratch, mode byte, front, body []byte, w, h int, take takeRow) error {
	ps, err := d.overview(&d.format, scratch, transformOf(mode), front, w, h, everySample)
	if err != nil {
		return err
	}
	return d.numbers(&d.format, scratch, mode, ps, body, w, h, take)
}

// everySample says of no plane that samples are not coded.
func everySample(int, *linear.Predictor) {}

// numbers decodes the planes of a tile of which the overviews are known.
func (d *Decoder) numbers(f *Format, scratch *Scratch, mode byte, ps []linear.Predictor, body []byte, w, h int, take takeRow) (err error) {
	rct := transformOf(mode)
	f.packOverview(rct, ps)
	if mode >= modeMixing {
		err = scratch.mixing.Decode(body, ps, d.model.planes)
	} else {
		err = d.planes(ps, body)
	}
	if err != nil {
		return err
	}
	rows := make([]Plane, len(ps))
	for y := range h {
		for i := range ps {
			rows[i] = Plane{W: w, H: 1, Pix: ps[i].Levels[0].Row(y)[interlace.Margin:][:w]}
		}
		f.invert(rct, rows)
		take(y, rows)
	}
	return nil
}

// overview decodes the overviews of the planes of a tile of w×h samples; mask says of each
// which samples are not coded.
func (d *Decoder) overview(f *Format, scratch *Scratch, rct chroma.RCT, segment []byte, w, h int, mask func(i int, p *linear.Predictor)) ([]linear.Predictor, error) {
	s := residual.Source{Tables: d.tables}
	if err := s.Init(segment); err != nil {
		return nil, err
	}
	ps := scratch.predictors(f, rct)
	for i := range ps {
		p := &ps[i]
		p.Reset(w, h)
		mask(i, p)
		base := residual.Context(p.Kind, residual.StageOverview)
		p.CodeOverview(func(_ int, _, expect int32) int32 { return s.Get(base, expect) }, s.Overrun)
	}
	return ps, s.Finish()
}

// planes decodes planes that were coded by prediction, of which the overviews are
// known.
func (d *Decoder) planes(ps []linear.Predictor, body []byte) error {
	s := residual.Source{Tables: d.tables}
	if err := s.Init(body); err != nil {
		return err
	}
	for i := range ps {
		p := &ps[i]
		p.Skip.Decode(func(context int) bool { return s.GetSkip(residual.SkipContext(p.Kind, context)) })
		base := residual.Context(p.Kind, residual.StageGrid)
		p.CodeGrid(func(_ int, _, expect int32) int32 { return s.Get(base, expect) }, s.Overrun)
	}
	for lev := interlace.Base - 1; lev >= 0; lev-- {
		for i := range ps {
			decodeLevel(&s, &ps[i], lev, &d.model.planes[i], linear.Before(ps, i, lev))
		}
	}
	return s.Finish()
}

func decodeLevel(s *residual.Source, p *linear.Predictor, lev int, weights *linear.WeightSet, before [2]*interlace.Level) {
	l := &p.Levels[lev]
	p.CodeLevel(lev, weights, before, func(ps interlace.Pass, x0, y, n int) {
		decodeRow(s, p, lev, ps, x0, y, n)
		i := l.At(x0, y)
		row := codedRow{v: l.V[i:][:2*n-1], q: l.Q[i:][:2*n-1], code: p.Row.Q[:n], pred: p.Row.Pred[:n], n: n, step: p.Step, limits: &p.Limits}
		row.place()
	}, s.Overrun)
}

// codedRow is a row of n samples, every second of v, and what codes them.
type codedRow struct {
	v, q       []int32
	code, pred []int32
	n          int
	step       int32
	limits     *residual.Limits
}

// placePlain sets samples and residuals from the k-th on.
func (r *codedRow) placePlain(k int) {
	for ; k < r.n; k++ {
		q := r.code[k]
		if r.limits.Known {
			q = r.limits.Unwrap(r.pred[k], q)
		}
		r.v[2*k], r.q[2*k] = r.pred[k]+q*r.step, q
	}
}

// decodeRow decodes the residuals of a row, in runs between skipped cells.
func decodeRow(s *residual.Source, p *linear.Predictor, lev int, ps interlace.Pass, x0, y, n int) {
	q, expects := p.Row.Q[:n], p.Row.Expect[:n]
	tables := s.Tables[residual.Context(p.Kind, residual.StageOf(lev, ps)):]
	if p.Sparse(lev) {
		clear(q)
	}
	p.Runs(lev, x0, y, n, func(start, end int) {
		s.Residuals(q[start:end], expects[start:end], p.Side(), residual.Classes, tables)
	})
}

// NeedsBody tells whether the overview of a tile is made of its body too.
func NeedsBody(front []byte) bool { return len(front) > 0 && front[0]&^modePlain == modeWhole }

// Overview decodes the overview of a tile of w×h pixels: channels of ceil(w/8) ×
// ceil(h/8) values, means or every eighth sample. Means may be off by half a step, of
// colours that were transformed by the steps of two or three planes. body may be nil
// unless NeedsBody.
func (d *Decoder) Overview(scratch *Scratch, front, body []byte, w, h int) ([]Plane, error) {
	d, mode, front, err := d.open(front)
	if err != nil {
		return nil, err
	}
	switch {
	case mode == modeWhole && d.format.packable():
		return d.overviewOfWhole(front, body, w, h)
	case symbolic(mode) && d.format.packable():
		return d.overviewOfSymbols(mode, front, w, h)
	case d.format.predicted(mode):
		return d.overviewOfPlanes(scratch, mode, front, w, h)
	}
	return nil, rans.ErrCorrupt
}

// overviewOfWhole makes an overview of all samples.
func (d *Decoder) overviewOfWhole(front, body []byte, w, h int) ([]Plane, error) {
	planes, err := d.symbols(modeWhole, front, body, w, h)
	if err != nil {
		return nil, err
	}
	d.format.unpack(planes)
	f := d.format
	f.Values = nil // planes are values already
	return f.overview(planes), nil
}

func (d *Decoder) overviewOfSymbols(mode byte, front []byte, w, h int) ([]Plane, error) {
	cw, ch := interlace.Cells(w, interlace.Base), interlace.Cells(h, interlace.Base)
	grid, err := symbols.DecodeBody(front, nil, cw, ch, d.format.Channels, d.format.Depth)
	if err != nil {
		return nil, err
	}
	out := unpack(&d.format, grid, cw, ch)
	if mode == modeLabels {
		d.format.unpack(out)
	}
	return out, nil
}

func (d *Decoder) overviewOfPlanes(scratch *Scratch, mode byte, front []byte, w, h int) ([]Plane, error) {
	ps, err := d.overview(&d.format, scratch, transformOf(mode), front, w, h, everySample)
	if err != nil {
		return nil, err
	}
	out := make([]Plane, len(ps))
	for i := range ps {
		out[i] = NewPlane(interlace.Cells(w, interlace.Base), interlace.Cells(h, interlace.Base))
		ps[i].Overview.Store(&out[i])
	}
	d.format.invert(transformOf(mode), out)
	return out, nil
}
