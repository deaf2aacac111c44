package qtgpu

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/stretchr/testify/require"
)

// verifyImage measures the errors of a file against an image.
func verifyImage(r *Reader, m image.Image) ([]float64, error) {
	src, err := FromImage(m)
	if err != nil {
		return nil, err
	}
	return r.Verify(context.Background(), src)
}

// exactPicture is an image of a kind that the predictive engine must give back.
type exactPicture struct {
	name string
	*imagefile.Image
}

// exactPictures are images of all kinds.
func exactPictures() (out []exactPicture) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, depth := range []int{8, 16} {
		for channels := 1; channels <= 4; channels++ {
			for _, s := range []image.Point{{1, 1}, {1, 9}, {17, 1}, {31, 33}, {1100, 40}} {
				for _, kind := range []string{"noise", "ramp", "flat", "blocks"} {
					m := imagefile.New(s.X, s.Y, channels, depth)
					n := depth / 8
					for y := range s.Y {
						for x := range s.X {
							for c := range channels * n {
								v := byte(200)
								switch kind {
								case "noise":
									v = byte(r.Uint32())
								case "ramp":
									v = byte(x + 2*y + 30*c + r.IntN(3))
								case "blocks":
									v = byte((x/5 ^ y/3) & 3 * 60)
								}
								m.Pix[y*m.Stride+x*m.Step+c] = v
							}
						}
					}
					out = append(out, exactPicture{fmt.Sprintf("%s %v, %d channels of %d bits", kind, s, channels, depth), m})
				}
			}
		}
	}
	return out
}

func exactRoundTrip(t *testing.T, m image.Image, bound float64) *Reader {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Encode(t.Context(), &b, m, &Options{T: bound, Bound: BoundMax}))
	r, err := NewReader(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()), nil)
	require.NoError(t, err)
	worst, err := verifyImage(r, m)
	require.NoError(t, err)
	for c, v := range worst {
		require.LessOrEqual(t, v, bound, "channel %d", c)
		require.Equal(t, r.Info().MaxError[c], v, "channel %d", c)
	}
	return r
}

// An image of which no two values lie within a bound is coded without loss, in
// the ways that only lossless files have.
func TestBoundThatMergesNothing(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 90, 70))
	for i := range m.Pix {
		m.Pix[i] = byte(i / 500 % 4 * 20)
	}
	for bound, t1 := range map[float64]int{9: 0, 10: 10} {
		require.Equal(t, t1, int(exactRoundTrip(t, m, bound).Info().T), "bound %g", bound)
	}
	var lossless, bounded bytes.Buffer
	require.NoError(t, Encode(t.Context(), &lossless, m, &Options{T: 0}))
	require.NoError(t, Encode(t.Context(), &bounded, m, &Options{T: 9, Bound: BoundMax}))
	require.True(t, bytes.Equal(lossless.Bytes(), bounded.Bytes()))
}

func TestLossless(t *testing.T) {
	for _, m := range shorttest.Cases(exactPictures()) {
		r := exactRoundTrip(t, m.Image, 0)
		back, err := r.Decode(context.Background())
		require.NoError(t, err, m.name)
		got, err := imagefile.FromImage(back)
		require.NoError(t, err)
		size := m.Channels * m.Depth / 8
		if m.Channels == 2 || m.Channels == 4 {
			continue // Std widens or drops full opacity; Verify has compared the samples
		}
		for y := range m.H {
			for x := range m.W {
				if want, have := m.Pix[y*m.Stride+x*m.Step:][:size], got.Pix[y*got.Stride+x*got.Step:][:size]; !bytes.Equal(want, have) {
					require.Equal(t, want, have, "%s x %d y %d", m.name, x, y)
				}
			}
		}
	}
}

func TestMaxBound(t *testing.T) {
	for _, m := range shorttest.Cases(exactPictures()) {
		for _, bound := range shorttest.Cases([]float64{3, 1, 20}) {
			t.Run(m.name, func(t *testing.T) { exactRoundTrip(t, m.Image, bound) })
		}
	}
}

func TestPalette(t *testing.T) {
	p := image.NewPaletted(image.Rect(0, 0, 90, 70), color.Palette{
		color.NRGBA{10, 20, 30, 255}, color.NRGBA{200, 0, 0, 255}, color.NRGBA{0, 0, 0, 0}, color.NRGBA{9, 9, 9, 77},
	})
	for i := range p.Pix {
		p.Pix[i] = byte(i / 7 % 4)
	}
	r := exactRoundTrip(t, p, 0)
	back, err := r.Decode(context.Background())
	require.NoError(t, err)
	require.Equal(t, p, back)
	small, err := r.DecodeRegion(context.Background(), image.Rect(1, 2, 5, 6), 3)
	require.NoError(t, err)
	require.Equal(t, p.At(16, 24), small.At(1, 1))
	two, err := r.DecodeRegion(context.Background(), image.Rectangle{Max: r.Size(1)}, 1)
	require.NoError(t, err)
	require.Equal(t, p.At(10, 30), two.At(5, 15))
}

// TestKeepGoingOfExact: a file with any byte of its last half flipped decodes
// with KeepGoing, if its header and index are whole.
func TestKeepGoingOfExact(t *testing.T) {
	p := image.NewPaletted(image.Rect(0, 0, 90, 70), color.Palette{color.Black, color.White, color.Opaque})
	for i := range p.Pix {
		p.Pix[i] = byte(i / 7 % 3)
	}
	gray := imagefile.New(90, 70, 1, 8)
	for i := range gray.Pix {
		gray.Pix[i] = byte(i*i/31 + i)
	}
	for name, m := range map[string]image.Image{"palette": p, "gray": gray} {
		var b bytes.Buffer
		require.NoError(t, Encode(t.Context(), &b, m, &Options{}))
		lost := 0
		for i := b.Len() / 2; i < b.Len(); i += shorttest.Step() {
			damaged := bytes.Clone(b.Bytes())
			damaged[i] ^= 4
			r, err := NewReader(context.Background(), bytes.NewReader(damaged), int64(len(damaged)), &DecodeOptions{KeepGoing: true})
			if err != nil {
				continue
			}
			_, err = r.Decode(context.Background())
			require.NoError(t, err, "%s byte %d", name, i)
			lost += len(r.LostTiles())
		}
		require.Positive(t, lost, name)
	}
}

func TestLosslessCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	root := os.Getenv("QTGPU_CORPUS")
	if root == "" {
		root = "../shared/corpus"
	}
	files, _ := filepath.Glob(filepath.Join(root, os.Getenv("QTGPU_SET"), "*"))
	if os.Getenv("QTGPU_SET") == "" {
		t.Skip("QTGPU_SET not set")
	}
	total := 0
	for _, f := range files {
		in, err := os.Open(f)
		require.NoError(t, err)
		m, _, err := imagefile.Read(in, imagefile.ReadOptions{})
		in.Close()
		if err != nil {
			t.Log(f, err)
			continue
		}
		r := exactRoundTrip(t, m, 0)
		total += int(r.Info().FileBytes)
		t.Logf("%-40s %9d %+v", filepath.Base(f), r.Info().FileBytes, r.Info().Labels)
	}
	t.Log("total", total)
}

// TestExactWorkers: files do not depend on the number of workers.
func TestExactWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	m := imagefile.New(2100, 1060, 3, 8) // six tiles
	if testing.Short() {
		m = imagefile.New(3100, 70, 3, 8) // four
	}
	for i := range m.Pix {
		m.Pix[i] |= byte(i/9+i/8400) ^ byte(r.IntN(8))
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	var first []byte
	for _, workers := range []int{1, 2, 5} {
		var b bytes.Buffer
		require.NoError(t, Encode(t.Context(), &b, m, &Options{Workers: workers}))
		if first == nil {
			first = b.Bytes()
		}
		require.True(t, bytes.Equal(first, b.Bytes()), "%d workers", workers)
	}
}

// TestPremultiplied: the types of package image with premultiplied alpha come back
// as they are, where a division by alpha would lose a level.
func TestPremultiplied(t *testing.T) {
	small, large := image.NewRGBA(image.Rect(3, 2, 80, 61)), image.NewRGBA64(image.Rect(3, 2, 80, 61))
	r := rand.New(rand.NewPCG(9, 9))
	for y := small.Rect.Min.Y; y < small.Rect.Max.Y; y++ {
		for x := small.Rect.Min.X; x < small.Rect.Max.X; x++ {
			c := color.NRGBA64{R: uint16(r.Uint32()), G: uint16(900 * x), B: uint16(700 * y), A: uint16(r.Uint32())}
			small.Set(x, y, c)
			large.Set(x, y, c)
		}
	}
	for _, m := range []image.Image{small, large} {
		var b bytes.Buffer
		require.NoError(t, Encode(t.Context(), &b, m, nil))
		config, _, err := image.DecodeConfig(bytes.NewReader(b.Bytes()))
		require.NoError(t, err)
		require.Equal(t, m.ColorModel(), config.ColorModel)
		got, err := Decode(&b)
		require.NoError(t, err)
		require.IsType(t, m, got)
		for y := range got.Bounds().Dy() {
			for x := range got.Bounds().Dx() {
				require.Equal(t, m.At(x+3, y+2), got.At(x, y), "%T x %d y %d", m, x, y)
			}
		}
	}
}
