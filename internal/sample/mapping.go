package sample

import (
	"encoding/binary"
	"fmt"

	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/raster"
)

// Kind is the form of a Mapping, numbered as in files.
type Kind uint8

// The kinds. RN rounds once, to the nearest sample of the type, ties to the even one.
const (
	Offset  Kind = iota // integers: sample − Offset
	Scaled              // sample = RN(lane·N/D·2^E)
	Fixed               // floats: ⌊sample·2^P⌋, and which of the floats there it is
	Ordered             // the bits of the sample as an integer that orders as samples do
)

var kinds = [...]string{"offset", "scaled", "fixed", "ordered"}

// String is the kind's name.
func (k Kind) String() string {
	if int(k) >= len(kinds) {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kinds[k]
}

// Mapping says how the samples of a band become lanes, numbers of 32 bits. It is part
// of the format: its arithmetic is of integers, and every result is defined to the last
// bit. A sample is a lane and a remainder of RemainderBits; all but Fixed mappings and
// Ordered ones of float64 have none. Fields that the kind does not use are zero. The zero
// Mapping takes integers as they are.
//
// All methods but Validate and Append need a mapping that is valid for the type.
type Mapping struct {
	Kind   Kind
	Offset int64  // of Offset: −2^32 … 2^32
	N, D   uint64 // of Scaled: 1 … 2^53, 1 … 2^32−1
	E      int    // of Scaled: −1074 … 1023
	P      int    // of Fixed: −128 … 149 for float32, −1024 … 1074 for float64
}

// Limits of a Mapping's fields. A numerator holds the whole mantissa of a float64, so that
// any of them can be a step; exponents reach from the least step of float64 to its
// largest. A Fixed mapping of the largest P makes a lane of the least float.
const (
	maxOffset = 1 << 32
	maxN      = 1 << 53
	maxD      = 1<<32 - 1
	minE      = -1074
	maxE      = 1023
)

// Append appends the mapping as files have it: the kind, then the fields that it uses in
// the order of the struct, each a uvarint; signed ones are zigzag.
func (m Mapping) Append(p []byte) []byte {
	p = binary.AppendUvarint(p, uint64(m.Kind))
	switch m.Kind {
	case Offset:
		p = binary.AppendVarint(p, m.Offset)
	case Scaled:
		p = binary.AppendUvarint(p, m.N)
		p = binary.AppendUvarint(p, m.D)
		p = binary.AppendVarint(p, int64(m.E))
	case Fixed:
		p = binary.AppendVarint(p, int64(m.P))
	}
	return p
}

// ParseMapping cuts what Append has written from the beginning of p, for samples of a
// type. The error names the field, and what was expected of it.
func ParseMapping(p []byte, t raster.Type) (m Mapping, rest []byte, err error) {
	d := fields{rest: p}
	kind := d.uint("kind")
	if d.err == nil && kind >= uint64(len(kinds)) {
		d.err = fmt.Errorf("mapping: kind %d, expected 0 to %d", kind, len(kinds)-1)
	}
	m.Kind = Kind(kind)
	if d.err == nil {
		d.err = m.suits(t)
	}
	switch m.Kind {
	case Offset:
		m.Offset = d.int("offset", -maxOffset, maxOffset)
	case Scaled:
		m.N, m.D, m.E = d.uint("N"), d.uint("D"), int(d.int("E", minE, maxE))
	case Fixed:
		least, most := formatOf(t).places()
		m.P = int(d.int("P", least, most))
	}
	if d.err == nil {
		d.err = m.Validate(t)
	}
	if d.err != nil {
		return Mapping{}, nil, d.err
	}
	return m, d.rest, nil
}

// fields cuts the fields of a mapping; after an error all are zero.
type fields struct {
	rest []byte
	err  error
}

func (d *fields) uint(name string) uint64 {
	if d.err != nil {
		return 0
	}
	v, n := rans.Uvarint(d.rest)
	switch {
	case n == 0:
		d.err = fmt.Errorf("mapping ends in the field %s", name)
		return 0
	case n < 0:
		d.err = fmt.Errorf("mapping: %s above 64 bits or not in its shortest form", name)
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// int cuts a zigzag number of least … most.
func (d *fields) int(name string, least, most int64) int64 {
	u := d.uint(name)
	v := int64(u>>1) ^ -int64(u&1)
	if d.err == nil {
		d.err = field{name, v, least, most}.validate()
	}
	if d.err != nil {
		return 0
	}
	return v
}

// suits says where the kind is none for samples of a type.
func (m Mapping) suits(t raster.Type) error {
	switch {
	case !t.Valid():
		return fmt.Errorf("mapping of %v, expected %v to %v", t, raster.Uint8, raster.Float64)
	case int(m.Kind) >= len(kinds):
		return fmt.Errorf("mapping: %v, expected one from %v to %v", m.Kind, Offset, Ordered)
	case m.Kind == Offset && t.Float():
		return fmt.Errorf("mapping: kind %v of %v, expected integers", m.Kind, t)
	case m.Kind == Fixed && !t.Float():
		return fmt.Errorf("mapping: kind %v of %v, expected floats", m.Kind, t)
	}
	return nil
}

// Validate says which field is out of range for samples of a type.
func (m Mapping) Validate(t raster.Type) error {
	if err := m.suits(t); err != nil {
		return err
	}
	used := Mapping{Kind: m.Kind}
	var ranges []field
	switch m.Kind {
	case Offset:
		used.Offset = m.Offset
		ranges = []field{{"offset", m.Offset, -maxOffset, maxOffset}}
	case Scaled:
		used.N, used.D, used.E = m.N, m.D, m.E
		ranges = []field{{"N", clip(m.N), 1, maxN}, {"D", clip(m.D), 1, maxD}, {"E", int64(m.E), minE, maxE}}
	case Fixed:
		used.P = m.P
		least, most := formatOf(t).places()
		ranges = []field{{"P", int64(m.P), least, most}}
	}
	if m != used {
		return fmt.Errorf("mapping: %+v, expected zeros in what kind %v does not use", m, m.Kind)
	}
	for _, f := range ranges {
		if err := f.validate(); err != nil {
			return err
		}
	}
	return nil
}

type field struct {
	name               string
	value, least, most int64
}

func (f field) validate() error {
	if f.value < f.least || f.value > f.most {
		return fmt.Errorf("mapping: %s %d, expected %d to %d", f.name, f.value, f.least, f.most)
	}
	return nil
}

// clip is v, or the largest int64, which is out of every range.
func clip(v uint64) int64 { return int64(min(v, 1<<63-1)) }

// RemainderBits is the number of bits of the remainder of a lane, 0 to 63.
func (m Mapping) RemainderBits(t raster.Type, lane int32) int {
	switch {
	case m.Kind == Fixed:
		f := fixed{formatOf(t), m.P}
		return f.bits(lane)
	case m.Kind == Ordered && t == raster.Float64:
		return 32
	}
	return 0
}

// converter does what a Mapping says, for one type. Samples are words: the bits of a
// float, the two's complement of an integer.
type converter interface {
	// split is the lane and the remainder of a sample; ok is false where there are none.
	split(word uint64) (lane int32, rem uint64, ok bool)
	// join is the inverse, and defined for whatever it is given.
	join(lane int32, rem uint64) uint64
	// nearest is the lane whose sample is nearest; ok is false where that is beyond the
	// lanes' range, or the sample is not finite.
	nearest(word uint64) (lane int32, ok bool)
}

func (m Mapping) converter(t raster.Type) converter {
	switch {
	case m.Kind == Offset:
		return &offset{integersOf(t), m.Offset}
	case m.Kind == Scaled && t.Float():
		return newScaledFloat(m, formatOf(t))
	case m.Kind == Scaled:
		return &scaledInteger{integersOf(t), divisorOf(m.N), divisorOf(m.D), m.E}
	case m.Kind == Fixed:
		return &fixed{formatOf(t), m.P}
	case t == raster.Float32:
		return orderedFloat32{}
	case t == raster.Float64:
		return orderedFloat64{}
	}
	r := integersOf(t)
	return &offset{r, r.least + (r.most-r.least+1)/2}
}
