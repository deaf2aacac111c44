package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// crsOf is a CRS of the register in its own unit.
func crsOf(t *testing.T, code int) *CRS {
	d := directory([4]uint16{1024, 0, 1, 1}, [4]uint16{3072, 0, 1, uint16(code)})
	if code < 5000 && code != epsgWebMercator {
		d = directory([4]uint16{1024, 0, 1, 2}, [4]uint16{2048, 0, 1, uint16(code)})
	}
	g, err := Parse(&Tags{Keys: d})
	require.NoError(t, err)
	return &g.CRS
}

// projected projects a point, as the south-western corner of a box that is so small that
// its corners are its extremes.
func projected(t *testing.T, code int, longitude, latitude float64) (x, y float64) {
	switch _, m := utm(code); {
	case m != nil:
		return m.project(longitude-m.meridian, latitude)
	case code == epsgWebMercator:
		b, err := crsOf(t, code).FromLonLat(Box{longitude, latitude, longitude + 1e-9, latitude + 1e-9})
		require.NoError(t, err)
		return b.MinX, b.MinY
	}
	require.Fail(t, "no projection", code)
	return
}

// TestProject: points lie where gdaltransform -s_srs EPSG:S -t_srs EPSG:T has put them (GDAL
// 3.6.2, PROJ 9.1.1), where S is the base of the UTM zone, which it calls 4326, 4258 or 4269.
func TestProject(t *testing.T) {
	for _, c := range []struct {
		longitude, latitude float64
		code                int
		x, y                float64
	}{
		{15, 52, 32633, 500000.000000001, 5761038.21259042},
		{12, 0, 32633, 166021.443080542, 0},
		{18, 84, 32633, 534994.655061136, 9329005.18244744},
		{9.5, -79.9, 32733, 392478.6729921, 1124490.85319911},
		{177.000001, -0.5, 32760, 500000.111270758, 9944734.96285735},
		{-179.9, 65.25, 32601, 364562.664965829, 7239430.65871125},
		{14.3, -33.9, 32734, -119991.126946484, 6228658.01554365},
		{-10.5, 60.123456789, 25829, 416650.193845568, 6666106.54920377},
		{-114, 40, 26912, 243900.352027983, 4432069.05678467},
		{-77.25, 17.75, 26918, 261425.45569622, 1963955.4981472},
		{50, 45, 32633, 3248234.41805811, 5616013.49315399},
		{-20, 10, 32633, -3582350.70808854, 1344969.66243919},
		{151.2, -33.87, 32756, 333510.650080743, 6250800.24118355},
		{-74.0060, 40.7128, 3857, -8238310.235647, 4970071.57914243},
		{179.99, -85, 3857, 20036395.1478813, -19971868.8804086},
	} {
		x, y := projected(t, c.code, c.longitude, c.latitude)
		requireClose(t, c.x, x, 1e-7, "x of %v,%v in EPSG:%d", c.longitude, c.latitude, c.code)
		requireClose(t, c.y, y, 1e-7, "y of %v,%v in EPSG:%d", c.longitude, c.latitude, c.code)
	}
}

// TestProjectRound: gdaltransform takes points back to where they came from, in zones of all
// families and as far from their meridians as boxes may go.
func TestProjectRound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for code, base := range map[int]int{32601: 4326, 32631: 4326, 32760: 4326, 32722: 4326, 25828: 4258, 25838: 4258, 26901: 4269, 26923: 4269, 3857: 4326} {
		var points, at [][2]float64
		for i := range shorttest.Rounds(200) {
			width, meridian := 3.0, 0.0
			if _, m := utm(code); m != nil {
				meridian = m.meridian
			}
			if i%2 == 0 {
				width = reach
			}
			p := [2]float64{meridian + width*(2*r.Float64()-1), 169*r.Float64() - 84.5}
			x, y := projected(t, code, p[0], p[1])
			points, at = append(points, p), append(at, [2]float64{x, y})
		}
		for i, p := range transformed(t, at, "-s_srs", epsg(code), "-t_srs", epsg(base)) {
			requireClose(t, 0, math.Remainder(points[i][0]-p[0], 360)*math.Cos(points[i][1]*radians), 1e-11, "longitude of %v in EPSG:%d", points[i], code)
			requireClose(t, points[i][1], p[1], 1e-11, "latitude of %v in EPSG:%d", points[i], code)
		}
	}
}

// TestFromLonLat: no point of the edges of a box lies outside of the box in the CRS, and some
// reach all of its sides.
func TestFromLonLat(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	_, zone := utm(32733)
	for i := range shorttest.Rounds(500) {
		w, s := 15+60*(r.Float64()-0.5), 160*r.Float64()-85
		b := Box{w, s, min(w+20*r.Float64(), 14.9+reach), min(s+40*r.Float64(), 89)}
		got, err := crsOf(t, 32733).FromLonLat(b)
		require.NoError(t, err)
		dense := none
		const n = 2000
		for j := range n + 1 {
			x, y := b.MinX+(b.MaxX-b.MinX)*float64(j)/n, b.MinY+(b.MaxY-b.MinY)*float64(j)/n
			for _, p := range [][2]float64{{x, b.MinY}, {x, b.MaxY}, {b.MinX, y}, {b.MaxX, y}} {
				dense.add(zone.project(p[0]-zone.meridian, p[1]))
			}
		}
		// Between two points an edge rises by as much as it bends: less than 1 m of 40° in 2000.
		requireClose(t, got.MinX, dense.MinX, 1, "west of box %d, %v", i, b)
		requireClose(t, got.MaxX, dense.MaxX, 1, "east of box %d, %v", i, b)
		requireClose(t, got.MinY, dense.MinY, 1, "south of box %d, %v", i, b)
		requireClose(t, got.MaxY, dense.MaxY, 1, "north of box %d, %v", i, b)
		whole, ok := both(got, dense)
		require.True(t, ok)
		for _, d := range []float64{whole.MinX - dense.MinX, whole.MinY - dense.MinY, dense.MaxX - whole.MaxX, dense.MaxY - whole.MaxY} {
			requireClose(t, 0, d, 1e-8, "what sticks out of box %d, %v", i, b)
		}
	}
}

// TestFromLonLatErrors: what cannot be projected is an error that names the box or the CRS.
func TestFromLonLatErrors(t *testing.T) {
	feet := crsOf(t, 32633)
	feet.Unit = units[9003]
	grads := crsOf(t, 4326)
	grads.Unit = units[9105]
	paris := crsOf(t, 4326)
	paris.elsewhere = true
	for want, c := range map[string]struct {
		crs *CRS
		box Box
	}{
		"longitude and latitude in EPSG:31985: expected a geographic CRS in degrees from Greenwich, UTM on WGS 84, ETRS89 or NAD83, or EPSG:3857": {crsOf(t, 31985), Box{1, 1, 2, 2}},
		"longitude and latitude in unknown CRS: expected":                                                          {new(CRS), Box{1, 1, 2, 2}},
		"longitude and latitude in WGS 84 / UTM zone 33N (EPSG:32633): expected":                                   {feet, Box{1, 1, 2, 2}},
		"longitude and latitude in WGS 84 (EPSG:4326): expected":                                                   {grads, Box{1, 1, 2, 2}},
		"longitude and latitude in WGS 84 (EPSG:4326): expected a geographic CRS":                                  {paris, Box{1, 1, 2, 2}},
		"longitude and latitude in EPSG:4801: expected":                                                            {crsOf(t, 4801), Box{1, 1, 2, 2}},
		"box -180,-90,180,90: expected longitudes within 35° of 15, the central meridian of the raster's UTM zone": {crsOf(t, 32633), Box{-180, -90, 180, 90}},
		"box -21,1,2,2: expected longitudes within 35° of 15, the central meridian of the raster's UTM zone":       {crsOf(t, 32633), Box{-21, 1, 2, 2}},
		"box 1,1,2,91: expected longitudes of -360 to 360 and latitudes of -90 to 90":                              {crsOf(t, 4326), Box{1, 1, 2, 91}},
		"box 1,1,361,2: expected longitudes":                                                                       {crsOf(t, 4326), Box{1, 1, 361, 2}},
		"box 1,NaN,2,3: expected numbers":                                                                          {crsOf(t, 4326), Box{1, math.NaN(), 2, 3}},
		"box 180,1,-180,2: expected west below east":                                                               {crsOf(t, 4326), Box{180, 1, -180, 2}},
	} {
		_, err := c.crs.FromLonLat(c.box)
		assert.ErrorContains(t, err, want)
	}
}

// TestAntimeridian: boxes whose west is above their east go on beyond 180 degrees, and into
// the UTM zones on both sides.
func TestAntimeridian(t *testing.T) {
	across := Box{179, 10, -179, 20}
	b, err := crsOf(t, 4326).FromLonLat(across)
	require.NoError(t, err)
	assert.Equal(t, Box{179, 10, 181, 20}, b)
	for code, same := range map[int]Box{32601: {-181, 10, -179, 20}, 32660: {179, 10, 181, 20}, 3857: {179, 10, 181, 20}} {
		b, err := crsOf(t, code).FromLonLat(across)
		require.NoError(t, err)
		want, err := crsOf(t, code).FromLonLat(same)
		require.NoError(t, err)
		assert.Equal(t, want, b, "EPSG:%d", code)
		assert.Less(t, b.MinX, b.MaxX)
	}
}
