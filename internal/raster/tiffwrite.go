package raster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// stripBytes is about what a strip holds before compression.
const stripBytes = 1 << 18

// writeTIFF writes a little-endian TIFF: header, strips, directory. Strips are
// Deflate with horizontal differencing, or as they are.
func writeTIFF(w io.Writer, m *Image, opt WriteOptions) error {
	s := newStrips(m, opt)
	if !opt.Uncompressed {
		if err := s.compress(); err != nil {
			return err
		}
	}
	total := int64(8)
	for _, n := range s.counts {
		total += int64(n)
	}
	total += total & 1
	dir := len(m.Meta.ICC) + len(m.Meta.EXIF) + len(m.Meta.XMP) + 8*len(s.counts) + 1<<10
	if total+int64(dir) > math.MaxUint32 {
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
	_, err := w.Write(append(end, appendDirectory(nil, uint32(total), s.fields(opt))...))
	return err
}

// strips is an image cut into strips of whole rows.
type strips struct {
	m      *Image
	rows   int      // per strip, fewer in the last
	counts []uint32 // bytes of each in the file
	data   [][]byte // of each, nil where they are written as they are
}

func newStrips(m *Image, opt WriteOptions) *strips {
	stride := m.W * m.Channels * m.Depth / 8
	s := &strips{m: m, rows: min(m.H, max(1, stripBytes/stride))}
	for y := 0; y < m.H; y += s.rows {
		s.counts = append(s.counts, uint32(min(s.rows, m.H-y)*stride))
	}
	return s
}

// size is the bytes of all strips.
func (s *strips) size() (n int64) {
	for _, c := range s.counts {
		n += int64(c)
	}
	return n
}

// pack returns the samples of strip i, little-endian.
func (s *strips) pack(buf []byte, i int) []byte {
	step := s.m.Channels * s.m.Depth / 8
	stride := s.m.W * step
	y0, y1 := i*s.rows, min(s.m.H, (i+1)*s.rows)
	buf = slices.Grow(buf[:0], (y1-y0)*stride)[:(y1-y0)*stride]
	for y := y0; y < y1; y++ {
		s.m.copyRow(buf[(y-y0)*stride:], step, y, s.m.Channels)
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
		s.predict(buf)
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
	step := s.m.Channels * s.m.Depth / 8
	for row := range slices.Chunk(buf, s.m.W*step) {
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
	depths := slices.Repeat([]uint16{uint16(m.Depth)}, m.Channels)
	photometric := uint16(photometricBlackIsZero)
	if m.Channels > 2 {
		photometric = photometricRGB
	}
	offsets := make([]uint32, len(s.counts))
	at := uint32(8)
	for i, n := range s.counts {
		offsets[i] = at
		at += n
	}
	compression, predictor := uint16(compressionDeflate), uint16(2)
	if opt.Uncompressed {
		compression, predictor = compressionNone, 1
	}
	fields := []field{
		longs(tagImageWidth, uint32(m.W)), longs(tagImageLength, uint32(m.H)),
		shorts(tagBitsPerSample, depths...), shorts(tagCompression, compression),
		shorts(tagPhotometric, photometric), longs(tagStripOffsets, offsets...),
		shorts(tagSamplesPerPixel, uint16(m.Channels)), longs(tagRowsPerStrip, uint32(s.rows)),
		longs(tagStripByteCounts, s.counts...), shorts(tagPredictor, predictor),
	}
	if m.Channels%2 == 0 {
		fields = append(fields, shorts(tagExtraSamples, alphaUnassociated))
	}
	if m.Meta.ICC != nil {
		fields = append(fields, field{tag: tagICC, kind: typeUndefined, count: uint32(len(m.Meta.ICC)), value: m.Meta.ICC})
	}
	if m.Meta.XMP != nil {
		fields = append(fields, field{tag: tagXMP, kind: typeByte, count: uint32(len(m.Meta.XMP)), value: m.Meta.XMP})
	}
	return append(fields, exifFields(m.Meta.EXIF)...)
}
