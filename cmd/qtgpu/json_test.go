package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/compare"
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
		"verify": verifiedReport{}, "tree": treeReport{}, "error": errorReport{}, "warning": warningReport{},
		"verification": verifyReport{}, "measured": measures{}, "trial": trial{}, "search": searchReport{}, "stage": stageReport{}, "skip": skipReport{},
		"compare": compare.Report{}, "comparison": compare.Comparison{}, "table": compare.Table{}, "row": compare.Row{}, "curve": compare.Curve{},
		"point": compare.Point{}, "program": compare.Program{}, "missing": compare.Missing{},
	}
	for title, v := range objects {
		assert.Equal(t, keys(v), documented[title], "section %s", title)
	}
	assert.Len(t, documented, len(objects), "sections with keys")
}

// TestProblemsAsJSON: with --json errors and warnings are lines of JSON, which say what the
// text says; standard output has nothing beside a report.
func TestProblemsAsJSON(t *testing.T) {
	dir, qtg := encoded(t)
	missing, in := filepath.Join(dir, "missing.qtg"), filepath.Join(dir, "in.png")
	for _, c := range []struct {
		args   []string
		status int
		want   errorReport
	}{
		{[]string{"info", missing}, exitFailure, errorReport{missing, missing + ": no such file or directory", "failure"}},
		{[]string{"verify", missing}, exitFailure, errorReport{missing, missing + ": no such file or directory", "failure"}},
		{[]string{"tree", missing, "-o", filepath.Join(dir, "t.png")}, exitFailure, errorReport{missing, missing + ": no such file or directory", "failure"}},
		{[]string{"-i", in, "-t", "0", "--split", "cost"}, exitUsage,
			errorReport{in, in + ": --split does nothing here: without loss samples are predicted, and there is no quadtree to split", "usage"}},
		{[]string{"info", qtg, "--what"}, exitUsage, errorReport{"", "unknown flag: --what: see qtgpu info --help", "usage"}},
		{[]string{"verify", qtg, "-q"}, exitUsage, errorReport{"", "--json and -q: expected one of them", "usage"}},
	} {
		r := qtgpuRun(append(c.args, "--json")...)
		assert.Equal(t, c.status, r.status, "%v", c.args)
		assert.Empty(t, r.stdout, "%v", c.args)
		var got problemReport
		require.NoError(t, json.Unmarshal([]byte(r.stderr), &got), "%v: %s", c.args, r.stderr)
		require.NotNil(t, got.Error, "%v: %s", c.args, r.stderr)
		assert.Equal(t, c.want, *got.Error, "%v", c.args)
		assert.Equal(t, 1, strings.Count(r.stderr, "\n"), "%v: %q", c.args, r.stderr)
	}

	a := app{json: true}
	var stderr strings.Builder
	a.stderr = &stderr
	assert.Equal(t, exitVerification, a.status(at("a.qtg", brokenPromise{errors.New("too\nmuch")})))
	a.warn("b.png", "left out: %s", "c")
	assert.Equal(t, `{"error":{"file":"a.qtg","message":"a.qtg: too; much","kind":"promise"}}`+"\n"+
		`{"warning":{"file":"b.png","message":"b.png: left out: c"}}`+"\n", stderr.String())
}

// TestReportsOfVerifyAndTree: as text, as JSON, and none.
func TestReportsOfVerifyAndTree(t *testing.T) {
	dir := t.TempDir()
	in, qtg, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "in.qtg"), filepath.Join(dir, "tree.png")
	writeImage(t, in, 560, 60, 3, 8)
	mustRun(t, "-i", in, "-t", "10", "-q")
	var v verifiedReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "verify", qtg, in, "--json")), &v))
	assert.Equal(t, qtg, v.File)
	assert.Equal(t, 2, v.Tiles)
	assert.True(t, v.Holds)
	require.NotNil(t, v.Measured)
	assert.Len(t, v.Measured.Errors, 3)
	assert.Empty(t, mustRun(t, "verify", qtg, "-q"))

	var tree treeReport
	require.NoError(t, json.Unmarshal([]byte(mustRun(t, "tree", qtg, "-o", out, "--json")), &tree))
	assert.Equal(t, []string{qtg, out}, []string{tree.File, tree.Output})
	sum, area := 0, 0
	for side, n := range tree.LeavesBySize {
		sum, area = sum+n, area+n*side*side
	}
	assert.Equal(t, tree.Leaves, sum, "leaves by size")
	assert.GreaterOrEqual(t, area, 560*60, "what the leaves cover")
	assert.Contains(t, mustRun(t, "tree", qtg, "-o", out, "-f"), grouped(int64(tree.Leaves))+" leaves (")
	assert.Empty(t, mustRun(t, "tree", qtg, "-o", out, "-f", "-q"))
	r := qtgpuRun("tree", qtg, "-o", "-")
	assert.Equal(t, exitOK, r.status)
	assert.Contains(t, r.stderr, "standard output: ", "the report gives way to the picture")
}
