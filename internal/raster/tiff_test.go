package raster

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layout is a way of storing samples that the writer does not use.
type layout struct {
	order                  binary.ByteOrder
	w, h                   int // of a block
	tiled, planar, predict bool
	compression            uint16
	photometric, alpha     uint16
}

func (l layout) String() string {
	return fmt.Sprintf("%v/%dx%d tiled %v planar %v predict %v/compression %d/photometric %d alpha %d",
		l.order, l.w, l.h, l.tiled, l.planar, l.predict, l.compression, l.photometric, l.alpha)
}

// build returns a TIFF file with the samples of m, as they are.
func (l layout) build(t *testing.T, m *Image) []byte {
	planes, perBlock := 1, m.Channels
	if l.planar {
		planes, perBlock = m.Channels, 1
	}
	file := make([]byte, 8)
	var offsets, counts []uint32
	for p := range planes {
		for y := 0; y < m.H; y += l.h {
			for x := 0; x < m.W; x += l.w {
				data := l.compress(t, l.samples(m, x, y, p, perBlock))
				offsets, counts = append(offsets, uint32(len(file))), append(counts, uint32(len(data)))
				file = append(file, data...)
			}
		}
	}
	file = append(file, make([]byte, len(file)&1)...)
	fields := []field{
		longs(tagImageWidth, uint32(m.W)), longs(tagImageLength, uint32(m.H)), shorts(tagBitsPerSample, uint16(m.Depth)),
		shorts(tagCompression, l.compression), shorts(tagPhotometric, l.photometric), shorts(tagSamplesPerPixel, uint16(m.Channels)),
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
	if l.tiled {
		fields = append(fields, longs(tagTileWidth, uint32(l.w)), longs(tagTileLength, uint32(l.h)),
			longs(tagTileOffsets, offsets...), longs(tagTileByteCounts, counts...))
	} else {
		fields = append(fields, longs(tagRowsPerStrip, uint32(l.h)), longs(tagStripOffsets, offsets...), longs(tagStripByteCounts, counts...))
	}
	copy(file, "II*\x00")
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)))
	file = appendDirectory(file, 0, fields)
	if l.order == binary.ByteOrder(binary.BigEndian) {
		return bigEndian(t, file)
	}
	return file
}

// samples returns a block in the byte order of the file; what lies outside the
// image is 170 in tiles and cut off in strips.
func (l layout) samples(m *Image, x0, y0, plane, channels int) (out []byte) {
	size := m.Depth / 8
	for y := y0; y < y0+l.h && (l.tiled || y < m.H); y++ {
		row := len(out)
		for x := x0; x < x0+l.w; x++ {
			for c := plane; c < plane+channels; c++ {
				s := []byte{170, 170}[:size]
				if x < m.W && y < m.H {
					s = bytes.Clone(m.Pix[y*m.Stride+x*m.Step+c*size:][:size])
				}
				if size == 2 && l.order == binary.ByteOrder(binary.LittleEndian) {
					s[0], s[1] = s[1], s[0]
				}
				out = append(out, s...)
			}
		}
		for i := len(out) - size; l.predict && i >= row+channels*size; i -= size {
			if size == 1 {
				out[i] -= out[i-channels]
			} else {
				l.order.PutUint16(out[i:], l.order.Uint16(out[i:])-l.order.Uint16(out[i-2*channels:]))
			}
		}
	}
	return out
}

func (l layout) compress(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	switch l.compression {
	case compressionNone:
		return data
	case compressionDeflate, compressionDeflateOld:
		z := zlib.NewWriter(&b)
		_, err := z.Write(data)
		require.NoError(t, err)
		require.NoError(t, z.Close())
	case compressionPackBits:
		for len(data) > 0 {
			n := min(len(data), 100)
			b.WriteByte(byte(n - 1))
			b.Write(data[:n])
			data = data[n:]
		}
	case compressionLZW:
		return lzwLiterals(data)
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

func TestTIFFLayouts(t *testing.T) {
	for channels := 1; channels <= 4; channels++ {
		photometric, alpha := uint16(photometricBlackIsZero), uint16(0)
		if channels > 2 {
			photometric = photometricRGB
		}
		if channels%2 == 0 {
			alpha = alphaUnassociated
		}
		for _, depth := range []int{8, 16} {
			m := noise(37, 29, channels, depth)
			for i, c := range []uint16{compressionNone, compressionLZW, compressionDeflate, compressionDeflateOld, compressionPackBits} {
				for bits := range 16 {
					l := layout{order: binary.LittleEndian, w: 37, h: 3 + i, predict: bits&2 != 0, planar: bits&4 != 0,
						tiled: bits&8 != 0, compression: c, photometric: photometric, alpha: alpha}
					if bits&1 != 0 {
						l.order = binary.BigEndian
					}
					if l.tiled {
						l.w, l.h = 16, 16
					}
					t.Run(fmt.Sprintf("%d ch/%d bit/%v", channels, depth, l), func(t *testing.T) {
						requireSame(t, m, decode(t, "tif", l.build(t, m)))
					})
				}
			}
		}
	}
}

func TestTIFFPhotometric(t *testing.T) {
	base := layout{order: binary.LittleEndian, w: 37, h: 29, compression: compressionNone}
	for _, depth := range []int{8, 16} {
		gray, rgb := noise(37, 29, 1, depth), noise(37, 29, 3, depth)
		l := base // WhiteIsZero
		got := decode(t, "tif", l.build(t, gray))
		for i := range gray.Pix {
			require.Equal(t, 255-gray.Pix[i], got.Pix[i], "byte %d", i)
		}
		l.photometric = photometricBlackIsZero // as GDAL labels bands
		requireSame(t, rgb, decode(t, "tif", l.build(t, rgb)))
		l.photometric = photometricRGB
		for _, extra := range []uint16{0, 3} {
			l.alpha = extra
			_, _, err := Read(bytes.NewReader(l.build(t, noise(37, 29, 4, depth))), ReadOptions{})
			require.ErrorContains(t, err, "4 samples of", "a fourth sample that is not alpha")
		}
	}
}

func TestTIFFAssociatedAlpha(t *testing.T) {
	l := layout{order: binary.BigEndian, w: 4, h: 1, compression: compressionNone, photometric: photometricRGB, alpha: alphaAssociated}
	m := newPacked(4, 1, 4, 8, 4)
	copy(m.Pix, []byte{10, 20, 30, 255, 10, 20, 30, 60, 10, 20, 30, 0, 90, 20, 30, 60})
	got := decode(t, "tif", l.build(t, m))
	require.Equal(t, []byte{10, 20, 30, 255, 43, 85, 128, 60, 0, 0, 0, 0, 255, 85, 128, 60}, got.Pix)

	l.photometric, l.w = photometricBlackIsZero, 2
	m = newPacked(2, 1, 2, 16, 4)
	copy(m.Pix, []byte{0x10, 0x00, 0x20, 0x00, 0x12, 0x34, 0xff, 0xff})
	got = decode(t, "tif", l.build(t, m))
	require.Equal(t, []byte{0x80, 0x00, 0x20, 0x00, 0x12, 0x34, 0xff, 0xff}, got.Pix)
}

// The example of TIFF 6.0, section 9.
func TestPackBits(t *testing.T) {
	in := "\xfe\xaa\x02\x80\x00\x2a\xfd\xaa\x03\x80\x00\x2a\x22\x80\xf7\xaa"
	want := "\xaa\xaa\xaa\x80\x00\x2a\xaa\xaa\xaa\xaa\x80\x00\x2a\x22" + strings.Repeat("\xaa", 10)
	got, err := io.ReadAll(&packBits{r: bufio.NewReader(strings.NewReader(in))})
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// Headers that ask for more than the file holds are refused before pixels are
// allocated.
func TestTIFFPromises(t *testing.T) {
	m := noise(16, 16, 1, 8)
	l := layout{order: binary.LittleEndian, w: 16, h: 4, compression: compressionNone, photometric: photometricBlackIsZero}
	good := l.build(t, m)
	d, err := openDirectory(section(good))
	require.NoError(t, err)
	patch := func(tag uint16, v uint32) []byte {
		bad := bytes.Clone(good)
		dir := binary.LittleEndian.Uint32(bad[4:])
		for i, e := range d.entries {
			if e.tag == tag {
				binary.LittleEndian.PutUint32(bad[int(dir)+2+12*i+8:], v)
				return bad
			}
		}
		require.Fail(t, "no such tag")
		return nil
	}
	// 256 strips of the same 64 bytes.
	same, sizes := slices.Repeat([]uint32{8}, 256), slices.Repeat([]uint32{64}, 256)
	overlapping := appendDirectory(append([]byte("II*\x00\x48\x00\x00\x00"), make([]byte, 64)...), 0, []field{
		longs(tagImageWidth, 16), longs(tagImageLength, 1024), shorts(tagBitsPerSample, 8), shorts(tagPhotometric, photometricBlackIsZero),
		longs(tagRowsPerStrip, 4), longs(tagStripOffsets, same...), longs(tagStripByteCounts, sizes...),
	})
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"wide", patch(tagImageWidth, 30000), "block 0 at pixel 0,0: 64 bytes at 8 of a file of"},
		{"high", patch(tagImageLength, 30000), "4 offsets and 4 byte counts: expected 7500 of each"},
		{"huge", patch(tagImageWidth, 1<<31), "expected at most 2147483647 a side"},
		{"no rows", patch(tagRowsPerStrip, 0), "0 rows per strip"},
		{"compression", patch(tagCompression, 99), "compression 99: expected none, LZW"},
		{"bits", patch(tagBitsPerSample, 12), "12 bits per sample: expected 1, 8 or 16"},
		{"not Deflate", patch(tagCompression, compressionDeflate), "zlib: invalid header"},
		{"overlap", overlapping, "64 bytes at 8 of a file of"},
		{"samples", patch(tagSamplesPerPixel, 5), "5 samples per pixel: expected 1 to 4"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := requireResultOrError(t, c.file, c.name)
			require.ErrorContains(t, err, c.want)
		})
	}
}
