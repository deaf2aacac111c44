package imagefile

import (
	"encoding/binary"
	"math/bits"
)

// plain tells whether the bytes of uncompressed blocks are samples as they are.
func (h *tiffHeader) plain(order binary.ByteOrder) bool {
	return h.bits >= 8 && !h.reversed && !h.swapped(order) && h.photometric != photometricWhiteIsZero
}

// swapped tells whether samples are in another byte order than the machine's.
func (h *tiffHeader) swapped(order binary.ByteOrder) bool {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], 1)
	return h.bits == 16 && order.Uint16(b[:]) != 1
}

// samples makes samples in the byte order of the machine of a row of a block, whose
// bits have been reversed where it was compressed. Both have the same memory where a
// sample has 8 bits or more.
func (h *tiffHeader) samples(dst, row []byte, b block, order binary.ByteOrder) {
	if h.reversed && h.compression == compressionNone {
		for i, v := range row {
			row[i] = bits.Reverse8(v)
		}
	}
	if h.swapped(order) {
		for i := 0; i+1 < len(row); i += 2 {
			row[i], row[i+1] = row[i+1], row[i]
		}
	}
	if h.predictor == 2 {
		unpredict(row, h.blockSamples()*h.bits/8, h.bits)
	}
	if h.bits < 8 {
		h.unpack(dst, row)
	}
	h.invert(dst, b)
}

// unpack makes bytes of samples of less than 8 bits, at full scale but for the indices
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

// scale is what samples are multiplied with.
func (h *tiffHeader) scale() int {
	if h.bits < 8 && h.palette == nil {
		return 255 / (1<<h.bits - 1)
	}
	return 1
}

// invert turns gray around where white is zero.
func (h *tiffHeader) invert(samples []byte, b block) {
	if h.photometric != photometricWhiteIsZero || b.channel > 0 {
		return
	}
	size := h.typ().Size()
	for i := 0; i < len(samples); i += h.blockSamples() * size {
		for k := range size {
			samples[i+k] = ^samples[i+k]
		}
	}
}

// storeSample sets a sample of 8 or 16 bits.
func storeSample(dst []byte, v int) {
	if len(dst) == 1 {
		dst[0] = byte(v)
		return
	}
	binary.NativeEndian.PutUint16(dst, uint16(v))
}

// unpredict undoes horizontal differencing (TIFF 6.0, section 14) of a row with
// pixels of step bytes.
func unpredict(row []byte, step, bits int) {
	if bits == 8 {
		for i := step; i < len(row); i++ {
			row[i] += row[i-step]
		}
		return
	}
	for i := step; i < len(row); i += 2 {
		v := binary.NativeEndian.Uint16(row[i-step:]) + binary.NativeEndian.Uint16(row[i:])
		binary.NativeEndian.PutUint16(row[i:], v)
	}
}
