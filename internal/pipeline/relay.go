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
	rows    int // of the tallest band

	full  chan rowsIn
	free  chan *raster.Block // memory of rows that the sink has had
	ended chan struct{}      // when nothing more is written
	room  *raster.Block      // memory of the rows at hand
}

// rowsIn are rows that are handed over, and the memory that they lie in.
type rowsIn struct{ rows, room *raster.Block }

// errEnded ends decoding where writing has; the error of that is the one that counts.
var errEnded = errors.New("writing has ended")

// run has decode give its bands to a sink.
func (l *relay) run(ctx context.Context, decode func(ctx context.Context, to sink) error) error {
	l.free = make(chan *raster.Block, 1)
	if parallel.Workers(l.workers) == 1 {
		return decode(ctx, sink{block: l.block, done: func(b *raster.Block) error { return l.write(ctx, rowsIn{b, l.room}) }})
	}
	l.full, l.ended = make(chan rowsIn), make(chan struct{})
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
	case l.room = <-l.free:
		if b := l.room.Moved(rows); b != nil {
			return b
		}
	default:
	}
	room := rows
	room.Max.Y = max(room.Max.Y, room.Min.Y+l.rows)
	l.room = raster.NewInterleaved(room, l.format.Type, len(l.format.Bands), len(l.format.Bands))
	return l.room.Sub(rows)
}

// pass hands a band over.
func (l *relay) pass(b *raster.Block) error {
	select {
	case l.full <- rowsIn{b, l.room}:
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

func (l *relay) write(ctx context.Context, b rowsIn) error {
	moved := *b.rows
	moved.Rect = moved.Rect.Sub(l.origin)
	err := l.dst.WriteBlock(ctx, &moved)
	select {
	case l.free <- b.room:
	default:
	}
	return err
}
