package qtgpu_test

import (
	"bytes"
	"context"
	"image"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
)

// TestRegionAtACorner: a region of 256² at a corner of four tiles reads no tile but these
// (and, of a lossy file, the ones that filters reach from), at levels 0 to 2; a lossless
// one allocates less than 16 MB.
func TestRegionAtACorner(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	m := picture(patterns["smooth"], 2100, 2100, 3, 8)
	for name, c := range map[string]struct {
		o      qtgpu.Options
		corner int // of four tiles, in pixels
		margin int // of filters
	}{"lossless": {qtgpu.Options{}, 1024, 0}, "lossy": {qtgpu.Options{T: 10}, 1024, 8}} {
		data := encode(t, m, c.o)
		input := &counter{ReaderAt: bytes.NewReader(data)}
		r, err := qtgpu.NewReader(context.Background(), input, int64(len(data)), &qtgpu.DecodeOptions{Workers: 2})
		require.NoError(t, err)
		side := r.Info().TileSize
		fronts, bodies := segments(t, data)
		for level := range 3 {
			at := c.corner >> level
			rect := image.Rect(at-128, at-128, at+128, at+128)
			region(t, r, rect, level) // its scratch memory is kept
			input.reads = nil
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			region(t, r, rect, level)
			runtime.ReadMemStats(&after)
			if allocated := after.TotalAlloc - before.TotalAlloc; name == "lossless" {
				assert.Less(t, allocated, uint64(16<<20), "level %d", level)
			}
			full := image.Rect(rect.Min.X<<level, rect.Min.Y<<level, rect.Max.X<<level, rect.Max.Y<<level).Inset(-c.margin)
			across := (m.Bounds().Dx()-1)/side + 1
			for i := range fronts {
				tile := image.Rect(0, 0, side, side).Add(image.Pt(i%across*side, i/across*side))
				assert.Equal(t, tile.Overlaps(full), touched(input.reads, bodies[i]), "%s: level %d, tile %d", name, level, i)
			}
		}
	}
}

// touched tells whether a part of a file was read.
func touched(reads []span, part span) bool {
	for _, r := range reads {
		if r.from < part.to && part.from < r.to {
			return true
		}
	}
	return false
}
