package qtgpu_test

import (
	"context"
	"fmt"
	"image"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

var thresholds = []float64{0.5, 1, 2, 5, 10, 30}

// holdPromise measures every leaf of every plane against the promise of a file
// and what it states, which is what is measured.
func holdPromise(t *testing.T, r *qtgpu.Reader, m *imagefile.Image, name string) {
	t.Helper()
	info := r.Info()
	measured, err := verifyImage(r, m)
	require.NoError(t, err)
	require.Len(t, measured, len(r.Format().Bands))
	for plane, v := range measured {
		stated := info.MaxLeafRMS[plane]
		assert.LessOrEqual(t, v, info.T, "%s T %g plane %d: measured", name, info.T, plane)
		assert.LessOrEqual(t, stated, info.T, "%s T %g plane %d: stated", name, info.T, plane)
		assert.Equal(t, stated, v, "%s T %g plane %d: stated and measured", name, info.T, plane)
	}
}

// tunes are what may be tuned for at a threshold in levels.
func tunes(threshold float64) []qtgpu.Tune {
	if threshold < qtgpu.MinVisualT {
		return []qtgpu.Tune{qtgpu.TunePSNR}
	}
	return []qtgpu.Tune{qtgpu.TunePSNR, qtgpu.TuneVisual}
}

func TestPromiseOfPatterns(t *testing.T) {
	for _, name := range shorttest.Names(patterns) {
		p := patterns[name]
		for _, c := range []struct{ channels, depth int }{{1, 16}, {3, 8}, {4, 8}} {
			m := picture(p, 170, 140, c.channels, c.depth)
			for _, threshold := range shorttest.Cases(thresholds) {
				for _, chroma := range []qtgpu.Chroma{qtgpu.Chroma420, qtgpu.Chroma444} {
					for _, tune := range tunes(threshold) {
						o := lossy(m, threshold)
						o.Chroma, o.Tune = chroma, tune
						r := newReader(t, encode(t, m, o), qtgpu.DecodeOptions{})
						holdPromise(t, r, m, fmt.Sprintf("%s %d×%d chroma %v tune %v", name, c.channels, c.depth, chroma, tune))
					}
				}
			}
		}
	}
}

func TestPromiseOfCorpus(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := corpus(t)
	list := names(t, dir, map[string]int{"kodak": 3, "photo": 2, "gray16": 2, "screen": 4})
	for _, name := range []string{"aerial-australia.tif", "naip-rgb-rmnp.tif", "sentinel-rgb-uint16.tif"} {
		list = append(list, filepath.Join(dir, "gis", name))
	}
	for _, name := range list {
		m := cropped(readImage(t, name), 400, 331)
		for _, threshold := range thresholds {
			for _, tune := range tunes(threshold) {
				o := lossy(m, threshold)
				o.Tune = tune
				r := newReader(t, encode(t, m, o), qtgpu.DecodeOptions{})
				holdPromise(t, r, m, fmt.Sprintf("%s tune %v", filepath.Base(name), tune))
			}
		}
	}
}

// cropped is the middle of an image, of at most w×h pixels.
func cropped(m *imagefile.Image, w, h int) *imagefile.Image {
	w, h = min(w, m.W), min(h, m.H)
	x, y := (m.W-w)/2, (m.H-h)/2
	out := &imagefile.Image{Interleaved: m.Sub(image.Rect(x, y, x+w, y+h))}
	out.Alpha, out.Max = m.Alpha, m.Max
	return out
}

// TestAlphaExtremes: cells of 8×8 that are fully opaque or fully transparent
// come back as they were, whatever surrounds them.
func TestAlphaExtremes(t *testing.T) {
	for _, channels := range []int{2, 4} {
		for _, depth := range []int{8, 16} {
			m := picture(patterns["smooth"], 200, 150, channels, depth)
			for y := range m.H { // a corner of noise and, elsewhere, cells at random
				for x := range m.W {
					switch v := hash(x/8, y/8, 9); {
					case x < 60 && y < 60:
						put(m, x, y, channels-1, hash(x, y, 1))
					case v < 0.2:
						put(m, x, y, channels-1, 0)
					case v > 0.8:
						put(m, x, y, channels-1, 1)
					}
				}
			}
			original := view(t, m.Std())
			for _, threshold := range shorttest.Cases(append(thresholds, qtgpu.MinT, 77, qtgpu.MaxT)) {
				r := newReader(t, encode(t, m, lossy(m, threshold)), qtgpu.DecodeOptions{})
				holdPromise(t, r, m, "alpha")
				back := view(t, decode(t, r))
				for y := 0; y < m.H; y += 8 {
					for x := 0; x < m.W; x += 8 {
						requireCellKept(t, &original, &back, x, y, threshold)
					}
				}
			}
		}
	}
}

// requireCellKept holds the alpha of the cell at (x,y), if it is extreme.
func requireCellKept(t *testing.T, a, b *samples, x, y int, threshold float64) {
	t.Helper()
	w, h := min(8, a.w-x), min(8, a.h-y)
	lo, hi := 255.0, 0.0
	for i := range w * h {
		v := a.at(x+i%w, y+i/w, 3)
		lo, hi = min(lo, v), max(hi, v)
	}
	if lo != hi || lo != 0 && lo != 255 {
		return
	}
	for i := range w * h {
		require.Equal(t, lo, b.at(x+i%w, y+i/w, 3), "T %g x %d y %d: alpha", threshold, x+i%w, y+i/w)
	}
}

// TestPromiseSeen: over the pixels that come out, after deblocking and rounding, and no
// others, no leaf of a gray image is off by more than the promise says of it, cut ones included.
// Below T = 1 rounding to whole levels is the larger part of the error.
func TestPromiseSeen(t *testing.T) {
	for name, m := range grays(t) {
		original := view(t, m.Std())
		for _, threshold := range shorttest.Cases([]float64{1, 2, 5, 10, 30, 100}) {
			for _, tune := range tunes(threshold) {
				o := lossy(m, threshold)
				o.Tune = tune
				r := newReader(t, encode(t, m, o), qtgpu.DecodeOptions{})
				back := view(t, decode(t, r))
				leaves, err := r.Leaves(context.Background(), 0)
				require.NoError(t, err)
				for _, l := range leaves {
					holdLeaf(t, &original, &back, l, fmt.Sprintf("%s T %g tune %v", name, threshold, tune))
					if tune == qtgpu.TunePSNR {
						require.InDelta(t, threshold, l.T, 1e-9)
					}
				}
			}
		}
	}
}

func holdLeaf(t *testing.T, a, b *samples, l qtgpu.Leaf, name string) {
	t.Helper()
	seen := image.Rect(l.X, l.Y, l.X+l.Size, l.Y+l.Size).Intersect(image.Rect(0, 0, a.w, a.h))
	if !seen.Empty() {
		assert.LessOrEqual(t, rmsOver(a, b, seen), l.T, "%s: leaf %v, seen %v", name, l, seen)
	}
}

// grays are photos that end anywhere in a leaf.
func grays(t *testing.T) map[string]*imagefile.Image {
	images := map[string]*imagefile.Image{}
	photo := readImage(t, "testdata/images/dandelion.png")
	for _, size := range []image.Point{{97, 66}, {33, 150}, {160, 1}, {7, 90}, {62, 63}} {
		m := imagefile.New(size.X, size.Y, 1, 8)
		for y := range m.H {
			for x := range m.W {
				m.Pix[y*m.Stride+x] = photo.Pix[(250+y)*photo.Stride+(300+x)*photo.Step+1]
			}
		}
		images[fmt.Sprint("photo ", size)] = m
		images[fmt.Sprint("noise ", size)] = picture(patterns["noise"], size.X, size.Y, 1, 8)
	}
	return images
}

// rmsOver is the RMS difference of the first channel over a rectangle.
func rmsOver(a, b *samples, r image.Rectangle) float64 {
	sum := 0.0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			d := a.at(x, y, 0) - b.at(x, y, 0)
			sum += d * d
		}
	}
	return math.Sqrt(sum / float64(r.Dx()*r.Dy()))
}
