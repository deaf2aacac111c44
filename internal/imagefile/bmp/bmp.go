// Package bmp reads Windows and OS/2 bitmaps: headers of 12, 16 to 64, 108 and
// 124 bytes; 1, 2, 4, 8, 16, 24 and 32 bits a pixel, as they are, run-length
// coded or as fields of bits. The source is "Bitmap Storage" and
// "BITMAPV5HEADER" in Microsoft's Windows GDI reference.
package bmp

import (
	"bufio"
	"fmt"
	"image/color"
	"io"
	"math"
)

// Config is what the header of a bitmap says.
type Config struct {
	W, H     int
	Channels int           // 1 palette index, 3 for RGB, 4 for RGB and straight alpha
	Palette  color.Palette // at most 256 colours; nil where pixels hold colours
	// XDensity and YDensity are pixels per metre, 0 where the file does not say.
	XDensity, YDensity uint32
}

// Image is a decoded bitmap.
type Image struct {
	Config
	// Pix has the rows from top to bottom: samples of 8 bits, Channels of them for
	// each pixel, with no padding.
	Pix []byte
	ICC []byte // embedded colour profile, at most 16 MiB
	// Lost names what the file holds besides, Notes what decoding changed; each is
	// a phrase for people.
	Lost, Notes []string
}

// DecodeConfig reads the header and the palette of a file of size bytes.
func DecodeConfig(src io.ReaderAt, size int64) (Config, error) {
	h, err := readHeader(src, size)
	if err != nil {
		return Config{}, err
	}
	return h.Config, nil
}

// Decode reads a file of size bytes. The error names what is damaged or not
// supported, data that ends early, or pixels that take more than limit bytes.
// Beside the pixels it holds a row of the file.
//
// Pixels that run-length coding leaves out have index 0. Indices that the
// palette has no colour for are taken as black, and Notes says so.
func Decode(src io.ReaderAt, size, limit int64) (*Image, error) {
	h, err := readHeader(src, size)
	if err != nil {
		return nil, err
	}
	if limit = min(limit, math.MaxInt); int64(h.W) > limit/int64(h.Channels)/int64(h.H) {
		return nil, fmt.Errorf("header: %dx%d pixels of %d bytes, expected at most %d bytes for a file of %d", h.W, h.H, h.Channels, limit, size)
	}
	packed := h.compression != rle4 && h.compression != rle8
	if packed {
		if err := h.checkRows(size); err != nil {
			return nil, err
		}
	}
	m := &Image{Config: h.Config, Pix: make([]byte, h.W*h.H*h.Channels)}
	r := bufio.NewReaderSize(io.NewSectionReader(src, h.dataAt, size-h.dataAt), 1<<16)
	if packed {
		err = h.readRows(r, m)
	} else {
		err = decodeRuns(r, h, m)
	}
	if err != nil {
		return nil, err
	}
	m.extendPalette()
	if n := h.fields.widest(); n > 8 {
		m.Notes = append(m.Notes, fmt.Sprintf("samples of %d bits brought to 8", n))
	}
	h.readProfile(src, size, m)
	return m, nil
}

// row is row y of the file, the lowest row of the picture being the first one
// unless the header says otherwise.
func (h *header) row(m *Image, y int) []byte {
	if !h.topDown {
		y = h.H - 1 - y
	}
	stride := h.W * h.Channels
	return m.Pix[y*stride:][:stride]
}

// extendPalette adds black for the indices that have no colour.
func (m *Image) extendPalette() {
	if m.Palette == nil {
		return
	}
	largest := byte(0)
	for _, v := range m.Pix {
		largest = max(largest, v)
	}
	if n := len(m.Palette); int(largest) >= n {
		m.Notes = append(m.Notes, fmt.Sprintf("palette index %d of %d colours taken as black", largest, n))
		for len(m.Palette) <= int(largest) {
			m.Palette = append(m.Palette, color.RGBA{A: 0xff})
		}
	}
}
