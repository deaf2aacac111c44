package engine_test

import (
	"context"
	"errors"
	"image"
	"slices"
	"sync"
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

// TestInSlabs: each tile comes once, on its slab, and slabs end in turn with their samples, whatever the source, step, workers
// and device; what is not coded is neither read nor prepared; what is kept is read and stays as it was.
func TestInSlabs(t *testing.T) {
	m, of, rects := slabs()
	for _, src := range []raster.Source{m, &watched{Memory: m}} {
		for _, step := range []int{1, 3} {
			for _, workers := range []int{1, 2, 5} {
				for mode := range 4 {
					keeps, enc := mode&1 > 0, &preparing{plan: planOf(m, step), device: mode&2 > 0}
					codes := func(s image.Rectangle) bool { return s.Min.Y%4 != 2 }
					a := &engine.Blocks{Source: src, Slabs: of, Workers: workers, Keeps: keeps, Codes: codes}
					var mu sync.Mutex
					came := map[[2]int]int{} // how often, by slab, -1 for none, and tile
					var seen []*raster.Block
					require.NoError(t, engine.InSlabs(t.Context(), enc, a, engine.Use{
						Tile: func(s engine.Slab, tile int) error {
							mu.Lock()
							defer mu.Unlock()
							i := -1
							if s != nil {
								i = slices.Index(rects, s.(image.Rectangle))
							}
							came[[2]int{i, tile}]++
							return nil
						},
						End: func(slab image.Rectangle, b *raster.Block) error {
							mu.Lock()
							defer mu.Unlock()
							i := len(seen)
							require.Equal(t, of[i], slab)
							for _, tile := range enc.plan.Grid().Indices(slab) {
								on := i
								if !codes(slab) {
									on = -1
								}
								require.Equal(t, 1, came[[2]int{on, tile}], "tile %d of slab %d", tile, i)
								delete(came, [2]int{on, tile})
							}
							if seen = append(seen, b); !codes(slab) && !keeps {
								require.Nil(t, b)
							} else {
								require.Empty(t, rastertest.Difference(m.View(rects[i]), b), "slab %d", i)
							}
							return nil
						},
					}))
					require.Empty(t, came)
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
		require.NoError(t, engine.InSlabs(t.Context(), enc, &engine.Blocks{Source: src, Slabs: of, Workers: 2}, engine.Use{
			Tile: func(engine.Slab, int) error { return nil },
			End: func(slab image.Rectangle, _ *raster.Block) error {
				i := slab.Min.Y
				if i == 0 {
					require.Equal(t, rects[0], <-begun)
				}
				if i+1 < len(rects) {
					require.Equal(t, rects[i+1], <-begun)
				}
				require.Empty(t, begun)
				return nil
			},
		}))
	}
}

// TestInSlabsEnds: the first error ends it, whoever it is from, and so does the end of the context.
func TestInSlabsEnds(t *testing.T) {
	errRead, errSlab, errTile, errEnd := errors.New("read"), errors.New("slab"), errors.New("tile"), errors.New("end")
	m, of, rects := slabs()
	for _, workers := range []int{1, 2, 5} {
		for _, device := range []bool{false, true} {
			run := func(ctx context.Context, read, slab, tile, end int, cancel func()) (ended int, err error) {
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
				err = engine.InSlabs(ctx, enc, &engine.Blocks{Source: src, Slabs: of, Workers: workers}, engine.Use{
					Tile: func(s engine.Slab, _ int) error {
						if s == rects[tile] {
							return errTile
						}
						return nil
					},
					End: func(slab image.Rectangle, _ *raster.Block) error {
						if slab.Min.Y == end {
							cancel()
							return errEnd
						}
						ended++
						return nil
					},
				})
				return ended, err
			}
			for _, c := range []struct {
				read, slab, tile, end, ended int
				err                          error
			}{{3, 5, 6, 7, 3, errRead}, {5, 3, 6, 7, 3, errSlab}, {5, 6, 3, 4, 3, errTile}, {4, 5, 6, 3, 3, errEnd}, {5, 6, 4, 3, 3, errEnd}} {
				ended, err := run(t.Context(), c.read, c.slab, c.tile, c.end, func() {})
				require.ErrorIs(t, err, c.err, "%+v", c)
				require.Equal(t, c.ended, ended, "%+v", c)
			}
			ctx, cancel := context.WithCancel(t.Context())
			_, err := run(ctx, 8, 8, 8, 3, cancel)
			require.ErrorIs(t, err, errEnd)
		}
	}
}
