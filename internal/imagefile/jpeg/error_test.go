package jpeg

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// frameOf is a file of noise up to its first scan, with the given frame marker and
// the sampling factors of each component, as in a frame header.
func frameOf(marker byte, w, h int, samplings ...byte) []byte {
	steps := bytes.Repeat([]byte{8}, 65)
	steps[0] = 0
	out := appendSegment([]byte{0xff, soi}, dqt, steps)
	f := binary.BigEndian.AppendUint16([]byte{8}, uint16(h))
	f = append(binary.BigEndian.AppendUint16(f, uint16(w)), byte(len(samplings)))
	for i, s := range samplings {
		f = append(f, byte(i+1), s, 0)
	}
	out = appendSegment(out, marker, f)
	// A code 0 for differences of one bit and 10 for none; a code 0 for the longest
	// end of band.
	out = appendSegment(out, dht, append([]byte{0x00, 1, 1}, append(make([]byte, 14), 1, 0)...))
	return appendSegment(out, dht, append([]byte{0x10, 1}, append(make([]byte, 15), 0xe0)...))
}

// scanOf is a scan of n components without data.
func scanOf(n int, from, to, bits byte) []byte {
	b := []byte{byte(n)}
	for i := range n {
		b = append(b, byte(i+1), 0)
	}
	return appendSegment(nil, sos, append(b, from, to, bits))
}

// TestRefused: what is not decoded is refused by name, before its first scan.
func TestRefused(t *testing.T) {
	deep := frameOf(sof1, 8, 8, 0x11)
	deep[bytes.Index(deep, []byte{0xff, sof1})+4] = 12
	for _, c := range []struct {
		file []byte
		what string
	}{
		{frameOf(sof3, 8, 8, 0x11), "lossless"},
		{frameOf(sof5, 8, 8, 0x11), "hierarchical"},
		{append([]byte{0xff, soi}, 0xff, dhp, 0, 3, 0), "hierarchical"},
		{frameOf(sof9, 8, 8, 0x11), "arithmetic"},
		{frameOf(0xca, 8, 8, 0x11), "arithmetic"},
		{frameOf(jpg7, 8, 8, 0x11), "JPEG-LS"},
		{deep, "12 bits"},
		{frameOf(sof0, 8, 8, 0x11, 0x11), "2 components"},
		{frameOf(sof0, 8, 8, 0x11, 0x11, 0x11, 0x11, 0x11), "5 components"},
		{frameOf(sof0, 8, 0, 0x11), "DNL"},
		{append(frameOf(sof0, 8, 8, 0x31, 0x21, 0x11), scanOf(3, 0, 63, 0)...), "3x1,2x1,1x1"},
		{append(frameOf(sof0, 8, 8, 0x44, 0x11, 0x11), scanOf(3, 0, 63, 0)...), "18 blocks"},
	} {
		m, err := Decode(c.file, Options{})
		assert.Nil(t, m, c.what)
		var unsupported *UnsupportedError
		require.ErrorAs(t, err, &unsupported, c.what)
		assert.ErrorContains(t, err, c.what)
		_, err = DecodeHeader(c.file)
		assert.Equal(t, unsupported, err, c.what)
	}
}

// TestFormat: a header that breaks the standard is an error that says where.
func TestFormat(t *testing.T) {
	good := frameOf(sof0, 8, 8, 0x11)
	segment := func(marker byte, b ...byte) []byte { return appendSegment([]byte{0xff, soi}, marker, b) }
	for _, c := range []struct {
		file []byte
		what string
	}{
		{good, "ends before the first scan"},
		{append(good[:len(good):len(good)], 0xff, eoi), "EOI marker before the first scan"},
		{good[:30], "ends in the segment of marker ff db"},
		{[]byte{0xff, soi, 0xff, dqt, 0, 1}, "length 1"},
		{[]byte{0xff, soi, 0xff, soi}, "second SOI"},
		{[]byte{0xff, soi, 0xff, 0x02, 0, 2}, "reserved"},
		{segment(dqt, 4), "table 4"},
		{segment(dqt, 0, 1, 2), "2 bytes"},
		{segment(dht, make([]byte, 16)...), "16 bytes"},
		{segment(dht, append([]byte{0x20}, make([]byte, 16)...)...), "class 2"},
		{segment(dht, append([]byte{0, 2}, make([]byte, 16)...)...), "2 codes"},
		{segment(dri, 1), "DRI segment"},
		{segment(sof0, 8, 0, 8, 0, 8, 1), "frame header of 6 bytes"},
		{segment(sof0, 8, 0, 8, 0, 0, 1, 1, 0x11, 0), "width 0"},
		{segment(sof0, 8, 0, 8, 0, 8, 1, 1, 0x51, 0), "5x1"},
		{append(segment(dri, 0, 1), scanOf(1, 0, 63, 0)...), "scan before the frame header"},
		{append(good[:len(good):len(good)], good[2:]...), "second frame header"},
		{append(good[:len(good):len(good)], scanOf(2, 0, 63, 0)...), "component 2"},
		{append(good[:len(good):len(good)], appendSegment(nil, sos, []byte{1, 1, 0x20, 0, 63, 0})...), "DC Huffman table 2"},
		{append(frameOf(sof2, 8, 8, 0x11), scanOf(1, 0, 5, 0)...), "coefficients 0 to 5"},
		{append(frameOf(sof2, 8, 8, 0x11), scanOf(1, 5, 4, 0)...), "coefficients 5 to 4"},
		{append(frameOf(sof2, 8, 8, 0x11, 0x11, 0x11), scanOf(3, 1, 4, 0)...), "3 components"},
		{append(frameOf(sof2, 8, 8, 0x11), scanOf(1, 0, 0, 0x31)...), "bit 1 after bit 3"},
	} {
		m, err := Decode(c.file, Options{})
		assert.Nil(t, m, c.what)
		var format *FormatError
		require.ErrorAs(t, err, &format, c.what)
		assert.ErrorContains(t, err, c.what)
		assert.LessOrEqual(t, format.Offset, int64(len(c.file)), c.what)
	}
	for _, file := range []string{"", "\xff", "GIF89a", "\xff\xd9"} {
		_, err := Decode([]byte(file), Options{})
		assert.ErrorIs(t, err, ErrNotJPEG, "%q", file)
	}
}

// TestLimits: pixels, memory and work are held against their limits before they are
// spent, and the error names the limit.
func TestLimits(t *testing.T) {
	huge := append(frameOf(sof0, 65535, 65535, 0x11, 0x11, 0x11), scanOf(3, 0, 63, 0)...)
	large := append(frameOf(sof0, 11000, 11000, 0x11, 0x11, 0x11), scanOf(3, 0, 63, 0)...)
	progressive := append(frameOf(sof2, 1024, 1024, 0x11), scanOf(1, 0, 0, 0)...)
	for range 1000 {
		progressive = append(append(progressive, scanOf(1, 1, 63, 0)...), make([]byte, 10)...)
	}
	for _, c := range []struct {
		file []byte
		o    Options
		what string
	}{
		{huge, Options{}, "pixels"},
		{large, Options{}, "visits of blocks"},
		{large, Options{MaxWork: 1 << 40}, "bytes of memory"},
		{progressive, Options{}, "visits of blocks"},
		{golden(t, "420.jpg"), Options{MaxPixels: 37*29 - 1}, "pixels"},
		{golden(t, "420.jpg"), Options{MaxBytes: 37 * 29 * 3}, "bytes of memory"},
		{golden(t, "420.jpg"), Options{MaxWork: 67}, "visits of blocks"},
		{golden(t, "progressive.jpg"), Options{MaxWork: 100}, "visits of blocks"},
	} {
		m, err := Decode(c.file, c.o)
		assert.Nil(t, m, c.what)
		var limit *LimitError
		require.ErrorAs(t, err, &limit, c.what)
		assert.Contains(t, limit.What, c.what)
		assert.Greater(t, limit.Need, limit.Have, c.what)
	}
	// 3×2 MCUs of 6 blocks in the scan; 5×4 blocks of luma and 3×2 of chroma hold pixels.
	_, err := Decode(golden(t, "420.jpg"), Options{MaxPixels: 37 * 29, MaxWork: 68, MaxBytes: 20000})
	assert.NoError(t, err)
}
