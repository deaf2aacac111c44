package qtgpu

import (
	"context"
	"image"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
)

// window is a rectangle of tiles, decoded to planes.
type window struct {
	tiles  image.Rectangle
	at     []image.Rectangle // what it covers of each plane, padded
	planes []chroma.Plane
	sizes  [][]uint8 // log2 of the leaf's side by cell, per plane
}

// newWindow allocates a window whose samples are scaled down by 1<<shift.
func (r *Reader) newWindow(tiles image.Rectangle, shift int) *window {
	w := &window{tiles: tiles, at: r.layout.padded(tiles)}
	for _, s := range r.layout.samples(tiles) {
		up := 1<<shift - 1
		w.planes = append(w.planes, chroma.NewPlane((s.Dx()+up)>>shift, (s.Dy()+up)>>shift))
	}
	return w
}

// decodeWindow decodes tiles at full resolution. Planes are allocated when all front
// images are decoded: so much is sure then to be in the file.
func (r *Reader) decodeWindow(ctx context.Context, tiles image.Rectangle, deblock bool) (*window, error) {
	if r.engine == nil {
		return nil, &UnsupportedError{What: "leaves of a file of the exact engine, expected one of the lossy engine"}
	}
	fronts, err := r.decodeFronts(ctx, tiles)
	if err != nil {
		return nil, err
	}
	w := r.newWindow(tiles, 0)
	for i := range w.planes {
		w.sizes = append(w.sizes, make([]uint8, len(w.planes[i].Pix)/64))
	}
	scratch := sync.Pool{New: func() any { return new(transform.Scratch) }}
	progress := newProgress(r.opt.Progress, tiles.Dx()*tiles.Dy())
	err = cpufallback.For(ctx, r.opt.Workers, tiles.Dx()*tiles.Dy(), func(i int) error {
		s := scratch.Get().(*transform.Scratch)
		defer scratch.Put(s)
		defer progress.step()
		return r.decodeTile(s, w, tile(tiles, i), fronts[i])
	})
	if err != nil || !deblock {
		return w, err
	}
	return w, r.deblock(ctx, w)
}

// decodeFronts decodes the front images of tiles. A damaged one is an error, or with
// KeepGoing nil.
func (r *Reader) decodeFronts(ctx context.Context, tiles image.Rectangle) ([][]transform.Cells, error) {
	indices := r.layout.indices(tiles)
	segments, err := r.file.Fronts(indices)
	if err != nil && !r.concealable(err) {
		return nil, firstOf(err)
	}
	fronts := make([][]transform.Cells, len(indices))
	return fronts, cpufallback.For(ctx, r.opt.Workers, len(indices), func(i int) error {
		if segments[i] == nil {
			return nil
		}
		var err error
		fronts[i], err = r.engine.Front(segments[i], r.layout.padded(tile(tiles, i)))
		if err == nil || r.opt.KeepGoing {
			return nil
		}
		return r.file.TileError(indices[i], container.Front, err)
	})
}

// decodeTile decodes one tile into its place; cells are its front image, nil where
// that is damaged. A damaged body is an error. With KeepGoing the tile is rendered
// from what is left of it.
func (r *Reader) decodeTile(s *transform.Scratch, w *window, t image.Rectangle, cells []transform.Cells) error {
	rects := r.layout.padded(t)
	at := make([]image.Point, len(rects))
	for i := range at {
		at[i] = rects[i].Min.Sub(w.at[i].Min)
	}
	damaged := cells == nil
	if !damaged {
		err := r.decodeBody(s, w, r.layout.indices(t)[0], cells, at)
		if damaged = err != nil; damaged && !r.concealable(err) {
			return err
		}
	}
	if damaged {
		r.lose(t)
		cells = r.engine.Conceal(s, cells, w.planes, rects, at)
	}
	for i := range cells {
		size, cw := cells[i].Sizes()
		stride := w.planes[i].Stride / 8
		for y := 0; y*cw < len(size); y++ {
			copy(w.sizes[i][(at[i].Y/8+y)*stride+at[i].X/8:], size[y*cw:][:cw])
		}
	}
	return nil
}

// decodeBody reads and decodes the body of a tile into the planes of a window.
func (r *Reader) decodeBody(s *transform.Scratch, w *window, index int, cells []transform.Cells, at []image.Point) error {
	body, err := r.file.Body(index)
	if err != nil {
		return err
	}
	if err := r.engine.Body(s, body, cells, w.planes, at); err != nil {
		return r.file.TileError(index, container.Body, err)
	}
	return nil
}

// deblock filters all planes but alpha, whose full and no opacity it would touch.
func (r *Reader) deblock(ctx context.Context, w *window) error {
	for i, plane := range r.layout.planes() {
		if plane.Alpha {
			continue
		}
		d := transform.NewDeblocker(r.layout.Step, &w.planes[i], w.sizes[i])
		for _, pass := range []func(int){d.Vertical, d.Horizontal} {
			err := cpufallback.For(ctx, r.opt.Workers, d.Rows(), func(y int) error {
				pass(y)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// overviewWindow decodes the front image of tiles, 1/8 of the resolution.
func (r *Reader) overviewWindow(ctx context.Context, tiles image.Rectangle) (*window, error) {
	fronts, err := r.decodeFronts(ctx, tiles)
	if err != nil {
		return nil, err
	}
	w := r.newWindow(tiles, overviewLevel)
	err = cpufallback.For(ctx, r.opt.Workers, len(fronts), func(i int) error {
		t := tile(tiles, i)
		rects := r.layout.padded(t)
		cells := fronts[i]
		if cells == nil {
			r.lose(t)
			cells = transform.BlankCells(rects)
		}
		for p := range cells {
			at := rects[p].Min.Sub(w.at[p].Min).Div(8)
			r.engine.Overview(&w.planes[p], at.X, at.Y, &cells[p])
		}
		return nil
	})
	if err == nil && r.layout.hidesChroma() {
		for i := 1; i <= 2; i++ {
			bleed(&w.planes[i], &w.planes[3])
		}
	}
	return w, err
}

// bleed gives each hidden sample of a chroma plane of half the resolution of alpha the
// mean of those around it that are shown, if there are any, so that upsampling mixes
// nothing hidden into what is shown.
func bleed(p, alpha *chroma.Plane) {
	shown := func(x, y int) bool {
		for i := range 4 {
			ax, ay := 2*x+i%2, 2*y+i/2
			if ax < alpha.W && ay < alpha.H && alpha.Pix[ay*alpha.Stride+ax] > 0 {
				return true
			}
		}
		return false
	}
	was := slices.Clone(p.Pix)
	for y := range p.H {
		for x := range p.W {
			if shown(x, y) {
				continue
			}
			sum, n := 0, 0
			for j := max(y-1, 0); j < min(y+2, p.H); j++ {
				for i := max(x-1, 0); i < min(x+2, p.W); i++ {
					if shown(i, j) {
						sum, n = sum+int(was[j*p.Stride+i]), n+1
					}
				}
			}
			if n > 0 {
				p.Pix[y*p.Stride+x] = uint16((sum + n/2) / n)
			}
		}
	}
}
