package predictive

import (
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// NeedsBody tells whether the overview of a tile is made of its body too.
func NeedsBody(front []byte) bool { return len(front) > 0 && front[0] == modeWhole }

// Overview decodes the overview of a tile of w×h pixels: channels of ceil(w/8) ×
// ceil(h/8) values, means or every eighth sample. Means may be off by half a step, of
// colours that were transformed by the steps of two or three planes. body may be nil
// unless NeedsBody.
func (d *Decoder) Overview(wk *Worker, front, body []byte, w, h int) ([]Plane, error) {
	if len(front) == 0 {
		return nil, rans.ErrCorrupt
	}
	segment := front
	mode, front := front[0], front[1:]
	if mode == modeWhole {
		planes, err := d.Decode(wk, segment, body, w, h)
		if err != nil {
			return nil, err
		}
		f := d.format
		f.Values = nil // planes are values already
		return f.means(planes), nil
	}
	if mode == modeLabels || mode == modePattern {
		if !d.format.packable() {
			return nil, rans.ErrCorrupt
		}
		cw, ch := cells(w, Base), cells(h, Base)
		grid, err := symbols.DecodeBody(front, nil, cw, ch, d.format.Channels, d.format.Depth)
		if err != nil {
			return nil, err
		}
		out := unpack(&d.format, grid, cw, ch)
		if mode == modeLabels {
			d.format.look(out)
		}
		return out, nil
	}
	if !d.format.predicted(mode) {
		return nil, rans.ErrCorrupt
	}
	ps, err := d.means(wk, front, w, h)
	if err != nil {
		return nil, err
	}
	out := make([]Plane, len(ps))
	for i := range ps {
		out[i] = ps[i].overview(w, h)
	}
	d.format.invert(transformOf(mode), out)
	return out, nil
}

// Decode decodes both segments of a tile of w×h pixels into values. The planes
// may belong to wk and are good until it decodes another tile.
func (d *Decoder) Decode(wk *Worker, front, body []byte, w, h int) ([]Plane, error) {
	out, err := d.decode(wk, front, body, w, h)
	if err == nil {
		d.format.look(out)
	}
	return out, err
}

// decode decodes a tile into samples, which may be ranks.
func (d *Decoder) decode(wk *Worker, front, body []byte, w, h int) ([]Plane, error) {
	f := &d.format
	if len(front) == 0 {
		return nil, rans.ErrCorrupt
	}
	switch mode := front[0]; {
	case patterns(mode) && f.packable():
		var grid []uint32
		var err error
		if mode == modeWhole && len(front) > 1 {
			return nil, rans.ErrCorrupt
		}
		if mode == modeLabels {
			if grid, err = symbols.DecodeFront(front[1:], w, h, f.Channels, f.Depth); err != nil {
				return nil, err
			}
		}
		packed, err := symbols.DecodeBody(body, grid, w, h, f.Channels, f.Depth)
		if err != nil {
			return nil, err
		}
		return unpack(f, packed, w, h), nil
	case f.predicted(mode):
		ps, err := d.means(wk, front[1:], w, h)
		if err != nil {
			return nil, err
		}
		f.rankMeans(transformOf(mode), func(i int) []int32 { return ps[i].means.v })
		for i := range ps {
			ps[i].limits = f.planeLimits(i, transformOf(mode))
		}
		if mode >= modeSlow {
			err = d.slowPlanes(&wk.slow, ps, body)
		} else {
			err = d.planes(ps, body)
		}
		if err != nil {
			return nil, err
		}
		wk.decoded = Planes(wk.decoded, f.Channels, w, h)
		for i := range ps {
			ps[i].store(&wk.decoded[i])
		}
		f.invert(transformOf(mode), wk.decoded)
		return wk.decoded, nil
	}
	return nil, rans.ErrCorrupt
}
