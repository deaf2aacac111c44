package geo

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseBox(t *testing.T) {
	for s, want := range map[string]Box{
		"-9.5,38.6,-9,38.8":             {-9.5, 38.6, -9, 38.8},
		" 1e5 , 2 ,\t3e5, 8597744.154 ": {1e5, 2, 3e5, 8597744.154},
		"179,-20,-179,-10":              {179, -20, -179, -10},
	} {
		b, err := ParseBox(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, b, s)
		again, err := ParseBox(b.String())
		require.NoError(t, err, b)
		assert.Equal(t, b, again, "its own form %v", b)
	}
	for _, s := range []string{"", "1,2,3", "1,2,3,4,5", "1,2,3,", "1,2,3,x", "1,2,1,4", "1,4,3,2", "1,2,3,2", "NaN,1,2,3", "1,2,Inf,3", "1 2 3 4", "1e999,1,2,3"} {
		_, err := ParseBox(s)
		assert.EqualError(t, err, "expected W,S,E,N: four numbers, S below N, W and E apart", s)
	}
}

func TestParseEPSG(t *testing.T) {
	for s, want := range map[string]int{"EPSG:4326": 4326, "epsg:32633": 32633, "EPSG:2147483647": math.MaxInt32} {
		code, err := ParseEPSG(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, code, s)
	}
	for _, s := range []string{"", "EPSG", "EPSG:", "EPSG:0", "EPSG:-1", "EPSG:x", "4326", "ESRI:54009", "EPSG:2147483648", "EPSG:4326+5773"} {
		_, err := ParseEPSG(s)
		assert.EqualError(t, err, "expected a code of the EPSG register, as EPSG:4326", s)
	}
}

// overlap is the area of a polygon inside a box, by cutting it along each side.
func overlap(polygon [][2]float64, b Box) float64 {
	for _, side := range []struct {
		axis int
		at   float64
		sign float64
	}{{0, b.MinX, 1}, {0, b.MaxX, -1}, {1, b.MinY, 1}, {1, b.MaxY, -1}} {
		var cut [][2]float64
		for i, p := range polygon {
			q := polygon[(i+1)%len(polygon)]
			dp, dq := side.sign*(p[side.axis]-side.at), side.sign*(q[side.axis]-side.at)
			if dp >= 0 {
				cut = append(cut, p)
			}
			if dp*dq < 0 {
				f := dp / (dp - dq)
				cut = append(cut, [2]float64{p[0] + f*(q[0]-p[0]), p[1] + f*(q[1]-p[1])})
			}
		}
		polygon = cut
	}
	var sum float64
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		sum += p[0]*q[1] - p[1]*q[0]
	}
	return math.Abs(sum) / 2
}

// touched is the rectangle around the pixels that a box overlaps: the naive oracle.
func touched(a *Affine, b Box, w, h int) (r image.Rectangle) {
	for y := range h {
		for x := range w {
			var pixel [][2]float64
			for _, c := range [][2]int{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
				px, py := a.Coordinates(float64(x+c[0]), float64(y+c[1]))
				pixel = append(pixel, [2]float64{px, py})
			}
			if overlap(pixel, b) > 1e-6*math.Abs(a.determinant()) {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return r
}

// onEdge tells whether a column or row is taken for the edge of a pixel.
func onEdge(v float64) bool { return math.Abs(v-math.Round(v)) < 2*near }

// TestRegion: the region of a box goes around all pixels that it overlaps, and is an error
// where there are none; in turned rasters it may be larger, up to the corners of the box.
func TestRegion(t *testing.T) {
	const w, h = 13, 9
	r := rand.New(rand.NewPCG(7, 8))
	var straight, turned, outside int
	for i := range 3000 {
		sx, sy := 10*(r.Float64()-0.5), 10*(r.Float64()-0.5)
		a := Affine{1000 * r.NormFloat64(), sx, 0, 1000 * r.NormFloat64(), 0, sy}
		if i%2 == 1 {
			a[2], a[4] = 10*(r.Float64()-0.5), 10*(r.Float64()-0.5)
		}
		g := &Georeference{Transform: &a}
		extent, err := g.Extent(w, h)
		require.NoError(t, err)
		dx, dy := extent.MaxX-extent.MinX, extent.MaxY-extent.MinY
		x, y := extent.MinX+dx*(1.6*r.Float64()-0.3), extent.MinY+dy*(1.6*r.Float64()-0.3)
		size := r.Float64()
		b := Box{x, y, x + dx*size*r.Float64(), y + dy*size*r.Float64()}
		if corners := b.around(a.Pixel); onEdge(corners.MinX) || onEdge(corners.MinY) || onEdge(corners.MaxX) || onEdge(corners.MaxY) {
			continue // TestRegionOfPixels has these
		}
		want := touched(&a, b, w, h)
		got, err := g.Region(b, 0, w, h)
		if want.Empty() {
			outside++
			require.ErrorContains(t, err, "outside of the raster, whose extent is", "%d: box %v by %v gives %v", i, b, a, got)
			continue
		}
		require.NoError(t, err, "%d: box %v by %v", i, b, a)
		if i%2 == 0 {
			straight++
			require.Equal(t, want, got, "%d: box %v by %v", i, b, a)
			continue
		}
		turned++
		require.True(t, want.In(got), "%d: box %v by %v: want %v in %v", i, b, a, want, got)
		corners := b.around(a.Pixel)
		require.True(t, got.In(image.Rect(int(math.Floor(corners.MinX)), int(math.Floor(corners.MinY)), int(math.Ceil(corners.MaxX)), int(math.Ceil(corners.MaxY)))),
			"%d: box %v by %v: %v beyond the corners %v", i, b, a, got, corners)
	}
	assert.Greater(t, straight, 300)
	assert.Greater(t, turned, 300)
	assert.Greater(t, outside, 300)
}

// TestRegionOfPixels: boxes around whole pixels, off by what rounding to thousandths of a
// pixel makes, give these pixels and no others.
func TestRegionOfPixels(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	g := &Georeference{Transform: &Affine{278966.322, 0.018, 0, 8597744.154, 0, -0.018}}
	for range 500 {
		want := image.Rect(r.IntN(751), r.IntN(708), r.IntN(751), r.IntN(708))
		want.Max = want.Max.Add(image.Pt(1, 1))
		b := none
		b.add(g.Transform.Coordinates(float64(want.Min.X)+0.0009*(2*r.Float64()-1), float64(want.Min.Y)+0.0009*(2*r.Float64()-1)))
		b.add(g.Transform.Coordinates(float64(want.Max.X)+0.0009*(2*r.Float64()-1), float64(want.Max.Y)+0.0009*(2*r.Float64()-1)))
		got, err := g.Region(b, 0, 751, 708)
		require.NoError(t, err)
		require.Equal(t, want, got, "box %v", b)
	}
	// A box that is less than the margin on both sides of an edge has one pixel all the same.
	x, y := g.Transform.Coordinates(7, 8)
	got, err := g.Region(Box{x - 1e-6, y - 1e-6, x + 1e-6, y + 1e-6}, 0, 751, 708)
	require.NoError(t, err)
	assert.Equal(t, image.Pt(1, 1), got.Size())
}

// TestRegionAroundTheEarth: boxes are found one turn away, boxes across the antimeridian too;
// what would be two regions is an error.
func TestRegionAroundTheEarth(t *testing.T) {
	degrees := func(west float64) *Georeference {
		return &Georeference{Transform: &Affine{west, 1, 0, 90, 0, -1}, CRS: *crsOf(t, 4326)}
	}
	mercator := &Georeference{Transform: &Affine{-180 * 111319.49079327358, 111319.49079327358, 0, 6e6, 0, -111319.49079327358}, CRS: *crsOf(t, 3857)}
	utm := &Georeference{Transform: &Affine{0, 1000, 0, 9e6, 0, -1000}, CRS: *crsOf(t, 32601)}
	columns := func(from, to int) image.Rectangle { return image.Rect(from, 80, to, 90) }
	const split = "on both sides of where the raster ends"
	for _, c := range []struct {
		name string
		g    *Georeference
		box  Box
		epsg int
		want image.Rectangle
		err  string
	}{
		{"as it lies", degrees(-180), Box{-30, 0, -20, 10}, 0, columns(150, 160), ""},
		{"0 to 360", degrees(0), Box{-30, 0, -20, 10}, 0, columns(330, 340), ""},
		{"0 to 360 by 4326", degrees(0), Box{-30, 0, -20, 10}, 4326, columns(330, 340), ""},
		{"two turns away", degrees(500), Box{-30, 0, -20, 10}, 0, columns(190, 200), ""},
		{"antimeridian inside", degrees(0), Box{175, 0, -175, 10}, 0, columns(175, 185), ""},
		{"antimeridian at the end", degrees(-180), Box{175, 0, -175, 10}, 0, image.Rectangle{}, split},
		{"meridian at the end", degrees(0), Box{-5, 0, 5, 10}, 0, image.Rectangle{}, split},
		{"up to the end", degrees(-180), Box{170, 0, 180, 10}, 0, columns(350, 360), ""},
		{"from the end", degrees(-180), Box{180, 0, 190, 10}, 0, columns(0, 10), ""},
		{"half of it", degrees(-180), Box{0, 0, 180, 10}, 0, columns(180, 360), ""},
		{"all of it", degrees(-180), Box{-180, 0, 180, 10}, 0, columns(0, 360), ""},
		{"all, from another end", degrees(-180.25), Box{-180, 0, 180, 10}, 0, columns(0, 360), ""},
		{"more than all", degrees(-180), Box{-1000, 0, 1000, 10}, 0, columns(0, 360), ""},
		{"too far north", degrees(-180), Box{0, 90, 1, 91}, 0, image.Rectangle{}, "outside of the raster, whose extent is -180,-90,180,90 in WGS 84 (EPSG:4326)"},
		{"mercator", mercator, Box{170, 0, 175, 8.946573850543401}, 4326, image.Rect(350, 44, 355, 54), ""},
		{"mercator across", mercator, Box{175, 0, -175, 10}, 4326, image.Rectangle{}, split},
		{"UTM across", utm, Box{179.9, 60, -179.9, 61}, 4326, image.Rect(327, 2233, 344, 2346), ""}, // by gdaltransform of the edges
		{"UTM across, its own", utm, Box{5, 0, 1, 1}, 0, image.Rectangle{}, "box 5,0,1,1: expected west below east"},
		{"another CRS", utm, Box{0, 0, 1, 1}, 32602, image.Rectangle{}, "box in EPSG:32602: expected EPSG:4326 or the raster's own CRS, WGS 84 / UTM zone 1N (EPSG:32601)"},
		{"the same CRS", utm, Box{1000, 8997000, 3000, 8999000}, 32601, image.Rect(1, 1, 3, 3), ""},
		{"south above north", utm, Box{0, 1, 1, 0}, 0, image.Rectangle{}, "box 0,1,1,0: expected south below north"},
		{"no numbers", utm, Box{0, 0, math.Inf(1), 1}, 0, image.Rectangle{}, "expected numbers"},
	} {
		got, err := c.g.Region(c.box, c.epsg, 360, 9000)
		if c.g.CRS.Kind == Geographic {
			got, err = c.g.Region(c.box, c.epsg, 360, 180)
		}
		if c.err != "" {
			assert.ErrorContains(t, err, c.err, c.name)
			continue
		}
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, got, c.name)
	}
}

// TestRegionOfWideRaster: where a raster has longitudes twice, boxes stay where they are.
func TestRegionOfWideRaster(t *testing.T) {
	g := &Georeference{Transform: &Affine{-200, 1, 0, 90, 0, -1}, CRS: *crsOf(t, 4326)}
	for west, column := range map[float64]int{165: 365, -195: 5, 525: 5} {
		got, err := g.Region(Box{west, 0, west + 5, 10}, 0, 400, 180)
		require.NoError(t, err)
		assert.Equal(t, image.Rect(column, 80, column+5, 90), got, "from %v", west)
	}
}

// TestRegionClipped: boxes that reach over one side of a raster are clipped there, whatever
// turn they are given in.
func TestRegionClipped(t *testing.T) {
	g := &Georeference{Transform: &Affine{-50, 1, 0, 90, 0, -1}, CRS: *crsOf(t, 4326)}
	for west, columns := range map[float64][2]int{40: {90, 100}, 400: {90, 100}, -60: {0, 10}, 300: {0, 10}, -420: {0, 10}} {
		got, err := g.Region(Box{west, 85, west + 20, 95}, 0, 100, 50)
		require.NoError(t, err, "from %v", west)
		assert.Equal(t, image.Rect(columns[0], 0, columns[1], 5), got, "from %v", west)
	}
	_, err := g.Region(Box{100, 85, 120, 95}, 0, 100, 50)
	assert.ErrorContains(t, err, "box 100,85,120,95 outside of the raster, whose extent is -50,40,50,90 in WGS 84 (EPSG:4326)")
}

// checkLonLat: the region of a box of longitudes and latitudes goes around the box's edges
// as gdaltransform gives them, point by point; where the CRS is not known, it is an error.
func checkLonLat(t *testing.T, g *Georeference, info *gdalInfo) {
	w, h := float64(info.width), float64(info.height)
	x0, y0 := g.Transform.Coordinates(0.31*w, 0.32*h)
	x1, y1 := g.Transform.Coordinates(0.63*w, 0.64*h)
	b := none
	for _, p := range transformed(t, [][2]float64{{x0, y0}, {x1, y1}}, "-s_srs", epsg(g.CRS.EPSG), "-t_srs", epsg(4326)) {
		b.add(p[0], p[1])
	}
	got, err := g.Region(b, epsgLonLat, info.width, info.height)
	if known(g.CRS.EPSG) == "" {
		assert.ErrorContains(t, err, g.CRS.String())
		return
	}
	require.NoError(t, err)
	var edges [][2]float64
	const n = 200
	for i := range n + 1 {
		x, y := b.MinX+(b.MaxX-b.MinX)*float64(i)/n, b.MinY+(b.MaxY-b.MinY)*float64(i)/n
		edges = append(edges, [2]float64{x, b.MinY}, [2]float64{x, b.MaxY}, [2]float64{b.MinX, y}, [2]float64{b.MaxX, y})
	}
	around := none
	for _, p := range transformed(t, edges, "-s_srs", epsg(4326), "-t_srs", epsg(g.CRS.EPSG)) {
		around.add(p[0], p[1])
	}
	p := around.around(g.Transform.Pixel)
	want := image.Rect(int(math.Floor(p.MinX+near)), int(math.Floor(p.MinY+near)), int(math.Ceil(p.MaxX-near)), int(math.Ceil(p.MaxY-near)))
	assert.Equal(t, want.Intersect(image.Rect(0, 0, info.width, info.height)), got, "region by longitude and latitude")
	t.Log(b, got)
}
