package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleEXIF has a model, an orientation, a resolution and, under tags 34665
// and 40965, an exposure time, a note with odd length and an index.
func sampleEXIF() []byte {
	return appendDirectory([]byte("II*\x00\x08\x00\x00\x00"), 0, []field{
		{tag: tagModel, kind: 2, count: 7, value: []byte("camera\x00")},
		shorts(tagOrientation, 6),
		{tag: tagXResolution, kind: 5, count: 1, value: []byte("\x48\x00\x00\x00\x01\x00\x00\x00")},
		{tag: tagEXIF, kind: typeLong, count: 1, under: []field{
			{tag: 33434, kind: 5, count: 1, value: []byte("\x01\x00\x00\x00\xf4\x01\x00\x00")},
			{tag: 37500, kind: typeUndefined, count: 9, value: []byte("\x01\x02note\x03\x04\x05")},
			{tag: tagInterop, kind: typeLong, count: 1, under: []field{{tag: 1, kind: 2, count: 4, value: []byte("R98\x00")}}},
		}},
		{tag: tagGPS, kind: typeLong, count: 1, under: []field{shorts(30, 1, 2, 3)}},
	})
}

func sampleMeta() Meta {
	return Meta{
		ICC:  bytes.Repeat([]byte("profile acsp"), 9000), // more than a JPEG segment holds
		EXIF: sampleEXIF(),
		XMP:  []byte("<x:xmpmeta>\u00e9</x:xmpmeta>"),
	}
}

func TestMetadataRoundTrip(t *testing.T) {
	full := sampleMeta()
	for _, meta := range []Meta{{}, full, {ICC: full.ICC}, {EXIF: full.EXIF}, {XMP: full.XMP}} {
		for _, format := range []string{"png", "tif"} {
			m := noise(7, 5, 3, 8)
			m.Meta = meta
			got := decode(t, format, encode(t, format, m, WriteOptions{}))
			require.Equal(t, meta, got.Meta, format)
			requireSame(t, m, got)
		}
	}
}

func jpegSegment(marker byte, data string) string {
	return string([]byte{0xff, marker, byte((len(data) + 2) >> 8), byte(len(data) + 2)}) + data
}

// withSegments puts segments behind the start of a JPEG file.
func withSegments(t *testing.T, segments ...string) []byte {
	data := encode(t, "jpg", New(9, 9, 3, 8), WriteOptions{})
	return append([]byte("\xff\xd8"+strings.Join(segments, "")), data[2:]...)
}

func TestJPEGMetadata(t *testing.T) {
	want := sampleMeta()
	icc := func(i, n int, part []byte) string {
		return jpegSegment(0xe2, iccPrefix+string([]byte{byte(i), byte(n)})+string(part))
	}
	half := len(want.ICC) / 2
	exif := jpegSegment(0xe1, exifPrefix+string(want.EXIF))
	xmp := jpegSegment(0xe1, xmpPrefix+string(want.XMP))
	first, second := icc(1, 2, want.ICC[:half]), icc(2, 2, want.ICC[half:])

	require.Equal(t, want, decode(t, "jpg", withSegments(t, exif, xmp, first, second)).Meta)
	require.Equal(t, want, decode(t, "jpg", withSegments(t, second, "\xff", first, xmp, exif)).Meta, "in any order, with a fill byte")
	require.Equal(t, Meta{XMP: want.XMP}, decode(t, "jpg", withSegments(t, first, xmp)).Meta, "a part of the profile is missing")
	require.Equal(t, Meta{}, decode(t, "jpg", withSegments(t, jpegSegment(0xe1, exifPrefix+"II"), jpegSegment(0xe2, "ICC_PROFILE"))).Meta)
}

func TestWebPMetadata(t *testing.T) {
	want := sampleMeta()
	want.XMP = append(want.XMP, bytes.Repeat([]byte(" "), 1+len(want.XMP)&1)...) // odd, to be padded
	body := []byte("WEBPVP8X\x0a\x00\x00\x00\x2c\x00\x00\x00\x0f\x00\x00\x0f\x00\x00")
	chunk := func(name string, data []byte) {
		body = binary.LittleEndian.AppendUint32(append(body, name...), uint32(len(data)))
		body = append(append(body, data...), make([]byte, len(data)&1)...)
	}
	chunk("ICCP", want.ICC)
	body = append(body, webpLossless[12:]...)
	chunk("XMP ", want.XMP)
	chunk("EXIF", append([]byte(exifPrefix), want.EXIF...))
	file := append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
	require.Equal(t, want, decode(t, "webp", file).Meta)
}

// Every byte of the metadata of a PNG is damaged in turn: the pixels stay.
func TestDamagedPNGMetadataIsDropped(t *testing.T) {
	m := noise(3, 3, 3, 8)
	m.Meta = Meta{ICC: []byte("profile"), EXIF: sampleEXIF(), XMP: []byte("<x/>")}
	data := encode(t, "png", m, WriteOptions{})
	plain := *m
	plain.Meta = Meta{}
	end := len(data) - len(encode(t, "png", &plain, WriteOptions{})) + pngHead
	require.Greater(t, end, pngHead+100)
	lost := 0
	for at := pngHead; at < end; {
		n := int(binary.BigEndian.Uint32(data[at:]))
		for i := at + 8; i < at+12+n; i++ {
			bad := bytes.Clone(data)
			bad[i] ^= 0x10
			got := decode(t, "png", bad)
			requireSame(t, m, got)
			require.NotEqual(t, m.Meta, got.Meta, "damage at byte %d unseen", i)
			lost++
		}
		at += 12 + n
	}
	require.Greater(t, lost, 100)
}

func TestPNGTextChunks(t *testing.T) {
	cases := []struct{ name, chunk, want string }{
		{"plain", xmpKey + "\x00\x00\x00en\x00key\x00<x/>", "<x/>"},
		{"not inflatable", xmpKey + "\x00\x01\x00\x00\x00<x/>", ""},
		{"other keyword", "Comment\x00\x00\x00\x00\x00<x/>", ""},
		{"short", xmpKey + "\x00\x00", ""},
		{"fields missing", xmpKey + "\x00\x00\x00en\x00<x/>", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			data := encode(t, "png", New(1, 1, 1, 8), WriteOptions{})
			file := append(appendChunk(bytes.Clone(data[:pngHead]), "iTXt", []byte(c.chunk)), data[pngHead:]...)
			require.Equal(t, c.want, string(decode(t, "png", file).Meta.XMP))
		})
	}
}

// bigEndian rewrites a little-endian TIFF structure of directories.
func bigEndian(t *testing.T, b []byte) []byte {
	out := bytes.Clone(b)
	le, be := binary.LittleEndian, binary.BigEndian
	var directory func(at uint32)
	directory = func(at uint32) {
		n := le.Uint16(b[at:])
		be.PutUint16(out[at:], n)
		for e := at + 2; n > 0; e, n = e+12, n-1 {
			kind, count := le.Uint16(b[e+2:]), le.Uint32(b[e+4:])
			be.PutUint16(out[e:], le.Uint16(b[e:]))
			be.PutUint16(out[e+2:], kind)
			be.PutUint32(out[e+4:], count)
			value, size := e+8, int64(count)*typeSizes[kind]
			if size > 4 {
				value = le.Uint32(b[e+8:])
				be.PutUint32(out[e+8:], value)
			}
			word := uint32(wordSizes[kind])
			for i := value; i < value+uint32(size); i += word {
				for j := range word {
					out[i+j] = b[i+word-1-j]
				}
			}
			if tag := le.Uint16(b[e:]); tag == tagEXIF || tag == tagGPS || tag == tagInterop {
				directory(le.Uint32(b[e+8:]))
			}
		}
	}
	copy(out, "MM\x00*")
	be.PutUint32(out[4:], le.Uint32(b[4:]))
	directory(le.Uint32(b[4:]))
	return out
}

func TestTIFFMetadataInBothByteOrders(t *testing.T) {
	for channels := 1; channels <= 4; channels++ {
		m := noise(9, 7, channels, 8)
		m.Meta = sampleMeta()
		got := decode(t, "tif", bigEndian(t, encode(t, "tif", m, WriteOptions{})))
		requireSame(t, m, got)
		require.Equal(t, m.Meta, got.Meta)
	}
}

func TestBigEndianEXIFIntoTIFF(t *testing.T) {
	m := noise(2, 2, 1, 8)
	m.Meta.EXIF = bigEndian(t, sampleEXIF())
	require.Equal(t, sampleEXIF(), decode(t, "tif", encode(t, "tif", m, WriteOptions{})).Meta.EXIF)
	require.Equal(t, m.Meta.EXIF, decode(t, "png", encode(t, "png", m, WriteOptions{})).Meta.EXIF, "PNG keeps the bytes")
}

// A directory that points to itself, many pointers to one large value.
func TestHostileEXIFIsBounded(t *testing.T) {
	loop := []byte("II*\x00\x08\x00\x00\x00\x02\x00" +
		"\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00" +
		"\x25\x88\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\x00")
	fields := exifFields(loop)
	require.Empty(t, fields)

	many := []byte("II*\x00\x08\x00\x00\x00\x01\x00\x69\x87\x04\x00\x01\x00\x00\x00\x1a\x00\x00\x00\x00\x00\x00\x00")
	many = binary.LittleEndian.AppendUint16(many, 60000)
	for i := range 60000 {
		many = append(many, byte(i), byte(i>>8), 7, 0, 0, 0, 0x0a, 0, 0, 0, 0, 0) // 655,360 bytes at 0
	}
	d, err := openDirectory(section(many))
	require.NoError(t, err)
	require.LessOrEqual(t, len(exifFromTIFF(d)), maxMeta)
	require.NotEmpty(t, exifFromTIFF(d))
}

// Damage in the directories of a TIFF file never panics, and where the pixels
// are read at all they have the size promised.
func TestTIFFWithEveryByteDamaged(t *testing.T) {
	m := noise(5, 4, 4, 16)
	m.Meta = Meta{ICC: []byte("profile"), EXIF: sampleEXIF(), XMP: []byte("<x/>")}
	for _, opt := range []WriteOptions{{}, {Uncompressed: true}} {
		data := encode(t, "tif", m, opt)
		for i := range data {
			for _, bits := range []byte{0x01, 0x10, 0x80, 0xff} {
				bad := bytes.Clone(data)
				bad[i] ^= bits
				requireResultOrError(t, bad, fmt.Sprintf("byte %d of %d xor %#x", i, len(data), bits))
			}
			requireResultOrError(t, data[:i], fmt.Sprintf("cut at %d of %d", i, len(data)))
		}
	}
}
