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

// preparing is an encoder that prepares slabs, on a device or not, and codes nothing.
type preparing struct {
	engine.Encoder
	device bool
	slab   func(b *raster.Block) error
}

func (p *preparing) Overlaps() bool { return p.device }

func (p *preparing) Slab(_ context.Context, b *raster.Block) (engine.Slab, error) {
	if p.slab != nil {
		if err := p.slab(b); err != nil {
			return nil, err
		}
	}
	return b.Rect, nil
}

func blocksOf(src raster.Source, rects []image.Rectangle, step, workers int) *engine.Blocks {
	return &engine.Blocks{Source: src, Rects: rects, Step: step, Workers: workers, Work: func(int) *progress.Work { return nil }}
}

// TestInSlabs: slabs come in turn with their samples, whatever the source, step, workers and device; what is not coded
// is neither read nor prepared; what is kept is read and stays as it was.
func TestInSlabs(t *testing.T) {
	m, rects := slabs()
	for _, src := range []raster.Source{m, &watched{Memory: m}} {
		for _, step := range []int{1, 3} {
			for _, workers := range []int{1, 2, 5} {
				for mode := range 4 {
					keeps, enc := mode&1 > 0, &preparing{device: mode&2 > 0}
					a := blocksOf(src, rects, step, workers)
					a.Keeps = keeps
					a.Codes = func(i int) bool { return i%4 != 2 }
					var seen []*raster.Block
					require.NoError(t, engine.InSlabs(t.Context(), enc, a, func(i int, b *raster.Block, s engine.Slab) error {
						require.Len(t, seen, i)
						seen = append(seen, b)
						if i%4 == 2 {
							require.Nil(t, s)
						} else {
							require.Equal(t, rects[i], s)
						}
						if i%4 == 2 && !keeps {
							require.Nil(t, b)
						} else {
							require.Empty(t, rastertest.Difference(m.View(rects[i]), b), "slab %d", i)
						}
						return nil
					}))
					require.Len(t, seen, len(rects))
					for i, b := range seen {
						if keeps {
							require.Empty(t, rastertest.Difference(m.View(rects[i]), b), "slab %d, kept", i)
						}
					}
				}
			}
		}
	}
}

// TestSlabsOverlap: while a slab is coded the next is read, and prepared by a device, and no other.
func TestSlabsOverlap(t *testing.T) {
	m, rects := slabs()
	for _, device := range []bool{false, true} {
		begun := make(chan image.Rectangle, len(rects))
		begins := func(r image.Rectangle) error { begun <- r; return nil }
		src, enc := &watched{Memory: m}, &preparing{device: device}
		if device {
			enc.slab = func(b *raster.Block) error { return begins(b.Rect) }
		} else {
			src.before = begins
		}
		require.NoError(t, engine.InSlabs(t.Context(), enc, blocksOf(src, rects, 3, 2), func(i int, _ *raster.Block, _ engine.Slab) error {
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
}

// TestInSlabsEnds: the first error ends it, whoever it is from, and so does the end of the context.
func TestInSlabsEnds(t *testing.T) {
	errRead, errSlab, errUse := errors.New("read"), errors.New("slab"), errors.New("use")
	m, rects := slabs()
	for _, workers := range []int{1, 2} {
		for _, device := range []bool{false, true} {
			run := func(ctx context.Context, read, slab, use int, cancel func()) (done int, err error) {
				src := &watched{Memory: m, before: func(r image.Rectangle) error {
					if r == rects[read] {
						return errRead
					}
					return nil
				}}
				enc := &preparing{device: device, slab: func(b *raster.Block) error {
					if b.Rect == rects[slab] {
						return errSlab
					}
					return nil
				}}
				err = engine.InSlabs(ctx, enc, blocksOf(src, rects, 3, workers), func(i int, _ *raster.Block, _ engine.Slab) error {
					if done++; i == use {
						cancel()
						return errUse
					}
					return ctx.Err()
				})
				return done, err
			}
			for _, c := range []struct {
				read, slab, use, done int
				err                   error
			}{{3, 5, 6, 3, errRead}, {5, 3, 6, 3, errSlab}, {5, 6, 3, 4, errUse}, {4, 5, 3, 4, errUse}} {
				done, err := run(t.Context(), c.read, c.slab, c.use, func() {})
				require.ErrorIs(t, err, c.err, "%+v", c)
				require.Equal(t, c.done, done, "%+v", c)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := run(ctx, 8, 8, 3, cancel)
			require.ErrorIs(t, err, errUse)
		}
	}
}
