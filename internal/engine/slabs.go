package engine

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// SlabFactor is about how many bytes are held for a byte of a slab's samples: planes of
// 16 bits, statistics, and what the tiles become.
const SlabFactor = 4

// tilesEach is how many tiles of a slab a goroutine codes: the last ones to end keep the others waiting, of
// five for 3% of the time (70 tiles of a photograph, two goroutines).
const tilesEach = 5

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
	p := enc.Plan()
	row, grid := p.Format, p.Grid()
	row.Height = 1 << p.TileLog2
	within := memory / 2 / SlabFactor / row.Bytes()
	across, down := int64(grid.Across()), int64(grid.Down())
	enough := (tilesEach*int64(parallel.Workers(workers)) + across - 1) / across
	if overlaps(enc) {
		within, enough = within/2, (down+deviceSlabs-1)/deviceSlabs
	}
	return int(min(max(min(within, enough), 1), down))
}

// Blocks are the samples of slabs, which are read in their order.
type Blocks struct {
	Source  raster.Source
	Rects   []image.Rectangle
	Step    int // of Read
	Workers int
	Codes   func(i int) bool           // whether any tile of a slab is to be coded; nil if all are
	Keeps   bool                       // whether all are read, and kept
	Work    func(i int) *progress.Work // what reading one is

	overlaps bool // whether one is read while another is worked on
	held     [2]*raster.Block
}

// InSlabs has use work on slabs, in their order: on what enc has made of them, nil where no tile is to be coded, and
// on their samples, nil of such unless they are kept. Meanwhile the next ones are read, where there is more than one
// goroutine, and prepared, if a device does it. Two blocks of memory serve all that are not kept: what use is given
// is its own until it returns.
func InSlabs(ctx context.Context, enc Encoder, blocks *Blocks, use func(i int, b *raster.Block, s Slab) error) error {
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
	return parallel.Pipe(ctx, blocks.overlaps, len(blocks.Rects), func(ctx context.Context, i int) (*read, error) {
		r := &read{codes: blocks.Codes == nil || blocks.Codes(i)}
		var err error
		if r.block, err = blocks.read(ctx, i, r.codes); err == nil && device {
			err = prepare(ctx, r)
		}
		return r, err
	}, func(i int, r *read) error {
		if err := prepare(ctx, r); err != nil {
			return err
		}
		err := use(i, r.block, r.slab)
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
func (b *Blocks) read(ctx context.Context, i int, codes bool) (*raster.Block, error) {
	work := b.Work(i)
	if !codes && !b.Keeps {
		work.Finish()
		return nil, nil
	}
	if m, ok := b.Source.(*raster.Memory); ok {
		work.Finish()
		return m.View(b.Rects[i]), nil
	}
	held := &b.held[0]
	if b.overlaps {
		held = &b.held[i%2]
	}
	block := (*held).Moved(b.Rects[i])
	if block == nil || b.Keeps {
		block = newBlock(b.Source.Format(), b.Rects[i], b.Step)
		*held = block
	}
	return block, fill(ctx, b.Source, block, work)
}
