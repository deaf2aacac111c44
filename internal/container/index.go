package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"sync"
)

// group is where the chunks of a group lie.
type group struct {
	index *chunk
	// Payload sizes of FRNT and BODY, -1 of one that the input does not reach.
	front, body int64
}

func (g *group) frontChunk() *chunk { return chunkAt(typeFront, g.index.end(), g.front) }
func (g *group) bodyChunk() *chunk  { return chunkAt(typeBody, g.frontChunk().end(), g.body) }

// page is the index of a group.
type page struct {
	group, first int // first is the tile of the first entry
	front, body  segments
}

// segments is one part of all tiles of a group: segment i lies at ends[i-1]..ends[i]
// behind base.
type segments struct {
	base int64
	ends []int64
	crcs []uint32
}

func (s *segments) total() int64 { return s.ends[len(s.ends)-1] }

// at is where segment i lies.
func (s *segments) at(i int) Range {
	from := int64(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return Range{s.base + from, s.ends[i] - from}
}

// check holds segment i, of which p is what could be read, against its checksum. An
// empty one has none.
func (s *segments) check(i int, p []byte) error {
	at := s.at(i)
	if int64(len(p)) < at.Length {
		return truncated(at.Offset, "expected %d bytes, found %d", at.Length, len(p))
	}
	if sum := crc32.Checksum(p, castagnoli); sum != s.crcs[i] {
		return fmt.Errorf("%w: CRC-32C %08x, expected %08x", ErrChecksum, sum, s.crcs[i])
	}
	return nil
}

// part returns the segments of a part.
func (p *page) part(part Part) *segments {
	if part == Front {
		return &p.front
	}
	return &p.body
}

// bytes is about what the page takes in memory.
func (p *page) bytes() int { return len(p.front.ends) * 2 * (8 + 4) }

// appendEntry appends the entry of a tile to the payload of INDX.
func appendEntry(p, front, body []byte) []byte {
	p = binary.AppendUvarint(p, uint64(len(front)))
	p = binary.AppendUvarint(p, uint64(len(body)))
	for _, segment := range [][]byte{front, body} {
		if len(segment) > 0 {
			p = binary.LittleEndian.AppendUint32(p, crc32.Checksum(segment, castagnoli))
		}
	}
	return p
}

// maxIndexSize is the most bytes of the INDX of a group of n tiles.
func (h *Header) maxIndexSize(n int) int64 {
	return int64(n)*maxEntrySize + int64(len(h.Bands))*maxUvarint
}

// checkIndex checks the length of the INDX of a group, before anything is allocated for
// its tiles.
func (h *Header) checkIndex(g int, c *chunk) error {
	_, n := h.GroupTiles(g)
	if c.size/minEntrySize < int64(n) {
		return malformed(c.off, "INDX of %d bytes, expected at least %d for each of %d tiles", c.size, minEntrySize, n)
	}
	if most := h.maxIndexSize(n); c.size > most {
		return malformed(c.off, "INDX of %d bytes, expected at most %d of %d tiles", c.size, most, n)
	}
	return nil
}

// parseErrors cuts the largest error of each band.
func (h *Header) parseErrors(d *fields) []uint64 {
	worst := make([]uint64, len(h.Bands))
	for i := range worst {
		worst[i] = d.uint("largest error", math.MaxUint64)
	}
	return worst
}

// parsePage reads the entries of group g, p, of the chunk c, which p must fill exactly.
// No part has more than limit bytes.
func (h *Header) parsePage(g int, c *chunk, p []byte, limit int64) (*page, error) {
	first, n := h.GroupTiles(g)
	pg := &page{group: g, first: first, front: newSegments(n), body: newSegments(n)}
	for i := range n {
		size, err := pg.add(p, limit)
		if err != nil {
			return nil, &FormatError{c.off, fmt.Sprintf("INDX: tile %d: %v", first+i, err), errors.Unwrap(err)}
		}
		p = p[size:]
	}
	if len(p) > 0 {
		return nil, malformed(c.off, "INDX: %d bytes after the entries of %d tiles, expected none", len(p), n)
	}
	place := group{index: c, front: pg.front.total(), body: pg.body.total()}
	pg.front.base, pg.body.base = place.frontChunk().payload, place.bodyChunk().payload
	return pg, nil
}

// add takes the entry that p begins with, and returns its length.
func (pg *page) add(p []byte, limit int64) (int, error) {
	front, n := uvarint(p)
	body, m := uvarint(p[max(n, 0):])
	size := n + m
	if n <= 0 || m <= 0 {
		return 0, errors.New("the entry is cut, or a length exceeds 64 bits or is not in its shortest form")
	}
	for _, s := range []struct {
		*segments
		size uint64
	}{{&pg.front, front}, {&pg.body, body}} {
		var crc uint32
		if s.size > 0 {
			if len(p)-size < crcSize {
				return 0, errors.New("the entry is cut")
			}
			crc = binary.LittleEndian.Uint32(p[size:])
			size += crcSize
		}
		if !s.add(s.size, crc, limit) {
			return 0, cutError{front, body}
		}
	}
	return size, nil
}

// cutError reports a tile whose segments end beyond the input, or their chunk.
type cutError struct{ front, body uint64 }

func (e cutError) Error() string {
	return fmt.Sprintf("segments of %d and %d bytes, more than the input holds", e.front, e.body)
}

func (cutError) Unwrap() error { return io.ErrUnexpectedEOF }

func newSegments(n int) segments {
	return segments{ends: make([]int64, 0, n), crcs: make([]uint32, 0, n)}
}

// add appends a segment unless all together are longer than limit.
func (s *segments) add(size uint64, crc uint32, limit int64) bool {
	var end int64
	if len(s.ends) > 0 {
		end = s.total()
	}
	if size > uint64(limit-end) {
		return false
	}
	s.ends = append(s.ends, end+int64(size))
	s.crcs = append(s.crcs, crc)
	return true
}

// Limits of the pages that a Reader keeps.
const (
	maxPages     = 64
	maxPageBytes = 16 << 20 // but for the last one
)

// pages keeps the pages that were used last.
type pages struct {
	mu    sync.Mutex
	list  []*page // the one used last at the end
	bytes int
}

// get returns the page of a group, nil where it is not kept.
func (c *pages) get(group int) *page {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.use(group)
}

// use is get, and makes the page the one used last.
func (c *pages) use(group int) *page {
	for i, p := range c.list {
		if p.group == group {
			copy(c.list[i:], c.list[i+1:])
			c.list[len(c.list)-1] = p
			return p
		}
	}
	return nil
}

// put keeps a page. Two calls may have read the same one; the first is kept.
func (c *pages) put(p *page) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.use(p.group) != nil {
		return
	}
	c.list = append(c.list, p)
	c.bytes += p.bytes()
	for len(c.list) > maxPages || len(c.list) > 1 && c.bytes > maxPageBytes {
		c.bytes -= c.list[0].bytes()
		c.list = append(c.list[:0], c.list[1:]...)
	}
}
