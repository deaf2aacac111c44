//lint:file-ignore ST1005 errors begin with the title of a section of docs/FORMAT.md

package refdec

import (
	"fmt"
	"hash/crc32"
	"slices"
)

// Constants of FORMAT.md, "Container".
const (
	magic        = "\x89QTG\r\n\x1a\n"
	version      = 11
	maxHead      = 524288
	maxPlan      = 64 << 20
	maxAncillary = 1024
	maxMetadata  = 64 << 20
)

// known are the ancillary chunks that the document names, with the metadata first.
var known = []string{"iccp", "exif", "xmpm", "iptc", "pngc", "tifm", "band", "plac"}

// File is a .qtg file, taken apart.
type File struct {
	Header
	Bands          []Band
	Place          *Place            // of a part
	Metadata       map[string][]byte // by the type of the chunk
	Payload        []byte            // of PLAN, behind the number of the engine
	Fronts, Bodies [][]byte          // segments of the tiles, in raster order
	Overs          []Over
	LargestErrors  []uint64 // of the bands, in the unit of T
	model

	head, plan []byte // payloads
	index      []entry
	chunks     []extent    // from the first INDX on
	bases      [4]*picture // levels 0 and 3, once they are decoded
}

// Over is a coarser level.
type Over struct {
	Level int
	File  []byte
}

// extent is where a chunk lies as a whole.
type extent struct{ at, length int }

// chunk is a chunk of a file.
type chunk struct {
	kind    string
	payload reader
	extent
}

func (c *chunk) ancillary() bool { return c.kind[0] >= 'a' }

// Parse takes a file apart and checks all but the segments of its tiles and what OVERs
// hold. An image above maxPixels, sides rounded up to multiples of 32, is an error. It
// copies nothing of p.
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
	first, err := f.readStart(r, maxPixels)
	if err == nil {
		err = f.checkNoData()
	}
	if err == nil {
		err = f.readGroups(r, first)
	}
	if err == nil && f.Groups() > 1 {
		err = f.readEnd(r)
	}
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// readStart reads all that lies before the groups, and gives the first INDX.
func (f *File) readStart(r *reader, maxPixels int64) (*chunk, error) {
	c, err := r.chunkOf("HEAD")
	if err == nil && len(c.payload.data) > maxHead {
		err = fmt.Errorf("HEAD: %d bytes, expected at most %d", len(c.payload.data), maxHead)
	}
	if err == nil {
		f.head = c.payload.data
		err = f.readHead(&c.payload, maxPixels)
	}
	if err == nil {
		c, err = r.chunkOf("PLAN")
	}
	if err == nil && len(c.payload.data) > maxPlan {
		err = fmt.Errorf("PLAN: %d bytes, expected at most %d", len(c.payload.data), maxPlan)
	}
	if err == nil {
		err = f.readPlan(&c.payload)
	}
	if err != nil {
		return nil, err
	}
	return f.readAncillary(r)
}

// readAncillary reads ancillary chunks, and gives the chunk behind them, the first INDX.
func (f *File) readAncillary(r *reader) (*chunk, error) {
	seen, size := map[string]bool{}, 0
	for range maxAncillary + 1 {
		c := r.chunk()
		switch {
		case r.err != nil:
			return nil, r.err
		case c.kind == "INDX":
			return c, nil
		case !c.ancillary():
			return nil, fmt.Errorf("Container: chunk %s, expected INDX", c.kind)
		case !slices.Contains(known, c.kind):
			c.payload.bytes(uint64(len(c.payload.data)), "payload")
			continue
		case seen[c.kind]:
			return nil, fmt.Errorf("Container: a second chunk %s, expected one", c.kind)
		}
		seen[c.kind] = true
		if size += len(c.payload.data); size > maxMetadata {
			return nil, fmt.Errorf("Container: %d bytes of metadata, expected at most %d", size, maxMetadata)
		}
		if err := f.keep(c); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("Container: more than %d ancillary chunks", maxAncillary)
}

// keep takes an ancillary chunk that the document names.
func (f *File) keep(c *chunk) error {
	switch c.kind {
	case "band":
		return f.readBands(&c.payload)
	case "plac":
		return f.readPlace(&c.payload)
	}
	f.Metadata[c.kind] = c.payload.bytes(uint64(len(c.payload.data)), "payload")
	return nil
}

// chunkOf reads the next chunk, which is of a given type.
func (r *reader) chunkOf(kind string) (*chunk, error) {
	c := r.chunk()
	switch {
	case r.err != nil:
		return nil, r.err
	case c.kind != kind:
		return nil, fmt.Errorf("Container: chunk %s, expected %s", c.kind, kind)
	}
	return c, nil
}

// chunk reads a chunk and checks its checksum.
func (r *reader) chunk() *chunk {
	from := r.data
	r.note(4, fmt.Sprintf("type %q", r.data[:min(4, len(r.data))]))
	c := &chunk{kind: string(r.skip(4, "type")), extent: extent{at: r.at - 4}}
	for _, b := range []byte(c.kind) {
		if b |= 0x20; b < 'a' || b > 'z' {
			r.fail("type %q of a chunk, expected four letters", c.kind)
		}
	}
	size := r.uvarint("length")
	c.payload = r.part(size, c.kind)
	if r.err == nil && c.kind != "FRNT" && c.kind != "BODY" {
		covered := from[:len(from)-len(r.data)]
		if want := r.uint32("CRC-32C of " + c.kind); r.err == nil && checksum(covered) != want {
			r.fail("chunk %s: CRC-32C %08x, expected %08x", c.kind, checksum(covered), want)
		}
	}
	c.length = r.at - c.at
	return c
}

func checksum(p []byte) uint32 { return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)) }
