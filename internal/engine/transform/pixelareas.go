package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
)

// pixelAreas are the pixels of a tile whose planes are on a device: where samples are asked for, the planes of an
// area are made again.
type pixelAreas struct {
	defs   []Plane
	pixels *chroma.Interleaved
	rect   image.Rectangle // of the tile in pixels
	across int             // areas in a row
	areas  []pixelArea     // in raster order
}

// pixelArea is the planes of an area, if they are made.
type pixelArea struct {
	made   bool
	planes colours
}

// begin goes on to the tile whose planes of full resolution have rectangle r, with its padding.
func (a *pixelAreas) begin(defs []Plane, pixels *chroma.Interleaved, r image.Rectangle) {
	a.defs, a.pixels, a.rect = defs, pixels, r.Intersect(image.Rect(0, 0, pixels.W, pixels.H))
	a.across = (a.rect.Dx() + areaSide - 1) / areaSide
	n := a.across * ((a.rect.Dy() + areaSide - 1) / areaSide)
	for len(a.areas) < n {
		a.areas = append(a.areas, pixelArea{})
	}
	for i := range a.areas {
		a.areas[i].made = false
	}
}

// from gives the samples of plane i from (x,y) of the tile on, as far as an area goes, in rows stride apart.
// Where the plane is padded, so is the area: each has pixels, and padding is less than a root.
func (a *pixelAreas) from(i, x, y int) (pix []uint16, stride int) {
	side := sideOf(a.defs[i])
	p := &a.planes(image.Pt(x/side, y/side))[i]
	return p.Pix[y%side*p.Stride+x%side:], p.Stride
}

// planes are the planes of an area.
func (a *pixelAreas) planes(at image.Point) []chroma.Plane {
	area := &a.areas[at.Y*a.across+at.X]
	if area.made {
		return area.planes
	}
	r := image.Rect(0, 0, areaSide, areaSide).Add(a.rect.Min.Add(at.Mul(areaSide))).Intersect(a.rect)
	sub420 := halves(a.defs)
	planes, m := area.planes.sized(r.Size(), len(a.defs), sub420), a.pixels.Sub(r)
	chroma.Forward(planes, &m, sub420, 0, m.H)
	for i := range planes {
		chroma.Pad(&planes[i])
	}
	area.made = true
	return planes
}

// halves tells whether any of the planes has half the resolution.
func halves(defs []Plane) bool {
	for _, p := range defs {
		if p.Half {
			return true
		}
	}
	return false
}
