package transform

import (
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
)

// areaLog2 is of areaSide, the side of an area in pixels, a whole number of roots also of chroma of half the
// resolution.
const (
	areaLog2 = rootLog2 + 1
	areaSide = 1 << areaLog2
)

// sideOf is the side of an area in samples of a plane.
func sideOf(def Plane) int { return 1 << sideLog2(def) }

func sideLog2(def Plane) int {
	if def.Half {
		return areaLog2 - 1
	}
	return areaLog2
}

// area is a part of a plane of a tile that is looked at.
type area struct {
	rect  image.Rectangle // in samples of the tile, with its padding
	plane chroma.Plane
	// from and to are where the sums of its blocks are kept, of chroma.
	from, to int
}

// lay makes it the one of a rectangle, with whatever samples.
func (a *area) lay(r image.Rectangle) {
	*a = area{rect: r, plane: a.plane.Renewed(r.Dx(), r.Dy())}
}

// allAreas is how many areas of a tile are all looked at; of more a few are, or half where time matters less.
const (
	allAreas = 16
	fewAreas = 10
)

// areaGrid are the areas that a tile is cut into, in raster order, which are the same of all its planes, and the ones of them that
// are looked at.
type areaGrid struct {
	across, down int
	seen         []seenArea
	place        []int    // of each area among these, −1 where it is none
	shares       []uint64 // of each area, once they are weighed
}

// seenArea is an area that is looked at.
type seenArea struct {
	number int
	stands int64 // for so many areas, in parts of itself
}

const itself = 64

// lay cuts a tile of so many pixels, with its padding.
func (g *areaGrid) lay(size image.Point) {
	g.across, g.down = (size.X+areaSide-1)/areaSide, (size.Y+areaSide-1)/areaSide
	g.seen, g.place = g.seen[:0], slices.Grow(g.place[:0], g.n())[:g.n()]
}

func (g *areaGrid) n() int { return g.across * g.down }

// sides are the ones of a tile.
const sides = 4

// at tells whether an area is at a side: above, below, on the left, on the right.
func (g *areaGrid) at(side, k int) bool {
	switch side {
	case 0:
		return k < g.across
	case 1:
		return k >= g.n()-g.across
	case 2:
		return k%g.across == 0
	default:
		return (k+1)%g.across == 0
	}
}

// rect is area k of a plane of which the tile has rectangle r, in samples of the tile, with its padding.
func (g *areaGrid) rect(k int, def Plane, r image.Rectangle) image.Rectangle {
	side := sideOf(def)
	at := image.Pt(k%g.across*side, k/g.across*side)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}.Intersect(image.Rectangle{Max: pad(r).Size()})
}

// placeOf is where the area is, among those looked at, that a sample of a plane lies in; −1 where it is none of these.
func (g *areaGrid) placeOf(sample image.Point, def Plane) int {
	down := sideLog2(def)
	return g.place[sample.Y>>down*g.across+sample.X>>down]
}

// see has an area looked at, which stands for others.
func (g *areaGrid) see(k int, stands int64) {
	g.place[k] = len(g.seen)
	g.seen = append(g.seen, seenArea{k, stands})
}

// pickAll has all areas looked at.
func (g *areaGrid) pickAll() {
	for k := range g.n() {
		g.see(k, itself)
	}
}

// pick has up to n areas looked at, and where it must one more at each side.
func (g *areaGrid) pick(n int) {
	for k := range g.place {
		g.place[k] = -1
	}
	g.pickByShares(n)
	for side := range sides {
		g.pickAt(side)
	}
}

// pickByShares has up to n areas looked at, each as probably as its share in all says: the ones in which n places lie that are
// equally far from each other, on a line along which areas follow each other by their shares. A third of all is shared evenly.
func (g *areaGrid) pickByShares(n int) {
	total := uint64(0)
	for _, share := range g.shares {
		total += share
	}
	even := total/uint64(2*g.n()) + 1
	total += even * uint64(g.n())
	next, to := 0, uint64(0) // of the places, and where the area at hand ends
	for k, share := range g.shares {
		share += even
		to += share
		before := next
		for next < n && uint64(2*next+1)*total < uint64(2*n)*to {
			next++
		}
		if places := uint64(next - before); places > 0 {
			g.see(k, int64(itself*places*total/(uint64(n)*share)))
		}
	}
}

// pickAt has the area of the largest share at a side looked at, where none is.
func (g *areaGrid) pickAt(side int) {
	most := -1
	for k, share := range g.shares {
		switch {
		case !g.at(side, k):
		case g.place[k] >= 0:
			return
		case most < 0 || share > g.shares[most]:
			most = k
		}
	}
	g.see(most, itself)
}

// weigh finds the shares of areas of planes, of which the tile has rectangles rects. What strengths and guides change lies at edges,
// so that it is energy; of chroma of half the resolution, which guides change, 32 times. It is doubled where the tile ends, as an
// image may have a frame there.
func (g *areaGrid) weigh(defs []Plane, sources []original, rects []image.Rectangle) {
	g.shares = slices.Grow(g.shares[:0], g.n())[:g.n()]
	clear(g.shares)
	for i, def := range defs {
		switch {
		case def.Alpha:
		case def.Half:
			g.addEnergy(&sources[i], def, rects[i], 32)
		default:
			g.addEnergy(&sources[i], def, rects[i], 1)
		}
	}
	for k := range g.shares {
		if g.at(0, k) || g.at(1, k) || g.at(2, k) || g.at(3, k) {
			g.shares[k] *= 2
		}
	}
}

// addEnergy adds what the samples of a plane, of which the tile has rectangle r and its padding, differ from the means of squares of
// 16, squared and some times.
func (g *areaGrid) addEnergy(o *original, def Plane, r image.Rectangle, times uint64) {
	const lg = cellLog2 + 1
	l, size, down := o.pyramid.At(lg), pad(r).Size().Div(1<<lg), sideLog2(def)-lg
	for y := range size.Y {
		at := (cell*o.y>>lg+y)*l.W + cell*o.x>>lg
		sums, squares, shares := l.Sum[at:][:size.X], l.SumSq[at:][:size.X], g.shares[y>>down*g.across:][:g.across]
		for x, sum := range sums {
			shares[x>>down] += times * (squares[x] - sum*sum>>(2*lg))
		}
	}
}
