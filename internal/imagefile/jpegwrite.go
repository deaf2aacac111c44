package imagefile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/imagefile/jpeg"
	"github.com/qtgpu/qtgpu/raster"
)

// DefaultQuality is the quality of JPEG files where WriteOptions give none.
const DefaultQuality = 95

// maxSegment is the most bytes that a segment of a JPEG file holds.
const maxSegment = 65533

// jpegEncoder holds the pixels until they are all there.
type jpegEncoder struct {
	w      io.Writer
	source jpeg.Source
	opt    jpeg.EncodeOptions
	pixels *pixels
	full   uint32 // the sample of full scale
	buf    []byte // a row of 16 bits
}

func newJPEGEncoder(w io.Writer, f *raster.Format, meta Meta, opt WriteOptions) (*jpegEncoder, error) {
	p, err := pictureOf("jpg", f)
	if err != nil {
		return nil, err
	}
	if p.channels == 2 || p.channels == 4 {
		return nil, errAlpha("jpg")
	}
	if f.Width > jpeg.MaxSide || f.Height > jpeg.MaxSide {
		return nil, fmt.Errorf("jpg holds at most %d pixels a side, the image has %dx%d: write png or tif instead", jpeg.MaxSide, f.Width, f.Height)
	}
	n := p.channelsFor(meta.ICC)
	if all := int64(f.Width) * int64(f.Height) * int64(n); all > math.MaxInt {
		return nil, fmt.Errorf("jpg of %dx%d pixels takes %d bytes of memory, expected at most %d: write png or tif instead", f.Width, f.Height, all, math.MaxInt)
	}
	e := &jpegEncoder{w: w, full: p.full}
	if e.pixels, err = p.pixels(f, n, binary.BigEndian); err != nil {
		return nil, err
	}
	e.source = jpeg.Source{W: f.Width, H: f.Height, Channels: n, Step: n, Stride: n * f.Width}
	e.opt = jpeg.EncodeOptions{Quality: opt.Quality, Subsample: opt.Subsample, Density: meta.jfif(), Segments: meta.segments(n), Progress: opt.Progress}
	if e.opt.Quality == 0 {
		e.opt.Quality = DefaultQuality
	}
	return e, nil
}

func (e *jpegEncoder) row(b *raster.Block, y int) error {
	s := &e.source
	if s.Pix == nil {
		s.Pix = make([]byte, 0, s.H*s.Stride)
		e.buf = make([]byte, e.pixels.stride())
	}
	row := s.Pix[len(s.Pix):][:s.Stride]
	s.Pix = s.Pix[:len(s.Pix)+s.Stride]
	if e.pixels.size == 1 {
		err := e.pixels.row(row, b, y)
		rescale(row, 8, e.full)
		return err
	}
	err := e.pixels.row(e.buf, b, y)
	for i := range row {
		v := uint32(binary.BigEndian.Uint16(e.buf[2*i:]))
		row[i] = byte((min(v, e.full)*255 + e.full/2) / e.full)
	}
	return err
}

func (e *jpegEncoder) finish() error {
	b := bufio.NewWriterSize(e.w, 1<<16)
	if err := jpeg.Encode(b, &e.source, e.opt); err != nil {
		return err
	}
	return b.Flush()
}

// segments are the metadata that fits a file of so many channels.
func (meta *Meta) segments(channels int) (list []jpeg.Segment) {
	add := func(marker byte, parts ...[]byte) {
		if data := slices.Concat(parts...); len(data) <= maxSegment {
			list = append(list, jpeg.Segment{Marker: marker, Data: data})
		}
	}
	if meta.EXIF != nil {
		add(markerAPP1, []byte(exifPrefix), meta.EXIF)
	}
	if meta.XMP != nil {
		add(markerAPP1, []byte(xmpPrefix), meta.XMP)
	}
	if profileFits(meta.ICC, channels) {
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

// unsaidJPEG names what a JPEG file leaves out or changes.
func (p *picture) unsaidJPEG(meta Meta) []string {
	left := Meta{}
	written := map[string]bool{}
	for _, s := range meta.segments(p.channelsFor(meta.ICC)) {
		for _, prefix := range []string{exifPrefix, xmpPrefix, iccPrefix, photoshopPrefix} {
			written[prefix] = written[prefix] || bytes.HasPrefix(s.Data, []byte(prefix))
		}
	}
	for _, p := range []struct {
		prefix   string
		from, to *[]byte
	}{
		{exifPrefix, &meta.EXIF, &left.EXIF}, {xmpPrefix, &meta.XMP, &left.XMP},
		{iccPrefix, &meta.ICC, &left.ICC}, {photoshopPrefix, &meta.IPTC, &left.IPTC},
	} {
		if !written[p.prefix] {
			*p.to = *p.from
		}
	}
	kinds, chunks, _ := keptChunks(meta.PNG)
	for i, c := range chunks {
		density := kinds[i] == "pHYs" && meta.jfif() != (jpeg.Density{})
		if !density && comment(kinds[i], c) == nil {
			left.PNG = append(left.PNG, c...)
		}
	}
	return append(unsaidMeta(left), p.unsaidScale(8)...)
}
