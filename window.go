package qtgpu

import (
	"context"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/codestream/lossy"
	"github.com/qtgpu/qtgpu/internal/container"
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

// decodeWindow decodes tiles at full resolution.
func (r *Reader) decodeWindow(ctx context.Context, tiles image.Rectangle, deblock bool) (*window, error) {
	if r.engine == nil {
		return nil, &UnsupportedError{What: "leaves of a file of the exact engine, expected one of the lossy engine"}
	}
	w := r.newWindow(tiles, 0)
	for i := range w.planes {
		w.sizes = append(w.sizes, make([]uint8, len(w.planes[i].Pix)/64))
	}
	scratch := sync.Pool{New: func() any { return new(lossy.Scratch) }}
	progress := newProgress(r.opt.Progress, tiles.Dx()*tiles.Dy())
	err := cpufallback.For(ctx, r.opt.Workers, tiles.Dx()*tiles.Dy(), func(i int) error {
		s := scratch.Get().(*lossy.Scratch)
		defer scratch.Put(s)
		defer progress.step()
		return r.decodeTile(s, w, tile(tiles, i))
	})
	if err != nil || !deblock {
		return w, err
	}
	return w, r.deblock(ctx, w)
}

// decodeTile decodes one tile into its place. A damaged one is an error, or
// with KeepGoing rendered from what is left of it.
func (r *Reader) decodeTile(s *lossy.Scratch, w *window, t image.Rectangle) error {
	rects := r.layout.padded(t)
	at := make([]image.Point, len(rects))
	for i := range at {
		at[i] = rects[i].Min.Sub(w.at[i].Min)
	}
	index := t.Min.Y*r.layout.grid().Dx() + t.Min.X
	cells, err := r.front(index, rects)
	if err == nil {
		var body []byte
		if body, err = r.file.Body(index); err == nil {
			if err = r.engine.Body(s, body, cells, w.planes, at); err != nil {
				err = r.file.TileError(index, container.Body, err)
			}
		}
	}
	if err != nil {
		if !r.opt.KeepGoing {
			return err
		}
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

// front reads and decodes the front image of a tile; nil cells with an error.
func (r *Reader) front(index int, rects []image.Rectangle) ([]lossy.Cells, error) {
	segment, err := r.file.Front(index)
	if err != nil {
		return nil, err
	}
	return r.decodeFront(index, segment, rects)
}

func (r *Reader) decodeFront(index int, segment []byte, rects []image.Rectangle) ([]lossy.Cells, error) {
	cells, err := r.engine.Front(segment, rects)
	if err != nil {
		return nil, r.file.TileError(index, container.Front, err)
	}
	return cells, nil
}

// deblock filters all planes but alpha, whose full and no opacity it would touch.
func (r *Reader) deblock(ctx context.Context, w *window) error {
	for i, plane := range r.layout.planes() {
		if plane.Alpha {
			continue
		}
		d := lossy.NewDeblocker(r.layout.Step, &w.planes[i], w.sizes[i])
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
	w := r.newWindow(tiles, overviewLevel)
	indices := make([]int, tiles.Dx()*tiles.Dy())
	for i := range indices {
		t := tile(tiles, i)
		indices[i] = t.Min.Y*r.layout.grid().Dx() + t.Min.X
	}
	segments, err := r.file.Fronts(indices)
	if err != nil && !r.opt.KeepGoing {
		return nil, err
	}
	return w, cpufallback.For(ctx, r.opt.Workers, len(indices), func(i int) error {
		t := tile(tiles, i)
		rects := r.layout.padded(t)
		var cells []lossy.Cells
		var err error
		if segments[i] != nil {
			cells, err = r.decodeFront(indices[i], segments[i], rects)
		}
		if cells == nil {
			if !r.opt.KeepGoing {
				return err
			}
			r.lose(t)
			cells = lossy.BlankCells(rects)
		}
		for p := range cells {
			at := rects[p].Min.Sub(w.at[p].Min).Div(8)
			r.engine.Overview(&w.planes[p], at.X, at.Y, &cells[p])
		}
		return nil
	})
}
