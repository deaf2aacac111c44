package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// kindsOf are the chunks of a file, each checked, in order; IDAT once.
func kindsOf(t *testing.T, file []byte) (kinds []string) {
	t.Helper()
	require.Equal(t, pngSignature, string(file[:8]))
	for b := file[8:]; len(b) > 0; {
		kind, data, n := nextChunk(b)
		require.NotNil(t, data, "chunk %d", len(kinds))
		if k := len(kinds); kind != "IDAT" || kinds[k-1] != kind {
			kinds = append(kinds, kind)
		}
		b = b[n:]
	}
	return kinds
}

// paletted returns an image of n colours, of which some are not opaque.
func paletted(w, h, n int, opaque bool) *Image {
	rng := rand.New(rand.NewPCG(uint64(n), uint64(w)))
	p := make(color.Palette, n)
	for i := range p {
		c := color.NRGBA{byte(i), byte(7 * i), byte(255 - i), 255}
		if !opaque && i%3 == 1 {
			c.A = byte(i)
		}
		p[i] = c
	}
	index := make([]byte, w*h)
	for i := range index {
		index[i] = byte(rng.IntN(n))
	}
	index[len(index)-1] = byte(n - 1)
	m, err := indexed(w, h, index, p)
	if err != nil {
		panic(err)
	}
	return m
}

// TestPNGShapes: an image is written as the colour type and depth that hold it.
func TestPNGShapes(t *testing.T) {
	shape := func(m *Image) [2]byte {
		file := encode(t, "png", m, WriteOptions{})
		return [2]byte{file[24], file[25]}
	}
	for channels, colour := range map[int]byte{1: pngGray, 2: pngGrayAlpha, 3: pngRGB, 4: pngRGBA} {
		require.Equal(t, [2]byte{8, colour}, shape(noise(3, 2, channels, 8)))
		require.Equal(t, [2]byte{16, colour}, shape(noise(3, 2, channels, 16)))
	}
	for n, depth := range map[int]byte{1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 16: 4, 17: 8, 256: 8} {
		require.Equal(t, [2]byte{depth, pngPalette}, shape(paletted(3, 2, n, true)), "%d colours", n)
	}
}

// TestPNGPaletteRoundTrip: indices and colours come back, opaque or not.
func TestPNGPaletteRoundTrip(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 16, 17, 200, 256} {
		for w := 1; w <= 9; w++ {
			for _, opaque := range []bool{true, false} {
				m := paletted(w, 5, n, opaque)
				file := encode(t, "png", m, WriteOptions{})
				got := decode(t, "png", file)
				require.Equal(t, m.Index, got.Index, "%d colours, width %d", n, w)
				require.Len(t, got.Palette, n)
				requireSame(t, m, got)
				require.Equal(t, !opaque && n > 1, bytes.Contains(file, []byte("tRNS")))
			}
		}
	}
}

// TestPNGAgainstImagePNG: the package of the standard library reads what is
// written, for every kind of image that it knows.
func TestPNGAgainstImagePNG(t *testing.T) {
	for _, m := range variants() {
		if m.Channels%2 == 0 && m.Alpha == NoAlpha {
			continue
		}
		std, err := png.Decode(bytes.NewReader(encode(t, "png", m, WriteOptions{})))
		require.NoError(t, err, m.describe())
		full := float64(int(1)<<m.Depth - 1)
		for y := range m.H {
			for x := range m.W {
				want := m.shows(x, y)
				if m.Alpha == Premultiplied && m.Channels%2 == 0 {
					for c := range 3 {
						if want[3] == 0 {
							want[c] = 0
							continue
						}
						want[c] = math.Floor(math.Min(want[c], want[3])*full/want[3] + 0.5)
					}
				}
				var got [4]float64
				if m.Depth == 8 {
					c := color.NRGBAModel.Convert(std.At(x, y)).(color.NRGBA)
					got = [4]float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A)}
				} else {
					c := color.NRGBA64Model.Convert(std.At(x, y)).(color.NRGBA64)
					got = [4]float64{float64(c.R), float64(c.G), float64(c.B), float64(c.A)}
				}
				require.Equal(t, want, got, "%s: pixel %d,%d", m.describe(), x, y)
			}
		}
	}
}

// TestPNGFilters: each filter is chosen where it leaves nothing, and undone.
func TestPNGFilters(t *testing.T) {
	const w, h = 64, 40
	rng := rand.New(rand.NewPCG(1, 2))
	for channels := 1; channels <= 4; channels++ {
		m := New(w, h, channels, 8)
		n := channels
		row := func(y int) []byte { return m.Pix[y*m.Stride:] }
		seen := map[byte]bool{}
		f := newPNGFilter(w*n, n)
		for y := range h {
			for x := range w {
				for c := range channels {
					at := x*m.Step + c
					var a, b, corner int
					if x > 0 {
						a = int(row(y)[at-m.Step])
					}
					if y > 0 {
						b = int(row(y - 1)[at])
					}
					if x > 0 && y > 0 {
						corner = int(row(y - 1)[at-m.Step])
					}
					v := [...]int{rng.IntN(3) - 1, a + rng.IntN(2), b, (a + b) / 2, a + b - corner}[y/2%5]
					if y%10 == 5 || v < 0 || v > 255 {
						v = rng.IntN(256)
					}
					row(y)[at] = byte(v)
				}
			}
			m.copyRow(f.next(), n, y, n)
			line := f.best()
			seen[line[0]] = true
			require.Equal(t, naiveFilter(m, y), line, "%d channels, row %d", channels, y)
		}
		require.GreaterOrEqual(t, len(seen), 4, "filters of %d channels: %v", channels, seen)
		requireSame(t, m, decode(t, "png", encode(t, "png", m, WriteOptions{})))
	}
}

// naiveFilter is the row of 8 bits under the best filter by PNG 9.2 and 12.7, the
// first of them in the order that is tried.
func naiveFilter(m *Image, y int) []byte {
	at := func(x, y, c int) int {
		if x < 0 || y < 0 {
			return 0
		}
		return int(m.Pix[y*m.Stride+x*m.Step+c])
	}
	var best []byte
	least := math.MaxInt
	for _, kind := range []byte{2, 4, 0, 1, 3} {
		line, sum := []byte{kind}, 0
		for x := range m.W {
			for c := range m.Channels {
				a, b, corner := at(x-1, y, c), at(x, y-1, c), at(x-1, y-1, c)
				p := a + b - corner
				pa, pb, pc := math.Abs(float64(p-a)), math.Abs(float64(p-b)), math.Abs(float64(p-corner))
				nearest := corner
				if pa <= pb && pa <= pc {
					nearest = a
				} else if pb <= pc {
					nearest = b
				}
				d := byte(at(x, y, c) - [...]int{0, a, b, (a + b) / 2, nearest}[kind])
				line = append(line, d)
				sum += min(int(d), 256-int(d))
			}
		}
		if sum < least {
			best, least = line, sum
		}
	}
	return best
}

// TestPNGChunkOrder: metadata comes before the palette and the pixels, and sRGB
// not beside a profile.
func TestPNGChunkOrder(t *testing.T) {
	m := paletted(9, 5, 20, false)
	m.Meta = Meta{
		ICC: profileFor("RGB "), EXIF: sampleEXIF(), XMP: []byte("<x/>"), IPTC: []byte("\x1c\x02\x50\x00\x01J"),
		PNG: []byte(chunk("sRGB", "\x00") + chunk("gAMA", "\x00\x00\xb1\x8f") + chunk("tIME", "1234567") + chunk("pHYs", "123456789")),
	}
	file := encode(t, "png", m, WriteOptions{})
	require.Equal(t, []string{"IHDR", "gAMA", "tIME", "pHYs", "iCCP", "eXIf", "iTXt", "zTXt", "PLTE", "tRNS", "IDAT", "IEND"}, kindsOf(t, file))
	got := decode(t, "png", file)
	require.Empty(t, got.Lost)
	want := m.Meta
	want.PNG = want.PNG[13:]
	require.Equal(t, want, got.Meta)

	m.Meta.ICC = nil
	require.Equal(t, m.Meta, decode(t, "png", encode(t, "png", m, WriteOptions{})).Meta, "sRGB without a profile")
}

// profileFor is as much of a profile as tells its colour space.
func profileFor(space string) []byte {
	icc := make([]byte, 128)
	copy(icc[16:], space)
	copy(icc[36:], "acsp")
	return icc
}

// TestPNGProfiles: a profile is written where it is for the pixels as they are
// written, else Unsaid names it.
func TestPNGProfiles(t *testing.T) {
	grays, err := indexed(3, 1, []byte{1, 0, 1}, color.Palette{color.Gray{Y: 9}, color.Gray{Y: 200}})
	require.NoError(t, err)
	cases := []struct {
		m       *Image
		space   string
		colour  byte
		written bool
		unsaid  string
	}{
		{noise(3, 2, 1, 8), "GRAY", pngGray, true, ""},
		{noise(3, 2, 2, 16), "GRAY", pngGrayAlpha, true, ""},
		{noise(3, 2, 3, 8), "RGB ", pngRGB, true, ""},
		{noise(3, 2, 4, 8), "RGB ", pngRGBA, true, ""},
		{paletted(3, 2, 4, true), "RGB ", pngPalette, true, ""},
		{noise(3, 2, 1, 16), "RGB ", pngRGB, true, "gray is written as RGB, to which the colour profile belongs"},
		{noise(3, 2, 2, 8), "RGB ", pngRGBA, true, "gray is written as RGB, to which the colour profile belongs"},
		{noise(3, 2, 3, 8), "GRAY", pngRGB, false, "colour profile of GRAY, which does not fit the pixels"},
		{noise(3, 2, 3, 8), "CMYK", pngRGB, false, "colour profile of CMYK, which does not fit the pixels"},
		{noise(3, 2, 1, 8), "CMYK", pngGray, false, "colour profile of CMYK, which does not fit the pixels"},
		{paletted(3, 2, 4, true), "GRAY", pngPalette, false, "colour profile of GRAY, which does not fit the pixels"},
		{grays, "RGB ", pngPalette, true, ""},
		{grays, "GRAY", pngGray, true, ""},
		{grays, "Lab ", pngPalette, false, "colour profile of Lab, which does not fit the pixels"},
	}
	for _, c := range cases {
		m := *c.m
		m.Meta.ICC = profileFor(c.space)
		file := encode(t, "png", &m, WriteOptions{})
		got := decode(t, "png", file)
		require.Equal(t, c.colour, file[25], c)
		require.Equal(t, c.written, got.Meta.ICC != nil, c)
		require.Equal(t, c.unsaid, strings.Join(unsaid("png", &m), ", "))
		for y := range m.H {
			for x := range m.W {
				require.Equal(t, m.shows(x, y), got.shows(x, y), "pixel %d,%d", x, y)
			}
		}
	}
}

// TestPNGPaletteOfGrays: the reported palette of grays with a profile of RGB
// stays a palette with that profile.
func TestPNGPaletteOfGrays(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(corpus(t), "faults", "m-palgray-rgbicc.png"))
	require.NoError(t, err)
	m := decode(t, "png", file)
	require.Equal(t, []any{1, "RGB "}, []any{m.Channels, string(m.Meta.ICC[16:20])})
	again := encode(t, "png", m, WriteOptions{})
	require.Equal(t, byte(pngPalette), again[25])
	got := decode(t, "png", again)
	require.Equal(t, m, got)
}

// TestPNGReported: reported files keep what their PNG output had lost.
func TestPNGReported(t *testing.T) {
	dir := filepath.Join(corpus(t), "faults")
	for name, want := range map[string][]string{
		"c-gama1.png":               {"gAMA"},
		"reports/gama-phys.png":     {"gAMA", "cHRM", "pHYs"},
		"reports/grayalpha-icc.png": {"iCCP"},
	} {
		file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		require.NoError(t, err)
		m := decode(t, "png", file)
		again := encode(t, "png", m, WriteOptions{})
		require.Subset(t, kindsOf(t, again), want, name)
		require.Equal(t, file[25], again[25], "%s: colour type", name)
		require.Equal(t, m, decode(t, "png", again), name)
	}
}

// TestPNGFullScale: sBIT tells the bits of a full scale that has some, and Unsaid
// the scaling.
func TestPNGFullScale(t *testing.T) {
	for _, c := range []struct {
		depth, max int
		sbit       string
	}{{16, 1023, "\x0a\x0a\x0a"}, {16, 1000, ""}, {8, 127, "\x07\x07\x07"}, {16, 0, ""}} {
		m := noise(3, 2, 3, c.depth)
		m.Max = c.max
		file := encode(t, "png", m, WriteOptions{})
		require.Equal(t, c.sbit != "", bytes.Contains(file, []byte("sBIT")), c)
		require.True(t, c.sbit == "" || bytes.Contains(file, []byte("\x00\x00\x00\x03sBIT"+c.sbit)), c)
		if c.max != 0 {
			require.Equal(t, []string{fmt.Sprintf("samples of 0 to %d are brought to 0 to %d", c.max, 1<<c.depth-1)}, unsaid("png", m))
		}
	}
}

// TestPNGUnsaid: what else is changed or left out.
func TestPNGUnsaid(t *testing.T) {
	m := noise(3, 2, 4, 8)
	m.Alpha = Premultiplied
	require.Equal(t, []string{"alpha is divided out of the colours, with rounding"}, unsaid("png", m))

	m = noise(3, 2, 3, 8)
	m.Meta.PNG = []byte(chunk("gAMA", "abcd") + chunk("IDAT", "abcd") + chunk("pHYs", "123456789"))
	require.Equal(t, []string{"damaged metadata of PNG"}, unsaid("png", m))
	require.Equal(t, []string{"IHDR", "gAMA", "pHYs", "IDAT", "IEND"}, kindsOf(t, encode(t, "png", m, WriteOptions{})))
	for _, bad := range []string{"x", chunk("gAMA", "abcde"), chunk("gAMA", "abcd") + chunk("gAMA", "abcd"), chunk("gAMA", "abcd")[:15]} {
		m.Meta.PNG = []byte(bad)
		require.Equal(t, []string{"damaged metadata of PNG"}, unsaid("png", m), "%q", bad)
		encode(t, "png", m, WriteOptions{})
	}
}

// TestUnsaid: the metadata that other formats have no place for.
func TestUnsaid(t *testing.T) {
	m := noise(3, 2, 3, 16)
	require.Empty(t, unsaid("ppm", m))
	require.Empty(t, unsaid("tif", m))
	m.Max = 1000
	require.Empty(t, unsaid("ppm", m))
	require.Equal(t, []string{"samples of 0 to 1000 are brought to 0 to 255"}, unsaid("jpg", m))
	m.Max, m.Meta = 0, Meta{ICC: []byte("i"), EXIF: []byte("e"), XMP: []byte("x"), IPTC: []byte("p"), PNG: []byte(chunk("tIME", "1234567") + chunk("gAMA", "abcd"))}
	all := []string{"colour profile", "EXIF", "XMP", "IPTC", "metadata of PNG: gAMA tIME"}
	require.Equal(t, all, unsaid("pgm", m))
	require.Equal(t, append(all[4:], "samples of 0 to 65535 are brought to 0 to 255"), unsaid("jpg", m))
	require.Equal(t, all[4:], unsaid("tif", m))
	m.Meta.XMP = make([]byte, maxSegment)
	require.Equal(t, "XMP", unsaid("jpg", m)[0], "too long for a segment")
	for name, png := range map[string][]byte{
		"iTXt": commentChunk(bytes.Repeat([]byte("é"), maxSegment/2+1)),
		"tEXt": []byte(chunk("tEXt", commentKey+"\x00"+strings.Repeat("\xe9", maxSegment/2+1))), // longer in UTF-8
		"pHYs": density(1<<31-1, 1, 1),
	} {
		m.Meta = Meta{PNG: png}
		require.Equal(t, "metadata of PNG: "+name, unsaid("jpg", m)[0], "too much for a JPEG file")
	}
}

// FuzzPNGMeta: whatever Meta.PNG holds, the file is whole, and what is read back
// is what belongs there.
func FuzzPNGMeta(f *testing.F) {
	f.Add([]byte(chunk("gAMA", "abcd")+chunk("tEXt", "k\x00v")), []byte("\x1c\x02"))
	f.Add([]byte(chunk("sRGB", "\x00")+chunk("IDAT", "x")+chunk("sRGB", "\x00")), []byte{})
	f.Fuzz(func(t *testing.T, meta, text []byte) {
		if len(meta) > 1<<12 {
			t.Skip("a longer input shows nothing new")
		}
		m := noise(2, 2, 1, 8)
		m.Meta.PNG = meta
		got := decode(t, "png", encode(t, "png", m, WriteOptions{}))
		requireSame(t, m, got)
		_, chunks, rest := keptChunks(meta)
		if !rest && !bytes.Contains(meta, []byte("Xt")) { // text may be damaged, or XMP
			require.Equal(t, string(bytes.Join(chunks, nil)), string(got.Meta.PNG))
		}
		if iptc := parseIPTC(text); iptc != nil {
			require.Equal(t, iptc, parseIPTC(iptcText(iptc)))
		}
	})
}

// TestPNGWriteErrors: what PNG cannot hold.
func TestPNGWriteErrors(t *testing.T) {
	m := noise(2, 2, 4, 8)
	m.Alpha = NoAlpha
	require.EqualError(t, Write(io.Discard, "png", m, WriteOptions{}), "png holds no band beside colours and alpha: write .tif instead")
	require.Empty(t, unsaid("png", m))
	m = paletted(2, 2, 256, true)
	m.Palette = append(m.Palette, color.White)
	require.EqualError(t, Write(io.Discard, "png", m, WriteOptions{}), "palette of 257 colours: png holds at most 256: write tif instead")
}

// TestPNGMemory: large images are written without a second copy.
func TestPNGMemory(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	m := noise(3000, 1000, 4, 8)
	used := allocated(func() { require.NoError(t, Write(io.Discard, "png", m, WriteOptions{})) })
	require.Less(t, used, uint64(len(m.Pix)/2))
}

// TestPNGAgainstImageMagick: libpng reads the same pixels without a warning, and
// ImageMagick the IPTC and the density.
func TestPNGAgainstImageMagick(t *testing.T) {
	convert, err := exec.LookPath("convert")
	if err != nil {
		t.Skip("no ImageMagick")
	}
	dir := t.TempDir()
	list := []*Image{paletted(9, 7, 2, false), paletted(9, 7, 4, true), paletted(9, 7, 16, false), paletted(9, 7, 200, false)}
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			list = append(list, noise(9, 7, channels, depth))
		}
	}
	args := []string{}
	for i, m := range list {
		name := filepath.Join(dir, fmt.Sprintf("%d.png", i))
		m.Meta = Meta{EXIF: sampleEXIF(), XMP: []byte("<x/>"), IPTC: []byte("\x1c\x02\x50\x00\x04Jane"), PNG: densityChunk(2835, 2835)}
		require.NoError(t, os.WriteFile(name, encode(t, "png", m, WriteOptions{}), 0o600))
		args = append(args, name)
	}
	var said bytes.Buffer
	cmd := exec.Command(convert, append(args, "-depth", "16", "-endian", "MSB", "rgba:-")...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Empty(t, said.String())
	require.Len(t, out, len(list)*9*7*8)
	for i, m := range list {
		for p := range 9 * 7 {
			want := m.shows(p%9, p/9)
			for c, v := range want {
				if m.Depth == 8 {
					v *= 257
				}
				got := binary.BigEndian.Uint16(out[((i*9*7+p)*4+c)*2:])
				require.Equal(t, v, float64(got), "image %d: pixel %d,%d channel %d", i, p%9, p/9, c)
			}
		}
	}
	identify, err := exec.LookPath("identify")
	require.NoError(t, err)
	out, err = exec.Command(identify, "-format", "%[IPTC:2:80] %[fx:round(100*resolution.x)] %U", args[len(args)-1]).Output()
	require.NoError(t, err)
	require.Equal(t, "Jane 2835 PixelsPerCentimeter", string(out))
}

// BenchmarkPNG compares with image/png at the same level, on a large photo.
func BenchmarkPNG(b *testing.B) {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	f, err := os.Open(filepath.Join(dir, "big", "big.tif"))
	if err != nil {
		b.Skip(err)
	}
	defer f.Close()
	m, _, err := Read(f, ReadOptions{})
	require.NoError(b, err)
	m.Meta = Meta{}
	std := m.Std()
	for name, write := range map[string]func(io.Writer) error{
		"own":       func(w io.Writer) error { return Write(w, "png", m, WriteOptions{}) },
		"image.png": func(w io.Writer) error { return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, std) },
	} {
		b.Run(name, func(b *testing.B) {
			var out bytes.Buffer
			for b.Loop() {
				out.Reset()
				require.NoError(b, write(&out))
			}
			b.ReportMetric(float64(out.Len()), "bytes")
		})
	}
}

// TestPNGStrips: the bytes do not depend on how many goroutines there are, and pictures of one strip, of whole ones
// and of a part of one come back.
func TestPNGStrips(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	const w = 1 << 10 // a strip has 85 rows
	for _, h := range []int{1, 84, 85, 86, 170, 700} {
		m := noise(w, h, 3, 8)
		var files [][]byte
		for _, workers := range []int{1, 2, 3, 8} {
			runtime.GOMAXPROCS(workers)
			files = append(files, encode(t, "png", m, WriteOptions{}))
			require.True(t, bytes.Equal(files[0], files[len(files)-1]), "%d rows: %d goroutines make other bytes", h, workers)
		}
		requireSame(t, m, decode(t, "png", files[0]))
		std, err := png.Decode(bytes.NewReader(files[0]))
		require.NoError(t, err, "%d rows", h)
		require.Equal(t, image.Rect(0, 0, w, h), std.Bounds())
	}
}
