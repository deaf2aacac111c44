package container

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ReadFile reads a file from a stream up to its last byte and no further. accept
// sees the header before more is read. Memory grows with what arrives. Chunks are
// told apart, not checked: that is for Open.
func ReadFile(r io.Reader, accept func(*Header) error) ([]byte, error) {
	s := stream{r: r}
	if err := s.take(int64(magicSize)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if err := newScanner(bytes.NewReader(s.data.Bytes()), int64(s.data.Len())).magic(); err != nil {
		return nil, err
	}
	for range maxChunks {
		kind, err := s.chunk()
		switch {
		case err != nil:
			return nil, err
		case kind == typeBody:
			return s.data.Bytes(), nil
		case kind == typeHead:
			h, err := ReadHeader(bytes.NewReader(s.data.Bytes()))
			if err == nil {
				err = accept(&h)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, malformed(int64(s.data.Len()), "more than %d chunks before %s", maxChunks, typeBody)
}

// stream gathers what it reads.
type stream struct {
	r    io.Reader
	data bytes.Buffer
}

// take reads n bytes more.
func (s *stream) take(n int64) error {
	at := int64(s.data.Len())
	switch got, err := io.CopyN(&s.data, s.r, n); {
	case err == io.EOF:
		return truncated(at+got, "expected %d more bytes", n-got)
	case err != nil:
		return &ReadError{at, n, err}
	}
	return nil
}

// chunk reads a chunk and returns its type; HEAD comes first.
func (s *stream) chunk() (kind string, err error) {
	off := s.data.Len()
	if err := s.take(typeSize); err != nil {
		return "", err
	}
	kind = string(s.data.Bytes()[off:])
	if off == magicSize && kind != typeHead {
		return "", malformed(int64(off), "chunk %q, expected %s first", kind, typeHead)
	}
	size, err := binary.ReadUvarint(s)
	if err != nil {
		return "", fmt.Errorf("length of chunk %q: %w", kind, err)
	}
	c := chunk{kind: kind, size: int64(size)}
	if n := c.end(); n >= 0 && c.size >= 0 {
		return kind, s.take(n)
	}
	return "", malformed(int64(off), "chunk %q: length above 63 bits", kind)
}

// ReadByte implements io.ByteReader for lengths.
func (s *stream) ReadByte() (byte, error) {
	if err := s.take(1); err != nil {
		return 0, err
	}
	return s.data.Bytes()[s.data.Len()-1], nil
}
