package imagefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
)

// Tags of TIFF 6.0, its supplements and EXIF 2.3.
const (
	tagNewSubfileType   = 254
	tagSubfileType      = 255
	tagImageWidth       = 256
	tagImageLength      = 257
	tagBitsPerSample    = 258
	tagCompression      = 259
	tagPhotometric      = 262
	tagFillOrder        = 266
	tagDocumentName     = 269
	tagImageDescription = 270
	tagMake             = 271
	tagModel            = 272
	tagStripOffsets     = 273
	tagOrientation      = 274
	tagSamplesPerPixel  = 277
	tagRowsPerStrip     = 278
	tagStripByteCounts  = 279
	tagMaxSampleValue   = 281
	tagXResolution      = 282
	tagYResolution      = 283
	tagPlanar           = 284
	tagPageName         = 285
	tagXPosition        = 286
	tagYPosition        = 287
	tagT4Options        = 292
	tagT6Options        = 293
	tagResolutionUnit   = 296
	tagPageNumber       = 297
	tagSoftware         = 305
	tagDateTime         = 306
	tagArtist           = 315
	tagHostComputer     = 316
	tagPredictor        = 317
	tagWhitePoint       = 318
	tagPrimaries        = 319
	tagColorMap         = 320
	tagTileWidth        = 322
	tagTileLength       = 323
	tagTileOffsets      = 324
	tagTileByteCounts   = 325
	tagSubIFDs          = 330
	tagExtraSamples     = 338
	tagSampleFormat     = 339
	tagXMP              = 700
	tagCopyright        = 33432
	tagIPTC             = 33723
	tagEXIF             = 34665
	tagICC              = 34675
	tagGPS              = 34853
	tagInterop          = 40965
	tagGDALMetadata     = 42112
	tagGDALNodata       = 42113
)

// Types of TIFF values.
const (
	typeByte      = 1
	typeASCII     = 2
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeUndefined = 7
	typeIFD       = 13
)

// typeSizes has the bytes of a value by its type, 0 for unknown types.
var typeSizes = [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4}

// wordSizes has the bytes of the words that byte order applies to.
var wordSizes = [...]int{0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4}

// directory is an image file directory of a TIFF file or an EXIF blob. Values
// are read when they are asked for, each held against the length of the input.
type directory struct {
	src     *io.SectionReader
	order   binary.ByteOrder
	entries []entry
	off     uint32 // where it lies in the file
	next    uint32 // where the next one does, 0 behind the last
}

// entry is one line of a directory; value holds the value itself if it takes
// at most 4 bytes, else its offset.
type entry struct {
	tag, kind uint16
	count     uint32
	value     [4]byte
}

// openDirectory reads the header and the first directory.
func openDirectory(src *io.SectionReader) (*directory, error) {
	var head [8]byte
	if _, err := src.ReadAt(head[:], 0); err != nil {
		return nil, errors.New("truncated header: expected 8 bytes")
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	return readDirectory(src, order, order.Uint32(head[4:]))
}

func readDirectory(src *io.SectionReader, order binary.ByteOrder, off uint32) (*directory, error) {
	d := &directory{src: src, order: order, off: off}
	var n [2]byte
	if _, err := src.ReadAt(n[:], int64(off)); err != nil {
		return nil, fmt.Errorf("directory at %d: the file ends at %d", off, src.Size())
	}
	raw := make([]byte, 12*int(order.Uint16(n[:])))
	if _, err := src.ReadAt(raw, int64(off)+2); err != nil && len(raw) > 0 {
		return nil, fmt.Errorf("directory at %d: expected %d entries, the file ends at %d", off, len(raw)/12, src.Size())
	}
	var next [4]byte
	if _, err := src.ReadAt(next[:], int64(off)+2+int64(len(raw))); err == nil {
		d.next = order.Uint32(next[:])
	}
	for ; len(raw) > 0; raw = raw[12:] {
		d.entries = append(d.entries, entry{
			tag: order.Uint16(raw), kind: order.Uint16(raw[2:]),
			count: order.Uint32(raw[4:]), value: [4]byte(raw[8:12]),
		})
	}
	return d, nil
}

// size is the bytes that the directory takes, without the values.
func (d *directory) size() int64 { return 2 + 12*int64(len(d.entries)) + 4 }

// find returns the first entry with a tag.
func (d *directory) find(tag uint16) (entry, bool) {
	for _, e := range d.entries {
		if e.tag == tag {
			return e, true
		}
	}
	return entry{}, false
}

// bytes returns the value of an entry as it is stored.
func (d *directory) bytes(e entry) ([]byte, error) {
	if int(e.kind) >= len(typeSizes) || typeSizes[e.kind] == 0 {
		return nil, fmt.Errorf("tag %d: type %d, expected 1 to %d", e.tag, e.kind, len(typeSizes)-1)
	}
	n := int64(e.count) * typeSizes[e.kind]
	if n <= 4 {
		return e.value[:n], nil
	}
	off := int64(d.order.Uint32(e.value[:]))
	if off > d.src.Size()-n {
		return nil, fmt.Errorf("tag %d: value of %d bytes at %d, the file ends at %d", e.tag, n, off, d.src.Size())
	}
	b := make([]byte, n)
	_, err := d.src.ReadAt(b, off)
	return b, err
}

// blob returns the value of a tag with metadata, nil where there is none or it
// is damaged.
func (d *directory) blob(tag uint16) []byte {
	e, ok := d.find(tag)
	if !ok || e.count == 0 || e.count > maxMeta {
		return nil
	}
	b, err := d.bytes(e)
	if err != nil || len(b) > maxMeta {
		return nil
	}
	return b
}

// uints returns the unsigned values of a tag, nil where it is absent. More than
// limit values are an error.
func (d *directory) uints(tag uint16, limit int) ([]uint32, error) {
	e, ok := d.find(tag)
	if !ok {
		return nil, nil
	}
	if e.kind != typeByte && e.kind != typeShort && e.kind != typeLong && e.kind != typeIFD {
		return nil, fmt.Errorf("tag %d: type %d, expected BYTE, SHORT or LONG", tag, e.kind)
	}
	if e.count == 0 || int64(e.count) > int64(limit) {
		return nil, fmt.Errorf("tag %d: %d values, expected 1 to %d", tag, e.count, limit)
	}
	b, err := d.bytes(e)
	if err != nil {
		return nil, err
	}
	v := make([]uint32, e.count)
	for i := range v {
		switch e.kind {
		case typeByte:
			v[i] = uint32(b[i])
		case typeShort:
			v[i] = uint32(d.order.Uint16(b[2*i:]))
		default:
			v[i] = d.order.Uint32(b[4*i:])
		}
	}
	return v, nil
}

// uint returns the first value of a tag, or what stands for it if it is absent.
func (d *directory) uint(tag uint16, absent uint32) (uint32, error) {
	v, err := d.uints(tag, 1<<16)
	if err != nil || v == nil {
		return absent, err
	}
	return v[0], nil
}

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

// appendDirectory appends a directory, its values and the directories under
// it; base is the offset in the file of the first byte of b. Both are even.
func appendDirectory(b []byte, base uint32, fields []field) []byte {
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].tag < fields[j].tag })
	b = binary.LittleEndian.AppendUint16(b, uint16(len(fields)))
	at := len(b)
	b = append(b, make([]byte, 12*len(fields)+4)...) // the last 4: no next directory
	for _, f := range fields {
		e := b[at : at+12]
		binary.LittleEndian.PutUint16(e, f.tag)
		binary.LittleEndian.PutUint16(e[2:], f.kind)
		binary.LittleEndian.PutUint32(e[4:], f.count)
		if f.under == nil && len(f.value) <= 4 {
			copy(e[8:], f.value)
		} else {
			binary.LittleEndian.PutUint32(e[8:], base+uint32(len(b)))
			if f.under != nil {
				b = appendDirectory(b, base, f.under)
			} else {
				b = append(b, f.value...)
			}
			b = append(b, make([]byte, len(b)&1)...)
		}
		at += 12
	}
	return b
}
