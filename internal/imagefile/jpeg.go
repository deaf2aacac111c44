package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/imagefile/jpeg"
	"github.com/qtgpu/qtgpu/raster"
)

// Markers of the segments that hold metadata.
const (
	markerAPP0  = 0xe0 // density
	markerAPP1  = 0xe1 // EXIF or XMP
	markerAPP2  = 0xe2 // a part of a profile, or an index of further pictures
	markerAPP13 = 0xed // image resources of Photoshop
	markerAPP14 = 0xee // Adobe's, of which the decoder makes use
	markerCOM   = 0xfe
)

// Identifiers that segments begin with.
const (
	jfifPrefix      = "JFIF\x00"
	xmpPrefix       = "http://ns.adobe.com/xap/1.0/\x00"
	xmpMorePrefix   = "http://ns.adobe.com/xmp/extension/\x00"
	iccPrefix       = "ICC_PROFILE\x00"
	mpfPrefix       = "MPF\x00"
	photoshopPrefix = "Photoshop 3.0\x00"
)

// jpegBytes is the memory that a pixel takes: its colour, as read and converted.
const jpegBytes = 6

// openJPEG opens what libjpeg shows. Inks are converted without their profile.
func openJPEG(src *io.SectionReader, opt ReadOptions) (*File, error) {
	data := make([]byte, src.Size())
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	head, err := jpeg.DecodeHeader(data)
	if err != nil {
		return nil, err
	}
	if err := checkSize(head.Width, head.Height, jpegBytes, opt); err != nil {
		return nil, err
	}
	f := &File{format: raster.Format{Width: head.Width, Height: head.Height, Type: raster.Uint8}}
	f.takeSegments(head.Segments)
	channels := head.Model.Channels()
	if head.Model == jpeg.CMYK {
		channels = 3
		f.dropInkProfile()
	}
	f.format.Bands = bandsOf(channels, Straight)
	f.pixels = newWhole(func() (*Image, error) { return f.decodeJPEG(data, opt) })
	return f, nil
}

// decodeJPEG decodes the picture and says what only that tells of the file.
func (f *File) decodeJPEG(data []byte, opt ReadOptions) (*Image, error) {
	budget := opt.budget(int64(len(data)))
	memory := budget
	if opt.MaxMemory > 0 {
		memory = min(memory, opt.MaxMemory)
	}
	j, err := jpeg.Decode(data, jpeg.Options{MaxPixels: opt.MaxPixels, MaxBytes: memory, MaxWork: budget / 64, Progress: opt.Progress})
	damage := new(jpeg.DamageError)
	switch {
	case errors.As(err, &damage) && !opt.KeepGoing:
		return nil, fmt.Errorf("%w: --keep-going takes what there is", err)
	case errors.As(err, new(*jpeg.LimitError)):
		return nil, fmt.Errorf("%w: --max-expansion and --memory raise that", err)
	case err != nil && !errors.As(err, &damage):
		return nil, err
	case err != nil:
		f.Damage = err.Error()
	}
	if j.Trailing > 0 && !slices.Contains(f.Lost, furtherPictures) && !slices.Contains(f.Lost, gainMap) {
		f.lose(fmt.Sprintf("%d bytes behind the picture", j.Trailing))
	}
	m := &Image{Interleaved: chroma.Interleaved{
		W: j.Width, H: j.Height, Channels: j.Model.Channels(), Depth: 8,
		Step: j.Model.Channels(), Stride: j.Width * j.Model.Channels(), Pix: j.Pix,
	}}
	if j.Model == jpeg.CMYK {
		m.fromInk()
	}
	return m, nil
}

// What Lost says of further pictures, whose bytes lie behind the first.
const (
	furtherPictures = "further pictures (MPF)"
	gainMap         = "a gain map"
)

// takeSegments takes the metadata, and names what it leaves out.
func (f *File) takeSegments(segments []jpeg.Segment) {
	var icc iccParts
	for _, s := range segments {
		has := func(prefix string) bool { return bytes.HasPrefix(s.Data, []byte(prefix)) }
		switch {
		case s.Marker == markerCOM:
			f.Meta.PNG = append(f.Meta.PNG, commentChunk(s.Data)...)
		case s.Marker == markerAPP0 && has(jfifPrefix):
			f.Meta.PNG = append(f.Meta.PNG, jfifDensity(s.Data)...)
		case s.Marker == markerAPP1 && has(exifPrefix) && f.Meta.EXIF == nil:
			f.Meta.setEXIF(s.Data)
		case s.Marker == markerAPP1 && has(xmpPrefix) && f.Meta.XMP == nil:
			f.Meta.XMP = s.Data[len(xmpPrefix):]
		case s.Marker == markerAPP1 && has(xmpMorePrefix):
			f.lose("the rest of a long XMP packet")
		case s.Marker == markerAPP2 && has(iccPrefix):
			icc.add(s.Data)
		case s.Marker == markerAPP2 && has(mpfPrefix):
			f.lose(furtherPictures)
		case s.Marker == markerAPP13 && has(photoshopPrefix):
			f.takeResources(s.Data[len(photoshopPrefix):])
		case s.Marker == markerAPP0 || s.Marker == markerAPP14: // thumbnails, and what is known
		default:
			f.lose(fmt.Sprintf("segment APP%d%s", s.Marker-markerAPP0, identifier(s.Data)))
		}
	}
	f.Meta.ICC = icc.join()
	if bytes.Contains(f.Meta.XMP, []byte("hdr-gain-map")) || bytes.Contains(f.Meta.XMP, []byte("hdrgm:")) {
		f.lose(gainMap)
	}
}

// lose names something left out, once.
func (f *File) lose(what string) {
	if !slices.Contains(f.Lost, what) {
		f.Lost = append(f.Lost, what)
	}
}

// identifier is the name that a segment begins with, in brackets, or nothing.
func identifier(b []byte) string {
	name, _, ok := bytes.Cut(b[:min(len(b), 40)], []byte{0})
	if !ok || len(name) == 0 || bytes.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return " (" + string(name) + ")"
}

// jfifDensity is the chunk pHYs for the density in a JFIF segment (T.871, 10.1), nil
// where it has none: one pixel to one, or no pixel.
func jfifDensity(b []byte) []byte {
	if len(b) < 12 {
		return nil
	}
	unit, x, y := b[7], uint32(binary.BigEndian.Uint16(b[8:])), uint32(binary.BigEndian.Uint16(b[10:]))
	switch {
	case x == 0 || y == 0 || unit > 2 || unit == 0 && x == y:
		return nil
	case unit == 0:
		return aspectChunk(uint64(x), uint64(y))
	case unit == 1: // an inch is 0.0254 metres
		return densityChunk((x*10000+127)/254, (y*10000+127)/254)
	}
	return densityChunk(100*x, 100*y)
}

// commentKey is the keyword of comments among the texts of PNG (11.3.3.1).
const commentKey = "Comment"

// commentChunk is the chunk iTXt for a comment, whose encoding no standard names: what
// is no UTF-8 is taken for Latin-1.
func commentChunk(b []byte) []byte {
	text := strings.TrimRight(string(b), "\x00")
	if text == "" || strings.Contains(text, "\x00") {
		return nil
	}
	if strings.ToValidUTF8(text, "") != text {
		runes := make([]rune, 0, len(b))
		for _, c := range []byte(text) {
			runes = append(runes, rune(c))
		}
		text = string(runes)
	}
	return appendChunk(nil, "iTXt", []byte(commentKey+"\x00\x00\x00\x00\x00"+text))
}

// takeResources takes IPTC out of the image resources of Photoshop: signature, number,
// name and data, the last two padded to even lengths.
func (f *File) takeResources(b []byte) {
	for len(b) >= 12 && string(b[:4]) == "8BIM" {
		id, name := binary.BigEndian.Uint16(b[4:]), int(b[6])
		at := 6 + (name+2)&^1
		if at+4 > len(b) {
			return
		}
		n := int64(binary.BigEndian.Uint32(b[at:]))
		b = b[at+4:]
		if n > int64(len(b)) {
			return
		}
		const iptc = 0x0404
		if id == iptc && f.Meta.IPTC == nil {
			f.Meta.IPTC = b[:n:n]
		}
		b = b[min(int(n+n&1), len(b)):]
	}
}

// fromInk converts inks to RGB as if they were perfect, as libjpeg's users do without a
// profile: red is what cyan and black let through.
func (m *Image) fromInk() {
	to := newPacked(m.W, m.H, 3, 8, 3)
	for i := range m.W * m.H {
		p := m.Pix[4*i:][:4]
		for c := range 3 {
			light := int(255-p[c]) * int(255-p[3])
			to.Pix[3*i+c] = byte((light + 127) / 255)
		}
	}
	m.Interleaved = to.Interleaved
}

// dropInkProfile says that inks become RGB, to which their profile does not belong.
func (f *File) dropInkProfile() {
	f.Notes = append(f.Notes, "inks (CMYK) are converted to RGB, without a colour profile")
	if f.Meta.ICC != nil {
		f.Meta.ICC = nil
		f.lose("the colour profile of the inks (CMYK)")
	}
}
