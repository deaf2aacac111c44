package engine_test

import (
	"context"
	"errors"
	"image"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
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

// slabs are a raster, slabs of its tiles of 8×8 pixels, and what pixels these are.
func slabs() (m *raster.Memory, of, rects []image.Rectangle) {
	f := raster.Format{Width: 40, Height: 87, Type: raster.Uint16, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	m = rastertest.Draw(f, func(band, x, y int) int64 { return int64(1000*band + 40*y + x) })
	grid := planOf(m, 1).Grid()
	for i, s := range engine.Slabs(grid, 0, 9, 1) {
		s.Min.X, s.Max.Y = i%3, s.Max.Y+i%2*i/3
		of, rects = append(of, s), append(rects, grid.Pixels(s))
	}
	return m, of, rects
}

// planOf is a plan by which blocks are read in some steps.
func planOf(m *raster.Memory, step int) *engine.Plan {
	return &engine.Plan{Params: engine.Params{Format: *m.Format(), T: int64(step - 1)}, TileLog2: 3}
}

// preparing is an encoder that prepares slabs, on a device or not, and codes nothing.
type preparing struct {
	engine.Encoder
	plan   *engine.Plan
	device bool
	slab   func(b *raster.Block) error
}

func (p *preparing) Plan() *engine.Plan { return p.plan }

func (p *preparing) Overlaps() bool { return p.device }

func (p *preparing) Slab(_ context.Context, b *raster.Block) (engine.Slab, error) {
	if p.slab != nil {
		if err := p.slab(b); err != nil {
			return nil, err
		}
	}
	return b.Rect, nil
}

// TestInSlabs: slabs come in turn with their samples, whatever the source, step, workers and device; what is not coded
// is neither read nor prepared; what is kept is read and stays as it was.
func TestInSlabs(t *testing.T) {
	m, of, rects := slabs()
	for _, src := range []raster.Source{m, &watched{Memory: m}} {
		for _, step := range []int{1, 3} {
			for _, workers := range []int{1, 2, 5} {
				for mode := range 4 {
					keeps, enc := mode&1 > 0, &preparing{plan: planOf(m, step), device: mode&2 > 0}
					a := &engine.Blocks{Source: src, Slabs: of, Workers: workers, Keeps: keeps}
					a.Codes = func(s image.Rectangle) bool { return s.Min.Y%4 != 2 }
					var seen []*raster.Block
					require.NoError(t, engine.InSlabs(t.Context(), enc, a, func(slab image.Rectangle, b *raster.Block, s engine.Slab) error {
						i := len(seen)
						require.Equal(t, of[i], slab)
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
	m, of, rects := slabs()
	for _, device := range []bool{false, true} {
		begun := make(chan image.Rectangle, len(rects))
		begins := func(r image.Rectangle) error { begun <- r; return nil }
		src, enc := &watched{Memory: m}, &preparing{plan: planOf(m, 3), device: device}
		if device {
			enc.slab = func(b *raster.Block) error { return begins(b.Rect) }
		} else {
			src.before = begins
		}
		require.NoError(t, engine.InSlabs(t.Context(), enc, &engine.Blocks{Source: src, Slabs: of, Workers: 2}, func(slab image.Rectangle, _ *raster.Block, _ engine.Slab) error {
			i := slab.Min.Y
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
	m, of, rects := slabs()
	for _, workers := range []int{1, 2} {
		for _, device := range []bool{false, true} {
			run := func(ctx context.Context, read, slab, use int, cancel func()) (done int, err error) {
				src := &watched{Memory: m, before: func(r image.Rectangle) error {
					if r == rects[read] {
						return errRead
					}
					return nil
				}}
				enc := &preparing{plan: planOf(m, 3), device: device, slab: func(b *raster.Block) error {
					if b.Rect == rects[slab] {
						return errSlab
					}
					return nil
				}}
				err = engine.InSlabs(ctx, enc, &engine.Blocks{Source: src, Slabs: of, Workers: workers}, func(slab image.Rectangle, _ *raster.Block, _ engine.Slab) error {
					if done++; slab.Min.Y == use {
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
