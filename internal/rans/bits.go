package rans

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// BitWriter collects raw bits, most significant first.
type BitWriter struct {
	buf []byte
	acc uint64
	n   uint
}

// Put appends the low n bits of v, n at most 32.
func (w *BitWriter) Put(v uint32, n uint) {
	w.acc = w.acc<<n | uint64(v)
	w.n += n
	for w.n >= 32 {
		w.n -= 32
		w.buf = binary.BigEndian.AppendUint32(w.buf, uint32(w.acc>>w.n))
	}
}

// PutExpGolomb appends v ≥ 0 in the Exp-Golomb code of order 0, v below 2^32-1.
func (w *BitWriter) PutExpGolomb(v uint32) {
	n := uint(bits.Len32(v + 1))
	w.Put(0, n-1)
	w.Put(v+1, n)
}

// AppendReversed appends the bits to dst, last byte first, as BitReader reads them.
func (w *BitWriter) AppendReversed(dst []byte) []byte {
	dst = append(dst, w.bytes()...)
	slices.Reverse(dst[len(dst)-w.Len():])
	return dst
}

// bytes returns what was written, the last byte filled up with zeros.
func (w *BitWriter) bytes() []byte {
	out := w.buf
	for n := w.n; n > 0; n = n - min(n, 8) {
		if n >= 8 {
			out = append(out, byte(w.acc>>(n-8)))
		} else {
			out = append(out, byte(w.acc<<(8-n)))
		}
	}
	return out
}

// Len is the number of bytes of what was written.
func (w *BitWriter) Len() int { return len(w.buf) + int(w.n+7)/8 }

// Clone is a writer of what was written, in memory of its own.
func (w *BitWriter) Clone() BitWriter { return BitWriter{slices.Clone(w.buf), w.acc, w.n} }

// Empty tells whether nothing was written.
func (w *BitWriter) Empty() bool { return len(w.buf) == 0 && w.n == 0 }

// Reset empties the writer and keeps its memory.
func (w *BitWriter) Reset() { *w = BitWriter{buf: w.buf[:0]} }

// BitReader reads what BitWriter wrote, from the end of data to its front.
// Bits beyond the front are zeros and set over.
type BitReader struct {
	data []byte
	end  int    // bytes not yet taken into acc; negative beyond the front
	acc  uint64 // n valid bits at its top
	n    int
	over bool
}

// NewBitReader starts at the end of data.
func NewBitReader(data []byte) BitReader { return BitReader{data: data, end: len(data)} }

// left is the number of bytes of which no bit was used, negative beyond the front.
func (r *BitReader) left() int { return r.end + r.n/8 }

// Done checks that the data was used up, to the last byte.
func (r *BitReader) Done() error {
	if r.over || r.left() != 0 {
		return ErrCorrupt
	}
	return nil
}

// Bits reads n raw bits, n at most 32.
func (r *BitReader) Bits(n int) uint32 {
	if r.n < n {
		r.refill()
	}
	v := uint32(r.acc >> 32 >> (32 - uint(n)))
	r.acc <<= uint(n)
	r.n -= n
	return v
}

// refill leaves at least 32 bits; beyond the segment's front they are zeros.
func (r *BitReader) refill() {
	if r.n <= 32 && r.end >= 4 {
		r.end -= 4
		r.acc |= uint64(binary.LittleEndian.Uint32(r.data[r.end:])) << (32 - r.n)
		r.n += 32
		return
	}
	for r.n <= 56 {
		var b byte
		r.end--
		if r.end >= 0 {
			b = r.data[r.end]
		}
		r.acc |= uint64(b) << (56 - r.n)
		r.n += 8
	}
}

// ExpGolomb reads a number in the Exp-Golomb code of order 0; a
// longer code marks the segment as damaged.
func (r *BitReader) ExpGolomb() uint32 {
	if r.n < 32 {
		r.refill()
	}
	zeros := bits.LeadingZeros64(r.acc)
	if zeros > 31 {
		r.over = true
		return 0
	}
	r.Bits(zeros)
	return r.Bits(zeros+1) - 1
}

// Uvarint reads a base-128 number of 64 bits in its shortest form, as lengths before
// parts of payloads and segments are. n is its length; it is not above 0 where p ends too
// early or has a longer form.
func Uvarint(p []byte) (v uint64, n int) {
	v, n = binary.Uvarint(p)
	if n > 1 && p[n-1] == 0 {
		return 0, -n
	}
	return v, n
}
