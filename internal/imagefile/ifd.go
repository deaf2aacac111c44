package imagefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
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
	tagInkSet           = 332
	tagExtraSamples     = 338
	tagSampleFormat     = 339
	tagJPEGTables       = 347
	tagXMP              = 700
	tagCopyright        = 33432
	tagPixelScale       = 33550
	tagTiePoints        = 33922
	tagTransformation   = 34264
	tagIPTC             = 33723
	tagEXIF             = 34665
	tagICC              = 34675
	tagGeoKeys          = 34735
	tagGeoDoubles       = 34736
	tagGeoText          = 34737
	tagRPC              = 50844
	tagGPS              = 34853
	tagInterop          = 40965
	tagGDALMetadata     = 42112
	tagGDALNodata       = 42113
)

// Types of TIFF values, the last three of BigTIFF.
const (
	typeByte      = 1
	typeASCII     = 2
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeUndefined = 7
	typeDouble    = 12
	typeIFD       = 13
	typeLong8     = 16
	typeIFD8      = 18
)

// typeSizes has the bytes of a value by its type, 0 for unknown types.
var typeSizes = [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8}

// wordSizes has the bytes of the words that byte order applies to.
var wordSizes = [...]int{0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4, 0, 0, 8, 8, 8}

// directory is an image file directory of a TIFF file or an EXIF blob. Values
// are read when they are asked for, each held against the length of the input.
type directory struct {
	src     *io.SectionReader
	order   binary.ByteOrder
	big     bool // BigTIFF: counts and offsets have 8 bytes
	entries []entry
	off     uint64 // where it lies in the file
	next    uint64 // where the next one does, 0 behind the last
}

// entry is one line of a directory; value holds the value itself if it takes
// at most 4 bytes, or 8 of BigTIFF, else its offset.
type entry struct {
	tag, kind uint16
	count     uint64
	value     [8]byte
}

// openDirectory reads the header and the first directory.
func openDirectory(src *io.SectionReader) (*directory, error) {
	var head [16]byte
	n, _ := src.ReadAt(head[:], 0)
	d := &directory{src: src, order: binary.LittleEndian}
	if head[0] == 'M' {
		d.order = binary.BigEndian
	}
	d.big = d.order.Uint16(head[2:]) == bigVersion
	switch {
	case n < 8:
		return nil, errors.New("truncated header: expected 8 bytes")
	case !d.big:
		return d.at(uint64(d.order.Uint32(head[4:])))
	case n < 16:
		return nil, errors.New("truncated header: expected 16 bytes of BigTIFF")
	case d.order.Uint16(head[4:]) != 8 || d.order.Uint16(head[6:]) != 0:
		return nil, fmt.Errorf("header: BigTIFF with offsets of %d bytes, expected 8", d.order.Uint16(head[4:]))
	}
	return d.at(d.order.Uint64(head[8:]))
}

// bigVersion is the version of BigTIFF in the header; the one of TIFF is 42.
const bigVersion = 43

// width is the bytes of an offset.
func (d *directory) width() int {
	if d.big {
		return 8
	}
	return 4
}

// word is a count or an offset.
func (d *directory) word(b []byte) uint64 {
	if d.big {
		return d.order.Uint64(b)
	}
	return uint64(d.order.Uint32(b))
}

// numberSize is the bytes of the number of entries, entrySize of an entry.
func (d *directory) numberSize() int64 {
	if d.big {
		return 8
	}
	return 2
}

func (d *directory) entrySize() int64 { return int64(4 + 2*d.width()) }

// at reads another directory of the same file.
func (d *directory) at(off uint64) (*directory, error) {
	d = &directory{src: d.src, order: d.order, big: d.big, off: off}
	size := d.src.Size()
	var head [8]byte
	if off > uint64(size) || readFull(d.src, head[:d.numberSize()], int64(off)) != nil {
		return nil, fmt.Errorf("directory at %d: the file ends at %d", off, size)
	}
	n := uint64(d.order.Uint16(head[:]))
	if d.big {
		n = d.order.Uint64(head[:])
	}
	at := int64(off) + d.numberSize()
	if n > uint64(size-at)/uint64(d.entrySize()) {
		return nil, fmt.Errorf("directory at %d: expected %d entries, the file ends at %d", off, n, size)
	}
	raw := make([]byte, int64(n)*d.entrySize())
	if err := readFull(d.src, raw, at); err != nil {
		return nil, err
	}
	if readFull(d.src, head[:d.width()], at+int64(len(raw))) == nil {
		d.next = d.word(head[:])
	}
	d.entries = make([]entry, 0, n)
	for e := range slices.Chunk(raw, int(d.entrySize())) {
		to := entry{tag: d.order.Uint16(e), kind: d.order.Uint16(e[2:]), count: d.word(e[4:])}
		copy(to.value[:], e[4+d.width():])
		d.entries = append(d.entries, to)
	}
	return d, nil
}

// readFull reads all of b at an offset.
func readFull(src io.ReaderAt, b []byte, off int64) error {
	if n, err := src.ReadAt(b, off); n < len(b) {
		return noEOF(err)
	}
	return nil
}

// size is the bytes that the directory takes, without the values.
func (d *directory) size() int64 {
	return d.numberSize() + int64(len(d.entries))*d.entrySize() + int64(d.width())
}

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
		return nil, fmt.Errorf("tag %d: type %d, expected 1 to 13 or 16 to 18", e.tag, e.kind)
	}
	if e.count > math.MaxInt64/8 {
		return nil, fmt.Errorf("tag %d: %d values, the file ends at %d", e.tag, e.count, d.src.Size())
	}
	n := int64(e.count) * typeSizes[e.kind]
	if n <= int64(d.width()) {
		return e.value[:n], nil
	}
	off := d.word(e.value[:])
	if size := d.src.Size(); n > size || off > uint64(size-n) {
		return nil, fmt.Errorf("tag %d: value of %d bytes at %d, the file ends at %d", e.tag, n, off, size)
	}
	b := make([]byte, n)
	return b, readFull(d.src, b, int64(off))
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
func (d *directory) uints(tag uint16, limit int) ([]uint64, error) {
	e, ok := d.find(tag)
	if !ok {
		return nil, nil
	}
	switch e.kind {
	case typeByte, typeShort, typeLong, typeIFD, typeLong8, typeIFD8:
	default:
		return nil, fmt.Errorf("tag %d: type %d, expected BYTE, SHORT or LONG", tag, e.kind)
	}
	if e.count == 0 || e.count > uint64(limit) {
		return nil, fmt.Errorf("tag %d: %d values, expected 1 to %d", tag, e.count, limit)
	}
	b, err := d.bytes(e)
	if err != nil {
		return nil, err
	}
	v := make([]uint64, e.count)
	for i := range v {
		switch typeSizes[e.kind] {
		case 1:
			v[i] = uint64(b[i])
		case 2:
			v[i] = uint64(d.order.Uint16(b[2*i:]))
		case 4:
			v[i] = uint64(d.order.Uint32(b[4*i:]))
		default:
			v[i] = d.order.Uint64(b[8*i:])
		}
	}
	return v, nil
}

// uint returns the first value of a tag, or what stands for it if it is absent.
func (d *directory) uint(tag uint16, absent uint64) (uint64, error) {
	v, err := d.uints(tag, 1<<16)
	if err != nil || v == nil {
		return absent, err
	}
	return v[0], nil
}
