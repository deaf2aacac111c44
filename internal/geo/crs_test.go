package geo

import (
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCRS: kind, code, name and unit of a CRS, and its form for people.
func TestCRS(t *testing.T) {
	short := func(id, v uint16) [4]uint16 { return [4]uint16{id, 0, 1, v} }
	text := func(id uint16, s string) [4]uint16 { return [4]uint16{id, inText, uint16(len(s)), 0} }
	metres, degrees := Unit{"metre", 1}, Unit{"degree", math.Pi / 180}
	pcs := "PCS Name = NAD_1983_X|GCS Name = GCS_X|"
	long := strings.Repeat("é", 200)
	for want, c := range map[string]struct {
		keys []uint16
		text string
		crs  CRS
	}{
		"WGS 84 (EPSG:4326)": {directory(short(1024, 2), short(2048, 4326), text(2049, "mine|")), "mine|", CRS{Kind: Geographic, EPSG: 4326, Name: "WGS 84", Unit: degrees}},
		"ETRS89 (EPSG:4258)": {directory(short(1024, 2), short(2048, 4258), short(2054, 9122)), "", CRS{Kind: Geographic, EPSG: 4258, Name: "ETRS89", Unit: degrees}},
		"NAD83 (EPSG:4269)":  {directory(short(1024, 2), short(2048, 4269), short(2054, 9105)), "", CRS{Kind: Geographic, EPSG: 4269, Name: "NAD83", Unit: Unit{"grad", math.Pi / 200}}},
		"GDA94 (EPSG:4283)":  {directory(short(1024, 2), short(2048, 4283), text(2049, "GDA94|")), "GDA94|", CRS{Kind: Geographic, EPSG: 4283, Name: "GDA94", Unit: degrees}},
		"EPSG:4807":          {directory(short(1024, 2), short(2048, 4807)), "", CRS{Kind: Geographic, EPSG: 4807, Name: "EPSG:4807", elsewhere: true}},
		"user-defined geographic CRS": {directory(short(1024, 2), short(2048, 32767), short(2051, 8903), short(2054, 9102)), "",
			CRS{Kind: Geographic, Unit: degrees, elsewhere: true}},
		"Paris (user-defined geographic CRS)": {directory(short(1024, 2), text(2049, "Paris"), short(2051, 32767), short(2054, 9102), [4]uint16{2061, inDoubles, 1, 1}), "Paris",
			CRS{Kind: Geographic, Name: "Paris", Unit: degrees, elsewhere: true}},
		"own (user-defined geographic CRS)": {directory(short(1024, 2), text(2049, "own"), short(2051, 32767), short(2054, 9102), [4]uint16{2061, inDoubles, 1, 0}), "own",
			CRS{Kind: Geographic, Name: "own", Unit: degrees}},
		"WGS 84 / UTM zone 33N (EPSG:32633)": {directory(short(1024, 1), short(3072, 32633)), "", CRS{Kind: Projected, EPSG: 32633, Name: "WGS 84 / UTM zone 33N", Unit: metres}},
		"WGS 84 / Pseudo-Mercator (EPSG:3857)": {directory(short(1024, 1), short(3072, 3857), short(3076, 9001)), "",
			CRS{Kind: Projected, EPSG: 3857, Name: "WGS 84 / Pseudo-Mercator", Unit: metres}},
		"EPSG:2193":              {directory(short(1024, 1), short(3072, 2193)), "", CRS{Kind: Projected, EPSG: 2193, Name: "EPSG:2193"}},
		"NAD_1983_X (EPSG:2225)": {directory(short(1024, 1), text(1026, pcs), short(3072, 2225), short(3076, 9003)), pcs, CRS{Kind: Projected, EPSG: 2225, Name: "NAD_1983_X", Unit: Unit{"US survey foot", 1200. / 3937}}},
		"Plan?[31m a (user-defined projected CRS)": {directory(short(1024, 1), short(3072, 54009), text(3073, "Plan\x1b[31m a\nb"), short(3076, 9040)), "Plan\x1b[31m a\nb",
			CRS{Kind: Projected, Name: "Plan?[31m a", Unit: Unit{Name: "EPSG:9040"}}},
		"user-defined projected CRS":              {directory(short(1024, 1), text(1026, "ESRI PE String = PROJCS[\"a\"]|")), "ESRI PE String = PROJCS[\"a\"]|", CRS{Kind: Projected}},
		"EPSG:4978":                               {directory(short(1024, 3), short(2048, 4978), short(2052, 9036)), "", CRS{Kind: Geocentric, EPSG: 4978, Name: "EPSG:4978", Unit: Unit{"kilometre", 1000}}},
		"unknown CRS":                             {nil, "", CRS{}},
		"site (CRS of unknown kind)":              {directory(short(1024, 32767), text(1026, "site|"), short(3072, 32633)), "site|", CRS{Name: "site"}},
		long[:maxName] + " (CRS of unknown kind)": {directory(text(1026, long)), long, CRS{Name: long[:maxName]}},
		"ab (CRS of unknown kind)":                {directory([4]uint16{1026, inText, 500, 1}), "xab\x00", CRS{Name: "ab"}}, // a count over the end
	} {
		g, err := Parse(&Tags{PixelScale: []float64{1, 1, 0}, Tiepoints: make([]float64, 6), Keys: c.keys, Doubles: []float64{0, 2.3}, Text: c.text})
		require.NoError(t, err, want)
		requireClose(t, c.crs.Unit.Size, g.CRS.Unit.Size, 1e-15, "unit of %s", want)
		c.crs.Unit.Size = g.CRS.Unit.Size
		assert.Equal(t, c.crs, g.CRS, want)
		assert.Equal(t, want, g.CRS.String())
	}
}

// TestUserUnit: a unit of the file's own has the size that the file gives.
func TestUserUnit(t *testing.T) {
	g, err := Parse(&Tags{Keys: directory([4]uint16{1024, inKeys, 1, 16}, [4]uint16{3076, 0, 1, 32767}, [4]uint16{3077, inDoubles, 1, 1}), Doubles: []float64{0, 0.25}})
	assert.ErrorContains(t, err, "GTModelTypeGeoKey (1024): 1 values at 16 of the 16 in the directory", g)
	g, err = Parse(&Tags{Keys: append(directory([4]uint16{1024, inKeys, 1, 16}, [4]uint16{3076, 0, 1, 32767}, [4]uint16{3077, inDoubles, 1, 1}), 1), Doubles: []float64{0, 0.25}})
	require.NoError(t, err)
	assert.Equal(t, CRS{Kind: Projected, Unit: Unit{"user-defined unit", 0.25}}, g.CRS)
}

// TestKnownNames: the built-in names are the EPSG register's, as GDAL has it, at both ends
// of all families; the codes beside them are other CRSs.
func TestKnownNames(t *testing.T) {
	needs(t, "gdalsrsinfo")
	codes := []int{4326, 4269, 4258, 3857}
	for _, f := range utmFamilies {
		codes = append(codes, f.base+f.first, f.base+f.last)
		assert.Empty(t, known(f.base+f.first-1), "before %s", f.datum)
		assert.Empty(t, known(f.base+f.last+1), "after %s", f.datum)
	}
	for _, code := range codes {
		wkt, err := exec.Command("gdalsrsinfo", "-o", "wkt2", "--single-line", epsg(code)).Output()
		require.NoError(t, err, epsg(code))
		info := gdalInfo{wkt: strings.TrimSpace(string(wkt))}
		want := info.crs()
		assert.Equal(t, want.Name, known(code), epsg(code))
		assert.Equal(t, want.EPSG, code)
	}
}
