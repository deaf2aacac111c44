// Package conformance holds the engines against the decoder of package refdec, which was
// written from the document: on the vectors of testdata/conformance, on valid files of
// random symbols, and on damaged ones.
package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// update makes what is missing and never changes what is there: vectors of a
// released version stand for good. Only what the document shows of files follows these.
var update = flag.Bool("update", false, "write the vectors and checksums that are missing, and what docs/FORMAT.md shows of files")

const (
	vectorDir = "../../testdata/conformance"
	photo     = "../../testdata/images/dandelion.png"
	elevation = "../../testdata/images/etopo5.png"
	sums      = vectorDir + "/SHA256SUMS"
)

// vector is a file of testdata/conformance and how it was made.
type vector struct {
	name string
	make func(t *testing.T) []byte
}

var vectors = []vector{
	{"gray-1x1", encoded(1, 1, 1, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 5})},
	{"rgb-1x1", encoded(1, 1, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 5})},
	{"rgb-1x200", encoded(1, 200, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 5})},
	{"gray-100x70", encoded(100, 70, 1, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 0.25, Effort: 1})},
	{"gray16-97x61", encoded(97, 61, 1, 16, qtgpu.Options{Engine: qtgpu.Transform, T: 1 * 257, Bound: qtgpu.BoundRMS})},
	{"grayalpha-65x33", encoded(65, 33, 2, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 6})},
	{"rgb420-203x131", encoded(203, 131, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 8})},
	{"rgb444-75x90", encoded(75, 90, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 1.5})},
	{"rgba-120x90", encoded(120, 90, 4, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 3, Effort: 1})},
	{"rgba16-50x41", encoded(50, 41, 4, 16, qtgpu.Options{Engine: qtgpu.Transform, T: 2 * 257, Bound: qtgpu.BoundRMS, Split: qtgpu.SplitCost})},
	{"tiles-601x530", encoded(601, 530, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 30, Split: qtgpu.SplitPyramid})},
	{"photo-192x160", encodedImage(photo, image.Rect(300, 150, 492, 310), qtgpu.Options{Engine: qtgpu.Transform, T: 10})},
	{"rgba-hidden-150x97", encodedRaster(hidden(150, 97, 4, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 5})},
	{"rgba444-hidden-90x75", encodedRaster(hidden(90, 75, 4, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 1})},
	{"grayalpha16-hidden-70x50", encodedRaster(hidden(70, 50, 2, 16), qtgpu.Options{Engine: qtgpu.Transform, T: 3 * 257, Bound: qtgpu.BoundRMS})},
	{"premultiplied-60x50", encodedRaster(lastIs(imagefile.Premultiplied, synthetic(60, 50, 4, 8)), qtgpu.Options{Engine: qtgpu.Transform, T: 4})},
	{"bands4-70x50", encodedRaster(lastIs(imagefile.NoAlpha, synthetic(70, 50, 4, 8)), qtgpu.Options{Engine: qtgpu.Transform, T: 4})},
	{"gray10-90x60", encodedRaster(upTo(1023, synthetic(90, 60, 1, 16)), qtgpu.Options{Engine: qtgpu.Transform, T: 2 * 1023. / 255, Bound: qtgpu.BoundRMS})},
	{"gray-paper-150x90", encodedRaster(paper(150, 90, 1, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 10})},
	{"rgb420-paper-170x120", encodedRaster(paper(170, 120, 3, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 20})},
	{"rgba16-paper-100x70", encodedRaster(paper(100, 70, 4, 16), qtgpu.Options{Engine: qtgpu.Transform, T: 3 * 257, Bound: qtgpu.BoundRMS})},
	{"rgb420-sky-220x150", encodedRaster(sky(220, 150, 3, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 12})},
	{"predicted-gray16-97x61", encoded(97, 61, 1, 16, qtgpu.Options{Engine: qtgpu.Transform, T: 1 * 257, Bound: qtgpu.BoundRMS, Effort: 3})},
	{"predicted-rgb420-203x131", encoded(203, 131, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 4, Effort: 3})},
	{"predicted-rgb444-75x90", encoded(75, 90, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 1.5, Effort: 3})},
	{"predicted-rgba-hidden-150x97", encodedRaster(hidden(150, 97, 4, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 5, Effort: 3})},
	{"predicted-tiles-601x70", encoded(601, 70, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, T: 12, Effort: 3})},
	{"predicted-photo-192x160", encodedImage(photo, image.Rect(300, 150, 492, 310), qtgpu.Options{Engine: qtgpu.Transform, T: 6, Effort: 3})},
	{"visual-gray16-97x61", encoded(97, 61, 1, 16, qtgpu.Options{Tune: qtgpu.TuneVisual, T: 7 * 257})},
	{"visual-rgb420-203x131", encoded(203, 131, 3, 8, qtgpu.Options{Tune: qtgpu.TuneVisual, T: 8})},
	{"visual-rgb420-plain-70x90", encoded(70, 90, 3, 8, qtgpu.Options{Tune: qtgpu.TuneVisual, T: 25, Effort: 1})},
	{"visual-rgb444-75x90", encoded(75, 90, 3, 8, qtgpu.Options{Tune: qtgpu.TuneVisual, T: 1.5})},
	{"visual-rgba-hidden-150x97", encodedRaster(hidden(150, 97, 4, 8), qtgpu.Options{Tune: qtgpu.TuneVisual, T: 6, Split: qtgpu.SplitCost})},
	{"visual-bands4-70x50", encodedRaster(lastIs(imagefile.NoAlpha, synthetic(70, 50, 4, 8)), qtgpu.Options{Tune: qtgpu.TuneVisual, T: 4})},
	{"visual-rgb420-paper-170x120", encodedRaster(paper(170, 120, 3, 8), qtgpu.Options{Engine: qtgpu.Transform, Tune: qtgpu.TuneVisual, T: 20})},
	{"visual-photo-192x160", encodedImage(photo, image.Rect(300, 150, 492, 310), qtgpu.Options{Tune: qtgpu.TuneVisual, T: 12})},
	{"visual-predicted-rgb420-203x131", encoded(203, 131, 3, 8, qtgpu.Options{Engine: qtgpu.Transform, Tune: qtgpu.TuneVisual, T: 9, Effort: 3})},
	{"visual-predicted-rgba444-hidden-90x75", encodedRaster(hidden(90, 75, 4, 8), qtgpu.Options{Engine: qtgpu.Transform, Tune: qtgpu.TuneVisual, T: 4, Effort: 3, Chroma: qtgpu.Chroma444})},
	{"visual-wild-96x58", func(t *testing.T) []byte { return wild(t, 285) }},
	{"visual-wild-guided-98x28", func(t *testing.T) []byte { return wild(t, 287) }},
	{"metadata-40x30", withMetadata},
	{"groups-600x150", groupsFile},
	{"wild-75x96", func(t *testing.T) []byte { return wild(t, 594) }},
	{"predicted-wild-52x73", func(t *testing.T) []byte { return wild(t, 655) }},
	{"predicted-wild16-13x30", func(t *testing.T) []byte { return wild(t, 703) }},
	{"wild16-82x100", func(t *testing.T) []byte { return wild(t, 3771) }},
}

// encoded is the file of a synthetic image.
func encoded(w, h, channels, depth int, o qtgpu.Options) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return encode(t, synthetic(w, h, channels, depth), o) }
}

func encodedRaster(m *imagefile.Image, o qtgpu.Options) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return encode(t, m, o) }
}

func encode(t *testing.T, m image.Image, o qtgpu.Options) []byte {
	var b bytes.Buffer
	require.NoError(t, qtgpu.Encode(context.Background(), &b, m, &o))
	return b.Bytes()
}

// synthetic draws slopes, discs with hard edges, stripes and noise in integers, so
// that every kind of leaf occurs.
func synthetic(w, h, channels, depth int) *imagefile.Image {
	return sketch(w, h, channels, depth, func(x, y, c int, noise uint32) int {
		v := 40000 + 60*x - 90*y + 5000*c
		dx, dy := x%90-45+5*c, y%80-40
		switch r := dx*dx + dy*dy; {
		case r < 400:
			v = 65535 - v
		case r < 900:
			v += (x + 2*y) % 7 * 6000
		case x%90 < 16:
			v += int(noise>>16) / 3
		}
		return clamp(v, 0, 65535) >> (16 - depth)
	})
}

// sketch has the samples that at makes of their places and of noise, which is the same each
// time.
func sketch(w, h, channels, depth int, at func(x, y, c int, noise uint32) int) *imagefile.Image {
	m := imagefile.New(w, h, channels, depth)
	noise := uint32(1)
	for y := range h {
		for x := range w {
			for c := range channels {
				noise = noise*1664525 + 1013904223
				putSample(m, x, y, c, at(x, y, c, noise))
			}
		}
	}
	return m
}

// hidden draws as synthetic does, and discs of alpha with soft rims outside of which
// colours are at full scale.
func hidden(w, h, channels, depth int) *imagefile.Image {
	m := synthetic(w, h, channels, depth)
	full := 1<<depth - 1
	for y := range h {
		for x := range w {
			dx, dy := x%75-37, y%60-29
			alpha := clamp((30*30-dx*dx-dy*dy)*full/300, 0, full)
			putSample(m, x, y, channels-1, alpha)
			for c := range channels - 1 {
				if alpha == 0 {
					putSample(m, x, y, c, full)
				}
			}
		}
	}
	return m
}

// paper is white with strokes, red columns and black bars, and discs of alpha.
func paper(w, h, channels, depth int) *imagefile.Image {
	full := 1<<depth - 1
	return sketch(w, h, channels, depth, func(x, y, c int, _ uint32) int {
		dx, dy := x%75-37, y%60-29
		switch {
		case channels%2 == 0 && c == channels-1:
			return clamp((30*30-dx*dx-dy*dy)*full/300, 0, full)
		case y%56 < 11:
			return 0
		case x%70 > 52 && c > 0:
			return full / 4
		case x%70 > 9 && y%24 < 10 && (5*x+3*y)%23 < 4:
			return full / 8
		}
		return full
	})
}

// sky has slopes of less than a level from cell to cell, and a little noise.
func sky(w, h, channels, depth int) *imagefile.Image {
	return sketch(w, h, channels, depth, func(x, y, c int, noise uint32) int {
		return (36000 + 30*x - 20*y + 3000*c + int(noise>>23)) >> (16 - depth)
	})
}

// lastIs says what the last channel is.
func lastIs(a imagefile.Alpha, m *imagefile.Image) *imagefile.Image {
	m.Alpha = a
	return m
}

// upTo scales samples to a maximum.
func upTo(maximum int, m *imagefile.Image) *imagefile.Image {
	for y := range m.H {
		for x := range m.W {
			v := sampleAt(m.Pix[y*m.Stride+x*m.Step:], 0, m.Depth)
			putSample(m, x, y, 0, int(int64(v)*int64(maximum)/(1<<m.Depth-1)))
		}
	}
	m.Max = maximum
	return m
}

func clamp(v, lo, hi int) int { return min(max(v, lo), hi) }

func putSample(m *imagefile.Image, x, y, c, v int) {
	at := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
	if m.Depth == 8 {
		at[0] = byte(v)
	} else {
		binary.BigEndian.PutUint16(at, uint16(v))
	}
}

// encodedImage is the file of a part of an image.
func encodedImage(name string, r image.Rectangle, o qtgpu.Options) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return encode(t, readImage(t, name, r), o) }
}

func readImage(t testing.TB, name string, r image.Rectangle) image.Image {
	m, err := png.Decode(bytes.NewReader(readFile(t, name)))
	require.NoError(t, err)
	return m.(interface {
		SubImage(image.Rectangle) image.Image
	}).SubImage(r)
}

// groupsFile has three groups and levels 6 and 9.
func groupsFile(t *testing.T) []byte {
	p := engine.Params{Bound: engine.RMS, T: 20 * engine.ErrorUnit}
	return grouped(t, smallTiles(t, transform.Engine{}, p, synthetic(600, 150, 3, 8), 150))
}

// withMetadata has all metadata and an unknown ancillary chunk.
func withMetadata(t *testing.T) []byte {
	p := encode(t, synthetic(40, 30, 3, 8), qtgpu.Options{Engine: qtgpu.Transform, T: 5, Metadata: qtgpu.Metadata{
		ICC: []byte("a profile"), EXIF: []byte("II*\x00 a structure"), XMP: []byte("<x:xmpmeta/>"),
		IPTC: []byte("\x1c\x02\x78\x00\x02hi"), PNG: []byte("\x00\x00\x00\x04gAMA\x00\x00\xb1\x8f\x0b\xfc\x61\x05"),
	}})
	index := bytes.LastIndex(p, []byte("INDX"))
	return slices.Insert(p, index, chunk("qtst", []byte("skip me"))...)
}

func readFile(t testing.TB, name string) []byte {
	p, err := os.ReadFile(name)
	require.NoError(t, err)
	return p
}

// decoded decodes a level of a file by the module.
func decoded(t testing.TB, p []byte, level int) *refdec.Image {
	t.Helper()
	m, err := engineLevel(t, p, level)
	require.NoError(t, err, "the engine at level %d", level)
	return m
}

// fromImage takes the samples of an image that stands for so many channels.
func fromImage(t testing.TB, std image.Image, channels int) *refdec.Image {
	if s, ok := std.(*image.Paletted); ok {
		return fromPaletted(s)
	}
	m := &imagefile.Image{}
	switch s := std.(type) {
	case *imagefile.Image: // which packages of images have no type for
		return fromRaster(s, channels, false)
	case *image.NRGBA: // may be opaque, which raster takes as RGB
		m.Depth, m.Step, m.Stride, m.Pix = 8, 4, s.Stride, s.Pix
	case *image.NRGBA64:
		m.Depth, m.Step, m.Stride, m.Pix = 16, 8, s.Stride, s.Pix
	default:
		var err error
		m, err = imagefile.FromImage(std)
		require.NoError(t, err)
	}
	m.W, m.H = std.Bounds().Dx(), std.Bounds().Dy()
	return fromRaster(m, channels, channels == 2)
}

// fromRaster takes the samples of channels; expanded is gray with alpha in four.
func fromRaster(m *imagefile.Image, channels int, expanded bool) *refdec.Image {
	p := &refdec.Image{Width: m.W, Height: m.H, Bands: channels, Bits: m.Depth}
	for y := range p.Height {
		for x := range p.Width {
			for c := range channels {
				if expanded {
					c *= 3 // gray is R, and alpha the fourth
				}
				p.Samples = append(p.Samples, int64(sampleAt(m.Pix[y*m.Stride+x*m.Step:], c, m.Depth)))
			}
		}
	}
	return p
}

// fromPaletted takes the straight colours.
func fromPaletted(m *image.Paletted) *refdec.Image {
	p := &refdec.Image{Width: m.Rect.Dx(), Height: m.Rect.Dy(), Bands: 4, Bits: 8}
	for _, i := range m.Pix {
		c := color.NRGBAModel.Convert(m.Palette[i]).(color.NRGBA)
		p.Samples = append(p.Samples, int64(c.R), int64(c.G), int64(c.B), int64(c.A))
	}
	return p
}

func sampleAt(pixel []byte, channel, depth int) int {
	if depth == 8 {
		return int(pixel[channel])
	}
	return int(binary.BigEndian.Uint16(pixel[2*channel:]))
}

// sum is the SHA-256 of the samples, big-endian.
func sum(m *refdec.Image) string {
	var p []byte
	for _, v := range m.Samples {
		for shift := m.Bits - 8; shift >= 0; shift -= 8 {
			p = append(p, byte(v>>shift))
		}
	}
	return fmt.Sprintf("%x", sha256.Sum256(p))
}

// requireSame names the first sample that differs.
func requireSame(t testing.TB, want, got *refdec.Image, what string) {
	t.Helper()
	require.Equal(t, []int{want.Width, want.Height, want.Bands, want.Bits}, []int{got.Width, got.Height, got.Bands, got.Bits}, what)
	for i, v := range want.Samples {
		if got.Samples[i] != v {
			pixel := i / want.Bands
			require.FailNow(t, "pixels differ", "%s: x %d, y %d, band %d: the naive decoder has %d, the engine %d",
				what, pixel%want.Width, pixel/want.Width, i%want.Bands, v, got.Samples[i])
		}
	}
}

// readSums reads lines of a checksum and a name.
func readSums(t *testing.T) map[string]string {
	m := map[string]string{}
	p, err := os.ReadFile(sums)
	if *update && os.IsNotExist(err) {
		return m
	}
	require.NoError(t, err)
	for line := range strings.Lines(string(p)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok, "line %q", line)
		m[name] = sum
	}
	return m
}

func writeSums(t *testing.T, m map[string]string) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s  %s\n", m[name], name)
	}
	require.NoError(t, os.WriteFile(sums, []byte(b.String()), 0o644))
}

// TestVectors: both decoders give the pixels of the checksums, and the same pixels
// at every level of detail.
func TestVectors(t *testing.T) {
	want := readSums(t)
	all := slices.Concat(vectors, exactVectors, rasterVectors)
	for _, v := range shorttest.Cases(all) {
		t.Run(v.name, func(t *testing.T) {
			name := v.name + ".qtg"
			path := filepath.Join(vectorDir, name)
			if _, err := os.Stat(path); *update && os.IsNotExist(err) {
				require.NoError(t, os.WriteFile(path, v.make(t), 0o644))
			}
			p := readFile(t, path)
			got := decoded(t, p, 0)
			if _, ok := want[name]; *update && !ok {
				want[name] = sum(got)
			}
			assert.Equal(t, want[name], sum(got), "checksum of the engine's pixels")
			compareLevels(t, p)
		})
	}
	if *update {
		writeSums(t, want)
	}
	assert.Len(t, want, len(all), "checksums")
}

// parse takes a file apart by the naive decoder.
func parse(p []byte) (*refdec.File, error) { return refdec.Parse(p, refdec.MaxPixels) }

// compareLevels holds the engine against the naive decoder at every level.
func compareLevels(t testing.TB, p []byte) {
	t.Helper()
	f, err := parse(p)
	require.NoError(t, err)
	require.NoError(t, f.CheckOvers())
	for level := range f.Levels() {
		naive, err := f.Level(level)
		require.NoError(t, err, "the naive decoder at level %d", level)
		requireSame(t, naive, decoded(t, p, level), fmt.Sprintf("level %d", level))
	}
}

// TestVectorsCover: the vectors have what they are there for.
func TestVectorsCover(t *testing.T) {
	var tables, subsampled, many, groups, restored, plain, predicted bool
	for _, v := range vectors {
		f, err := parse(readFile(t, filepath.Join(vectorDir, v.name+".qtg")))
		require.NoError(t, err)
		tables = tables || len(f.Payload) > 3
		subsampled = subsampled || f.Subsampling == 1
		many = many || len(f.Fronts) > 1
		restored = restored || f.Restored
		predicted = predicted || f.Predicted
		plain = plain || f.Engine == refdec.Transform && !f.Restored
		groups = groups || f.Groups() > 1 && len(f.Overs) > 0
	}
	assert.True(t, tables, "no vector replaces a table")
	assert.True(t, subsampled, "no vector has 4:2:0")
	assert.True(t, many, "no vector has several tiles")
	assert.True(t, restored && plain, "no vector is restored, or none is not")
	assert.True(t, predicted, "no vector has modes")
	assert.True(t, groups, "no vector has several groups and a coarser level")
}
