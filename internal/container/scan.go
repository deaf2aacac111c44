package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
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
		return nil, malformed(off+int64(got), "truncated: expected %d more bytes", len(p)-got)
	}
	return nil, fmt.Errorf("reading %d bytes at byte %d: %w", n, off, err)
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
	if n := min(len(p), len(Magic)); n == 0 || string(p[:n]) != Magic[:n] {
		return malformed(0, "not a .qtg file: found bytes % x, expected % x", p[:n], Magic)
	}
	if len(p) < magicSize {
		return malformed(int64(len(p)), "truncated: the magic and the version are %d bytes, found %d", magicSize, len(p))
	}
	if v := p[len(Magic)]; v != Version {
		return unsupported(int64(len(Magic)), "format version %d, expected %d", v, Version)
	}
	s.off = headOffset
	return nil
}

// next reads the type and the length of the chunk that follows, checks that the
// chunk ends within the input, and moves behind it. expected names the chunk that
// is missing where the input ends.
func (s *scanner) next(expected string) (*chunk, error) {
	p, err := s.bytes(s.off, min(s.size-s.off, maxHeaderSize))
	if err != nil {
		return nil, err
	}
	if len(p) <= typeSize {
		return nil, malformed(s.off, "truncated: the input ends before chunk %s", expected)
	}
	c := &chunk{kind: string(p[:typeSize]), off: s.off}
	if !letters(c.kind) {
		return nil, malformed(s.off, "chunk type % x, expected four ASCII letters", p[:typeSize])
	}
	size, n := binary.Uvarint(p[typeSize:])
	if n == 0 {
		return nil, malformed(s.off, "truncated: the length of chunk %s is cut", c.kind)
	}
	c.payload = s.off + typeSize + int64(n)
	left := s.size - c.payload
	if n < 0 || size > uint64(left) {
		return nil, malformed(c.off, "truncated: chunk %s of %d bytes, %d bytes left", c.kind, size, max(left, 0))
	}
	c.size = int64(size)
	if c.end() > s.size {
		return nil, malformed(c.off, "truncated: the checksum of chunk %s is cut", c.kind)
	}
	s.off = c.end()
	return c, nil
}

// read returns the payload of a chunk whose CRC holds.
func (s *scanner) read(c *chunk) ([]byte, error) {
	p, err := s.bytes(c.off, c.end()-c.off)
	if err != nil {
		return nil, fmt.Errorf("chunk %s: %w", c.kind, err)
	}
	body := len(p) - crcSize
	stored := binary.LittleEndian.Uint32(p[body:])
	if sum := crc32.Checksum(p[:body], castagnoli); sum != stored {
		return nil, malformed(c.off, "chunk %s: CRC-32C %08x, expected %08x", c.kind, sum, stored)
	}
	return p[c.payload-c.off : body : body], nil
}

func letters(s string) bool {
	for _, b := range []byte(s) {
		if b |= 0x20; b < 'a' || b > 'z' {
			return false
		}
	}
	return true
}
