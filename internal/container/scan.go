package container

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

const (
	readAhead = 16 << 10 // that Open reads of the front
	readTail  = 64 << 10 // that Open reads of the end of a file of several groups
	hop       = 4 << 10  // that is read besides what is asked for, behind these
)

// chunk is where a chunk lies.
type chunk struct {
	kind    string
	off     int64 // of its type
	payload int64
	size    int64 // of the payload
}

// chunkAt is the chunk of a payload of size bytes at off.
func chunkAt(kind string, off, size int64) *chunk {
	return &chunk{kind, off, off + int64(typeSize+uvarintSize(uint64(size))), size}
}

// chunkOf is the chunk that takes all of r, false where no payload makes it so long.
func chunkOf(kind string, r Range) (*chunk, bool) {
	for n := 1; n <= maxUvarint; n++ {
		c := &chunk{kind: kind, off: r.Offset, payload: r.Offset + int64(typeSize+n)}
		c.size = r.end() - c.payload
		if c.checked() {
			c.size -= crcSize
		}
		if c.size >= 0 && uvarintSize(uint64(c.size)) == n {
			return c, true
		}
	}
	return nil, false
}

func (c *chunk) ancillary() bool { return c.kind[0] >= 'a' }

// checked tells whether a CRC follows the payload.
func (c *chunk) checked() bool { return c.kind != typeFront && c.kind != typeBody }

func (c *chunk) end() int64 {
	if c.checked() {
		return c.payload + c.size + crcSize
	}
	return c.payload + c.size
}

// all is the range of the chunk, head the one before its payload.
func (c *chunk) all() Range  { return Range{c.off, c.end() - c.off} }
func (c *chunk) head() Range { return Range{c.off, c.payload - c.off} }

// verify checks that p begins with the chunk's type and length.
func (c *chunk) verify(p []byte) error {
	want := chunkHead(c.kind, uint64(c.size))
	if got := p[:min(len(p), len(want))]; string(got) != string(want) {
		return malformed(c.off, "found % x, expected % x, chunk %s of %d bytes", got, want, c.kind, c.size)
	}
	return nil
}

// open returns the payload of the chunk, all of whose bytes p is, if its CRC holds.
func (c *chunk) open(p []byte) ([]byte, error) {
	if got := int64(len(p)); got < c.all().Length {
		return nil, truncated(c.off+got, "chunk %s of %d bytes, %d bytes left", c.kind, c.size, max(c.off+got-c.payload, 0))
	}
	end := len(p) - crcSize
	if err := c.compare(crc32.Checksum(p[:end], castagnoli), p[end:]); err != nil {
		return nil, err
	}
	return p[c.payload-c.off : end : end], nil
}

// check reads a chunk piece by piece for its checksum.
func (c *chunk) check(ctx context.Context, in *input) error {
	const piece = 1 << 20
	sum, stored := uint32(0), make([]byte, 0, crcSize)
	for off := c.off; off < c.end(); off += piece {
		p, err := in.one(ctx, Range{off, min(piece, c.end()-off)})
		if err != nil {
			return err
		}
		n := min(max(c.payload+c.size-off, 0), int64(len(p)))
		sum = crc32.Update(sum, castagnoli, p[:n])
		stored = append(stored, p[n:]...)
	}
	return c.compare(sum, stored)
}

// compare holds the checksum of a chunk against the one that is stored.
func (c *chunk) compare(sum uint32, stored []byte) error {
	if want := binary.LittleEndian.Uint32(stored); sum != want {
		return malformed(c.off, "chunk %s: CRC-32C %08x, expected %08x", c.kind, sum, want)
	}
	return nil
}

// scanner walks the chunks of a file. It holds a window of the input, so that
// small chunks that follow each other take one read.
type scanner struct {
	*input
	ctx    context.Context
	off    int64 // of the next chunk
	window span
}

// bytes returns n bytes of the input, which the caller has checked to be there.
// The result stays valid: a later read takes a new window.
func (s *scanner) bytes(off, n int64) ([]byte, error) {
	if p := s.find(Range{off, n}); p != nil {
		return p, nil
	}
	if off < s.window.off || off+n > s.window.off+int64(len(s.window.data)) {
		p, err := s.one(s.ctx, Range{off, min(n+hop, s.size-off)})
		if err != nil {
			return nil, err
		}
		s.window = span{off, p}
	}
	return cut(s.window.data, off-s.window.off, n), nil
}

// header reads the magic, the version and HEAD, and leaves the scanner behind them.
func (s *scanner) header(maxPixels int64) (*Header, error) {
	if err := s.magic(); err != nil {
		return nil, err
	}
	p, err := s.take(typeHead, maxHeadSize)
	if err != nil {
		return nil, err
	}
	return parseHeader(p, maxPixels)
}

// plan reads PLAN.
func (s *scanner) plan() (*Plan, error) {
	off := s.off
	p, err := s.take(typePlan, maxPlanSize)
	if err != nil {
		return nil, err
	}
	return parsePlan(off, p)
}

// parsePlan reads the payload of PLAN, the chunk at off.
func parsePlan(off int64, p []byte) (*Plan, error) {
	d := fields{kind: typePlan, off: off, rest: p}
	plan := &Plan{Engine: d.uint("engine", math.MaxUint64)}
	if len(d.rest) > 0 {
		plan.Payload = d.rest
	}
	return plan, d.err
}

// take reads the chunk that follows, which is of the given kind.
func (s *scanner) take(kind string, limit int64) ([]byte, error) {
	c, err := s.nextOf(kind)
	if c != nil {
		if err := c.within(limit); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return s.read(c)
}

// within tells whether the payload is no longer than a limit.
func (c *chunk) within(limit int64) error {
	if c.size > limit {
		return malformed(c.off, "%s of %d bytes, expected at most %d", c.kind, c.size, limit)
	}
	return nil
}

// misplaced says that a chunk is not of the kind that belongs here.
func (c *chunk) misplaced(kind string) error {
	if c.ancillary() || slices.Contains(critical, c.kind) {
		return malformed(c.off, "chunk %s, expected %s", c.kind, kind)
	}
	return unsupported(c.off, "critical chunk %s, expected %s", c.kind, kind)
}

func (s *scanner) magic() error {
	p, err := s.bytes(0, min(s.size, int64(magicSize)))
	if err != nil {
		return err
	}
	if len(p) == 0 {
		return malformed(0, "not a .qtg file: the input is empty")
	}
	if n := min(len(p), len(Magic)); string(p[:n]) != Magic[:n] {
		return malformed(0, "not a .qtg file: found bytes % x, expected % x", p[:n], Magic)
	}
	if len(p) < magicSize {
		return truncated(int64(len(p)), "the magic and the version are %d bytes, found %d", magicSize, len(p))
	}
	if v := p[len(Magic)]; v != Version {
		return unsupported(int64(len(Magic)), "format version %d, expected %d", v, Version)
	}
	s.off = headOffset
	return nil
}

// next reads the type and the length of the chunk that follows, checks that the
// chunk ends within the input, and moves behind it. expected names the chunk that
// is missing where the input ends. Of a chunk that is cut it gives the head, with
// an error that is io.ErrUnexpectedEOF.
func (s *scanner) next(expected string) (*chunk, error) {
	p, err := s.bytes(s.off, min(s.size-s.off, maxChunkHead))
	if err != nil {
		return nil, err
	}
	if len(p) <= typeSize {
		return nil, truncated(s.off, "the input ends before chunk %s", expected)
	}
	c := &chunk{kind: string(p[:typeSize]), off: s.off}
	if !letters(c.kind) {
		return nil, malformed(s.off, "chunk type % x, expected four ASCII letters", p[:typeSize])
	}
	size, n := uvarint(p[typeSize:])
	if n == 0 {
		return nil, truncated(s.off, "the length of chunk %s is cut", c.kind)
	}
	c.payload = s.off + typeSize + int64(n)
	if n < 0 || size > math.MaxInt64-uint64(c.payload)-crcSize {
		return nil, malformed(c.off, "chunk %s: length above 63 bits or not in its shortest form", c.kind)
	}
	c.size = int64(size)
	if left := s.size - c.payload; c.size > left {
		return c, truncated(c.off, "chunk %s of %d bytes, %d bytes left", c.kind, size, max(left, 0))
	}
	if c.end() > s.size {
		return c, truncated(c.off, "the checksum of chunk %s is cut", c.kind)
	}
	s.off = c.end()
	return c, nil
}

// nextOf is next of a chunk of the given kind: another one is an error, cut or not.
func (s *scanner) nextOf(kind string) (*chunk, error) {
	c, err := s.next(kind)
	if c != nil && c.kind != kind {
		return nil, c.misplaced(kind)
	}
	return c, err
}

// read returns the payload of a chunk whose CRC holds.
func (s *scanner) read(c *chunk) ([]byte, error) {
	p, err := s.bytes(c.off, c.all().Length)
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", c.kind, err)
	}
	return c.open(p)
}

func letters(s string) bool {
	for _, b := range []byte(s) {
		if b |= 0x20; b < 'a' || b > 'z' {
			return false
		}
	}
	return true
}
