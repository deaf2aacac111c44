package tiles

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestGrid: tiles cover the raster once, their numbers and places agree, and Over finds
// exactly the tiles that overlap a rectangle with its margin.
func TestGrid(t *testing.T) {
	for _, g := range []Grid{{1, 1, 6}, {64, 64, 6}, {65, 64, 6}, {200, 130, 6}, {513, 1024, 9}} {
		covered := 0
		for i := range g.N() {
			r := g.Tile(i)
			require.False(t, r.Empty(), "%+v: tile %d", g, i)
			covered += r.Dx() * r.Dy()
			require.Equal(t, i, g.Index(g.At(i)))
		}
		assert.Equal(t, g.W*g.H, covered, "%+v", g)
		for _, r := range []image.Rectangle{image.Rect(0, 0, 1, 1), image.Rect(0, 0, g.W, g.H), image.Rect(g.W-1, g.H-1, g.W, g.H), image.Rect(g.W/2, g.H/3, g.W/2+1, g.H/3+1)} {
			for _, margin := range []int{0, 8, 64} {
				over := g.Over(r, margin)
				for i := range g.N() {
					want := g.Tile(i).Overlaps(r.Inset(-margin))
					assert.Equal(t, want, g.At(i).In(over), "%+v: tile %d over %v and %d", g, i, r, margin)
				}
				assert.Len(t, g.Indices(over), over.Dx()*over.Dy())
			}
		}
	}
}

// TestSpread: the tiles are distinct and ascend, all of them where there are no more.
func TestSpread(t *testing.T) {
	g := Grid{W: 6400, H: 640, Log2: 6}
	for _, n := range []int{1, 7, 128, 1000, 5000} {
		list := g.Spread(n)
		assert.Len(t, list, min(n, g.N()))
		for i := range list[1:] {
			assert.Less(t, list[i], list[i+1])
		}
		var among []int
		for tile, in := range g.InSpread(n) {
			if in {
				among = append(among, tile)
			}
		}
		assert.Equal(t, list, among)
	}
	assert.Equal(t, g.Indices(g.Bounds()), g.Spread(g.N()))
}

// TestSide: a level has one pixel for each 1<<level, the last for fewer.
func TestSide(t *testing.T) {
	assert.Equal(t, image.Pt(3, 1), Size(5, 2, 1))
	assert.Equal(t, 1, Side(1, 31))
}
