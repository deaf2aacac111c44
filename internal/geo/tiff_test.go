package geo

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sizes of the types that GeoTIFF tags have.
var typeSizes = map[uint16]int{2: 1, 3: 2, 12: 8} // ASCII, SHORT, DOUBLE

// readTags reads the tags of the first directory of a TIFF or BigTIFF file. It takes files
// for whole: what it cannot read fails the test.
func readTags(t *testing.T, name string) *Tags {
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	number := func(b []byte) int { return int(order.Uint32(b)) }
	at, head, size, wide := number(b[4:]), 2, 12, 4
	if order.Uint16(b[2:]) == 43 { // BigTIFF: lengths of 8 bytes
		number = func(b []byte) int { return int(order.Uint64(b)) }
		at, head, size, wide = number(b[8:]), 8, 20, 8
	}
	tags := new(Tags)
	entries := int(order.Uint16(b[at:]))
	if wide == 8 {
		entries = number(b[at:])
	}
	for i := range entries {
		e := b[at+head+size*i:][:size]
		tag, kind, n := order.Uint16(e), order.Uint16(e[2:]), number(e[4:])
		value := e[4+wide:]
		if typeSizes[kind]*n > wide {
			value = b[number(value):]
		}
		read := func(dst any) {
			require.NoError(t, binary.Read(bytes.NewReader(value), order, dst), "%s: tag %d", name, tag)
		}
		doubles := func() []float64 { v := make([]float64, n); read(v); return v }
		switch tag {
		case 33550:
			tags.PixelScale = doubles()
		case 33922:
			tags.Tiepoints = doubles()
		case 34264:
			tags.Transformation = doubles()
		case inKeys:
			tags.Keys = make([]uint16, n)
			read(tags.Keys)
		case inDoubles:
			tags.Doubles = doubles()
		case inText:
			tags.Text = string(value[:n])
		}
	}
	return tags
}

// writeTags writes a black image of 8 bits that has the tags.
func writeTags(t *testing.T, name string, width, height int, tags *Tags) {
	type field struct {
		tag, kind uint16
		value     any
	}
	long := func(tag uint16, v int) field { return field{tag, 4, []uint32{uint32(v)}} }
	fields := []field{
		long(256, width), long(257, height), long(258, 8), long(259, 1), long(262, 1), long(273, 8), long(277, 1), long(278, height), long(279, width*height),
		{33550, 12, tags.PixelScale}, {33922, 12, tags.Tiepoints}, {34264, 12, tags.Transformation},
		{inKeys, 3, tags.Keys}, {inDoubles, 12, tags.Doubles}, {inText, 2, []byte(tags.Text)},
	}
	fields = slices.DeleteFunc(fields, func(f field) bool { return binary.Size(f.value) == 0 })
	le := binary.LittleEndian
	var directory, values bytes.Buffer
	start := 8 + width*height
	put := func(v any) { require.NoError(t, binary.Write(&directory, le, v)) }
	put(uint16(len(fields)))
	for _, f := range fields {
		size := binary.Size(f.value)
		put([]uint16{f.tag, f.kind})
		put(uint32(size / cmp.Or(typeSizes[f.kind], 4)))
		if size <= 4 {
			put(f.value)
			put(make([]byte, 4-size))
			continue
		}
		put(uint32(start + 2 + 12*len(fields) + 4 + values.Len()))
		require.NoError(t, binary.Write(&values, le, f.value))
	}
	put(uint32(0))
	file := append([]byte("II*\x00"), le.AppendUint32(nil, uint32(start))...)
	file = append(file, make([]byte, width*height)...)
	file = append(append(file, directory.Bytes()...), values.Bytes()...)
	require.NoError(t, os.WriteFile(name, file, 0o666))
}

// needs skips a test where a tool is missing.
func needs(t *testing.T, tool string) {
	if _, err := exec.LookPath(tool); err != nil {
		t.Skip("no ", tool)
	}
}

// gdalInfo is what gdalinfo says of a file.
type gdalInfo struct {
	width, height int
	transform     *Affine // nil where there is none
	corners       Box
	wkt           string
	point         bool
	tiepoints     int
}

func infoOf(t *testing.T, name string) gdalInfo {
	needs(t, "gdalinfo")
	c := exec.Command("gdalinfo", "-json", "--config", "GTIFF_HONOUR_NEGATIVE_SCALEY", "YES", name)
	out, err := c.Output()
	require.NoError(t, err, name)
	var said struct {
		Size              []int
		GeoTransform      []float64
		CornerCoordinates map[string][]float64
		CoordinateSystem  struct{ Wkt string }
		Metadata          map[string]map[string]any
		Gcps              struct{ GcpList []any }
	}
	require.NoError(t, json.Unmarshal(out, &said), name)
	g := gdalInfo{width: said.Size[0], height: said.Size[1], wkt: said.CoordinateSystem.Wkt, corners: none, tiepoints: len(said.Gcps.GcpList)}
	if len(said.GeoTransform) == 6 {
		g.transform = (*Affine)(said.GeoTransform)
	}
	for at, c := range said.CornerCoordinates {
		if at != "center" {
			g.corners.add(c[0], c[1])
		}
	}
	g.point = said.Metadata[""]["AREA_OR_POINT"] == "Point"
	return g
}

var wktName, wktCode = regexp.MustCompile(`(PROJ|GEOG|GEOD)CRS\["([^"]*)"`), regexp.MustCompile(`ID\["EPSG",(\d+)\]\]$`)

// crs is what the WKT of a CRS says, without its unit.
func (g *gdalInfo) crs() (c CRS) {
	m := wktName.FindStringSubmatch(g.wkt)
	if m == nil {
		return c
	}
	c.Kind, c.Name = map[string]Kind{"PROJ": Projected, "GEOG": Geographic, "GEOD": Geocentric}[m[1]], m[2]
	if m := wktCode.FindStringSubmatch(g.wkt); m != nil {
		c.EPSG, _ = strconv.Atoi(m[1])
	}
	return c
}

// transformed are points as gdaltransform gives them, of CRSs or by the transform of a file.
func transformed(t *testing.T, points [][2]float64, args ...string) [][2]float64 {
	needs(t, "gdaltransform")
	var in strings.Builder
	for _, p := range points {
		in.WriteString(strconv.FormatFloat(p[0], 'g', 17, 64) + " " + strconv.FormatFloat(p[1], 'g', 17, 64) + "\n")
	}
	c := exec.Command("gdaltransform", append([]string{"-output_xy"}, args...)...)
	c.Stdin = strings.NewReader(in.String())
	text, err := c.Output()
	require.NoError(t, err, "gdaltransform %v", args)
	var out [][2]float64
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		require.Len(t, f, 2, "gdaltransform %v: %s", args, line)
		var p [2]float64
		for i := range p {
			p[i], err = strconv.ParseFloat(f[i], 64)
			require.NoError(t, err)
		}
		out = append(out, p)
	}
	require.Len(t, out, len(points), "gdaltransform %v", args)
	return out
}

func epsg(code int) string { return "EPSG:" + strconv.Itoa(code) }

// corpus are the TIFF files of the image sets that have GeoTIFF tags.
func corpus(t *testing.T) (names []string) {
	root := cmp.Or(os.Getenv("QTGPU_CORPUS"), filepath.FromSlash("../../../shared/corpus"))
	for _, set := range []string{"gis", "held-out"} {
		found, err := filepath.Glob(filepath.Join(root, set, "*.tif"))
		require.NoError(t, err)
		names = append(names, found...)
	}
	if names == nil {
		t.Skip("no corpus (QTGPU_CORPUS names its folder)")
	}
	if testing.Short() {
		names = names[:min(len(names), 3)]
	}
	return names
}

// requireClose holds a number against another that it may be off from by tolerance.
func requireClose(t *testing.T, want, got, tolerance float64, what string, args ...any) {
	t.Helper()
	if d := math.Abs(want - got); !(d <= tolerance) {
		require.Failf(t, "not close", what+": want %v, got %v, off by %g, at most %g", append(args, want, got, d, tolerance)...)
	}
}
