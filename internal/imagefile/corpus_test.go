package imagefile

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// corpus returns the folder of shared test images, or skips.
func corpus(t *testing.T) string {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = filepath.FromSlash("../../../shared/corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpus: %v (QTGPU_CORPUS names its folder)", err)
	}
	return dir
}

// expected is a line of EXPECTED.tsv: what GDAL makes of a file.
type expected struct {
	file, kind, compression, result, md5 string
	w, h, bands                          int
}

func readExpected(t *testing.T, dir string) (list []expected) {
	data, err := os.ReadFile(filepath.Join(dir, "EXPECTED.tsv"))
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		e := expected{file: f[0], kind: f[4], compression: f[5], result: f[6], md5: f[7]}
		e.w, _ = strconv.Atoi(f[1])
		e.h, _ = strconv.Atoi(f[2])
		e.bands, _ = strconv.Atoi(f[3])
		list = append(list, e)
	}
	require.NotEmpty(t, list)
	return list
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// requireResultOrError reads data and holds the image, if there is one, to be
// whole, and the memory to what the input can justify: a constant, or Deflate's
// ratio, a few times.
func requireResultOrError(t *testing.T, data []byte, name string) (*Image, error) {
	t.Helper()
	var m *Image
	var err error
	bytesUsed := allocated(func() { m, _, err = Read(bytes.NewReader(data), ReadOptions{}) })
	require.LessOrEqual(t, bytesUsed, uint64(4<<20+8*deflateRatio*len(data)), "%s: memory", name)
	require.Equal(t, err == nil, m != nil, "%s: an image or an error", name)
	if err != nil {
		require.NotContains(t, err.Error(), "the decoder failed: runtime error", name)
		return nil, err
	}
	require.True(t, m.W > 0 && m.H > 0 && m.Channels >= 1 && m.Channels <= 4 && (m.Depth == 8 || m.Depth == 16), "%s: %dx%d, %d channels of %d bits", name, m.W, m.H, m.Channels, m.Depth)
	require.GreaterOrEqual(t, m.Step, m.Channels*m.Depth/8, name)
	require.GreaterOrEqual(t, m.Stride, (m.W-1)*m.Step+m.Channels*m.Depth/8, name)
	require.GreaterOrEqual(t, len(m.Pix), (m.H-1)*m.Stride+(m.W-1)*m.Step+m.Channels*m.Depth/8, name)
	return m, nil
}

// facts are what a file says about its samples, read apart from the pixels.
type facts struct {
	bits    int
	palette bool
	white   bool   // white is zero
	inks    bool   // CMYK of 8 bits, which GDAL converts
	key     []byte // the colour of PNG's tRNS that is transparent
}

func factsOf(data []byte) facts {
	if bytes.HasPrefix(data, []byte(pngSignature)) {
		return pngFacts(data)
	}
	return tiffFacts(data)
}

func pngFacts(data []byte) (f facts) {
	const gray, rgb, palette = 0, 2, 3
	head := data[len(pngSignature)+8:]
	colour := head[9]
	f.bits, f.palette = int(head[8]), colour == palette
	if colour == gray || colour == rgb {
		f.key = pngChunk(data[len(pngSignature):], "tRNS")
	}
	return f
}

func tiffFacts(data []byte) (f facts) {
	first, err := openDirectory(section(data))
	if err != nil {
		return f
	}
	d := walk(first, 0).picture
	tag := func(tag uint16, absent uint64) uint64 {
		v, err := d.uint(tag, absent)
		if err != nil {
			return absent
		}
		return v
	}
	photometric := tag(tagPhotometric, photometricBlackIsZero)
	return facts{
		bits: int(tag(tagBitsPerSample, 1)), palette: photometric == photometricPalette, white: photometric == photometricWhiteIsZero,
		inks: photometric == photometricSeparated && tag(tagBitsPerSample, 1) == 8,
	}
}

// requireRasterOrError reads the samples of data, and holds the memory as
// requireResultOrError does.
func requireRasterOrError(t *testing.T, data []byte, name string) (f *File, b *raster.Block, err error) {
	t.Helper()
	bytesUsed := allocated(func() { f, b, err = tryRaster(data, ReadOptions{}) })
	require.LessOrEqual(t, bytesUsed, uint64(8<<20+8*deflateRatio*len(data)), "%s: memory", name)
	if err != nil {
		require.NotContains(t, err.Error(), "the decoder failed: runtime error", name)
		return nil, nil, err
	}
	return f, b, nil
}

// tryRaster reads all samples of a file.
func tryRaster(data []byte, opt ReadOptions) (*File, *raster.Block, error) {
	f, err := Open(bytes.NewReader(data), opt)
	if err != nil {
		return nil, nil, err
	}
	format := f.Format()
	b := raster.NewInterleaved(format.Bounds(), format.Type, len(format.Bands), len(format.Bands))
	return f, b, f.ReadBlock(background, b)
}

// readRaster reads all samples of a file that is whole.
func readRaster(t testing.TB, data []byte, opt ReadOptions) (*File, *raster.Block) {
	t.Helper()
	f, b, err := tryRaster(data, opt)
	require.NoError(t, err)
	return f, b
}

// rasterReference returns the samples of a TIFF file as EXPECTED.tsv counts them, GDAL's,
// as reference does.
func rasterReference(file *File, b *raster.Block, f facts) []byte {
	size, bands, full := b.Type.Size(), len(b.Planes), file.format.FullScale()
	white := f.white && file.format.Bands[0].Role == raster.Gray
	var out []byte
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		for x := range b.Rect.Dx() {
			for c := range bands {
				p := b.RowBytes(c, y)[x*b.Step*size:][:size]
				scaled := !f.palette && (f.bits == 1 || f.bits == 2 || f.bits == 4)
				if !scaled && !white {
					out = append(out, p...)
					if !nativeLittle {
						slices.Reverse(out[len(out)-size:])
					}
					continue
				}
				v := int64(b.At(c, x, y))
				if white && c == 0 {
					v = full - v
				}
				if scaled {
					v /= 255 / (1<<f.bits - 1)
				}
				out = binary.LittleEndian.AppendUint64(out, uint64(v))[:len(out)+size]
			}
			if f.inks { // as libtiff shows them
				ink := out[len(out)-4:]
				for c := range 3 {
					ink[c] = byte((255 - int(ink[3])) * (255 - int(ink[c])) / 255)
				}
				ink[3] = 255
			}
		}
	}
	return out
}

// requireRaster holds samples against what GDAL reads.
func requireRaster(t *testing.T, file *File, b *raster.Block, f facts, e expected) {
	t.Helper()
	format := file.Format()
	require.Equal(t, []int{e.w, e.h, e.bands}, []int{format.Width, format.Height, len(format.Bands)}, "%s: width, height, bands", e.file)
	require.Equal(t, e.md5, sum(rasterReference(file, b, f)), "%s: samples of %d bands %s %s", e.file, e.bands, e.kind, e.compression)
}

// reference returns the samples as EXPECTED.tsv counts them, GDAL's: samples of a
// palette are its indices, samples of less than 8 bits are as stored and not
// scaled, white is zero where the file says so, samples of 16 bits are
// little-endian. The alpha that tRNS makes is no band to GDAL: it must be zero
// for the colour of the tRNS and full for all others.
func reference(t *testing.T, m *Image, f facts, name string) []byte {
	if f.palette {
		require.Len(t, m.Index, m.W*m.H, name)
		return m.Index
	}
	require.Nil(t, m.Index, name)
	require.Equal(t, max(8, f.bits), m.Depth, "%s: depth", name)
	size, scale, bands := m.Depth/8, byte(1), m.Channels
	if f.bits < 8 {
		scale = 255 / (1<<f.bits - 1)
	}
	if f.key != nil {
		bands--
	}
	if size == 1 && scale == 1 && !f.white && f.key == nil && m.Stride == m.W*bands {
		return m.Pix
	}
	out := make([]byte, 0, m.W*m.H*bands*size)
	for i := range m.W * m.H {
		p := m.Pix[i/m.W*m.Stride+i%m.W*m.Step:][:m.Channels*size]
		for c := range bands {
			for b := size - 1; b >= 0; b-- {
				v := p[c*size+b]
				if f.white && c == 0 {
					v = 255 - v
				}
				if v%scale != 0 {
					require.Zero(t, v%scale, "%s: sample %d at %d,%d, expected a multiple of %d", name, v, i%m.W, i/m.W, scale)
				}
				out = append(out, v/scale)
			}
		}
		if f.key != nil {
			requireKeyed(t, p, f, bands, scale, name, i)
		}
	}
	return out
}

// requireKeyed holds the alpha of a pixel against the colour of a tRNS chunk,
// two bytes for each band.
func requireKeyed(t *testing.T, p []byte, f facts, bands int, scale byte, name string, pixel int) {
	size, want := len(p)/(bands+1), byte(0)
	for c := range bands {
		stored := []byte{0, p[c] / scale}
		if size == 2 {
			stored = p[2*c : 2*c+2]
		}
		if !bytes.Equal(stored, f.key[2*c:2*c+2]) {
			want = 255
		}
	}
	if alpha := p[bands*size]; alpha != want {
		require.Equal(t, want, alpha, "%s: alpha of pixel %d", name, pixel)
	}
}

func sum(b []byte) string {
	s := md5.Sum(b)
	return hex.EncodeToString(s[:])
}

// requireReference holds an image against what GDAL reads.
func requireReference(t *testing.T, m *Image, f facts, e expected) {
	t.Helper()
	require.Equal(t, []int{e.w, e.h}, []int{m.W, m.H}, "%s: width, height", e.file)
	require.Equal(t, e.md5, sum(reference(t, m, f, e.file)), "%s: samples of %d bands %s %s", e.file, e.bands, e.kind, e.compression)
}

// Every file that is read has GDAL's samples; every other is refused by the name
// of what is missing, and they are few.
func TestVariantsAgainstGDAL(t *testing.T) {
	dir := filepath.Join(corpus(t), "tiff-variants")
	same, refused := map[string]int{}, map[string]int{}
	for _, e := range readExpected(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, e.file))
		require.NoError(t, err)
		if filepath.Ext(e.file) == ".png" {
			m, err := requireResultOrError(t, data, e.file)
			require.NoError(t, err, e.file)
			requireReference(t, m, factsOf(data), e)
			same["png"]++
			continue
		}
		f, b, err := requireRasterOrError(t, data, e.file)
		unsupported := new(UnsupportedError)
		switch {
		case variantsRefused[e.file] != "":
			require.ErrorContains(t, err, variantsRefused[e.file], e.file)
		case errors.As(err, &unsupported):
			t.Logf("%s: %v", e.file, err)
		default:
			require.NoError(t, err, e.file)
			requireRaster(t, f, b, factsOf(data), e)
			same["tif"]++
			continue
		}
		refused["tif"]++
	}
	t.Logf("identical: %v, refused: %v", same, refused)
	require.LessOrEqual(t, 20*refused["tif"], same["tif"]+refused["tif"], "at most 5% refused")
}

// variantsRefused lists the files that GDAL reads and Read refuses for another
// reason than an unknown feature, with what the error says.
var variantsRefused = map[string]string{
	// Its colour map lies outside the file but for 65 colours. GDAL gives indices
	// without a palette.
	"conf/go-invalid-palette-ref.tiff": "pixel 0,0: palette index 70, expected less than 65",
}

func TestHostileFiles(t *testing.T) {
	dir := filepath.Join(corpus(t), "hostile")
	same, refused := 0, 0
	for _, e := range shorttest.Cases(readExpected(t, dir)) {
		data, err := os.ReadFile(filepath.Join(dir, e.file))
		require.NoError(t, err)
		var m *Image
		var f *File
		var b *raster.Block
		if strings.Contains(filepath.Ext(e.file), "tif") {
			f, b, err = requireRasterOrError(t, data, e.file)
		} else {
			m, err = requireResultOrError(t, data, e.file)
		}
		switch reason := hostileRefused[e.file]; {
		case reason != "":
			require.ErrorContains(t, err, reason, e.file)
			refused++
		case errors.As(err, new(*UnsupportedError)):
			refused++
		case e.result == "ok" && m != nil:
			requireReference(t, m, factsOf(data), e)
			same++
		case e.result == "ok":
			require.NoError(t, err, e.file)
			requireRaster(t, f, b, factsOf(data), e)
			same++
		case hostileRead[e.file] != "":
			require.NoError(t, err, "%s: %s", e.file, hostileRead[e.file])
		default:
			require.Error(t, err, "%s: GDAL: %s", e.file, e.result)
			refused++
		}
	}
	t.Logf("%d identical, %d refused", same, refused)
}

// hostileRefused lists the files that GDAL reads and Read refuses, with what the
// error says.
var hostileRefused = map[string]string{
	// Tags whose type, count or place is damaged are not read as if they were
	// absent: the picture might be another.
	"crafted-flip-07.tif": "tag 279: value of 536870916 bytes at 3219, the file ends at 3347",
	"crafted-flip-11.tif": "tag 262: type 38659, expected BYTE, SHORT or LONG",
	"crafted-flip-14.tif": "tag 262: type 20483, expected BYTE, SHORT or LONG",
	// GDAL gives indices without a palette.
	"crafted-palette-no-colormap.tif":    "a palette image without a colour map (tag 320)",
	"crafted-palette-short-colormap.tif": "pixel 1,0: palette index 41, expected less than 10",
	// GDAL takes the samples as bands whatever they mean.
	"crafted-spp-1-rgb.tif": "photometric interpretation 2 (RGB) with a sample",
	// GDAL takes strips that are not listed for zero.
	"crafted-planar-2-one-strip.tif":   "1 offsets and 1 byte counts: expected 3 of each (tags 273, 279)",
	"crafted-rps-1-too-few-strips.tif": "1 offsets and 1 byte counts: expected 29 of each (tags 273, 279)",
	// zlib refuses the stream as well; GDAL reads it by libdeflate.
	"gofuzz-0cc3f44d4b.tif": "flate: corrupt input before offset 10",
	// libpng reads the samples and does not look at what comes after them.
	"crafted-idat-too-much.png": "too much pixel data",
	"crafted-iend-missing.png":  "unexpected EOF",
	"crafted-truncated-7.png":   "unexpected EOF",
	"crafted-truncated-8.png":   "unexpected EOF",
	"gofuzz-4c8a554021.png":     "unexpected EOF",
	// libpng drops the chunk.
}

// hostileRead lists the files that GDAL refuses and Read reads, with the reason.
var hostileRead = map[string]string{}

func TestReadLargeFileInPlace(t *testing.T) {
	f, err := os.Open(filepath.Join(corpus(t), "big", "big.tif"))
	require.NoError(t, err)
	defer f.Close()
	var m *Image
	used := allocated(func() { m, _, err = Read(f, ReadOptions{}) })
	require.NoError(t, err)
	require.Equal(t, []int{4878, 3322, 3, 8, 3}, []int{m.W, m.H, m.Channels, m.Depth, m.Step})
	require.LessOrEqual(t, float64(used), 1.05*float64(len(m.Pix))+math.Exp2(16), "the samples once")
}

// requireSamePNG holds an image against what PNG makes of it: what is opaque has
// no alpha.
func requireSamePNG(t *testing.T, want, got *Image) {
	t.Helper()
	if want.Channels == 4 && got.Channels == 3 {
		got.Channels = 4 // the padding is at full scale
	}
	requireSame(t, want, got)
	require.Equal(t, want.Index, got.Index)
	require.Equal(t, want.Meta.IPTC, got.Meta.IPTC)
	if want.Meta.ICC == nil { // which takes the place of sRGB
		require.Equal(t, want.Meta.PNG, got.Meta.PNG)
	}
}

func FuzzRead(f *testing.F) {
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			m := noise(5, 3, channels, depth)
			m.Meta = Meta{ICC: []byte("icc"), EXIF: sampleEXIF(), XMP: []byte("<x/>")}
			for _, format := range []string{"png", "tif", "pgm", "ppm", "jpg"} {
				var b bytes.Buffer
				if Write(&b, format, m, WriteOptions{}) == nil { // not all formats take all channels
					f.Add(b.Bytes())
				}
			}
			f.Add(encode(f, "tif", m, WriteOptions{Uncompressed: true}))
		}
	}
	addTIFF(f)
	for _, s := range []string{
		webpLossless, webpAlpha, "P1 3 2\n1010 11", "P2 1 1 9 3", "P3 1 1 300 1 2 3", "P4 9 1\nab",
		"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\nab",
	} {
		f.Add([]byte(s))
	}
	f.Add(bitmap(3, 1, 8, "abc\x00def\x00", "\x01\x00\x01\x00", "icc"))
	f.Add(encode(f, "png", paletted(5, 3, 7, false), WriteOptions{}))
	f.Add(pngFile(chunk("tRNS", "\x00\x07")+chunk("tEXt", iptcKey+"\x00iptc\n2\n1c02"), chunk("fcTL", "")+chunk("zzZz", "")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("a longer input shows nothing new")
		}
		m, _, err := Read(bytes.NewReader(data), ReadOptions{MaxPixels: 1 << 20})
		require.Equal(t, err == nil, m != nil)
		if err != nil {
			return
		}
		got := decode(t, "tif", encode(t, "tif", m, WriteOptions{}))
		if !profileFits(m.Meta.ICC, m.Channels) {
			return // gray may come back as RGB
		}
		requireSame(t, m, got)
		require.Equal(t, m.Meta.ICC, got.Meta.ICC)
		if m.Channels%2 == 0 {
			require.Equal(t, m.Alpha, got.Alpha)
		}
	})
}

// addTIFF adds files of kinds that the writer does not make.
func addTIFF(f *testing.F) {
	for _, bits := range []int{1, 2, 4, 8} {
		for _, compression := range []uint16{compressionNone, compressionLZW, compressionPackBits, compressionRLE, compressionGroup3, compressionGroup4} {
			l := layoutOf(1)
			l.bits, l.w, l.h, l.tiled = bits, 16, 16, bits > 1
			if !l.tiled {
				l.w = 8
			}
			if compression == compressionLZW || compression == compressionPackBits {
				l.compression = compression
			}
			l.more = []field{shorts(tagCompression, compression), shorts(tagFillOrder, 2), ascii(tagGDALNodata, "1"), longs(tagNewSubfileType, 0)}
			if bits > 1 {
				l.photometric = photometricPalette
				l.more = append(l.more, shorts(tagColorMap, make([]uint16, 3<<bits)...))
			}
			m := New(8, 20, 1, 8)
			for i := range m.Pix {
				m.Pix[i] = 255 * (0b10011001 >> (i % 8) & 1) // with fill order 2, rows of white in T.4 and T.6
			}
			f.Add(l.file(m))
		}
	}
}

// FuzzTIFF keeps to small images of one format, so that it comes further than
// FuzzRead.
func FuzzTIFF(f *testing.F) {
	addTIFF(f)
	for channels := 1; channels <= 4; channels++ {
		l := layoutOf(channels)
		l.planar, l.compression, l.predict = channels > 2, compressionLZW, true
		f.Add(l.file(noise(5, 3, channels, 16)))
		f.Add(encode(f, "tif", noise(5, 3, channels, 8), WriteOptions{}))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !bytes.HasPrefix(data, []byte("II*\x00")) && !bytes.HasPrefix(data, []byte("MM\x00*")) {
			t.Skip("another format")
		}
		m, _, err := Read(bytes.NewReader(data), ReadOptions{MaxPixels: 1 << 12, Expansion: DefaultExpansion})
		if err != nil {
			require.NotContains(t, err.Error(), "the decoder failed")
			return
		}
		require.Len(t, m.Pix, m.H*m.Stride)
		if m.Index != nil {
			require.Len(t, m.Index, m.W*m.H)
		}
		if unsaid("png", m) == nil && !(m.Channels%2 == 0 && m.Alpha == NoAlpha) {
			requireSamePNG(t, m, decode(t, "png", encode(t, "png", m, WriteOptions{})))
		}
	})
}
