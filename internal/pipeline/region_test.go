package pipeline

import (
	"context"
	"errors"
	"fmt"
	"image"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// block decodes a region of a level.
func block(t *testing.T, r *Reader, rect image.Rectangle, level int) *raster.Block {
	t.Helper()
	g, err := r.Begin(context.Background(), rect, level)
	require.NoError(t, err)
	return decoded(t, g)
}

// decoded ends what Begin began.
func decoded(t *testing.T, g *Region) *raster.Block {
	t.Helper()
	f := &g.plan.Format
	b := raster.NewBlock(g.rect, f.Type, len(f.Bands))
	require.NoError(t, g.Decode(context.Background(), b, func(int64) {}))
	return b
}

// cut begins a region in bands, as many different numbers of them as memory makes: none
// where a band takes no less than all of it.
func cut(t *testing.T, name string, data []byte, rect image.Rectangle, level int) (regions []*Region) {
	t.Helper()
	const workers, parts = 2, 16
	r := open(t, data, Options{})
	base := baseOf(level)
	f := &r.plan.Format
	fine := r.finer(rect, level, base)
	window, goroutine := r.dec.Memory(r.full(fine, base), base)
	if fine != rect {
		window += engine.Pixels(fine) * int64(f.Type.Size()*len(f.Bands))
	}
	most := 1
	for part := int64(parts); part > 0; part-- {
		limit := engine.Pixels(rect)*int64(f.Type.Size()*len(f.Bands)) + window*part/parts + workers*goroutine
		g, err := open(t, data, Options{Workers: workers, Memory: limit}).Begin(context.Background(), rect, level)
		if err != nil {
			require.ErrorIs(t, err, ErrTooLarge, name)
			break
		}
		if part == parts {
			require.Len(t, g.bands, 1, name)
		}
		if len(g.bands) > most {
			most = len(g.bands)
			regions = append(regions, g)
		}
	}
	return regions
}

// TestBands: a region of any level that memory cuts into bands is the region that is
// decoded at once.
func TestBands(t *testing.T) {
	for _, e := range shorttest.Cases(examples()) {
		data := e.file(t)
		whole := open(t, data, Options{Workers: 2})
		regions := 0
		for level := range 6 {
			size := whole.Size(level)
			for _, rect := range []image.Rectangle{{Max: size}, image.Rect(size.X/3, size.Y/7, size.X-size.X/3, size.Y-size.Y/9)} {
				want := block(t, whole, rect, level)
				for _, g := range cut(t, e.name, data, rect, level) {
					regions++
					require.Empty(t, rastertest.Difference(want, decoded(t, g)), "%s: %v of level %d in %d bands", e.name, rect, level, len(g.bands))
				}
			}
		}
		require.Positive(t, regions, "%s: no memory cuts any region into bands", e.name)
	}
}

// counting is a decoder that counts what is decoded, and tells of it.
type counting struct {
	engine.Decoder
	mu     sync.Mutex
	counts map[int]int // by tile
	before func(tile int)
}

// count makes a reader count.
func count(r *Reader) *counting {
	c := &counting{Decoder: r.dec, counts: map[int]int{}, before: func(int) {}}
	r.dec = c
	return c
}

// Window implements engine.Decoder.
func (c *counting) Window(dst *raster.Block, level int, finished engine.Window) engine.Window {
	if w, ok := finished.(*countingWindow); ok {
		finished = w.Window
	}
	return &countingWindow{c.Decoder.Window(dst, level, finished), c}
}

// Measure implements engine.Decoder.
func (c *counting) Measure(ctx context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	c.add(tile)
	return c.Decoder.Measure(ctx, tile, s, original)
}

func (c *counting) add(tile int) {
	c.mu.Lock()
	c.counts[tile]++
	c.mu.Unlock()
	c.before(tile)
}

// total is the number of tiles decoded.
func (c *counting) total() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k := range maps.Values(c.counts) {
		n += k
	}
	return n
}

type countingWindow struct {
	engine.Window
	c *counting
}

// Decode implements engine.Window.
func (w *countingWindow) Decode(tile int, s engine.Segments, keep image.Rectangle) (engine.Decoded, error) {
	w.c.add(tile)
	return w.Window.Decode(tile, s, keep)
}

// eachOnce are counts of tiles that were decoded once.
func eachOnce(indices []int) map[int]int {
	m := map[int]int{}
	for _, i := range indices {
		m[i] = 1
	}
	return m
}

// TestBandsDecodeOnce: bands decode every tile once, though their margins overlap, and
// hold no tiles but such that two bands need, no more than one band needs.
func TestBandsDecodeOnce(t *testing.T) {
	regions := 0
	for _, e := range examples() {
		for _, g := range cut(t, e.name, e.file(t), e.params.Format.Bounds(), 0) {
			regions++
			needed, tiles := map[int]int{}, 0 // the bands that need a tile, the most that one needs
			for _, band := range g.bands {
				tiles = max(tiles, len(g.tilesOf(band)))
				for _, tile := range g.tilesOf(band) {
					needed[tile]++
				}
			}
			c := count(g.Reader)
			most := 0
			c.before = func(int) {
				if g.cache != nil {
					g.cache.mu.Lock()
					defer g.cache.mu.Unlock()
					most = max(most, len(g.cache.entries))
					for tile, held := range g.cache.entries {
						assert.True(t, held.place == nil || needed[tile] > 1, "%s: tile %d is held in %d bands", e.name, tile, len(g.bands))
					}
				}
			}
			decoded(t, g)
			require.Equal(t, eachOnce(g.grid.Indices(g.grid.Bounds())), c.counts, e.name)
			require.LessOrEqual(t, most, tiles, "%s: tiles held in %d bands", e.name, len(g.bands))
			require.Equal(t, e.engine.ID() == engine.Transform, most > 0, e.name)
		}
	}
	require.Positive(t, regions)
}

// TestFlights: tiles that several regions need at the same time are decoded once where
// the cache has room for them, and so are tiles of later calls; all regions are right.
func TestFlights(t *testing.T) {
	for _, e := range examples() {
		data := e.file(t)
		all := e.params.Format.Bounds()
		want := block(t, open(t, data, Options{}), all, 0)
		r := open(t, data, Options{Workers: 3, Cache: 1 << 30})
		c := count(r)
		c.before = func(int) { time.Sleep(time.Millisecond) }
		var wg sync.WaitGroup
		for i := range 6 {
			rect := all
			rect.Min.Y, rect.Max.Y = all.Max.Y*i/12, all.Max.Y*(i+8)/13
			wg.Go(func() {
				b := raster.NewBlock(rect, want.Type, len(want.Planes))
				g, err := r.Begin(context.Background(), rect, 0)
				if assert.NoError(t, err) && assert.NoError(t, g.Decode(context.Background(), b, func(int64) {})) {
					assert.Empty(t, rastertest.Difference(want, b), "%s: %v", e.name, rect)
				}
			})
		}
		wg.Wait()
		half := block(t, r, image.Rectangle{Max: r.Size(1)}, 1)
		require.Empty(t, rastertest.Difference(block(t, open(t, data, Options{}), half.Rect, 1), half), e.name)
		require.Equal(t, eachOnce(r.grid.Indices(r.grid.Bounds())), c.counts, e.name)
	}
}

// TestSmallCache: a cache that holds two tiles or none never exceeds its limit, and what
// is read with it is right.
func TestSmallCache(t *testing.T) {
	for _, e := range examples() {
		data := e.file(t)
		all := e.params.Format.Bounds()
		want := block(t, open(t, data, Options{}), all, 0)
		big := open(t, data, Options{Cache: 1 << 30})
		block(t, big, image.Rect(0, 0, 1, 1), 0)
		for _, limit := range []int64{1, big.cache.bytes * 5 / 2} {
			r := open(t, data, Options{Workers: 2, Cache: limit})
			for i := range 12 {
				rect := all
				rect.Min.Y = i * 5 % 12 * all.Max.Y / 12
				rect.Max.Y = min(rect.Min.Y+all.Max.Y/9, all.Max.Y)
				require.Empty(t, rastertest.Difference(want, block(t, r, rect, 0)), "%s: %v", e.name, rect)
				require.LessOrEqual(t, r.cache.bytes, limit, e.name)
			}
			if limit > 1 {
				require.Positive(t, r.cache.bytes, e.name)
			}
		}
	}
}

// errStop is why the calls of the tests below are ended.
var errStop = errors.New("stop")

// TestCancelDecode: a call whose context ends starts no other tile, gives the cause, and
// leaves no goroutine, with a cache and without, with KeepGoing too.
func TestCancelDecode(t *testing.T) {
	const workers, after = 3, 2
	for _, e := range examples() {
		src := e.source()
		data := e.file(t)
		for _, o := range []Options{{Workers: workers}, {Workers: workers, Cache: 1 << 30}, {Workers: workers, KeepGoing: true}} {
			for name, call := range map[string]func(ctx context.Context, r *Reader) error{
				"decode": func(ctx context.Context, r *Reader) error {
					g, err := r.Begin(context.Background(), r.plan.Format.Bounds(), 0)
					require.NoError(t, err)
					b := raster.NewBlock(g.rect, g.plan.Format.Type, len(g.plan.Format.Bands))
					return g.Decode(ctx, b, func(int64) {})
				},
				"measure": func(ctx context.Context, r *Reader) error {
					_, err := r.Measure(ctx, src, func(int64) {})
					return err
				},
			} {
				r := open(t, data, o)
				requireStops(t, fmt.Sprintf("%s: %s with %+v", e.name, name, o), r, after, after+workers, func(ctx context.Context) error { return call(ctx, r) })
			}
		}
	}
}

// cleanups is the number of goroutines that the runtime may have for itself, now and then.
const cleanups = 1

// requireStops ends the context of a call at its tile of number after.
func requireStops(t *testing.T, name string, r *Reader, after, most int, call func(ctx context.Context) error) {
	t.Helper()
	goroutines := settled()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	c := count(r)
	c.before = func(int) {
		if c.total() >= after {
			cancel(errStop)
		}
	}
	require.ErrorIs(t, call(ctx), errStop, name)
	require.LessOrEqual(t, c.total(), most, "%s: tiles after the end", name)
	require.LessOrEqual(t, settled(), goroutines+cleanups, "%s: goroutines", name)
}

// TestCancelledBegin: what begins after the end of its context reads nothing and gives
// the cause.
func TestCancelledBegin(t *testing.T) {
	e := examples()[0]
	src := e.source()
	data := e.file(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errStop)
	for _, keepGoing := range []bool{false, true} {
		r := open(t, data, Options{Workers: 2, KeepGoing: keepGoing})
		c := count(r)
		for level := range 6 {
			_, err := r.Begin(ctx, image.Rectangle{Max: r.Size(level)}, level)
			require.ErrorIs(t, err, errStop, "level %d, KeepGoing %t", level, keepGoing)
		}
		require.ErrorIs(t, r.Check(ctx, func(int64) {}), errStop)
		_, err := r.Measure(ctx, src, func(int64) {})
		require.ErrorIs(t, err, errStop)
		_, err = open(t, data, Options{}).Leaves(ctx, 0, func(engine.Leaf) {})
		require.ErrorIs(t, err, errStop)
		_, err = r.Modes(ctx)
		require.ErrorIs(t, err, errStop)
		require.Zero(t, c.total())
	}
}

// TestTileWorkers: as many goroutines as the memory has room for tiles, one at least.
func TestTileWorkers(t *testing.T) {
	for _, e := range examples() {
		data := e.file(t)
		least := int64(1) // the memory that one goroutine takes
		for ; ; least = least*9/8 + 1 {
			if _, err := open(t, data, Options{Memory: least}).tileWorkers(); err == nil {
				break
			}
		}
		for _, c := range []struct {
			memory int64
			want   int
		}{{0, 9}, {least, 1}, {3*least + least/8, 3}, {100 * least, 9}} {
			workers, err := open(t, data, Options{Workers: 9, Memory: c.memory}).tileWorkers()
			require.NoError(t, err)
			require.Equal(t, c.want, workers, "%s: %d bytes, a tile takes about %d", e.name, c.memory, least)
		}
	}
}
