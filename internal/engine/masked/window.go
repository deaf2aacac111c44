package masked

import (
	"context"
	"fmt"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// decoder implements engine.Decoder.
type decoder struct {
	engine.Decoder
	grid  tiles.Grid
	masks *predictive.Masks
}

// NewDecoder implements engine.Engine.
func (e Engine) NewDecoder(p *engine.Plan) (engine.Decoder, error) {
	inner := *p
	inner.Params = without(p.Params)
	dec, err := e.Engine.NewDecoder(&inner)
	if err != nil {
		return nil, err
	}
	return &decoder{dec, p.Grid(), predictive.NewMasks(&p.Format)}, nil
}

// parse takes the mask of a tile off its segments.
func (d *decoder) parse(tile int, s engine.Segments, level int) (predictive.Mask, engine.Segments, error) {
	size := d.grid.Tile(tile).Size()
	detail := s.Detail
	if level == 0 && detail == nil {
		detail = []byte{}
	}
	if level > 0 {
		detail = nil
	}
	k, overview, rest, err := d.masks.Parse(s.Overview, detail, size.X, size.Y)
	if level > 0 {
		rest = s.Detail
	}
	return k, engine.Segments{Overview: overview, Detail: rest}, err
}

// rest is an overview without its mask, nil where that means nothing.
func (d *decoder) rest(tile int, overview []byte) []byte {
	_, s, err := d.parse(tile, engine.Segments{Overview: overview}, engine.OverviewLevel)
	if err != nil {
		return nil
	}
	return s.Overview
}

// Least implements engine.Decoder: of a tile that has data everywhere it is the other
// engine's.
func (d *decoder) Least(tile int, overview []byte) (overviewBytes, detailBytes int64) {
	if len(overview) == 0 || overview[0] != 0 {
		return 1, 0
	}
	overviewBytes, detailBytes = d.Decoder.Least(tile, overview[1:])
	return overviewBytes + 1, detailBytes
}

// NeedsDetail implements engine.Decoder. Neither engine with masks does.
func (d *decoder) NeedsDetail([]byte) bool { return false }

// Mode implements engine.Decoder.
func (d *decoder) Mode([]byte) string { return "" }

// Memory implements engine.Decoder: a class of each sample besides.
func (d *decoder) Memory(region image.Rectangle, level int) (window, goroutine int64) {
	window, goroutine = d.Decoder.Memory(region, level)
	over := d.grid.Over(region, d.Margin(level))
	return window + engine.Pixels(d.grid.Pixels(over))*int64(d.masks.Bands())>>(2*level), goroutine
}

// Check implements engine.Decoder.
func (d *decoder) Check(tile int, s engine.Segments, level int) error {
	_, s, err := d.parse(tile, s, level)
	if err != nil {
		return err
	}
	return d.Decoder.Check(tile, s, level)
}

// Measure implements engine.Decoder: where the original has no data, the error is the one
// of the samples in its place.
func (d *decoder) Measure(ctx context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	_, s, err := d.parse(tile, s, 0)
	if err != nil {
		return nil, err
	}
	return d.Decoder.Measure(ctx, tile, s, filledCopy(d.masks, d.grid, original))
}

// Leaves tells f of the leaves of a tile's plane.
func (d *decoder) Leaves(tile int, s engine.Segments, plane int, f func(engine.Leaf)) error {
	l, ok := d.Decoder.(interface {
		Leaves(tile int, s engine.Segments, plane int, f func(engine.Leaf)) error
	})
	if !ok {
		return fmt.Errorf("an engine without leaves")
	}
	_, s, err := d.parse(tile, s, 0)
	if err != nil {
		return err
	}
	return l.Leaves(tile, s, plane, f)
}

// window implements engine.Window: masks are put over the samples when all are there.
type window struct {
	engine.Window
	d     *decoder
	dst   *raster.Block
	level int

	mu    sync.Mutex
	tiles []int
	masks []predictive.Mask
}

// Window implements engine.Decoder.
func (d *decoder) Window(dst *raster.Block, level int, finished engine.Window) engine.Window {
	if w, ok := finished.(*window); ok {
		finished = w.Window
	}
	return &window{Window: d.Decoder.Window(dst, level, finished), d: d, dst: dst, level: level}
}

func (w *window) put(tile int, k predictive.Mask) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tiles, w.masks = append(w.tiles, tile), append(w.masks, k)
}

// decoded implements engine.Decoded.
type decoded struct {
	engine.Decoded
	mask predictive.Mask
}

// Bytes implements engine.Decoded.
func (d *decoded) Bytes() int64 { return d.Decoded.Bytes() + d.mask.Bytes() }

// Decode implements engine.Window.
func (w *window) Decode(tile int, s engine.Segments, keep image.Rectangle) (engine.Decoded, error) {
	k, s, err := w.d.parse(tile, s, w.level)
	if err != nil {
		return nil, err
	}
	d, err := w.Window.Decode(tile, s, keep)
	if err != nil {
		return nil, err
	}
	w.put(tile, k)
	if d == nil {
		return nil, nil
	}
	return &decoded{d, k}, nil
}

// Load implements engine.Window.
func (w *window) Load(tile int, d engine.Decoded) {
	m := d.(*decoded)
	w.Window.Load(tile, m.Decoded)
	w.put(tile, m.mask)
}

// Conceal implements engine.Window.
func (w *window) Conceal(tile int, overview []byte) { w.Window.Conceal(tile, w.d.rest(tile, overview)) }

// Finish implements engine.Window.
func (w *window) Finish(ctx context.Context, workers int) error {
	if err := w.Window.Finish(ctx, workers); err != nil {
		return err
	}
	return parallel.For(ctx, workers, len(w.tiles), func(i int) error {
		r := w.d.grid.Tile(w.tiles[i])
		at := image.Rectangle{Min: r.Min.Div(1 << w.level)}
		at.Max = at.Min.Add(tiles.Size(r.Dx(), r.Dy(), w.level))
		w.d.masks.Restore(w.dst, at, w.masks[i], w.level > 0)
		return nil
	})
}
