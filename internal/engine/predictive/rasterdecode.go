package predictive

import (
	"image"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// rasterDecoder decodes the tiles of a raster. It is read-only and may be shared.
type rasterDecoder struct {
	*Decoder
	plan *rasterPlan
}

// open cuts the mode from a front segment.
func (d *rasterDecoder) open(front []byte) (mode byte, rest []byte, err error) {
	if len(front) == 0 {
		return 0, nil, rans.ErrCorrupt
	}
	mode = front[0]
	symbols := (mode == modeSymbols || mode == modeWhole) && d.format.packable()
	if !symbols && (symbolic(mode) || mode >= 2*modeMixing) {
		return 0, nil, rans.ErrCorrupt
	}
	return mode, front[1:], nil
}

// decode decodes a tile into a block of its size.
func (d *rasterDecoder) decode(scratch *Scratch, front, body []byte, dst *raster.Block) error {
	w, h := dst.Rect.Dx(), dst.Rect.Dy()
	mode, front, err := d.open(front)
	if err != nil {
		return err
	}
	if symbolic(mode) {
		planes, err := d.symbols(mode, front, body, w, h)
		if err == nil {
			d.format.unpack(planes)
			err = d.join(dst, plainHead(len(planes), w, h), planes, nil, false)
		}
		return err
	}
	head, front, body, err := d.format.parseHead(d.plan, front, body, w, h, true)
	if err != nil {
		return err
	}
	var rest *remainders
	if head.hasRemainders(d.plan) {
		n := numbers{rest: body}
		rest = &remainders{rans.NewBitReader(n.bytes("remainders"))}
		if body = n.rest; n.err != nil {
			return n.err
		}
	}
	f := head.apply(&d.format)
	if !f.predicted(mode) {
		return rans.ErrCorrupt
	}
	ps, err := d.overview(f, scratch, transformOf(mode), front, w, h, func(i int, p *linear.Predictor) {
		p.SetMask(head.planes[i].classes, w, h)
	})
	if err != nil {
		return err
	}
	if err := d.numbers(f, scratch, mode, ps, body, w, h, scratch.collect(f.Channels, w, h)); err != nil {
		return err
	}
	f.unpack(scratch.decoded)
	return d.join(dst, head, scratch.decoded, rest, false)
}

// overviewOf decodes the overview of a tile of w×h samples into a block of its size.
func (d *rasterDecoder) overviewOf(scratch *Scratch, front, body []byte, w, h int, dst *raster.Block) error {
	mode, front, err := d.open(front)
	if err != nil {
		return err
	}
	cw, ch := dst.Rect.Dx(), dst.Rect.Dy()
	switch mode {
	case modeSymbols:
		grid, err := symbols.DecodeBody(front, nil, cw, ch, d.format.Channels, d.format.Depth)
		if err == nil {
			err = d.join(dst, plainHead(d.format.Channels, cw, ch), unpack(&d.format, grid, cw, ch), nil, false)
		}
		return err
	case modeWhole:
		return d.overviewOfWhole(front, body, w, h, dst)
	}
	head, front, _, err := d.format.parseHead(d.plan, front, nil, w, h, false)
	if err != nil {
		return err
	}
	f := head.apply(&d.format)
	if !f.predicted(mode) {
		return rans.ErrCorrupt
	}
	ps, err := d.overview(f, scratch, transformOf(mode), front, w, h, func(i int, p *linear.Predictor) {
		p.SetCells(head.planes[i].masked, cw, ch)
	})
	if err != nil {
		return err
	}
	planes := make([]Plane, len(ps))
	for i := range ps {
		planes[i] = NewPlane(cw, ch)
		ps[i].Overview.Store(&planes[i])
	}
	f.invert(transformOf(mode), planes)
	for i := range planes {
		head.planes[i].classes = head.planes[i].cells()
	}
	return d.join(dst, head, planes, nil, true)
}

// overviewOfWhole makes an overview of all samples.
func (d *rasterDecoder) overviewOfWhole(front, body []byte, w, h int, dst *raster.Block) error {
	planes, err := d.symbols(modeWhole, front, body, w, h)
	if err != nil {
		return err
	}
	d.format.unpack(planes)
	all := raster.NewBlock(image.Rect(0, 0, w, h), d.plan.kind, len(planes))
	if err := d.join(all, plainHead(len(planes), w, h), planes, nil, false); err != nil {
		return err
	}
	for i := range planes {
		planes[i].Mask = d.plan.bands[d.plan.order[i]].classify(all, d.plan.order[i])
	}
	means := d.plan.means(&d.format, planes)
	return d.join(dst, plainHead(len(means), dst.Rect.Dx(), dst.Rect.Dy()), means, nil, false)
}

// remainders reads what numbers leave of samples.
type remainders struct{ rans.BitReader }

func (r *remainders) next(n int) (v uint64) {
	if n > 32 {
		v = uint64(r.Bits(n-32)) << 32
		n = 32
	}
	return v | uint64(r.Bits(n))
}

// join makes samples of the numbers of all planes, which are means or not; rest is nil where
// there are no remainders.
func (d *rasterDecoder) join(dst *raster.Block, head *tileHead, planes []Plane, rest *remainders, means bool) error {
	w := dst.Rect.Dx()
	words := make([]uint64, w)
	for i := range planes {
		number := d.plan.order[i]
		b, p, m := &d.plan.bands[number], &head.planes[i], head.mapping(d.plan, i)
		var substitutes []sample.Substitute // where numbers are not exactly the samples'
		if means || b.bound > 0 && p.state&stateOrder == 0 {
			substitutes = b.substitutes(d.plan.kind)
		}
		var rem []uint64
		if rest != nil && m.HasRemainders(d.plan.kind) {
			rem = make([]uint64, w)
		}
		bits := m.Remainders(d.plan.kind)
		for y := range dst.Rect.Dy() {
			row := planes[i].Pix[y*w:][:w]
			classes := rowOf(p.classes, y, w)
			for x := range rem {
				if rem[x] = 0; classes == nil || classes[x] == 0 {
					rem[x] = rest.next(bits(row[x]))
				}
			}
			m.Join(dst, number, dst.Rect.Min.Y+y, row, rem)
			substitute(dst, number, dst.Rect.Min.Y+y, substitutes, words)
			if classes != nil {
				b.restore(dst, number, dst.Rect.Min.Y+y, classes, words)
			}
		}
	}
	if rest != nil {
		return rest.Done()
	}
	return nil
}
