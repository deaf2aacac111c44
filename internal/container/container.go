// Package container reads and writes the chunks of a .qtg file (FORMAT.md,
// "Container"). It knows the header's fields, the tile indices and the checksums;
// the plan's payload and the tile segments are opaque bytes to it.
//
// A file is the magic, a version byte and chunks: four ASCII letters of type, the
// payload's length as a uvarint, the payload, and the CRC-32C of all these in four
// bytes. Integers are little-endian, and a uvarint has its shortest form. A type that
// begins with a lower-case letter is ancillary. Chunks come in the order
//
//	HEAD  size, samples, promise (see Header)
//	PLAN  the engine and all that its tiles depend on besides samples
//	…     ancillary chunks, here only: metadata, band, plac
//	INDX  of a group of rows of tiles: length and CRC-32C of every tile's two segments
//	FRNT  the front segments of the group's tiles, in raster order
//	BODY  the body segments of the group's tiles, in raster order
//	…     INDX, FRNT and BODY of the other groups
//
// and, only where there are several groups,
//
//	OVER  a coarser level as a file of its own, the finest first
//	ROOT  where the groups and the OVERs lie, and the largest errors
//	TAIL  where ROOT lies, in the last 17 bytes of the file
//
// FRNT and BODY carry no CRC of their own, since the index has one for each segment.
package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Magic is what every .qtg file begins with.
const Magic = "\x89QTG\r\n\x1a\n"

// Version is the version of the format that this package reads and writes.
const Version = 11

// DefaultMaxPixels is the limit on an image's size unless Options sets another.
const DefaultMaxPixels = 1 << 30

// The types of the critical chunks.
const (
	typeHead  = "HEAD"
	typePlan  = "PLAN"
	typeIndex = "INDX"
	typeFront = "FRNT"
	typeBody  = "BODY"
	typeOver  = "OVER"
	typeRoot  = "ROOT"
	typeTail  = "TAIL"
)

// critical holds the critical chunk types.
var critical = []string{typeHead, typePlan, typeIndex, typeFront, typeBody, typeOver, typeRoot, typeTail}

// The ancillary chunks that describe the samples, not the picture.
const (
	typeBand  = "band"
	typePlace = "plac"
)

// Kind is the type of a chunk of metadata.
type Kind string

// The kinds of metadata, all ancillary.
const (
	ICC  Kind = "iccp" // an ICC profile
	EXIF Kind = "exif" // EXIF as a bare TIFF structure
	XMP  Kind = "xmpm" // an XMP packet
	IPTC Kind = "iptc" // IPTC-IIM records
	PNG  Kind = "pngc" // chunks of PNG: colour signalling, density, text
	TIFF Kind = "tifm" // a TIFF directory: georeference and what else TIFF says
)

var kinds = []Kind{ICC, EXIF, XMP, IPTC, PNG, TIFF}

// Kinds are all kinds of metadata, in the order of the file.
func Kinds() []Kind { return slices.Clone(kinds) }

// Metadata has the payload of each kind of metadata that a file holds.
type Metadata map[Kind][]byte

// Limits of what a file holds, in bytes.
const (
	MaxMetadata = 64 << 20 // of all metadata, with the names of the bands
	MaxPlan     = 64 << 20 // of a plan's payload
)

// Plan is the content of PLAN.
type Plan struct {
	Engine  uint64 // the coder of the tiles
	Payload []byte // the engine's own
}

// Part names one of the two segments of a tile.
type Part string

// The parts of a tile.
const (
	Front Part = "front"
	Body  Part = "body"
)

const (
	magicSize    = len(Magic) + 1   // with the version
	headOffset   = int64(magicSize) // of the HEAD chunk
	typeSize     = 4                // of a chunk's type
	maxUvarint   = binary.MaxVarintLen64
	maxChunkHead = typeSize + maxUvarint
	crcSize      = 4 // of a CRC-32C
	minEntrySize = 2 // of a tile in INDX
	maxEntrySize = 2*maxUvarint + 2*crcSize
	maxHeadSize  = 512 << 10                  // of HEAD's payload: 65535 runs of roles and 65536 colours fit
	maxPlanSize  = MaxPlan + maxUvarint       // of PLAN's payload
	maxAncillary = 1024                       // chunks, which bounds the hops of Open
	tailSize     = typeSize + 1 + 8 + crcSize // of the TAIL chunk
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrTooLarge reports an image of more pixels than the reader allows, or more of
// anything than the machine can address.
var ErrTooLarge = errors.New("image too large")

// ErrChecksum reports a tile segment that does not match the index's CRC-32C.
var ErrChecksum = errors.New("checksum mismatch")

// FormatError reports that the input is not a valid file.
type FormatError struct {
	Offset int64  // where in the input, in bytes
	What   string // what was found and what was expected
	Err    error  // io.ErrUnexpectedEOF where the input is cut short, else nil
}

func (e *FormatError) Error() string { return fmt.Sprintf("%s (at byte %d)", e.What, e.Offset) }

func (e *FormatError) Unwrap() error { return e.Err }

// ReadError reports that the input could not be read, which says nothing of the
// file.
type ReadError struct {
	Offset, Size int64 // of what was to be read, in bytes
	Err          error // of the io.ReaderAt
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("reading %d bytes at byte %d: %v", e.Size, e.Offset, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }

// UnsupportedError reports a file, or a request, that may be valid but needs a
// feature that this version does not implement.
type UnsupportedError struct {
	Offset int64 // where in the input, in bytes; 0 for a request
	What   string
}

func (e *UnsupportedError) Error() string {
	if e.Offset == 0 {
		return "unsupported: " + e.What
	}
	return fmt.Sprintf("unsupported: %s (at byte %d)", e.What, e.Offset)
}

// TileError reports that one segment of one tile cannot be read or decoded.
type TileError struct {
	Tile   int   // in raster order
	Part   Part  // which segment
	Offset int64 // of the segment in the file, or of its group's index where that is damaged
	Err    error
}

func (e *TileError) Error() string {
	return fmt.Sprintf("tile %d, %s at byte %d: %v", e.Tile, e.Part, e.Offset, e.Err)
}

func (e *TileError) Unwrap() error { return e.Err }

func malformed(off int64, format string, args ...any) error {
	return &FormatError{Offset: off, What: fmt.Sprintf(format, args...)}
}

// truncated is malformed where the input is cut short.
func truncated(off int64, format string, args ...any) error {
	return &FormatError{Offset: off, What: "truncated: " + fmt.Sprintf(format, args...), Err: io.ErrUnexpectedEOF}
}

// truncation tells whether an error says that the input is cut short.
func truncation(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }

func unsupported(off int64, format string, args ...any) error {
	return &UnsupportedError{Offset: off, What: fmt.Sprintf(format, args...)}
}
