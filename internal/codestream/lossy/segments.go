package lossy

import "github.com/qtgpu/qtgpu/internal/rans"

// Tables is the table set that all tiles of a file share.
type Tables struct {
	Payload []byte // what a decoder needs to know of it
	enc     rans.EncTable
}

// ChooseTables fits the tables of a file to all of its tiles.
func ChooseTables(tiles []*Tile) *Tables {
	var h Histogram
	for _, t := range tiles {
		h.Add(t)
	}
	tables, payload := chooseTables(&h)
	return &Tables{Payload: payload, enc: rans.NewEncTable(tables)}
}

// Segments entropy-codes a tile into its part of the front image and its body.
func (t *Tables) Segments(tile *Tile) (front, body []byte) {
	return t.enc.AppendSegment(nil, tile.front, &tile.frontRaw), t.enc.AppendSegment(nil, tile.body, &tile.bodyRaw)
}
