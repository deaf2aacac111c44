package raster

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/tiff"
	"golang.org/x/image/tiff/lzw"
)

// Values of Compression, PhotometricInterpretation and ExtraSamples.
const (
	compressionNone       = 1
	compressionGroup3     = 3
	compressionGroup4     = 4
	compressionLZW        = 5
	compressionDeflate    = 8
	compressionPackBits   = 32773
	compressionDeflateOld = 32946

	photometricWhiteIsZero = 0
	photometricBlackIsZero = 1
	photometricRGB         = 2
	photometricPalette     = 3

	alphaAssociated   = 1
	alphaUnassociated = 2
)

// yield has the most bytes that a byte of a compressed block can give: PackBits
// two bytes for 128, LZW codes of 12 bits for strings under 4096.
var yield = map[uint32]int64{
	compressionNone: 1, compressionPackBits: 64, compressionLZW: 2731,
	compressionDeflate: deflateRatio, compressionDeflateOld: deflateRatio,
}

// tiffHeader is the first directory of a TIFF file as far as pixels need it.
type tiffHeader struct {
	w, h, channels, depth int
	compression           uint32
	photometric           uint32
	predictor             uint32
	planar                bool   // each block holds one channel
	alpha                 uint32 // what the last of ExtraSamples says

	blockW, blockH int // tiles, or strips of the width of the image
	tiled          bool
}

// readTIFF reads gray and RGB of 8 and 16 bits, with or without alpha, itself:
// in strips or tiles, chunky or planar, as is, LZW, Deflate or PackBits.
// Palettes and bi-level images are left to x/image/tiff.
func readTIFF(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	d, err := openDirectory(src)
	if err != nil {
		return nil, err
	}
	h, err := d.header()
	if err != nil {
		return nil, err
	}
	if err := checkSize(h.w, h.h, opt); err != nil {
		return nil, err
	}
	var m *Image
	if h.direct() {
		m, err = h.read(d)
	} else {
		m, err = h.readOther(src)
	}
	if err != nil {
		return nil, err
	}
	m.Meta = Meta{ICC: d.blob(tagICC), XMP: d.blob(tagXMP), EXIF: exifFromTIFF(d)}
	return m, nil
}

// header reads and checks what both ways of reading need.
func (d *directory) header() (*tiffHeader, error) {
	var h tiffHeader
	var w, l, planar, fill, spp, sampleFormat uint32
	for _, f := range []struct {
		tag    uint16
		absent uint32
		to     *uint32
	}{
		{tagImageWidth, 0, &w}, {tagImageLength, 0, &l},
		{tagCompression, compressionNone, &h.compression},
		{tagPhotometric, photometricWhiteIsZero, &h.photometric},
		{tagPredictor, 1, &h.predictor}, {tagPlanar, 1, &planar}, {tagFillOrder, 1, &fill},
		{tagSamplesPerPixel, 1, &spp}, {tagSampleFormat, 1, &sampleFormat},
	} {
		v, err := d.uint(f.tag, f.absent)
		if err != nil {
			return nil, err
		}
		*f.to = v
	}
	ccitt := h.compression == compressionGroup3 || h.compression == compressionGroup4
	switch {
	case w > 1<<31-1 || l > 1<<31-1:
		return nil, fmt.Errorf("header: image of %dx%d pixels, expected at most %d a side", w, l, 1<<31-1)
	case spp < 1 || spp > 4:
		return nil, fmt.Errorf("%d samples per pixel: expected 1 to 4", spp)
	case sampleFormat != 1:
		return nil, fmt.Errorf("sample format %d: expected unsigned integers (1)", sampleFormat)
	case planar != 1 && planar != 2:
		return nil, fmt.Errorf("planar configuration %d: expected 1 or 2", planar)
	case fill != 1 && !ccitt:
		return nil, fmt.Errorf("fill order %d: expected 1, the first sample in the highest bits", fill)
	case h.predictor != 1 && h.predictor != 2:
		return nil, fmt.Errorf("predictor %d: expected 1 or 2 (horizontal)", h.predictor)
	}
	h.w, h.h, h.channels, h.planar = int(w), int(l), int(spp), planar == 2 && spp > 1
	extra, err := d.uints(tagExtraSamples, 1<<8)
	if err != nil {
		return nil, err
	}
	if n := len(extra); n > 0 {
		h.alpha = extra[n-1]
	}
	if err := h.readDepth(d); err != nil {
		return nil, err
	}
	return &h, h.readBlocks(d)
}

// readDepth reads BitsPerSample, one value for all samples or one for each.
func (h *tiffHeader) readDepth(d *directory) error {
	bits, err := d.uints(tagBitsPerSample, 1<<8)
	if err != nil {
		return err
	}
	h.depth = 1
	for i, b := range bits[:min(len(bits), h.channels)] {
		if i > 0 && int(b) != h.depth {
			return fmt.Errorf("bits per sample %v: expected the same for all", bits)
		}
		h.depth = int(b)
	}
	if h.depth != 1 && h.depth != 8 && h.depth != 16 {
		return fmt.Errorf("%d bits per sample: expected 1, 8 or 16", h.depth)
	}
	return nil
}

// readBlocks reads the size of tiles or strips.
func (h *tiffHeader) readBlocks(d *directory) error {
	_, h.tiled = d.find(tagTileWidth)
	if h.tiled {
		w, err := d.uint(tagTileWidth, 0)
		if err != nil {
			return err
		}
		l, err := d.uint(tagTileLength, 0)
		if err != nil {
			return err
		}
		if w < 1 || l < 1 || w > 1<<20 || l > 1<<20 {
			return fmt.Errorf("tiles of %dx%d pixels: expected 1 to %d a side", w, l, 1<<20)
		}
		h.blockW, h.blockH = int(w), int(l)
		return nil
	}
	rows, err := d.uint(tagRowsPerStrip, 1<<32-1)
	if err == nil && rows == 0 {
		err = errors.New("0 rows per strip: expected at least 1")
	}
	h.blockW, h.blockH = h.w, int(min(rows, uint32(h.h)))
	return err
}

// direct tells whether read takes the layout. Three samples that are said to
// be gray are the bands of a raster without a photometric interpretation.
func (h *tiffHeader) direct() bool {
	colours := h.channels
	if h.alpha == alphaAssociated || h.alpha == alphaUnassociated {
		colours = (h.channels - 1) | 1 // alpha is the last of 2 or 4
	}
	gray := h.photometric <= photometricBlackIsZero && colours == 1
	rgb := (h.photometric == photometricRGB || h.photometric == photometricBlackIsZero) && colours == 3
	return (gray || rgb) && (h.depth == 8 || h.depth == 16) && yield[h.compression] > 0
}

// block is a strip or tile: where it lies in the file and in the image.
type block struct {
	off, n     int64
	x, y, w, h int // h is cut at the end of the image, w is not
	channel    int // of a planar image
}

// read decodes the blocks straight into the samples of an image without
// padding.
func (h *tiffHeader) read(d *directory) (*Image, error) {
	blocks, err := h.blocks(d)
	if err != nil {
		return nil, err
	}
	m := newPacked(h.w, h.h, h.channels, h.depth, h.channels*h.depth/8)
	var scratch []byte
	for i, b := range blocks {
		dst := m.Pix[b.y*m.Stride:][:b.h*m.Stride]
		inPlace := b.w == h.w && !h.planar
		if !inPlace {
			if n := b.w * b.h * h.blockStep(); n > len(scratch) {
				scratch = make([]byte, n)
			}
			dst = scratch[:b.w*b.h*h.blockStep()]
		}
		if err := h.readBlock(d, dst, b); err != nil {
			return nil, fmt.Errorf("block %d at pixel %d,%d: %w", i, b.x, b.y, err)
		}
		if !inPlace {
			h.place(m, dst, b)
		}
	}
	if h.photometric == photometricWhiteIsZero {
		invertGray(m)
	}
	if h.alpha == alphaAssociated && h.channels%2 == 0 {
		unpremultiply(m)
	}
	return m, nil
}

// blockStep is the bytes of a pixel in a block.
func (h *tiffHeader) blockStep() int {
	if h.planar {
		return h.depth / 8
	}
	return h.channels * h.depth / 8
}

// blocks lists the blocks and holds each against the length of its data: no
// byte of the file counts for two blocks.
func (h *tiffHeader) blocks(d *directory) ([]block, error) {
	across, down, planes := (h.w+h.blockW-1)/h.blockW, (h.h+h.blockH-1)/h.blockH, 1
	if h.planar {
		planes = h.channels
	}
	n := int64(across) * int64(down) * int64(planes)
	offsetTag, countTag := uint16(tagStripOffsets), uint16(tagStripByteCounts)
	if h.tiled {
		offsetTag, countTag = tagTileOffsets, tagTileByteCounts
	}
	offsets, err := d.uints(offsetTag, 1<<31-1)
	if err != nil {
		return nil, err
	}
	counts, err := d.uints(countTag, 1<<31-1)
	if err != nil {
		return nil, err
	}
	if int64(len(offsets)) < n || int64(len(counts)) < n {
		return nil, fmt.Errorf("%d offsets and %d byte counts: expected %d of each (tags %d, %d)",
			len(offsets), len(counts), n, offsetTag, countTag)
	}
	list := make([]block, n)
	left := d.src.Size()
	for i := range list {
		x, y := i%across*h.blockW, i/across%down*h.blockH
		b := block{
			off: int64(offsets[i]), n: int64(counts[i]),
			x: x, y: y, w: h.blockW, h: min(h.blockH, h.h-y), channel: i / (across * down),
		}
		need := int64(b.w) * int64(b.h) * int64(h.blockStep())
		b.n = min(b.n, d.src.Size()-b.off)
		if h.compression == compressionNone {
			b.n = min(b.n, need)
		}
		if left -= max(b.n, 0); need/yield[h.compression] > b.n || left < 0 {
			return nil, fmt.Errorf("block %d at pixel %d,%d: %d bytes at %d of a file of %d cannot hold %d",
				i, x, y, b.n, b.off, d.src.Size(), need)
		}
		list[i] = b
	}
	return list, nil
}

// readBlock fills dst with the samples of a block, big-endian.
func (h *tiffHeader) readBlock(d *directory, dst []byte, b block) error {
	var r io.Reader = io.NewSectionReader(d.src, b.off, b.n)
	switch h.compression {
	case compressionLZW:
		z := lzw.NewReader(r, lzw.MSB, 8)
		defer z.Close()
		r = z
	case compressionDeflate, compressionDeflateOld:
		z, err := zlib.NewReader(r)
		if err != nil {
			return err
		}
		r = z
	case compressionPackBits:
		r = &packBits{r: bufio.NewReader(r)}
	}
	if n, err := io.ReadFull(r, dst); err != nil {
		return fmt.Errorf("expected %d bytes of samples, found %d: %w", len(dst), n, err)
	}
	if _, ok := r.(io.ReadCloser); ok && h.compression != compressionLZW {
		// Reading past the samples makes zlib compare its checksum.
		below := int64(h.blockH-b.h) * int64(b.w*h.blockStep())
		if _, err := io.CopyN(io.Discard, r, below+1); err != nil && err != io.EOF {
			return err
		}
	}
	if h.depth == 16 && d.order == binary.ByteOrder(binary.LittleEndian) {
		for i := 0; i < len(dst); i += 2 {
			dst[i], dst[i+1] = dst[i+1], dst[i]
		}
	}
	if h.predictor == 2 {
		h.unpredict(dst, b.w*h.blockStep())
	}
	return nil
}

// unpredict undoes horizontal differencing (TIFF 6.0, section 14), row by row.
func (h *tiffHeader) unpredict(dst []byte, stride int) {
	step := h.blockStep()
	for ; len(dst) > 0; dst = dst[stride:] {
		row := dst[:stride]
		if h.depth == 8 {
			for i := step; i < len(row); i++ {
				row[i] += row[i-step]
			}
			continue
		}
		for i := step; i < len(row); i += 2 {
			v := binary.BigEndian.Uint16(row[i-step:]) + binary.BigEndian.Uint16(row[i:])
			binary.BigEndian.PutUint16(row[i:], v)
		}
	}
}

// place copies a tile or a block of one channel to its place in the image.
func (h *tiffHeader) place(m *Image, src []byte, b block) {
	step := h.blockStep()
	w := min(b.w, h.w-b.x)
	for y := range b.h {
		row := src[y*b.w*step:][:w*step]
		dst := m.Pix[(b.y+y)*m.Stride+b.x*m.Step+b.channel*h.depth/8:]
		if step == m.Step {
			copy(dst, row)
			continue
		}
		for x := range w {
			copy(dst[x*m.Step:][:step], row[x*step:])
		}
	}
}

// readOther reads what x/image/tiff knows of palettes and bi-level images. That
// allocates before it looks at the data.
func (h *tiffHeader) readOther(src *io.SectionReader) (*Image, error) {
	ccitt := h.compression == compressionGroup3 || h.compression == compressionGroup4
	switch {
	case !ccitt && yield[h.compression] == 0:
		return nil, fmt.Errorf("compression %d: expected none, LZW, Deflate, PackBits or CCITT", h.compression)
	case h.photometric > photometricPalette || h.channels > 1:
		return nil, fmt.Errorf("%d samples of %d bits with photometric interpretation %d: expected gray or RGB of 8 or 16 bits, alone or with alpha, or a palette",
			h.channels, h.depth, h.photometric)
	}
	need, perByte := int64(h.h)*((int64(h.w)*int64(h.depth)+7)/8), yield[h.compression]
	if ccitt {
		need, perByte = int64(h.h), 8 // a row takes at least one bit
	}
	if err := checkYield(need, perByte, src.Size()); err != nil {
		return nil, err
	}
	std, err := tiff.Decode(src)
	if err != nil {
		return nil, err
	}
	return FromImage(std)
}

// packBits decodes the byte runs of TIFF 6.0, section 9.
type packBits struct {
	r      *bufio.Reader
	left   int // bytes still to come of the present run
	repeat bool
	value  byte // what is repeated
}

func (p *packBits) Read(dst []byte) (int, error) {
	for p.left == 0 {
		c, err := p.r.ReadByte()
		if err != nil {
			return 0, err
		}
		n := int(int8(c))
		if n == -128 {
			continue
		}
		p.left, p.repeat = n+1, n < 0
		if p.repeat {
			p.left = 1 - n
			if p.value, err = p.r.ReadByte(); err != nil {
				return 0, err
			}
		}
	}
	dst = dst[:min(len(dst), p.left)]
	p.left -= len(dst)
	if p.repeat {
		for i := range dst {
			dst[i] = p.value
		}
		return len(dst), nil
	}
	return io.ReadFull(p.r, dst)
}

func invertGray(m *Image) {
	size := m.Depth / 8
	for i := 0; i < len(m.Pix); i += m.Step {
		for b := range size {
			m.Pix[i+b] = ^m.Pix[i+b]
		}
	}
}

// unpremultiply divides colours by alpha, the last channel, to the nearest;
// where alpha is zero they are zero.
func unpremultiply(m *Image) {
	colours := m.Channels - 1
	if m.Depth == 8 {
		for i := 0; i < len(m.Pix); i += m.Step {
			p := m.Pix[i : i+m.Step]
			for c := range colours {
				p[c] = byte(straight(uint64(p[c]), uint64(p[colours]), 255))
			}
		}
		return
	}
	for i := 0; i < len(m.Pix); i += m.Step {
		p := m.Pix[i : i+m.Step]
		alpha := uint64(binary.BigEndian.Uint16(p[2*colours:]))
		for c := range colours {
			v := straight(uint64(binary.BigEndian.Uint16(p[2*c:])), alpha, 65535)
			binary.BigEndian.PutUint16(p[2*c:], uint16(v))
		}
	}
}

func straight(v, alpha, full uint64) uint64 {
	if alpha == 0 {
		return 0
	}
	return min((v*full+alpha/2)/alpha, full)
}
