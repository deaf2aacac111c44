package container

import (
	"encoding/binary"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestHeaderRanges: each field has its limits, and the errors name them.
func TestHeaderRanges(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		change func(*Header)
		want   string // "" = valid
	}{
		{"sample", func(h *Header) {}, ""},
		{"width 0", func(h *Header) { h.Width = 0 }, "HEAD: raster of 0×140 pixels, expected sides of 1 to 2147483647"},
		{"width -1", func(h *Header) { h.Width = -1 }, "-1×140"},
		{"largest", func(h *Header) { h.Width, h.TileLog2 = raster.MaxSide, 11 }, ""},
		{"height 0", func(h *Header) { h.Height = 0 }, "150×0"},
		{"no type", func(h *Header) { h.Type = 0 }, "unsupported: HEAD: samples of type 0, expected uint8 to float64"},
		{"type 9", func(h *Header) { h.Type = 9 }, "unsupported: HEAD: samples of type 9"},
		{"no bands", func(h *Header) { h.Bands = nil }, "HEAD: 0 bands, expected 1 to 65535"},
		{"bands", func(h *Header) { h.Bands = make([]raster.Band, 65536) }, "HEAD: 65536 bands"},
		{"role", func(h *Header) { h.Bands[1].Role = 9 }, "unsupported: HEAD: band 1 of role 9, expected one from data to label"},
		{"maximum", func(h *Header) { h.Max = 65536 }, "HEAD: samples of uint16 up to 65536, expected 1 to 65535"},
		{"maximum -1", func(h *Header) { h.Max = -1 }, "up to -1"},
		{"maximum of float", func(h *Header) { h.Type = raster.Float32 }, "samples of float32 up to 1023"},
		{"maximum of signed", func(h *Header) { h.Type = raster.Int16 }, "samples of int16 up to 1023"},
		{"tile 5", func(h *Header) { h.TileLog2 = 5 }, "HEAD: tile log2 5, expected 6 to 11"},
		{"tile 11", func(h *Header) { h.TileLog2 = 11 }, ""},
		{"tile 12", func(h *Header) { h.TileLog2 = 12 }, "tile log2 12"},
		{"rows 0", func(h *Header) { h.GroupRows = 0 }, "HEAD: rows of tiles in a group 0, expected 1 to 2147483647"},
		{"most rows", func(h *Header) { h.GroupRows = MaxGroupRows }, ""},
		{"bound 2", func(h *Header) { h.Bound = 2 }, "unsupported: HEAD: bound 2, expected rms or max"},
		{"largest t", func(h *Header) { h.T = math.MaxUint64 }, ""},
		{"index without palette", func(h *Header) { h.Bands[0].Role = raster.Index }, "HEAD: band 0: an index of uint16 into 0 colours"},
		{"palette without index", func(h *Header) { h.Palette = color.Palette{color.NRGBA{}} }, "HEAD: 1 colours of bands of uint16, expected none"},
		{"palette", func(h *Header) { h.Bands[0].Role, h.Palette = raster.Index, color.Palette{color.NRGBA{1, 2, 3, 4}} }, ""},
		{"large palette", func(h *Header) {
			h.Type, h.Max, h.Bands[0].Role, h.Palette = raster.Uint8, 0, raster.Index, make(color.Palette, 257)
		}, "HEAD: 257 colours of bands of uint8"},
		{"longest name", func(h *Header) { h.Bands[1].Name = strings.Repeat("x", MaxName) }, ""},
		{"name", func(h *Header) { h.Bands[1].Name = strings.Repeat("x", MaxName+1) }, "band 1: name of 1025 bytes, expected at most 1024"},
		{"name of bytes", func(h *Header) { h.Bands[1].Name = "\xff" }, "of UTF-8"},
		{"not a number", func(h *Header) { h.Bands[1].Scale, h.Bands[3].Offset = nan, math.Copysign(0, -1) }, ""},
		{"part", func(h *Header) { h.Place = &Place{FirstRow: 3, Height: 3*64 + 140} }, ""},
		{"part of rows", func(h *Header) { h.Height, h.Place = 128, &Place{FirstRow: 1, Height: 64 + 140} }, ""},
		{"part beyond", func(h *Header) { h.Place = &Place{FirstRow: 3, Height: 3*64 + 139} }, "plac: 140 rows from row 3 of tiles on of 331 in all"},
		{"part of a row", func(h *Header) { h.Place = &Place{FirstRow: 3, Height: 3*64 + 141} }, "expected whole rows of tiles inside"},
		{"part before", func(h *Header) { h.Place = &Place{FirstRow: -1, Height: 140} }, "from row -1"},
		{"part of much", func(h *Header) { h.Place = &Place{FirstRow: math.MaxInt32, Height: 140} }, "from row 2147483647"},
	} {
		h := sample(1).Header
		c.change(h)
		_, err := NewWriter(nil, h, &Plan{}, nil)
		if c.want != "" {
			assert.ErrorContains(t, err, c.want, c.name)
			continue
		}
		assert.NoError(t, err, c.name)
		got, err := parseHeader(h.append(nil), math.MaxInt64)
		require.NoError(t, err, c.name)
		require.NoError(t, parseBands(appendBands(h.Bands), 0, got.Bands), c.name)
		assert.Equal(t, h.append(nil), got.append(nil), c.name)
		assert.Equal(t, appendBands(h.Bands), appendBands(got.Bands), c.name)
	}
}

// uvarints joins numbers and bytes.
func uvarints(parts ...any) (p []byte) {
	for _, v := range parts {
		switch v := v.(type) {
		case int:
			p = binary.AppendUvarint(p, uint64(v))
		case uint64:
			p = binary.AppendUvarint(p, v)
		case string:
			p = append(p, v...)
		}
	}
	return p
}

// TestHeaderIsCanonical: there is one way to write a header, and to end it.
func TestHeaderIsCanonical(t *testing.T) {
	for name, c := range map[string]struct {
		p    []byte
		want string
	}{
		"valid":            {uvarints(9, 9, 1, 3, 2, 1, 0, 2, 7, 6, 1, 1, 0), ""},
		"long form":        {uvarints("\x89\x00", 9, 1, 1, 0, 1, 0, 6, 1, 1, 0), "HEAD: width above 64 bits or not in its shortest form"},
		"above 31 bits":    {uvarints(uint64(1<<31), 9), "HEAD: width 2147483648, expected at most 2147483647"},
		"above 64 bits":    {uvarints("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "width above 64 bits"},
		"two runs of one":  {uvarints(9, 9, 1, 3, 2, 1, 2, 2, 0, 6, 1, 1, 0), "a run of 2 bands of red after band 0, expected another role"},
		"empty run":        {uvarints(9, 9, 1, 3, 2, 0, 0, 3, 0, 6, 1, 1, 0), "a run of 0 bands of red after band -1"},
		"run of too many":  {uvarints(9, 9, 1, 3, 2, 4, 0, 6, 1, 1, 0), "length of a run of roles 4, expected at most 3"},
		"the type's":       {uvarints(9, 9, 1, 1, 1, 1, 255, 6, 1, 1, 0), "maximum 255 of uint8, expected 0 in its place"},
		"type 300":         {uvarints(9, 9, 300), "type 300, expected at most 255"},
		"more":             {uvarints(9, 9, 1, 1, 1, 1, 0, 6, 1, 1, 0, 0), "HEAD: 1 bytes after the last field, expected none"},
		"less":             {uvarints(9, 9, 1, 1, 1, 1, 0, 6, 1, 1), "HEAD ends before the field t"},
		"no colours":       {uvarints(9, 9, 1, 1, 7, 1, 0, 6, 1, 1, 0), "HEAD ends before the field number of colours"},
		"few colours":      {uvarints(9, 9, 1, 1, 7, 1, 0, 6, 1, 1, 0, 1, "RGBARGB"), "HEAD ends before the field colours"},
		"colours":          {uvarints(9, 9, 1, 1, 7, 1, 0, 6, 1, 1, 0, 1, "RGBARGBA"), ""},
		"too many colours": {uvarints(9, 9, 1, 1, 7, 1, 0, 6, 1, 1, 0, 1<<16), "number of colours less 1 65536, expected at most 65535"},
		"index of float":   {uvarints(9, 9, 7, 1, 7, 1, 0, 6, 1, 1, 0, 0, "RGBA"), "an index of float32"},
	} {
		_, err := parseHeader(c.p, 0)
		if c.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, c.want, name)
	}
}

// TestBandsAreCanonical: there is one way to describe bands.
func TestBandsAreCanonical(t *testing.T) {
	zero, one := strings.Repeat("\x00", 8), "\x00\x00\x00\x00\x00\x00\xf0\x3f"
	for name, c := range map[string]struct {
		p    []byte
		want string
	}{
		"valid":       {uvarints(0, 15, 1, "x", zero, one, one, 2, 4, one), ""},
		"empty":       {nil, "band ends before the field number of a band"},
		"no flags":    {uvarints(0, 0), "flags 0 of fields that are not empty by 0"},
		"flag 16":     {uvarints(0, 16), "flags 16, expected at most 15"},
		"empty name":  {uvarints(0, 1, 0), "flags 1 of fields that are not empty by 0"},
		"scale 0":     {uvarints(0, 4, zero), "flags 4 of fields that are not empty by 0"},
		"offset 0":    {uvarints(1, 9, 1, "x", zero), "flags 9 of fields that are not empty by 1"},
		"no such":     {uvarints(3, 4, one), "number of a band 3, expected at most 2"},
		"twice":       {uvarints(1, 4, one, 1, 4, one), "band 1, expected one from 2 on"},
		"descending":  {uvarints(2, 4, one, 0, 4, one), "band 0, expected one from 3 on"},
		"cut":         {uvarints(0, 4, one[:7]), "band ends before the field scale"},
		"long name":   {uvarints(0, 1, 1025), "length of a name 1025, expected at most 1024"},
		"bad name":    {uvarints(0, 1, 1, "\x80"), "expected UTF-8"},
		"name is cut": {uvarints(0, 1, 5, "four"), "band ends before the field name"},
	} {
		err := parseBands(c.p, 0, make([]raster.Band, 3))
		if c.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, c.want, name)
	}
}

// TestGroups: rows of tiles by group.
func TestGroups(t *testing.T) {
	for _, c := range []struct{ w, h, log2, rows, nx, ny, groups int }{
		{1, 1, 6, 1, 1, 1, 1}, {64, 65, 6, 1, 1, 2, 2}, {64, 65, 6, MaxGroupRows, 1, 2, 1}, {4878, 3322, 9, 3, 10, 7, 3},
		{1, raster.MaxSide, 6, 1, 1, 1 << 25, 1 << 25},
	} {
		h := Header{Format: raster.Format{Width: c.w, Height: c.h}, TileLog2: c.log2, GroupRows: c.rows}
		nx, ny := h.Grid()
		assert.Equal(t, [4]int{c.nx, c.ny, c.groups, c.nx * c.ny}, [4]int{nx, ny, h.Groups(), h.Tiles()}, "%+v", c)
		end := 0
		for g := range min(h.Groups(), 100) {
			first, n := h.GroupTiles(g)
			assert.Equal(t, end, first, "%+v: group %d", c, g)
			assert.Equal(t, [2]int{g, g}, [2]int{h.Group(first), h.Group(first + n - 1)}, "%+v", c)
			end = first + n
		}
		if h.Groups() <= 100 {
			assert.Equal(t, h.Tiles(), end, "%+v", c)
		}
	}
}

// TestPlanHash: parts of a whole have its hash, and no other plan or header has.
func TestPlanHash(t *testing.T) {
	f := sample(1)
	want := PlanHash(f.Header, f.Plan)
	part := *f.Header
	part.Height, part.Place = 64, &Place{FirstRow: 1, Height: f.Header.Height}
	assert.Equal(t, want, PlanHash(&part, f.Plan), "of a part")
	assert.Equal(t, f.Header, part.Whole())

	other := *f.Header
	other.T++
	assert.NotEqual(t, want, PlanHash(&other, f.Plan), "of another t")
	assert.NotEqual(t, want, PlanHash(f.Header, &Plan{Engine: 3}), "of another payload")
	assert.NotEqual(t, want, PlanHash(f.Header, &Plan{Engine: 4, Payload: f.Plan.Payload}), "of another engine")
}

// TestPart: a part says where it lies and of which plan it is.
func TestPart(t *testing.T) {
	f := sample(1)
	whole := PlanHash(f.Header, f.Plan)
	f.Header.Height, f.Header.Place = 64, &Place{FirstRow: 1, Height: 140}
	f.Fronts, f.Bodies, f.Overviews = f.Fronts[3:6], f.Bodies[3:6], nil
	f.Worst = make([]uint64, 4)
	p := encode(t, f)
	got, err := reopened(p)
	require.NoError(t, err)
	assert.Equal(t, &Place{FirstRow: 1, Height: 140, Plan: whole}, got.Header.Place)
	assert.Zero(t, f.Header.Place.Plan, "the caller's is not written to")
	assert.Equal(t, f.Fronts, got.Fronts)
}
