package refdec

import (
	"fmt"
	"math"
	"slices"
)

// Header is the content of HEAD, in its words, and what PLAN says of the coding besides
// tables.
type Header struct {
	Width, Height int      // in pixels
	Type          Type     // of the samples
	Roles         []Role   // of the bands
	Maximum       int64    // the sample of full scale, whether HEAD states it or not
	TileLog2      int      // of the side of a tile in pixels
	GroupRows     int      // rows of tiles in a group
	Bound         int      // 0 RMS, 1 the largest error of a sample
	T             uint64   // the promise, in 1/65536 level with bound 0, in steps of the samples with bound 1, of floats the bits of a float64
	Colours       [][4]int // R, G, B, A, of a band of role Index

	Engine      Engine
	Flags       int  // of the predictive engine
	Subsampling int  // of the transform engine: 0 none, 1 4:2:0
	Restored    bool // of the transform engine: whether planes are
	Guided      bool // of the transform engine: whether luma guides chroma
	Predicted   bool // of the transform engine: whether leaves have modes
	Classes     bool // of the transform engine: whether leaves have step classes
	Step        int  // of the transform engine: Δ of the quantiser in 1/8 level
}

// Type is the type of samples.
type Type int

// The types.
const (
	Uint8 Type = iota + 1
	Uint16
	Uint32
	Int8
	Int16
	Int32
	Float32
	Float64
)

// typeBytes are the sizes of samples.
var typeBytes = [...]int{1: 1, 2, 4, 1, 2, 4, 4, 8}

// largest is the largest sample of unsigned integers, 0 of other types.
func (t Type) largest() uint64 {
	if t > Uint32 {
		return 0
	}
	return 1<<(8*typeBytes[t]) - 1
}

func (t Type) float() bool { return t >= Float32 }

// narrow tells whether numbers of samples have 8 or 16 bits.
func (t Type) narrow() bool { return !t.float() && typeBytes[t] <= 2 }

// least and most are the ends of the range of integers.
func (t Type) least() int64 {
	if t < Int8 {
		return 0
	}
	return -1 << (8*typeBytes[t] - 1)
}

func (t Type) most() int64 { return t.least() + 1<<(8*typeBytes[t]) - 1 }

// infinity is the pattern of that float, its bits but for the sign, which sign is.
func (t Type) infinity() uint64 {
	if t == Float32 {
		return 0x7F800000
	}
	return 0x7FF << 52
}

func (t Type) sign() uint64 {
	switch t {
	case Float32:
		return 1 << 31
	case Float64:
		return 1 << 63
	}
	return 0
}

// has tells whether a sample is one of the type.
func (t Type) has(sample int64) bool {
	switch {
	case t == Float64:
		return true
	case t == Float32:
		return sample>>32 == 0
	}
	return sample >= t.least() && sample <= t.most()
}

// value is a sample as a number.
func (t Type) value(sample int64) float64 {
	switch t {
	case Float32:
		return float64(math.Float32frombits(uint32(sample)))
	case Float64:
		return math.Float64frombits(uint64(sample))
	}
	return float64(sample)
}

// sample is the inverse of value.
func (t Type) sample(v float64) int64 {
	switch t {
	case Float32:
		return int64(math.Float32bits(float32(v)))
	case Float64:
		return int64(math.Float64bits(v))
	}
	return int64(v)
}

// Role is what a band means.
type Role int

// The roles.
const (
	Data Role = iota
	Gray
	Red
	Green
	Blue
	Straight      // alpha beside bands as they are
	Premultiplied // alpha by which these have been multiplied
	Index
	Label
)

// Engine is the coder of the tiles.
type Engine int

// The engines.
const (
	Transform Engine = iota
	Predictive
	Layered
)

// The flags of the predictive engine.
const (
	Singles = 1 // levels take single samples
	Merged  = 2
	Mapped  = 4 // mappings make numbers of samples
)

// Has tells whether a flag is set.
func (h *Header) Has(flag int) bool { return h.Flags&flag != 0 }

// NumBands is the number of bands.
func (h *Header) NumBands() int { return len(h.Roles) }

// Depth is the number of bits of a sample.
func (h *Header) Depth() int { return 8 * typeBytes[h.Type] }

// Alpha is what the last of 2 or 4 bands is, Data of others.
func (h *Header) Alpha() Role {
	if h.NumBands()%2 == 1 {
		return Data
	}
	return h.Roles[h.NumBands()-1]
}

// tileSide is the side of a tile in pixels.
func (h *Header) tileSide() int { return 1 << h.TileLog2 }

// grid is the number of tiles across and down.
func (h *Header) grid() (across, down int) {
	return (h.Width-1)/h.tileSide() + 1, (h.Height-1)/h.tileSide() + 1
}

// Groups is the number of groups of rows of tiles.
func (h *Header) Groups() int {
	_, down := h.grid()
	return (down-1)/h.GroupRows + 1
}

// groupTiles is the number of tiles of a group.
func (h *Header) groupTiles(group int) int {
	across, down := h.grid()
	return across * min(h.GroupRows, down-group*h.GroupRows)
}

// tileSize is the size of a tile in pixels, and where it lies.
func (h *Header) tileSize(tile int) (left, top, w, height int) {
	across, _ := h.grid()
	left, top = tile%across*h.tileSide(), tile/across*h.tileSide()
	return left, top, min(h.tileSide(), h.Width-left), min(h.tileSide(), h.Height-top)
}

// field is a field of HEAD and its range.
type field struct {
	name        string
	least, most uint64
}

// in reads a field.
func (f field) in(r *reader) uint64 {
	v := r.uvarint(f.name)
	if r.err == nil && (v < f.least || v > f.most) {
		r.fail("%s %d, expected %d to %d", f.name, v, f.least, f.most)
	}
	if r.err != nil {
		return f.least
	}
	return v
}

// readHead reads HEAD.
func (f *File) readHead(r *reader, maxPixels int64) error {
	next := func(name string, least, most uint64) int { return int(field{name, least, most}.in(r)) }
	h := &f.Header
	h.Width, h.Height = next("width", 1, math.MaxInt32), next("height", 1, math.MaxInt32)
	h.Type = Type(next("type", 1, 8))
	h.readRoles(r, next("number of bands", 1, 65535))
	h.Maximum = int64(field{"maximum", 0, h.Type.largest()}.in(r))
	switch largest := h.Type.largest(); {
	case h.Maximum == 0:
		h.Maximum = int64(largest)
	case uint64(h.Maximum) == largest:
		r.fail("maximum %d of type %d, expected 0 in its place", h.Maximum, h.Type)
	}
	h.TileLog2, h.GroupRows = next("tile log2", 6, 11), next("rows of tiles in a group", 1, math.MaxInt32)
	h.Bound, h.T = next("bound", 0, 1), r.uvarint("t")
	if slices.Contains(h.Roles, Index) {
		h.readColours(r)
	}
	if err := r.end(); err != nil {
		return err
	}
	n := padded(h.Width) * padded(h.Height)
	if n > maxPixels {
		return fmt.Errorf("HEAD: %d×%d pixels, %d in multiples of 32, above the limit of %d", h.Width, h.Height, n, maxPixels)
	}
	if bands := int64(h.NumBands()); bands > 4 && n > 4*maxPixels/bands {
		return fmt.Errorf("HEAD: %d bands of %d×%d pixels, above the limit of %d samples", bands, h.Width, h.Height, 4*maxPixels)
	}
	return nil
}

// padded is a side rounded up to a multiple of 32.
func padded(side int) int64 { return (int64(side) + 31) / 32 * 32 }

// readRoles reads runs of roles of n bands.
func (h *Header) readRoles(r *reader, n int) {
	for len(h.Roles) < n && r.err == nil {
		role := Role(field{"role", 0, 8}.in(r))
		if k := len(h.Roles); k > 0 && h.Roles[k-1] == role {
			r.fail("role %d again, expected another one", role)
		}
		run := field{"number of bands of the role", 1, uint64(n - len(h.Roles))}
		for range run.in(r) {
			h.Roles = append(h.Roles, role)
		}
	}
}

// readColours reads the colours of a palette, of whose indices the maximum says nothing.
func (h *Header) readColours(r *reader) {
	if h.Type > Uint16 {
		r.fail("indices of type %d, expected %d or %d", h.Type, Uint8, Uint16)
		return
	}
	h.Maximum = int64(h.Type.largest())
	n := field{"number of colours less 1", 0, h.Type.largest()}.in(r) + 1
	p := r.bytes(4*n, "colours")
	for ; len(p) > 0; p = p[4:] {
		h.Colours = append(h.Colours, [4]int{int(p[0]), int(p[1]), int(p[2]), int(p[3])})
	}
}
