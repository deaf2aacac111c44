package engine

import (
	"context"
	"fmt"
	"image"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// readBytes is about how much is read at once, what takes a moment: together rows, or a
// multiple, so that who looks at what is read may count on some rows being together.
const (
	readBytes = 8 << 20
	together  = 64
)

// Read reads a rectangle of a raster, or views it where the raster is in memory; step
// is 1 for bands one after the other, or the number of samples from pixel to pixel. A
// type that embeds a *raster.Memory is read: its ReadBlock may be its own. work is what
// reading is.
func Read(ctx context.Context, src raster.Source, r image.Rectangle, step int, work *progress.Work) (*raster.Block, error) {
	if m, ok := src.(*raster.Memory); ok {
		work.Finish()
		return m.View(r), nil
	}
	b := newBlock(src.Format(), r, step)
	if err := fill(ctx, src, b, work); err != nil {
		return nil, err
	}
	return b, nil
}

func newBlock(f *raster.Format, r image.Rectangle, step int) *raster.Block {
	if step == 1 {
		return raster.NewBlock(r, f.Type, len(f.Bands))
	}
	return raster.NewInterleaved(r, f.Type, len(f.Bands), step)
}

// fill reads what a block is to have.
func fill(ctx context.Context, src raster.Source, b *raster.Block, work *progress.Work) error {
	f, r := src.Format(), b.Rect
	work = work.Of(int64(r.Dy()))
	row := int64(r.Dx()) * int64(len(f.Bands)*f.Type.Size())
	height := int(min(max(readBytes/row/together*together, together), int64(r.Dy())))
	for rows := r; rows.Min.Y < r.Max.Y; rows.Min.Y += height {
		rows.Max.Y = min(rows.Min.Y+height, r.Max.Y)
		if err := readRows(ctx, src, b.Sub(rows)); err != nil {
			return err
		}
		work.Add(int64(rows.Dy()))
	}
	return nil
}

// readRows fills a block.
func readRows(ctx context.Context, src raster.Source, b *raster.Block) error {
	lent := *b
	lent.Planes = slices.Clone(b.Planes)
	if err := src.ReadBlock(ctx, &lent); err != nil {
		return fmt.Errorf("reading %v: %w", b.Rect, err)
	}
	if !samePlace(&lent, b) {
		return fmt.Errorf("reading %v: the source changed the fields of the block, expected it to fill the planes that are there", b.Rect)
	}
	return nil
}

// samePlace tells whether two blocks are the same samples in memory.
func samePlace(a, b *raster.Block) bool {
	return a.Rect == b.Rect && a.Type == b.Type && a.Step == b.Step && a.Stride == b.Stride &&
		slices.EqualFunc(a.Planes, b.Planes, func(p, q []byte) bool {
			return len(p) == len(q) && (len(p) == 0 || &p[0] == &q[0])
		})
}

// Each has f look at tiles, on several goroutines, but reads them one by one in their
// order: sources of rows that come one after the other cannot go back. work is what
// there is to do for all tiles.
func Each(ctx context.Context, src raster.Source, grid tiles.Grid, list []int, step, workers int, work *progress.Work, f func(i int, b *raster.Block) error) error {
	work = work.Of(int64(len(list)))
	var t turns
	t.next.L = &t.mu
	_, inMemory := src.(*raster.Memory)
	return parallel.For(ctx, workers, len(list), func(i int) error {
		read := func() (*raster.Block, error) { return Read(ctx, src, grid.Tile(list[i]), step, nil) }
		if !inMemory {
			read = t.inTurn(i, read)
		}
		b, err := read()
		if err != nil {
			return err
		}
		defer work.Add(1)
		return f(i, b)
	})
}

// turns lets jobs that are begun in their order do something in it.
type turns struct {
	mu   sync.Mutex
	next sync.Cond
	turn int
}

// inTurn is read when all jobs before i have read, or panicked.
func (t *turns) inTurn(i int, read func() (*raster.Block, error)) func() (*raster.Block, error) {
	return func() (*raster.Block, error) {
		t.mu.Lock()
		for t.turn < i {
			t.next.Wait()
		}
		t.mu.Unlock()
		defer func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.turn++
			t.next.Broadcast()
		}()
		return read()
	}
}
