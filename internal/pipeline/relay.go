package pipeline

import (
	"context"
	"errors"
	"image"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// relay passes bands on to a sink, one while the next is decoded, in two blocks of memory.
type relay struct {
	dst     raster.Sink
	origin  image.Point // of what the sink is given
	format  *raster.Format
	workers int

	full, free chan *raster.Block // free is what the sink has had
	ended      chan struct{}      // when nothing more is written
}

// errEnded ends decoding where writing has; the error of that is the one that counts.
var errEnded = errors.New("writing has ended")

// run has decode give its bands to a sink.
func (l *relay) run(ctx context.Context, decode func(ctx context.Context, to sink) error) error {
	l.free = make(chan *raster.Block, 1)
	if parallel.Workers(l.workers) == 1 {
		return decode(ctx, sink{block: l.block, done: func(b *raster.Block) error { return l.write(ctx, b) }})
	}
	l.full, l.ended = make(chan *raster.Block), make(chan struct{})
	return parallel.For(ctx, 2, 2, func(i int) error {
		if i == 0 {
			return l.writeAll(ctx)
		}
		defer close(l.full)
		return decode(ctx, sink{block: l.block, done: l.pass})
	})
}

// block gives memory that the sink has had, or new one.
func (l *relay) block(rows image.Rectangle) *raster.Block {
	select {
	case held := <-l.free:
		if b := held.Moved(rows); b != nil {
			return b
		}
	default:
	}
	return raster.NewInterleaved(rows, l.format.Type, len(l.format.Bands), len(l.format.Bands))
}

// pass hands a band over.
func (l *relay) pass(b *raster.Block) error {
	select {
	case l.full <- b:
		return nil
	case <-l.ended:
		return errEnded
	}
}

// writeAll writes what is handed over.
func (l *relay) writeAll(ctx context.Context) error {
	defer close(l.ended)
	for {
		select {
		case b, more := <-l.full:
			if !more {
				return nil
			}
			if err := l.write(ctx, b); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *relay) write(ctx context.Context, b *raster.Block) error {
	moved := *b
	moved.Rect = b.Rect.Sub(l.origin)
	err := l.dst.WriteBlock(ctx, &moved)
	select {
	case l.free <- b:
	default:
	}
	return err
}
