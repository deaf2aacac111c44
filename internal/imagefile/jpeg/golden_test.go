package jpeg

import (
	"embed"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

//go:embed testdata
var testdata embed.FS

var update = flag.Bool("update", false, "make testdata anew with cjpeg, djpeg and convert")

// goldens are the files of testdata, each with the pixels that djpeg shows, and how
// they were made: cut is the part that was kept, in percent.
var goldens = []struct {
	name, command string
	cut           int
}{
	{"444", "cjpeg -quality 85 -sample 1x1", 100},
	{"420", "cjpeg -quality 85 -sample 2x2 -optimize", 100},
	{"422", "cjpeg -quality 85 -sample 2x1", 100},
	{"440", "cjpeg -quality 85 -sample 1x2", 100},
	{"411", "cjpeg -quality 85 -sample 4x1", 100},
	{"odd", "cjpeg -quality 85 -sample 2x2,1x1,1x2", 100},
	{"gray", "cjpeg -quality 85 -grayscale", 100},
	{"rgb", "cjpeg -quality 85 -rgb", 100},
	{"progressive", "cjpeg -quality 85 -progressive", 100},
	{"restart", "cjpeg -quality 85 -restart 1B", 100},
	{"cmyk", "convert - -colorspace CMYK -quality 85 jpg:-", 100},
	{"cut", "cjpeg -quality 85", 70},
	{"cut-progressive", "cjpeg -quality 85 -progressive", 55},
}

func golden(t testing.TB, name string) []byte {
	b, err := testdata.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

// TestUpdate makes the files.
func TestUpdate(t *testing.T) {
	if !*update {
		t.Skip("without -update")
	}
	source := drawing(37, 29, 3, 7).pnm()
	for _, g := range goldens {
		file := tool(t, source, g.command)
		file = file[:len(file)*g.cut/100]
		pixels, _, _ := runTool(t, file, "djpeg -pnm")
		require.NoError(t, os.WriteFile("testdata/"+g.name+".jpg", file, 0o644))
		require.NoError(t, os.WriteFile("testdata/"+g.name+".pnm", pixels, 0o644))
	}
	pixels := golden(t, "444.pnm")
	encoded := tool(t, pixels, "cjpeg -baseline -optimize -quality 85 -sample 2x2")
	require.NoError(t, os.WriteFile("testdata/encoded.jpg", encoded, 0o644))
}

// TestGolden: the files give the stored pixels.
func TestGolden(t *testing.T) {
	for _, g := range goldens {
		m, err := Decode(golden(t, g.name+".jpg"), Options{})
		if g.cut < 100 {
			var damage *DamageError
			require.ErrorAs(t, err, &damage, g.name)
		} else {
			require.NoError(t, err, g.name)
		}
		diff, where := largest(t, readPNM(t, golden(t, g.name+".pnm")), m.picture())
		assert.Zero(t, diff, "%s: %s", g.name, where)
		assert.Equal(t, strings.HasSuffix(g.name, "progressive"), m.Progressive, g.name)
	}
}
