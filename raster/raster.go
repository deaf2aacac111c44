// Package raster holds typed samples of any number of bands: what the codec takes
// and gives back. A [Source] gives rectangles of them, a [Sink] takes them, and a
// [Block] is such a rectangle in memory. Nothing needs a whole raster at once.
package raster

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// Type is the type of the samples of all bands.
type Type uint8

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

// types has the properties of each Type.
var types = [...]struct {
	name string
	size int
}{
	Uint8: {"uint8", 1}, Uint16: {"uint16", 2}, Uint32: {"uint32", 4},
	Int8: {"int8", 1}, Int16: {"int16", 2}, Int32: {"int32", 4},
	Float32: {"float32", 4}, Float64: {"float64", 8},
}

// Valid tells whether t is one of the types.
func (t Type) Valid() bool { return t >= Uint8 && t <= Float64 }

// Size is the number of bytes of a sample, 0 of an invalid type.
func (t Type) Size() int {
	if !t.Valid() {
		return 0
	}
	return types[t].size
}

// Float tells whether samples are floating-point numbers.
func (t Type) Float() bool { return t == Float32 || t == Float64 }

// Signed tells whether samples are integers that may be negative.
func (t Type) Signed() bool { return t >= Int8 && t <= Int32 }

// Max is the largest integer that a sample can be, 0 of floating point.
func (t Type) Max() int64 {
	switch {
	case !t.Valid() || t.Float():
		return 0
	case t.Signed():
		return 1<<(8*t.Size()-1) - 1
	}
	return 1<<(8*t.Size()) - 1
}

// Role says what a band means. It is stated, never inferred from the number of
// bands.
type Role uint8

// The roles.
const (
	Data          Role = iota // a measurement: no colour transform, no subsampling
	Gray                      // lightness
	Red                       // Red, Green and Blue stand in a row
	Green                     //
	Blue                      //
	Alpha                     // opacity; the bands beside it are as they are
	Premultiplied             // opacity; Gray, Red, Green and Blue have been multiplied by it
	Index                     // into Format.Palette
	Label                     // the name of a class: overviews decimate, they do not average
)

var roles = [...]string{"data", "gray", "red", "green", "blue", "alpha", "premultiplied alpha", "index", "label"}

// Valid tells whether r is one of the roles.
func (r Role) Valid() bool { return int(r) < len(roles) }

// Band describes one band.
type Band struct {
	Role Role
	Name string
	// NoData is the sample that stands for none, nil where every sample counts.
	NoData *float64
	// What is measured is Offset + Scale·sample; a Scale of 0 stands for 1.
	Scale, Offset float64
}

// Mask tells whether a band says where the others count: alpha of which 0 is the sample of no data.
func (b *Band) Mask() bool { return b.Role == Alpha && b.NoData != nil && *b.NoData == 0 }

// Format is what all samples of a raster have in common.
type Format struct {
	Width, Height int // in pixels, 1 to MaxSide
	Type          Type
	Bands         []Band // 1 to MaxBands
	// Max is the sample of full scale of unsigned integers, where it is not
	// Type.Max(): 1023 of 10 bits. 0 stands for Type.Max().
	Max int64
	// Palette has the colours of a band of role Index.
	Palette color.Palette
}

// Limits of a Format.
const (
	MaxSide  = math.MaxInt32
	MaxBands = 65535
)

// Bounds is (0,0)-(Width,Height).
func (f *Format) Bounds() image.Rectangle { return image.Rect(0, 0, f.Width, f.Height) }

// FullScale is the sample of full scale of integers, 0 of floating point.
func (f *Format) FullScale() int64 {
	if f.Max != 0 {
		return f.Max
	}
	return f.Type.Max()
}

// Range is the difference of the largest and the least integer that a sample can be, 0 of
// floating point.
func (f *Format) Range() int64 {
	if f.Type.Signed() {
		return 2*f.Type.Max() + 1
	}
	return f.FullScale()
}

// Bytes is the number of bytes of all samples, or math.MaxInt64 where that is more.
func (f *Format) Bytes() int64 {
	n := int64(f.Width) * int64(f.Height)
	pixel := int64(f.Type.Size()) * int64(len(f.Bands))
	if pixel > 0 && n > math.MaxInt64/pixel {
		return math.MaxInt64
	}
	return n * pixel
}

// Validate says which field is out of range.
func (f *Format) Validate() error {
	switch {
	case f.Width < 1 || f.Width > MaxSide || f.Height < 1 || f.Height > MaxSide:
		return fmt.Errorf("raster of %d×%d pixels, expected sides of 1 to %d", f.Width, f.Height, MaxSide)
	case !f.Type.Valid():
		return fmt.Errorf("sample %v, expected %v to %v", f.Type, Uint8, Float64)
	case len(f.Bands) < 1 || len(f.Bands) > MaxBands:
		return fmt.Errorf("%d bands, expected 1 to %d", len(f.Bands), MaxBands)
	case f.Max < 0 || f.Max > 0 && (f.Type.Signed() || f.Max > f.Type.Max()):
		return fmt.Errorf("samples of %v up to %d, expected 1 to %d", f.Type, f.Max, f.Type.Max())
	}
	return f.validateRoles()
}

func (f *Format) validateRoles() error {
	for i, b := range f.Bands {
		switch {
		case !b.Role.Valid():
			return fmt.Errorf("band %d: %v, expected one from %v to %v", i, b.Role, Data, Label)
		case b.Role == Index && (f.Type != Uint8 && f.Type != Uint16 || len(f.Palette) == 0):
			return fmt.Errorf("band %d: an index of %v into %d colours, expected uint8 or uint16 and a palette", i, f.Type, len(f.Palette))
		}
	}
	return nil
}

// Colour is the first of three bands Red, Green and Blue in a row, or -1.
func (f *Format) Colour() int {
	for i := range f.Bands {
		if i+2 < len(f.Bands) && f.Bands[i].Role == Red && f.Bands[i+1].Role == Green && f.Bands[i+2].Role == Blue {
			return i
		}
	}
	return -1
}

// Bands returns bands of the given roles, with nothing else said of them.
func Bands(roles ...Role) []Band {
	b := make([]Band, len(roles))
	for i, r := range roles {
		b[i].Role = r
	}
	return b
}
