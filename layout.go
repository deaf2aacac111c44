package qtgpu

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
)

// tileLog2 is the side of a tile that the encoder writes.
const tileLog2 = 9

// layout is the geometry of a file: its planes and tiles.
type layout struct {
	container.Header
}

func (l *layout) sub420() bool { return l.Subsampling == container.S420 }

// hidesChroma tells whether samples of chroma lie under straight alpha of twice their
// resolution.
func (l *layout) hidesChroma() bool { return l.sub420() && l.Alpha == container.Straight }

// grid is the rectangle of all tiles, in tiles.
func (l *layout) grid() image.Rectangle {
	nx, ny := l.Grid()
	return image.Rect(0, 0, nx, ny)
}

// planes describes the planes to the engine.
func (l *layout) planes() []transform.Plane {
	p := make([]transform.Plane, l.Channels)
	for i := range p {
		colour := l.Channels >= 3 && (i == 1 || i == 2)
		p[i] = transform.Plane{Chroma: colour, Half: colour && l.sub420()}
	}
	if last := l.Channels - 1; l.Alpha != container.NoAlpha {
		p[last] = transform.Plane{Alpha: true, Hides: l.Alpha == container.Straight}
	}
	return p
}

// side is the side of a tile in plane i.
func (l *layout) side(i int) int {
	side := 1 << l.TileLog2
	if l.sub420() && (i == 1 || i == 2) {
		side /= 2
	}
	return side
}

// samples is the rectangle of valid samples of a rectangle of tiles in each plane.
func (l *layout) samples(tiles image.Rectangle) []image.Rectangle {
	r := make([]image.Rectangle, l.Channels)
	for i, size := range chroma.PlaneSizes(l.Width, l.Height, l.Channels, l.sub420()) {
		s := l.side(i)
		r[i] = image.Rectangle{tiles.Min.Mul(s), tiles.Max.Mul(s)}.Intersect(image.Rectangle{Max: size})
	}
	return r
}

// padded is samples with the padding to whole 32×32 blocks, as it is coded.
func (l *layout) padded(tiles image.Rectangle) []image.Rectangle {
	r := l.samples(tiles)
	for i := range r {
		r[i].Max = image.Pt(chroma.PadUp(r[i].Max.X), chroma.PadUp(r[i].Max.Y))
	}
	return r
}

// indices are the indices of a rectangle of tiles among all tiles, in raster order.
func (l *layout) indices(tiles image.Rectangle) []int {
	across := l.grid().Dx()
	list := make([]int, tiles.Dx()*tiles.Dy())
	for i := range list {
		t := tile(tiles, i)
		list[i] = t.Min.Y*across + t.Min.X
	}
	return list
}

// tile is the i-th tile of a rectangle of tiles in raster order.
func tile(tiles image.Rectangle, i int) image.Rectangle {
	x, y := tiles.Min.X+i%tiles.Dx(), tiles.Min.Y+i/tiles.Dx()
	return image.Rect(x, y, x+1, y+1)
}

// tilesOver is the rectangle of tiles that pixels r need, with a margin of
// pixels for what filters across the border.
func (l *layout) tilesOver(r image.Rectangle, margin int) image.Rectangle {
	s := 1 << l.TileLog2
	r = r.Inset(-margin)
	t := image.Rectangle{
		Min: image.Pt(max(r.Min.X, 0)/s, max(r.Min.Y, 0)/s),
		Max: image.Pt((r.Max.X+s-1)/s, (r.Max.Y+s-1)/s),
	}
	return t.Intersect(l.grid())
}
