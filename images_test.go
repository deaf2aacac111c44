package qtgpu_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// pattern gives the intensity, 0 to 1, of channel c at (x,y).
type pattern func(x, y, c int) float64

// patterns are pictures that stress the codec in different ways.
var patterns = map[string]pattern{
	"smooth": func(x, y, c int) float64 {
		return 0.5 + 0.25*math.Sin(float64(x)/23+float64(c)) + 0.2*math.Cos(float64(y)/31-float64(c))
	},
	"gradient":  func(x, y, c int) float64 { return float64((x*(c+1)+2*y)%700) / 699 },
	"noise":     func(x, y, c int) float64 { return hash(x, y, c) },
	"edges":     func(x, y, c int) float64 { return float64((x/37 + (x+2*y)/61 + c) % 2) },
	"checker":   func(x, y, c int) float64 { return float64((x + y) % 2) },
	"text":      text,
	"saturated": func(x, y, c int) float64 { return math.Round(hash(x/13, y/9, c)) },
	"flat":      func(x, y, c int) float64 { return 0.3 + 0.2*float64(c) },
}

// hash is a number in 0..1 that looks random.
func hash(x, y, c int) float64 {
	return rand.New(rand.NewPCG(uint64(x)<<32|uint64(y), uint64(c))).Float64()
}

// text is black strokes of one to two pixels on white.
func text(x, y, c int) float64 {
	glyph := hash(x/8, y/12, 7)
	stroke := x%8 == int(glyph*8) || y%12 == int(glyph*97)%12 || (x+y)%8 == int(glyph*61)%8
	if y%12 > 1 && y%12 < 10 && x%8 > 0 && stroke && glyph > 0.2 {
		return 0.05
	}
	return 0.97
}

// disc is an alpha channel: opaque inside, transparent outside, 20 pixels of
// transition.
func disc(x, y, w, h int) float64 {
	d := math.Hypot(float64(x-w/2), float64(y-h/2)) - float64(min(w, h))/3
	return min(max(0.5-d/20, 0), 1)
}

// picture makes an image of a pattern: 1 to 4 channels, of which the last of 2
// and 4 is the disc, depth 8 or 16.
func picture(p pattern, w, h, channels, depth int) *imagefile.Image {
	m := imagefile.New(w, h, channels, depth)
	for y := range h {
		for x := range w {
			for c := range channels {
				v := p(x, y, c)
				if channels%2 == 0 && c == channels-1 {
					v = disc(x, y, w, h)
				}
				put(m, x, y, c, v)
			}
		}
	}
	return m
}

// put sets a sample to an intensity of 0 to 1.
func put(m *imagefile.Image, x, y, c int, v float64) {
	at := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:]
	if m.Depth == 8 {
		at[0] = byte(math.Round(255 * v))
		return
	}
	binary.BigEndian.PutUint16(at, uint16(math.Round(65535*v)))
}

// corpus returns the folder of shared test images, or skips.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = filepath.FromSlash("../shared/corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no corpus: %v (QTGPU_CORPUS names its folder)", err)
	}
	return dir
}

func readImage(t testing.TB, name string) *imagefile.Image {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	m, _, err := imagefile.Read(f, imagefile.ReadOptions{})
	require.NoError(t, err, name)
	return m
}

func encode(t testing.TB, m image.Image, o qtgpu.Options) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, qtgpu.Encode(context.Background(), &b, m, &o))
	return b.Bytes()
}

// lossy asks for RMS errors of at most t levels of 8 bits, whatever the samples are.
func lossy(m *imagefile.Image, t float64) qtgpu.Options {
	full := 1<<m.Depth - 1
	if m.Max != 0 {
		full = int(m.Max)
	}
	return qtgpu.Options{T: t * float64(full) / 255, Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform}
}

func newReader(t testing.TB, data []byte, o qtgpu.DecodeOptions) *qtgpu.Reader {
	t.Helper()
	r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(data), int64(len(data)), &o)
	require.NoError(t, err)
	return r
}

func decode(t testing.TB, r *qtgpu.Reader) image.Image {
	t.Helper()
	m, err := r.Decode(context.Background())
	require.NoError(t, err)
	return m
}

func region(t testing.TB, r *qtgpu.Reader, rect image.Rectangle, level int) image.Image {
	t.Helper()
	m, err := r.DecodeRegion(context.Background(), rect, level)
	require.NoError(t, err, "region %v of level %d", rect, level)
	return m
}

// samples is a view of any image that the package decodes.
type samples struct {
	w, h, stride int
	pixel, size  int // bytes
	pix          []byte
}

func view(t testing.TB, m image.Image) samples {
	t.Helper()
	s := samples{w: m.Bounds().Dx(), h: m.Bounds().Dy(), pixel: 4, size: 1}
	switch m := m.(type) {
	case *image.Gray:
		s.pixel, s.pix, s.stride = 1, m.Pix, m.Stride
	case *image.Paletted:
		s.pixel, s.pix, s.stride = 1, m.Pix, m.Stride
	case *image.Gray16:
		s.pixel, s.size, s.pix, s.stride = 2, 2, m.Pix, m.Stride
	case *image.RGBA:
		s.pix, s.stride = m.Pix, m.Stride
	case *image.NRGBA:
		s.pix, s.stride = m.Pix, m.Stride
	case *image.RGBA64:
		s.pixel, s.size, s.pix, s.stride = 8, 2, m.Pix, m.Stride
	case *image.NRGBA64:
		s.pixel, s.size, s.pix, s.stride = 8, 2, m.Pix, m.Stride
	default:
		t.Fatalf("decoded to %T", m)
	}
	return s
}

func (s *samples) channels() int { return s.pixel / s.size }

// at is a sample on the scale of 8 bits.
func (s *samples) at(x, y, c int) float64 {
	p := s.pix[y*s.stride+x*s.pixel+c*s.size:]
	if s.size == 1 {
		return float64(p[0])
	}
	return float64(binary.BigEndian.Uint16(p)) / 257
}

func (s *samples) row(x, y, n int) []byte { return s.pix[y*s.stride+x*s.pixel:][:n*s.pixel] }

// difference names the first place where part is not the crop of whole at a
// point, "" where it is.
func difference(t testing.TB, whole, part image.Image, at image.Point) string {
	t.Helper()
	a, b := view(t, whole), view(t, part)
	if a.pixel != b.pixel || a.size != b.size {
		return fmt.Sprintf("%T in %T", part, whole)
	}
	for y := range b.h {
		if bytes.Equal(a.row(at.X, at.Y+y, b.w), b.row(0, y, b.w)) {
			continue
		}
		for x := range b.w {
			if p, q := a.row(at.X+x, at.Y+y, 1), b.row(x, y, 1); !bytes.Equal(p, q) {
				return fmt.Sprintf("x %d y %d: % x in the whole, % x in the part", at.X+x, at.Y+y, p, q)
			}
		}
	}
	return ""
}

// rms is the root mean square difference of two images on the scale of 8 bits.
func rms(t testing.TB, m, n image.Image) float64 {
	t.Helper()
	a, b := view(t, m), view(t, n)
	require.Equal(t, []int{a.w, a.h, a.pixel, a.size}, []int{b.w, b.h, b.pixel, b.size})
	sum := 0.0
	for y := range a.h {
		for x := range a.w {
			for c := range a.channels() {
				d := a.at(x, y, c) - b.at(x, y, c)
				sum += d * d
			}
		}
	}
	return math.Sqrt(sum / float64(a.w*a.h*a.channels()))
}

// names lists the images of folders of the corpus, each at every n-th.
func names(t *testing.T, dir string, every map[string]int) (list []string) {
	t.Helper()
	for folder, n := range every {
		entries, err := os.ReadDir(filepath.Join(dir, folder))
		require.NoError(t, err)
		for i, e := range entries {
			if i%n == 0 && !strings.HasPrefix(e.Name(), ".") {
				list = append(list, filepath.Join(dir, folder, e.Name()))
			}
		}
	}
	require.NotEmpty(t, list)
	return list
}
