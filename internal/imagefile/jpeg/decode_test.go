package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	stdjpeg "image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDjpeg: random files of cjpeg give exactly what djpeg shows.
func TestDjpeg(t *testing.T) {
	for seed := range uint64(filesToTry()) {
		file, command := randomJPEG(t, seed)
		want := readPNM(t, tool(t, file, "djpeg -pnm"))
		m, err := Decode(file, Options{})
		require.NoError(t, err, "%d: %s", seed, command)
		diff, where := largest(t, want, m.picture())
		assert.Zero(t, diff, "%d: %s: %s", seed, command, where)
	}
}

// corpus is a path in the corpus of test images, which may be absent.
func corpus(name string) string {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = "../../../../shared/corpus"
	}
	return filepath.Join(dir, name)
}

// TestCorpus: files that showed a fault, and a photo, give what djpeg shows.
func TestCorpus(t *testing.T) {
	var names []string
	for _, pattern := range []string{"faults/*.jpg", "faults/reports/*.jpg"} {
		found, err := filepath.Glob(corpus(pattern))
		require.NoError(t, err)
		names = append(names, found...)
	}
	if names == nil {
		t.Skip("no corpus")
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		require.NoError(t, err)
		m, err := Decode(file, Options{})
		if filepath.Base(name) == "arithmetic.jpg" {
			assert.ErrorContains(t, err, "arithmetic coding", name)
			continue
		}
		require.NoError(t, err, name)
		diff, where := largest(t, readPNM(t, tool(t, file, "djpeg -pnm")), m.picture())
		assert.Zero(t, diff, "%s: %s", name, where)
	}
}

// TestStd: where chroma is not interpolated, image/jpeg differs by the rounding of
// its DCT only, by one level of a component, and so up to three of blue.
func TestStd(t *testing.T) {
	for name, most := range map[string]int{"444": 3, "gray": 1, "rgb": 1} {
		file := golden(t, name+".jpg")
		m, err := Decode(file, Options{})
		require.NoError(t, err)
		std, err := stdjpeg.Decode(bytes.NewReader(file))
		require.NoError(t, err)
		want := picture{m.Width, m.Height, m.Model.Channels(), nil}
		switch std := std.(type) {
		case *image.Gray:
			for y := range m.Height {
				want.pix = append(want.pix, std.Pix[y*std.Stride:][:m.Width]...)
			}
		default:
			for y := range m.Height {
				for x := range m.Width {
					r, g, b, _ := std.At(x, y).RGBA()
					want.pix = append(want.pix, byte(r>>8), byte(g>>8), byte(b>>8))
				}
			}
		}
		diff, where := largest(t, want, m.picture())
		assert.LessOrEqual(t, diff, most, "%s: %s", name, where)
	}
}

// TestModel: the colour space follows the rules of libjpeg.
func TestModel(t *testing.T) {
	jfif, adobe := []byte("JFIF\x00"), []byte("Adobe\x00d\x00\x00\x00\x00")
	change := func(name string, from, to []byte) []byte {
		file := golden(t, name+".jpg")
		require.Contains(t, string(file), string(from), name)
		return bytes.Replace(file, from, to, 1)
	}
	rgb, ink := golden(t, "rgb.jpg"), golden(t, "cmyk.jpg")
	noJFIF := change("444", jfif, []byte("JFIG\x00"))
	renamed := bytes.Clone(noJFIF)
	renamed[bytes.Index(renamed, []byte{0xff, sof0})+16] = 7 // the third component
	renamed[data(renamed)-5] = 7
	withAdobe := func(transform byte) []byte {
		return append(appendSegment([]byte{0xff, soi}, app14, append(adobe[:len(adobe):len(adobe)], transform)), noJFIF[2:]...)
	}
	for _, c := range []struct {
		name  string
		file  []byte
		model Model
		ycc   bool
	}{
		{"JFIF", golden(t, "444.jpg"), RGB, true},
		{"no marker, identifiers 1, 2, 3", noJFIF, RGB, true},
		{"no marker, other identifiers", renamed, RGB, true},
		{"Adobe, no transform", withAdobe(0), RGB, false},
		{"Adobe, YCbCr", withAdobe(1), RGB, true},
		{"Adobe, unknown transform", withAdobe(9), RGB, true},
		{"JFIF and Adobe", append(withAdobe(0)[:2+2+14:18], golden(t, "444.jpg")[2:]...), RGB, true},
		{"identifiers RGB, no marker", change("rgb", []byte("Adobe"), []byte("Adobf")), RGB, false},
		{"identifiers RGB and Adobe", rgb, RGB, false},
		{"gray", golden(t, "gray.jpg"), Gray, false},
		{"YCCK", ink, CMYK, true},
		{"CMYK", change("cmyk", append(adobe, 2), append(adobe, 0)), CMYK, false},
		{"CMYK, no marker", change("cmyk", []byte("Adobe"), []byte("Adobf")), CMYK, false},
	} {
		d := decoder{data: c.file}
		require.NoError(t, d.readHeader(), c.name)
		assert.Equal(t, c.model, d.Model, c.name)
		assert.Equal(t, c.ycc, d.ycc, c.name)
		if _, err := exec.LookPath("djpeg"); err != nil || c.name == "CMYK, no marker" {
			continue // which djpeg takes for Adobe's
		}
		m, err := Decode(c.file, Options{})
		require.NoError(t, err, c.name)
		out, _, _ := runTool(t, c.file, "djpeg -pnm")
		diff, where := largest(t, readPNM(t, out), m.picture())
		assert.Zero(t, diff, "%s: %s", c.name, where)
	}
}

// TestInk: ink is inverted in Adobe's files and as it is in others.
func TestInk(t *testing.T) {
	file := golden(t, "cmyk.jpg")
	marker := bytes.Index(file, []byte("Adobe"))
	file[marker+11] = 0 // CMYK
	adobe, err := Decode(file, Options{})
	require.NoError(t, err)
	file[marker] = 'a'
	other, err := Decode(file, Options{})
	require.NoError(t, err)
	invert(other.Pix)
	assert.Equal(t, adobe.Pix, other.Pix)
}

// TestHeader: the header tells the size, the segments with their places, and what
// lies outside of segments.
func TestHeader(t *testing.T) {
	file := golden(t, "420.jpg")
	exif := append([]byte("Exif\x00\x00"), make([]byte, 300)...)
	file = bytes.Join([][]byte{
		file[:2], {0xff}, appendSegment(nil, 0xe1, exif), {1, 2, 3}, appendSegment(nil, com, []byte("hello")), file[2:], []byte("trailing"),
	}, nil)
	m, err := Decode(file, Options{})
	require.NoError(t, err)
	h, err := DecodeHeader(file)
	require.NoError(t, err)
	assert.Equal(t, *h, m.Header)
	assert.Equal(t, int64(3), m.Stray)
	assert.Equal(t, int64(8), m.Trailing)
	assert.Equal(t, [4]int{37, 29, 2, 16}, [4]int{h.Width, h.Height, h.MCURows, h.MCUHeight})
	assert.True(t, h.Subsampled)
	assert.False(t, h.Progressive)
	var markers []byte
	for _, s := range h.Segments {
		markers = append(markers, s.Marker)
		assert.Equal(t, s.Data, file[s.Offset:][:len(s.Data)], "%x", s.Marker)
		assert.Equal(t, uint16(len(s.Data)+2), binary.BigEndian.Uint16(file[s.Offset-2:]), "%x", s.Marker)
	}
	assert.Equal(t, []byte{0xe1, com, app0}, markers)
	assert.Equal(t, exif, h.Segments[0].Data)
}

// TestStandardTables: a file without Huffman tables has the tables of annex K,
// which cjpeg writes unless it is to optimise.
func TestStandardTables(t *testing.T) {
	file := golden(t, "422.jpg")
	want, err := Decode(file, Options{})
	require.NoError(t, err)
	for range 4 {
		at := bytes.Index(file, []byte{0xff, dht})
		file = append(file[:at:at], file[at+2+int(binary.BigEndian.Uint16(file[at+2:])):]...)
	}
	require.NotContains(t, string(file), string([]byte{0xff, dht}))
	got, err := Decode(file, Options{})
	require.NoError(t, err)
	assert.Equal(t, want.Pix, got.Pix)
}
