package qtgpu_test

import (
	"bytes"
	"context"
	"image"
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
