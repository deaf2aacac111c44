package pipeline

import (
	"context"
	"errors"
	"image"
	"sort"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// collector is a sink that holds bands to come from the top, without a gap.
type collector struct {
	t     *testing.T
	all   *raster.Block
	rows  int // so far
	bands []image.Rectangle
	fail  error // what the second band is answered with
}

// WriteBlock implements raster.Sink.
func (c *collector) WriteBlock(_ context.Context, b *raster.Block) error {
	want := image.Rect(0, c.rows, c.all.Rect.Dx(), b.Rect.Max.Y)
	require.Equal(c.t, want, b.Rect, "band %d", len(c.bands))
	require.False(c.t, b.Rect.Empty())
	c.rows, c.bands = b.Rect.Max.Y, append(c.bands, b.Rect)
	if c.fail != nil && len(c.bands) == 2 {
		return c.fail
	}
	raster.Copy(c.all, b)
	return nil
}

// streamed streams a rectangle of a level.
func streamed(t *testing.T, r *Reader, rect image.Rectangle, level int) (*collector, error) {
	t.Helper()
	f := &r.plan.Format
	c := &collector{t: t, all: raster.NewBlock(image.Rectangle{Max: rect.Size()}, f.Type, len(f.Bands))}
	var decoded atomic.Int64
	err := r.Stream(context.Background(), c, rect, level, func(n int64) { decoded.Add(n) })
	if err == nil { // however many bands a tile has a part in
		require.Equal(t, r.Pixels(rect, level), decoded.Load(), "pixels told of, of %v of level %d", rect, level)
	}
	return c, err
}

// budgets are limits on memory, from the least with which a rectangle can be streamed.
func budgets(t *testing.T, data []byte, rect image.Rectangle, level int) (limits []int64) {
	t.Helper()
	least := 1 + sort.Search(1<<30, func(n int) bool {
		_, err := open(t, data, Options{Workers: 2, Memory: int64(n) + 1}).begin(context.Background(), rect, level, output{passed: true})
		require.True(t, err == nil || errors.Is(err, ErrTooLarge), "%d bytes: %v", n+1, err)
		return err == nil
	})
	for _, percent := range []int{100, 101, 104, 110, 150, 300, 1000} {
		limits = append(limits, int64(least)*int64(percent)/100)
	}
	return limits
}

// TestStream: what is streamed of any level equals what is decoded at once, in any number
// of bands, none of which takes more than its share unless it is of one row of tiles.
func TestStream(t *testing.T) {
	for _, e := range examples() {
		data := e.file(t)
		whole := open(t, data, Options{Workers: 2})
		cuts := 0
		for _, level := range []int{0, 1, 3, 4, 8, 11, 12} {
			size := whole.Size(level)
			for _, rect := range []image.Rectangle{{Max: size}, image.Rect(size.X/3, size.Y/7, max(size.X-size.X/3, 1), size.Y-size.Y/9)} {
				want := block(t, whole, rect, level)
				want.Rect = want.Rect.Sub(rect.Min)
				most := 0
				for _, limit := range budgets(t, data, rect, level) {
					got, err := streamed(t, open(t, data, Options{Workers: 2, Memory: limit}), rect, level)
					require.NoError(t, err)
					require.Equal(t, want.Rect.Max.Y, got.rows)
					require.Empty(t, rastertest.Difference(want, got.all), "%s: %v of level %d in %d bands", e.name, rect, level, len(got.bands))
					requireShares(t, whole, got.bands, limit, level)
					most = max(most, len(got.bands))
				}
				if most > 1 {
					cuts++
				}
			}
		}
		require.Greater(t, cuts, 2, "%s: memory cuts few regions into bands", e.name)
	}
}

// requireShares holds bands to their share of the memory.
func requireShares(t *testing.T, r *Reader, bands []image.Rectangle, limit int64, level int) {
	t.Helper()
	for i, b := range bands {
		if rows := max(1<<r.grid.Log2>>level, 1); b.Dy() > rows {
			require.LessOrEqual(t, r.bytes(b), limit/rowsShare, "band %d of %d: %v", i, len(bands), b)
		}
	}
}

// TestStreamDecodesOnce: bands that are streamed decode every tile once where there is
// memory for what they share, and once for each band at most where there is not.
func TestStreamDecodesOnce(t *testing.T) {
	for _, e := range examples() {
		data := e.file(t)
		all := e.params.Format.Bounds()
		for _, limit := range budgets(t, data, all, 0) {
			r := open(t, data, Options{Workers: 2, Memory: limit})
			g, err := r.begin(context.Background(), all, 0, output{passed: true})
			require.NoError(t, err)
			once := g.cache == nil || g.cache.limit > limit
			for _, band := range g.bands {
				window, goroutine := g.dec.Memory(band, 0)
				require.LessOrEqual(t, window+int64(g.workers)*goroutine+g.bytes(band), limit-limit/spareShare, "%s: %v", e.name, band)
			}
			c := count(r)
			got, err := streamed(t, r, all, 0)
			require.NoError(t, err)
			require.Len(t, c.counts, r.grid.N())
			for tile, n := range c.counts { // three bands need it where each is a row of tiles
				require.True(t, n == 1 || n <= 3 && !once, "%s: tile %d decoded %d times in %d bands", e.name, tile, n, len(got.bands))
			}
		}
	}
}

// TestStreamSinkFails: an error of the sink ends the stream and comes through as it is.
func TestStreamSinkFails(t *testing.T) {
	e := examples()[1]
	require.Equal(t, engine.Transform, e.engine.ID())
	data := e.file(t)
	all := e.params.Format.Bounds()
	full := errors.New("no room")
	for _, keepGoing := range []bool{false, true} {
		r := open(t, data, Options{Memory: int64(shorttest.Side(1 << 20)), KeepGoing: keepGoing})
		f := &r.plan.Format
		c := &collector{t: t, all: raster.NewBlock(all, f.Type, len(f.Bands)), fail: full}
		require.Equal(t, full, r.Stream(context.Background(), c, all, 0, func(int64) {}))
		require.Len(t, c.bands, 2)
	}
}
