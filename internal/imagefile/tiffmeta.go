package imagefile

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// iptc returns the IPTC records of a directory, nil where they do not start as
// such. Their tag has words of 4 bytes in use, so that up to 3 zeros may follow
// the last record; the words are bytes in truth, and in no byte order.
func (d *directory) iptc() []byte {
	b := d.blob(tagIPTC)
	if !bytes.HasPrefix(b, []byte{iptcMarker}) {
		return nil
	}
	if tail := b[iptcEnd(b):]; len(tail) < 4 && len(bytes.Trim(tail, "\x00")) == 0 {
		b = b[:len(b)-len(tail)]
	}
	return b
}

// iptcMarker begins each record (IPTC-IIM 4.2, section 1.5).
const iptcMarker = 0x1c

// iptcEnd is where the last whole record ends.
func iptcEnd(b []byte) (end int) {
	for {
		n := iptcRecord(b[end:])
		if n == 0 || n > int64(len(b)-end) {
			return end
		}
		end += int(n)
	}
}

// iptcRecord is the length of the record that b starts with, 0 where there is
// none: a head of 5 bytes and the data, whose length is in the last two of the
// head, or, where the highest bit of those is set, in as many bytes after it as
// they say.
func iptcRecord(b []byte) int64 {
	if len(b) < 5 || b[0] != iptcMarker {
		return 0
	}
	n := int64(binary.BigEndian.Uint16(b[3:]))
	if n < 1<<15 {
		return 5 + n
	}
	k := int(n - 1<<15)
	if k > 4 || len(b) < 5+k {
		return 0
	}
	var length [8]byte
	copy(length[8-k:], b[5:5+k])
	return 5 + int64(k) + int64(binary.BigEndian.Uint64(length[:]))
}

// iptcField holds IPTC records in words of 4 bytes, as libtiff and its users
// expect them.
func iptcField(b []byte) field {
	value := append(slices.Clip(b), make([]byte, -len(b)&3)...)
	return field{tag: tagIPTC, kind: typeLong, count: uint32(len(value) / 4), value: value}
}

// densityFields are the resolution that the PNG chunk pHYs gives, none where it
// gives none: pixels per metre, or the aspect ratio alone.
func densityFields(png []byte) []field {
	b := pngChunk(png, "pHYs")
	if len(b) != 9 || b[8] > 1 {
		return nil
	}
	const noUnit, centimetre = 1, 3
	unit, per := uint16(noUnit), uint32(1)
	if b[8] == 1 {
		unit, per = centimetre, 100
	}
	x, y := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	return []field{rational(tagXResolution, x, per), rational(tagYResolution, y, per), shorts(tagResolutionUnit, unit)}
}

// pngChunk returns the data of the first chunk of a kind, nil where there is
// none.
func pngChunk(chunks []byte, kind string) []byte {
	for len(chunks) >= 12 {
		n := int64(binary.BigEndian.Uint32(chunks))
		if n > int64(len(chunks)-12) {
			return nil
		}
		if string(chunks[4:8]) == kind {
			return chunks[8 : 8+n]
		}
		chunks = chunks[12+n:]
	}
	return nil
}

func rational(tag uint16, numerator, denominator uint32) field {
	f := longs(tag, numerator, denominator)
	f.kind, f.count = typeRational, 1
	return f
}

func blobField(tag, kind uint16, b []byte) field {
	return field{tag: tag, kind: kind, count: uint32(len(b)), value: b}
}
