package pipeline

import (
	"encoding/binary"
	"image/color"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// Header4 and Plan4 are the plan of a file of version 4.
func Header4(p *engine.Plan, worst []uint64) (container.Header, []byte) {
	f := &p.Format
	h := container.Header{
		Width: f.Width, Height: f.Height, Channels: len(f.Bands), Depth: 8 * f.Type.Size(), Maximum: int(f.FullScale()),
		TileLog2: p.TileLog2, T: int(p.T), Bound: container.Bound(p.Bound),
	}
	if n := len(f.Bands); n%2 == 0 {
		h.Alpha = map[raster.Role]container.Alpha{raster.Alpha: container.Straight, raster.Premultiplied: container.Premultiplied}[f.Bands[n-1].Role]
	}
	for _, v := range worst {
		h.Worst = append(h.Worst, int(v))
	}
	tables := p.Payload
	switch p.Engine {
	case engine.Transform:
		step, n := binary.Uvarint(tables)
		h.Step, h.Subsampling = int(step), container.Subsampling(tables[n])
		tables = tables[n+1:]
	case engine.Predictive:
		h.Engine = container.Exact
		h.Labels, h.Merged = tables[0]&1 != 0, tables[0]&2 != 0
		tables = tables[1:]
		if f.Bands[0].Role == raster.Index {
			h.Palette, h.Maximum = true, 255
			q := []byte{byte(len(f.Palette) - 1)}
			for _, c := range f.Palette {
				n := color.NRGBAModel.Convert(c).(color.NRGBA)
				q = append(q, n.R, n.G, n.B, n.A)
			}
			tables = append(q, tables...)
		}
	case engine.Layered:
		h.Engine, h.Layered = container.Exact, true
	}
	return h, tables
}

func Plan4(h *container.Header, tables []byte) (*engine.Plan, error) {
	f := raster.Format{Width: h.Width, Height: h.Height, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	if h.Channels >= 3 {
		f.Bands = raster.Bands(raster.Red, raster.Green, raster.Blue)
	}
	if h.Channels%2 == 0 {
		role := []raster.Role{raster.Data, raster.Alpha, raster.Premultiplied}[h.Alpha]
		f.Bands = append(f.Bands, raster.Band{Role: role})
	}
	if h.Depth == 16 {
		f.Type = raster.Uint16
	}
	if int64(h.Maximum) != f.Type.Max() {
		f.Max = int64(h.Maximum)
	}
	p := &engine.Plan{TileLog2: h.TileLog2, Params: engine.Params{Bound: engine.Bound(h.Bound), T: int64(h.T)}}
	flags := byte(0)
	if h.Labels {
		flags |= 1
	}
	if h.Merged {
		flags |= 2
	}
	switch {
	case h.Engine == container.Lossy:
		p.Payload = append(append(binary.AppendUvarint(nil, uint64(h.Step)), byte(h.Subsampling)), tables...)
	case h.Layered:
		p.Engine, p.Payload = engine.Layered, tables
	default:
		p.Engine = engine.Predictive
		if h.Palette && tables == nil { // the header alone
			f.Bands = raster.Bands(raster.Gray)
		} else if h.Palette {
			if len(tables) == 0 || len(tables) < 1+4*(int(tables[0])+1) {
				return nil, &container.FormatError{What: "palette cut short"}
			}
			n := int(tables[0]) + 1
			f.Bands = raster.Bands(raster.Index)
			for i := range n {
				c := tables[1+4*i:]
				f.Palette = append(f.Palette, color.NRGBA{R: c[0], G: c[1], B: c[2], A: c[3]})
			}
			tables = tables[1+4*n:]
		}
		p.Payload = append([]byte{flags}, tables...)
	}
	p.Format = f
	return p, nil
}

// Collector gathers the tiles of a file of version 4.
type Collector struct{ File container.File }

// NewCollector has room for the tiles of a plan.
func NewCollector(p *engine.Plan) *Collector {
	n := p.Grid().N()
	return &Collector{container.File{Fronts: make([][]byte, n), Bodies: make([][]byte, n)}}
}

// WriteTile implements Writer.
func (c *Collector) WriteTile(tile int, overview, detail []byte, _ []uint64) error {
	c.File.Fronts[tile], c.File.Bodies[tile] = overview, detail
	return nil
}
