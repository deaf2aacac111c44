package engine

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// SlabFactor is about how many bytes are held for a byte of a slab's samples: planes of
// 16 bits, statistics, and what the tiles become.
const SlabFactor = 4

// tilesEach is how many tiles of a slab, or of a band, a goroutine has at least. Fewer make rows come sooner, and take less
// memory; but the last ones to end keep the others waiting, of five for 3% of the time (70 tiles of a photograph, in
// rows of ten for two goroutines).
const tilesEach = 4

// EnoughRows is how many rows of tiles goroutines have enough in, and no more than there are.
func EnoughRows(grid tiles.Grid, workers int) int {
	return min((tilesEach*min(parallel.Workers(workers), grid.N())-1)/grid.Across()+1, grid.Down())
}

// deviceSlabs is in how many slabs a raster goes at least that a device prepares: the first one is prepared while
// nothing is coded, and the last one coded while nothing is prepared.
const deviceSlabs = 4

// Overlapping is what an Encoder may be besides: one that has a device prepare slabs, while the CPU
// codes the tiles of the last one.
type Overlapping interface {
	// Overlaps tells whether there is a device.
	Overlaps() bool
}

func overlaps(enc Encoder) bool {
	o, ok := enc.(Overlapping)
	return ok && o.Overlaps()
}

// SlabRows is the number of rows of tiles that are prepared at once, within half of the memory, but for one row:
// enough for the goroutines, or as many as a device can take, two of whose slabs are held at a time.
func SlabRows(enc Encoder, workers int, memory int64) int {
	row, grid := enc.Plan().Format, enc.Plan().Grid()
	row.Height = 1 << enc.Plan().TileLog2
	within, enough := memory/2/SlabFactor/row.Bytes(), EnoughRows(grid, workers)
	if overlaps(enc) {
		within, enough = within/2, (grid.Down()+deviceSlabs-1)/deviceSlabs
	}
	return int(max(min(within, int64(enough)), 1))
}

// Slabs divides the rows of tiles from one up to another into slabs of some rows, in tiles.
func Slabs(grid tiles.Grid, from, to, rows int) (slabs []image.Rectangle) {
	for y := from; y < to; y += rows {
		slabs = append(slabs, image.Rect(0, y, grid.Across(), min(y+rows, to)))
	}
	return slabs
}

// Blocks are the samples of slabs, which are read in their order.
type Blocks struct {
	Source  raster.Source
	Slabs   []image.Rectangle // of tiles
	Workers int
	Codes   func(slab image.Rectangle) bool // whether any tile is to be coded; nil if all are
	Keeps   bool                            // whether all are read, and kept
	Work    *progress.Work                  // a unit of which is reading a pixel

	overlaps bool // whether one is read while another is worked on
	held     [2]*raster.Block
}

// InSlabs has use work on slabs, in their order: on what enc has made of them, nil where no tile is to be coded, and
// on their samples, nil of such unless they are kept. Meanwhile the next ones are read, where there is more than one
// goroutine, and prepared, if a device does it. Two blocks of memory serve all that are not kept: what use is given
// is its own until it returns.
func InSlabs(ctx context.Context, enc Encoder, blocks *Blocks, use func(slab image.Rectangle, b *raster.Block, s Slab) error) error {
	type read struct {
		block *raster.Block
		slab  Slab
		codes bool
	}
	device := overlaps(enc)
	prepare := func(ctx context.Context, r *read) (err error) {
		if r.codes && r.slab == nil {
			r.slab, err = enc.Slab(ctx, r.block)
		}
		return err
	}
	blocks.overlaps = device || blocks.ahead()
	return parallel.Pipe(ctx, blocks.overlaps, len(blocks.Slabs), func(ctx context.Context, i int) (*read, error) {
		r := &read{codes: blocks.Codes == nil || blocks.Codes(blocks.Slabs[i])}
		var err error
		if r.block, err = blocks.read(ctx, enc.Plan(), i, r.codes); err == nil && device {
			err = prepare(ctx, r)
		}
		return r, err
	}, func(i int, r *read) error {
		if err := prepare(ctx, r); err != nil {
			return err
		}
		err := use(blocks.Slabs[i], r.block, r.slab)
		if s, ok := r.slab.(Released); ok {
			s.Release()
		}
		return err
	})
}

// ahead tells whether the next block is read while one is worked on.
func (b *Blocks) ahead() bool {
	_, inMemory := b.Source.(*raster.Memory)
	return !inMemory && parallel.Workers(b.Workers) > 1
}

// read reads a block, if it is needed, into memory that is held, or becomes so.
func (b *Blocks) read(ctx context.Context, p *Plan, i int, codes bool) (*raster.Block, error) {
	rect := p.Grid().Pixels(b.Slabs[i])
	work := b.Work.Part(Pixels(rect))
	if !codes && !b.Keeps {
		work.Finish()
		return nil, nil
	}
	if m, ok := b.Source.(*raster.Memory); ok {
		work.Finish()
		return m.View(rect), nil
	}
	held := &b.held[0]
	if b.overlaps {
		held = &b.held[i%2]
	}
	block := (*held).Moved(rect)
	if block == nil || b.Keeps {
		block = newBlock(b.Source.Format(), rect, Interleave(&p.Params))
		*held = block
	}
	return block, fill(ctx, b.Source, block, work)
}
