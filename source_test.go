package qtgpu_test

import (
	"bytes"
	"context"
	"image"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// changing is a source that embeds one in memory and changes what that gives.
type changing struct {
	*raster.Memory
	change func(dst *raster.Block)
}

// ReadBlock implements raster.Source.
func (s changing) ReadBlock(ctx context.Context, dst *raster.Block) error {
	err := s.Memory.ReadBlock(ctx, dst)
	s.change(dst)
	return err
}

// rising is a raster of w×h whose samples rise.
func rising(w, h int, bands []raster.Band) *raster.Memory {
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: bands}
	return rastertest.Draw(f, func(band, x, y int) int64 { return int64(band + x + y) })
}

// TestEmbeddedMemory: a source that embeds a *raster.Memory is read by its own ReadBlock,
// small or by rows.
func TestEmbeddedMemory(t *testing.T) {
	m := rising(90, 80, raster.Bands(raster.Gray))
	for _, memory := range []int64{0, 1} {
		s := changing{m, func(b *raster.Block) {
			for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
				for x := range raster.Row[uint8](b, 0, y) {
					raster.Row[uint8](b, 0, y)[x] ^= 255
				}
			}
		}}
		var file bytes.Buffer
		require.NoError(t, qtgpu.EncodeRaster(t.Context(), &file, s, &qtgpu.Options{Memory: memory}))
		got := raster.NewBlock(m.Format().Bounds(), raster.Uint8, 1)
		require.NoError(t, newReader(t, file.Bytes(), qtgpu.DecodeOptions{}).ReadBlock(t.Context(), got, 0))
		want := rastertest.Draw(*m.Format(), func(_, x, y int) int64 { return int64(255 ^ (x + y)) })
		assert.Empty(t, rastertest.Difference(rastertest.All(want), got), "memory %d", memory)
	}
}

// TestSourceThatChangesBlocks: a source that puts something else in a block, instead of
// filling it, is an error, not a file of zeros and no panic.
func TestSourceThatChangesBlocks(t *testing.T) {
	m := rising(90, 80, raster.Bands(raster.Red, raster.Green, raster.Blue))
	for name, change := range map[string]func(b *raster.Block){
		"planes of its own": func(b *raster.Block) { b.Planes[1] = bytes.Clone(b.Planes[1]) },
		"no planes":         func(b *raster.Block) { clear(b.Planes) },
		"fewer planes":      func(b *raster.Block) { b.Planes = b.Planes[:1] },
		"another rectangle": func(b *raster.Block) { b.Rect = image.Rect(0, 0, 1, 1) },
		"another type":      func(b *raster.Block) { b.Type = raster.Float64 },
		"another stride":    func(b *raster.Block) { b.Stride++ },
	} {
		for _, o := range []qtgpu.Options{{}, {Memory: 1}, {T: 5, Memory: 1}, {T: 3, Bound: qtgpu.BoundMax, Memory: 1}} {
			var file bytes.Buffer
			err := qtgpu.EncodeRaster(t.Context(), &file, changing{m, change}, &o)
			assert.ErrorContains(t, err, "the source changed the fields of the block", "%s, %+v", name, o)
			assert.Zero(t, file.Len(), "%s, %+v", name, o)
		}
	}
}

// TestReadOnce: what keeps a promise of leaves is read once from the top, a row of tiles at a time, if tables are
// made from all of it; what is trained in several passes, at once.
func TestReadOnce(t *testing.T) {
	const w, h = 2600, 1500
	m := grainyColours(w, h)
	inRows, whole := []int{512, 512, 476}, []int{1024, 476} // as much as 8 MB at once
	for _, c := range []struct {
		opt  qtgpu.Options
		want []int // rows of the blocks that are read
	}{
		{qtgpu.Options{T: 10}, inRows},
		{qtgpu.Options{T: 10, Effort: 1}, inRows},
		{qtgpu.Options{T: 10, Workers: 2}, inRows},
		{qtgpu.Options{T: 10, Workers: 4}, whole}, // eight tiles for four workers take two rows
		{qtgpu.Options{Effort: 1}, whole},
	} {
		c.opt.Workers = max(c.opt.Workers, 1)
		var rows []int
		s := changing{m, func(b *raster.Block) { rows = append(rows, b.Rect.Dy()) }}
		require.NoError(t, qtgpu.EncodeRaster(t.Context(), io.Discard, s, &c.opt))
		require.Equal(t, c.want, rows, "%+v", c.opt)
	}
}

// TestReadOnceBeyondSample: of more tiles than a plan is made from all are read and coded once, as far as memory goes; the file
// is the same whatever memory, workers and source.
func TestReadOnceBeyondSample(t *testing.T) {
	const w, h = 24, 140 * 512
	m := grainyColours(w, h)
	var want bytes.Buffer
	require.NoError(t, qtgpu.EncodeRaster(t.Context(), &want, m, &qtgpu.Options{T: 10, Workers: 2}))
	for _, c := range []struct {
		memory      int64
		workers     int
		least, most int // rows that are read
	}{{0, 1, h, h}, {0, 3, h, h}, {400 << 10, 1, h + 512, 2*h - 512}, {400 << 10, 3, h + 512, 2*h - 512}, {1, 1, 2 * h * 128 / 140, 2 * h}} {
		var got bytes.Buffer
		rows := 0
		s := changing{m, func(b *raster.Block) { rows += b.Rect.Dy() }}
		require.NoError(t, qtgpu.EncodeRaster(t.Context(), &got, s, &qtgpu.Options{T: 10, Workers: c.workers, Memory: c.memory}))
		require.True(t, bytes.Equal(want.Bytes(), got.Bytes()), "%+v: %d bytes, other than %d", c, got.Len(), want.Len())
		require.GreaterOrEqual(t, rows, c.least, "%+v", c)
		require.LessOrEqual(t, rows, c.most, "%+v", c)
	}
}

// grainyColours are pixels of which few are as those beside them.
func grainyColours(w, h int) *raster.Memory {
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
	return rastertest.Draw(f, func(band, x, y int) int64 { return int64(60 + (x*x/90+y/3+17*band+x*y%7*(x*7+y)%5)%140) })
}
