package gpu

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSplit: windows cover the raster once, fit, and hold whole nodes of their level.
func TestSplit(t *testing.T) {
	const most = 1 << 14 // samples of a window
	fits := func(w, h int) bool { return w*h <= most }
	for _, c := range []struct{ w, h, level, windows int }{
		{1, 1, 6, 1}, {64, 64, 6, 1}, {65, 64, 7, 1}, {128, 128, 7, 1}, {129, 128, 7, 2}, {1000, 1000, 7, 64},
		{1 << 14, 1, 14, 1}, {1<<14 + 1, 1, 14, 2}, {1, 1 << 20, 14, 64}, {3, 10000, 12, 3},
	} {
		s := newSplit(c.w, c.h, fits)
		assert.Equal(t, c.level, s.level, "%d×%d", c.w, c.h)
		assert.Equal(t, c.windows == 1, s.whole(), "%d×%d", c.w, c.h)
		windows := s.windows()
		require.Len(t, windows, c.windows, "%d×%d", c.w, c.h)
		area := 0
		all := image.Rect(0, 0, c.w, c.h)
		for i, r := range windows {
			require.True(t, r.In(all) && !r.Empty() && fits(r.Dx(), r.Dy()), "%v of %d×%d", r, c.w, c.h)
			require.Zero(t, (r.Min.X|r.Min.Y)&(1<<s.level-1), "%v cuts a node of level %d", r, s.level)
			if i > 0 {
				require.False(t, r.Overlaps(windows[i-1]), "%v and %v", windows[i-1], r)
			}
			area += r.Dx() * r.Dy()
		}
		assert.Equal(t, c.w*c.h, area, "%d×%d", c.w, c.h)
	}
}

func TestLevels(t *testing.T) {
	l := newLevels(100, 20, 3, 7)
	assert.Equal(t, levels{from: 3, total: 39 + 14 + 4 + 2 + 1,
		grids: []grid{{13, 3, 0}, {7, 2, 39}, {4, 1, 53}, {2, 1, 57}, {1, 1, 59}}}, l)
	assert.Equal(t, 7, l.top())
	assert.Equal(t, 60*nodeBytes, l.bytes())
}
