package qtgpu_test

import (
	"fmt"
	"image"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// paper has areas of white and of black, anywhere, beside slopes, noise, text and colours.
func paper(x, y, c int) float64 {
	area := hash(x/40, y/24, 3)
	switch {
	case area < 0.35:
		return 1
	case area < 0.5:
		return 0
	case area < 0.6: // a cell of either here and there
		return float64(int(4*hash(x/8, y/8, 4)) % 2)
	case area < 0.7:
		return min(0.7+0.02*float64(x%40+y%24), 1)
	case area < 0.8:
		return hash(x, y, c)
	case area < 0.9:
		return text(x, y, c) / 0.97
	}
	return min(area, float64(c))
}

// whiteSizes end anywhere in a cell, and beyond a tile.
var whiteSizes = []image.Point{{1, 1}, {8, 8}, {13, 70}, {67, 33}, {150, 97}, {532, 41}}

// TestWhiteStaysWhite: cells of 8×8 that are white or black come back as they were, whatever
// surrounds them and whatever t is, and on level 3 too.
func TestWhiteStaysWhite(t *testing.T) {
	for _, c := range []struct {
		channels, depth int
		chroma          qtgpu.Chroma
	}{
		{1, 8, qtgpu.ChromaAuto}, {1, 16, qtgpu.ChromaAuto}, {2, 8, qtgpu.ChromaAuto},
		{3, 8, qtgpu.Chroma420}, {3, 8, qtgpu.Chroma444}, {3, 16, qtgpu.Chroma420}, {3, 16, qtgpu.Chroma444},
		{4, 8, qtgpu.Chroma420}, {4, 16, qtgpu.Chroma444},
	} {
		cells := 0
		for _, size := range whiteSizes {
			m := picture(paper, size.X, size.Y, c.channels, c.depth)
			for _, threshold := range shorttest.Cases([]float64{qtgpu.MinT, 1, 2, 5, 10, 30, 77, qtgpu.MaxT}) {
				o := lossy(m, threshold)
				o.Chroma = c.chroma
				r := newReader(t, encode(t, m, o), qtgpu.DecodeOptions{})
				name := fmt.Sprintf("%v %d×%d chroma %d T %g", size, c.channels, c.depth, c.chroma, threshold)
				holdPromise(t, r, m, name)
				cells += requireWhite(t, r, m, name)
			}
		}
		require.Greater(t, cells, 1000, "cells of white or black")
	}
}

// requireWhite holds levels 0 and 3 of a file against the cells of an image whose colours are
// all at full scale or all at 0, and counts them.
func requireWhite(t *testing.T, r *qtgpu.Reader, m *imagefile.Image, name string) (cells int) {
	t.Helper()
	original, back := view(t, m.Std()), view(t, decode(t, r))
	var small samples
	if r.Levels() > 3 {
		small = view(t, region(t, r, image.Rectangle{Max: r.Size(3)}, 3))
	}
	for y := 0; y < m.H; y += 8 {
		for x := 0; x < m.W; x += 8 {
			v, flat := flatColour(&original, x, y)
			if !flat || v != 0 && v != 255 {
				continue
			}
			cells++
			for i := range 8 * 8 {
				for c := range min(3, original.channels()) {
					if x, y := x+i%8, y+i/8; x < m.W && y < m.H {
						require.Equal(t, v, back.at(x, y, c), "%s: level 0, x %d y %d", name, x, y)
					}
				}
			}
			for c := range min(3, original.channels()) {
				if small.pix != nil {
					require.Equal(t, v, small.at(x/8, y/8, c), "%s: level 3, x %d y %d", name, x/8, y/8)
				}
			}
		}
	}
	return cells
}

// flatColour is the one sample that all colours of a cell have.
func flatColour(m *samples, x, y int) (v float64, flat bool) {
	v = m.at(x, y, 0)
	for i := range 8 * 8 {
		for c := range min(3, m.channels()) {
			if x, y := x+i%8, y+i/8; x < m.w && y < m.h && m.at(x, y, c) != v {
				return 0, false
			}
		}
	}
	return v, true
}
