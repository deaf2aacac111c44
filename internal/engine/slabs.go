package engine

import (
	"context"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// SlabFactor is about how many bytes are held for a byte of a slab's samples: planes of
// 16 bits, statistics, and what the tiles become.
const SlabFactor = 4

// How many tiles a goroutine has at least. Fewer make rows come sooner, and take less memory; but the last ones of a band to
// end keep the others waiting, of five for 3% of the time (70 tiles of a photograph, in rows of ten for two goroutines). Who
// is through with a slab goes on with the next.
const (
	tilesOfBand = 4
	tilesOfSlab = 2
)

// BandRows is how many rows of tiles goroutines have enough in, and no more than there are.
func BandRows(grid tiles.Grid, workers int) int { return rowsOf(grid, workers, tilesOfBand) }

func rowsOf(grid tiles.Grid, workers, each int) int {
	return min((each*min(parallel.Workers(workers), grid.N())-1)/grid.Across()+1, grid.Down())
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
	within, enough := memory/2/SlabFactor/row.Bytes(), rowsOf(grid, workers, tilesOfSlab)
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

// Use is what is done with slabs.
type Use struct {
	// Tile works on a tile of a slab that an encoder has made, nil where no tile of the slab is to be coded. It is called on
	// several goroutines.
	Tile func(s Slab, tile int) error
	// End is called when all tiles of a slab are done, in the order of the slabs, with its samples, nil of such unless they
	// are kept; they are its own until it returns. Nil is for nothing.
	End func(slab image.Rectangle, b *raster.Block) error
}

// read is a slab that has been read.
type read struct {
	block *raster.Block
	slab  func() (Slab, error) // which is prepared when it is asked for first
}

// InSlabs has use work on slabs. Tiles are begun in the order of the slabs, those of the next slab while the last ones of a
// slab are at work; meanwhile it is read, where there is more than one goroutine, and prepared, if a device does it. Two
// blocks of memory serve all that are not kept.
func InSlabs(ctx context.Context, enc Encoder, blocks *Blocks, use Use) error {
	grid, device := enc.Plan().Grid(), overlaps(enc)
	blocks.overlaps = device || blocks.ahead()
	jobs := make([]int, len(blocks.Slabs))
	for i, s := range blocks.Slabs {
		jobs[i] = s.Dx() * s.Dy()
	}
	return parallel.Pipe[read]{
		Jobs: jobs, Ahead: blocks.overlaps,
		Make: func(ctx context.Context, i int) (r read, err error) {
			codes := blocks.Codes == nil || blocks.Codes(blocks.Slabs[i])
			if r.block, err = blocks.read(ctx, enc.Plan(), i, codes); err != nil {
				return r, err
			}
			r.slab = sync.OnceValues(func() (Slab, error) {
				if !codes {
					return nil, nil
				}
				return enc.Slab(ctx, r.block)
			})
			if device {
				_, err = r.slab()
			}
			return r, err
		},
		Work: func(i int, r read, job int) error {
			s, err := r.slab()
			if err != nil {
				return err
			}
			at := blocks.Slabs[i].Min.Add(image.Pt(job%blocks.Slabs[i].Dx(), job/blocks.Slabs[i].Dx()))
			return use.Tile(s, grid.Index(at))
		},
		End: func(i int, r read) error {
			s, err := r.slab()
			if err == nil && use.End != nil {
				err = use.End(blocks.Slabs[i], r.block)
			}
			if s, ok := s.(Released); ok {
				s.Release()
			}
			return err
		},
	}.Run(ctx, blocks.Workers)
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
