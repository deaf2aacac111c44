package qtgpu_test

import (
	"bytes"
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
)

// TestWorkers: files and pixels do not depend on the number of workers.
func TestWorkers(t *testing.T) {
	height := 530 // 3×2 tiles
	if testing.Short() {
		height = 24 // 3
	}
	for _, c := range []struct {
		pattern         string
		channels, depth int
	}{{"edges", 3, 8}, {"noise", 1, 16}, {"smooth", 4, 8}} {
		m := picture(patterns[c.pattern], 1040, height, c.channels, c.depth)
		want := encode(t, m, qtgpu.Options{T: 8, Workers: 1})
		pixels := decode(t, newReader(t, want, qtgpu.DecodeOptions{Workers: 1}))
		for _, workers := range []int{0, 2, 3, 7} {
			require.True(t, bytes.Equal(want, encode(t, m, qtgpu.Options{T: 8, Workers: workers})), "%v: file of %d workers", c, workers)
			back := decode(t, newReader(t, want, qtgpu.DecodeOptions{Workers: workers}))
			require.Empty(t, difference(t, pixels, back, image.Point{}), "%v: pixels of %d workers", c, workers)
		}
	}
}

// TestRepeatable: nothing of one run leaks into the next.
func TestRepeatable(t *testing.T) {
	o := qtgpu.Options{T: 3}
	first := encode(t, picture(patterns["text"], 200, 100, 3, 8), o)
	encode(t, picture(patterns["noise"], 300, 170, 4, 16), o)
	assert.True(t, bytes.Equal(first, encode(t, picture(patterns["text"], 200, 100, 3, 8), o)))
}

// TestTypesAgree: the same pixels give the same file, whatever type holds them.
func TestTypesAgree(t *testing.T) {
	m := picture(patterns["saturated"], 75, 40, 3, 8)
	o := qtgpu.Options{T: 4}
	want := encode(t, m, o)
	b := m.Bounds()
	opaque, premultiplied := image.NewNRGBA(b), image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			opaque.Set(x, y, m.At(x, y))
			premultiplied.Set(x, y, m.At(x, y))
		}
	}
	for _, same := range []image.Image{m.Std(), opaque, premultiplied} {
		assert.True(t, bytes.Equal(want, encode(t, same, o)), "%T", same)
	}
}
