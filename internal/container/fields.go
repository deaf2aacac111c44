package container

import (
	"encoding/binary"
	"math/bits"
)

// uvarint is binary.Uvarint that takes the shortest form of a number only, so that
// there is one way to write it. n is 0 where p ends too early and negative where the
// number exceeds 64 bits or has a longer form.
func uvarint(p []byte) (v uint64, n int) {
	v, n = binary.Uvarint(p)
	if n > 1 && p[n-1] == 0 {
		return 0, -n
	}
	return v, n
}

// uvarintSize is the number of bytes of a uvarint.
func uvarintSize(v uint64) int { return max(bits.Len64(v)+6, 7) / 7 }

// fields cuts the fields of a chunk's payload; after an error all are zero.
type fields struct {
	kind string // of the chunk
	off  int64  // of the chunk
	rest []byte
	err  error
}

// uint cuts a uvarint of at most limit.
func (d *fields) uint(name string, limit uint64) uint64 {
	if d.err != nil {
		return 0
	}
	v, n := uvarint(d.rest)
	switch {
	case n == 0:
		d.fail("%s ends before the field %s", d.kind, name)
		return 0
	case n < 0:
		d.fail("%s: %s above 64 bits or not in its shortest form", d.kind, name)
		return 0
	case v > limit:
		d.fail("%s: %s %d, expected at most %d", d.kind, name, v, limit)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// bytes cuts n bytes.
func (d *fields) bytes(name string, n int) []byte {
	if d.err == nil && len(d.rest) < n {
		d.fail("%s ends before the field %s", d.kind, name)
	}
	if d.err != nil {
		return nil
	}
	p := d.rest[:n:n]
	d.rest = d.rest[n:]
	return p
}

// fail sets the error unless there is one.
func (d *fields) fail(format string, args ...any) {
	if d.err == nil {
		d.err = malformed(d.off, format, args...)
	}
}

// end returns the error, or one that says what is left.
func (d *fields) end() error {
	if len(d.rest) > 0 {
		d.fail("%s: %d bytes after the last field, expected none", d.kind, len(d.rest))
	}
	return d.err
}
