package geo

import (
	"bytes"
	"encoding/binary"
	"image"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// directory makes a GeoKeyDirectory of keys.
func directory(entries ...[4]uint16) []uint16 {
	d := []uint16{1, 1, 1, uint16(len(entries))}
	for _, e := range entries {
		d = append(d, e[:]...)
	}
	return d
}

var (
	area  = directory([4]uint16{1024, 0, 1, 1}, [4]uint16{1025, 0, 1, 1}, [4]uint16{3072, 0, 1, 32633})
	point = directory([4]uint16{1024, 0, 1, 1}, [4]uint16{1025, 0, 1, 2}, [4]uint16{3072, 0, 1, 32633})
	turn  = []float64{3, 4, 0, 500100, 5, -2, 0, 4000200, 0, 0, 0, 0, 0, 0, 0, 1}
)

// TestTransform: pixels lie where the standard puts them, and where GDAL does where it is
// there, with scales, flips, matrices, areas and points.
func TestTransform(t *testing.T) {
	for name, c := range map[string]struct {
		tags Tags
		want Affine
	}{
		"area":                {Tags{PixelScale: []float64{10, 20, 0}, Tiepoints: []float64{0, 0, 0, 500000, 4000000, 0}, Keys: area}, Affine{500000, 10, 0, 4000000, 0, -20}},
		"point":               {Tags{PixelScale: []float64{10, 20, 0}, Tiepoints: []float64{0, 0, 0, 500000, 4000000, 0}, Keys: point}, Affine{499995, 10, 0, 4000010, 0, -20}},
		"no keys":             {Tags{PixelScale: []float64{10, 20, 0}, Tiepoints: []float64{0, 0, 0, 500000, 4000000, 0}}, Affine{500000, 10, 0, 4000000, 0, -20}},
		"scale of two":        {Tags{PixelScale: []float64{10, 20}, Tiepoints: []float64{0, 0, 0, 500000, 4000000, 0}, Keys: area}, Affine{500000, 10, 0, 4000000, 0, -20}},
		"tie point inside":    {Tags{PixelScale: []float64{10, 20, 0}, Tiepoints: []float64{3, 7, 0, 500000, 4000000, 0}, Keys: area}, Affine{499970, 10, 0, 4000140, 0, -20}},
		"two tie points":      {Tags{PixelScale: []float64{10, 20, 0}, Tiepoints: []float64{3, 7, 0, 500000, 4000000, 0, 1, 1, 0, 5, 5, 0}, Keys: point}, Affine{499965, 10, 0, 4000150, 0, -20}},
		"south up":            {Tags{PixelScale: []float64{10, -20, 0}, Tiepoints: []float64{0, 0, 0, 500000, 4000000, 0}, Keys: area}, Affine{500000, 10, 0, 4000000, 0, 20}},
		"mirrored":            {Tags{PixelScale: []float64{-10, 20, 0}, Tiepoints: []float64{2, 0, 0, 500000, 4000000, 0}, Keys: point}, Affine{500025, -10, 0, 4000010, 0, -20}},
		"matrix":              {Tags{Transformation: turn, Keys: area}, Affine{500100, 3, 4, 4000200, 5, -2}},
		"matrix, points":      {Tags{Transformation: turn, Keys: point}, Affine{500096.5, 3, 4, 4000198.5, 5, -2}},
		"scale before matrix": {Tags{PixelScale: []float64{10, 20, 0}, Tiepoints: []float64{0, 0, 0, 500000, 4000000, 0}, Transformation: turn, Keys: area}, Affine{500000, 10, 0, 4000000, 0, -20}},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := Parse(&c.tags)
			require.NoError(t, err)
			require.NotNil(t, g.Transform)
			assert.Equal(t, c.want, *g.Transform, "transform")
			assert.Zero(t, g.Tiepoints)

			file := filepath.Join(t.TempDir(), "a.tif")
			writeTags(t, file, 30, 20, &c.tags)
			assert.Equal(t, &c.tags, readTags(t, file), "tags written and read")
			info := infoOf(t, file)
			require.NotNil(t, info.transform, "transform by GDAL")
			assert.Equal(t, *info.transform, *g.Transform, "transform by GDAL and here")
			assert.Equal(t, info.point, g.PixelIsPoint, "points by GDAL and here")
			extent, err := g.Extent(30, 20)
			require.NoError(t, err)
			assert.Equal(t, info.corners, extent, "extent by GDAL and here")
		})
	}
}

// TestNoTransform: a CRS and tie points are read where nothing says how pixels lie between.
func TestNoTransform(t *testing.T) {
	g, err := Parse(&Tags{Tiepoints: make([]float64, 24), Keys: area})
	require.NoError(t, err)
	assert.Equal(t, &Georeference{Tiepoints: 4, CRS: CRS{Projected, 32633, "WGS 84 / UTM zone 33N", Unit{"metre", 1}, false}}, g)
	_, err = g.Extent(2, 2)
	assert.ErrorContains(t, err, "no affine transform but 4 tie points: expected ModelPixelScale (33550) or ModelTransformation (34264)")

	g, err = Parse(&Tags{Keys: area})
	require.NoError(t, err)
	_, err = g.Region(Box{0, 0, 1, 1}, 0, 2, 2)
	assert.ErrorContains(t, err, "no transform to coordinates: expected ModelPixelScale (33550) and ModelTiepoint (33922), or ModelTransformation (34264)")

	_, err = Parse(new(Tags))
	assert.ErrorIs(t, err, ErrNone)
}

// TestParseErrors: what is wrong with tags is named, with what was expected.
func TestParseErrors(t *testing.T) {
	keys := func(entries ...[4]uint16) Tags {
		return Tags{Keys: directory(entries...), Doubles: []float64{math.Inf(1), -1}, Text: "abc"}
	}
	geographic := [4]uint16{1024, 0, 1, 2}
	for want, tags := range map[string]Tags{
		"ModelPixelScale (33550): 1 values, expected 3":                                                             {PixelScale: []float64{1}},
		"ModelPixelScale (33550) without ModelTiepoint (33922): expected both":                                      {PixelScale: []float64{1, 1, 0}},
		"ModelTiepoint (33922): 7 values, expected 6 for each tie point":                                            {Tiepoints: make([]float64, 7)},
		"ModelTransformation (34264): 12 values, expected 16":                                                       {Transformation: make([]float64, 12)},
		"ModelTransformation (34264): the transform [0 0 0 0 0 0], expected one that can be inverted":               {Transformation: make([]float64, 16)},
		"ModelPixelScale (33550): the transform [0 0 0 0 0 -1], expected one that can be inverted":                  {PixelScale: []float64{0, 1, 0}, Tiepoints: make([]float64, 6)},
		"ModelTiepoint (33922): value 4 is NaN, expected a number":                                                  {PixelScale: []float64{1, 1, 0}, Tiepoints: []float64{0, 0, 0, 0, math.NaN(), 0}},
		"GeoKeyDirectory (34735): 3 values, expected 4 or more":                                                     {Keys: []uint16{1, 1, 0}},
		"GeoKeyDirectory (34735): version 2, expected 1":                                                            {Keys: []uint16{2, 1, 0, 0}},
		"GeoKeyDirectory (34735): 8 values, expected 262144 for 65535 keys":                                         {Keys: []uint16{1, 1, 0, 65535, 0, 0, 0, 0}},
		"GeoKeyDirectory (34735): GTModelTypeGeoKey (1024) twice, expected once":                                    keys(geographic, geographic),
		"GeoKeyDirectory (34735): key 5000 twice, expected once":                                                    keys([4]uint16{5000}, [4]uint16{5000}),
		"GTModelTypeGeoKey (1024): 4, expected 1 (projected), 2 (geographic), 3 (geocentric), 0 or 32767 (unknown)": keys([4]uint16{1024, 0, 1, 4}),
		"GTRasterTypeGeoKey (1025): value in tag 34736, expected a SHORT, in the directory":                         keys([4]uint16{1025, 34736, 1, 0}),
		"GeodeticCRSGeoKey (2048): 1 values at 12 of the 12 in the directory, expected one":                         keys(geographic, [4]uint16{2048, 34735, 1, 12}),
		"GeodeticCRSGeoKey (2048): 7, expected 1024 to 32766, an EPSG code, or 32767, user-defined":                 keys(geographic, [4]uint16{2048, 0, 1, 7}),
		"GeogAngularUnitSizeGeoKey (2055): -1, expected the size of a user-defined unit, above 0":                   keys(geographic, [4]uint16{2054, 0, 1, 32767}, [4]uint16{2055, 34736, 1, 1}),
		"GeogAngularUnitSizeGeoKey (2055): 0, expected the size of a user-defined unit, above 0":                    keys(geographic, [4]uint16{2054, 0, 1, 32767}),
		"GeogAngularUnitSizeGeoKey (2055): +Inf, expected a number":                                                 keys(geographic, [4]uint16{2054, 0, 1, 32767}, [4]uint16{2055, 34736, 1, 0}),
		"GeogAngularUnitSizeGeoKey (2055): 1 values at 2 of the 2 in GeoDoubleParams (34736), expected one":         keys(geographic, [4]uint16{2054, 0, 1, 32767}, [4]uint16{2055, 34736, 1, 2}),
		"GeogAngularUnitSizeGeoKey (2055): value in tag 0, expected a DOUBLE, in GeoDoubleParams (34736)":           keys(geographic, [4]uint16{2054, 0, 1, 32767}, [4]uint16{2055, 0, 1, 2}),
		"GeodeticCitationGeoKey (2049): value in tag 0, expected ASCII, in GeoAsciiParams (34737)":                  keys(geographic, [4]uint16{2049, 0, 1, 2}),
		"GeodeticCitationGeoKey (2049): text at 4 of 3 bytes in GeoAsciiParams (34737), expected it inside":         keys(geographic, [4]uint16{2049, 34737, 1, 4}),
	} {
		g, err := Parse(&tags)
		assert.Nil(t, g, want)
		assert.EqualError(t, err, want)
	}
}

// TestAffineInverse: Pixel takes back what Coordinates gives, and the other way round,
// however the raster is turned and wherever it lies.
func TestAffineInverse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		angle, size := r.Float64()*2*math.Pi, math.Exp(r.Float64()*20-10)
		sin, cos := math.Sincos(angle)
		shear := 0.5 + r.Float64()
		a := Affine{r.NormFloat64() * 1e6 * size, cos * size, sin * size * shear, r.NormFloat64() * 1e6 * size, -sin * size, cos * size * shear}
		c, w := r.Float64()*1e4, r.Float64()*1e4
		x, y := a.Coordinates(c, w)
		c2, w2 := a.Pixel(x, y)
		requireClose(t, c, c2, 1e-7, "column by %v", a)
		requireClose(t, w, w2, 1e-7, "row by %v", a)
		x2, y2 := a.Coordinates(c2, w2)
		requireClose(t, x, x2, 1e-7*size, "x by %v", a)
		requireClose(t, y, y2, 1e-7*size, "y by %v", a)
		column, row := a.PixelSize()
		requireClose(t, size, column, 1e-12*size, "size of a column by %v", a)
		requireClose(t, size*shear, row, 1e-12*size, "size of a row by %v", a)
	}
}

// TestCorpus: files of the image sets lie where gdalinfo says, in the CRS that it says; the
// region of their extent is all of them, and boxes of longitudes and latitudes are found.
func TestCorpus(t *testing.T) {
	for _, name := range corpus(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			g, err := Parse(readTags(t, name))
			info := infoOf(t, name)
			if info.transform == nil {
				require.ErrorIs(t, err, ErrNone)
				t.Skip("no georeference")
			}
			require.NoError(t, err)
			for i, v := range g.Transform {
				requireClose(t, info.transform[i], v, 1e-15*math.Abs(v)+5.1e-17, "transform[%d]", i) // 16 decimals
			}
			assert.Equal(t, info.point, g.PixelIsPoint, "points")
			extent, err := g.Extent(info.width, info.height)
			require.NoError(t, err)
			digits := 5.1e-4 // of the corners that gdalinfo gives
			if g.CRS.Kind == Geographic || info.wkt == "" {
				digits = 5.1e-8
			}
			requireClose(t, info.corners.MinX, extent.MinX, digits, "west")
			requireClose(t, info.corners.MinY, extent.MinY, digits, "south")
			requireClose(t, info.corners.MaxX, extent.MaxX, digits, "east")
			requireClose(t, info.corners.MaxY, extent.MaxY, digits, "north")
			region, err := g.Region(extent, 0, info.width, info.height)
			require.NoError(t, err)
			assert.Equal(t, image.Rect(0, 0, info.width, info.height), region, "region of the extent")

			want := info.crs()
			if k, err := parseKeys(readTags(t, name)); err == nil && k.entries[4096] != (entry{}) {
				want.EPSG = g.CRS.EPSG // GDAL joins the vertical part, and gives the code of the whole
			}
			assert.Equal(t, want.Kind, g.CRS.Kind, "kind")
			assert.Equal(t, want.EPSG, g.CRS.EPSG, "code")
			assert.Equal(t, want.Name, g.CRS.Name, "name")
			t.Log(&g.CRS, g.CRS.Unit)
			if g.CRS.EPSG != 0 {
				checkLonLat(t, g, &info)
			}
		})
	}
}

// FuzzParse: any tags give an error or a georeference that can be used without a panic.
func FuzzParse(f *testing.F) {
	bytesOf := func(v any) []byte {
		var b bytes.Buffer
		require.NoError(f, binary.Write(&b, binary.LittleEndian, v))
		return b.Bytes()
	}
	f.Add(bytesOf([]float64{10, 20, 0}), bytesOf([]float64{0, 0, 0, 500000, 4000000, 0}), []byte(nil), bytesOf(point), []byte(nil), "")
	f.Add([]byte(nil), []byte(nil), bytesOf(turn), bytesOf(area), []byte(nil), "")
	f.Add(bytesOf([]float64{.5, .5, 0}), bytesOf([]float64{0, 0, 0, -180, 90, 0}), []byte(nil), bytesOf(directory([4]uint16{1024, 0, 1, 2}, [4]uint16{2048, 0, 1, 32767}, [4]uint16{2049, 34737, 9, 0}, [4]uint16{2051, 0, 1, 32767}, [4]uint16{2054, 0, 1, 32767}, [4]uint16{2055, 34736, 1, 0}, [4]uint16{2061, 34736, 1, 1})), bytesOf([]float64{1, 2}), "GCS Name = a|b|")
	f.Fuzz(func(t *testing.T, scale, tie, matrix, directory, doubles []byte, text string) {
		floats := func(b []byte) []float64 {
			v := make([]float64, len(b)/8)
			_, err := binary.Decode(b, binary.LittleEndian, v)
			require.NoError(t, err)
			return v
		}
		tags := Tags{PixelScale: floats(scale), Tiepoints: floats(tie), Transformation: floats(matrix), Keys: make([]uint16, len(directory)/2), Doubles: floats(doubles), Text: text}
		_, err := binary.Decode(directory, binary.LittleEndian, tags.Keys)
		require.NoError(t, err)
		g, err := Parse(&tags)
		if err != nil {
			assert.Nil(t, g)
			return
		}
		require.LessOrEqual(t, len(g.CRS.Name), maxName)
		require.NotEmpty(t, g.CRS.String())
		const w, h = 100, 50
		extent, err := g.Extent(w, h)
		if err != nil {
			return
		}
		for _, b := range []Box{extent, {extent.MinX, extent.MinY, 0, 0}, {170, -10, -170, 10}, {14, 50, 16, 51}} {
			for _, epsg := range []int{0, epsgLonLat} {
				if r, err := g.Region(b, epsg, w, h); err == nil {
					require.True(t, !r.Empty() && r.In(image.Rect(0, 0, w, h)), "region %v of %v", r, b)
				}
			}
		}
	})
}
