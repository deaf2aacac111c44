package imagefile

import (
	"fmt"
	"image"
	"io"
	"strconv"
)

// readTIFF reads gray and RGB of 1, 2, 4, 8 and 16 bits, alone or with one more
// sample, and palettes: in strips or tiles, chunky or planar, as is, CCITT, LZW,
// Deflate or PackBits. Of several pages it reads the first that is neither a
// reduced image nor a mask. Alpha is as the file has it.
func readTIFF(src *io.SectionReader, opt ReadOptions) (*Image, error) {
	first, err := openDirectory(src)
	if err != nil {
		return nil, err
	}
	p := walk(first)
	d := p.picture
	h, err := d.header()
	if err != nil {
		return nil, err
	}
	if err := h.check(src.Size(), opt); err != nil {
		return nil, err
	}
	m, err := h.read(d)
	if err != nil {
		return nil, err
	}
	m.Alpha = h.alpha
	m.Meta = Meta{ICC: d.blob(tagICC), XMP: d.blob(tagXMP), IPTC: d.iptc(), EXIF: exifFromTIFF(d), PNG: d.density()}
	m.Lost = append(p.others(), d.lost(h, m.Meta)...)
	m.Notes = append(p.notes(), h.notes...)
	return m, nil
}

// depth is the depth of the image: 8 bits hold the smaller samples.
func (h *tiffHeader) depth() int { return max(8, h.bits) }

// blockSamples is how many samples of a pixel are in a block.
func (h *tiffHeader) blockSamples() int {
	if h.planar {
		return 1
	}
	return h.channels
}

// direct tells whether samples are stored as the image holds them.
func (h *tiffHeader) direct() bool { return h.bits >= 8 && !h.planar }

// read decodes the blocks into an image without padding.
func (h *tiffHeader) read(d *directory) (*Image, error) {
	m := newPacked(h.w, h.h, h.channels, h.depth(), h.channels*h.depth()/8)
	decoder := newBlockDecoder(h, d)
	absent := h.absent(d)
	for i := range h.blocks.n {
		b := h.block(i)
		if b.n == 0 {
			h.fill(m, b, absent)
		} else if err := decoder.decode(m, b); err != nil {
			return nil, fmt.Errorf("block %d at pixel %d,%d: %w", i, b.x, b.y, err)
		}
	}
	switch h.photometric {
	case photometricWhiteIsZero:
		invertGray(m)
	case photometricPalette:
		return fromPaletted(&image.Paletted{Pix: m.Pix, Stride: m.Stride, Rect: m.Bounds(), Palette: h.palette})
	}
	return m, nil
}

// place copies a row of a block to its place in the image, and scales samples
// of less than 8 bits to full scale, but for the indices of a palette.
func (h *tiffHeader) place(m *Image, row []byte, b block, y int) {
	size := m.Depth / 8
	dst := m.Pix[(b.y+y)*m.Stride+b.x*m.Step+b.channel*size:]
	step := size // from one sample to the next
	if h.planar {
		step = m.Step
	}
	if h.bits < 8 {
		scale, perByte := byte(h.scale()), 8/h.bits
		for i, n := 0, b.w*h.blockSamples(); i < n; i += perByte {
			v := row[i/perByte]
			for j := i; j < min(n, i+perByte); j++ {
				dst[j*step] = v >> (8 - h.bits) * scale
				v <<= h.bits
			}
		}
		return
	}
	for x := range b.w {
		copy(dst[x*step:][:size], row[x*size:])
	}
}

// scale is what samples are multiplied with.
func (h *tiffHeader) scale() int {
	if h.bits < 8 && h.palette == nil {
		return 255 / (1<<h.bits - 1)
	}
	return 1
}

// absent is the sample of blocks that the file leaves out: GDAL's value for no
// data where it is one, else 0.
func (h *tiffHeader) absent(d *directory) int {
	text, err := d.nodata()
	if err != nil || text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if n := int(v); err == nil && v >= 0 && v < float64(int(1)<<h.bits) && float64(n) == v {
		return n * h.scale()
	}
	return 0
}

// fill sets the samples of a block.
func (h *tiffHeader) fill(m *Image, b block, sample int) {
	if sample == 0 {
		return
	}
	size := m.Depth / 8
	for y := range b.h {
		row := m.Pix[(b.y+y)*m.Stride+b.x*m.Step:][:b.w*m.Step]
		for i := 0; i < len(row); i += size {
			if h.planar && i/size%h.channels != b.channel {
				continue
			}
			row[i+size-1] = byte(sample)
			if size == 2 {
				row[i] = byte(sample >> 8)
			}
		}
	}
}

func invertGray(m *Image) {
	size := m.Depth / 8
	for i := 0; i < len(m.Pix); i += m.Step {
		for b := range size {
			m.Pix[i+b] = ^m.Pix[i+b]
		}
	}
}
