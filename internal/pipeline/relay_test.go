package pipeline

import (
	"context"
	"errors"
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// listening is a sink that keeps what it is given, and does something before.
type listening struct {
	*raster.Memory
	before func(b *raster.Block) error
}

// WriteBlock implements raster.Sink.
func (l *listening) WriteBlock(ctx context.Context, b *raster.Block) error {
	if err := l.before(b); err != nil {
		return err
	}
	return l.Memory.WriteBlock(ctx, b)
}

// heights of bands.
var heights = []int{7, 7, 3, 7, 7, 7, 1}

// bandsOf gives bands of a raster to a sink, telling of each that begins.
func bandsOf(m *raster.Memory, begins func(i int) error) func(context.Context, sink) error {
	return func(_ context.Context, to sink) error {
		rect := m.Format().Bounds()
		rect.Max.Y = 0
		for i, h := range heights {
			rect.Min.Y, rect.Max.Y = rect.Max.Y, rect.Max.Y+h
			if err := begins(i); err != nil {
				return err
			}
			b := to.block(rect)
			raster.Copy(b, m.View(rect))
			if err := to.done(b); err != nil {
				return err
			}
		}
		return nil
	}
}

func relayed() *raster.Memory {
	f := raster.Format{Width: 20, Height: 39, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	return rastertest.Draw(f, func(band, x, y int) int64 { return int64(band*70 + x*3 + y*2) })
}

func sinkFor(t *testing.T, m *raster.Memory, before func(b *raster.Block) error) *listening {
	t.Helper()
	out, err := raster.NewMemory(*m.Format())
	require.NoError(t, err)
	return &listening{out, before}
}

// TestRelay: all bands arrive, from the top, whatever the workers; with some, one band is made while another is
// written, and no more.
func TestRelay(t *testing.T) {
	m := relayed()
	for _, workers := range []int{1, 2, 7} {
		next, begun := 0, make(chan int, len(heights))
		to := sinkFor(t, m, func(b *raster.Block) error {
			require.Equal(t, next, b.Rect.Min.Y)
			next = b.Rect.Max.Y
			if workers > 1 && next < 39 { // the band after this one begins before this one is written
				<-begun
				require.LessOrEqual(t, len(begun), 1)
			}
			return nil
		})
		l := relay{dst: to, format: m.Format(), workers: workers}
		require.NoError(t, l.run(t.Context(), bandsOf(m, func(i int) error {
			if i > 0 {
				begun <- i
			}
			return nil
		})))
		require.Equal(t, 39, next)
		require.Empty(t, rastertest.Difference(rastertest.All(m), rastertest.All(to.Memory)), "%d workers", workers)
	}
}

// TestRelayEnds: the error is the sink's, the decoder's, or why the context ended, whoever is first, and a panic is
// the caller's.
func TestRelayEnds(t *testing.T) {
	errSink, errDecode := errors.New("sink"), errors.New("decode")
	m := relayed()
	fine := func(int) error { return nil }
	for _, workers := range []int{1, 2} {
		sinkFails := func(at int) *listening {
			return sinkFor(t, m, func(b *raster.Block) error {
				if b.Rect.Min.Y >= at {
					return errSink
				}
				return nil
			})
		}
		run := func(ctx context.Context, to raster.Sink, begins func(i int) error) error {
			l := relay{dst: to, format: m.Format(), workers: workers, origin: image.Pt(0, 0)}
			return l.run(ctx, bandsOf(m, begins))
		}
		require.ErrorIs(t, run(t.Context(), sinkFails(7), fine), errSink)
		require.ErrorIs(t, run(t.Context(), sinkFails(38), fine), errSink)
		require.ErrorIs(t, run(t.Context(), sinkFails(99), func(i int) error {
			if i == 3 {
				return errDecode
			}
			return nil
		}), errDecode)
		require.PanicsWithValue(t, "sink", func() {
			_ = run(t.Context(), sinkFor(t, m, func(*raster.Block) error { panic("sink") }), fine)
		})
		require.PanicsWithValue(t, "decode", func() {
			_ = run(t.Context(), sinkFails(99), func(int) error { panic("decode") })
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		require.ErrorIs(t, run(ctx, sinkFails(99), func(i int) error {
			if i == 2 {
				cancel(errDecode)
				return context.Cause(ctx)
			}
			return nil
		}), errDecode)
	}
}
