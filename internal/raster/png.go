package raster

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	// pngHead is the length of the signature and IHDR.
	pngHead = 8 + 25
	xmpKey  = "XML:com.adobe.xmp"
)

// deflateRatio is the most bytes that Deflate gives for one.
const deflateRatio = 1032

// readPNG decodes what image/png needs of the file: chunks that are neither
// critical nor tRNS cannot spoil it. Gray with alpha, which image/png expands
// to RGBA, has 2 channels again.
func readPNG(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	pixels, meta := splitPNG(src)
	c, err := png.DecodeConfig(pixels())
	if err != nil {
		return nil, err
	}
	if err := checkSize(c.Width, c.Height, opt); err != nil {
		return nil, err
	}
	var head [pngHead]byte
	if _, err := io.ReadFull(pixels(), head[:]); err != nil {
		return nil, err
	}
	depth, kind := int64(head[24]), head[25]
	samples := [...]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
	bits := int64(c.Width) * int64(c.Height) * samples * depth
	if err := checkYield(bits, 8*deflateRatio, src.Size()); err != nil {
		return nil, err
	}
	std, err := png.Decode(pixels())
	if err != nil {
		return nil, err
	}
	m, err := FromImage(std)
	if err != nil {
		return nil, err
	}
	if kind == 0 || kind == 4 {
		m = grayAlpha(std, m)
	}
	m.Meta = meta
	return m, nil
}

// grayAlpha drops the two repeated colours of a gray image that was expanded to
// RGBA; m is the image of std.
func grayAlpha(std image.Image, m *Image) *Image {
	switch std.(type) {
	case *image.NRGBA, *image.NRGBA64:
	default:
		return m
	}
	size := m.Depth / 8
	to := newPacked(m.W, m.H, 2, m.Depth, 2*size)
	for i := range m.W * m.H {
		s, d := m.Pix[i*m.Step:], to.Pix[i*to.Step:]
		copy(d[:size], s)
		copy(d[size:2*size], s[3*size:])
	}
	return to
}

// splitPNG walks the chunks. It returns the metadata and a function that gives
// a reader of the file with none but the critical chunks and tRNS.
func splitPNG(src *io.SectionReader) (pixels func() io.Reader, meta Meta) {
	var kept [][2]int64 // start and end, apart from each other
	keep := func(start, end int64) {
		if n := len(kept); n > 0 && kept[n-1][1] == start {
			kept[n-1][1] = end
			return
		}
		kept = append(kept, [2]int64{start, end})
	}
	keep(0, 8)
	var head [8]byte
	for off := int64(8); off < src.Size(); {
		if _, err := src.ReadAt(head[:], off); err != nil {
			break
		}
		n, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		end := min(off+12+n, src.Size())
		if critical := kind[0]&0x20 == 0; critical || kind == "tRNS" {
			keep(off, end)
		} else {
			meta.addChunk(src, kind, off, n)
		}
		if kind == "IEND" {
			break
		}
		off = end
	}
	return func() io.Reader {
		parts := make([]io.Reader, len(kept))
		for i, k := range kept {
			parts[i] = io.NewSectionReader(src, k[0], k[1]-k[0])
		}
		return bufio.NewReaderSize(io.MultiReader(parts...), 1<<16)
	}, meta
}

// addChunk takes the metadata of a chunk of n bytes at off, if it is of a kind
// that holds some and its checksum is right.
func (m *Meta) addChunk(src *io.SectionReader, kind string, off, n int64) {
	if kind != "iCCP" && kind != "eXIf" && kind != "iTXt" {
		return
	}
	b := readRange(src, off+4, n+8)
	if b == nil || crc32.ChecksumIEEE(b[:n+4]) != binary.BigEndian.Uint32(b[n+4:]) {
		return
	}
	b = b[4 : n+4]
	switch kind {
	case "iCCP":
		// PNG 11.3.2.3: name, 0, method 0, zlib data.
		if _, rest, ok := bytes.Cut(b, []byte{0}); ok && len(rest) > 0 && rest[0] == 0 {
			m.ICC = inflate(rest[1:])
		}
	case "eXIf":
		m.setEXIF(b)
	case "iTXt":
		if x := internationalText(b, xmpKey); x != nil {
			m.XMP = x
		}
	}
}

// internationalText returns the text of an iTXt chunk with the given keyword,
// nil for any other. PNG 11.3.3.4: keyword, 0, compressed or not, method,
// language, 0, translated keyword, 0, text.
func internationalText(b []byte, keyword string) []byte {
	b, ok := bytes.CutPrefix(b, []byte(keyword+"\x00"))
	if !ok || len(b) < 2 {
		return nil
	}
	compressed := b[0] != 0
	parts := bytes.SplitN(b[2:], []byte{0}, 3)
	if len(parts) < 3 {
		return nil
	}
	if compressed {
		return inflate(parts[2])
	}
	return parts[2]
}

// writePNG writes the pixels with image/png and the metadata behind IHDR. Gray
// with alpha is written as RGBA.
func writePNG(w io.Writer, m *Image) error {
	chunks, err := metaChunks(m.Meta)
	if err != nil {
		return err
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	return enc.Encode(&splicer{w: w, at: pngHead, insert: chunks}, m.Std())
}

// metaChunks returns the metadata as chunks that may follow IHDR.
func metaChunks(meta Meta) ([]byte, error) {
	var out []byte
	if meta.ICC != nil {
		var z bytes.Buffer
		z.WriteString("icc\x00\x00")
		d := zlib.NewWriter(&z)
		d.Write(meta.ICC)
		if err := d.Close(); err != nil {
			return nil, err
		}
		out = appendChunk(out, "iCCP", z.Bytes())
	}
	if meta.EXIF != nil {
		out = appendChunk(out, "eXIf", meta.EXIF)
	}
	if meta.XMP != nil {
		out = appendChunk(out, "iTXt", append([]byte(xmpKey+"\x00\x00\x00\x00\x00"), meta.XMP...))
	}
	return out, nil
}

// appendChunk appends a chunk: length, type, data, CRC of type and data.
func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}

// splicer inserts bytes at one place of what is written through it.
type splicer struct {
	w      io.Writer
	at     int // bytes still to come before the place
	insert []byte
}

func (s *splicer) Write(p []byte) (int, error) {
	if s.insert == nil || len(p) < s.at {
		s.at -= len(p)
		return s.w.Write(p)
	}
	n, err := s.w.Write(p[:s.at])
	if err != nil {
		return n, err
	}
	if _, err := s.w.Write(s.insert); err != nil {
		return n, fmt.Errorf("metadata: %w", err)
	}
	s.insert = nil
	rest, err := s.w.Write(p[n:])
	return n + rest, err
}
