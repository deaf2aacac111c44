package imagefile

import (
	"encoding/binary"
	"image"
	"image/color"
	"io"

	"golang.org/x/image/webp"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/raster"
)

// webpBytes is the memory that decoding takes for each pixel: the decoder's planes or
// pixels, and ours.
const webpBytes = 8

// openWebP opens lossy and lossless files. Of lossless ones only the pixels tell whether
// they are opaque.
func openWebP(src *io.SectionReader, opt ReadOptions) (*File, error) {
	c, err := webp.DecodeConfig(rewound(src))
	if err != nil {
		return nil, err
	}
	if err := checkSize(c.Width, c.Height, webpBytes, opt); err != nil {
		return nil, err
	}
	// An image of one colour takes no bits, whatever its size.
	if err := checkBudget(webpBytes*int64(c.Width)*int64(c.Height), src.Size(), opt); err != nil {
		return nil, err
	}
	f := &File{format: raster.Format{Width: c.Width, Height: c.Height, Type: raster.Uint8}}
	f.Meta, f.mayBeOpaque = webpChunks(src)
	channels := 4
	if c.ColorModel == color.YCbCrModel && !f.mayBeOpaque {
		channels = 3
	}
	f.format.Bands = bandsOf(channels, Straight)
	f.pixels = newWhole(func() (*Image, error) {
		std, err := webp.Decode(rewound(src))
		if err != nil {
			return nil, err
		}
		return fromWebP(std)
	})
	return f, nil
}

// WebP holds lossy colour in the studio range of BT.601, luma from 16 to 235, at half
// the resolution. golang.org/x/image/webp hands its planes over as image.YCbCr, whose
// conversion takes them for the full range. What follows is the conversion of libwebp
// (src/dsp/yuv.h, upsampling.c), in its integers.

// fromWebP converts what the decoder gives.
func fromWebP(m image.Image) (*Image, error) {
	switch m := m.(type) {
	case *image.YCbCr:
		return fromStudio(m, nil), nil
	case *image.NYCbCrA:
		return fromStudio(&m.YCbCr, func(y int) []byte { return m.A[m.AOffset(m.Rect.Min.X, m.Rect.Min.Y+y):] }), nil
	}
	return FromImage(m)
}

// fromStudio converts planes of 4:2:0; alpha gives a row of opacities, nil for none.
func fromStudio(m *image.YCbCr, alpha func(y int) []byte) *Image {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	to := newPacked(w, h, 3, 8, 3)
	if alpha != nil {
		to = newPacked(w, h, 4, 8, 4)
	}
	rows := (h + 1) / 2
	cb, cr := make([]byte, w), make([]byte, w)
	for y := range h {
		near := y / 2
		far := min(max(near-1+y%2*2, 0), rows-1)
		upsample(cb, m.Cb[near*m.CStride:], m.Cb[far*m.CStride:])
		upsample(cr, m.Cr[near*m.CStride:], m.Cr[far*m.CStride:])
		studioRow(&to.Interleaved, y, m.Y[y*m.YStride:], cb, cr)
		if alpha != nil {
			row := alpha(y)
			for x := range w {
				to.Pix[y*to.Stride+4*x+3] = row[x]
			}
		}
	}
	return to
}

// upsample doubles a row of chroma, in libwebp's "fancy" way: 9, 3, 3 and 1 parts of
// the four samples around a pixel, in two roundings. far is the row of chroma beside
// near on the pixels' side.
func upsample(dst, near, far []byte) {
	last := len(dst) - 1
	dst[0] = edge(near[0], far[0])
	for x := 1; x <= last/2; x++ {
		n0, n1, f0, f1 := int(near[x-1]), int(near[x]), int(far[x-1]), int(far[x])
		sum := n0 + n1 + f0 + f1 + 8
		dst[2*x-1] = byte(((sum+2*(n1+f0))>>3 + n0) >> 1)
		dst[2*x] = byte(((sum+2*(n0+f1))>>3 + n1) >> 1)
	}
	if last%2 == 1 {
		dst[last] = edge(near[last/2], far[last/2])
	}
}

// edge is the chroma of the first and last pixel of a row.
func edge(near, far byte) byte { return byte((3*int(near) + int(far) + 2) >> 2) }

// studioRow converts a row to RGB, with the weights of BT.601 in 1/2^14 and samples in
// 1/2^6 between.
func studioRow(to *chroma.Interleaved, y int, luma, cb, cr []byte) {
	row := to.Pix[y*to.Stride:]
	for x := range to.W {
		l, b, r := int(luma[x])*19077>>8, int(cb[x]), int(cr[x])
		p := row[x*to.Step:][:3]
		p[0] = clip6(l + r*26149>>8 - 14234)
		p[1] = clip6(l - b*6419>>8 - r*13320>>8 + 8708)
		p[2] = clip6(l + b*33050>>8 - 17685)
	}
}

// clip6 rounds a sample in 1/2^6 down and clips it.
func clip6(v int) byte { return byte(min(max(v>>6, 0), 255)) }

// webpChunks reads the chunks ICCP, EXIF and XMP of a RIFF file, and tells whether there
// is one of lossless pixels.
func webpChunks(src *io.SectionReader) (meta Meta, lossless bool) {
	var head [8]byte
	for off := int64(12); ; {
		if _, err := src.ReadAt(head[:], off); err != nil {
			return meta, lossless
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		switch string(head[:4]) {
		case "VP8L":
			lossless = true
		case "ICCP":
			meta.ICC = readRange(src, off+8, n)
		case "EXIF":
			meta.setEXIF(readRange(src, off+8, n))
		case "XMP ":
			meta.XMP = readRange(src, off+8, n)
		}
		off += 8 + n + n&1
	}
}
