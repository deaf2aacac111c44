package transform

import (
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
)

// areaSide is the side of an area in pixels, a whole number of roots also of chroma of half the
// resolution.
const areaSide = 2 * maxN

// sideOf is the side of an area in samples of a plane.
func sideOf(def Plane) int {
	if def.Half {
		return areaSide / 2
	}
	return areaSide
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
	a.from, a.to = 0, 0
	if a.rect = r; image.Pt(a.plane.W, a.plane.H) != r.Size() {
		a.plane = chroma.NewPlane(r.Dx(), r.Dy())
	}
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
	shares       []uint64 // of each area
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
	g.seen, g.place, g.shares = g.seen[:0], g.place[:0], g.shares[:0]
}

func (g *areaGrid) n() int { return g.across * g.down }

// sides are the ones of a tile.
const sides = 4

// at tells whether an area is at a side: above, on the left, on the right, below.
func (g *areaGrid) at(side, k int) bool {
	x, y := k%g.across, k/g.across
	return [sides]bool{y == 0, x == 0, x == g.across-1, y == g.down-1}[side]
}

// rect is area k of a plane of which the tile has rectangle r, in samples of the tile, with its padding.
func (g *areaGrid) rect(k int, def Plane, r image.Rectangle) image.Rectangle {
	side := sideOf(def)
	at := image.Pt(k%g.across*side, k/g.across*side)
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(side, side))}.Intersect(image.Rectangle{Max: pad(r).Size()})
}

// placeOf is where the area is, among those looked at, that a sample of a plane lies in; −1 where it is none of these.
func (g *areaGrid) placeOf(sample image.Point, def Plane) int {
	down := rootLog2 + 1
	if def.Half {
		down = rootLog2
	}
	return g.place[sample.Y>>down*g.across+sample.X>>down]
}

// see has an area looked at, which stands for others.
func (g *areaGrid) see(k int, stands int64) {
	g.place[k] = len(g.seen)
	g.seen = append(g.seen, seenArea{k, stands})
}

// pickAll has all areas looked at.
func (g *areaGrid) pickAll() {
	g.place = slices.Grow(g.place, g.n())[:g.n()]
	for k := range g.n() {
		g.see(k, itself)
	}
}

// pick has up to n areas looked at, and where it must one more at each side.
func (g *areaGrid) pick(n int, share func(k int) uint64) {
	for k := range g.n() {
		g.shares, g.place = append(g.shares, share(k)), append(g.place, -1)
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

// share is the one of an area of planes of which the tile has rectangles rects. What strengths and guides change lies at edges, so
// that it is energy; of chroma of half the resolution, which guides change, 32 times. It is doubled where the tile ends, as an image
// may have a frame there.
func (g *areaGrid) share(k int, defs []Plane, sources []original, rects []image.Rectangle) (sum uint64) {
	for i, def := range defs {
		if def.Alpha {
			continue
		}
		energy := sources[i].energy(g.rect(k, def, rects[i]))
		if def.Half {
			energy *= 32
		}
		sum += energy
	}
	for side := range sides {
		if g.at(side, k) {
			return 2 * sum
		}
	}
	return sum
}

// energy is what the samples r of the tile, with its padding, differ from the means of squares of 16, squared and summed up.
func (o *original) energy(r image.Rectangle) (sum uint64) {
	const lg = cellLog2 + 1
	l := o.pyramid.At(lg)
	r = r.Add(image.Pt(cell*o.x, cell*o.y))
	for y := r.Min.Y >> lg; y < r.Max.Y>>lg; y++ {
		sums, squares := l.Sum[y*l.W:][:l.W], l.SumSq[y*l.W:][:l.W]
		for x := r.Min.X >> lg; x < r.Max.X>>lg; x++ {
			sum += squares[x] - sums[x]*sums[x]>>(2*lg)
		}
	}
	return sum
}
