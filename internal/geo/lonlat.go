package geo

import (
	"fmt"
	"math"
)

// epsgLonLat is the code of longitude and latitude on WGS 84.
const epsgLonLat = 4326

const epsgWebMercator = 3857

const radians = math.Pi / 180

// ellipsoid is a semi-major axis in metres and an inverse flattening.
type ellipsoid struct{ a, inverseF float64 }

var (
	wgs84 = ellipsoid{6378137, 298.257223563}
	grs80 = ellipsoid{6378137, 298.257222101}
)

// utmFamilies are the zones of the universal transverse Mercator system in the EPSG
// register: zone n of a family has the code base + n.
var utmFamilies = []struct {
	base, first, last int
	datum             string
	south             bool
	ellipsoid         ellipsoid
}{
	{32600, 1, 60, "WGS 84", false, wgs84},
	{32700, 1, 60, "WGS 84", true, wgs84},
	{25800, 28, 38, "ETRS89", false, grs80},
	{26900, 1, 23, "NAD83", false, grs80},
}

// utm is the name and the projection of a zone, nil of any other code.
func utm(epsg int) (name string, m *transverseMercator) {
	for _, f := range utmFamilies {
		if zone := epsg - f.base; zone >= f.first && zone <= f.last {
			half, northing := 'N', 0.0
			if f.south {
				half, northing = 'S', 1e7
			}
			m = newTransverseMercator(f.ellipsoid, 0.9996, float64(6*zone-183), 500000, northing)
			return fmt.Sprintf("%s / UTM zone %d%c", f.datum, zone, half), m
		}
	}
	return "", nil
}

// known is the name of a CRS in the EPSG register, "" where this package has it not.
func known(epsg int) string {
	switch epsg {
	case epsgLonLat:
		return "WGS 84"
	case 4269:
		return "NAD83"
	case 4258:
		return "ETRS89"
	case epsgWebMercator:
		return "WGS 84 / Pseudo-Mercator"
	}
	name, _ := utm(epsg)
	return name
}

// degrees tells whether coordinates are longitudes from Greenwich and latitudes, in
// degrees.
func (c *CRS) degrees() bool {
	return c.Kind == Geographic && c.Unit == units[degree] && !c.elsewhere
}

// metres tells whether c is a projected CRS in metres. The register has all CRSs in metres
// that this package projects to, but a file's keys may say otherwise.
func (c *CRS) metres() bool { return c.Kind == Projected && c.Unit == units[metre] }

// period is how far a coordinate x goes once around the earth, 0 where it does not.
func (c *CRS) period() float64 {
	switch {
	case c.degrees():
		return 360
	case c.EPSG == epsgWebMercator && c.metres():
		return 2 * math.Pi * wgs84.a
	}
	return 0
}

// FromLonLat gives the smallest box in the CRS around a box of longitudes and latitudes, in
// degrees. A box whose west is above its east crosses the antimeridian; what comes out has
// its west below its east, and then lies beyond the antimeridian in part.
//
// It knows geographic CRSs in degrees from Greenwich; UTM on WGS 84, ETRS89 and NAD83; and
// web Mercator (EPSG:3857). For others it is an error that names the CRS. Longitudes and
// latitudes are taken on the datum of the CRS: what is on WGS 84 is off by about 2 m on
// ETRS89 and NAD83, and by hundreds of metres on some older ones.
func (c *CRS) FromLonLat(b Box) (Box, error) {
	if err := b.checkLonLat(); err != nil {
		return Box{}, err
	}
	if b.MaxX < b.MinX {
		b.MaxX += 360
	}
	if c.degrees() {
		return b, nil
	}
	if c.metres() {
		if c.EPSG == epsgWebMercator {
			return webMercator(b), nil
		}
		if _, m := utm(c.EPSG); m != nil {
			return m.box(b)
		}
	}
	return Box{}, fmt.Errorf("longitude and latitude in %v: expected a geographic CRS in degrees from Greenwich, UTM on WGS 84, ETRS89 or NAD83, or EPSG:%d", c, epsgWebMercator)
}

// checkLonLat holds a box against what longitudes and latitudes can be.
func (b *Box) checkLonLat() error {
	if b.MinX < -360 || b.MaxX > 360 || b.MinY < -90 || b.MaxY > 90 {
		return fmt.Errorf("box %v: expected longitudes of -360 to 360 and latitudes of -90 to 90 degrees", b)
	}
	return b.check(360)
}

// webMercator projects by the formulas for the sphere, IOGP 373-7-2, method 1024. Poles,
// which lie at infinity, come out far beyond any map.
func webMercator(b Box) Box {
	y := func(latitude float64) float64 { return wgs84.a * math.Asinh(math.Tan(latitude*radians)) }
	x := func(longitude float64) float64 { return wgs84.a * longitude * radians }
	return Box{x(b.MinX), y(b.MinY), x(b.MaxX), y(b.MaxY)}
}

// transverseMercator is the projection by Krüger's series as Karney extends it:
// Transverse Mercator with an accuracy of a few nanometers, Journal of Geodesy 85 (2011),
// 475-485, numbered below.
type transverseMercator struct {
	e        float64    // eccentricity
	scale    float64    // k0·A, metres
	alpha    [6]float64 // (35)
	meridian float64    // the central one, in degrees
	x0, y0   float64    // false easting and northing, metres
}

func newTransverseMercator(el ellipsoid, k0, meridian, x0, y0 float64) *transverseMercator {
	f := 1 / el.inverseF
	n := f / (2 - f)
	n2, n3, n4, n5, n6 := n*n, n*n*n, n*n*n*n, n*n*n*n*n, n*n*n*n*n*n
	return &transverseMercator{
		e:     math.Sqrt(f * (2 - f)),
		scale: k0 * el.a / (1 + n) * (1 + n2/4 + n4/64 + n6/256), // (14)
		alpha: [...]float64{
			n/2 - n2*2/3 + n3*5/16 + n4*41/180 - n5*127/288 + n6*7891/37800,
			n2*13/48 - n3*3/5 + n4*557/1440 + n5*281/630 - n6*1983433/1935360,
			n3*61/240 - n4*103/140 + n5*15061/26880 + n6*167603/181440,
			n4*49561/161280 - n5*179/168 + n6*6601661/7257600,
			n5*34729/80640 - n6*3418889/1995840,
			n6 * 212378941 / 319334400,
		},
		meridian: meridian, x0: x0, y0: y0,
	}
}

// project projects a longitude from the central meridian and a latitude, in degrees.
func (m *transverseMercator) project(longitude, latitude float64) (x, y float64) {
	tau := math.Tan(latitude * radians)
	sigma := math.Sinh(m.e * math.Atanh(m.e*tau/math.Hypot(1, tau)))
	tau1 := tau*math.Hypot(1, sigma) - sigma*math.Hypot(1, tau) // (7) to (9)
	sin, cos := math.Sincos(longitude * radians)
	xi1, eta1 := math.Atan2(tau1, cos), math.Asinh(sin/math.Hypot(tau1, cos)) // (10)
	xi, eta := xi1, eta1
	for i, a := range m.alpha { // (11)
		j := float64(2 * (i + 1))
		xi += a * math.Sin(j*xi1) * math.Cosh(j*eta1)
		eta += a * math.Cos(j*xi1) * math.Sinh(j*eta1)
	}
	return m.x0 + m.scale*eta, m.y0 + m.scale*xi
}

// reach is how far from the central meridian boxes may go, in degrees: 3,900 km on the
// equator, within which the series is good to 5 nm.
const reach = 35

// box is the box around a box of longitudes and latitudes. The edges of that are curved
// here, but monotone on either side of the central meridian and of the equator: on the
// sphere x = artanh(cos φ · sin λ) and y = arctan(tan φ / cos λ), with λ from the central
// meridian. So the extremes are at the corners and where edges cross these two lines.
func (m *transverseMercator) box(b Box) (Box, error) {
	west := math.Remainder(b.MinX-m.meridian, 360)
	east := west + b.MaxX - b.MinX
	if west < -reach || east > reach {
		return Box{}, fmt.Errorf("box %v: expected longitudes within %d° of %g, the central meridian of the raster's UTM zone", b, reach, m.meridian)
	}
	out := none
	for _, longitude := range []float64{west, min(max(west, 0), east), east} {
		for _, latitude := range []float64{b.MinY, min(max(b.MinY, 0), b.MaxY), b.MaxY} {
			out.add(m.project(longitude, latitude))
		}
	}
	return out, nil
}
