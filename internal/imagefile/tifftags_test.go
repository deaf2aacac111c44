package imagefile

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestTags: a directory of tags comes back as it was, and what is out of bounds or order is
// named.
func TestTags(t *testing.T) {
	tags := placed(asciiTag(tagGDALMetadata, "<GDALMetadata/>"), asciiTag(tagGDALNodata, "nan"))
	b, err := tags.AppendBinary(nil)
	require.NoError(t, err)
	got, err := ParseTags(b)
	require.NoError(t, err)
	require.Equal(t, tags, got)
	empty, err := Tags(nil).AppendBinary([]byte{1, 2})
	require.NoError(t, err)
	require.Equal(t, []byte{1, 2, 0, 0, 0, 0, 0, 0}, empty)
	_, err = tags.AppendBinary([]byte{1})
	require.Error(t, err)

	with := func(at int, v ...byte) []byte {
		c := bytes.Clone(b)
		copy(c[at:], v)
		return c
	}
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{nil, "TIFF directory of 0 bytes: expected 6 or more"},
		{with(0, 0xff, 0xff), "expected 786426 for 65535 tags"},
		{with(2+12*len(tags), 1), "TIFF directory with another at 1"},
		{with(2+12, 1, 0), "tag 1 behind tag 270: expected tags in the order of their numbers"},
		{with(2+12, 14, 1), "tag 270 behind tag 270"},
		{with(4, 0), "tag 270: type 0, expected 1 to 12"},
		{with(4, 13), "tag 270: type 13, expected 1 to 12"},
		{with(6, 0, 0, 0, 0), "tag 270: 0 values of type 2, expected 1 to 65535 bytes"},
		{with(6, 0, 0, 1, 0), "tag 270: 65536 values of type 2"},
		{with(10, byte(len(b)-1), 0, 0, 0), "tag 270: value of 8 bytes at"},
		{with(10, 0xff, 0xff, 0xff, 0xff), "tag 270: value of 8 bytes at 4294967295, the directory ends at"},
	} {
		_, err := ParseTags(c.b)
		require.ErrorContains(t, err, c.want)
	}
}

// FuzzTags: what is parsed is written and parsed to the same.
func FuzzTags(f *testing.F) {
	b, err := placed(asciiTag(tagGDALMetadata, "<GDALMetadata><Item name=\"a\" sample=\"0\" role=\"scale\">2</Item></GDALMetadata>")).AppendBinary(nil)
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		tags, err := ParseTags(b)
		if err != nil {
			require.Nil(t, tags)
			return
		}
		again, err := tags.AppendBinary(nil)
		require.NoError(t, err)
		got, err := ParseTags(again)
		require.NoError(t, err)
		require.Equal(t, len(tags), len(got))
		for i := range tags {
			require.Equal(t, tags[i].Tag, got[i].Tag)
			require.True(t, bytes.Equal(tags[i].Value, got[i].Value))
		}
		bands := make([]raster.Band, 2)
		tags.describe(bands)
		said := Tags{asciiTag(tagGDALMetadata, tags.metadataOf(bands))}
		back := make([]raster.Band, 2)
		said.describe(back)
		require.Equal(t, bands[0].Scale, back[0].Scale)
	})
}

// TestTagsOfAFile: values come little-endian from every byte order, of TIFF and BigTIFF;
// those that are damaged or too long are named.
func TestTagsOfAFile(t *testing.T) {
	l := layoutOf(1)
	for _, v := range placed() {
		l.more = append(l.more, field{tag: v.Tag, kind: v.Type, count: v.Count, value: v.Value})
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		l.order = order
		f, err := Open(bytes.NewReader(l.build(t, noise(5, 5, 1, 8))), ReadOptions{})
		require.NoError(t, err)
		require.Equal(t, placed(), f.Tags)
		require.Empty(t, f.Lost)
		require.Equal(t, []string{"georeference (GeoTIFF tags)"}, f.Tags.Names())
	}
	l.more = []field{blobField(tagGDALMetadata, typeASCII, make([]byte, MaxTagBytes+1)), {tag: tagPixelScale, kind: typeDouble, count: 0}}
	f, err := Open(bytes.NewReader(l.build(t, noise(5, 5, 1, 8))), ReadOptions{})
	require.NoError(t, err)
	require.Empty(t, f.Tags)
	require.Equal(t, []string{"tag 42112, which is damaged or too long (65536 values)", "tag 33550, which is damaged or too long (0 values)"}, f.Lost)
}

// TestBandsOfMetadata: simple descriptions go to the bands, and what is none is left alone.
func TestBandsOfMetadata(t *testing.T) {
	text := `<GDALMetadata>
  <Item name="DESCRIPTION" sample="0" role="description">a &amp;lt; b</Item>
  <Item name="SCALE" sample="1" role="scale">0.25</Item><Item name="OFFSET" sample="1" role="offset">-3</Item>
  <Item name="SCALE" sample="0" role="scale">nan</Item><Item name="SCALE" sample="9" role="scale">2</Item>
  <Item name="SCALE" sample="-1" role="scale">2</Item><Item name="OFFSET" sample="0" role="offset">much</Item>
  <Item name="MADE" domain="X">y</Item>
</GDALMetadata>`
	tags := Tags{asciiTag(tagGDALMetadata, text)}
	bands := make([]raster.Band, 2)
	tags.describe(bands)
	require.Equal(t, []raster.Band{{Name: "a < b"}, {Scale: 0.25, Offset: -3}}, bands)
	require.Equal(t, text, tags.metadataOf(bands), "verbatim")
	bands[1].Scale = 0.5
	again := Tags{asciiTag(tagGDALMetadata, tags.metadataOf(bands))}
	back := make([]raster.Band, 2)
	again.describe(back)
	require.Equal(t, bands, back)
	require.Contains(t, again.text(tagGDALMetadata), `<Item name="MADE" domain="X">y</Item>`)
	for _, damaged := range []string{"", "<GDALMetadata>", "text"} {
		bands := make([]raster.Band, 1)
		Tags{asciiTag(tagGDALMetadata, damaged)}.describe(bands)
		require.Equal(t, make([]raster.Band, 1), bands)
	}
}
