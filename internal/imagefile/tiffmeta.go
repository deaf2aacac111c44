package imagefile

import (
	"bytes"
	"encoding/binary"
	"math"
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

// Values of ResolutionUnit.
const (
	resolutionNoUnit     = 1
	resolutionInch       = 2
	resolutionCentimetre = 3
)

// density is the chunk pHYs for the resolution of a directory, nil where that says
// nothing: a zero, or no unit and square pixels.
func (d *directory) density() []byte {
	xn, xd := d.rational(tagXResolution)
	yn, yd := d.rational(tagYResolution)
	unit, err := d.uint(tagResolutionUnit, resolutionInch)
	if err != nil || min(xn, xd, yn, yd) == 0 {
		return nil
	}
	perMetre := func(n, d uint64, units float64) uint32 {
		return uint32(min(math.Round(float64(n)/float64(d)*units), 1<<31-1))
	}
	var x, y uint32
	switch unit {
	case resolutionInch:
		x, y = perMetre(xn, xd, 1/0.0254), perMetre(yn, yd, 1/0.0254)
	case resolutionCentimetre:
		x, y = perMetre(xn, xd, 100), perMetre(yn, yd, 100)
	case resolutionNoUnit:
		if a, b := xn*yd, yn*xd; a != b {
			return aspectChunk(a, b)
		}
	}
	if min(x, y) == 0 {
		return nil
	}
	return densityChunk(x, y)
}

// rational is the first value of a tag as a fraction, zeros where there is none.
func (d *directory) rational(tag uint16) (numerator, denominator uint64) {
	e, ok := d.find(tag)
	if b := d.blob(tag); ok && e.kind == typeRational && len(b) >= 8 {
		return uint64(d.order.Uint32(b)), uint64(d.order.Uint32(b[4:]))
	}
	return 0, 0
}

// densityFields are the resolution that the PNG chunk pHYs gives, none where it
// gives none: pixels per metre, or the aspect ratio alone.
func densityFields(png []byte) []field {
	b := pngChunk(png, "pHYs")
	if len(b) != 9 || b[8] > 1 {
		return nil
	}
	unit, per := uint16(resolutionNoUnit), uint32(1)
	if b[8] == 1 {
		unit, per = resolutionCentimetre, 100
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
