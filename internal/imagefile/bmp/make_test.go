package bmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// made is a bitmap for tests, and how it is stored.
type made struct {
	header       int // its length
	w, h, bits   int
	compression  uint32
	topDown      bool
	colours      int       // in the palette; 0 for all
	masks        [4]uint32 // for bit fields; the mask of alpha for any
	pixels       []byte    // instead of the made-up ones
	profile      []byte
	colourSpace  uint32
	shortColours bool // a palette of 3 bytes a colour behind any header
}

func (f made) String() string {
	s := fmt.Sprintf("header %d, %dx%d of %d bits, compression %d", f.header, f.w, f.h, f.bits, f.compression)
	if f.masks != [4]uint32{} {
		s += fmt.Sprintf(", masks %x", f.masks)
	}
	if f.topDown {
		s += ", top down"
	}
	return s
}

// pixel is a made-up pixel of the file, of all bits.
func (f made) pixel(x, y int) uint32 {
	v := (uint32(x)*2654435761 + uint32(y)*40503 + 7) * 2246822519
	v ^= v >> 15
	if v >>= 32 - f.bits; f.bits <= 8 {
		return v % uint32(f.paletteLen())
	}
	return v
}

func (f made) paletteLen() int {
	if f.bits > 8 {
		return 0
	}
	if f.colours != 0 {
		return f.colours
	}
	return 1 << f.bits
}

// colour is entry i of the palette: red, green, blue.
func colour(i int) [3]byte { return [3]byte{byte(37*i + 5), byte(91*i + 50), byte(255 - 13*i)} }

// bytes is the file.
func (f made) bytes() []byte {
	le := binary.LittleEndian
	info := make([]byte, 124)
	le.PutUint32(info, uint32(f.header))
	if f.header == coreHeader {
		le.PutUint16(info[4:], uint16(f.w))
		le.PutUint16(info[6:], uint16(f.h))
		le.PutUint16(info[8:], 1)
		le.PutUint16(info[10:], uint16(f.bits))
	} else {
		h := int32(f.h)
		if f.topDown {
			h = -h
		}
		le.PutUint32(info[4:], uint32(f.w))
		le.PutUint32(info[8:], uint32(h))
		le.PutUint16(info[12:], 1)
		le.PutUint16(info[14:], uint16(f.bits))
		le.PutUint32(info[16:], f.compression)
		le.PutUint32(info[24:], 2835)
		le.PutUint32(info[28:], 5669)
		le.PutUint32(info[32:], uint32(f.colours))
		for i, m := range f.masks {
			le.PutUint32(info[40+4*i:], m)
		}
		le.PutUint32(info[56:], f.colourSpace)
	}
	body := bytes.Clone(info[:f.header])
	if f.header == 40 && f.compression == bitFields {
		body = append(body, info[40:52]...)
	}
	if f.header == 40 && f.compression == alphaBitFields {
		body = append(body, info[40:56]...)
	}
	for i := range f.paletteLen() {
		c := colour(i)
		body = append(body, c[2], c[1], c[0])
		if f.header != coreHeader && !f.shortColours {
			body = append(body, 0)
		}
	}
	at := 14 + len(body)
	if body = append(body, f.data()...); f.profile != nil {
		le.PutUint32(body[112:], uint32(len(body)))
		le.PutUint32(body[116:], uint32(len(f.profile)))
		body = append(body, f.profile...)
	}
	head := le.AppendUint32([]byte("BM"), uint32(14+len(body)))
	return append(le.AppendUint32(append(head, 0, 0, 0, 0), uint32(at)), body...)
}

// data is the pixels: bits from the highest on, or little-endian words.
func (f made) data() []byte {
	if f.pixels != nil {
		return f.pixels
	}
	var out []byte
	for i := range f.h {
		y := f.h - 1 - i
		if f.topDown {
			y = i
		}
		row := make([]byte, (f.w*f.bits+31)/32*4)
		for x := range f.w {
			p := f.pixel(x, y)
			if f.bits < 8 {
				row[x*f.bits/8] |= byte(p << (8 - f.bits - x*f.bits%8))
			}
			for j := range f.bits / 8 {
				row[x*f.bits/8+j] = byte(p >> (8 * j))
			}
		}
		out = append(out, row...)
	}
	return out
}

// fieldsOf are the masks that count.
func (f made) fieldsOf() [4]uint32 {
	masks := f.masks
	if f.compression == rgb {
		copy(masks[:], []uint32{0xff0000, 0xff00, 0xff})
		if f.bits == 16 {
			copy(masks[:], []uint32{0x7c00, 0x3e0, 0x1f})
		}
	}
	alpha := f.header == 56 || f.header >= 108 || f.compression == alphaBitFields
	if f.bits == 24 || !alpha {
		masks[3] = 0
	}
	return masks
}

// want is the decoded pixel: its index, or red, green, blue and perhaps alpha.
func (f made) want(x, y int) (out []byte) {
	p := f.pixel(x, y)
	if f.bits <= 8 {
		return []byte{byte(p)}
	}
	for i, m := range f.fieldsOf() {
		if i == 3 && m == 0 {
			break
		}
		v := 0.0
		if m != 0 {
			shift := bits.TrailingZeros32(m)
			v = math.Floor(float64(p&m>>shift) * 255 / float64(m>>shift))
		}
		out = append(out, byte(v))
	}
	return out
}

// good are bitmaps in all ways of storing, without run-length coding.
func good() (list []made) {
	for _, header := range []int{12, 16, 40, 52, 56, 64, 108, 124} {
		for _, bits := range []int{1, 2, 4, 8, 16, 24, 32} {
			for _, w := range []int{1, 7, 33} {
				f := made{header: header, w: w, h: 5, bits: bits}
				list = append(list, f)
				if f.topDown = true; header != coreHeader {
					list = append(list, f)
				}
			}
		}
	}
	masks := []made{
		{bits: 16, masks: [4]uint32{0xf800, 0x07e0, 0x001f}},
		{bits: 16, masks: [4]uint32{0x0f00, 0x00f0, 0x000f}},
		{bits: 16, masks: [4]uint32{0xc000, 0x3800, 0x0001}},
		{bits: 16, masks: [4]uint32{0xff00, 0, 0x00ff}},
		{bits: 32, masks: [4]uint32{0x000000ff, 0x0000ff00, 0x00ff0000}},
		{bits: 32, masks: [4]uint32{0xff000000, 0x00ff0000, 0x0000ff00}},
		{bits: 32, masks: [4]uint32{0x3ff00000, 0x000ffc00, 0x000003ff}},
		{bits: 32, masks: [4]uint32{0xfe000000, 0x01ffff80, 0x0000007f}},
		{bits: 32, masks: [4]uint32{0xffffffff, 0x0000ff00, 0x000000ff}},
	}
	for _, f := range masks {
		f.w, f.h, f.compression = 9, 6, bitFields
		for _, f.header = range []int{40, 52, 56, 108, 124} {
			list = append(list, f)
		}
	}
	alpha := []made{
		{bits: 16, masks: [4]uint32{0x7c00, 0x03e0, 0x001f, 0x8000}},
		{bits: 16, masks: [4]uint32{0x0f00, 0x00f0, 0x000f, 0xf000}},
		{bits: 32, masks: [4]uint32{0xff0000, 0xff00, 0xff, 0xff000000}},
		{bits: 32, masks: [4]uint32{0x3ff00000, 0xffc00, 0x3ff, 0xc0000000}},
	}
	for _, f := range alpha {
		f.w, f.h = 9, 6
		f.header, f.compression = 40, alphaBitFields
		list = append(list, f)
		f.compression = bitFields
		for _, f.header = range []int{56, 108, 124} {
			list = append(list, f)
		}
	}
	for _, bits := range []int{1, 4, 8} {
		list = append(list, made{header: 64, w: 9, h: 6, bits: bits, shortColours: true})
	}
	list = append(list,
		made{header: 124, w: 9, h: 6, bits: 32, masks: [4]uint32{3: 0xff000000}},
		made{header: 108, w: 9, h: 6, bits: 16, masks: [4]uint32{3: 0x8000}},
		made{header: 108, w: 9, h: 6, bits: 24, masks: [4]uint32{3: 0xff000000}},
	)
	return list
}
