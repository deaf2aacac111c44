package bmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
)

// Lengths of the headers.
const (
	fileHeader = 14
	coreHeader = 12  // OS/2 1.x
	infoHeader = 40  // Windows 3
	v2Header   = 52  // with masks of red, green and blue
	v3Header   = 56  // and of alpha
	os2Header  = 64  // the longest of OS/2 2.x, which may end after any field from the fourth
	v4Header   = 108 // with colour space
	v5Header   = 124 // and profile
)

// Values of biCompression. OS/2 2.x has others for 3 and 4.
const (
	rgb            = 0
	rle8           = 1
	rle4           = 2
	bitFields      = 3
	alphaBitFields = 6
)

// unsupported has the names of other compressions.
var unsupported = map[uint32]string{4: "JPEG", 5: "PNG", 11: "CMYK", 12: "CMYK of RLE8", 13: "CMYK of RLE4"}

type header struct {
	Config
	compression uint32
	topDown     bool
	dataAt      int64 // of the pixels in the file
	fields      fields
	info        [v5Header]byte // with zeros for what the header leaves out
}

var le = binary.LittleEndian

// readHeader reads and checks all that comes before the pixels.
func readHeader(src io.ReaderAt, size int64) (*header, error) {
	var file [fileHeader + 4]byte
	if err := readAt(src, size, file[:], 0, "header"); err != nil {
		return nil, err
	}
	if file[0] != 'B' || file[1] != 'M' {
		return nil, fmt.Errorf("header: found bytes % x, expected BM", file[:2])
	}
	n := int64(le.Uint32(file[fileHeader:]))
	if n != coreHeader && n != v4Header && n != v5Header && (n < 16 || n > os2Header) {
		return nil, fmt.Errorf("header of %d bytes: expected 12, 16 to 64, 108 or 124", n)
	}
	var h header
	if err := readAt(src, size, h.info[:n], fileHeader, "header"); err != nil {
		return nil, err
	}
	if err := h.parse(int(n)); err != nil {
		return nil, err
	}
	masks, end, err := h.readMasks(src, size, n)
	if err != nil {
		return nil, err
	}
	if err := h.setFields(masks); err != nil {
		return nil, err
	}
	// An offset inside the header is as good as none.
	h.dataAt = int64(le.Uint32(file[10:]))
	told := h.dataAt >= end
	if h.Bits <= 8 {
		until := size
		if told {
			until = h.dataAt
		}
		if end, err = h.readPalette(src, size, end, until); err != nil {
			return nil, err
		}
	}
	if !told {
		h.dataAt = end
	}
	if h.dataAt > size {
		return nil, fmt.Errorf("header: pixels at byte %d, the file ends at %d", h.dataAt, size)
	}
	return &h, nil
}

// readAt fills b from off.
func readAt(src io.ReaderAt, size int64, b []byte, off int64, what string) error {
	if off+int64(len(b)) > size {
		return fmt.Errorf("%s of %d bytes at byte %d: the file ends at %d", what, len(b), off, size)
	}
	if n, err := src.ReadAt(b, off); n < len(b) {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// parse reads the fields that all headers of n bytes have.
func (h *header) parse(n int) error {
	at := h.info[:]
	if n == coreHeader {
		h.W, h.H = int(le.Uint16(at[4:])), int(le.Uint16(at[6:]))
		h.Bits = int(le.Uint16(at[10:]))
		return h.check(le.Uint16(at[8:]))
	}
	w, l := int32(le.Uint32(at[4:])), int32(le.Uint32(at[8:]))
	if l < 0 && l != math.MinInt32 {
		h.topDown, l = true, -l
	}
	h.W, h.H, h.Bits = int(w), int(l), int(le.Uint16(at[14:]))
	h.compression = le.Uint32(at[16:])
	if x, y := int32(le.Uint32(at[24:])), int32(le.Uint32(at[28:])); x > 0 && y > 0 {
		h.XDensity, h.YDensity = uint32(x), uint32(y)
	}
	if !windows(uint32(n)) && h.compression > rle4 {
		return fmt.Errorf("compression %d of OS/2%s is not supported: expected none, RLE4 or RLE8",
			h.compression, map[uint32]string{3: " (Huffman)", 4: " (RLE24)"}[h.compression])
	}
	return h.check(le.Uint16(at[12:]))
}

// windows tells whether a header of n bytes is of Windows, not of OS/2.
func windows(n uint32) bool {
	return n == infoHeader || n == v2Header || n == v3Header || n >= v4Header
}

// check holds the fields of any header against each other.
func (h *header) check(planes uint16) error {
	if h.W < 1 || h.H < 1 {
		return fmt.Errorf("header: image of %dx%d pixels, expected at least 1x1", h.W, h.H)
	}
	if planes != 1 {
		return fmt.Errorf("header: %d planes, expected 1", planes)
	}
	allowed := map[int]bool{1: true, 2: true, 4: true, 8: true, 16: true, 24: true, 32: true}
	switch h.compression {
	case rgb:
	case rle8:
		allowed = map[int]bool{8: true}
	case rle4:
		allowed = map[int]bool{4: true}
	case bitFields, alphaBitFields:
		allowed = map[int]bool{16: true, 32: true}
	default:
		if name := unsupported[h.compression]; name != "" {
			return fmt.Errorf("compression %d (%s) is not supported: expected none, RLE4, RLE8 or bit fields", h.compression, name)
		}
		return fmt.Errorf("compression %d: expected 0 to 3 or 6", h.compression)
	}
	if !allowed[h.Bits] {
		return fmt.Errorf("header: %d bits a pixel with compression %d: expected 1, 2, 4, 8, 16, 24 or 32 with none, 4 with RLE4, 8 with RLE8, 16 or 32 with bit fields", h.Bits, h.compression)
	}
	return nil
}

// readMasks returns the masks of red, green, blue and alpha, zero where there is
// none, and where they end: they come inside the longer headers and behind the
// header of 40 bytes.
func (h *header) readMasks(src io.ReaderAt, size, n int64) (masks [4]uint32, end int64, err error) {
	end = fileHeader + n
	b := h.info[infoHeader:v3Header]
	alpha := n == v3Header || n >= v4Header
	if h.explicit() && n == infoHeader {
		alpha = h.compression == alphaBitFields
		if !alpha {
			b = b[:12]
		}
		if err := readAt(src, size, b, end, "masks"); err != nil {
			return masks, 0, err
		}
		end += int64(len(b))
	}
	for i := range masks {
		if i < 3 || alpha {
			masks[i] = le.Uint32(h.info[infoHeader+4*i:])
		}
	}
	if !h.explicit() {
		colours := [4]uint32{0xff0000, 0x00ff00, 0x0000ff, 0xff000000}
		if h.Bits == 16 {
			colours = [4]uint32{0x7c00, 0x03e0, 0x001f, 0x8000}
		}
		// Only the mask of alpha counts, and only where the pixel has it: some
		// writers leave the mask of 32 bits in the headers of other pixels.
		if h.Bits == 24 || masks[3]&^colours[3] != 0 {
			colours[3] = 0
		}
		colours[3] &= masks[3]
		masks = colours
	}
	return masks, end, nil
}

func (h *header) explicit() bool {
	return h.compression == bitFields || h.compression == alphaBitFields
}

// setFields sets the channels, and the fields of pixels that hold colours.
func (h *header) setFields(masks [4]uint32) (err error) {
	if h.Bits <= 8 {
		h.Channels = 1
		return nil
	}
	for i, mask := range masks {
		if h.fields[i], err = newField(mask, h.Bits); err != nil {
			return fmt.Errorf("mask of %s: %w", [...]string{"red", "green", "blue", "alpha"}[i], err)
		}
	}
	if masks[0]|masks[1]|masks[2] == 0 {
		return errors.New("masks of red, green and blue are 0: expected bits for one of them")
	}
	h.Channels = 3
	if masks[3] != 0 {
		h.Channels = 4
	}
	return nil
}

// readPalette reads the colours at off, as many as the header says, as there
// can be, and as fit before the byte until, and returns where they end.
func (h *header) readPalette(src io.ReaderAt, size, off, until int64) (end int64, err error) {
	n := int64(1) << h.Bits
	if used := int64(le.Uint32(h.info[32:])); used != 0 {
		n = min(n, used)
	}
	entry := int64(4) // blue, green, red and nothing
	// In OS/2 1.x the nothing is left out, and some writers of 2.x do so too.
	if kind := le.Uint32(h.info[:]); kind == coreHeader || !windows(kind) && until-off == 3*n {
		entry = 3
	}
	n = min(n, (until-off)/entry)
	if n < 1 {
		return 0, fmt.Errorf("palette at byte %d: no colours before byte %d", off, until)
	}
	b := make([]byte, n*entry)
	if err := readAt(src, size, b, off, "palette"); err != nil {
		return 0, err
	}
	for ; len(b) > 0; b = b[entry:] {
		h.Palette = append(h.Palette, color.RGBA{R: b[2], G: b[1], B: b[0], A: 0xff})
	}
	return off + n*entry, nil
}

// Values of bV5CSType: LCS_CALIBRATED_RGB, and "LINK" and "MBED" as numbers.
const (
	calibrated = 0
	linked     = 0x4c494e4b
	embedded   = 0x4d424544
)

const maxProfile = 16 << 20

// readProfile takes the embedded profile and names what else the headers from
// the fourth on say of colours.
func (h *header) readProfile(r *Reader) {
	n := le.Uint32(h.info[:])
	switch kind := le.Uint32(h.info[56:]); {
	case n < v4Header:
	case kind == calibrated && [48]byte(h.info[60:]) != [48]byte{}:
		r.Lost = append(r.Lost, "primaries and gamma")
	case n == v5Header && kind == linked:
		r.Lost = append(r.Lost, "name of a colour profile")
	case n == v5Header && kind == embedded:
		// The offset counts from the start of the header.
		off, length := fileHeader+int64(le.Uint32(h.info[112:])), int64(le.Uint32(h.info[116:]))
		if length < 1 || length > maxProfile || off > r.size-length {
			r.Lost = append(r.Lost, "damaged colour profile")
			return
		}
		icc := make([]byte, length)
		if readAt(r.src, r.size, icc, off, "profile") == nil {
			r.ICC = icc
		}
	}
}
