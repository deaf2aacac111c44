package imagefile

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/zlib"
)

// Meta is what a file says about its pixels, as the bytes it holds; nil where
// it says nothing. Each is at most 16 MiB.
type Meta struct {
	ICC  []byte // colour profile
	EXIF []byte // TIFF-structured, without "Exif\0\0" before it
	XMP  []byte // XML packet
	IPTC []byte // IPTC-IIM records
	// PNG holds what the other formats say in ways of their own, as chunks of PNG
	// one after the other, whole ones with their length and checksum: colour
	// signalling (gAMA, cHRM, sRGB, cICP, mDCV, cLLI), density (pHYs), comments
	// and other text (tEXt, zTXt, iTXt) and the time of the last change (tIME).
	PNG []byte
}

// maxMeta is the most bytes of one kind of metadata; longer ones are dropped.
const maxMeta = 16 << 20

const exifPrefix = "Exif\x00\x00"

// setEXIF keeps b if it starts as a TIFF header, with or without the prefix of
// JPEG before it.
func (m *Meta) setEXIF(b []byte) {
	b = bytes.TrimPrefix(b, []byte(exifPrefix))
	if bytes.HasPrefix(b, []byte("II*\x00")) || bytes.HasPrefix(b, []byte("MM\x00*")) {
		m.EXIF = b
	}
}

// readRange returns n bytes at off, nil where they are not all there or too
// many for metadata.
func readRange(src *io.SectionReader, off, n int64) []byte {
	if n <= 0 || n > maxMeta || off > src.Size()-n {
		return nil
	}
	b := make([]byte, n)
	if _, err := src.ReadAt(b, off); err != nil {
		return nil
	}
	return b
}

// inflate returns the zlib data in b, nil where it is damaged or too long.
func inflate(b []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, maxMeta+1))
	if err != nil || len(out) > maxMeta {
		return nil
	}
	return out
}

// iccParts collects the segments of a profile by their number, 1 to count.
type iccParts struct {
	count int
	parts [256][]byte
}

func (p *iccParts) add(b []byte) {
	b, ok := bytes.CutPrefix(b, []byte(iccPrefix))
	if !ok || len(b) < 2 {
		return
	}
	p.count = int(b[1])
	p.parts[b[0]] = b[2:]
}

// join returns the profile, nil where a part is missing.
func (p *iccParts) join() (icc []byte) {
	for _, part := range p.parts[1:max(1, p.count+1)] {
		if part == nil || len(icc)+len(part) > maxMeta {
			return nil
		}
		icc = append(icc, part...)
	}
	return icc
}
