package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
)

// stripBytes is about what a strip holds before compression.
const stripBytes = 1 << 18

// writeTIFF writes a little-endian TIFF: header, strips, directory. Strips are
// Deflate with horizontal differencing, or as they are. What has an opaque
// palette is written with it; gray with a profile for RGB is written as RGB, and
// a profile that does not fit then either is left out.
func writeTIFF(w io.Writer, m *Image, opt WriteOptions) error {
	s := newStrips(m)
	if !opt.Uncompressed {
		if err := s.compress(); err != nil {
			return err
		}
	}
	total := 8 + s.size()
	total += total & 1
	dir := appendDirectory(nil, uint32(total), s.fields(opt))
	if total+int64(len(dir)) > math.MaxUint32 {
		return fmt.Errorf("a TIFF file holds at most 4 GiB, the image takes %d bytes: write png instead", total)
	}
	head := binary.LittleEndian.AppendUint32([]byte("II*\x00"), uint32(total))
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := s.write(w); err != nil {
		return err
	}
	end := make([]byte, s.size()&1)
	_, err := w.Write(append(end, dir...))
	return err
}

// strips is an image cut into strips of whole rows.
type strips struct {
	m        *Image
	channels int      // as they are written
	palette  bool     // the samples are the indices
	icc      []byte   // the profile, nil where it does not fit
	rows     int      // per strip, fewer in the last
	counts   []uint32 // bytes of each in the file
	data     [][]byte // of each, nil where they are written as they are
}

func newStrips(m *Image) *strips {
	s := &strips{m: m, channels: m.Channels, icc: m.Meta.ICC}
	switch {
	case m.Palette != nil && opaque(m.Palette) && profileFits(s.icc, 3):
		s.palette, s.channels = true, 1
	case profileFits(s.icc, m.Channels):
	case m.Channels <= 2 && profileFits(s.icc, 3):
		s.channels += 2
	default:
		s.icc = nil
	}
	s.rows = min(m.H, max(1, stripBytes/s.stride()))
	for y := 0; y < m.H; y += s.rows {
		s.counts = append(s.counts, uint32(min(s.rows, m.H-y)*s.stride()))
	}
	return s
}

func opaque(p color.Palette) bool {
	_, channels := expandPalette(p)
	return channels < 4
}

// step is the bytes of a pixel, stride of a row.
func (s *strips) step() int   { return s.channels * s.m.Depth / 8 }
func (s *strips) stride() int { return s.m.W * s.step() }

// size is the bytes of all strips.
func (s *strips) size() (n int64) {
	for _, c := range s.counts {
		n += int64(c)
	}
	return n
}

// pack returns the samples of strip i, little-endian.
func (s *strips) pack(buf []byte, i int) []byte {
	y0, y1 := i*s.rows, min(s.m.H, (i+1)*s.rows)
	if s.palette {
		return append(buf[:0], s.m.Index[y0*s.m.W:y1*s.m.W]...)
	}
	buf = slices.Grow(buf[:0], (y1-y0)*s.stride())[:(y1-y0)*s.stride()]
	for y := y0; y < y1; y++ {
		s.m.copyRow(buf[(y-y0)*s.stride():], s.step(), y, s.channels)
	}
	if s.m.Depth == 16 {
		for i := 0; i < len(buf); i += 2 {
			buf[i], buf[i+1] = buf[i+1], buf[i]
		}
	}
	return buf
}

func (s *strips) compress() error {
	var buf []byte
	var z bytes.Buffer
	d, err := zlib.NewWriterLevel(&z, zlib.BestSpeed)
	if err != nil {
		return err
	}
	for i := range s.counts {
		z.Reset()
		d.Reset(&z)
		buf = s.pack(buf, i)
		if !s.palette {
			s.predict(buf)
		}
		d.Write(buf)
		if err := d.Close(); err != nil {
			return err
		}
		s.data = append(s.data, bytes.Clone(z.Bytes()))
		s.counts[i] = uint32(z.Len())
	}
	return nil
}

// predict takes the difference of each sample to the one before it in its row
// (TIFF 6.0, section 14).
func (s *strips) predict(buf []byte) {
	step := s.step()
	for row := range slices.Chunk(buf, s.stride()) {
		if s.m.Depth == 8 {
			for i := len(row) - 1; i >= step; i-- {
				row[i] -= row[i-step]
			}
			continue
		}
		for i := len(row) - 2; i >= step; i -= 2 {
			v := binary.LittleEndian.Uint16(row[i:]) - binary.LittleEndian.Uint16(row[i-step:])
			binary.LittleEndian.PutUint16(row[i:], v)
		}
	}
}

func (s *strips) write(w io.Writer) error {
	var buf []byte
	for i := range s.counts {
		if s.data != nil {
			buf = s.data[i]
		} else {
			buf = s.pack(buf, i)
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// fields is the directory: the layout, and the metadata.
func (s *strips) fields(opt WriteOptions) []field {
	m := s.m
	offsets := make([]uint32, len(s.counts))
	at := uint32(8)
	for i, n := range s.counts {
		offsets[i] = at
		at += n
	}
	compression := uint16(compressionDeflate)
	if opt.Uncompressed {
		compression = compressionNone
	}
	fields := append(s.sampleFields(opt),
		longs(tagImageWidth, uint32(m.W)), longs(tagImageLength, uint32(m.H)), shorts(tagCompression, compression),
		longs(tagStripOffsets, offsets...), longs(tagRowsPerStrip, uint32(s.rows)), longs(tagStripByteCounts, s.counts...))
	if s.icc != nil {
		fields = append(fields, blobField(tagICC, typeUndefined, s.icc))
	}
	if m.Meta.XMP != nil {
		fields = append(fields, blobField(tagXMP, typeByte, m.Meta.XMP))
	}
	if m.Meta.IPTC != nil {
		fields = append(fields, iptcField(m.Meta.IPTC))
	}
	exif := exifFields(m.Meta.EXIF)
	if !hasResolution(exif) {
		fields = append(fields, densityFields(m.Meta.PNG)...)
	}
	return append(fields, exif...)
}

func hasResolution(fields []field) bool {
	return slices.ContainsFunc(fields, func(f field) bool {
		return f.tag == tagXResolution || f.tag == tagYResolution || f.tag == tagResolutionUnit
	})
}

// sampleFields say what the samples are.
func (s *strips) sampleFields(opt WriteOptions) []field {
	depth, max := uint16(s.m.Depth), s.m.FullScale()
	photometric, predictor := uint16(photometricBlackIsZero), uint16(2)
	switch {
	case s.palette:
		photometric, predictor = photometricPalette, 1
	case s.channels > 2:
		photometric = photometricRGB
	}
	if opt.Uncompressed {
		predictor = 1
	}
	fields := []field{
		shorts(tagBitsPerSample, slices.Repeat([]uint16{depth}, s.channels)...), shorts(tagPhotometric, photometric),
		shorts(tagSamplesPerPixel, uint16(s.channels)), shorts(tagPredictor, predictor),
	}
	if s.palette {
		fields = append(fields, shorts(tagColorMap, colorMap(s.m.Palette)...))
	} else if max < 1<<depth-1 {
		fields = append(fields, shorts(tagMaxSampleValue, slices.Repeat([]uint16{uint16(max)}, s.channels)...))
	}
	if s.channels%2 == 0 {
		kind := [...]uint16{Straight: alphaUnassociated, Premultiplied: alphaAssociated, NoAlpha: extraUnspecified}[s.m.Alpha]
		fields = append(fields, shorts(tagExtraSamples, kind))
	}
	return fields
}

// colorMap is all reds, all greens and all blues of 256 colours, 16 bits each.
func colorMap(p color.Palette) []uint16 {
	const n = 1 << 8
	v := make([]uint16, 3*n)
	table, _ := expandPalette(p[:min(n, len(p))])
	for i, c := range table {
		for j := range 3 {
			v[j*n+i] = uint16(c[j]) * 257
		}
	}
	return v
}
