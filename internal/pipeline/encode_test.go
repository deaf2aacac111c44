package pipeline

import (
	"bytes"
	"context"
	"image"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestSlabs: a file is the same whatever the memory for slabs, the memory for what
// training codes, the number of workers, and whether the raster lies in memory.
func TestSlabs(t *testing.T) {
	for _, e := range examples() {
		src := e.source()
		want := e.file(t)
		for _, c := range []struct {
			workers       int
			train, memory int64
		}{{1, 0, 1}, {5, 0, 1}, {5, 1 << 30, 1}, {1, 0, 1 << 30}, {5, 1 << 17, 1 << 18}} {
			got := e.encode(t, &stream{Memory: src}, c.workers, c.train, c.memory)
			require.True(t, bytes.Equal(want, got), "%s with %+v: %d bytes, other than %d at once", e.name, c, len(got), len(want))
		}
		r := open(t, want, Options{})
		worst, err := r.Measure(context.Background(), src, func(int64) {})
		require.NoError(t, err, e.name)
		for band, v := range worst {
			require.LessOrEqual(t, v, uint64(e.params.T), "%s: band %d", e.name, band)
		}
		if e.params.T == 0 {
			require.Empty(t, rastertest.Difference(rastertest.All(src), block(t, r, src.Format().Bounds(), 0)), e.name)
		}
	}
}

// stream is a raster that is read block by block, and tells of what is read.
type stream struct {
	*raster.Memory
	reads  atomic.Int64
	before func()
}

// ReadBlock implements raster.Source.
func (s *stream) ReadBlock(ctx context.Context, dst *raster.Block) error {
	s.reads.Add(1)
	if s.before != nil {
		s.before()
	}
	return s.Memory.ReadBlock(ctx, dst)
}

// sheet is an encoder that codes nothing, and tells of its tiles.
type sheet struct {
	plan   *engine.Plan
	before func(tile int)
}

func (s *sheet) Plan() *engine.Plan { return s.plan }

func (s *sheet) Memory() int64 { return 0 }

func (s *sheet) Held(tile int) bool { return tile%5 == 4 }

func (s *sheet) Slab(_ context.Context, in *raster.Block) (engine.Slab, error) { return in, nil }

func (s *sheet) Encode(_ context.Context, slab engine.Slab, tile int, _ *progress.Work) (*engine.Tile, error) {
	s.before(tile)
	at := s.plan.Grid().Tile(tile)
	t := &engine.Tile{Worst: []uint64{uint64(tile)}, Leaves: [3]int{1, 2, tile}}
	if !s.Held(tile) {
		v := slab.(*raster.Block).At(0, at.Min.X, at.Min.Y)
		t.Overview = []byte{byte(v), byte(int(v) >> 8)}
	}
	return t, nil
}

// order is a Writer that notes the tiles' numbers, and what was coded of them.
type order struct {
	tiles []int
	first []int
}

func (o *order) WriteTile(tile int, overview, _ []byte, _ []uint64) error {
	o.tiles = append(o.tiles, tile)
	if overview != nil {
		o.first = append(o.first, int(overview[0])|int(overview[1])<<8)
	}
	return nil
}

// newSheet has 7×9 tiles of 64, each of which begins with a sample that is its number.
func newSheet(before func(tile int)) (*sheet, *raster.Memory) {
	f := raster.Format{Width: 6*64 + 1, Height: 8*64 + 9, Type: raster.Uint16, Bands: raster.Bands(raster.Gray)}
	p := &engine.Plan{TileLog2: 6, Params: engine.Params{Format: f}}
	src := rastertest.Draw(f, func(_, x, y int) int64 { return int64(p.Grid().Index(image.Pt(x>>6, y>>6))) })
	return &sheet{p, before}, src
}

// TestEncodeOrder: tiles are written in their order, each once and with its samples,
// whatever the slabs and the workers; what is coded adds up, and all of the work is told of.
func TestEncodeOrder(t *testing.T) {
	for _, c := range []struct {
		workers int
		memory  int64
		rows    Rows
	}{{1, 1, Rows{0, 9}}, {5, 1, Rows{0, 9}}, {5, 1 << 30, Rows{0, 9}}, {3, 4 * 2 * 385 * 64 * 2, Rows{0, 9}}, {2, 1, Rows{3, 5}}} {
		enc, src := newSheet(func(int) { runtime.Gosched() })
		var w order
		told, calls := int64(0), 0
		work := progress.New(1000, func(done, _ int64) { told, calls = done, calls+1 })
		totals, err := Encode(context.Background(), enc, src, c.rows, &w, c.workers, c.memory, work.Rest())
		require.NoError(t, err)
		var tiles, first []int
		var want Totals
		for i := 7 * c.rows.Min; i < 7*c.rows.Max; i++ {
			tiles = append(tiles, i)
			want.Worst = []uint64{uint64(i)}
			want.Leaves[0]++
			want.Leaves[1] += 2
			want.Leaves[2] += i
			if !enc.Held(i) {
				first = append(first, i)
			}
		}
		require.Equal(t, tiles, w.tiles, "%+v", c)
		require.Equal(t, first, w.first, "%+v", c)
		require.Equal(t, want, totals, "%+v", c)
		require.EqualValues(t, 1000, told, "%+v", c)
		require.Greater(t, calls, len(tiles)/2, "%+v", c)
	}
}

// TestSlabMemory: slabs hold as many samples as half of the memory is for, but for one row
// of tiles, and as the workers need.
func TestSlabMemory(t *testing.T) {
	const row = 2 * 4 * 385 * 64 // memory for a row of tiles
	for _, c := range []struct {
		workers      int
		memory, want int64
	}{{20, 1, 9}, {20, 2 * row, 9}, {20, 2 * 3 * row, 3}, {20, 1 << 30, 2}, {8, 1 << 30, 3}, {2, 1 << 30, 9}, {1, 1 << 30, 9}} {
		enc, src := newSheet(func(int) {})
		s := &stream{Memory: src}
		_, err := Encode(context.Background(), enc, s, Rows{0, 9}, new(order), c.workers, c.memory, nil)
		require.NoError(t, err)
		require.Equal(t, c.want, s.reads.Load(), "%+v", c)
	}
}

// TestCancelEncode: an end of the context ends Encode before it starts another tile, and
// nothing of the slab is written; it ends Choose before it reads another block, whatever
// the engine. No goroutine is left.
func TestCancelEncode(t *testing.T) {
	const workers, after = 3, 10
	goroutines := settled()
	ctx, cancel := context.WithCancelCause(context.Background())
	var tiles atomic.Int64
	enc, src := newSheet(func(int) {
		if tiles.Add(1) == after {
			cancel(errStop)
		}
	})
	var w order
	_, err := Encode(ctx, enc, src, Rows{0, 9}, &w, workers, 1, nil)
	require.ErrorIs(t, err, errStop)
	require.LessOrEqual(t, tiles.Load(), int64(after+workers))
	require.Len(t, w.tiles, 7, "the first row")
	require.LessOrEqual(t, settled(), goroutines+cleanups, "goroutines")

	for _, e := range examples() {
		ctx, cancel := context.WithCancelCause(context.Background())
		s := &stream{Memory: e.source()}
		s.before = func() {
			if s.reads.Load() == 2 {
				cancel(errStop)
			}
		}
		_, err := e.engine.Train(ctx, e.params, s, env(workers, 0))
		require.ErrorIs(t, err, errStop, e.name)
		require.LessOrEqual(t, s.reads.Load(), int64(2+workers), e.name)
		require.LessOrEqual(t, settled(), goroutines+cleanups, "%s: goroutines", e.name)
		cancel(nil)
	}
}

// settled is the number of goroutines when no more of them end.
func settled() int {
	n := runtime.NumGoroutine()
	for range 20 {
		time.Sleep(time.Millisecond)
		now := runtime.NumGoroutine()
		if now >= n {
			return now
		}
		n = now
	}
	return n
}
