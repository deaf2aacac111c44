//go:build cgo && linux && gpu && egl

package gpu

import (
	"context"
	"image"
	"time"
	"unsafe"
	"weak"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/tree"
)

// Prepare implements tree.Backend.
func (b *backend) Prepare(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	p := b.preparation(packed(src), sub420)
	p.result.Planes = chroma.NewPlanes(src.W, src.H, src.Channels, sub420)
	return p.prepare(ctx)
}

// PrepareResident implements tree.Resident.
func (b *backend) PrepareResident(ctx context.Context, src *chroma.Interleaved, sub420 bool) (*tree.Prepared, error) {
	p := b.preparation(packed(src), sub420)
	p.result.Pixels = &tree.Pixels{Source: p.src, Sub420: sub420}
	for _, size := range chroma.PlaneSizes(src.W, src.H, src.Channels, sub420) {
		p.result.Planes = append(p.result.Planes, chroma.Plane{W: size.X, H: size.Y, Stride: chroma.PadUp(size.X)})
	}
	return p.prepare(ctx)
}

// packed is src with steps that can be uploaded.
func packed(src *chroma.Interleaved) *chroma.Interleaved {
	if src.Step > maxStep {
		return tight(src)
	}
	return src
}

// preparation has src cut into windows that fit the device.
func (b *backend) preparation(src *chroma.Interleaved, sub420 bool) *preparation {
	p := &preparation{backend: b, src: src, sub420: sub420}
	p.split = newSplit(src.W, src.H, p.fits)
	return p
}

// prepare runs the stages colour and pyramid.
func (p *preparation) prepare(ctx context.Context) (*tree.Prepared, error) {
	b := p.backend
	for _, q := range p.result.Planes {
		p.result.Pyramids = append(p.result.Pyramids, tree.NewPyramid(chroma.PadUp(q.W), chroma.PadUp(q.H)))
	}
	for _, r := range p.split.windows() {
		if err := b.do(ctx, func() error { return p.run(r) }); err != nil {
			return nil, err
		}
	}
	for i := range p.result.Pyramids {
		if err := b.climb(ctx, &p.result.Pyramids[i], p.level(i)); err != nil {
			return nil, err
		}
	}
	p.result.Stages = []tree.Stage{{Name: uploadStage, Duration: p.took.upload}, {Name: colourStage, Duration: p.took.colour},
		{Name: "pyramid", Duration: p.took.pyramid}, {Name: "read back", Duration: p.took.readBack}}
	return &p.result, nil
}

// preparation is an image on its way to the device, and what comes back.
type preparation struct {
	*backend
	src    *chroma.Interleaved
	sub420 bool
	split  split
	result tree.Prepared
	took   struct{ upload, colour, pyramid, readBack time.Duration }
}

// fits tells whether the buffers and the dispatches of w×h pixels are allowed.
func (p *preparation) fits(w, h int) bool {
	fullW, fullH := chroma.PadUp(w), chroma.PadUp(h)
	return devicePitch(p.src, w)*h+overread <= p.block && 2*fullW*fullH <= p.block &&
		p.dispatchable((fullW+chroma.Block)/4, (fullH+chroma.Block)/2)
}

// level is the last one of plane i that windows fill.
func (p *preparation) level(i int) int {
	top := p.result.Pyramids[i].Top()
	if p.split.whole() {
		return top
	}
	return min(p.split.level-p.halved(i), top)
}

// halved is 1 for a plane at half the resolution.
func (p *preparation) halved(i int) int {
	if p.sub420 && p.src.Channels >= 3 && (i == 1 || i == 2) {
		return 1
	}
	return 0
}

// run takes one window through all stages: its image stays on the device until
// the last of them is done.
func (p *preparation) run(r image.Rectangle) error {
	p.take()
	p.timer.start()
	planes, err := p.makePlanes(r)
	if err != nil {
		return err
	}
	if err := p.reduce(planes); err != nil {
		return err
	}
	if err := p.finish(p.count); err != nil {
		return err
	}
	if p.split.whole() {
		p.at.of = weak.Make(&p.result)
	}
	start := time.Now()
	defer func() { p.took.readBack += time.Since(start) }()
	return p.read(planes, r.Min)
}

// makePlanes makes the planes of a window on the device.
func (p *preparation) makePlanes(r image.Rectangle) ([]plane, error) {
	m := p.src.Sub(r)
	planes, err := p.planes(&m)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	pitch, err := p.upload(&m)
	if err != nil {
		return nil, err
	}
	p.took.upload += time.Since(start)
	p.timer.mark(uploadStage)
	return planes, p.colour(planes, &m, pitch, p.sub420)
}

// planes makes room for the planes of a window.
func (p *preparation) planes(m *chroma.Interleaved) ([]plane, error) {
	planes := make([]plane, m.Channels)
	for i, size := range chroma.PlaneSizes(m.W, m.H, m.Channels, p.sub420) {
		planes[i] = p.window(i, chroma.PadUp(size.X), chroma.PadUp(size.Y), p.level(i))
		if err := planes[i].reserve(); err != nil {
			return nil, err
		}
	}
	return planes, nil
}

// count adds the time of a dispatch to its stage.
func (p *preparation) count(dispatch string, took time.Duration) {
	switch dispatch {
	case uploadStage:
	case colourStage:
		p.took.colour += took
	default:
		p.took.pyramid += took
	}
}

// uploadStage is the stage upload: what it takes here, and by the clock of the device, may be at the
// same time.
const uploadStage = "upload"

// read copies the nodes of a window whose first pixel is at, and the planes unless they stay.
func (p *preparation) read(planes []plane, at image.Point) error {
	for i := range planes {
		q := &planes[i]
		at := image.Pt(at.X>>p.halved(i), at.Y>>p.halved(i))
		if p.result.Pixels == nil {
			if err := q.readSamples(&p.result.Planes[i], at); err != nil {
				return err
			}
		}
		if err := q.readNodes(&p.result.Pyramids[i], at, tree.Base); err != nil {
			return err
		}
	}
	return nil
}

// readSamples copies the samples on the device to their place in dst.
func (p *plane) readSamples(dst *chroma.Plane, at image.Point) error {
	n := p.stride * p.h
	return p.pix.read(2*n, func(data unsafe.Pointer) {
		copyRows(dst.Pix[at.Y*dst.Stride+at.X:], dst.Stride, unsafe.Slice((*uint16)(data), n), p.stride, p.w, p.h)
	})
}
