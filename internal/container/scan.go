package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// readAhead is what the first read asks for: enough for the header, the tables
// and the index of a common file.
const readAhead = 4096

// chunk is where a chunk lies.
type chunk struct {
	kind    string
	off     int64 // of its type
	payload int64
	size    int64 // of the payload
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

// scanner walks the chunks of a file. It holds a window of the input, so that
// small chunks that follow each other take one read.
type scanner struct {
	r      io.ReaderAt
	size   int64 // of the input
	off    int64 // of the next chunk
	window []byte
	start  int64 // of the window in the input
}

func newScanner(r io.ReaderAt, size int64) *scanner { return &scanner{r: r, size: size} }

// bytes returns n bytes of the input, which the caller has checked to be there.
// The result stays valid: a later read takes a new window.
func (s *scanner) bytes(off, n int64) ([]byte, error) {
	if off < s.start || off+n > s.start+int64(len(s.window)) {
		want := n + maxHeaderSize
		if off == 0 {
			want = max(want, readAhead)
		}
		p, err := readAt(s.r, off, min(want, s.size-off))
		if err != nil {
			return nil, err
		}
		s.window, s.start = p, off
	}
	i := off - s.start
	return s.window[i : i+n : i+n], nil
}

// readAt reads n bytes at off.
func readAt(r io.ReaderAt, off, n int64) ([]byte, error) {
	p := make([]byte, n)
	got, err := r.ReadAt(p, off)
	if got == len(p) {
		return p, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, truncated(off+int64(got), "expected %d more bytes", len(p)-got)
	}
	return nil, &ReadError{off, n, err}
}

// header reads the magic, the version and HEAD, and leaves the scanner behind them.
func (s *scanner) header(maxPixels int64) (Header, error) {
	if err := s.magic(); err != nil {
		return Header{}, err
	}
	c, err := s.next(typeHead)
	if err != nil {
		return Header{}, err
	}
	if c.kind != typeHead {
		return Header{}, malformed(c.off, "chunk %s, expected %s first", c.kind, typeHead)
	}
	if c.size > maxHeadSize {
		return Header{}, malformed(c.off, "HEAD of %d bytes, expected at most %d", c.size, maxHeadSize)
	}
	p, err := s.read(c)
	if err != nil {
		return Header{}, err
	}
	return parseHeader(p, maxPixels)
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
	p, err := s.bytes(s.off, min(s.size-s.off, maxHeaderSize))
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
	size, n := binary.Uvarint(p[typeSize:])
	if n == 0 {
		return nil, truncated(s.off, "the length of chunk %s is cut", c.kind)
	}
	c.payload = s.off + typeSize + int64(n)
	if n < 0 || size > math.MaxInt64-uint64(c.payload)-crcSize {
		return nil, malformed(c.off, "chunk %s: length above 63 bits", c.kind)
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

// ended reports what lies behind the last chunk.
func (s *scanner) ended() error {
	if s.off < s.size {
		return malformed(s.off, "%d bytes after chunk %s, expected the end", s.size-s.off, typeBody)
	}
	return nil
}

// read returns the payload of a chunk whose CRC holds.
func (s *scanner) read(c *chunk) ([]byte, error) {
	p, err := s.bytes(c.off, c.end()-c.off)
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", c.kind, err)
	}
	body := len(p) - crcSize
	if err := c.compare(crc32.Checksum(p[:body], castagnoli), p[body:]); err != nil {
		return nil, err
	}
	return p[c.payload-c.off : body : body], nil
}

// check reads a chunk piece by piece for its checksum.
func (c *chunk) check(r io.ReaderAt) error {
	const piece = 1 << 16
	sum, end := uint32(0), c.payload+c.size
	for off := c.off; off < end; off += piece {
		p, err := readAt(r, off, min(piece, end-off))
		if err != nil {
			return err
		}
		sum = crc32.Update(sum, castagnoli, p)
	}
	p, err := readAt(r, end, crcSize)
	if err != nil {
		return err
	}
	return c.compare(sum, p)
}

// compare holds the checksum of a chunk against the one that is stored.
func (c *chunk) compare(sum uint32, stored []byte) error {
	if want := binary.LittleEndian.Uint32(stored); sum != want {
		return malformed(c.off, "chunk %s: CRC-32C %08x, expected %08x", c.kind, sum, want)
	}
	return nil
}

func letters(s string) bool {
	for _, b := range []byte(s) {
		if b |= 0x20; b < 'a' || b > 'z' {
			return false
		}
	}
	return true
}
