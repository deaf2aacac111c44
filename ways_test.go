package qtgpu_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// formatOf is a format of 1 to 4 channels, of which the last of 2 and 4 is straight alpha.
func formatOf(w, h, channels, depth int) raster.Format {
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	if depth == 16 {
		f.Type = raster.Uint16
	}
	if channels >= 3 {
		f.Bands = raster.Bands(raster.Red, raster.Green, raster.Blue)
	}
	if channels%2 == 0 {
		f.Bands = append(f.Bands, raster.Band{Role: raster.Alpha})
	}
	return f
}

// imageOf is an image of the samples of a block.
func imageOf(b *raster.Block) *imagefile.Image {
	m := imagefile.New(b.Rect.Dx(), b.Rect.Dy(), len(b.Planes), 8*b.Type.Size())
	for y := range m.H {
		for x := range m.W {
			for c := range b.Planes {
				at, v := m.Pix[y*m.Stride+x*m.Step+c*m.Depth/8:], b.At(c, b.Rect.Min.X+x, b.Rect.Min.Y+y)
				if m.Depth == 8 {
					at[0] = byte(v)
				} else {
					binary.BigEndian.PutUint16(at, uint16(v))
				}
			}
		}
	}
	return m
}

// readBlock decodes a region of a level into a block of one of two layouts.
func readBlock(t testing.TB, r *qtgpu.Reader, rect image.Rectangle, level int, interleaved bool) *raster.Block {
	t.Helper()
	f := r.Format()
	b := raster.NewBlock(rect, f.Type, len(f.Bands))
	if interleaved {
		b = raster.NewInterleaved(rect, f.Type, len(f.Bands), len(f.Bands)+1)
	}
	require.NoError(t, r.ReadBlock(context.Background(), b, level), "%v of level %d", rect, level)
	return b
}

// readLevel decodes all of a level.
func readLevel(t testing.TB, r *qtgpu.Reader, level int) *raster.Block {
	t.Helper()
	return readBlock(t, r, image.Rectangle{Max: r.Size(level)}, level, false)
}

// bounded are kinds of images, with the way that is best for each within 6 steps.
var bounded = map[string]string{"photo": "layered", "alpha": "layered", "levels": "merged", "elevation": "predicted"}

// boundedPicture draws one of them.
func boundedPicture(kind string, w, h int) *imagefile.Image {
	r := rand.New(rand.NewPCG(7, 7))
	channels, depth := 1, 16
	var at func(c, x, y int) int64
	switch kind {
	case "levels":
		at = func(_, x, y int) int64 { return int64(1000*(r.IntN(3)+x/40) + r.IntN(4)) }
	case "elevation":
		at = func(_, x, y int) int64 { return int64(9000 + (x*x+3*y*y)/40 + r.IntN(3)) }
	default:
		channels, depth = map[string]int{"photo": 3, "alpha": 4}[kind], 8
		at = func(c, x, y int) int64 {
			if c == 3 {
				return int64(255 * (x / 300 & 1))
			}
			fx, fy := float64(x), float64(y)
			return int64(100 + 20*c + int(40*math.Sin(fx/7+fy/11)+30*math.Sin(fx/3.1-fy/4)) + r.IntN(6))
		}
	}
	return imageOf(rastertest.All(rastertest.Draw(formatOf(w, h, channels, depth), at)))
}

// wayOf names how the tiles of a file are coded.
func wayOf(r *qtgpu.Reader) string {
	switch i := r.Info(); {
	case i.Engine == qtgpu.Layered:
		return "layered"
	case i.Merged:
		return "merged"
	}
	return "predicted"
}

// verifyImage measures the errors of a file against an image.
func verifyImage(r *qtgpu.Reader, m image.Image) ([]float64, error) {
	src, err := qtgpu.FromImage(m)
	if err != nil {
		return nil, err
	}
	return r.Verify(context.Background(), src)
}

// withinSix are the options for them.
var withinSix = qtgpu.Options{T: 6, Bound: qtgpu.BoundMax}

// TestWays: each way is the best for something, and keeps the bound.
func TestWays(t *testing.T) {
	for kind, want := range bounded {
		m := boundedPicture(kind, 200, 150)
		r := newReader(t, encode(t, m, withinSix), qtgpu.DecodeOptions{})
		worst, err := verifyImage(r, m)
		require.NoError(t, err, kind)
		assert.Equal(t, want, wayOf(r), kind)
		assert.Equal(t, r.Info().MaxError, worst, kind)
		for c, v := range worst {
			assert.LessOrEqual(t, v, 6.0, "%s: channel %d", kind, c)
		}
	}
}

// TestBoundedRegions: any region of any level is the crop of the whole, whatever the
// number of workers that coded it.
func TestBoundedRegions(t *testing.T) {
	for kind, way := range bounded {
		size := image.Pt(1100, shorttest.Side(60)) // two tiles
		if kind == "photo" && !testing.Short() {
			size = image.Pt(1060, 1040) // four
		}
		m := boundedPicture(kind, size.X, size.Y)
		one, many := withinSix, withinSix
		one.Workers, many.Workers = 1, 5
		data := encode(t, m, one)
		require.True(t, bytes.Equal(data, encode(t, m, many)), "%s: other bytes of other workers", kind)
		r := newReader(t, data, qtgpu.DecodeOptions{})
		require.Equal(t, way, wayOf(r), kind)
		for _, level := range []int{0, 2, 3, 5} {
			all := r.Size(level)
			whole := readLevel(t, r, level)
			corner := image.Rectangle{Min: image.Pt(all.X*9/10-all.X/12, all.Y*9/10-all.Y/8), Max: all}
			for _, rect := range []image.Rectangle{corner, image.Rect(0, 0, 1, 1).Add(all.Div(3))} {
				require.Empty(t, rastertest.Difference(whole, readBlock(t, r, rect, level, false)), "%s: %v of level %d", kind, rect, level)
			}
		}
	}
}

// TestBoundedDamage: a file with any byte changed is an error or decodes, and its tables,
// which no tile's checksum covers, too.
func TestBoundedDamage(t *testing.T) {
	for kind := range bounded {
		data := encode(t, boundedPicture(kind, 60, 50), withinSix)
		refused := 0
		for i := 0; i < len(data); i += shorttest.Step() {
			p := flipped(data, int64(i), 0x15)
			r, err := qtgpu.NewReader(context.Background(), bytes.NewReader(p), int64(len(p)), &qtgpu.DecodeOptions{MaxPixels: 1 << 20, KeepGoing: i%2 == 0})
			if err != nil {
				refused++
				continue
			}
			if back, err := r.Decode(context.Background()); err != nil {
				require.Nil(t, back, "%s: byte %d", kind, i)
				refused++
			}
		}
		require.Greater(t, refused, shorttest.Rounds(len(data))/4, "%s: of %d bytes", kind, len(data))
	}
}

// farValues draws an image whose channels have two groups of values far apart, gaps in
// both, and edges between the groups in most cells: samples of noise or blocks of few
// pixels. Alpha is 0 or full.
func farValues(f raster.Format, blocks bool) *raster.Memory {
	r := rand.New(rand.NewPCG(uint64(f.Width), uint64(8*f.Type.Size()+len(f.Bands))))
	colours := make([]int, 512)
	for i := range colours {
		colours[i] = r.IntN(40)
	}
	return rastertest.Draw(f, func(band, x, y int) int64 {
		far := int64((x/7 ^ y/5) & 1)
		v := 2 * int64(r.IntN(40))
		if blocks {
			v = 2 * int64(colours[(x/7+29*(y/5)+101*band)%len(colours)])
		}
		v += 175 * far
		if f.Bands[band].Role == raster.Alpha {
			v = 255 * far
		}
		return v * (f.FullScale() / 255)
	})
}

// overviewDistance is how far a sample of level 3 may be from the mean of the source,
// whose bands have 128 values at most: half a step, what transforms of colour make of it
// and of their roundings, and the bound.
func overviewDistance(t *testing.T, src *raster.Block, bound int64) float64 {
	t.Helper()
	step := max(4, 2*bound+1)
	for band := range src.Planes {
		values := map[int64]bool{}
		least, most := int64(math.MaxInt64), int64(0)
		for y := range src.Rect.Max.Y {
			for x := range src.Rect.Max.X {
				v := int64(src.At(band, x, y))
				values[v] = true
				least, most = min(least, v), max(most, v)
			}
		}
		require.LessOrEqual(t, len(values), 128)
		step = max(step, (most-least)/64)
	}
	d := float64(step) / 2
	if len(src.Planes) >= 3 {
		d = 2.5*d + 1
	}
	return d + float64(bound) + 1
}

// TestOverviewIsMeanOfValues: level 3 holds means of the values where the engine codes
// their ranks, in every mode, and coarser levels means of these.
func TestOverviewIsMeanOfValues(t *testing.T) {
	modes := map[string]bool{}
	for _, size := range shorttest.Cases([]image.Point{{70, 90}, {1031, 20}}) {
		for _, depth := range []int{8, 16} {
			for channels := 1; channels <= 4; channels++ {
				for _, blocks := range []bool{false, true} {
					src := farValues(formatOf(size.X, size.Y, channels, depth), blocks)
					m := imageOf(rastertest.All(src))
					for _, o := range []qtgpu.Options{{}, {Effort: 4}, {T: 3, Bound: qtgpu.BoundMax}} {
						name := fmt.Sprintf("%v, %d channels of %d bits, blocks %t, T %g, effort %d", size, channels, depth, blocks, o.T, o.Effort)
						r := newReader(t, encode(t, m, o), qtgpu.DecodeOptions{})
						require.False(t, r.Info().Labels || r.Info().Engine == qtgpu.Layered, name)
						requireMeans(t, r, rastertest.All(src), overviewDistance(t, rastertest.All(src), int64(o.T)), name)
						used, err := r.Modes(context.Background())
						require.NoError(t, err, name)
						for mode := range used {
							modes[wayOf(r)+", "+mode] = true
						}
					}
				}
			}
		}
	}
	require.Subset(t, modes, map[string]bool{
		"predicted, prediction": true, "predicted, patterns": true, "predicted, slow": true, "merged, prediction": true, "merged, patterns": true,
	})
}

// requireMeans holds the levels from 3 on against naive means of the source, and from 4 on
// of the last third level before.
func requireMeans(t *testing.T, r *qtgpu.Reader, src *raster.Block, distance float64, name string) {
	t.Helper()
	alpha := -1
	if len(src.Planes)%2 == 0 {
		alpha = len(src.Planes) - 1
	}
	base, at := src, 0
	for level := 3; level < r.Levels(); level++ {
		want, got := rastertest.Reduce(base, level-at, alpha, false), readLevel(t, r, level)
		if level%3 == 0 {
			base, at = want, level
		}
		require.Equal(t, want.Rect, got.Rect, name)
		for band := range got.Planes {
			for y := range got.Rect.Max.Y {
				for x := range got.Rect.Max.X {
					if g, w := got.At(band, x, y), want.At(band, x, y); math.Abs(g-w) > distance {
						t.Fatalf("%s: level %d x %d y %d band %d: the overview has %v, the mean is %v", name, level, x, y, band, g, w)
					}
				}
			}
		}
	}
}
