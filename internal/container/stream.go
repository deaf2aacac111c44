package container

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
)

// ReadFile reads a file from a stream up to its last byte and no further. accept
// sees the header before more is read. Memory grows with what arrives. Chunks are
// told apart, not checked: that is for Open.
func ReadFile(r io.Reader, accept func(*Header) error) ([]byte, error) {
	s := stream{r: r}
	h, err := s.header(math.MaxInt64)
	if err == nil {
		err = accept(h)
	}
	if err != nil {
		return nil, err
	}
	last := typeTail
	if h.Groups() == 1 {
		last = typeBody
	}
	chunks := maxAncillary + 3*int64(h.Groups()) + maxLevel + 3
	for range chunks {
		c, err := s.next()
		if err == nil {
			err = s.take(c.end() - int64(s.data.Len()))
		}
		if err != nil {
			return nil, err
		}
		if c.kind == last {
			return s.data.Bytes(), nil
		}
	}
	return nil, malformed(int64(s.data.Len()), "more than %d chunks before %s", chunks, last)
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

// scanner walks what has been read.
func (s *stream) scanner() *scanner {
	p := s.data.Bytes()
	return &scanner{input: &input{size: int64(len(p)), held: []span{{0, p}}}, ctx: context.Background()}
}

// header reads the magic, the version and HEAD.
func (s *stream) header(maxPixels int64) (*Header, error) {
	if err := s.take(int64(magicSize)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if err := s.scanner().magic(); err != nil {
		return nil, err
	}
	c, err := s.next()
	if err != nil {
		return nil, err
	}
	// What is wrong with another chunk, or a longer one, is the scanner's to say.
	if c.kind == typeHead && c.size <= maxHeadSize {
		if err := s.take(c.end() - int64(s.data.Len())); err != nil {
			return nil, err
		}
	}
	return s.scanner().header(maxPixels)
}

// next reads the type and the length of a chunk.
func (s *stream) next() (*chunk, error) {
	off := int64(s.data.Len())
	if err := s.take(typeSize); err != nil {
		return nil, err
	}
	kind := string(s.data.Bytes()[off:])
	if !letters(kind) {
		return nil, malformed(off, "chunk type % x, expected four ASCII letters", kind)
	}
	size, n := uint64(0), 0
	for n == 0 {
		if err := s.take(1); err != nil {
			return nil, err
		}
		size, n = uvarint(s.data.Bytes()[off+typeSize:])
	}
	c := &chunk{kind: kind, off: off, payload: int64(s.data.Len()), size: int64(size)}
	if n < 0 || c.size < 0 || c.end() < c.size {
		return nil, malformed(off, "chunk %s: length above 63 bits or not in its shortest form", kind)
	}
	return c, nil
}
