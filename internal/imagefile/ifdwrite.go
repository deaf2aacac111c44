package imagefile

import (
	"encoding/binary"
	"sort"
)

// field is an entry to be written, its value little-endian; a field with a
// directory under it has no value but the offset of that.
type field struct {
	tag, kind uint16
	count     uint32
	value     []byte
	under     []field
}

func shorts(tag uint16, v ...uint16) field {
	f := field{tag: tag, kind: typeShort, count: uint32(len(v))}
	for _, s := range v {
		f.value = binary.LittleEndian.AppendUint16(f.value, s)
	}
	return f
}

func longs(tag uint16, v ...uint32) field {
	f := field{tag: tag, kind: typeLong, count: uint32(len(v))}
	for _, s := range v {
		f.value = binary.LittleEndian.AppendUint32(f.value, s)
	}
	return f
}

func rational(tag uint16, numerator, denominator uint32) field {
	f := longs(tag, numerator, denominator)
	f.kind, f.count = typeRational, 1
	return f
}

func blobField(tag, kind uint16, b []byte) field {
	return field{tag: tag, kind: kind, count: uint32(len(b)), value: b}
}

// tiffForm is how a TIFF file counts: in words of 4 bytes or, BigTIFF, of 8.
type tiffForm struct{ big bool }

// head is the header of a file with its directory at an offset.
func (t tiffForm) head(directory int64) []byte {
	if t.big {
		return binary.LittleEndian.AppendUint64([]byte("II+\x00\x08\x00\x00\x00"), uint64(directory))
	}
	return binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(directory))
}

// headSize is the bytes of head.
func (t tiffForm) headSize() int64 { return int64(len(t.head(0))) }

// words are offsets or lengths.
func (t tiffForm) words(tag uint16, v []int64) field {
	f := field{tag: tag, kind: typeLong, count: uint32(len(v))}
	if t.big {
		f.kind = typeLong8
	}
	for _, w := range v {
		f.value = t.appendWord(f.value, w)
	}
	return f
}

func (t tiffForm) appendWord(b []byte, v int64) []byte {
	if t.big {
		return binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return binary.LittleEndian.AppendUint32(b, uint32(v))
}

// appendDirectory appends a directory of a file of 4-byte words, as tiffForm does.
func appendDirectory(b []byte, base int64, fields []field) []byte {
	return tiffForm{}.appendDirectory(b, base, 0, fields)
}

// appendDirectory appends a directory, its values and the directories under it; the first
// byte of b is to lie at base in the file, and the directory behind this one at next, 0 for
// none. All are even.
func (t tiffForm) appendDirectory(b []byte, base, next int64, fields []field) []byte {
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].tag < fields[j].tag })
	word := len(t.appendWord(nil, 0))
	if t.big {
		b = binary.LittleEndian.AppendUint64(b, uint64(len(fields)))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(fields)))
	}
	at, size := len(b), 4+2*word
	b = append(b, make([]byte, size*len(fields))...)
	b = t.appendWord(b, next)
	for _, f := range fields {
		e := binary.LittleEndian.AppendUint16(make([]byte, 0, size), f.tag)
		e = binary.LittleEndian.AppendUint16(e, f.kind)
		e = t.appendWord(e, int64(f.count))
		if f.under == nil && len(f.value) <= word {
			e = append(e, f.value...)
		} else {
			e = t.appendWord(e, base+int64(len(b)))
			if f.under != nil {
				b = t.appendDirectory(b, base, 0, f.under)
			} else {
				b = append(b, f.value...)
			}
			b = append(b, make([]byte, len(b)&1)...)
		}
		copy(b[at:], e)
		at += size
	}
	return b
}
