package refdec

import (
	"fmt"
	"hash/crc32"
	"slices"
)

// Constants of FORMAT.md, "Container".
const (
	magic       = "\x89QTG\r\n\x1a\n"
	version     = 4
	maxHead     = 256
	maxChunks   = 1024
	maxMetadata = 64 << 20
)

var (
	critical = []string{"HEAD", "TABL", "INDX", "FRNT", "BODY"}
	metadata = []string{"iccp", "exif", "xmpm", "iptc", "pngc"}
)

// File is a .qtg file, taken apart.
type File struct {
	Header
	Metadata       map[string][]byte // by the type of the chunk
	Tables         []byte            // the payload of TABL
	Fronts, Bodies [][]byte          // segments of the tiles, in raster order
	model

	index []entry
}

// NewFile gives a file that has no segments yet, whose tiles ReadTile can read.
func NewFile(h Header, tables []byte) (*File, error) {
	f := &File{Header: h, Tables: tables}
	if err := f.check(); err != nil {
		return nil, err
	}
	return f, f.readModel()
}

// chunk is a chunk of a file.
type chunk struct {
	kind    string
	payload reader
}

func (c *chunk) ancillary() bool { return c.kind[0] >= 'a' }

// Parse takes a file apart and checks all but the segments of its tiles. An image above
// maxPixels, sides rounded up to multiples of 32, is an error. It copies nothing of p.
func Parse(p []byte, maxPixels int64) (*File, error) { return parse(p, maxPixels, nil) }

func parse(p []byte, maxPixels int64, notes *[]Note) (*File, error) {
	r := &reader{data: p, section: "Container", notes: notes}
	if found := r.bytes(uint64(len(magic)), "magic"); r.err == nil && string(found) != magic {
		r.fail("magic % x, expected % x", found, magic)
	}
	if v := r.bytes(1, "version"); r.err == nil && v[0] != version {
		r.fail("version %d, expected %d", v[0], version)
	}
	f := &File{Metadata: map[string][]byte{}}
	rank := -1 // of the last critical chunk
	for range maxChunks {
		c := nextChunk(r)
		if r.err != nil {
			return nil, r.err
		}
		if err := f.take(c, &rank, maxPixels); err != nil {
			return nil, err
		}
		if c.kind == "BODY" {
			return f, r.end()
		}
	}
	return nil, fmt.Errorf("Container: more than %d chunks", maxChunks)
}

// nextChunk reads a chunk and checks its checksum.
func nextChunk(r *reader) *chunk {
	from := r.data
	r.note(4, fmt.Sprintf("type %q", r.data[:min(4, len(r.data))]))
	c := &chunk{kind: string(r.skip(4, "type"))}
	for _, b := range []byte(c.kind) {
		if b |= 0x20; b < 'a' || b > 'z' {
			r.fail("type %q of a chunk, expected four letters", c.kind)
		}
	}
	size := r.uvarint("length")
	c.payload = r.part(size, c.kind)
	if r.err != nil || c.kind == "FRNT" || c.kind == "BODY" {
		return c
	}
	covered := from[:len(from)-len(r.data)]
	if want := r.uint32("CRC-32C of " + c.kind); r.err == nil && checksum(covered) != want {
		r.fail("chunk %s: CRC-32C %08x, expected %08x", c.kind, checksum(covered), want)
	}
	return c
}

func checksum(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }

// follow gives the rank of a critical chunk after the one of the given rank. Only TABL
// may be absent.
func follow(rank int, kind string) (int, error) {
	rank++
	if critical[rank] == "TABL" && kind != "TABL" {
		rank++
	}
	if kind != critical[rank] {
		return 0, fmt.Errorf("Container: chunk %s, expected %s", kind, critical[rank])
	}
	return rank, nil
}

// keep takes a chunk of metadata.
func (f *File) keep(c *chunk) error {
	c.payload.note(len(c.payload.data), "payload")
	if !slices.Contains(metadata, c.kind) {
		return nil
	}
	if f.Metadata[c.kind] != nil {
		return fmt.Errorf("Container: a second chunk %s, expected one", c.kind)
	}
	f.Metadata[c.kind] = append([]byte{}, c.payload.data...)
	size := 0
	for _, p := range f.Metadata {
		size += len(p)
	}
	if size > maxMetadata {
		return fmt.Errorf("Container: %d bytes of metadata, expected at most %d", size, maxMetadata)
	}
	return nil
}

// take reads a chunk, rank being that of the last critical one.
func (f *File) take(c *chunk, rank *int, maxPixels int64) (err error) {
	if c.ancillary() {
		if *rank < 0 || critical[*rank] != "FRNT" {
			return fmt.Errorf("Container: chunk %s, expected it between FRNT and BODY", c.kind)
		}
		return f.keep(c)
	}
	if *rank, err = follow(*rank, c.kind); err != nil {
		return err
	}
	p := &c.payload
	switch c.kind {
	case "HEAD":
		err = f.readHead(p, maxPixels)
	case "TABL":
		f.Tables = p.data
		p.note(len(p.data), "tables")
	case "INDX":
		err = f.readIndex(p)
	case "FRNT":
		if f.Fronts, err = f.cut(p, "front", func(e *entry) uint64 { return e.front }); err == nil {
			err = f.checkFronts()
		}
	case "BODY":
		if f.Bodies, err = f.cut(p, "body", func(e *entry) uint64 { return e.body }); err == nil {
			err = f.readModel()
		}
	}
	return err
}

// entry is what INDX says of a tile.
type entry struct {
	front, body       uint64 // lengths of its segments
	frontSum, bodySum uint32
}

// readIndex reads INDX.
func (f *File) readIndex(r *reader) error {
	const least = 2 + 8 // bytes of an entry
	across, down := f.grid()
	tiles := int64(across) * int64(down)
	if int64(len(r.data)) < tiles*least {
		return fmt.Errorf("INDX: %d bytes, expected at least %d for each of %d tiles", len(r.data), least, tiles)
	}
	f.index = make([]entry, tiles)
	for i := range f.index {
		f.index[i] = entry{
			front: r.uvarint(fmt.Sprintf("tile %d: length of the front segment", i)), body: r.uvarint("length of the body segment"),
			frontSum: r.uint32("CRC-32C of the front segment"), bodySum: r.uint32("CRC-32C of the body segment"),
		}
	}
	return r.end()
}

// cut cuts FRNT or BODY into the segments of the tiles.
func (f *File) cut(r *reader, what string, size func(*entry) uint64) (segments [][]byte, err error) {
	for i := range f.index {
		segments = append(segments, r.bytes(size(&f.index[i]), fmt.Sprintf("tile %d: %s segment", i, what)))
	}
	return segments, r.end()
}

// checksums holds the segments of a tile against INDX, the front alone where that is
// all that is needed.
func (f *File) checksums(tile int, front bool) error {
	e := &f.index[tile]
	if sum := checksum(f.Fronts[tile]); sum != e.frontSum {
		return fmt.Errorf("INDX: front segment: CRC-32C %08x, expected %08x", sum, e.frontSum)
	}
	if sum := checksum(f.Bodies[tile]); !front && sum != e.bodySum {
		return fmt.Errorf("INDX: body segment: CRC-32C %08x, expected %08x", sum, e.bodySum)
	}
	return nil
}
