package conformance

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// exactVectors are the files of the exact engine.
var exactVectors = []vector{
	{"exact-gray-1x1", encoded(1, 1, 1, 8, qtgpu.Options{})},
	{"exact-rgb-1x40", encoded(1, 40, 3, 8, qtgpu.Options{})},
	{"exact-gray-100x70", encoded(100, 70, 1, 8, qtgpu.Options{})},
	{"exact-gray16-67x45", encoded(67, 45, 1, 16, qtgpu.Options{})},
	{"exact-grayalpha-65x33", encoded(65, 33, 2, 8, qtgpu.Options{})},
	{"exact-rgba-70x60", encoded(70, 60, 4, 8, qtgpu.Options{})},
	{"exact-tiles-1030x20", encoded(1030, 20, 3, 8, qtgpu.Options{})},
	{"exact-merged3-203x131", encoded(203, 131, 3, 8, qtgpu.Options{T: 3, Bound: qtgpu.BoundMax})},
	{"exact-merged100-gray16-60x50", encoded(60, 50, 1, 16, qtgpu.Options{T: 100, Bound: qtgpu.BoundMax})},
	{"exact-photo-192x160", encodedImage(photo, image.Rect(300, 150, 492, 310), qtgpu.Options{})},
	{"exact-photo-merged3-130x97", encodedImage(photo, image.Rect(300, 150, 430, 247), qtgpu.Options{T: 3, Bound: qtgpu.BoundMax})},
	{"exact-rgb16-bound3-50x41", encoded(50, 41, 3, 16, qtgpu.Options{T: 3, Bound: qtgpu.BoundMax})},
	{"exact-elevation-bound10-90x80", encodedImage(elevation, image.Rect(30, 20, 120, 100), qtgpu.Options{T: 10, Bound: qtgpu.BoundMax})},
	{"exact-elevation-90x80", encodedImage(elevation, image.Rect(30, 20, 120, 100), qtgpu.Options{})},
	{"exact-values-120x97", exactValues},
	{"exact-palette-90x70", exactPalette},
	{"exact-labels-130x75", drawn(130, 75, 1, 8)},
	{"exact-labels16-77x50", drawn(77, 50, 1, 16)},
	{"exact-screen-300x200", drawn(300, 200, 3, 8)},
	{"exact-screen-rgba-140x90", drawn(140, 90, 4, 8)},
	{"exact-screen-grayalpha-140x90", drawn(140, 90, 2, 8)},
	{"exact-bilevel-130x75", func(t *testing.T) []byte { return encode(t, bilevel(130, 75), qtgpu.Options{}) }},
	{"exact-rgba-hidden-90x75", encodedRaster(hidden(90, 75, 4, 8), qtgpu.Options{})},
	{"exact-grayalpha16-hidden-70x50", encodedRaster(hidden(70, 50, 2, 16), qtgpu.Options{T: 4, Bound: qtgpu.BoundMax})},
	{"exact-premultiplied-60x50", encodedRaster(lastIs(imagefile.Premultiplied, synthetic(60, 50, 4, 8)), qtgpu.Options{})},
	{"exact-bands2-40x50", encodedRaster(lastIs(imagefile.NoAlpha, synthetic(40, 50, 2, 16)), qtgpu.Options{})},
	{"exact-gray10-bound2-90x60", encodedRaster(upTo(1023, synthetic(90, 60, 1, 16)), qtgpu.Options{T: 2, Bound: qtgpu.BoundMax})},
	{"exact-wild-46x39", func(t *testing.T) []byte { return wildExact(t, 2) }},
	{"exact-wild-69x75", func(t *testing.T) []byte { return wildExact(t, 106) }},
	{"exact-wild-75x77", func(t *testing.T) []byte { return wildExact(t, 5) }},
	{"exact-wild-patterns-70x98", func(t *testing.T) []byte { return wildPatterns(t, 0) }},
	{"exact-wild-patterns-88x65", func(t *testing.T) []byte { return wildPatterns(t, 8) }},
	{"exact-slow-gray-120x100", sloping(120, 100, 1, 8, 20, 0)},
	{"exact-slow-gray16-70x60", sloping(70, 60, 1, 16, 20, 0)},
	{"exact-slow-grayalpha-70x60", sloping(70, 60, 2, 8, 6, 0)},
	{"exact-slow-rgb-70x60", sloping(70, 60, 3, 8, 6, 0)},
	{"exact-slow-rgba-70x60", sloping(70, 60, 4, 8, 6, 0)},
	{"exact-slow-rgba-merged2-70x60", sloping(70, 60, 4, 8, 12, 2)},
	{"exact-slow-rgba16-bound2-50x40", sloping(50, 40, 4, 16, 150, 2)},
	{"exact-slow-tiles-bound1-1080x20", sloping(1080, 20, 1, 16, 20, 1)},
	{"exact-slow-values-80x60", slowValuesFile},
	{"exact-slow-elevation-bound10-90x80", encodedImage(elevation, image.Rect(30, 20, 120, 100), mixed(10))},
	{"exact-slow-photo-merged3-130x97", encodedImage(photo, image.Rect(300, 150, 430, 247), mixed(3))},
	{"exact-wild-slow-86x80", func(t *testing.T) []byte { return wildSlow(t, 25) }},
	{"exact-wild-slow-bound-20x93", func(t *testing.T) []byte { return wildSlow(t, 10) }},
	{"exact-layered-photo-bound7-130x97", encodedImage(photo, image.Rect(300, 150, 430, 247), qtgpu.Options{T: 7, Bound: qtgpu.BoundMax})},
	{"exact-layered-rgba-bound20-80x60", encodedSlopes(80, 60, 4, 8, 60, qtgpu.Options{T: 20, Bound: qtgpu.BoundMax})},
	{"exact-layered-rgb-bound1-1x1", layeredFile(synthetic(1, 1, 3, 8), 1)},
	{"exact-layered-rgba-bound1-60x50", layeredFile(synthetic(60, 50, 4, 8), 1)},
	{"exact-layered-rgba-bound2-70x40", layeredFile(synthetic(70, 40, 4, 8), 2)},
	{"exact-layered-tiles-bound7-150x130", layeredFile(synthetic(150, 130, 3, 8), 7)},
	{"exact-wild-layered-83x36", func(t *testing.T) []byte { return wildLayered(t, 4) }},
	{"exact-wild-layered-rgba-85x44", func(t *testing.T) []byte { return wildLayered(t, 21) }},
}

// mixed are the options of the slow mode.
func mixed(bound float64) qtgpu.Options {
	return qtgpu.Options{T: bound, Bound: qtgpu.BoundMax, Effort: qtgpu.MaxEffort}
}

// sloping is the file of slopes, for which the slow mode is the smallest.
func sloping(w, h, channels, depth, noisy int, bound float64) func(*testing.T) []byte {
	return encodedSlopes(w, h, channels, depth, noisy, mixed(bound))
}

func encodedSlopes(w, h, channels, depth, noisy int, o qtgpu.Options) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return encode(t, slopes(w, h, channels, depth, noisy), o) }
}

// slowValuesFile has even values only, in slow mode.
func slowValuesFile(t *testing.T) []byte {
	m := slopes(80, 60, 3, 8, 12)
	for i := range m.Pix {
		m.Pix[i] &^= 1
	}
	return encode(t, m, mixed(0))
}

// drawn is the lossless file of a drawing.
func drawn(w, h, channels, depth int) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return encode(t, drawing(w, h, channels, depth), qtgpu.Options{}) }
}

// drawing has what screenshots have: areas, frames, glyphs that return, here and
// there a sample that is none of these.
func drawing(w, h, channels, depth int) *imagefile.Image {
	m := imagefile.New(w, h, channels, depth)
	noise := uint32(7)
	for y := range h {
		for x := range w {
			noise = noise*1664525 + 1013904223
			ink := 1
			switch column, row := x/6%11, y/9%5; {
			case y < 12 || x < 5:
				ink = 2
			case x%60 == 20 || y%45 == 30:
				ink = 3
			case x%6 < 5 && y%9 < 7 && x > w/3 && glyph(column*row%7, x%6, y%9):
				ink = 4
			case x > 20 && x < 40 && y > 30:
				ink = 5 + (x-20)/5
			}
			for c := range channels {
				v := inkColour(ink, c, channels)
				if noise>>20%300 == 0 {
					v = noise >> (8 + 3*c) % 48 * 5
				}
				if depth == 16 {
					v *= 131
				}
				putSample(m, x, y, c, int(v))
			}
		}
	}
	return m
}

// bilevel is a drawing in black and white.
func bilevel(w, h int) *imagefile.Image {
	m := drawing(w, h, 1, 8)
	for i, v := range m.Pix {
		m.Pix[i] = 255 * (v / 5 & 1)
	}
	return m
}

func glyph(n, x, y int) bool { return (x*x+3*y+n*x*y+n)%5 < 2 }

// inkColour is a sample of an ink, 0 to 255; alpha is full for most.
func inkColour(ink, c, channels int) uint32 {
	if channels%2 == 0 && c == channels-1 && ink != 3 {
		return 255
	}
	return uint32(ink*ink*(37+c*11)+c*5) % 48 * 5
}

// exactPalette has colours of all kinds of opacity.
func exactPalette(t *testing.T) []byte {
	src := drawing(90, 70, 1, 8)
	m := image.NewPaletted(image.Rect(0, 0, src.W, src.H), nil)
	for i := range 50 {
		m.Palette = append(m.Palette, color.NRGBA{R: uint8(5 * i), G: uint8(250 - 3*i), B: uint8(i * i), A: uint8(255 - i%4*50)})
	}
	for i := range m.Pix {
		m.Pix[i] = src.Pix[i] / 5
	}
	return encode(t, m, qtgpu.Options{})
}

// exactValues has even values only, as stretched images have.
func exactValues(t *testing.T) []byte {
	src := readImage(t, photo, image.Rect(300, 150, 420, 247))
	m := image.NewGray(image.Rect(0, 0, 120, 97))
	for i := range m.Pix {
		c := color.GrayModel.Convert(src.At(300+i%120, 150+i/120)).(color.Gray)
		m.Pix[i] = c.Y &^ 1
	}
	return encode(t, m, qtgpu.Options{})
}

// layeredFile is a file of layered tiles of 64 pixels, of an image that the
// encoder may code in other ways.
func layeredFile(src *imagefile.Image, bound int) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		h := container.Header{
			Engine: container.Exact, Bound: container.BoundMax, TileLog2: container.MinTileLog2, Layered: true,
			Width: src.W, Height: src.H, Channels: src.Channels, Depth: src.Depth, Maximum: src.FullScale(), T: bound, Worst: make([]int, src.Channels),
		}
		planes := []transform.Plane{{}, {Chroma: true}, {Chroma: true}}
		if src.Channels == 4 {
			h.Alpha = container.Straight
			planes = append(planes, transform.Plane{Alpha: true, Hides: true})
		}
		e := layered.NewEncoder(layered.Format{Planes: planes, Bound: bound}, cpufallback.New(1), transform.SplitHybrid)
		var tiles []*layered.Tile
		for y := 0; y < src.H; y += 64 {
			for x := 0; x < src.W; x += 64 {
				part := src.Sub(image.Rect(x, y, min(x+64, src.W), min(y+64, src.H)))
				tile, err := e.Tile(context.Background(), &layered.Worker{}, &part)
				require.NoError(t, err)
				for c, v := range tile.Worst {
					h.Worst[c] = max(h.Worst[c], int(v))
				}
				tiles = append(tiles, tile)
			}
		}
		tables := layered.ChooseTables(tiles)
		f := &container.File{Header: h, Tables: tables.Payload}
		for _, tile := range tiles {
			front, body := tables.Segments(tile)
			f.Fronts, f.Bodies = append(f.Fronts, front), append(f.Bodies, body)
		}
		var b bytes.Buffer
		require.NoError(t, container.Write(&b, f))
		return b.Bytes()
	}
}

// slopes has parabolas and a little noise, which context mixing codes best.
func slopes(w, h, channels, depth, noisy int) *imagefile.Image {
	m := imagefile.New(w, h, channels, depth)
	noise := uint32(1)
	for y := range h {
		for x := range w {
			for c := range channels {
				noise = noise*1664525 + 1013904223
				v := (90+7*c)<<(depth-8) + (x*x+(c+1)*x*y-y*y)<<(depth-8)/300 + int(noise>>16)%noisy
				putSample(m, x, y, c, clamp(v, 0, 1<<depth-1))
			}
		}
	}
	return m
}
