package refdec

import (
	"encoding/binary"
	"fmt"
)

// reader takes fields off the front of data, a part of a file that a section describes.
// After an error, which err keeps, all fields are zero.
type reader struct {
	data    []byte
	at      int // offset of data in the file
	section string
	notes   *[]Note // nil where nobody asks
	err     error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: before byte %d of the file: %s", r.section, r.at, fmt.Sprintf(format, args...))
	}
}

// note says what the next n bytes are.
func (r *reader) note(n int, what string) {
	if r.notes != nil && r.err == nil && n > 0 {
		*r.notes = append(*r.notes, Note{r.at, n, what})
	}
}

// skip moves on by n bytes and gives them.
func (r *reader) skip(n uint64, what string) []byte {
	if n > uint64(len(r.data)) {
		r.fail("%s of %d bytes, but %d are left", what, n, len(r.data))
	}
	if r.err != nil {
		return nil
	}
	p := r.data[:n:n]
	r.data, r.at = r.data[n:], r.at+int(n)
	return p
}

func (r *reader) bytes(n uint64, what string) []byte {
	if n <= uint64(len(r.data)) {
		r.note(int(n), what)
	}
	return r.skip(n, what)
}

// uvarint takes a base-128 number (FORMAT.md, "Conventions").
func (r *reader) uvarint(what string) uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || n > 1 && r.data[n-1] == 0 {
		r.fail("%s is cut, above 64 bits or not in its shortest form", what)
		return 0
	}
	r.note(n, fmt.Sprintf("%s: %d", what, v))
	r.skip(uint64(n), what)
	return v
}

// byte takes a byte of at most the given value.
func (r *reader) byte(what string, most byte) int {
	if len(r.data) > 0 {
		r.note(1, fmt.Sprintf("%s: %d", what, r.data[0]))
	}
	p := r.skip(1, what)
	if p == nil {
		return 0
	}
	if p[0] > most {
		r.fail("%s %d, expected 0 to %d", what, p[0], most)
	}
	return int(p[0])
}

func (r *reader) uint32(what string) uint32 {
	p := r.bytes(4, what)
	if p == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(p)
}

// part is a reader of the next n bytes.
func (r *reader) part(n uint64, section string) reader {
	p := reader{at: r.at, section: section, notes: r.notes}
	p.data = r.skip(n, section)
	return p
}

// end holds the part to end here.
func (r *reader) end() error {
	if len(r.data) > 0 {
		r.fail("%d more bytes, expected none", len(r.data))
	}
	return r.err
}
