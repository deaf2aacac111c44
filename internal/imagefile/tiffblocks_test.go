package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// Blocks that the file leaves out are zero, or GDAL's value for no data where
// that is a sample, and are inverted and scaled as the others are.
func TestTIFFSparse(t *testing.T) {
	cases := []struct {
		bits, channels int
		photometric    uint16
		nodata         string
		want           int
	}{
		{8, 1, photometricBlackIsZero, "", 0}, {8, 3, photometricRGB, "", 0},
		{8, 1, photometricBlackIsZero, "9", 9}, {8, 4, photometricRGB, "255", 255}, {16, 2, photometricBlackIsZero, " 9999 ", 9999},
		{8, 1, photometricBlackIsZero, "256", 0}, {8, 1, photometricBlackIsZero, "-1", 0}, {8, 1, photometricBlackIsZero, "nan", 0},
		{8, 1, photometricBlackIsZero, "1.5", 0}, {8, 1, photometricBlackIsZero, "1e2", 100}, {8, 1, photometricBlackIsZero, "none", 0},
		{4, 1, photometricBlackIsZero, "3", 3 * 17}, {4, 3, photometricRGB, "16", 0}, {1, 1, photometricBlackIsZero, "1", 255},
		{8, 1, photometricWhiteIsZero, "9", 246}, {1, 1, photometricWhiteIsZero, "", 255},
	}
	for _, c := range cases {
		for bits := range 4 {
			l := layoutOf(1)
			l.photometric, l.bits, l.w, l.h, l.planar, l.tiled = c.photometric, c.bits, 20, 4, bits&1 != 0, bits&2 != 0
			if l.tiled {
				l.w = 16
			}
			m := noise(20, 12, c.channels, max(8, c.bits))
			want := decode(t, "tif", l.build(t, m))
			l.more = []field{ascii(tagGDALNodata, c.nodata)}
			l.sparse = func(x, y int) bool { return (x/16+y/4)%2 == 1 }
			for i := range m.W * m.H {
				if x, y := i%m.W, i/m.W; l.sparse(x/l.w*l.w, y) {
					setSample(want, x, y, c.want)
				}
			}
			t.Run(fmt.Sprintf("%d channels/no data %q/%v", c.channels, c.nodata, l), func(t *testing.T) {
				requireSame(t, want, decode(t, "tif", l.build(t, m)))
			})
		}
	}
}

// setSample gives all channels of a pixel one value.
func setSample(m *Image, x, y, v int) {
	for c := range m.Channels {
		p := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
		if m.Depth == 16 {
			binary.BigEndian.PutUint16(p, uint16(v))
		} else {
			p[0] = byte(v)
		}
	}
}

// Byte counts that are missing, or zero for every block, are made up: from the
// layout or from the next offset. So is a count that is too small for a single
// uncompressed strip.
func TestTIFFByteCounts(t *testing.T) {
	m := noise(20, 12, 3, 8)
	for _, compression := range []uint16{compressionNone, compressionLZW, compressionDeflate, compressionPackBits} {
		for _, rows := range []int{4, 12} {
			l := layoutOf(3)
			l.compression, l.w, l.h = compression, 20, rows
			n := (12-1)/rows + 1
			missing := without(t, l.build(t, m), tagStripByteCounts)
			l.more = []field{longs(tagStripByteCounts, make([]uint32, n)...)}
			for _, file := range [][]byte{missing, l.build(t, m)} {
				got := decode(t, "tif", file)
				requireSame(t, m, got)
				require.Contains(t, got.Notes, "byte counts missing: estimated", "compression %d, %d strips", compression, n)
			}
		}
	}
	l := layoutOf(3)
	l.more = []field{longs(tagStripByteCounts, 10)}
	requireSame(t, m, decode(t, "tif", l.build(t, m)))

	l.w, l.h, l.more = 20, 6, []field{longs(tagStripByteCounts, 10, 360)}
	_, err := requireResultOrError(t, l.build(t, m), "one of two is too small")
	require.ErrorContains(t, err, "block 0 at pixel 0,0: 10 bytes at 8 of a file of")
}

// without gives a tag a number that nobody knows.
func without(t *testing.T, file []byte, tag uint16) []byte {
	d, err := openDirectory(section(file))
	require.NoError(t, err)
	i := slices.IndexFunc(d.entries, func(e entry) bool { return e.tag == tag })
	require.GreaterOrEqual(t, i, 0, "no tag %d", tag)
	file = bytes.Clone(file)
	binary.LittleEndian.PutUint16(file[int(binary.LittleEndian.Uint32(file[4:]))+2+12*i:], 65000)
	return file
}

// Tiles may be listed under the tags of strips, and strips under the tags of tiles.
func TestTIFFBlocksUnderOtherTags(t *testing.T) {
	m := noise(40, 30, 1, 8)
	for _, tiled := range []bool{false, true} {
		l := layoutOf(1)
		l.w, l.h, l.tiled = 40, 16, tiled
		if tiled {
			l.w = 16
		}
		file := l.build(t, m)
		d, err := openDirectory(section(file))
		require.NoError(t, err)
		other := map[uint16]uint16{
			tagStripOffsets: tagTileOffsets, tagStripByteCounts: tagTileByteCounts,
			tagTileOffsets: tagStripOffsets, tagTileByteCounts: tagStripByteCounts,
		}
		for i, e := range d.entries {
			if o := other[e.tag]; o != 0 {
				binary.LittleEndian.PutUint16(file[int(binary.LittleEndian.Uint32(file[4:]))+2+12*i:], o)
			}
		}
		requireSame(t, m, decode(t, "tif", file))
	}
}

// Tiles that lie on the same bytes are read, as long as the image and the work
// are bounded by the input.
func TestTIFFSharedTiles(t *testing.T) {
	const side = 128
	tile := noise(side, side, 1, 8)
	file := func(across int) []byte {
		n := across * across
		return tiffFile(tile.Pix, []field{
			longs(tagImageWidth, uint32(side*across)), longs(tagImageLength, uint32(side*across)), shorts(tagBitsPerSample, 8),
			shorts(tagPhotometric, photometricBlackIsZero), shorts(tagTileWidth, side), shorts(tagTileLength, side),
			longs(tagTileOffsets, slices.Repeat([]uint32{8}, n)...), longs(tagTileByteCounts, slices.Repeat([]uint32{side * side}, n)...),
		})
	}
	got := decode(t, "tif", file(3))
	for i := range got.Pix {
		x, y := i%got.W, i/got.W
		if want := tile.Pix[y%side*side+x%side]; want != got.Pix[i] {
			require.Equal(t, want, got.Pix[i], "pixel %d,%d", x, y)
		}
	}
	_, _, err := Read(bytes.NewReader(file(129)), ReadOptions{Expansion: 1})
	require.ErrorContains(t, err, "image of 16512x16512 pixels takes 272646144 bytes, expected at most")
}

// A tile that is much larger than the image takes the memory of the image, and
// one that would take more work than the input may ask for is refused.
func TestTIFFLargeTiles(t *testing.T) {
	const side = 1 << 20
	row := make([]byte, side)
	for i := range row {
		row[i] = byte(i)
	}
	file := func(compression uint16, rows int, w, h uint32, more ...field) []byte {
		l := layout{compression: compression}
		data := l.compress(bytes.Repeat(row, rows))
		return tiffFile(data, append(more, []field{ // the first of a tag counts
			longs(tagImageWidth, w), longs(tagImageLength, h), shorts(tagBitsPerSample, 8), shorts(tagCompression, l.compressionTag()),
			shorts(tagPhotometric, photometricBlackIsZero), longs(tagTileWidth, side), longs(tagTileLength, uint32(rows)),
			longs(tagTileOffsets, 8), longs(tagTileByteCounts, uint32(len(data))),
		}...))
	}
	most := map[uint16]uint64{compressionZSTD: 2 * freeWindow} // the window that the frame needs
	for _, compression := range shorttest.Cases([]uint16{
		compressionDeflate, compressionNone, compressionLZW, compressionOldLZW, compressionPackBits, compressionZSTD,
	}) {
		data := file(compression, 16, 3, 16)
		var m *Image
		var err error
		used := allocated(func() { m, _, err = Read(bytes.NewReader(data), ReadOptions{}) })
		require.NoError(t, err, "compression %d", compression)
		require.Equal(t, bytes.Repeat([]byte{0, 1, 2}, 16), m.Pix, "compression %d", compression)
		require.Less(t, used, max(most[compression], 1<<20), "memory, compression %d", compression)
	}
	// Bytes of one significance are far apart.
	data := file(compressionDeflate, 4, 2, 4, longs(tagTileWidth, side/4), shorts(tagBitsPerSample, 32), shorts(tagSampleFormat, sampleFloat), shorts(tagPredictor, predictorFloat))
	used := allocated(func() {
		f, b, err := tryRaster(data, ReadOptions{})
		require.NoError(t, err)
		sums := [4][2]byte{}
		sum := byte(0)
		for i, v := range row {
			if sum += v; i%(side/4) < 2 {
				sums[i/(side/4)][i%(side/4)] = sum
			}
		}
		for x := range 2 {
			want := uint32(sums[0][x])<<24 | uint32(sums[1][x])<<16 | uint32(sums[2][x])<<8 | uint32(sums[3][x])
			require.Equal(t, want, math.Float32bits(raster.Row[float32](b, 0, 3)[x]), "x %d of %v", x, f.format.Type)
		}
	})
	require.Less(t, used, uint64(1<<20), "memory")

	data = file(compressionDeflate, 1, 3, 1)
	d, err := openDirectory(section(data))
	require.NoError(t, err)
	i := slices.IndexFunc(d.entries, func(e entry) bool { return e.tag == tagTileLength })
	binary.LittleEndian.PutUint32(data[int(binary.LittleEndian.Uint32(data[4:]))+2+12*i+8:], side)
	_, err = requireResultOrError(t, data, "a tile of 2^40 pixels")
	require.ErrorContains(t, err, "block 0 at pixel 0,0: its 1048576 rows of 1048576 bytes take the work beyond")
}

// Headers that ask for more than the file holds are refused before pixels are
// allocated.
func TestTIFFPromises(t *testing.T) {
	m := noise(16, 16, 1, 8)
	l := layoutOf(1)
	l.w, l.h = 16, 4
	with := func(fields ...field) []byte {
		l := l
		l.more = fields
		return l.build(t, m)
	}
	cases := []struct {
		name string
		file []byte
		want string
	}{
		{"wide", with(longs(tagImageWidth, 30000)), "block 0 at pixel 0,0: 64 bytes at 8 of a file of"},
		{"high", with(longs(tagImageLength, 30000)), "4 offsets and 4 byte counts: expected 7500 of each"},
		{"huge", with(longs(tagImageWidth, 1<<31)), "expected at most 2147483647 a side"},
		{"none", with(longs(tagImageWidth, 0)), "image of 0x16 pixels, expected at least 1x1"},
		{"not Deflate", with(shorts(tagCompression, compressionDeflate)), "zlib: invalid header"},
		{"sparse", with(longs(tagImageWidth, 1<<20), longs(tagImageLength, 1<<12), longs(tagRowsPerStrip, 1<<12),
			longs(tagStripOffsets, 0), longs(tagStripByteCounts, 0)), "image of 1048576x4096 pixels, expected at most"},
		{"sparse RGB", with(longs(tagImageWidth, 1<<15), longs(tagImageLength, 1<<13), longs(tagRowsPerStrip, 1<<13), shorts(tagSamplesPerPixel, 3),
			shorts(tagPhotometric, photometricRGB), longs(tagStripOffsets, 0), longs(tagStripByteCounts, 0)), "image of 32768x8192 pixels takes 805306368 bytes, expected at most"},
		{"CCITT", with(shorts(tagCompression, compressionGroup4), shorts(tagBitsPerSample, 1), longs(tagImageLength, 3000),
			longs(tagRowsPerStrip, 3000), longs(tagStripOffsets, 8), longs(tagStripByteCounts, 256)), "block 0 at pixel 0,0: 256 bytes at 8 of a file of"},
		{"past the end", with(longs(tagStripOffsets, 8, 1<<20, 8, 8)), "block 1 at pixel 0,4: 64 bytes at 1048576 of a file of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := requireResultOrError(t, c.file, c.name)
			require.ErrorContains(t, err, c.want)
		})
	}
}
