package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/mixing"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Scratch is the memory of one goroutine.
type Scratch struct {
	planes  []linear.Predictor
	classes []classes    // of an encoder
	tokens  []rans.Token // of a tile
	raw     rans.BitWriter
	lend    bool // whether a tile has its tokens and raw bits here, until another one is coded
	decoded []Plane
	mixing  mixing.Coder
	work    *progress.Work // of the tile at hand
}

// predictors are prepared for the planes of a tile after a transform, but for their
// size.
func (s *Scratch) predictors(f *Format, rct chroma.RCT) []linear.Predictor {
	for len(s.planes) < f.Channels {
		s.planes = append(s.planes, linear.Predictor{})
		s.classes = append(s.classes, classes{})
	}
	ps := s.planes[:f.Channels]
	for i := range ps {
		p := &ps[i]
		p.Kind, p.Parent = f.kind(i), f.parent(i)
		p.Wide, p.Limits = f.wide(i), f.limits(i, rct)
		if p.Fine = f.fine(i); p.Fine {
			p.Scales = f.Lanes[i].Scales
		}
		p.Step, p.OverviewStep = 2*f.bound(i)+1, f.overviewStep(i)
	}
	return ps
}

// Tile is a coded tile before its entropy coding.
type Tile struct {
	mode        byte
	head, extra []byte   // of a raster, before the front and the body
	worst       []uint64 // of a raster, of each band
	bytes       int      // of a raster, about, once coded
	plain       bool     // samples are as they are, where other tiles have packed ones
	front, body residual.Segment
	grid, cells []byte // of symbols; cells of context mixing, too
	// Worst is the largest error of each plane.
	Worst []int32
}

// Predicted tells whether the tile needs a model.
func (t *Tile) Predicted() bool { return !symbolic(t.mode) }

// Count adds the tokens of a tile to h.
func (t *Tile) Count(h rans.Histogram) {
	h.Add(t.front.Tokens)
	h.Add(t.body.Tokens)
}

// Tables is the model and the table set that all tiles of a file share.
type Tables struct {
	Payload []byte // what a decoder needs to know of them
	enc     rans.EncTable
}

// ChooseTables fits the tables of a file to its tiles.
func (m *Model) ChooseTables(tiles []*Tile, f *Format) *Tables {
	h := NewHistogram()
	for _, t := range tiles {
		t.Count(h)
	}
	var w rans.BitWriter
	for i := range f.Channels {
		f.values(i).put(&w, f.Depth)
	}
	m.put(&w)
	tables, _ := universal.Choose(&w, h)
	return &Tables{w.AppendReversed(nil), rans.NewEncTable(tables)}
}

// parsePayload is the inverse of ChooseTables; it completes the format.
func parsePayload(payload []byte, f *Format) (*Model, []rans.Freqs, error) {
	r := rans.NewBitReader(payload)
	f.Values = nil
	for range f.Channels {
		v, err := parseValues(&r, f.Depth)
		if err != nil {
			return nil, nil, err
		}
		f.Values = append(f.Values, v)
	}
	f.refine()
	m, err := parseModel(&r, f)
	if err != nil {
		return nil, nil, err
	}
	tables, err := universal.Parse(&r)
	if err != nil {
		return nil, nil, err
	}
	return m, tables, r.Done()
}

// Segments entropy-codes a tile.
func (t *Tables) Segments(tile *Tile) (front, body []byte) {
	front = []byte{tile.mode}
	if tile.plain {
		front[0] |= modePlain
	}
	front = append(front, tile.head...)
	if !tile.Predicted() {
		return append(front, tile.grid...), tile.cells
	}
	front = t.enc.AppendSegment(front, tile.front.Tokens, &tile.front.Raw)
	if tile.mode >= modeMixing {
		return front, append(slices.Clip(tile.extra), tile.cells...)
	}
	return front, t.enc.AppendSegment(slices.Clip(tile.extra), tile.body.Tokens, &tile.body.Raw)
}

// size is the size of a tile in bytes: as tables of its own make it, or with little
// effort by the universal ones, which are some percent off.
func (m *Model) size(t *Tile, effort engine.Effort) int {
	if effort < EffortSymbols {
		return estimate(&t.front) + estimate(&t.body)
	}
	front, body := m.ChooseTables([]*Tile{t}, &Format{}).Segments(t)
	return len(front) + len(body)
}

// estimate is the size of a segment by the universal tables, in bytes.
func estimate(s *residual.Segment) int {
	bits := int64(0)
	for _, k := range s.Tokens {
		bits += rans.Cost(universal.Universal[k>>4][k&15])
	}
	return int(bits>>(3+rans.CostFrac)) + s.Raw.Len()
}

// samplesPerByte is more than the samples that a byte of a segment of prediction can
// stand for: of the 16 symbols of a context none has a frequency above 2033 of 2048,
// so that each takes 1/95 bit, and there is one at least, a mean or a sample of the
// grid, for 64 samples (FORMAT.md, "Length of codes").
const samplesPerByte = 1 << 16

// Least is the number of bytes that front and body take at least of a tile of w×h
// pixels that begins with the given front segment; 1 and 0 where its mode means
// nothing. What symbols take depends on their samples: they hold a tile to it while
// they decode it.
func Least(front []byte, channels, w, h int) (frontBytes, bodyBytes int64) {
	if len(front) == 0 {
		return 1, 0
	}
	mode := front[0] &^ modePlain
	if symbolic(mode) || mode >= modeMixing+chroma.RCTs {
		return 1, 0
	}
	samples := int64(channels) * int64(max(w, interlace.MinSide)) * int64(max(h, interlace.MinSide))
	least := (samples + samplesPerByte - 1) / samplesPerByte
	if mode >= modeMixing {
		return 1 + least, mixing.Least(samples)
	}
	return 1 + least, least
}
