package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/color"
	"io"
	"math/bits"
)

// pngShape is how a PNG file stores an image.
type pngShape struct {
	colour   byte // type
	depth    int  // bits of a sample or of a palette index
	channels int  // of the colours, 3 for a palette
}

// pngShapeOf chooses the shape that holds an image. A palette counts as RGB,
// profiles included (PNG 11.3.2.3); where the profile is for gray, a palette of
// grays is written as such.
func pngShapeOf(m *Image) (pngShape, error) {
	n := len(m.Palette)
	grays := m.Channels == 1 && !profileFits(m.Meta.ICC, 3) && profileFits(m.Meta.ICC, 1)
	switch {
	case n > 256:
		return pngShape{}, fmt.Errorf("palette of %d colours: png holds at most 256", n)
	case n > 0 && !grays:
		depth := 1 // the indices go up to n-1; PNG has 1, 2, 4 and 8 bits
		for 1<<depth < n {
			depth *= 2
		}
		return pngShape{pngPalette, depth, 3}, nil
	case m.Channels%2 == 0 && m.Alpha == NoAlpha:
		return pngShape{}, errors.New("png holds no band beside colours and alpha: write .tif instead")
	}
	channels := colourFor(m)
	return pngShape{[...]byte{1: pngGray, 2: pngGrayAlpha, 3: pngRGB, 4: pngRGBA}[channels], m.Depth, channels}, nil
}

// pixel is the bits of a pixel.
func (s pngShape) pixel() int {
	if s.colour == pngPalette {
		return s.depth
	}
	return s.channels * s.depth
}

// writePNG writes an image row by row. What it cannot hold, unsaidPNG tells.
func writePNG(w io.Writer, m *Image) error {
	shape, err := pngShapeOf(m)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(m.W))
	head = binary.BigEndian.AppendUint32(head, uint32(m.H))
	head = append(head, byte(shape.depth), shape.colour, 0, 0, 0)
	out := appendChunk([]byte(pngSignature), "IHDR", head)
	if out, err = shape.appendMeta(out, m); err != nil {
		return err
	}
	if _, err := w.Write(shape.appendPalette(out, m.Palette)); err != nil {
		return err
	}
	data := &idat{w: w}
	if err := shape.writeRows(data, m); err != nil {
		return err
	}
	if err := data.flush(); err != nil {
		return err
	}
	_, err = w.Write(appendChunk(nil, "IEND", nil))
	return err
}

// appendMeta appends the metadata. All of it may come before PLTE (PNG third
// edition, table 7).
func (s pngShape) appendMeta(out []byte, m *Image) ([]byte, error) {
	profile := m.Meta.ICC != nil && profileFits(m.Meta.ICC, s.channels)
	kinds, chunks, _ := keptChunks(m.Meta.PNG)
	for i, chunk := range chunks {
		// A profile and sRGB are not to be together, and the profile is what counts
		// (PNG third edition, 4.3 and 11.3.2.5).
		if kinds[i] != "sRGB" || !profile {
			out = append(out, chunk...)
		}
	}
	var err error
	if profile {
		if out, err = appendDeflated(out, "iCCP", "icc", m.Meta.ICC); err != nil {
			return nil, err
		}
	}
	if n := m.Max + 1; s.colour != pngPalette && m.Max != 0 && n&(n-1) == 0 {
		out = appendChunk(out, "sBIT", bytes.Repeat([]byte{byte(bits.Len(uint(m.Max)))}, s.channels))
	}
	if m.Meta.EXIF != nil {
		out = appendChunk(out, "eXIf", m.Meta.EXIF)
	}
	if m.Meta.XMP != nil {
		out = appendChunk(out, "iTXt", append([]byte(xmpKey+"\x00\x00\x00\x00\x00"), m.Meta.XMP...))
	}
	if m.Meta.IPTC != nil {
		out, err = appendDeflated(out, "zTXt", iptcKey, iptcText(m.Meta.IPTC))
	}
	return out, err
}

// appendDeflated appends a chunk of a name, a zero, method 0 and zlib data.
func appendDeflated(out []byte, kind, name string, data []byte) ([]byte, error) {
	var z bytes.Buffer
	z.WriteString(name + "\x00\x00")
	d := zlib.NewWriter(&z)
	d.Write(data)
	if err := d.Close(); err != nil {
		return nil, err
	}
	return appendChunk(out, kind, z.Bytes()), nil
}

// appendPalette appends PLTE, and tRNS up to the last colour that is not opaque.
func (s pngShape) appendPalette(out []byte, p color.Palette) []byte {
	if s.colour != pngPalette {
		return out
	}
	table, _ := expandPalette(p)
	var colours, alpha []byte
	opaque := 0
	for i, c := range table {
		colours, alpha = append(colours, c[:3]...), append(alpha, c[3])
		if c[3] != 0xff {
			opaque = i + 1
		}
	}
	out = appendChunk(out, "PLTE", colours)
	if opaque > 0 {
		out = appendChunk(out, "tRNS", alpha[:opaque])
	}
	return out
}

// writeRows compresses the rows, each with the filter that suits it.
func (s pngShape) writeRows(w io.Writer, m *Image) error {
	z, err := zlib.NewWriterLevel(w, zlib.BestSpeed)
	if err != nil {
		return err
	}
	f := newPNGFilter((m.W*s.pixel()+7)/8, max(1, s.pixel()/8))
	for y := range m.H {
		s.row(f.next(), m, y)
		line := f.none()
		if s.colour != pngPalette {
			line = f.best()
		}
		if _, err := z.Write(line); err != nil {
			return err
		}
	}
	return z.Close()
}

// row fills dst with row y as PNG stores it.
func (s pngShape) row(dst []byte, m *Image, y int) {
	if s.colour == pngPalette {
		packIndices(dst, m.Index[y*m.W:][:m.W], s.depth)
		return
	}
	m.copyRow(dst, s.pixel()/8, y, s.channels)
	m.rescale(dst)
	if m.Alpha == Premultiplied && s.channels%2 == 0 {
		divide(dst, s.channels, s.depth)
	}
}

// packIndices puts indices of some bits into bytes, from the highest bits on.
func packIndices(dst, index []byte, bits int) {
	if bits == 8 {
		copy(dst, index)
		return
	}
	clear(dst)
	for x, v := range index {
		at := x * bits
		dst[at/8] |= v << (8 - bits - at%8)
	}
}

// divide makes straight alpha of premultiplied, rounded to the nearest; a colour
// above its alpha is at full scale, and one without alpha is black.
func divide(row []byte, channels, depth int) {
	size := depth / 8
	full := uint32(1)<<depth - 1
	at := func(p []byte) uint32 {
		if size == 1 {
			return uint32(p[0])
		}
		return uint32(binary.BigEndian.Uint16(p))
	}
	for ; len(row) > 0; row = row[channels*size:] {
		a := at(row[(channels-1)*size:])
		if a == full {
			continue
		}
		for c := range channels - 1 {
			v := uint32(0)
			if a > 0 {
				v = (min(at(row[c*size:]), a)*full + a/2) / a
			}
			if size == 1 {
				row[c] = byte(v)
			} else {
				binary.BigEndian.PutUint16(row[2*c:], uint16(v))
			}
		}
	}
}

// idatSize is what the data of an IDAT chunk has, but for the last.
const idatSize = 1 << 16

// idat cuts compressed data into chunks.
type idat struct {
	w   io.Writer
	buf []byte // length and type, then data
}

func (d *idat) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if d.buf == nil {
			d.buf = append(make([]byte, 0, idatSize+12), 0, 0, 0, 0, 'I', 'D', 'A', 'T')
		}
		k := min(len(p), idatSize+8-len(d.buf))
		d.buf = append(d.buf, p[:k]...)
		if p = p[k:]; len(d.buf) == idatSize+8 {
			if err := d.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

// flush writes what there is as a chunk.
func (d *idat) flush() error {
	if len(d.buf) <= 8 {
		return nil
	}
	binary.BigEndian.PutUint32(d.buf, uint32(len(d.buf)-8))
	d.buf = binary.BigEndian.AppendUint32(d.buf, crc32.ChecksumIEEE(d.buf[4:]))
	_, err := d.w.Write(d.buf)
	d.buf = d.buf[:8]
	return err
}
