// Package tiles is the geometry of a raster that is cut into square tiles, in pixels.
package tiles

import "image"

// Grid is a raster of W×H pixels in tiles of 1<<Log2, those at the right and bottom
// edges clipped. Tiles are numbered in raster order.
type Grid struct{ W, H, Log2 int }

// Across and Down are the numbers of tiles along the sides, N of all.
func (g Grid) Across() int { return (g.W-1)>>g.Log2 + 1 }

// Down is the number of tiles from top to bottom.
func (g Grid) Down() int { return (g.H-1)>>g.Log2 + 1 }

// N is the number of tiles.
func (g Grid) N() int { return g.Across() * g.Down() }

// TilePixels is the number of pixels of the largest tile.
func (g Grid) TilePixels() int64 {
	side := func(n int) int64 { return int64(min(1<<g.Log2, n)) }
	return side(g.W) * side(g.H)
}

// Bounds is the rectangle of all tiles, in tiles.
func (g Grid) Bounds() image.Rectangle { return image.Rect(0, 0, g.Across(), g.Down()) }

// At is the place of tile i, in tiles.
func (g Grid) At(i int) image.Point { return image.Pt(i%g.Across(), i/g.Across()) }

// Index is the number of the tile at p.
func (g Grid) Index(p image.Point) int { return p.Y*g.Across() + p.X }

// Tile is the rectangle of tile i, in pixels.
func (g Grid) Tile(i int) image.Rectangle {
	p := g.At(i)
	return g.Pixels(image.Rectangle{Min: p, Max: p.Add(image.Pt(1, 1))})
}

// Pixels is what a rectangle of tiles covers of the raster.
func (g Grid) Pixels(tiles image.Rectangle) image.Rectangle {
	r := image.Rectangle{Min: tiles.Min.Mul(1 << g.Log2), Max: tiles.Max.Mul(1 << g.Log2)}
	return r.Intersect(image.Rect(0, 0, g.W, g.H))
}

// Over is the rectangle of tiles that pixels r lie in, and what is up to margin
// pixels beside them.
func (g Grid) Over(r image.Rectangle, margin int) image.Rectangle {
	r = r.Inset(-margin).Intersect(image.Rect(0, 0, g.W, g.H))
	if r.Empty() {
		return image.Rectangle{}
	}
	return image.Rect(r.Min.X>>g.Log2, r.Min.Y>>g.Log2, (r.Max.X-1)>>g.Log2+1, (r.Max.Y-1)>>g.Log2+1)
}

// Indices are the numbers of a rectangle of tiles, in raster order.
func (g Grid) Indices(tiles image.Rectangle) []int {
	list := make([]int, 0, tiles.Dx()*tiles.Dy())
	for y := tiles.Min.Y; y < tiles.Max.Y; y++ {
		for x := tiles.Min.X; x < tiles.Max.X; x++ {
			list = append(list, g.Index(image.Pt(x, y)))
		}
	}
	return list
}

// Spread are at most n tiles that are spread evenly over the raster: number ⌊i·N/n⌋
// for i from 0 on, so that everybody takes the same ones.
func (g Grid) Spread(n int) []int {
	all := g.N()
	n = min(n, all)
	list := make([]int, n)
	for i := range list {
		list[i] = int(int64(i) * int64(all) / int64(n))
	}
	return list
}

// InSpread tells of each tile whether it is one of Spread.
func (g Grid) InSpread(n int) []bool {
	in := make([]bool, g.N())
	for _, tile := range g.Spread(n) {
		in[tile] = true
	}
	return in
}

// Side is the number of pixels of a level along n pixels of the raster: each is one
// for 1<<level.
func Side(n, level int) int { return (n-1)>>level + 1 }

// Size is the size of a level of a raster of w×h.
func Size(w, h, level int) image.Point { return image.Pt(Side(w, level), Side(h, level)) }
