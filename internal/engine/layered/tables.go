package layered

import (
	_ "embed"
	"encoding/binary"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// universalBytes are the universal tables of corrections, trained by the
// command in train/: nContexts × 16 frequencies of 16 bits, little-endian.
//
//go:embed universal.bin
var universalBytes []byte

var universal = rans.NewTableSet(universalBytes, nContexts, func(int) int { return rans.Symbols })

// NewHistogram counts the tokens of corrections; see Tile.Count.
func NewHistogram() rans.Histogram { return make(rans.Histogram, nContexts*rans.Symbols) }

// Count adds the tokens of a tile's corrections to h.
func (t *Tile) Count(h rans.Histogram) { h.Add(t.tokens) }

// Universal turns counts into the content of universal.bin.
func Universal(h rans.Histogram) []byte { return universal.Append(nil, h) }

// Tables are the table sets that all tiles of a file share.
type Tables struct {
	Payload []byte // what a decoder needs to know of them
	base    *transform.Tables
	enc     rans.EncTable
}

// counts are what the tokens of tiles have been counted for.
type counts struct {
	base        *transform.Histogram
	corrections rans.Histogram
}

func newCounts() *counts { return &counts{transform.NewHistogram(), NewHistogram()} }

func (c *counts) add(t *Tile) {
	c.base.Add(t.base)
	t.Count(c.corrections)
}

// tables fits the tables of a file to what was counted.
func (c *counts) tables() *Tables {
	base := c.base.Tables()
	var w rans.BitWriter
	tables, _ := universal.Choose(&w, c.corrections)
	payload := binary.AppendUvarint(nil, uint64(len(base.Payload)))
	payload = w.AppendReversed(append(payload, base.Payload...))
	return &Tables{payload, base, rans.NewEncTable(tables)}
}

// ChooseTables fits the tables of a file to its tiles.
func ChooseTables(tiles []*Tile) *Tables {
	c := newCounts()
	for _, t := range tiles {
		c.add(t)
	}
	return c.tables()
}

// parseTables gives the tables that have a payload. The error is rans.ErrCorrupt where
// that is damaged.
func parseTables(payload []byte) (*Tables, error) {
	first, tables, err := parsePayload(payload)
	if err != nil {
		return nil, err
	}
	base, err := transform.ParseTables(first)
	return &Tables{payload, base, rans.NewEncTable(tables)}, err
}

// parsePayload divides a payload into the base's and the tables of corrections.
func parsePayload(payload []byte) (base []byte, tables []rans.Freqs, err error) {
	base, rest, err := cut(payload)
	if err != nil {
		return nil, nil, err
	}
	r := rans.NewBitReader(rest)
	if tables, err = universal.Parse(&r); err != nil {
		return nil, nil, err
	}
	return base, tables, r.Done()
}

// Segments entropy-codes a tile.
func (t *Tables) Segments(tile *Tile) engine.Segments {
	s := t.base.Segments(tile.base)
	detail := append(binary.AppendUvarint(nil, uint64(len(s.Detail))), s.Detail...)
	s.Detail = t.enc.AppendSegment(detail, tile.tokens, &tile.raw)
	return s
}

// cut divides what a uvarint of the first part's length begins.
func cut(p []byte) (first, rest []byte, err error) {
	n, k := rans.Uvarint(p)
	if k <= 0 || n > uint64(len(p)-k) {
		return nil, nil, rans.ErrCorrupt
	}
	return p[k:][:n], p[k+int(n):], nil
}

// bytes is the memory of a tile.
func (t *Tile) bytes() int64 { return t.base.Bytes() + int64(2*len(t.tokens)+t.raw.Len()) }
