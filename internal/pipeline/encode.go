// Package pipeline takes rasters through engines into files and back: it chooses the
// engine, reads slabs of tiles, has them coded in parallel and writes them in their
// order; and it decodes regions, at any level, from the tiles that they touch.
package pipeline

import (
	"context"
	"image"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// Writer takes coded tiles, in their order.
type Writer interface {
	WriteTile(tile int, overview, detail []byte, worst []uint64) error
}

// Totals is what coding tiles has added up to.
type Totals struct {
	Worst  []uint64 // the largest error of each band or plane, in the unit of Params.T
	Leaves [3]int   // the numbers of leaves of 8, 16 and 32 samples
}

func (t *Totals) add(c *engine.Tile) {
	if t.Worst == nil {
		t.Worst = make([]uint64, len(c.Worst))
	}
	for i, v := range c.Worst {
		t.Worst[i] = max(t.Worst[i], v)
	}
	for i, n := range c.Leaves {
		t.Leaves[i] += n
	}
}

// Encode codes whole rows of tiles of src, from rows.Min to rows.Max, and writes them.
// memory bounds the samples that are held at once, but for one row of tiles.
func Encode(ctx context.Context, enc engine.Encoder, src raster.Source, rows Rows, w Writer, workers int, memory int64, work *progress.Work) (Totals, error) {
	e := newEncoding(enc, w, workers, memory, rows, work)
	err := e.encode(ctx, src, rows)
	return e.totals, err
}

// Rows are rows of tiles, from Min on, before Max.
type Rows struct{ Min, Max int }

// AllRows are all rows of tiles of a plan.
func AllRows(p *engine.Plan) Rows { return Rows{0, p.Grid().Down()} }

// encoding codes tiles for a writer.
type encoding struct {
	enc     engine.Encoder
	grid    tiles.Grid
	w       Writer
	workers int
	step    int // rows of tiles of a slab
	totals  Totals
	gauge   *gauge // nil for none

	work      *progress.Work
	pixelCost int64

	mu    sync.Mutex
	coded map[int]*engine.Tile // that are to be written
}

// pixelCost is the work of coding a pixel by a plan.
func pixelCost(p *engine.Plan) int64 {
	e, err := byID(p.Engine, &p.Format)
	if err != nil {
		return 0
	}
	return e.Cost(&p.Params).Pixel
}

// cost is the work of a tile that has been read: a look at its pixels, and coding them unless
// it is coded already.
func (e *encoding) cost(tile int) int64 {
	cost := engine.Pixels(e.grid.Tile(tile))
	if !e.enc.Held(tile) {
		cost *= 1 + e.pixelCost
	}
	return cost
}

// newEncoding is for some rows of tiles, which are all of the work.
func newEncoding(enc engine.Encoder, w Writer, workers int, memory int64, rows Rows, work *progress.Work) *encoding {
	e := &encoding{
		enc: enc, grid: enc.Plan().Grid(), w: w, pixelCost: pixelCost(enc.Plan()), coded: map[int]*engine.Tile{},
		workers: engine.WithinMemory(workers, memory, enc.Memory()), step: engine.SlabRows(enc, workers, memory),
	}
	total := int64(0)
	for _, tile := range e.grid.Indices(image.Rect(0, rows.Min, e.grid.Across(), rows.Max)) {
		total += engine.Pixels(e.grid.Tile(tile)) + e.cost(tile)
	}
	e.work = work.Of(total)
	return e
}

// encode codes rows of tiles of src.
func (e *encoding) encode(ctx context.Context, src raster.Source, rows Rows) error {
	blocks := engine.Blocks{
		Source: src, Slabs: engine.Slabs(e.grid, rows.Min, rows.Max, e.step), Workers: e.workers, Work: e.work,
		Codes: func(slab image.Rectangle) bool { return !e.held(slab) }, Keeps: e.gauge != nil,
	}
	return engine.InSlabs(ctx, e.enc, &blocks, engine.Use{
		Tile: func(s engine.Slab, tile int) error { return e.tile(ctx, s, tile) },
		End: func(slab image.Rectangle, b *raster.Block) error {
			if err := e.write(e.grid.Indices(slab)); err != nil || e.gauge == nil {
				return err
			}
			return e.gauge.look(ctx, b, slab.Max.Y)
		},
	})
}

// held tells whether tiles are all coded already.
func (e *encoding) held(rect image.Rectangle) bool {
	return !slices.ContainsFunc(e.grid.Indices(rect), func(tile int) bool { return !e.enc.Held(tile) })
}

// tile codes a tile of a slab.
func (e *encoding) tile(ctx context.Context, slab engine.Slab, tile int) error {
	work := e.work.Part(e.cost(tile))
	defer work.Finish()
	t, err := e.enc.Encode(ctx, slab, tile, work)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.coded[tile] = t
	return nil
}

// taken is a tile that is coded, which is held no longer.
func (e *encoding) taken(tile int) *engine.Tile {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.coded[tile]
	delete(e.coded, tile)
	return t
}

// write writes tiles that are coded.
func (e *encoding) write(tiles []int) error {
	for _, tile := range tiles {
		t := e.taken(tile)
		e.totals.add(t)
		if err := e.w.WriteTile(tile, t.Overview, t.Detail, t.Worst); err != nil {
			return err
		}
		if e.gauge != nil {
			e.gauge.tiles.take(tile, t.Segments)
		}
	}
	return nil
}
