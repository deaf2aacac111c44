package transform

import (
	_ "embed"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/hugepages"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// universalBytes is the table set that a file starts from, trained by
// internal/engine/transform/train.
//
//go:embed universal.bin
var universalBytes []byte

var universal = rans.NewTableSet(universalBytes, nContexts, alphabet)

// predictedBytes is the table set that a file of predicted leaves starts from.
//
//go:embed predicted.bin
var predictedBytes []byte

var predictedSet = rans.NewTableSet(predictedBytes, nPredicted, alphabet)

// setOf is the table set that a file starts from.
func setOf(predicts bool) *rans.TableSet {
	if predicts {
		return &predictedSet
	}
	return &universal
}

// classBytes are the tables of step classes, which no file replaces, trained by the same.
//
//go:embed classes.bin
var classBytes []byte

var classTables = rans.NewTableSet(classBytes, classContexts, func(ctx int) int { return alphabet(ctxClass + ctx) })

// segment is a segment before its entropy coding. Where leaves are not predicted, their levels are named: the tokens of
// levels come after the one of their last group.
type segment struct {
	tokens []rans.Token
	names  []uint8 // with room for maxN more
	raw    rans.BitWriter
}

func (s *segment) put(ctx, symbol int) { s.tokens = append(s.tokens, rans.MakeToken(ctx, symbol)) }

// emptied is an empty segment in the memory of another.
func (s *segment) emptied() segment {
	e := segment{tokens: s.tokens[:0], names: s.names[:0], raw: s.raw}
	e.raw.Reset()
	return e
}

// clone is a segment in memory of its own, without slack.
func (s *segment) clone() segment {
	c := segment{tokens: append(hugepages.Make[rans.Token](len(s.tokens))[:0], s.tokens...), raw: s.raw.Clone()}
	if len(s.names) > 0 {
		c.names = append(hugepages.Make[uint8](len(s.names) + maxN)[:0], s.names...)
	}
	return c
}

// bytes is the memory of a segment.
func (s *segment) bytes() int64 { return int64(2*len(s.tokens) + len(s.names) + s.raw.Len()) }

// all are the tokens of a segment with the ones of what is named, in given memory that may grow.
func (s *segment) all(in []rans.Token) []rans.Token {
	if len(s.names) == 0 {
		return append(in[:0], s.tokens...)
	}
	size := len(s.tokens) + len(s.names)
	out, names, n := hugepages.Sized(in, size+maxN), slices.Grow(s.names, maxN)[:len(s.names)+maxN], 0
	for _, t := range s.tokens {
		out[n] = t
		n++
		ctx, last := t.Split()
		if last == 0 || ctx < ctxLast || ctx >= ctxLast+kinds*sizes*lastClasses {
			continue
		}
		leaf := (ctx - ctxLast) / lastClasses
		k := putNamed(out[n:], names, leaf/sizes, leaf%sizes+cellLog2, last)
		n, names = n+k, names[k:]
	}
	return out[:n]
}

// Histogram counts the tokens of tiles.
type Histogram struct {
	set    *rans.TableSet
	counts rans.Histogram
	tokens []rans.Token // memory for the ones of a tile
}

// NewHistogram is all zero, of tiles without prediction.
func NewHistogram() *Histogram { return newHistogram(false) }

// NewPredictedHistogram is all zero, of tiles of a Predicting encoder.
func NewPredictedHistogram() *Histogram { return newHistogram(true) }

func newHistogram(predicts bool) *Histogram {
	return &Histogram{set: setOf(predicts), counts: hugepages.Make[uint64](allContexts * rans.Symbols)}
}

// Add counts the tokens of a tile.
func (h *Histogram) Add(t *Tile) {
	h.counts.Add(t.overview.tokens)
	h.tokens = t.detail.all(h.tokens)
	h.counts.Add(h.tokens)
}

// counter counts the tokens of tiles, on several goroutines.
type counter struct {
	predicts bool
	parts    parallel.Pool[Histogram]
}

// add is Add of one of the histograms.
func (c *counter) add(t *Tile) {
	h := c.parts.Get()
	defer c.parts.Put(h)
	if h.set == nil {
		*h = *newHistogram(c.predicts)
	}
	h.Add(t)
}

// sum is the histogram of all tiles.
func (c *counter) sum() *Histogram {
	h := newHistogram(c.predicts)
	for _, part := range c.parts.All() {
		for i, n := range part.counts {
			h.counts[i] += n
		}
	}
	return h
}

// Universal turns counts into the content of universal.bin.
func (h *Histogram) Universal() []byte { return h.set.Append(nil, h.counts) }

// Classes turns counts into the content of classes.bin.
func (h *Histogram) Classes() []byte {
	return classTables.Append(nil, h.counts[ctxClass*rans.Symbols:])
}

// Tables is the table set that all tiles of a file share.
type Tables struct {
	Payload []byte // what a decoder needs to know of it; empty for the universal set
	enc     rans.EncTable
	tokens  parallel.Pool[[]rans.Token] // memory for the ones of tiles
}

// Tables fits the tables of a file to what was counted.
func (h *Histogram) Tables() *Tables {
	var w rans.BitWriter
	tables, replaced := h.set.Choose(&w, h.counts)
	t := &Tables{enc: rans.NewEncTable(withClasses(tables))}
	if replaced > 0 {
		t.Payload = w.AppendReversed(nil)
	}
	return t
}

// ParseTables gives the tables that have a payload. The error is rans.ErrCorrupt where
// that is damaged.
func ParseTables(payload []byte) (*Tables, error) { return newTables(payload, false) }

func newTables(payload []byte, predicts bool) (*Tables, error) {
	tables, err := parseTables(payload, predicts)
	if err != nil {
		return nil, err
	}
	return &Tables{Payload: payload, enc: rans.NewEncTable(tables)}, nil
}

// parseTables is the decoder's side of Histogram.Tables.
func parseTables(payload []byte, predicts bool) ([]rans.Freqs, error) {
	set := setOf(predicts)
	if len(payload) == 0 {
		return withClasses(set.Universal), nil
	}
	r := rans.NewBitReader(payload)
	tables, err := set.Parse(&r)
	if err != nil {
		return nil, err
	}
	return withClasses(tables), r.Done()
}

// withClasses are the tables of all contexts, also of those that a file without prediction has no
// symbols in.
func withClasses(tables []rans.Freqs) []rans.Freqs {
	return slices.Concat(tables, predictedSet.Universal[len(tables):], classTables.Universal)
}

// Segments entropy-codes a tile.
func (t *Tables) Segments(tile *Tile) engine.Segments {
	return engine.Segments{Overview: t.append(&tile.overview), Detail: t.append(&tile.detail)}
}

func (t *Tables) append(s *segment) []byte {
	tokens := t.tokens.Get()
	defer t.tokens.Put(tokens)
	*tokens = s.all(*tokens)
	return t.enc.AppendSegment(nil, *tokens, &s.raw)
}
