package layered

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// Decoder decodes the tiles of a file. It is read-only and may be shared.
type Decoder struct {
	format Format
	base   *transform.Decoder
	tables []rans.DecTable
}

// NewDecoder takes the payload of the tables. The error is rans.ErrCorrupt
// where that is damaged.
func NewDecoder(payload []byte, f Format) (*Decoder, error) {
	base, tables, err := parsePayload(payload)
	if err != nil {
		return nil, err
	}
	d := &Decoder{format: f, tables: rans.NewDecTables(tables)}
	d.base, err = transform.NewDecoder(f.step(), f.Planes, base)
	return d, err
}

// Overview decodes the overview of a tile of w×h pixels: ceil(w/8) × ceil(h/8)
// means of the base.
func (d *Decoder) Overview(overview []byte, w, h int) (*chroma.Interleaved, error) {
	cells, err := d.base.Overview(overview, d.format.rects(w, h))
	if err != nil {
		return nil, err
	}
	const up = 1<<tree.Base - 1
	planes := chroma.NewPlanes((w+up)>>tree.Base, (h+up)>>tree.Base, d.format.channels(), false)
	for i := range planes {
		d.base.Level3(&planes[i], 0, 0, &cells[i])
	}
	return d.format.pixels(d.base, planes, transform.GridsOf(cells, tree.Base), tree.Base), nil
}

// Decode decodes both segments of a tile of w×h pixels.
func (d *Decoder) Decode(scratch *Scratch, s engine.Segments, w, h int) (*chroma.Interleaved, error) {
	base, rest, err := cut(s.Detail)
	if err != nil {
		return nil, err
	}
	m, err := d.format.base(d.base, scratch, engine.Segments{Overview: s.Overview, Detail: base}, image.Pt(w, h))
	if err != nil {
		return nil, err
	}
	c := newCorrections(&d.format, m)
	if err := c.decode(d.tables, rest); err != nil {
		return nil, err
	}
	c.apply()
	return m, nil
}
