package imagefile

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// written returns the first directory of the file that Write makes of m, and
// what Read makes of it.
func written(t *testing.T, m *Image) (*directory, *Image) {
	data := encode(t, "tif", m, WriteOptions{})
	d, err := openDirectory(section(data))
	require.NoError(t, err)
	return d, decode(t, "tif", data)
}

// values returns the numbers of a tag, nil where it is absent.
func values(t *testing.T, d *directory, tag uint16) []uint32 {
	v, err := d.uints(tag, 1<<16)
	require.NoError(t, err)
	var small []uint32
	for _, u := range v {
		small = append(small, uint32(u))
	}
	return small
}

// An opaque palette is written as one, compressed or not, and comes back with
// its indices; one with transparent colours is written as RGBA.
func TestWriteTIFFPalette(t *testing.T) {
	opaque := color.Palette{color.RGBA{R: 1, G: 2, B: 3, A: 255}, color.RGBA{R: 250, A: 255}, color.RGBA{G: 255, A: 255}}
	grays := color.Palette{color.Gray{Y: 7}, color.Gray{Y: 200}}
	clear := color.Palette{color.NRGBA{R: 1, G: 2, B: 3, A: 128}, color.NRGBA{R: 250, A: 255}}
	for _, p := range []color.Palette{opaque, grays, clear} {
		std := image.NewPaletted(image.Rect(0, 0, 300, 1200), p) // several strips
		for i := range std.Pix {
			std.Pix[i] = byte(i*i/7) % byte(len(p))
		}
		m, err := FromImage(std)
		require.NoError(t, err)
		for _, opt := range []WriteOptions{{}, {Uncompressed: true}} {
			got := decode(t, "tif", encode(t, "tif", m, opt))
			requireSame(t, m, got)
			if m.Channels == 4 {
				require.Nil(t, got.Index)
				continue
			}
			require.Equal(t, m.Index, got.Index)
			require.Len(t, got.Palette, 256)
			for i, c := range p {
				require.Equal(t, color.RGBAModel.Convert(c), got.Palette[i], "colour %d", i)
			}
		}
	}
}

// ExtraSamples keeps what the last sample is.
func TestWriteTIFFAlpha(t *testing.T) {
	for alpha, extra := range map[Alpha]uint32{Straight: alphaUnassociated, Premultiplied: alphaAssociated, NoAlpha: extraUnspecified} {
		for _, channels := range []int{2, 4} {
			m := noise(7, 5, channels, 16)
			m.Alpha = alpha
			d, got := written(t, m)
			require.Equal(t, []uint32{extra}, values(t, d, tagExtraSamples))
			require.Equal(t, alpha, got.Alpha)
			requireSame(t, m, got)
		}
	}
	d, got := written(t, noise(7, 5, 3, 8))
	require.Nil(t, values(t, d, tagExtraSamples))
	require.Equal(t, Straight, got.Alpha)
}

// A full scale below the largest value of the bits is written as MaxSampleValue,
// the samples as they are. Reading names it and does not take it for full scale:
// TIFF 6.0 has it for the largest sample there is.
func TestWriteTIFFMax(t *testing.T) {
	for _, channels := range []int{1, 4} {
		m := noise(7, 5, channels, 16)
		m.Max = 1023
		d, got := written(t, m)
		require.Equal(t, slices.Repeat([]uint32{1023}, channels), values(t, d, tagMaxSampleValue))
		require.Zero(t, got.Max)
		require.Equal(t, []string{"MaxSampleValue 1023"}, got.Lost)
		requireSame(t, m, got)
		for _, full := range []int{0, 65535} {
			m.Max = full
			d, _ = written(t, m)
			require.Nil(t, values(t, d, tagMaxSampleValue))
		}
	}
}

// IPTC records come back byte for byte, whatever their length: zeros at the end
// of a record stay, those that fill up the last word go.
func TestTIFFIPTC(t *testing.T) {
	record := func(data string) string { return "\x1c\x02\x78" + string([]byte{0, byte(len(data))}) + data }
	for _, iptc := range []string{
		record(""), record("a"), record("ab"), record("abc"), record("abcd"), record("a") + record("\x00"), record("ab\x00\x00"),
		record("a") + "\x1c\x02\x78\x80\x04\x00\x00\x00\x02\x00\x00", "\x1c\x02\x78\x80\x02\x00\x01a",
	} {
		m := noise(7, 5, 3, 8)
		m.Meta.IPTC = []byte(iptc)
		d, got := written(t, m)
		e, ok := d.find(tagIPTC)
		require.True(t, ok)
		require.Equal(t, []int{typeLong, (len(iptc) + 3) / 4}, []int{int(e.kind), int(e.count)}, "words, as libtiff has it")
		require.Equal(t, iptc, string(got.Meta.IPTC))
		require.Empty(t, got.Lost)
	}
	for _, damaged := range []string{"\x1c", "\x1c\x02\x78\x80\x09abc", "\x1c\x02\x78\xff\xff", record("a") + "more", "\x1c\x02\x78\x80\x04\xff\xff\xff\xff"} {
		m := noise(7, 5, 3, 8)
		m.Meta.IPTC = []byte(damaged)
		_, got := written(t, m)
		require.Equal(t, damaged, strings.TrimRight(string(got.Meta.IPTC), "\x00"), "what is damaged is carried")
	}
	l := layoutOf(1) // as undefined bytes, and big-endian words
	l.more = []field{blobField(tagIPTC, typeUndefined, []byte(record("abc")))}
	require.Equal(t, record("abc"), string(decode(t, "tif", l.build(t, noise(3, 3, 1, 8))).Meta.IPTC))
}

// density is a chunk pHYs.
func density(x, y uint32, unit byte) []byte {
	b := append([]byte("\x00\x00\x00\x09pHYs"), make([]byte, 8)...)
	binary.BigEndian.PutUint32(b[8:], x)
	binary.BigEndian.PutUint32(b[12:], y)
	b = append(b, unit)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// What PNG says of the density becomes the resolution, unless EXIF has one.
func TestWriteTIFFDensity(t *testing.T) {
	text := []byte("\x00\x00\x00\x01tEXta\xcc\xcc\xcc\xcc")
	cases := []struct {
		name      string
		png, exif []byte
		x, y      []uint32 // numerator and denominator
		unit      []uint32
	}{
		{"none", nil, nil, nil, nil, nil},
		{"text only", text, nil, nil, nil, nil},
		{"metres", append(bytes.Clone(text), density(11811, 5906, 1)...), nil, []uint32{11811, 100}, []uint32{5906, 100}, []uint32{3}},
		{"aspect", density(2, 1, 0), nil, []uint32{2, 1}, []uint32{1, 1}, []uint32{1}},
		{"unknown unit", density(2, 1, 2), nil, nil, nil, nil},
		{"cut off", density(2, 1, 1)[:20], nil, nil, nil, nil},
		{"EXIF first", density(2, 1, 1), sampleEXIF(), []uint32{72, 1}, nil, nil},
	}
	for _, c := range cases {
		m := noise(7, 5, 3, 8)
		m.Meta = Meta{PNG: c.png, EXIF: c.exif}
		d, _ := written(t, m)
		for tag, want := range map[uint16][]uint32{tagXResolution: c.x, tagYResolution: c.y} {
			var got []uint32
			if e, ok := d.find(tag); ok {
				b, err := d.bytes(e)
				require.NoError(t, err)
				got = []uint32{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])}
			}
			require.Equal(t, want, got, "%s: tag %d", c.name, tag)
		}
		require.Equal(t, c.unit, values(t, d, tagResolutionUnit), c.name)
	}
}

// The resolution of a TIFF file becomes pHYs, which PNG and JFIF writers go by.
func TestReadTIFFDensity(t *testing.T) {
	resolution := func(xn, xd, yn, yd uint32, unit ...uint16) (fields []field) {
		fields = []field{rational(tagXResolution, xn, xd), rational(tagYResolution, yn, yd)}
		if unit != nil {
			fields = append(fields, shorts(tagResolutionUnit, unit...))
		}
		return fields
	}
	const most = 1<<32 - 1
	cases := []struct {
		name   string
		fields []field
		want   []byte
	}{
		{"inch by default", resolution(300, 1, 144, 2), density(11811, 2835, 1)},
		{"inch", resolution(72, 1, 289, 2, 2), density(2835, 5689, 1)},
		{"centimetre", resolution(11811, 100, 5906, 100, 3), density(11811, 5906, 1)},
		{"aspect", resolution(3, 2, 1, 2, 1), density(3, 1, 0)},
		{"square", resolution(144, 2, 72, 1, 1), nil},
		{"ratio of more than 31 bits", resolution(most, 1, 1, most-1, 1), nil},
		{"beyond 31 bits", resolution(most, 1, 1, 1, 3), density(1<<31-1, 100, 1)},
		{"zero", resolution(0, 1, 72, 1, 2), nil},
		{"by zero", resolution(72, 0, 72, 1, 2), nil},
		{"less than one", resolution(1, most, 72, 1, 2), nil},
		{"one alone", resolution(72, 1, 72, 1)[:1], nil},
		{"unknown unit", resolution(72, 1, 72, 1, 4), nil},
		{"integers", []field{longs(tagXResolution, 72, 1), longs(tagYResolution, 72, 1)}, nil},
	}
	for _, c := range cases {
		l := layoutOf(1)
		l.more = c.fields
		require.Equal(t, c.want, decode(t, "tif", l.build(t, noise(3, 3, 1, 8))).Meta.PNG, c.name)
	}
}

// profile is the head of an ICC profile for a colour space.
func profile(space string) []byte {
	b := make([]byte, 128)
	copy(b[16:], space)
	copy(b[36:], "acsp")
	return b
}

// A profile is written where it fits: gray with a profile for RGB as RGB, others
// without it.
func TestWriteTIFFProfile(t *testing.T) {
	cases := []struct {
		space           string
		channels        int
		wantChannels    int
		wantPhotometric uint32
		kept            bool
	}{
		{"GRAY", 1, 1, photometricBlackIsZero, true}, {"GRAY", 2, 2, photometricBlackIsZero, true},
		{"GRAY", 3, 3, photometricRGB, false}, {"GRAY", 4, 4, photometricRGB, false},
		{"RGB ", 1, 3, photometricRGB, true}, {"RGB ", 2, 4, photometricRGB, true},
		{"RGB ", 3, 3, photometricRGB, true}, {"RGB ", 4, 4, photometricRGB, true},
		{"CMYK", 1, 1, photometricBlackIsZero, false}, {"CMYK", 4, 4, photometricRGB, false},
	}
	for _, c := range cases {
		for _, depth := range []int{8, 16} {
			m := noise(7, 5, c.channels, depth)
			m.Meta.ICC = profile(c.space)
			d, got := written(t, m)
			require.Equal(t, []uint32{c.wantPhotometric}, values(t, d, tagPhotometric), "%s on %d channels", c.space, c.channels)
			require.Equal(t, c.kept, got.Meta.ICC != nil, "%s on %d channels", c.space, c.channels)
			require.Equal(t, c.wantChannels, got.Channels)
			for y := range m.H {
				want := make([]byte, got.Stride)
				m.copyRow(want, got.Step, y, c.wantChannels)
				require.Equal(t, want, got.Pix[y*got.Stride:][:got.Stride], "row %d", y)
			}
		}
	}
	palette := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Gray{Y: 9}, color.Gray{Y: 70}})
	m, err := FromImage(palette)
	require.NoError(t, err)
	for space, want := range map[string]uint32{"GRAY": photometricBlackIsZero, "RGB ": photometricPalette} {
		m.Meta.ICC = profile(space)
		d, got := written(t, m)
		require.Equal(t, []uint32{want}, values(t, d, tagPhotometric), space)
		require.Equal(t, m.Meta.ICC, got.Meta.ICC)
	}
}

// scattered is a number that has nothing to do with its neighbours.
func scattered(x, y int) uint32 {
	v := uint32(x)*73856093 ^ uint32(y)*19349663
	v = (v ^ v>>13) * 0x5bd1e995
	return v ^ v>>15
}

// TestTIFFPredictor: the predictor of tiles is the one that suits the samples, and the
// bytes do not depend on how many cores there are.
func TestTIFFPredictor(t *testing.T) {
	for _, c := range []struct {
		typ  raster.Type
		at   func(x, y int) float64
		want uint32
	}{
		{raster.Int16, func(x, y int) float64 { return float64(x*7 + y) }, predictorHorizontal},
		{raster.Int16, func(x, y int) float64 { return float64(scattered(x, y) % 5 * 799) }, predictorNone},
		{raster.Float32, func(x, y int) float64 { return math.Sqrt(float64(x*300 + y)) }, predictorFloat},
	} {
		f := formatOf(300, 260, c.typ, raster.Data)
		b := raster.NewBlock(f.Bounds(), c.typ, 1)
		for y := range f.Height {
			for x := range f.Width {
				storeValue(b.RowBytes(0, y)[x*c.typ.Size():], c.typ, c.at(x, y))
			}
		}
		file := created(t, "tif", f, b, WriteOptions{})
		d, err := openDirectory(section(file))
		require.NoError(t, err)
		require.Equal(t, []uint32{c.want}, values(t, d, tagPredictor), "%v", c.typ)
		before := runtime.GOMAXPROCS(1)
		require.True(t, bytes.Equal(file, created(t, "tif", f, b, WriteOptions{})))
		runtime.GOMAXPROCS(before)
	}
}

// BenchmarkTIFF is of writing rasters in tiles, with the predictor that measures best, and of as many samples
// in strips, as rasters of few rows have them.
func BenchmarkTIFF(b *testing.B) {
	for _, typ := range []raster.Type{raster.Uint8, raster.Int16, raster.Float32} {
		for _, c := range []struct {
			name string
			w, h int
		}{{"tiles", 1024, 1024}, {"strips", 4096, 256}} {
			f := formatOf(c.w, c.h, typ, raster.Data, raster.Data)
			samples := raster.NewBlock(f.Bounds(), typ, 2)
			for band := range 2 {
				for y := range f.Height {
					for x := range f.Width {
						v := 60 + 50*math.Sin(float64(x+band)/90)*math.Cos(float64(y)/70)
						storeValue(samples.RowBytes(band, y)[x*typ.Size():], typ, math.Floor(v))
					}
				}
			}
			b.Run(typ.String()+"/"+c.name, func(b *testing.B) {
				b.SetBytes(f.Bytes())
				for b.Loop() {
					w, err := Create(io.Discard, "tif", f, Meta{}, WriteOptions{Tags: placed()})
					require.NoError(b, err)
					require.NoError(b, w.WriteBlock(background, samples))
					require.NoError(b, w.Close())
				}
			})
		}
	}
}
