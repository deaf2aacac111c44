package raster_test

import (
	"context"
	"image"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// fill gives each sample of a block a value of its own and holds it against At.
func fill[T raster.Sample](t *testing.T, b *raster.Block) {
	at := func(band, x, y int) T { return T(100*band%7 + 13*y + x) }
	for i := range b.Planes {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			row := raster.Row[T](b, i, y)
			for x := range b.Rect.Dx() {
				row[x*b.Step] = at(i, b.Rect.Min.X+x, y)
			}
		}
	}
	for i := range b.Planes {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			for x := b.Rect.Min.X; x < b.Rect.Max.X; x++ {
				require.Equal(t, float64(at(i, x, y)), b.At(i, x, y), "band %d, x %d, y %d", i, x, y)
			}
		}
	}
}

var fills = map[raster.Type]func(*testing.T, *raster.Block){
	raster.Uint8: fill[uint8], raster.Uint16: fill[uint16], raster.Uint32: fill[uint32],
	raster.Int8: fill[int8], raster.Int16: fill[int16], raster.Int32: fill[int32],
	raster.Float32: fill[float32], raster.Float64: fill[float64],
}

// TestBlocks: of every type and layout, what is written by rows is read by At, and
// copies of a part land in their place and nowhere else.
func TestBlocks(t *testing.T) {
	r := image.Rect(3, 2, 10, 7)
	part := image.Rect(5, 3, 8, 6)
	for typ, fill := range fills {
		layouts := []*raster.Block{raster.NewBlock(r, typ, 3), raster.NewInterleaved(r, typ, 3, 3), raster.NewInterleaved(r, typ, 3, 4)}
		for _, src := range layouts {
			fill(t, src)
			for _, dst := range []*raster.Block{raster.NewBlock(r, typ, 3), raster.NewInterleaved(r, typ, 3, 5)} {
				raster.Copy(dst, src.Sub(part))
				for i := range dst.Planes {
					for y := r.Min.Y; y < r.Max.Y; y++ {
						for x := r.Min.X; x < r.Max.X; x++ {
							want := 0.0
							if image.Pt(x, y).In(part) {
								want = src.At(i, x, y)
							}
							require.Equal(t, want, dst.At(i, x, y), "%v, steps %d and %d, band %d, x %d, y %d", typ, src.Step, dst.Step, i, x, y)
						}
					}
				}
			}
		}
	}
}

// TestRowOfAnotherType: a row is given as the type that it has.
func TestRowOfAnotherType(t *testing.T) {
	b := raster.NewBlock(image.Rect(0, 0, 2, 2), raster.Int16, 1)
	assert.Panics(t, func() { raster.Row[uint16](b, 0, 0) })
}

// TestValidate: every field of a format has its range.
func TestValidate(t *testing.T) {
	good := raster.Format{Width: 5, Height: 4, Type: raster.Uint16, Bands: raster.Bands(raster.Gray), Max: 1023}
	require.NoError(t, good.Validate())
	assert.EqualValues(t, 1023, good.FullScale())
	assert.EqualValues(t, 40, good.Bytes())
	for name, change := range map[string]func(*raster.Format){
		"width":   func(f *raster.Format) { f.Width = 0 },
		"height":  func(f *raster.Format) { f.Height = -1 },
		"type":    func(f *raster.Format) { f.Type = 0 },
		"bands":   func(f *raster.Format) { f.Bands = nil },
		"max":     func(f *raster.Format) { f.Max = 70000 },
		"signed":  func(f *raster.Format) { f.Type = raster.Int16 },
		"role":    func(f *raster.Format) { f.Bands = raster.Bands(99) },
		"palette": func(f *raster.Format) { f.Bands = raster.Bands(raster.Index) },
	} {
		f := good
		change(&f)
		assert.Error(t, f.Validate(), name)
	}
}

// TestMemory: a raster in memory gives back what it takes, and refuses blocks that
// are not its own.
func TestMemory(t *testing.T) {
	ctx := context.Background()
	m, err := raster.NewMemory(raster.Format{Width: 9, Height: 5, Type: raster.Int32, Bands: raster.Bands(raster.Data, raster.Data)})
	require.NoError(t, err)
	part := raster.NewBlock(image.Rect(2, 1, 6, 4), raster.Int32, 2)
	fill[int32](t, part)
	require.NoError(t, m.WriteBlock(ctx, part))
	got := raster.NewBlock(image.Rect(3, 2, 9, 5), raster.Int32, 2)
	require.NoError(t, m.ReadBlock(ctx, got))
	assert.Equal(t, part.At(1, 4, 3), got.At(1, 4, 3))
	assert.Equal(t, 0.0, got.At(1, 8, 4))
	assert.Equal(t, part.At(0, 2, 1), m.View(part.Rect).At(0, 2, 1))

	assert.Error(t, m.ReadBlock(ctx, raster.NewBlock(image.Rect(0, 0, 10, 5), raster.Int32, 2)), "outside")
	assert.Error(t, m.ReadBlock(ctx, raster.NewBlock(part.Rect, raster.Int16, 2)), "another type")
	assert.Error(t, m.ReadBlock(ctx, raster.NewBlock(part.Rect, raster.Int32, 1)), "another number of bands")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	assert.ErrorIs(t, m.ReadBlock(ended, part), context.Canceled)
}

// TestCheck: a block that has not the memory that it tells of is refused, whatever its
// fields are; the least memory is enough.
func TestCheck(t *testing.T) {
	f := raster.Format{Width: 9, Height: 5, Type: raster.Uint16, Bands: raster.Bands(raster.Data, raster.Data)}
	words := make([]byte, 2*100)
	for name, c := range map[string]struct {
		rect         image.Rectangle
		step, stride int
		bytes        int // of each band
		want         string
	}{
		"least":         {image.Rect(0, 0, 3, 2), 1, 3, 12, ""},
		"spare":         {image.Rect(0, 0, 3, 2), 2, 10, 2 * 15, ""},
		"one row":       {image.Rect(0, 0, 3, 1), 1, 0, 6, ""},
		"short":         {image.Rect(0, 0, 3, 2), 1, 3, 11, "has 11 bytes, expected at least 12"},
		"short spare":   {image.Rect(0, 0, 3, 2), 2, 10, 29, "has 29 bytes, expected at least 30"},
		"nothing":       {image.Rect(0, 0, 1, 1), 1, 1, 0, "has 0 bytes, expected at least 2"},
		"no step":       {image.Rect(0, 0, 3, 2), 0, 3, 12, "step 0 and stride 3"},
		"back":          {image.Rect(0, 0, 3, 2), 1, -3, 12, "step 1 and stride -3"},
		"far":           {image.Rect(0, 0, 3, 3), 1, math.MaxInt, 12, "has 12 bytes"},
		"far steps":     {image.Rect(0, 0, 3, 3), math.MaxInt, math.MaxInt, 12, "has 12 bytes"},
		"odd addresses": {image.Rect(0, 0, 3, 2), 1, 3, -12, "does not suit uint16"},
	} {
		p := words[:max(c.bytes, 0)]
		if c.bytes < 0 {
			p = words[1:][:-c.bytes]
		}
		b := &raster.Block{Rect: c.rect, Type: raster.Uint16, Planes: [][]byte{p, p}, Step: c.step, Stride: c.stride}
		if err := raster.Check(&f, b); c.want == "" {
			assert.NoError(t, err, name)
			raster.Copy(b, raster.NewBlock(c.rect, raster.Uint16, 2)) // which reaches all of it
		} else {
			assert.ErrorContains(t, err, c.want, name)
		}
	}
	b := raster.NewBlock(image.Rect(0, 0, 3, 2), raster.Uint16, 1)
	assert.ErrorContains(t, raster.Check(&f, b), "block of 1 bands")
	assert.ErrorContains(t, raster.Check(&f, &raster.Block{}), "expected one inside it")
	assert.ErrorContains(t, raster.Check(&f, &raster.Block{Rect: image.Rect(math.MinInt, 0, math.MaxInt, 1)}), "expected one inside it")
}
