package bmp

import (
	"fmt"
	"math/bits"
)

// field is where the pixel of a bitmap has a channel.
type field struct {
	mask  uint32
	shift int
	max   uint32    // 2^n-1 for n bits
	table [256]byte // the samples for up to 8 bits
}

// fields are red, green, blue and alpha; those that are not there are zero.
type fields [4]field

// newField checks a mask of pixels of n bits.
func newField(mask uint32, n int) (field, error) {
	if mask == 0 {
		return field{}, nil
	}
	shift := bits.TrailingZeros32(mask)
	f := field{mask: mask, shift: shift, max: mask >> shift}
	if f.max&(f.max+1) != 0 || bits.Len32(mask) > n {
		return field{}, fmt.Errorf("%#x: expected bits side by side in a pixel of %d", mask, n)
	}
	for v := range min(f.max, 255) + 1 {
		f.table[v] = f.scale(v)
	}
	return f, nil
}

// widest is the number of bits of the widest field.
func (f *fields) widest() (n int) {
	for i := range f {
		n = max(n, bits.Len32(f[i].max))
	}
	return n
}

// scale brings a value of 0 to max to 8 bits. Readers differ by a level here:
// this one rounds down, as Pillow does; GDAL rounds to the nearest, and
// ImageMagick repeats the bits.
func (f *field) scale(v uint32) byte {
	return byte(uint64(v) * 255 / uint64(f.max))
}

// stride is the length of a row in the file, which is a multiple of 4 bytes;
// used is what the pixels take of it.
func (h *header) stride() (stride, used int64) {
	n := int64(h.W) * int64(h.Bits)
	return (n + 31) / 32 * 4, (n + 7) / 8
}

// checkRows holds the length of the file against the rows of the header. The
// last may lack its padding.
func (h *header) checkRows(size int64) error {
	stride, used := h.stride()
	room := size - h.dataAt
	rows := room / stride
	if rest := room % stride; rows >= int64(h.H) || rows == int64(h.H-1) && rest >= used {
		return nil
	}
	return fmt.Errorf("pixels at byte %d: found %d rows of %d bytes, expected %d", h.dataAt, rows, stride, h.H)
}

// unpacker is what turns a row of the file into samples.
func (h *header) unpacker() func(dst, src []byte) {
	switch {
	case h.Bits < 8:
		return h.unpackIndices
	case h.Bits == 8:
		return func(dst, src []byte) { copy(dst, src) }
	case h.Bits == 24:
		return swapColours
	}
	return h.unpackFields
}

// swapColours turns blue, green and red around.
func swapColours(dst, src []byte) {
	for i := 0; i+3 <= len(dst); i += 3 {
		dst[i], dst[i+1], dst[i+2] = src[i+2], src[i+1], src[i]
	}
}

// unpackIndices takes the pixels of 1, 2 or 4 bits from the highest bits on.
func (h *header) unpackIndices(dst, src []byte) {
	in := 8 / h.Bits
	mask := byte(1)<<h.Bits - 1
	for x := range dst {
		dst[x] = src[x/in] >> ((in - 1 - x%in) * h.Bits) & mask
	}
}

// unpackFields takes the channels of pixels of 16 or 32 bits.
func (h *header) unpackFields(dst, src []byte) {
	size := h.Bits / 8
	for ; len(dst) > 0; dst, src = dst[h.Channels:], src[size:] {
		p := uint32(le.Uint16(src))
		if size == 4 {
			p = le.Uint32(src)
		}
		for c := range h.Channels {
			f := &h.fields[c]
			if v := p & f.mask >> f.shift; f.max <= 255 {
				dst[c] = f.table[v]
			} else {
				dst[c] = f.scale(v)
			}
		}
	}
}
