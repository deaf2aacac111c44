package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image/color"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zlib"

	"github.com/qtgpu/qtgpu/raster"
)

// pngShape is how a PNG file stores a picture.
type pngShape struct {
	*picture
	small    *depth // of gray of 1, 2 and 4 bits, else nil
	colour   byte   // type
	depth    int    // bits of a sample or of a palette index
	channels int    // of the colours, 3 for a palette
}

// pngShapeOf chooses the shape that holds a raster. A palette counts as RGB,
// profiles included (PNG 11.3.2.3); where the profile is for gray, a palette of
// grays is written as such.
func pngShapeOf(f *raster.Format, icc []byte, opt *WriteOptions) (*pngShape, error) {
	p, err := pictureOf("png", f)
	if err != nil {
		return nil, err
	}
	n := len(f.Palette)
	grays := p.channels == 1 && !profileFits(icc, 3) && profileFits(icc, 1)
	switch {
	case p.table != nil && n > 256:
		return nil, fmt.Errorf("palette of %d colours: png holds at most 256: write tif instead", n)
	case p.table != nil && !grays:
		depth := 1 // the indices go up to n-1; PNG has 1, 2, 4 and 8 bits
		for 1<<depth < n || depth < 8 && depth < opt.Tags.Bits() {
			depth *= 2
		}
		return &pngShape{picture: p, colour: pngPalette, depth: depth, channels: 3}, nil
	case p.channels%2 == 0 && p.alpha == NoAlpha:
		return nil, errors.New("png holds no band beside colours and alpha: write .tif instead")
	}
	channels := p.channelsFor(icc)
	s := &pngShape{picture: p, colour: [...]byte{1: pngGray, 2: pngGrayAlpha, 3: pngRGB, 4: pngRGBA}[channels], depth: p.depth, channels: channels}
	if d := p.smallDepth(f, opt); d != nil && channels == 1 {
		s.small, s.depth = d, d.bits
	}
	return s, nil
}

// divides tells whether alpha is divided out of the colours.
func (s *pngShape) divides() bool { return s.alpha == Premultiplied && s.channels%2 == 0 }

// pixel is the bits of a pixel.
func (s *pngShape) pixel() int {
	if s.colour == pngPalette {
		return s.depth
	}
	return s.channels * s.depth
}

// pixels reads the raster as the file has it, but for indices of a byte each.
func (s *pngShape) pixels(f *raster.Format) (*pixels, error) {
	if s.colour == pngPalette {
		return indices(f)
	}
	return s.picture.pixels(f, s.channels, binary.BigEndian)
}

// pngEncoder compresses the rows, each with the filter that suits it.
type pngEncoder struct {
	*pngShape
	data    *idat
	strips  *pngStrips
	pixels  *pixels
	samples []byte // a row of those that are packed
}

func newPNGEncoder(w io.Writer, f *raster.Format, meta Meta, opt *WriteOptions) (*pngEncoder, error) {
	shape, err := pngShapeOf(f, meta.ICC, opt)
	if err != nil {
		return nil, err
	}
	e := &pngEncoder{pngShape: shape, data: &idat{w: w}}
	if e.pixels, err = shape.pixels(f); err != nil {
		return nil, err
	}
	if shape.colour == pngPalette || shape.small != nil {
		e.samples = make([]byte, f.Width)
	}
	filters := shape.colour != pngPalette && shape.small == nil
	e.strips = newPNGStrips(e.data, (f.Width*shape.pixel()+7)/8, f.Height, max(1, shape.pixel()/8), filters)
	head, err := shape.head(f, meta)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(head)
	return e, err
}

// head is the file up to the pixels.
func (s *pngShape) head(f *raster.Format, meta Meta) ([]byte, error) {
	head := binary.BigEndian.AppendUint32(nil, uint32(f.Width))
	head = binary.BigEndian.AppendUint32(head, uint32(f.Height))
	head = append(head, byte(s.depth), s.colour, 0, 0, 0)
	out, err := s.appendMeta(appendChunk([]byte(pngSignature), "IHDR", head), f, meta)
	return s.appendPalette(out, f.Palette), err
}

func (e *pngEncoder) row(b *raster.Block, y int) error {
	row, err := e.strips.next()
	if err != nil {
		return err
	}
	return e.fill(row, b, y)
}

// fill fills dst with row y as PNG stores it.
func (e *pngEncoder) fill(dst []byte, b *raster.Block, y int) error {
	if e.colour == pngPalette || e.small != nil {
		err := e.pixels.row(e.samples, b, y)
		if err == nil && e.small != nil {
			err = e.small.divide(e.samples, 1, 1, y)
		}
		if err == nil {
			pack(dst, e.samples, 1, e.depth)
		}
		return err
	}
	err := e.pixels.row(dst, b, y)
	rescale(dst, e.depth, e.full)
	if e.divides() {
		divide(dst, e.channels, e.depth)
	}
	return err
}

func (e *pngEncoder) finish() error {
	if err := e.strips.flush(); err != nil {
		return err
	}
	if err := e.data.flush(); err != nil {
		return err
	}
	_, err := e.data.w.Write(appendChunk(nil, "IEND", nil))
	return err
}

// appendMeta appends the metadata. All of it may come before PLTE (PNG third
// edition, table 7).
func (s *pngShape) appendMeta(out []byte, f *raster.Format, meta Meta) ([]byte, error) {
	profile := meta.ICC != nil && profileFits(meta.ICC, s.channels)
	kinds, chunks, _ := keptChunks(meta.PNG)
	for i, chunk := range chunks {
		// A profile and sRGB are not to be together, and the profile is what counts
		// (PNG third edition, 4.3 and 11.3.2.5).
		if kinds[i] != "sRGB" || !profile {
			out = append(out, chunk...)
		}
	}
	var err error
	if profile {
		if out, err = appendDeflated(out, "iCCP", "icc", meta.ICC); err != nil {
			return nil, err
		}
	}
	if n := f.Max + 1; s.table == nil && f.Max != 0 && n&(n-1) == 0 {
		out = appendChunk(out, "sBIT", bytes.Repeat([]byte{byte(bits.Len(uint(f.Max)))}, s.channels))
	}
	if meta.EXIF != nil {
		out = appendChunk(out, "eXIf", meta.EXIF)
	}
	if meta.XMP != nil {
		out = appendChunk(out, "iTXt", append([]byte(xmpKey+"\x00\x00\x00\x00\x00"), meta.XMP...))
	}
	if meta.IPTC != nil {
		out, err = appendDeflated(out, "zTXt", iptcKey, iptcText(meta.IPTC))
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
func (s *pngShape) appendPalette(out []byte, p color.Palette) []byte {
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
