package sample

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/qtgpu/qtgpu/raster"
)

// TestLoadStore: samples go to lanes and back unchanged, at the ends of their range too,
// whatever the layout; Load agrees with Block.At.
func TestLoadStore(t *testing.T) {
	r := image.Rect(2, 1, 9, 4)
	for typ := raster.Uint8; typ <= raster.Float64; typ++ {
		if !Integers(typ) {
			assert.Panics(t, func() { Load(make([]int32, 7), raster.NewBlock(r, typ, 1), 0, 1) }, "%v", typ)
			continue
		}
		least, most := int64(0), typ.Max()
		if typ.Signed() {
			least = -most - 1
		}
		for _, b := range []*raster.Block{raster.NewBlock(r, typ, 2), raster.NewInterleaved(r, typ, 2, 3)} {
			lanes := []int32{int32(least), int32(most), 0, 1, int32(most / 3), int32(least / 3), int32(most - 1)}
			for band := range 2 {
				Store(b, band, 2, lanes)
				got := make([]int32, len(lanes))
				Load(got, b, band, 2)
				assert.Equal(t, lanes, got, "%v, band %d, step %d", typ, band, b.Step)
				for x, v := range lanes {
					assert.Equal(t, float64(v), b.At(band, r.Min.X+x, 2), "%v: x %d", typ, x)
				}
			}
		}
	}
}
