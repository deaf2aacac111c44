package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keys are the keys that a struct has in JSON, in their order, without those of what it
// embeds.
func keys(v any) (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && len(f.Index) == 1 {
			names = append(names, name)
		}
	}
	return names
}

// TestDocumentOfJSON: the document has every key in the section of its object, and no
// other.
func TestDocumentOfJSON(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "JSON.md"))
	require.NoError(t, err)
	documented := map[string][]string{}
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(body, -1) {
			documented[title] = append(documented[title], row[1])
		}
	}
	objects := map[string]any{
		"info": infoReport{}, "encode": encodeReport{}, "devices": deviceReport{}, "raster": rasterReport{}, "band": bandReport{},
		"statistics": statisticsReport{}, "promise": promise{}, "georeference": geoReport{}, "crs": crsReport{},
		"verify": verifyReport{}, "measured": measures{}, "stage": stageReport{},
	}
	for title, v := range objects {
		assert.Equal(t, keys(v), documented[title], "section %s", title)
	}
	assert.Len(t, documented, len(objects), "sections with keys")
}
