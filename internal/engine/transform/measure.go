package transform

import (
	"context"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// Check implements engine.Decoder.
func (d *decoder) Check(tile int, s engine.Segments, level int) error {
	_, err := d.window(d.Tile(tile), level).Decode(tile, s, false)
	return err
}

// Measure implements engine.Decoder: the errors of leaves, before filtering and
// rounding to samples.
func (d *decoder) Measure(_ context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	w := d.window(d.Tile(tile), 0)
	if _, err := w.Decode(tile, s, false); err != nil {
		return nil, err
	}
	want := chroma.NewPlanes(original.Rect.Dx(), original.Rect.Dy(), len(original.Planes), d.sub420)
	chroma.Forward(want, Interleaved(original, d.format), d.sub420, 0, original.Rect.Dy())
	worst := make([]uint64, len(want))
	for i := range want {
		for _, l := range w.leaves(i) {
			worst[i] = max(worst[i], leafError(&w.planes[i], &want[i], l))
		}
	}
	return worst, nil
}

// Leaves tells f of the leaves of a tile's plane, in samples of the whole plane.
func (d *decoder) Leaves(tile int, s engine.Segments, plane int, f func(x, y, size int)) error {
	w := d.window(d.Tile(tile), 0)
	if _, err := w.Decode(tile, s, false); err != nil {
		return err
	}
	at := w.at[plane].Min
	for _, l := range w.leaves(plane) {
		f(at.X+l.x, at.Y+l.y, l.size)
	}
	return nil
}

// leaf is a leaf of a plane's quadtree: its top left sample and its side.
type leaf struct{ x, y, size int }

// leaves are the leaves of a plane of the window.
func (w *window) leaves(plane int) []leaf {
	var leaves []leaf
	cw := w.planes[plane].Stride / 8
	for i, lg := range w.sizes[plane] {
		x, y, cells := i%cw, i/cw, 1<<lg/8
		if x%cells == 0 && y%cells == 0 {
			leaves = append(leaves, leaf{8 * x, 8 * y, 1 << lg})
		}
	}
	return leaves
}

// leafError is the RMS difference of two planes over the samples of a leaf that lie in
// the image, rounded up to 1/65536 of an 8-bit level.
func leafError(a, b *chroma.Plane, l leaf) uint64 {
	w, h := min(l.size, a.W-l.x), min(l.size, a.H-l.y)
	if w <= 0 || h <= 0 {
		return 0 // in the padding
	}
	var s uint64
	for y := l.y; y < l.y+h; y++ {
		ra, rb := a.Pix[y*a.Stride+l.x:][:w], b.Pix[y*b.Stride+l.x:][:w]
		for i, v := range ra {
			d := int64(v) - int64(rb[i])
			s += uint64(d * d)
		}
	}
	return uint64(RMS(s, w*h))
}
