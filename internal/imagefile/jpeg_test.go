package imagefile

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/imagefile/jpeg"
)

// TestJPEGKeepsMetadata: what a JPEG file holds beside its pixels comes back, a profile
// in several segments too.
func TestJPEGKeepsMetadata(t *testing.T) {
	m := blobs(40, 30, 3)
	m.Meta = Meta{
		ICC: append(profile("RGB "), bytes.Repeat([]byte("data"), 40000)...), EXIF: sampleEXIF(), XMP: []byte("<x/>"), IPTC: []byte("\x1c\x02x\x00\x03odd"),
		PNG: slices.Concat(densityChunk(11811, 11811), commentChunk([]byte("Grüße")), commentChunk([]byte("again"))),
	}
	got := decode(t, "jpg", encode(t, "jpg", m, WriteOptions{}))
	inch := densityChunk(11811, 11811) // 300 in an inch
	m.Meta.PNG = slices.Concat(inch, m.Meta.PNG[len(inch):])
	assert.Equal(t, m.Meta, got.Meta)
	assert.Empty(t, got.Lost)
	assert.Empty(t, unsaid("jpg", m))
}

// TestJPEGQuality: quality and subsampling reach the file.
func TestJPEGQuality(t *testing.T) {
	m := blobs(64, 64, 3)
	size := func(o WriteOptions) int { return len(encode(t, "jpg", m, o)) }
	assert.Equal(t, size(WriteOptions{}), size(WriteOptions{Quality: DefaultQuality}))
	assert.Less(t, size(WriteOptions{Quality: 50}), size(WriteOptions{Quality: 90}))
	for subsample := range map[bool]bool{false: true, true: true} {
		h, err := jpeg.DecodeHeader(encode(t, "jpg", m, WriteOptions{Subsample: subsample}))
		require.NoError(t, err)
		assert.Equal(t, subsample, h.Subsampled)
	}
}

// TestJPEGScales: 16 bits and other maxima are rounded to 8 bits, and a gray image with
// a profile of colours is written as colours.
func TestJPEGScales(t *testing.T) {
	m := New(8, 8, 1, 16)
	m.Max = 1023
	for i := 0; i < len(m.Pix); i += 2 {
		binary.BigEndian.PutUint16(m.Pix[i:], 512)
	}
	m.Meta.ICC = profile("RGB ")
	got := decode(t, "jpg", encode(t, "jpg", m, WriteOptions{Quality: 100}))
	assert.Equal(t, []any{3, byte(128), byte(128)}, []any{got.Channels, got.Pix[0], got.Pix[1]})
	assert.Equal(t, m.Meta.ICC, got.Meta.ICC)
}

// TestJPEGDensity: densities survive in their unit, or to the nearest pixel an inch.
func TestJPEGDensity(t *testing.T) {
	for _, d := range []jpeg.Density{{Unit: 1, X: 300, Y: 300}, {Unit: 1, X: 72, Y: 144}, {Unit: 2, X: 118, Y: 40}, {Unit: 0, X: 3, Y: 2}, {}} {
		jfif := append([]byte(jfifPrefix), 1, 2, d.Unit, byte(d.X>>8), byte(d.X), byte(d.Y>>8), byte(d.Y))
		meta := Meta{PNG: jfifDensity(jfif)}
		assert.Equal(t, d, meta.jfif())
	}
	assert.Nil(t, jfifDensity([]byte(jfifPrefix)), "cut")
}

// TestJPEGSegments: what is not kept is named.
func TestJPEGSegments(t *testing.T) {
	var b bytes.Buffer
	src := blobs(8, 8, 3)
	segments := []jpeg.Segment{
		{Marker: markerAPP2, Data: []byte(mpfPrefix)},
		{Marker: markerAPP1, Data: []byte(xmpMorePrefix + "x")},
		{Marker: 0xe5, Data: []byte("RMETA\x00stuff")},
		{Marker: 0xe7, Data: []byte{1, 2, 3}},
		{Marker: markerAPP14, Data: []byte("Adobe\x00d\x00\x00\x00\x00\x01")},
		{Marker: markerAPP13, Data: []byte(photoshopPrefix + "8BIM\x04\x25\x00\x00\x00\x00\x00\x00")},
	}
	source := jpeg.Source{W: 8, H: 8, Channels: 3, Step: src.Step, Stride: src.Stride, Pix: src.Pix}
	require.NoError(t, jpeg.Encode(&b, &source, jpeg.EncodeOptions{Quality: 90, Segments: segments}))
	m := decode(t, "jpg", append(b.Bytes(), "gain map"...))
	assert.Equal(t, []string{"further pictures (MPF)", "the rest of a long XMP packet", "segment APP5 (RMETA)", "segment APP7"}, m.Lost)
	assert.Nil(t, m.Meta.IPTC)

	b.Reset()
	require.NoError(t, jpeg.Encode(&b, &source, jpeg.EncodeOptions{Quality: 90}))
	m = decode(t, "jpg", append(b.Bytes(), "8 bytes."...))
	assert.Equal(t, []string{"8 bytes behind the picture"}, m.Lost)
}

// TestCutJPEG: a cut file is an error, or with KeepGoing the picture so far.
func TestCutJPEG(t *testing.T) {
	m := blobs(64, 64, 3)
	data := encode(t, "jpg", m, WriteOptions{})
	whole := decode(t, "jpg", data)
	cut := data[:len(data)/2]
	_, _, err := Read(bytes.NewReader(cut), ReadOptions{})
	require.ErrorContains(t, err, "--keep-going takes what there is")
	got, _, err := Read(bytes.NewReader(cut), ReadOptions{KeepGoing: true})
	require.NoError(t, err)
	assert.NotEmpty(t, got.Damage)
	assert.Equal(t, whole.Pix[:16*whole.Stride], got.Pix[:16*got.Stride], "the first rows")
	assert.NotEqual(t, whole.Pix[60*whole.Stride:], got.Pix[60*got.Stride:])
	whole, _, err = Read(bytes.NewReader(data), ReadOptions{KeepGoing: true})
	require.NoError(t, err)
	assert.Empty(t, whole.Damage)
}

// TestInk: inks are what light they let through, and their profile goes.
func TestInk(t *testing.T) {
	m := newPacked(2, 1, 4, 8, 4)
	copy(m.Pix, []byte{255, 0, 0, 0, 0, 128, 255, 127})
	m.fromInk()
	assert.Equal(t, []byte{0, 255, 255, 128, 64, 0}, m.Pix)
	f := File{Meta: Meta{ICC: profile("CMYK")}}
	f.dropInkProfile()
	assert.Nil(t, f.Meta.ICC)
	assert.Equal(t, []string{"the colour profile of the inks (CMYK)"}, f.Lost)
	assert.Len(t, f.Notes, 1)
}

// TestJPEGFaults: the files that showed faults.
func TestJPEGFaults(t *testing.T) {
	dir := filepath.Join(corpus(t), "faults")
	open := func(name string) *Image {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return decode(t, "jpg", data)
	}
	turned := open("or6.jpg")
	for _, format := range []string{"png", "tif", "jpg"} {
		back := decode(t, format, encode(t, format, turned, WriteOptions{}))
		assert.Equal(t, turned.Meta.ICC, back.Meta.ICC, format)
		assert.Equal(t, turned.Meta.XMP, back.Meta.XMP, format)
		d, err := openDirectory(section(back.Meta.EXIF))
		require.NoError(t, err, format)
		v, err := d.uint(tagOrientation, 1)
		require.NoError(t, err, format)
		assert.EqualValues(t, 6, v, "%s: orientation", format)
	}
	ink := open("m-cmyk-icc.jpg")
	assert.Equal(t, []any{3, []byte(nil)}, []any{ink.Channels, ink.Meta.ICC})
	assert.NotEmpty(t, ink.Notes)
	assert.NotEmpty(t, open("m-iptc.jpg").Meta.IPTC)
	_, _, err := Read(bytes.NewReader(read(t, filepath.Join(dir, "reports", "arithmetic.jpg"))), ReadOptions{})
	assert.ErrorContains(t, err, "arithmetic coding")
}
