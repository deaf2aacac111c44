package engine_test

import (
	"context"
	"errors"
	"image"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// watched is a raster that is read block by block, and tells of what is read.
type watched struct {
	*raster.Memory
	reading atomic.Int32
	before  func(r image.Rectangle) error
}

// ReadBlock implements raster.Source.
func (w *watched) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if w.reading.Add(1) > 1 {
		panic("two reads at the same time")
	}
	defer w.reading.Add(-1)
	if w.before != nil {
		if err := w.before(dst.Rect); err != nil {
			return err
		}
	}
	return w.Memory.ReadBlock(ctx, dst)
}

func slabs() (*raster.Memory, []image.Rectangle) {
	f := raster.Format{Width: 40, Height: 47, Type: raster.Uint16, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	m := rastertest.Draw(f, func(band, x, y int) int64 { return int64(1000*band + 40*y + x) })
	var rects []image.Rectangle
	for y := 0; y < f.Height; y += 5 {
		rects = append(rects, image.Rect(y%3, y, f.Width-y%7, min(y+5, f.Height)))
	}
	return m, rects
}

func ahead(src raster.Source, rects []image.Rectangle, step, workers int) *engine.Ahead {
	return &engine.Ahead{Source: src, Rects: rects, Step: step, Workers: workers, Work: func(int) *progress.Work { return nil }}
}

// TestAhead: f is given the samples of each rectangle in turn, whatever the source, step and workers; what is
// not needed is not read; what is kept stays as it was.
func TestAhead(t *testing.T) {
	m, rects := slabs()
	for _, src := range []raster.Source{m, &watched{Memory: m}} {
		for _, step := range []int{1, 3} {
			for _, workers := range []int{1, 2, 5} {
				for _, keeps := range []bool{false, true} {
					a := ahead(src, rects, step, workers)
					a.Keeps = keeps
					a.Needs = func(i int) bool { return i%4 != 2 }
					var seen []*raster.Block
					require.NoError(t, a.Each(t.Context(), func(i int, b *raster.Block) error {
						require.Len(t, seen, i)
						seen = append(seen, b)
						if i%4 == 2 {
							require.Nil(t, b)
							return nil
						}
						require.Empty(t, rastertest.Difference(m.View(rects[i]), b), "rectangle %d", i)
						return nil
					}))
					require.Len(t, seen, len(rects))
					for i, b := range seen {
						if b != nil && keeps {
							require.Empty(t, rastertest.Difference(m.View(rects[i]), b), "rectangle %d, kept", i)
						}
					}
				}
			}
		}
	}
}

// TestAheadReadsOnce: while f works on a rectangle the next is read, and no other.
func TestAheadReadsOnce(t *testing.T) {
	m, rects := slabs()
	begun := make(chan image.Rectangle, len(rects))
	src := &watched{Memory: m, before: func(r image.Rectangle) error { begun <- r; return nil }}
	require.NoError(t, ahead(src, rects, 3, 2).Each(t.Context(), func(i int, _ *raster.Block) error {
		if i == 0 {
			require.Equal(t, rects[0], <-begun)
		}
		if i+1 < len(rects) {
			require.Equal(t, rects[i+1], <-begun)
		}
		require.Empty(t, begun)
		return nil
	}))
}

// TestAheadEnds: the first error ends it, whoever it is from, and so do a panic and the end of the context.
func TestAheadEnds(t *testing.T) {
	errRead, errWork := errors.New("read"), errors.New("work")
	m, rects := slabs()
	for _, workers := range []int{1, 2} {
		done := 0
		work := func(i int, _ *raster.Block) error {
			if done = i + 1; i == 4 {
				return errWork
			}
			return nil
		}
		fails := func(err error, at int) *watched {
			return &watched{Memory: m, before: func(r image.Rectangle) error {
				if r == rects[at] {
					return err
				}
				return nil
			}}
		}
		require.ErrorIs(t, ahead(fails(errRead, 3), rects, 3, workers).Each(t.Context(), work), errRead)
		require.Equal(t, 3, done)
		for _, at := range []int{5, 8} {
			require.ErrorIs(t, ahead(fails(errRead, at), rects, 3, workers).Each(t.Context(), work), errWork)
			require.Equal(t, 5, done)
		}
		require.PanicsWithValue(t, "worse", func() {
			_ = ahead(&watched{Memory: m, before: func(image.Rectangle) error { panic("worse") }}, rects, 3, workers).Each(t.Context(), work)
		})
		require.PanicsWithValue(t, "worst", func() {
			_ = ahead(fails(nil, 0), rects, 3, workers).Each(t.Context(), func(int, *raster.Block) error { panic("worst") })
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		err := ahead(&watched{Memory: m}, rects, 3, workers).Each(ctx, func(i int, _ *raster.Block) error {
			if i == 2 {
				cancel(errRead)
				return context.Cause(ctx)
			}
			return nil
		})
		require.ErrorIs(t, err, errRead)
	}
}
