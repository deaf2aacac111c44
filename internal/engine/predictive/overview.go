package predictive

import (
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// NeedsBody tells whether the overview of a tile is made of its body too.
func NeedsBody(front []byte) bool { return len(front) > 0 && front[0] == modeWhole }

// Overview decodes the overview of a tile of w×h pixels: channels of ceil(w/8) ×
// ceil(h/8) values, means or every eighth sample. Means may be off by half a step, of
// colours that were transformed by the steps of two or three planes. body may be nil
// unless NeedsBody.
func (d *Decoder) Overview(scratch *Scratch, front, body []byte, w, h int) ([]Plane, error) {
	if len(front) == 0 {
		return nil, rans.ErrCorrupt
	}
	switch mode := front[0]; {
	case mode == modeWhole:
		return d.overviewOfWhole(scratch, front, body, w, h)
	case symbolic(mode) && d.format.packable():
		return d.overviewOfSymbols(mode, front[1:], w, h)
	case d.format.predicted(mode):
		return d.overviewOfPlanes(scratch, mode, front[1:], w, h)
	}
	return nil, rans.ErrCorrupt
}

// overviewOfWhole makes an overview of all samples.
func (d *Decoder) overviewOfWhole(scratch *Scratch, front, body []byte, w, h int) ([]Plane, error) {
	planes, err := d.Decode(scratch, front, body, w, h)
	if err != nil {
		return nil, err
	}
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
	ps, err := d.overview(scratch, transformOf(mode), front, w, h)
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
