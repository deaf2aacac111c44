package imagefile

import (
	"math"
	"math/bits"

	"github.com/qtgpu/qtgpu/raster"
)

// asStored tells whether the samples of a row are in memory what they are in the file, but
// for the order of bits and bytes, so that both can have the same memory.
func (h *tiffHeader) asStored() bool { return h.bits == 8*h.typ.Size() }

// plain tells whether the bytes of uncompressed blocks are samples as they are.
func (h *tiffHeader) plain() bool {
	return h.asStored() && !h.reversed && !h.swapped && !h.inverted
}

// samples makes samples in the byte order of the machine of a row of a block, whose
// bits have been reversed where it was compressed, and whose floating-point predictor has
// been undone. dst is row where samples are as stored.
func (h *tiffHeader) samples(dst, row []byte, b block) {
	if h.reversed && h.compression == compressionNone {
		for i, v := range row {
			row[i] = bits.Reverse8(v)
		}
	}
	if h.swapped && h.predictor != predictorFloat {
		// Integers of 3 bytes too, as libtiff has it, though they come with the highest byte
		// first where nothing is swapped.
		swapWords(row, h.bits/8)
	}
	if h.predictor == predictorHorizontal {
		unpredict(row, h.blockSamples()*h.bits/8, h.bits/8)
	}
	if !h.asStored() {
		h.expand(dst, row)
	}
	h.invert(dst, b)
}

// swapWords changes the byte order of words, of 3 bytes too.
func swapWords(row []byte, size int) {
	if size != 3 {
		swapBytes(row, size)
		return
	}
	for i := 0; i+2 < len(row); i += 3 {
		row[i], row[i+2] = row[i+2], row[i]
	}
}

// expand makes samples of what has another number of bits in the file.
func (h *tiffHeader) expand(dst, row []byte) {
	switch {
	case h.typ.Float():
		expandFloats(dst, row, h.bits/8)
	case h.bits < 8 && 8%h.bits == 0:
		h.unpack(dst, row)
	default:
		unpackBits(dst, row, h.bits, h.typ.Size())
	}
}

// unpack makes bytes of samples of 1, 2 and 4 bits, at full scale but for the indices
// of a palette.
func (h *tiffHeader) unpack(dst, row []byte) {
	scale, perByte := byte(h.scale()), 8/h.bits
	for i := 0; i < len(dst); i += perByte {
		v := row[i/perByte]
		for j := i; j < min(len(dst), i+perByte); j++ {
			dst[j] = v >> (8 - h.bits) * scale
			v <<= h.bits
		}
	}
}

// unpackBits makes samples of size bytes of n bits each, the highest first, whatever the
// byte order of the file is.
func unpackBits(dst, row []byte, n, size int) {
	acc, have := uint64(0), 0
	for i := 0; i < len(dst); i += size {
		for ; have < n; have += 8 {
			acc, row = acc<<8|uint64(row[0]), row[1:]
		}
		have -= n
		v := acc >> have & (1<<n - 1)
		switch size {
		case 1:
			dst[i] = byte(v)
		case 2:
			nativeEndian.PutUint16(dst[i:], uint16(v))
		default:
			nativeEndian.PutUint32(dst[i:], uint32(v))
		}
	}
}

// word24 is a word of 3 bytes in the byte order of the machine.
func word24(b []byte) uint32 {
	if nativeEndian.Uint16([]byte{1, 0}) == 1 {
		return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
	}
	return uint32(b[2]) | uint32(b[1])<<8 | uint32(b[0])<<16
}

// Floating point of 2 and 3 bytes (Adobe Photoshop TIFF Technical Note 3).
const (
	halfExponent, halfMantissa     = 5, 10
	tripleExponent, tripleMantissa = 7, 16
)

// expandFloats makes float32 of floating point of 2 or 3 bytes, which it holds exactly.
func expandFloats(dst, row []byte, size int) {
	for i := 0; i+3 < len(dst); i += 4 {
		var v uint32
		if size == 2 {
			v = widen(uint32(nativeEndian.Uint16(row[i/4*2:])), halfExponent, halfMantissa)
		} else {
			v = widen(word24(row[i/4*3:]), tripleExponent, tripleMantissa)
		}
		nativeEndian.PutUint32(dst[i:], v)
	}
}

// widen gives the bits of float32 for those of a smaller format with so many bits of
// exponent and mantissa. A NaN keeps its bits.
func widen(v uint32, exponent, mantissa int) uint32 {
	const bias32, mantissa32, infinity32 = 127, 23, 255
	sign := v >> (exponent + mantissa) & 1 << 31
	e, m := v>>mantissa&(1<<exponent-1), v&(1<<mantissa-1)
	bias := uint32(1)<<(exponent-1) - 1
	switch {
	case e == 1<<exponent-1:
		e = infinity32
	case e > 0:
		e += bias32 - bias
	case m > 0: // subnormal: m·2^(1−bias−mantissa), whose highest bit becomes implicit
		shift := uint32(mantissa + 1 - bits.Len32(m))
		e, m = bias32-bias+1-shift, m<<shift&(1<<mantissa-1)
	}
	return sign | e<<mantissa32 | m<<(mantissa32-mantissa)
}

// invert turns gray around where white is zero.
func (h *tiffHeader) invert(samples []byte, b block) {
	if !h.inverted || b.channel > 0 {
		return
	}
	full, step := h.fullScale(), h.blockSamples()
	if h.typ == raster.Uint8 {
		for i := 0; i < len(samples); i += step {
			samples[i] = byte(full) - samples[i]
		}
		return
	}
	for i := 0; i < len(samples); i += 2 * step {
		nativeEndian.PutUint16(samples[i:], uint16(full)-nativeEndian.Uint16(samples[i:]))
	}
}

// unpredict undoes horizontal differencing (TIFF 6.0, section 14) of a row with
// pixels of step bytes and samples of size.
func unpredict(row []byte, step, size int) {
	switch size {
	case 1:
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
	case 2:
		for i := step; i < len(row); i += 2 {
			nativeEndian.PutUint16(row[i:], nativeEndian.Uint16(row[i-step:])+nativeEndian.Uint16(row[i:]))
		}
	case 4:
		for i := step; i < len(row); i += 4 {
			nativeEndian.PutUint32(row[i:], nativeEndian.Uint32(row[i-step:])+nativeEndian.Uint32(row[i:]))
		}
	case 8:
		for i := step; i < len(row); i += 8 {
			nativeEndian.PutUint64(row[i:], nativeEndian.Uint64(row[i-step:])+nativeEndian.Uint64(row[i:]))
		}
	}
}

// storeValue sets a sample of any type.
func storeValue(dst []byte, t raster.Type, v float64) {
	switch {
	case t == raster.Float32:
		nativeEndian.PutUint32(dst, math.Float32bits(float32(v)))
	case t == raster.Float64:
		nativeEndian.PutUint64(dst, math.Float64bits(v))
	case t.Size() == 1:
		dst[0] = byte(int64(v))
	case t.Size() == 2:
		nativeEndian.PutUint16(dst, uint16(int64(v)))
	default:
		nativeEndian.PutUint32(dst, uint32(int64(v)))
	}
}
