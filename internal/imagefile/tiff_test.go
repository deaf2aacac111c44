package imagefile

import (
	"bufio"
	"bytes"
	oldlzw "compress/lzw"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// compressionOldLZW is LZW with the lowest bit first, which has no number of its own.
const compressionOldLZW = 1<<16 - 1

// layout is a way of storing samples that the writer does not use.
type layout struct {
	order                  binary.ByteOrder
	w, h                   int // of a block, 0 for the size of the image
	tiled, planar, predict bool
	bits                   int // of a sample, 0 for the depth of the image
	compression            uint16
	photometric, alpha     uint16 // alpha: ExtraSamples, 0 for none
	fillOrder              uint16 // 0 for no tag
	more                   []field
	sparse                 func(x, y int) bool // tells which blocks are left out
}

func (l layout) String() string {
	return fmt.Sprintf("%v/%dx%d tiled %v planar %v predict %v/compression %d/photometric %d alpha %d/%d bits fill order %d",
		l.order, l.w, l.h, l.tiled, l.planar, l.predict, l.compression, l.photometric, l.alpha, l.bits, l.fillOrder)
}

// build returns a TIFF file with the samples of m, as they are; samples of less
// than 8 bits are scaled from full scale.
func (l layout) build(t *testing.T, m *Image) []byte {
	file := l.file(m)
	if l.order == binary.ByteOrder(binary.BigEndian) {
		return bigEndian(t, file)
	}
	return file
}

// file is build but for the byte order of what is not samples.
func (l layout) file(m *Image) []byte {
	if l.bits == 0 {
		l.bits = m.Depth
	}
	if l.w == 0 {
		l.w, l.h = m.W, m.H
	}
	planes, perBlock := 1, m.Channels
	if l.planar {
		planes, perBlock = m.Channels, 1
	}
	var data []byte
	var offsets, counts []uint32
	for p := range planes {
		for y := 0; y < m.H; y += l.h {
			for x := 0; x < m.W; x += l.w {
				if l.sparse != nil && l.sparse(x, y) {
					offsets, counts = append(offsets, 0), append(counts, 0)
					continue
				}
				b := l.compress(l.samples(m, x, y, p, perBlock))
				if l.fillOrder == 2 {
					for i := range b {
						b[i] = bits.Reverse8(b[i])
					}
				}
				offsets, counts = append(offsets, uint32(8+len(data))), append(counts, uint32(len(b)))
				data = append(data, b...)
			}
		}
	}
	return tiffFile(data, l.fields(m, offsets, counts))
}

// tiffFile puts data at 8 and a directory behind it.
func tiffFile(data []byte, fields []field) []byte {
	file := append([]byte("II*\x00\x00\x00\x00\x00"), data...)
	file = append(file, make([]byte, len(file)&1)...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)))
	return appendDirectory(file, 0, fields)
}

// fields is the directory; those in more take the place of others with their
// tag.
func (l layout) fields(m *Image, offsets, counts []uint32) []field {
	fields := []field{
		longs(tagImageWidth, uint32(m.W)), longs(tagImageLength, uint32(m.H)), shorts(tagBitsPerSample, uint16(l.bits)),
		shorts(tagCompression, l.compressionTag()), shorts(tagPhotometric, l.photometric), shorts(tagSamplesPerPixel, uint16(m.Channels)),
	}
	if l.planar {
		fields = append(fields, shorts(tagPlanar, 2))
	}
	if l.predict {
		fields = append(fields, shorts(tagPredictor, 2))
	}
	if l.alpha != 0 {
		fields = append(fields, shorts(tagExtraSamples, l.alpha))
	}
	if l.fillOrder != 0 {
		fields = append(fields, shorts(tagFillOrder, l.fillOrder))
	}
	if l.tiled {
		fields = append(fields, longs(tagTileWidth, uint32(l.w)), longs(tagTileLength, uint32(l.h)),
			longs(tagTileOffsets, offsets...), longs(tagTileByteCounts, counts...))
	} else {
		fields = append(fields, longs(tagRowsPerStrip, uint32(l.h)), longs(tagStripOffsets, offsets...), longs(tagStripByteCounts, counts...))
	}
	for _, f := range l.more {
		fields = append(slices.DeleteFunc(fields, func(g field) bool { return f.tag == g.tag }), f)
	}
	return fields
}

var zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return z
})

func (l layout) compressionTag() uint16 {
	if l.compression == compressionOldLZW {
		return compressionLZW
	}
	return l.compression
}

// samples returns a block in the byte order of the file; what lies outside the
// image is 170 in tiles and cut off in strips.
func (l layout) samples(m *Image, x0, y0, plane, channels int) (out []byte) {
	for y := y0; y < y0+l.h && (l.tiled || y < m.H); y++ {
		var row []uint16
		for x := x0; x < x0+l.w; x++ {
			for c := plane; c < plane+channels; c++ {
				s := uint16(170)
				if x < m.W && y < m.H {
					s = l.sample(m, x, y, c)
				}
				row = append(row, s)
			}
		}
		for i := len(row) - 1; l.predict && l.predictable() && i >= channels; i-- {
			row[i] -= row[i-channels]
		}
		out = append(out, l.packed(row)...)
	}
	return out
}

// predictable tells whether the compression knows predictors.
func (l layout) predictable() bool {
	return l.compression != compressionNone && l.compression != compressionPackBits
}

func (l layout) sample(m *Image, x, y, c int) uint16 {
	p := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
	if m.Depth == 16 {
		return binary.BigEndian.Uint16(p)
	}
	return uint16(p[0]) * (1<<l.bits - 1) / 255
}

// packed stores samples one behind the other, the last byte of a row filled up.
func (l layout) packed(row []uint16) (out []byte) {
	var acc, n int
	for _, s := range row {
		if l.bits == 16 {
			out = append(out, 0, 0)
			l.order.PutUint16(out[len(out)-2:], s)
			continue
		}
		acc, n = acc<<l.bits|int(s)&(1<<l.bits-1), n+l.bits
		if n == 8 {
			out, acc, n = append(out, byte(acc)), 0, 0
		}
	}
	if n > 0 {
		out = append(out, byte(acc<<(8-n)))
	}
	return out
}

func (l layout) compress(data []byte) []byte {
	var b bytes.Buffer
	switch l.compression {
	case compressionNone:
		return data
	case compressionDeflate, compressionDeflateOld:
		z := zlib.NewWriter(&b)
		z.Write(data) // a buffer takes all
		z.Close()
	case compressionPackBits:
		for len(data) > 0 {
			n := min(len(data), 100)
			b.WriteByte(byte(n - 1))
			b.Write(data[:n])
			data = data[n:]
		}
	case compressionLZW:
		return lzwLiterals(data)
	case compressionOldLZW:
		z := oldlzw.NewWriter(&b, oldlzw.LSB, 8)
		z.Write(data)
		z.Close()
	case compressionZSTD:
		return zstdEncoder().EncodeAll(data, nil)
	case compressionJPEG: // of samples beside each other, in as many rows
		m := &image.Gray{Pix: data, Stride: l.w, Rect: image.Rect(0, 0, l.w, len(data)/l.w)}
		if err := stdjpeg.Encode(&b, m, nil); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// lzwLiterals codes bytes in 9 bits each and clears the table before codes grow.
func lzwLiterals(data []byte) (out []byte) {
	var acc uint32
	var bits int
	put := func(code int) {
		acc, bits = acc<<9|uint32(code), bits+9
		for ; bits >= 8; bits -= 8 {
			out = append(out, byte(acc>>(bits-8)))
		}
	}
	for i, c := range data {
		if i%200 == 0 {
			put(256)
		}
		put(int(c))
	}
	put(257)
	return append(out, byte(acc<<(8-bits)))
}

// Every way of storing samples of 8 and 16 bits gives the same pixels. A
// predictor counts only where the compression knows one.
func TestTIFFLayouts(t *testing.T) {
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			m := noise(37, 29, channels, depth)
			for i, c := range []uint16{compressionNone, compressionLZW, compressionDeflate, compressionDeflateOld, compressionPackBits, compressionZSTD, compressionOldLZW} {
				for bits := i % shorttest.Step(); bits < 16; bits += shorttest.Step() {
					l := layoutOf(channels)
					l.w, l.h, l.compression = 37, 3+i, c
					l.predict, l.planar, l.tiled = bits&2 != 0, bits&4 != 0, bits&8 != 0
					if bits&1 != 0 {
						l.order = binary.BigEndian
					}
					if l.tiled {
						l.w, l.h = 16, 16
					}
					l.fillOrder = uint16(bits * i % 3) // none, 1 and 2
					t.Run(fmt.Sprintf("%d ch/%d bit/%v", channels, depth, l), func(t *testing.T) {
						requireSame(t, m, decode(t, "tif", l.build(t, m)))
					})
				}
			}
		}
	}
}

// layoutOf is an uncompressed layout for pixels of so many channels, the last of
// 2 or 4 straight alpha.
func layoutOf(channels int) layout {
	l := layout{order: binary.LittleEndian, compression: compressionNone, photometric: photometricBlackIsZero}
	if channels > 2 {
		l.photometric = photometricRGB
	}
	if channels%2 == 0 {
		l.alpha = alphaUnassociated
	}
	return l
}

// Samples of 1, 2 and 4 bits come out as multiples that reach full scale, in
// every way of storing them.
func TestTIFFSmallSamples(t *testing.T) {
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{1, 2, 4} {
			m := noise(37, 29, channels, 8)
			scale := byte(255 / (1<<depth - 1))
			for i := range m.Pix {
				m.Pix[i] = m.Pix[i] >> (8 - depth) * scale
			}
			for bits := channels % shorttest.Step(); bits < 16; bits += shorttest.Step() {
				l := layoutOf(channels)
				l.w, l.h, l.bits, l.planar, l.tiled, l.fillOrder = 37, 5, depth, bits&1 != 0, bits&2 != 0, uint16(1+bits>>2&1)
				if l.tiled {
					l.w, l.h = 16, 16
				}
				l.compression = []uint16{compressionPackBits, compressionDeflate}[bits>>3]
				t.Run(fmt.Sprintf("%d ch/%v", channels, l), func(t *testing.T) {
					requireSame(t, m, decode(t, "tif", l.build(t, m)))
				})
			}
		}
	}
}

// The example of TIFF 6.0, section 9.
func TestPackBits(t *testing.T) {
	in := "\xfe\xaa\x02\x80\x00\x2a\xfd\xaa\x03\x80\x00\x2a\x22\x80\xf7\xaa"
	want := "\xaa\xaa\xaa\x80\x00\x2a\xaa\xaa\xaa\xaa\x80\x00\x2a\x22" + strings.Repeat("\xaa", 10)
	got, err := io.ReadAll(&packBits{r: bufio.NewReader(strings.NewReader(in))})
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}
