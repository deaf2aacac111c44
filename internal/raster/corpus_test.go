package raster

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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

func TestHostileFiles(t *testing.T) {
	dir := filepath.Join(corpus(t), "hostile")
	read, refused := 0, 0
	for _, e := range readExpected(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, e.file))
		require.NoError(t, err)
		m, err := requireResultOrError(t, data, e.file)
		if err != nil {
			refused++
			if e.result == "ok" {
				t.Logf("%s: GDAL reads it, here: %v", e.file, err)
			}
			continue
		}
		read++
		if e.result == "ok" {
			require.Equal(t, []int{e.w, e.h}, []int{m.W, m.H}, e.file)
		} else {
			t.Logf("%s: read as %dx%d, GDAL: %s", e.file, m.W, m.H, e.result)
		}
	}
	t.Logf("%d read, %d refused", read, refused)
	require.NotZero(t, read)
	require.NotZero(t, refused)
}

// reference returns the samples as EXPECTED.tsv counts them: little-endian,
// palettes not expanded, less than 8 bits not scaled, without what GDAL does
// not take for a band.
func reference(m *Image, e expected) []byte {
	if m.Index != nil && e.bands == 1 {
		return m.Index
	}
	scale := 1
	if _, bits, ok := strings.Cut(e.kind, "Byte/"); ok {
		n, _ := strconv.Atoi(bits)
		scale = 255 / (1<<n - 1)
	}
	size := m.Depth / 8
	var out []byte
	for i := range m.W * m.H {
		p := m.Pix[i/m.W*m.Stride+i%m.W*m.Step:]
		for c := range min(e.bands, m.Channels) {
			for b := size - 1; b >= 0; b-- {
				out = append(out, p[c*size+b]/byte(scale))
			}
		}
	}
	return out
}

func sum(b []byte) string {
	s := md5.Sum(b)
	return hex.EncodeToString(s[:])
}

// inverted returns the samples of a WhiteIsZero image as GDAL leaves them.
func inverted(samples []byte, e expected) []byte {
	full := byte(255)
	if e.kind == "Byte/1" {
		full = 1
	}
	out := make([]byte, len(samples))
	for i, s := range samples {
		out[i] = full - s
	}
	return out
}

func TestVariantsAgainstGDAL(t *testing.T) {
	dir := filepath.Join(corpus(t), "tiff-variants")
	var same, differ, refused [2]int
	for _, e := range readExpected(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, e.file))
		require.NoError(t, err)
		group := 0
		if strings.HasPrefix(e.file, "png/") {
			group = 1
		}
		m, err := requireResultOrError(t, data, e.file)
		if err != nil {
			refused[group]++
			if e.result == "ok" {
				t.Logf("refused %s (%s %s): %v", e.file, e.kind, e.compression, err)
			}
			continue
		}
		require.Equal(t, []int{e.w, e.h}, []int{m.W, m.H}, e.file)
		samples := reference(m, e)
		if sum(samples) == e.md5 || sum(inverted(samples, e)) == e.md5 {
			same[group]++
			continue
		}
		differ[group]++
		t.Logf("differs %s (%d bands %s %s)", e.file, e.bands, e.kind, e.compression)
	}
	t.Logf("TIFF: %d identical, %d differ, %d refused; PNG: %d identical, %d differ, %d refused",
		same[0], differ[0], refused[0], same[1], differ[1], refused[1])
	require.Greater(t, same[0], 110)
	require.Greater(t, same[1], 150)
}

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
		m, name, err := Read(bytes.NewReader(data), ReadOptions{MaxPixels: 1 << 20})
		require.Equal(t, err == nil, m != nil)
		if err != nil {
			return
		}
		got := decode(t, "tif", encode(t, "tif", m, WriteOptions{}))
		requireSame(t, m, got)
		if name == "tif" || name == "png" {
			require.Equal(t, m.Meta.ICC, got.Meta.ICC)
		}
		if Unsaid("png", m) == nil && !(m.Channels%2 == 0 && m.Alpha == NoAlpha) {
			requireSamePNG(t, m, decode(t, "png", encode(t, "png", m, WriteOptions{})))
		}
	})
}
