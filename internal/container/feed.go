package container

import (
	"bytes"
	"context"
	"errors"
	"hash/crc32"
	"io"
	"math"
)

// feed reads a stream chunk by chunk, no byte further than it is asked for.
type feed struct {
	r    io.Reader
	base int64        // of the first byte of data
	data bytes.Buffer // what has been read of the chunk that comes next
}

// off is where the next byte lies.
func (f *feed) off() int64 { return f.base + int64(f.data.Len()) }

// take reads n bytes more. Memory grows with what arrives.
func (f *feed) take(n int64) error {
	at := f.off()
	got, err := io.CopyN(&f.data, f.r, n)
	return ended(at, n, got, err)
}

// ended is the error of reading n bytes of which got have arrived.
func ended(at, n, got int64, err error) error {
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return truncated(at+got, "expected %d more bytes", n-got)
	case err != nil:
		return &ReadError{at, n, err}
	}
	return nil
}

// forget lets go of what has been read.
func (f *feed) forget() { f.base, f.data = f.off(), bytes.Buffer{} }

// bytes reads n bytes that are no part of a chunk's head, less where the stream ends.
func (f *feed) bytes(n int64) ([]byte, error) {
	const atOnce = 1 << 20 // that is allocated before it has arrived
	f.forget()
	if n > atOnce {
		err := f.take(n)
		p := f.data.Bytes()
		f.forget()
		return p, err
	}
	p := make([]byte, n)
	got, err := io.ReadFull(f.r, p)
	at := f.base
	f.base += int64(got)
	return p[:got:got], ended(at, n, int64(got), err)
}

// scanner walks what has been read.
func (f *feed) scanner() *scanner {
	p := f.data.Bytes()
	return &scanner{input: &input{size: int64(len(p)), held: []span{{0, p}}}, ctx: context.Background()}
}

// header reads the magic, the version and HEAD.
func (f *feed) header(maxPixels int64) (*Header, error) {
	if err := f.take(int64(magicSize)); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if err := f.scanner().magic(); err != nil {
		return nil, err
	}
	c, err := f.next()
	if err != nil {
		return nil, err
	}
	// What is wrong with another chunk, or a longer one, is the scanner's to say.
	if c.kind == typeHead && c.size <= maxHeadSize {
		if err := f.take(c.end() - f.off()); err != nil {
			return nil, err
		}
	}
	return f.scanner().header(maxPixels)
}

// next reads the type and the length of a chunk.
func (f *feed) next() (*chunk, error) {
	off, at := f.off(), f.data.Len()
	if err := f.take(typeSize); err != nil {
		return nil, err
	}
	kind := string(f.data.Bytes()[at:])
	if !letters(kind) {
		return nil, malformed(off, "chunk type % x, expected four ASCII letters", kind)
	}
	size, n := uint64(0), 0
	for n == 0 {
		if err := f.take(1); err != nil {
			return nil, err
		}
		size, n = uvarint(f.data.Bytes()[at+typeSize:])
	}
	c := &chunk{kind: kind, off: off, payload: f.off()}
	if n < 0 || size > math.MaxInt64-uint64(c.payload)-crcSize {
		return nil, malformed(off, "chunk %s: length above 63 bits or not in its shortest form", kind)
	}
	c.size = int64(size)
	return c, nil
}

// nextOf is next of a chunk of the given kind; another one is an error.
func (f *feed) nextOf(kind string) (*chunk, error) {
	f.forget()
	c, err := f.next()
	if err == nil && c.kind != kind {
		return nil, c.misplaced(kind)
	}
	return c, err
}

// read returns the payload of the chunk that next has begun, if its CRC holds.
func (f *feed) read(c *chunk) ([]byte, error) {
	p, err := f.rest(c)
	if err != nil {
		return nil, err
	}
	return c.open(p)
}

// rest reads what follows the head of a chunk, and returns all of the chunk.
func (f *feed) rest(c *chunk) ([]byte, error) {
	err := f.take(c.end() - f.off())
	p := f.data.Bytes()
	f.forget()
	return p, err
}

// skip reads what follows the head of a chunk, and some of its payload, and lets go of it.
// damage tells of a wrong checksum, err that there is nothing behind.
func (f *feed) skip(c *chunk) (damage, err error) {
	sum := crc32.New(castagnoli)
	sum.Write(f.data.Bytes())
	f.forget()
	n := c.payload + c.size - f.base
	got, err := io.CopyN(sum, f.r, n)
	at := f.base
	f.base += got
	if err := ended(at, n, got, err); err != nil || !c.checked() {
		return nil, err
	}
	stored, err := f.bytes(crcSize)
	if err != nil {
		return nil, err
	}
	return c.compare(sum.Sum32(), stored), nil
}
