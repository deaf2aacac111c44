package transform

import (
	_ "embed"
	"slices"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// universalBytes is the table set that a file starts from, trained by
// internal/engine/transform/train.
//
//go:embed universal.bin
var universalBytes []byte

var universal = rans.NewTableSet(universalBytes, nContexts, alphabet)

// Histogram counts the tokens of tiles.
type Histogram struct{ counts rans.Histogram }

// NewHistogram is all zero.
func NewHistogram() *Histogram {
	return &Histogram{make(rans.Histogram, nContexts*rans.Symbols)}
}

// Add counts the tokens of a tile.
func (h *Histogram) Add(t *Tile) {
	h.counts.Add(t.front)
	h.counts.Add(t.body)
}

// Universal turns counts into the content of universal.bin.
func (h *Histogram) Universal() []byte { return universal.Append(nil, h.counts) }

// Tables is the table set that all tiles of a file share.
type Tables struct {
	Payload []byte // what a decoder needs to know of it; empty for the universal set
	enc     rans.EncTable
}

// ChooseTables fits the tables of a file to all of its tiles.
func ChooseTables(tiles []*Tile) *Tables {
	h := NewHistogram()
	for _, t := range tiles {
		h.Add(t)
	}
	return h.Tables()
}

// Tables fits the tables of a file to what was counted.
func (h *Histogram) Tables() *Tables {
	tables, payload := h.choose()
	return &Tables{payload, rans.NewEncTable(tables)}
}

// ParseTables gives the tables that have a payload. The error is rans.ErrCorrupt where
// that is damaged.
func ParseTables(payload []byte) (*Tables, error) {
	tables, err := parseTables(payload)
	if err != nil {
		return nil, err
	}
	return &Tables{payload, rans.NewEncTable(tables)}, nil
}

func (h *Histogram) choose() ([]rans.Freqs, []byte) {
	var w rans.BitWriter
	tables, replaced := universal.Choose(&w, h.counts)
	if replaced == 0 {
		return tables, nil
	}
	return tables, w.AppendReversed(nil)
}

// parseTables is the decoder's side of ChooseTables.
func parseTables(payload []byte) ([]rans.Freqs, error) {
	if len(payload) == 0 {
		return slices.Clone(universal.Universal), nil
	}
	r := rans.NewBitReader(payload)
	tables, err := universal.Parse(&r)
	if err != nil {
		return nil, err
	}
	return tables, r.Done()
}

// Segments entropy-codes a tile into its part of the front image and its body.
func (t *Tables) Segments(tile *Tile) (front, body []byte) {
	return t.enc.AppendSegment(nil, tile.front, &tile.frontRaw), t.enc.AppendSegment(nil, tile.body, &tile.bodyRaw)
}
