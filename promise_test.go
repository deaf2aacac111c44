package qtgpu_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/raster"
)

var thresholds = []float64{0.5, 1, 2, 5, 10, 30}

// holdPromise measures every leaf of every plane against the promise of a file
// and what it states: no less than is measured, but for roundings of samples.
func holdPromise(t *testing.T, r *qtgpu.Reader, m *raster.Image, name string) {
	t.Helper()
	info := r.Info()
	measured, err := qtgpu.VerifyLeaves(r, m)
	require.NoError(t, err)
	require.Len(t, measured, info.Channels)
	for plane, v := range measured {
		stated := info.MaxLeafRMS[plane]
		assert.LessOrEqual(t, v, info.T, "%s T %g plane %d: measured", name, info.T, plane)
		assert.LessOrEqual(t, stated, info.T, "%s T %g plane %d: stated", name, info.T, plane)
		assert.LessOrEqual(t, v, stated+0.05, "%s T %g plane %d: measured above stated", name, info.T, plane)
	}
}

func TestPromiseOfPatterns(t *testing.T) {
	for name, p := range patterns {
		for _, c := range []struct{ channels, depth int }{{1, 16}, {3, 8}, {4, 8}} {
			m := picture(p, 170, 140, c.channels, c.depth)
			for _, threshold := range thresholds {
				for _, chroma := range []qtgpu.Chroma{qtgpu.Chroma420, qtgpu.Chroma444} {
					r := newReader(t, encode(t, m, qtgpu.Options{T: threshold, Chroma: chroma}), qtgpu.DecodeOptions{})
					holdPromise(t, r, m, fmt.Sprintf("%s %d×%d chroma %d", name, c.channels, c.depth, chroma))
				}
			}
		}
	}
}

// TestStatedIsMeasured: what a file states is what is measured where nothing
// clips; at black and white, clipping takes errors away that it counts.
func TestStatedIsMeasured(t *testing.T) {
	for name, p := range patterns {
		m := picture(func(x, y, c int) float64 { return 0.35 + 0.3*p(x, y, c) }, 170, 140, 3, 16)
		for _, threshold := range thresholds {
			r := newReader(t, encode(t, m, qtgpu.Options{T: threshold}), qtgpu.DecodeOptions{})
			measured, err := qtgpu.VerifyLeaves(r, m)
			require.NoError(t, err)
			for plane, v := range measured {
				assert.InDelta(t, v, r.Info().MaxLeafRMS[plane], 0.1, "%s T %g plane %d", name, threshold, plane)
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
		m := readImage(t, name)
		for _, threshold := range thresholds {
			r := newReader(t, encode(t, m, qtgpu.Options{T: threshold}), qtgpu.DecodeOptions{})
			holdPromise(t, r, m, filepath.Base(name))
		}
	}
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
			for _, threshold := range append(thresholds, qtgpu.MinT, 77, qtgpu.MaxT) {
				r := newReader(t, encode(t, m, qtgpu.Options{T: threshold}), qtgpu.DecodeOptions{})
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
