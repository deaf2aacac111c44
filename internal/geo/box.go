package geo

import (
	"errors"
	"fmt"
	"image"
	"math"
	"strconv"
	"strings"
)

// Box is a rectangle of coordinates, west to east and south to north.
type Box struct{ MinX, MinY, MaxX, MaxY float64 }

// none is the box around nothing.
var none = Box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}

// String gives the box as ParseBox takes it, W,S,E,N.
func (b Box) String() string {
	return fmt.Sprintf("%v,%v,%v,%v", b.MinX, b.MinY, b.MaxX, b.MaxY)
}

// ParseBox parses W,S,E,N, as -9.5,38.6,-9,38.8. West may be above east, in a box that
// crosses the antimeridian.
func ParseBox(s string) (Box, error) {
	parts := strings.Split(s, ",")
	var v [4]float64
	ok := len(parts) == len(v)
	for i := 0; ok && i < len(v); i++ {
		var err error
		v[i], err = strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		ok = err == nil
	}
	b := Box{v[0], v[1], v[2], v[3]}
	if !ok || !b.finite() || b.MinX == b.MaxX || b.MinY >= b.MaxY {
		return Box{}, errors.New("expected W,S,E,N: four numbers, S below N, W and E apart")
	}
	return b, nil
}

// ParseEPSG parses the name of a CRS, as EPSG:4326.
func ParseEPSG(s string) (int, error) {
	const register = "EPSG:"
	if len(s) > len(register) && strings.EqualFold(s[:len(register)], register) {
		if v, err := strconv.ParseUint(s[len(register):], 10, 31); err == nil && v > 0 {
			return int(v), nil
		}
	}
	return 0, errors.New("expected a code of the EPSG register, as EPSG:4326")
}

func (b *Box) finite() bool {
	sum := math.Abs(b.MinX) + math.Abs(b.MinY) + math.Abs(b.MaxX) + math.Abs(b.MaxY)
	return sum <= math.MaxFloat64
}

// check holds a box against what it is to be: numbers in order, but that west may be above
// east by less than the period of the CRS.
func (b *Box) check(period float64) error {
	switch {
	case !b.finite():
		return fmt.Errorf("box %v: expected numbers", b)
	case b.MinY >= b.MaxY:
		return fmt.Errorf("box %v: expected south below north", b)
	case b.MinX == b.MaxX || b.MinX-b.MaxX >= period:
		return fmt.Errorf("box %v: expected west below east", b)
	}
	return nil
}

// add makes the box hold a point.
func (b *Box) add(x, y float64) {
	b.MinX, b.MaxX = min(b.MinX, x), max(b.MaxX, x)
	b.MinY, b.MaxY = min(b.MinY, y), max(b.MaxY, y)
}

// around is the box around the corners of a box, elsewhere.
func (b Box) around(to func(x, y float64) (float64, float64)) Box {
	out := none
	out.add(to(b.MinX, b.MinY))
	out.add(to(b.MaxX, b.MinY))
	out.add(to(b.MinX, b.MaxY))
	out.add(to(b.MaxX, b.MaxY))
	return out
}

// both is where two boxes overlap, and whether they do.
func both(b, c Box) (Box, bool) {
	out := Box{max(b.MinX, c.MinX), max(b.MinY, c.MinY), min(b.MaxX, c.MaxX), min(b.MaxY, c.MaxY)}
	return out, out.MinX < out.MaxX && out.MinY < out.MaxY
}

// Region gives the pixels of a raster of width × height that a box touches. The box is in
// the CRS of the register's code epsg: the raster's own, 0 for short, or 4326, longitude and
// latitude in degrees, where FromLonLat can take it. Where coordinates go around the earth,
// west may be above east, and the box is looked for one or more turns away too.
//
// Edges within a thousandth of a pixel of an edge of pixels are on it, so that coordinates
// that were rounded give no further pixel; a box always has one at least. A box that
// reaches over the raster is clipped; outside it is an error. In a rotated raster the region
// is the one around the pixels touched.
func (g *Georeference) Region(b Box, epsg, width, height int) (image.Rectangle, error) {
	extent, err := g.Extent(width, height)
	if err != nil {
		return image.Rectangle{}, err
	}
	if b, err = g.own(b, epsg); err != nil {
		return image.Rectangle{}, err
	}
	given := b
	// The smallest overlap that counts, in units of the CRS.
	least := near * (math.Abs(g.Transform[1]) + math.Abs(g.Transform[2]))
	if b, err = turned(b, extent, g.CRS.period(), least); err != nil {
		return image.Rectangle{}, err
	}
	// Parallelograms that do not touch are parted by a line along a side of one of them. So
	// the box misses the raster if it does in coordinates or else in pixels.
	b, ok := both(b, extent)
	if p := b.around(g.Transform.Pixel); ok && p.finite() {
		if r := pixels(p, width, height); !r.Empty() {
			return r, nil
		}
	}
	return image.Rectangle{}, fmt.Errorf("box %v outside of the raster, whose extent is %v in %v", given, extent, &g.CRS)
}

// own gives a box in the CRS of the raster.
func (g *Georeference) own(b Box, epsg int) (Box, error) {
	switch epsg {
	case 0, g.CRS.EPSG:
		return b, b.check(g.CRS.period())
	case epsgLonLat:
		return g.CRS.FromLonLat(b)
	}
	return Box{}, fmt.Errorf("box in EPSG:%d: expected EPSG:%d or the raster's own CRS, %v", epsg, epsgLonLat, &g.CRS)
}

// turned moves a box by whole turns around the earth to where the raster lies. A box that is
// as wide as the earth has all longitudes. One that reaches over both ends of a raster that
// goes around the earth would be two regions, and is an error.
func turned(b, extent Box, period, least float64) (Box, error) {
	if period == 0 {
		return b, nil
	}
	if b.MaxX < b.MinX {
		b.MaxX += period
	}
	if b.MaxX-b.MinX >= period {
		b.MinX, b.MaxX = extent.MinX, extent.MaxX
		return b, nil
	}
	by := func(turns float64) Box {
		return Box{b.MinX + turns*period, b.MinY, b.MaxX + turns*period, b.MaxY}
	}
	west, east := extent.MinX+least, extent.MaxX-least
	inside := func(b Box) bool { return b.MinX >= extent.MinX-least && b.MaxX <= extent.MaxX+least }
	// The first turn that brings west into the extent; the one before it may reach in by east.
	first := math.Ceil((extent.MinX - b.MinX) / period)
	for _, turns := range []float64{0, first} {
		if inside(by(turns)) {
			return by(turns), nil
		}
	}
	before, after := by(first-1), by(first)
	switch {
	case before.MaxX <= west:
		return after, nil
	case after.MinX >= east:
		return before, nil
	}
	return Box{}, fmt.Errorf("box %v on both sides of where the raster ends, at %v and %v: expected one box for each side", b, extent.MinX, extent.MaxX)
}

// pixels are the pixels that a box of columns and rows touches.
func pixels(b Box, width, height int) image.Rectangle {
	minX, maxX := span(b.MinX, b.MaxX, width)
	minY, maxY := span(b.MinY, b.MaxY, height)
	return image.Rectangle{Min: image.Pt(minX, minY), Max: image.Pt(maxX, maxY)}
}

// near is how close to an edge of pixels, in pixels, is on it.
const near = 1e-3

// span gives the whole numbers around a to b, within 0 to n.
func span(a, b float64, n int) (from, to int) {
	lo, hi := math.Floor(a+near), math.Ceil(b-near)
	if hi <= lo {
		lo = math.Floor((a + b) / 2)
		hi = lo + 1
	}
	clip := func(v float64) int { return int(min(max(v, 0), float64(n))) }
	return clip(lo), clip(hi)
}
