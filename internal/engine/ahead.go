package engine

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Ahead reads rectangles of a raster in their order, the next while somebody works on the last, where
// there is more than one goroutine.
type Ahead struct {
	Source  raster.Source
	Rects   []image.Rectangle
	Step    int // of Read
	Workers int
	Needs   func(i int) bool           // whether a rectangle is read at all; nil if all are
	Keeps   bool                       // whether blocks are kept
	Work    func(i int) *progress.Work // what reading it is
}

// Each has f work on the rectangles, nil in place of one that is not read. Two blocks of memory serve all,
// unless they are kept: what f is given is its own until it returns.
func (a *Ahead) Each(ctx context.Context, f func(i int, b *raster.Block) error) error {
	_, inMemory := a.Source.(*raster.Memory)
	if inMemory || parallel.Workers(a.Workers) == 1 || len(a.Rects) == 1 {
		return a.oneByOne(ctx, f)
	}
	type outcome struct {
		b   *raster.Block
		err error
	}
	next, ended := make(chan outcome), make(chan struct{})
	read := func() error {
		defer close(next)
		var held [2]*raster.Block
		for i := range a.Rects {
			b, err := a.read(ctx, i, &held[i%2])
			select {
			case next <- outcome{b, err}:
			case <-ended:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	}
	work := func() error {
		defer close(ended)
		for i := range a.Rects {
			o, more := <-next
			if !more {
				return nil // read tells why
			}
			if o.err != nil {
				return o.err
			}
			if err := f(i, o.b); err != nil {
				return err
			}
		}
		return nil
	}
	return parallel.For(ctx, 2, 2, func(i int) error { return [...]func() error{read, work}[i]() })
}

func (a *Ahead) oneByOne(ctx context.Context, f func(i int, b *raster.Block) error) error {
	var held *raster.Block
	for i := range a.Rects {
		b, err := a.read(ctx, i, &held)
		if err != nil {
			return err
		}
		if err := f(i, b); err != nil {
			return err
		}
	}
	return nil
}

// read reads a rectangle into memory that is held, or becomes so.
func (a *Ahead) read(ctx context.Context, i int, held **raster.Block) (*raster.Block, error) {
	work := a.Work(i)
	if a.Needs != nil && !a.Needs(i) {
		work.Finish()
		return nil, nil
	}
	if m, ok := a.Source.(*raster.Memory); ok {
		work.Finish()
		return m.View(a.Rects[i]), nil
	}
	b := (*held).Moved(a.Rects[i])
	if b == nil || a.Keeps {
		b = newBlock(a.Source.Format(), a.Rects[i], a.Step)
		*held = b
	}
	return b, fill(ctx, a.Source, b, work)
}
