package qtgpu_test

import (
	"bytes"
	"encoding/json"
	"image/color"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/raster"
)

// TestDamagedPlan: a stored plan in which any number or text differs is an error, what
// files do not hold included; and no panic, whatever the number.
func TestDamagedPlan(t *testing.T) {
	p, err := qtgpu.NewPlan(t.Context(), rising(90, 80, raster.Bands(raster.Gray)), &qtgpu.Options{Metadata: qtgpu.Metadata{XMP: []byte("<x/>")}})
	require.NoError(t, err)
	data, err := json.Marshal(p)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, new(qtgpu.Plan)))
	tries := 0
	for _, field := range []string{"format_version", "hash", "checksum", "opening", "chroma", "split", "tune", "effort", "hints"} {
		at := strings.Index(string(data), `"`+field+`":`)
		require.Positive(t, at, field)
		at += len(field) + 3
		end := at + strings.IndexAny(string(data[at:]), ",}")
		for _, v := range []string{"0", "7", "-1", "70", "99999999999999", "null", `""`, `"AAAA"`} {
			if string(data[at:end]) == v || v == "null" && string(data[at:end]) == "0" {
				continue
			}
			damaged := string(data[:at]) + v + string(data[end:])
			assert.Error(t, json.Unmarshal([]byte(damaged), new(qtgpu.Plan)), "%s of %s, expected %s", field, v, data[at:end])
			tries++
		}
	}
	require.Greater(t, tries, 50)
}

// TestPartOfAnotherRaster: a part is made of samples that mean what the plan says.
func TestPartOfAnotherRaster(t *testing.T) {
	pair := func(a, b uint8) color.Palette {
		return color.Palette{color.NRGBA{A: 255, R: a}, color.NRGBA{A: 255, G: b}}
	}
	indexed := func(p color.Palette) *raster.Memory {
		f := raster.Format{Width: 90, Height: 80, Type: raster.Uint8, Bands: raster.Bands(raster.Index), Palette: p}
		return rastertest.Draw(f, func(_, x, y int) int64 { return int64(x/9+y/7) & 1 })
	}
	for _, c := range []struct {
		name       string
		plan, part raster.Source
		want       string
	}{
		{"palette", indexed(pair(1, 2)), indexed(pair(1, 3)), "another palette"},
		{"gray for indices", indexed(pair(1, 2)), rising(90, 80, raster.Bands(raster.Gray)), "other roles"},
		{"data for alpha", rising(90, 80, raster.Bands(raster.Gray, raster.Alpha)), rising(90, 80, raster.Bands(raster.Gray, raster.Data)), "other roles"},
		{"size", rising(90, 80, raster.Bands(raster.Gray)), rising(91, 80, raster.Bands(raster.Gray)), "91×80 pixels, expected 90×80"},
	} {
		p, err := qtgpu.NewPlan(t.Context(), c.plan, nil)
		require.NoError(t, err, c.name)
		assert.ErrorContains(t, p.EncodePart(t.Context(), new(bytes.Buffer), c.part, 0, 1, nil), c.want, c.name)
		assert.NoError(t, p.EncodePart(t.Context(), new(bytes.Buffer), c.plan, 0, 1, nil), c.name)
	}
}
