// Package geo tells where on the earth the pixels of a raster lie, from the tags of OGC
// GeoTIFF 1.1 (19-008r4): the affine transform from pixels to a coordinate reference
// system (CRS), which CRS that is, the extent of a raster, and the pixels of a box. Comments
// cite the sections and requirements of GeoTIFF.
package geo

import (
	"errors"
	"fmt"
	"math"
)

// Tags are the values of the GeoTIFF tags of an image, empty where it lacks them.
type Tags struct {
	PixelScale     []float64 // ModelPixelScale, 33550
	Tiepoints      []float64 // ModelTiepoint, 33922
	Transformation []float64 // ModelTransformation, 34264
	Keys           []uint16  // GeoKeyDirectory, 34735
	Doubles        []float64 // GeoDoubleParams, 34736
	Text           string    // GeoAsciiParams, 34737, with or without its last NUL
	RPC            []float64 // RPCCoefficient, 50844, rational polynomials of a camera, which Parse does not need
}

// ErrNone is the error of Parse where an image has no GeoTIFF tag.
var ErrNone = errors.New("no georeference: expected GeoTIFF tags")

// Georeference is what the tags say.
type Georeference struct {
	// Transform takes pixels to coordinates. It is nil where the tags have none, and
	// where tie points alone place the raster, which need not be affine.
	Transform *Affine
	// Tiepoints counts the tie points that place the raster alone.
	Tiepoints int
	// PixelIsPoint says that samples stand for points, the centres of their pixels, and
	// not for areas. Transform starts at the corner of a pixel either way.
	PixelIsPoint bool
	CRS          CRS
}

// Parse reads the tags. Its error names the tag or key, what was found and what was
// expected, and is ErrNone where there is no tag. Keys that it does not need are not
// looked at, so that damage in them does no harm; the vertical part of a CRS is one.
func Parse(t *Tags) (*Georeference, error) {
	if len(t.PixelScale)+len(t.Tiepoints)+len(t.Transformation)+len(t.Keys) == 0 {
		return nil, ErrNone
	}
	k, err := parseKeys(t)
	if err != nil {
		return nil, err
	}
	g := new(Georeference)
	raster, err := k.short(keyRasterType)
	if err != nil {
		return nil, err
	}
	g.PixelIsPoint = raster == pixelIsPoint
	if g.CRS, err = k.crs(); err != nil {
		return nil, err
	}
	if err := g.place(t); err != nil {
		return nil, err
	}
	return g, nil
}

// Requirement 7.3. All other values are taken for areas, which are the default, B.2.2.
const pixelIsPoint = 2

// place reads the transform: from a pixel scale and a tie point, of further ones GDAL
// takes no notice either, or from a matrix (7.3, B.6).
func (g *Georeference) place(t *Tags) error {
	if err := t.checkPlace(); err != nil {
		return err
	}
	var a Affine
	from := pixelScale
	switch s, p, m := t.PixelScale, t.Tiepoints, t.Transformation; {
	case len(s) > 0 && len(p) > 0:
		// B.6 divides the tie point by the scale, which cannot be meant: the tie point
		// must come out at its coordinates. A negative scale is a flip, requirement 10.5.
		a = Affine{p[3] - p[0]*s[0], s[0], 0, p[4] + p[1]*s[1], 0, -s[1]}
	case len(m) > 0:
		from = transformation
		a = Affine{m[3], m[0], m[1], m[7], m[4], m[5]}
	case len(s) > 0:
		return fmt.Errorf("%s without %s: expected both", pixelScale, tiepoint) // requirement 1.2
	default:
		g.Tiepoints = len(p) / 6
		return nil
	}
	if g.PixelIsPoint { // B.2.2: pixel 0,0 has its centre at 0,0, and its corner half a pixel before
		a[0], a[3] = a.Coordinates(-0.5, -0.5)
	}
	if !a.invertible() {
		return fmt.Errorf("%s: the transform %v, expected one that can be inverted", from, a)
	}
	g.Transform = &a
	return nil
}

// The tags that place a raster.
const (
	pixelScale     = "ModelPixelScale (33550)"
	tiepoint       = "ModelTiepoint (33922)"
	transformation = "ModelTransformation (34264)"
	rpc            = "RPCCoefficient (50844)"
)

// checkPlace holds these tags against how many values they are to have, all of them
// numbers.
func (t *Tags) checkPlace() error {
	for _, tag := range []struct {
		name   string
		values []float64
		ok     bool
		want   string
	}{
		// The third scale is for heights, and missing in some files.
		{pixelScale, t.PixelScale, len(t.PixelScale) != 1, "3"},
		{tiepoint, t.Tiepoints, len(t.Tiepoints)%6 == 0, "6 for each tie point"},
		{transformation, t.Transformation, len(t.Transformation) == 0 || len(t.Transformation) == 16, "16"},
		{rpc, t.RPC, len(t.RPC) == 0 || len(t.RPC) == 92, "92"},
	} {
		if !tag.ok {
			return fmt.Errorf("%s: %d values, expected %s", tag.name, len(tag.values), tag.want)
		}
		for i, v := range tag.values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("%s: value %d is %v, expected a number", tag.name, i, v)
			}
		}
	}
	return nil
}

// Affine takes the place of a pixel, its column and row from the upper left corner of the
// raster, to coordinates x = a[0] + a[1]·column + a[2]·row and y = a[3] + a[4]·column +
// a[5]·row, which is the order of a GDAL geotransform. Whole numbers are corners of pixels.
// Geographic coordinates are longitude and latitude in this order, whatever the CRS says
// (the note of 7.3).
type Affine [6]float64

// Coordinates gives the coordinates of a place in the raster.
func (a *Affine) Coordinates(column, row float64) (x, y float64) {
	return a[0] + a[1]*column + a[2]*row, a[3] + a[4]*column + a[5]*row
}

// Pixel gives the place in the raster that has coordinates. It is the inverse of
// Coordinates.
func (a *Affine) Pixel(x, y float64) (column, row float64) {
	// The origin goes first: coordinates may be millions of pixels from 0.
	x, y = x-a[0], y-a[3]
	d := a.determinant()
	return (a[5]*x - a[2]*y) / d, (a[1]*y - a[4]*x) / d
}

func (a *Affine) determinant() float64 { return a[1]*a[5] - a[2]*a[4] }

// invertible tells whether Pixel gives numbers.
func (a *Affine) invertible() bool {
	d := a.determinant()
	for _, v := range a {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return d != 0 && !math.IsNaN(d) && !math.IsInf(d, 0)
}

// PixelSize is the length of a step to the next column and to the next row, in units of
// the CRS; both are positive.
func (a *Affine) PixelSize() (column, row float64) {
	return math.Hypot(a[1], a[4]), math.Hypot(a[2], a[5])
}

// Extent is the smallest box around the corners of a raster of width × height pixels. It is
// an error if the georeference has no transform, or coordinates leave the numbers.
func (g *Georeference) Extent(width, height int) (Box, error) {
	switch {
	case g.Transform == nil && g.Tiepoints > 0:
		return Box{}, fmt.Errorf("no affine transform but %d tie points: expected %s or %s", g.Tiepoints, pixelScale, transformation)
	case g.Transform == nil:
		return Box{}, fmt.Errorf("no transform to coordinates: expected %s and %s, or %s", pixelScale, tiepoint, transformation)
	}
	b := Box{0, 0, float64(width), float64(height)}.around(g.Transform.Coordinates)
	if !b.finite() {
		return Box{}, fmt.Errorf("extent %v of %d×%d pixels: expected numbers", b, width, height)
	}
	return b, nil
}
