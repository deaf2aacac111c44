package imagefile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image/color"
	"io"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
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

// openPNG opens what libpng reads: chunks that are neither critical nor tRNS cannot
// spoil it.
func openPNG(src *io.SectionReader, opt ReadOptions) (*File, error) {
	p, err := scanPNG(src)
	if err != nil {
		return nil, err
	}
	if err := checkPixels(p.w, p.h, opt); err != nil {
		return nil, err
	}
	bits := int64(p.w) * int64(p.h) * int64(p.samples()*int(p.depth))
	if err := checkYield(bits, 8*deflateRatio, src.Size()); err != nil {
		return nil, err
	}
	f := &File{
		format: p.format(), padded: true, mayGrow: true, mayBeOpaque: p.colour == pngRGBA || p.colour == pngRGB && p.key != nil,
		Meta: p.meta, Lost: p.lost,
	}
	if p.depth < 8 && p.key == nil {
		f.Tags = Tags{bitsTag(int(p.depth))}
	}
	f.pixelBytes = int64(len(f.format.Bands) * f.format.Type.Size())
	switch p.colour {
	case pngRGB: // four samples
		f.pixelBytes = 4 * int64(f.format.Type.Size())
	case pngPalette: // indices and colours
		f.pixelBytes = 5
	}
	if p.interlaced {
		if err := checkSize(p.w, p.h, f.pixelBytes, opt); err != nil {
			return nil, err
		}
		f.pixels = newWhole(func() (*Image, error) { return f.image(p.readPasses) })
		return f, nil
	}
	f.pixels, err = newSequence(f.format.Bounds(), len(f.format.Bands), f.format.Type, opt, func() (rowDecoder, error) {
		r, err := p.newRows()
		return r, err
	})
	return f, err
}

// samples is how many samples a pixel of the file has.
func (p *pngScan) samples() int {
	return [...]int{pngGray: 1, pngRGB: 3, pngPalette: 1, pngGrayAlpha: 2, pngRGBA: 4}[p.colour]
}

func (p *pngScan) format() raster.Format {
	n := p.samples()
	if p.key != nil {
		n++
	}
	f := raster.Format{Width: p.w, Height: p.h, Type: raster.Uint8, Bands: bandsOf(n, Straight)}
	if p.depth == 16 {
		f.Type = raster.Uint16
	}
	if p.colour == pngPalette {
		f.Bands, f.Palette = raster.Bands(raster.Index), p.palette
	}
	return f
}

// pngScan is what walking over the chunks of a file gives.
type pngScan struct {
	src           *io.SectionReader
	w, h          int
	depth, colour byte // of IHDR
	interlaced    bool
	palette       color.Palette // of PLTE, where pixels are indices
	key           []byte        // tRNS: the samples of the transparent gray or RGB, 16 bits each
	idat          int64         // where the first IDAT chunk begins
	place         int           // what has not come yet: beforePLTE, beforeIDAT or beforeIEND
	last          string        // the chunk before
	seen          []string      // kinds of chunks that may come once
	frames        int           // of an animation, behind the image
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

// scanPNG walks over the chunks up to IEND. Of IDAT it knows the place alone.
func scanPNG(src *io.SectionReader) (*pngScan, error) {
	p := &pngScan{src: src, place: beforePLTE}
	var head [8]byte
	for off := int64(8); p.last != "IEND"; {
		if _, err := src.ReadAt(head[:], off); err != nil {
			return nil, fmt.Errorf("chunk at byte %d: expected chunks up to IEND: %w", off, noEOF(err))
		}
		n, kind := int64(binary.BigEndian.Uint32(head[:])), string(head[4:])
		err := p.checkChunk(kind, n)
		if err == nil && off+12+n > src.Size() {
			err = fmt.Errorf("%s of %d bytes, the file ends at %d: %w", kind, n, src.Size(), io.ErrUnexpectedEOF)
		}
		if err == nil && kind[0]&0x20 == 0 {
			err = p.critical(kind, off, n)
		} else if err == nil {
			p.ancillary(kind, off, n)
		}
		if err != nil {
			return nil, fmt.Errorf("chunk at byte %d: %w", off, err)
		}
		p.last = kind
		off += 12 + n
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

// critical takes a critical chunk.
func (p *pngScan) critical(kind string, off, n int64) error {
	if kind == "IDAT" {
		if p.colour == pngPalette && p.palette == nil {
			return errors.New("IDAT: chunk out of order: expected PLTE before it")
		}
		if p.place != beforeIEND {
			p.idat = off
		}
		p.place = beforeIEND
		return nil
	}
	const most = 3 * 256 // bytes of a palette
	if n > most {
		return fmt.Errorf("%s of %d bytes: expected at most %d", kind, n, most)
	}
	chunk := readRange(p.src, off, n+12)
	_, data, _ := nextChunk(chunk)
	switch {
	case data == nil:
		return fmt.Errorf("%s: invalid checksum", kind)
	case kind == "IHDR":
		return p.readHeader(data)
	case kind == "PLTE":
		return p.readPalette(data)
	case p.place != beforeIEND:
		return errors.New("IEND: chunk out of order: expected IDAT before it")
	case n != 0:
		return fmt.Errorf("IEND of %d bytes: expected 0", n)
	}
	return nil
}

// readHeader reads IHDR (PNG 11.2.1).
func (p *pngScan) readHeader(b []byte) error {
	switch {
	case p.last != "":
		return errors.New("IHDR: chunk out of order: expected one")
	case len(b) != 13:
		return fmt.Errorf("IHDR of %d bytes: expected 13", len(b))
	}
	w, h := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	p.depth, p.colour, p.interlaced = b[8], b[9], b[12] == 1
	depths := map[byte][]byte{pngGray: {1, 2, 4, 8, 16}, pngRGB: {8, 16}, pngPalette: {1, 2, 4, 8}, pngGrayAlpha: {8, 16}, pngRGBA: {8, 16}}
	switch {
	case w < 1 || h < 1 || w > 1<<31-1 || h > 1<<31-1:
		return fmt.Errorf("IHDR: image of %dx%d pixels, expected 1 to %d a side", w, h, 1<<31-1)
	case !slices.Contains(depths[p.colour], p.depth):
		return fmt.Errorf("IHDR: %d bits of colour type %d: expected 1, 2, 4, 8 or 16 of type 0, 8 or 16 of types 2, 4 and 6, at most 8 of type 3", p.depth, p.colour)
	case b[10] != 0 || b[11] != 0:
		return fmt.Errorf("IHDR: compression method %d and filter method %d: expected 0", b[10], b[11])
	case b[12] > 1:
		return fmt.Errorf("IHDR: interlace method %d: expected 0 or 1", b[12])
	}
	p.w, p.h = int(w), int(h)
	return nil
}

// readPalette reads PLTE (PNG 11.2.2).
func (p *pngScan) readPalette(b []byte) error {
	n := len(b) / 3
	switch {
	case p.place != beforePLTE || p.key != nil:
		return errors.New("PLTE: chunk out of order: expected one, before tRNS and IDAT")
	case p.colour == pngGray || p.colour == pngGrayAlpha:
		return fmt.Errorf("PLTE: expected none with colour type %d", p.colour)
	case len(b)%3 != 0 || n < 1 || n > 1<<p.depth:
		return fmt.Errorf("PLTE of %d bytes: expected 3 for each of 1 to %d colours", len(b), min(256, 1<<p.depth))
	}
	p.place = beforeIDAT
	if p.colour != pngPalette {
		p.lost.add("suggested palette (PLTE)")
		return nil
	}
	for c := range slices.Chunk(b, 3) {
		p.palette = append(p.palette, color.RGBA{R: c[0], G: c[1], B: c[2], A: 0xff})
	}
	return nil
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
		return p.transparency(data)
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

// transparency takes the data of tRNS if it fits what came before it (PNG 11.3.1.1).
func (p *pngScan) transparency(b []byte) bool {
	switch {
	case p.colour == pngGray && len(b) == 2 && p.place != beforeIEND, p.colour == pngRGB && len(b) == 6 && p.place != beforeIEND:
		p.key = b
		return true
	case p.colour == pngPalette && p.place == beforeIDAT && 1 <= len(b) && len(b) <= len(p.palette):
		for i, a := range b {
			c := p.palette[i].(color.RGBA)
			p.palette[i] = color.NRGBA{R: c.R, G: c.G, B: c.B, A: a}
		}
		return true
	}
	return false
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
