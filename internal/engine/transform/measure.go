package transform

import (
	"context"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// Measure implements engine.Decoder: the errors are those of leaves, before filtering
// and rounding to samples.
func (d *decoder) Measure(_ context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	w := d.window(d.Tile(tile), 0)
	if _, err := w.Decode(tile, s, false); err != nil || original == nil {
		return nil, err
	}
	want := chroma.NewPlanes(original.Rect.Dx(), original.Rect.Dy(), len(original.Planes), d.sub420)
	chroma.Forward(want, interleaved(original, d.format), d.sub420, 0, original.Rect.Dy())
	worst := make([]uint64, len(want))
	for i := range want {
		for _, l := range w.leaves(i) {
			worst[i] = max(worst[i], leafError(&w.planes[i], &want[i], l))
		}
	}
	return worst, nil
}

// Leaf is a leaf of a plane's quadtree: its top left sample and its side.
type Leaf struct{ X, Y, Size int }

// Leaves are the leaves of a tile's plane, in samples of the whole plane.
func (d *decoder) Leaves(tile int, s engine.Segments, plane int) ([]Leaf, error) {
	w := d.window(d.Tile(tile), 0)
	if _, err := w.Decode(tile, s, false); err != nil {
		return nil, err
	}
	leaves := w.leaves(plane)
	for i := range leaves {
		leaves[i].X += w.at[plane].Min.X
		leaves[i].Y += w.at[plane].Min.Y
	}
	return leaves, nil
}

// leaves are the leaves of a plane of the window.
func (w *window) leaves(plane int) []Leaf {
	var leaves []Leaf
	cw := w.planes[plane].Stride / 8
	for i, lg := range w.sizes[plane] {
		x, y, cells := i%cw, i/cw, 1<<lg/8
		if x%cells == 0 && y%cells == 0 {
			leaves = append(leaves, Leaf{8 * x, 8 * y, 1 << lg})
		}
	}
	return leaves
}

// leafError is the RMS difference of two planes over the samples of a leaf that lie in
// the image, rounded up to 1/65536 of an 8-bit level.
func leafError(a, b *chroma.Plane, l Leaf) uint64 {
	w, h := min(l.Size, a.W-l.X), min(l.Size, a.H-l.Y)
	if w <= 0 || h <= 0 {
		return 0 // in the padding
	}
	var s uint64
	for y := l.Y; y < l.Y+h; y++ {
		ra, rb := a.Pix[y*a.Stride+l.X:][:w], b.Pix[y*b.Stride+l.X:][:w]
		for i, v := range ra {
			d := int64(v) - int64(rb[i])
			s += uint64(d * d)
		}
	}
	return uint64(RMS(s, w*h))
}
