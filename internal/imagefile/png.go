package imagefile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
)

const (
	pngSignature = "\x89PNG\r\n\x1a\n"
	// pngHead is the length of the signature and IHDR.
	pngHead = 8 + 25
	xmpKey  = "XML:com.adobe.xmp"
)

// deflateRatio is the most bytes that Deflate gives for one.
const deflateRatio = 1032

// Colour types (PNG 11.2.1).
const (
	pngGray      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGrayAlpha = 4
	pngRGBA      = 6
)

// readPNG decodes with image/png what that needs of the file: chunks that are
// neither critical nor tRNS cannot spoil it. Gray with alpha, which image/png
// expands to RGBA, has 2 channels again.
func readPNG(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	p, err := scanPNG(src)
	if err != nil {
		return nil, err
	}
	c, err := png.DecodeConfig(p.pixels())
	if err != nil {
		return nil, err
	}
	samples := [...]int64{pngGray: 1, pngRGB: 3, pngPalette: 1, pngGrayAlpha: 2, pngRGBA: 4}[p.colour]
	// Package png has four samples for all but gray; gray with alpha is copied, and so
	// are indices with their colours.
	pixel := 6 * max(1, int64(p.depth)/8)
	if p.colour == pngGray {
		pixel /= 6
	}
	if err := checkSize(c.Width, c.Height, pixel, opt); err != nil {
		return nil, err
	}
	bits := int64(c.Width) * int64(c.Height) * samples * int64(p.depth)
	if err := checkYield(bits, 8*deflateRatio, src.Size()); err != nil {
		return nil, err
	}
	std, err := png.Decode(p.pixels())
	if err != nil {
		return nil, err
	}
	m, err := FromImage(std)
	if err != nil {
		return nil, err
	}
	if p.colour == pngGray || p.colour == pngGrayAlpha {
		m = grayAlpha(std, m)
	}
	if n := len(m.Palette); n > p.palette {
		m.Notes = append(m.Notes, fmt.Sprintf("palette index %d of %d colours taken as black", n-1, p.palette))
	}
	m.Meta, m.Lost = p.meta, p.lost
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

// pngScan is what walking over the chunks of a file gives.
type pngScan struct {
	src           *io.SectionReader
	kept          [][2]int64 // start and end of what image/png is to see, apart from each other
	depth, colour byte       // of IHDR
	palette       int        // colours of PLTE
	place         int        // what has not come yet: beforePLTE, beforeIDAT or beforeIEND
	last          string     // the chunk before
	seen          []string   // kinds of chunks that may come once
	frames        int        // of an animation, behind the image
	meta          Meta
	lost          phrases
}

// phrases are a list without repetition.
type phrases []string

// maxPhrases is where the list ends.
const maxPhrases = 20

func (p *phrases) add(s string) {
	if len(*p) == maxPhrases {
		s = "and more"
	}
	if len(*p) <= maxPhrases && !slices.Contains(*p, s) {
		*p = append(*p, s)
	}
}

// scanPNG walks over the chunks. Its errors are libpng's where image/png
// knows none; damage that image/png finds itself is left to it.
func scanPNG(src *io.SectionReader) (*pngScan, error) {
	p := &pngScan{src: src, place: beforePLTE}
	p.keep(0, 8)
	var head [8]byte
	for off := int64(8); off < src.Size() && p.last != "IEND"; {
		if _, err := src.ReadAt(head[:], off); err != nil {
			break
		}
		n, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		if err := p.checkChunk(kind, n); err != nil {
			return nil, fmt.Errorf("chunk at byte %d: %w", off, err)
		}
		end := min(off+12+n, src.Size())
		if kind[0]&0x20 == 0 {
			p.keep(off, end)
			p.critical(kind, off, n)
		} else {
			p.ancillary(kind, off, n)
		}
		p.last = kind
		off = end
	}
	if p.frames > 0 {
		p.lost.add(plural(p.frames, "further animation frame"))
	}
	return p, nil
}

// plural counts what is named.
func plural(n int, name string) string {
	if n != 1 {
		name += "s"
	}
	return fmt.Sprintf("%d %s", n, name)
}

// keep lets image/png see a part of the file.
func (p *pngScan) keep(start, end int64) {
	if n := len(p.kept); n > 0 && p.kept[n-1][1] == start {
		p.kept[n-1][1] = end
		return
	}
	p.kept = append(p.kept, [2]int64{start, end})
}

// pixels reads the parts of the file that are kept.
func (p *pngScan) pixels() io.Reader {
	parts := make([]io.Reader, len(p.kept))
	for i, k := range p.kept {
		parts[i] = io.NewSectionReader(p.src, k[0], k[1]-k[0])
	}
	return bufio.NewReaderSize(io.MultiReader(parts...), 1<<16)
}

// checkChunk holds the head of a chunk against PNG 5.3 and 5.6.
func (p *pngScan) checkChunk(kind string, n int64) error {
	for _, c := range []byte(kind) {
		if c|0x20 < 'a' || 'z' < c|0x20 {
			return fmt.Errorf("type % x: expected four letters", kind)
		}
	}
	switch critical := kind[0]&0x20 == 0; {
	case n > 1<<31-1:
		return fmt.Errorf("%s of %d bytes: expected at most %d", kind, n, 1<<31-1)
	case p.last == "" && kind != "IHDR":
		return fmt.Errorf("%s: expected IHDR", kind)
	case critical && !slices.Contains([]string{"IHDR", "PLTE", "IDAT", "IEND"}, kind):
		return fmt.Errorf("%s is critical and not known: expected IHDR, PLTE, IDAT or IEND", kind)
	case kind == "IDAT" && p.place == beforeIEND && p.last != "IDAT":
		return fmt.Errorf("IDAT after %s: expected all IDAT chunks in a row", p.last)
	}
	return nil
}

// critical notes what a critical chunk says of the others.
func (p *pngScan) critical(kind string, off, n int64) {
	switch kind {
	case "IHDR":
		if b := readRange(p.src, off+8, n); len(b) == 13 {
			p.depth, p.colour = b[8], b[9]
		}
	case "PLTE":
		p.place, p.palette = min(p.place, beforeIDAT), int(n/3)
		if p.colour != pngPalette {
			p.lost.add("suggested palette (PLTE)")
		}
	case "IDAT":
		p.place = beforeIEND
	}
}

// ancillary keeps or names the chunk of n bytes at off.
func (p *pngScan) ancillary(kind string, off, n int64) {
	rule, known := chunkRules[kind]
	switch {
	case kind == "fcTL" && p.place == beforeIEND:
		p.frames++
	case kind == "fcTL" || kind == "fdAT" || kind == "acTL": // counted by the former
	case kind == "iDOT": // where Apple's decoder finds parts of IDAT
	case rule.lost != "":
		p.lost.add(rule.lost)
	case !known && kind != "tRNS" && kind != "sBIT":
		p.lost.add("chunk " + kind)
	case n > maxMeta-12 || rule.kept && int64(len(p.meta.PNG)) > maxMeta-12-n:
		p.lost.add(fmt.Sprintf("chunk %s beyond %d MiB", kind, maxMeta>>20))
	case p.place < rule.before:
		p.lost.add("chunk " + kind + " out of place")
	case !rule.many && slices.Contains(p.seen, kind):
		p.lost.add("second chunk " + kind)
	default:
		if !rule.many {
			p.seen = append(p.seen, kind)
		}
		if !p.take(kind, rule, off, n) {
			p.lost.add("damaged chunk " + kind)
		}
	}
}

// take reads a chunk and puts it where it belongs, if it is whole.
func (p *pngScan) take(kind string, rule chunkRule, off, n int64) bool {
	chunk := readRange(p.src, off, n+12)
	_, data, _ := nextChunk(chunk)
	if data == nil || rule.length != 0 && rule.length != len(data) {
		return false
	}
	switch kind {
	case "tRNS":
		if !p.transparency(len(data)) {
			return false
		}
		p.keep(off, off+12+n)
	case "sBIT":
		depth := p.depth
		if p.colour == pngPalette {
			depth = 8
		}
		if slices.ContainsFunc(data, func(bits byte) bool { return bits < depth }) {
			p.lost.add("significant bits (sBIT)")
		}
	case "iCCP":
		p.meta.ICC = plainText("zTXt", data)
		return p.meta.ICC != nil
	case "eXIf":
		p.meta.setEXIF(data)
		return p.meta.EXIF != nil
	case "tEXt", "zTXt", "iTXt":
		return p.text(kind, data, chunk)
	default:
		p.meta.PNG = append(p.meta.PNG, chunk...)
	}
	return true
}

// transparency tells whether a tRNS chunk of n bytes fits what came before it
// (PNG 11.3.1.1).
func (p *pngScan) transparency(n int) bool {
	switch p.colour {
	case pngGray:
		return n == 2 && p.place != beforeIEND
	case pngRGB:
		return n == 6 && p.place != beforeIEND
	}
	return p.colour == pngPalette && p.place == beforeIDAT && 1 <= n && n <= p.palette
}

// text keeps a text chunk, or takes XMP or IPTC from it.
func (p *pngScan) text(kind string, data, chunk []byte) bool {
	switch key := keyword(data); {
	case key == "":
		return false
	case key == xmpKey && kind == "iTXt" && p.meta.XMP == nil:
		p.meta.XMP = internationalText(data)
		return p.meta.XMP != nil
	case key == iptcKey && kind != "iTXt" && p.meta.IPTC == nil:
		if p.meta.IPTC = parseIPTC(plainText(kind, data)); p.meta.IPTC != nil {
			return true
		}
	}
	p.meta.PNG = append(p.meta.PNG, chunk...)
	return true
}
