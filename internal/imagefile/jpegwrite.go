package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/qtgpu/qtgpu/internal/imagefile/jpeg"
)

// DefaultQuality is the quality of JPEG files where WriteOptions give none.
const DefaultQuality = 95

// maxSegment is the most bytes that a segment of a JPEG file holds.
const maxSegment = 65533

func writeJPEG(w io.Writer, m *Image, opt WriteOptions) error {
	if m.Channels == 2 || m.Channels == 4 {
		return errors.New("jpg holds no alpha: write png or tif instead")
	}
	if m.W > jpeg.MaxSide || m.H > jpeg.MaxSide {
		return fmt.Errorf("jpg holds at most %d pixels a side, the image has %dx%d: write png or tif instead", jpeg.MaxSide, m.W, m.H)
	}
	src := m.bytesFor(colourFor(m))
	o := jpeg.EncodeOptions{Quality: opt.Quality, Subsample: opt.Subsample, Density: m.Meta.jfif(), Segments: m.segments()}
	if o.Quality == 0 {
		o.Quality = DefaultQuality
	}
	return jpeg.Encode(w, &src, o)
}

// bytesFor gives samples of 8 bits at full scale in so many channels.
func (m *Image) bytesFor(channels int) jpeg.Source {
	if m.Depth == 8 && m.FullScale() == 255 && channels == m.Channels {
		return jpeg.Source{W: m.W, H: m.H, Channels: channels, Step: m.Step, Stride: m.Stride, Pix: m.Pix}
	}
	s := jpeg.Source{W: m.W, H: m.H, Channels: channels, Step: channels, Stride: m.W * channels, Pix: make([]byte, m.W*m.H*channels)}
	full := uint32(m.FullScale())
	for y := range m.H {
		for x := range m.W {
			p := m.Pix[y*m.Stride+x*m.Step:]
			for c := range channels {
				v := uint32(p[min(c, m.Channels-1)*m.Depth/8])
				if m.Depth == 16 {
					v = uint32(binary.BigEndian.Uint16(p[min(c, m.Channels-1)*2:]))
				}
				s.Pix[y*s.Stride+x*channels+c] = byte((min(v, full)*255 + full/2) / full)
			}
		}
	}
	return s
}

// segments are the metadata that fits.
func (m *Image) segments() (list []jpeg.Segment) {
	add := func(marker byte, parts ...[]byte) {
		if data := slices.Concat(parts...); len(data) <= maxSegment {
			list = append(list, jpeg.Segment{Marker: marker, Data: data})
		}
	}
	meta := &m.Meta
	if meta.EXIF != nil {
		add(markerAPP1, []byte(exifPrefix), meta.EXIF)
	}
	if meta.XMP != nil {
		add(markerAPP1, []byte(xmpPrefix), meta.XMP)
	}
	if profileFits(meta.ICC, colourFor(m)) {
		for i, part := range iccSegments(meta.ICC) {
			add(markerAPP2, []byte(iccPrefix), []byte{byte(i + 1), byte(len(iccSegments(meta.ICC)))}, part)
		}
	}
	if meta.IPTC != nil {
		add(markerAPP13, []byte(photoshopPrefix), iptcResource(meta.IPTC))
	}
	for _, text := range meta.comments() {
		add(markerCOM, text)
	}
	return list
}

// iccSegments cuts a profile into parts that fit segments (ICC.1, annex B.4), none
// where there would be more than 255.
func iccSegments(icc []byte) [][]byte {
	parts := slices.Collect(slices.Chunk(icc, maxSegment-len(iccPrefix)-2))
	if len(parts) > 255 {
		return nil
	}
	return parts
}

// jfif is the density that the chunk pHYs gives, to the nearest pixel a centimetre or
// an inch, whichever is nearer.
func (m *Meta) jfif() jpeg.Density {
	b := pngChunk(m.PNG, "pHYs")
	if len(b) != 9 {
		return jpeg.Density{}
	}
	x, y := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if b[8] == 0 {
		for x > 65535 || y > 65535 {
			x, y = x/2, y/2
		}
		return newDensity(0, x, y)
	}
	inch := func(v uint32) uint32 { return uint32((uint64(v)*254 + 5000) / 10000) }
	if x%100 == 0 && y%100 == 0 {
		return newDensity(2, x/100, y/100)
	}
	return newDensity(1, inch(x), inch(y))
}

func newDensity(unit byte, x, y uint32) jpeg.Density {
	if x == 0 || y == 0 || x > 65535 || y > 65535 {
		return jpeg.Density{}
	}
	return jpeg.Density{Unit: unit, X: uint16(x), Y: uint16(y)}
}

// comments are the texts under commentKey.
func (m *Meta) comments() (list [][]byte) {
	kinds, chunks, _ := keptChunks(m.PNG)
	for i, c := range chunks {
		if text := comment(kinds[i], c); text != nil {
			list = append(list, text)
		}
	}
	return list
}

// comment is the text of a chunk under commentKey, nil where it is none or no segment
// holds it.
func comment(kind string, chunk []byte) (text []byte) {
	_, data, _ := nextChunk(chunk)
	switch {
	case keyword(data) != commentKey:
		return nil
	case kind == "iTXt":
		text = internationalText(data)
	default:
		text = latin1(plainText(kind, data))
	}
	if len(text) > maxSegment {
		return nil
	}
	return text
}

// latin1 is UTF-8 for text in Latin-1, which tEXt and zTXt hold.
func latin1(b []byte) []byte {
	if b == nil {
		return nil
	}
	runes := make([]rune, len(b))
	for i, c := range b {
		runes[i] = rune(c)
	}
	return []byte(string(runes))
}

// unsaidJPEG names what writeJPEG leaves out.
func unsaidJPEG(m *Image) (list []string) {
	left := Meta{}
	written := map[string]bool{}
	for _, s := range m.segments() {
		for _, prefix := range []string{exifPrefix, xmpPrefix, iccPrefix, photoshopPrefix} {
			written[prefix] = written[prefix] || bytes.HasPrefix(s.Data, []byte(prefix))
		}
	}
	for _, p := range []struct {
		prefix   string
		from, to *[]byte
	}{
		{exifPrefix, &m.Meta.EXIF, &left.EXIF}, {xmpPrefix, &m.Meta.XMP, &left.XMP},
		{iccPrefix, &m.Meta.ICC, &left.ICC}, {photoshopPrefix, &m.Meta.IPTC, &left.IPTC},
	} {
		if !written[p.prefix] {
			*p.to = *p.from
		}
	}
	kinds, chunks, _ := keptChunks(m.Meta.PNG)
	for i, c := range chunks {
		density := kinds[i] == "pHYs" && m.Meta.jfif() != (jpeg.Density{})
		if !density && comment(kinds[i], c) == nil {
			left.PNG = append(left.PNG, c...)
		}
	}
	return append(unsaidMeta(left), unsaidScale(m, 8)...)
}
