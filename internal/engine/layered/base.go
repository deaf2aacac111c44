package layered

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/tree"
)

// Format is what all tiles of a file have in common.
type Format struct {
	Planes []transform.Plane // of the base: Y, Cb, Cr, all of the image's size, and one of another channel
	Bound  int               // the largest error of a sample, 1..MaxBound
}

// MaxBound is the largest error that a sample of 8 bits can have.
const MaxBound = 255

// spacing is the distance of two corrections.
func (f *Format) spacing() int { return 2*f.Bound + 1 }

// step is the quantiser step of the base in 1/8 levels: 5/8 of the spacing,
// where base and corrections together are smallest.
func (f *Format) step() int { return 5 * f.spacing() }

func (f *Format) channels() int { return len(f.Planes) }

// rects is the padded rectangle of each plane of a tile of w×h pixels.
func (f *Format) rects(w, h int) []image.Rectangle {
	r := make([]image.Rectangle, f.channels())
	for i := range r {
		r[i] = image.Rect(0, 0, chroma.PadUp(w), chroma.PadUp(h))
	}
	return r
}

// encodeBase codes the base of a tile.
func (e *Encoder) encodeBase(ctx context.Context, scratch *Scratch, src *chroma.Interleaved) (*transform.Tile, error) {
	planes := chroma.NewPlanes(src.W, src.H, src.Channels, false)
	chroma.Forward(planes, src, false, 0, src.H)
	for i := range planes {
		chroma.Pad(&planes[i])
	}
	pyramids, err := tree.Reduce(ctx, e.reducer, tree.Padded(planes))
	if err != nil {
		return nil, err
	}
	return e.base.Tile(&scratch.enc, planes, pyramids, e.format.rects(src.W, src.H), nil), nil
}

// base decodes the pixels of a tile's base.
func (f *Format) base(d *transform.Decoder, scratch *Scratch, s engine.Segments, size image.Point) (*chroma.Interleaved, error) {
	cells, err := d.Overview(s.Overview, f.rects(size.X, size.Y))
	if err != nil {
		return nil, err
	}
	planes := chroma.NewPlanes(size.X, size.Y, f.channels(), false)
	if err := d.Detail(&scratch.dec, s.Detail, cells, planes, make([]image.Point, f.channels())); err != nil {
		return nil, err
	}
	grids := transform.GridsOf(cells, 0)
	if err := d.Filter(context.Background(), 1, planes, grids); err != nil {
		return nil, err
	}
	return f.pixels(d, planes, grids, 0), nil
}

// pixels converts planes of a tile on level 0 or 3 to samples of 8 bits.
func (f *Format) pixels(d *transform.Decoder, planes []chroma.Plane, grids []transform.Grid, level int) *chroma.Interleaved {
	r := image.Rect(0, 0, planes[0].W, planes[0].H)
	m := chroma.NewInterleaved(r.Dx(), r.Dy(), f.channels(), 8)
	chroma.Inverse(m, planes, false, image.Point{}, r)
	d.PutEnds(m, r, grids, 1<<(tree.Base-level))
	return m
}
