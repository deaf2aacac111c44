package imagefile

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/qtgpu/qtgpu/raster"
)

// bitsTag says how many bits samples have in the file that they come from.
func bitsTag(bits int) Tag {
	f := shorts(tagBitsPerSample, uint16(bits))
	return Tag{f.tag, f.kind, f.count, f.value}
}

// Bits is how many bits samples had in the file that they come from, where these were fewer
// than their type has; else 0.
func (t Tags) Bits() int {
	v := t.find(tagBitsPerSample)
	if v == nil || v.Type != typeShort {
		return 0
	}
	return int(binary.LittleEndian.Uint16(v.Value))
}

// DepthError says that a sample is none of the bits that samples are to have in a file. The
// full depth of their type holds it.
type DepthError struct {
	X, Y, Bits int
	Sample     float64
}

func (e *DepthError) Error() string {
	return fmt.Sprintf("pixel %d,%d: sample %v cannot be one of %d bits", e.X, e.Y, e.Sample, e.Bits)
}

// depth is a form of samples with fewer bits than their type has: floating point of 16 or
// 24 bits, or integers, which are divided by a factor where they were multiplied with it
// when they were read.
type depth struct {
	bits      int
	factor    int64
	tolerance []float64 // of each band: by how much rounding may change floating point
}

// depthOf is the depth that tags state of the samples of a raster; nil where they state none,
// or none that the raster can have.
func depthOf(f *raster.Format, opt *WriteOptions) *depth {
	bits, full := opt.Tags.Bits(), f.FullScale()
	d := &depth{bits: bits, factor: 1, tolerance: opt.Tolerance}
	switch {
	case opt.FullDepth || bits < 1 || bits >= 8*f.Type.Size() || f.Type.Signed():
		return nil
	case f.Type.Float():
		if f.Type != raster.Float32 || bits != 16 && bits != 24 {
			return nil
		}
	case f.Bands[0].Role == raster.Index:
		if len(f.Palette) > 1<<bits {
			return nil
		}
	case smallScale(bits) > 1:
		if d.factor = smallScale(bits); full != math.MaxUint8 {
			return nil
		}
	case full >= 1<<bits:
		return nil
	}
	return d
}

// smallDepth is the depth of gray of 1, 2 or 4 bits, nil of any other picture.
func (p *picture) smallDepth(f *raster.Format, opt *WriteOptions) *depth {
	if d := depthOf(f, opt); d != nil && d.factor > 1 && p.channels == 1 && p.table == nil {
		return d
	}
	return nil
}

// smallScale is what samples of 1, 2 and 4 bits are multiplied with to be of 8 bits, 1 of
// others.
func smallScale(bits int) int64 {
	if bits == 1 || bits == 2 || bits == 4 {
		return math.MaxUint8 / (1<<bits - 1)
	}
	return 1
}

// size is the bytes of a sample of a type before it is packed.
func (d *depth) size(t raster.Type) int {
	if t.Float() {
		return d.bits / 8
	}
	return t.Size()
}

// wrong is the error for sample i of row y, of pixels of so many samples.
func (d *depth) wrong(i, samples, y int, v float64) error {
	return &DepthError{i / samples, y, d.bits, v}
}

// divide brings row y, pixels of so many little-endian integers, to the values that they have
// in the file.
func (d *depth) divide(row []byte, size, samples, y int) error {
	if size == 1 {
		return d.divideBytes(row, samples, y)
	}
	for i := 0; i < len(row); i += size {
		v := word(row[i:][:size])
		if v >= 1<<d.bits { // the factor is 1
			return d.wrong(i/size, samples, y, float64(v))
		}
	}
	return nil
}

func (d *depth) divideBytes(row []byte, samples, y int) error {
	factor, full := byte(d.factor), byte(1<<d.bits-1)
	for i, v := range row {
		q := v / factor
		if q > full || q*factor != v {
			return d.wrong(i, samples, y, float64(v))
		}
		row[i] = q
	}
	return nil
}

// narrow makes little-endian floating point of fewer bytes of row y, pixels of little-endian
// float32 of some bands.
func (d *depth) narrow(dst, src []byte, bands []raster.Band, y int) error {
	exponent, mantissa := halfExponent, halfMantissa
	if d.bits == 24 {
		exponent, mantissa = tripleExponent, tripleMantissa
	}
	size := d.bits / 8
	for i := 0; i < len(src)/4; i++ {
		v := binary.LittleEndian.Uint32(src[4*i:])
		small := narrowed(v, exponent, mantissa)
		if widen(small, exponent, mantissa) != v {
			var ok bool
			if small, ok = d.round(v, small, exponent, mantissa, bands, i%len(bands)); !ok {
				return d.wrong(i, len(bands), y, float64(math.Float32frombits(v)))
			}
		}
		for k := range size {
			dst[size*i+k] = byte(small >> (8 * k))
		}
	}
	return nil
}

// round is the nearest of the two smaller numbers around the bits v of a float32, of which
// below is the one nearer to 0, and whether it is within the tolerance and does not become
// a sample of no data.
func (d *depth) round(v, below uint32, exponent, mantissa int, bands []raster.Band, band int) (uint32, bool) {
	if d.tolerance == nil {
		return 0, false
	}
	number := func(v uint32) float64 { return float64(math.Float32frombits(v)) }
	exact, best := number(v), below
	if up := number(widen(below+1, exponent, mantissa)); math.Abs(up-exact) < math.Abs(number(widen(below, exponent, mantissa))-exact) {
		best = below + 1
	}
	to := number(widen(best, exponent, mantissa))
	none := bands[band].NoData
	return best, math.Abs(to-exact) <= d.tolerance[band] && (none == nil || *none != to)
}

// narrowed gives the bits of a smaller format, with so many bits of exponent and mantissa,
// for those of a float32: of the number itself or the next one nearer to 0. Widening it gives
// other bits where the format has no such number, or no such NaN.
func narrowed(v uint32, exponent, mantissa int) uint32 {
	const bias32, mantissa32, infinity32 = 127, 23, 255
	sign := v >> 31 << (exponent + mantissa)
	e, m := int(v>>mantissa32&infinity32), v&(1<<mantissa32-1)
	largest, shift := 1<<exponent-1, mantissa32-mantissa
	switch small := e - bias32 + 1<<(exponent-1) - 1; {
	case e == infinity32:
		return sign | uint32(largest)<<mantissa | m>>shift
	case small >= largest: // the largest number
		return sign | uint32(largest)<<mantissa - 1
	case small > 0:
		return sign | uint32(small)<<mantissa | m>>shift
	case small > -mantissa: // subnormal, as widen has them
		return sign | (m|1<<mantissa32)>>(shift+1-small)
	}
	return sign
}

// pack puts little-endian samples of size bytes into some bits each, from the highest of a
// byte on, whatever the byte order of the file is; the last byte of dst ends with zeros.
func pack(dst, samples []byte, size, n int) {
	if n == 8*size {
		copy(dst, samples)
		return
	}
	acc, have := uint64(0), 0
	for i := 0; i < len(samples); i += size {
		acc, have = acc<<n|word(samples[i:][:size]), have+n
		for ; have >= 8; have -= 8 {
			dst[0] = byte(acc >> (have - 8))
			dst = dst[1:]
		}
	}
	if have > 0 {
		dst[0] = byte(acc << (8 - have))
	}
}

// word is a little-endian number of some bytes.
func word(b []byte) (v uint64) {
	for k := range b {
		v |= uint64(b[k]) << (8 * k)
	}
	return v
}
