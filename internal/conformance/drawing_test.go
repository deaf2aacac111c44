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
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/raster"
)

// exactVectors are the files of the predictive engine.
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
	{"exact-plain-100x140", plainFile(synthetic(100, 140, 1, 8), 0, predictive.EffortFitted)},
	{"exact-plain-merged2-100x140", plainFile(synthetic(100, 140, 1, 8), 2, predictive.EffortFitted)},
	{"exact-plain-slow-70x140", plainFile(slopes(70, 140, 3, 8, 12), 0, predictive.EffortMixing)},
	{"exact-plain-slow-merged2-70x140", plainFile(slopes(70, 140, 3, 8, 12), 2, predictive.EffortMixing)},
	{"exact-groups-labels-130x300", groupedLabels},
	{"part-bands-70x64", partFile},
	{"exact-wild-plain-85x71", func(t *testing.T) []byte { return wildPlain(t, 34) }},
	{"exact-layered-photo-bound7-130x97", encodedImage(photo, image.Rect(300, 150, 430, 247), qtgpu.Options{Engine: qtgpu.Layered, T: 7, Bound: qtgpu.BoundMax})},
	{"exact-layered-rgba-bound20-80x60", encodedSlopes(80, 60, 4, 8, 60, qtgpu.Options{Engine: qtgpu.Layered, T: 20, Bound: qtgpu.BoundMax})},
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

// plainFile has multiples of 3 in the first row of tiles, from which the values are
// learned, and more below.
func plainFile(m *imagefile.Image, t int64, effort engine.Effort) func(*testing.T) []byte {
	for i := range m.Pix[:64*m.Stride] {
		m.Pix[i] -= m.Pix[i] % 3
	}
	p := engine.Params{Bound: engine.Max, T: t, Effort: effort}
	return func(test *testing.T) []byte { return smallTiles(test, predictive.Engine{Merge: t > 0}, p, m, 64) }
}

// groupedLabels has five groups and level 6, all of single samples.
func groupedLabels(t *testing.T) []byte {
	p := engine.Params{Bound: engine.Max, Effort: predictive.EffortFitted}
	return grouped(t, smallTiles(t, predictive.Engine{}, p, drawing(130, 300, 1, 8), 300))
}

// partFile is the middle row of tiles of elevations, whose band has all that a band can
// say of itself.
func partFile(t *testing.T) []byte {
	none := -32768.0
	f := raster.Format{Width: 70, Height: 150, Type: raster.Uint16, Bands: raster.Bands(raster.Gray)}
	f.Bands[0] = raster.Band{Role: raster.Gray, Name: "Höhe", NoData: &none, Scale: 0.1, Offset: -11000}
	src, err := raster.NewMemory(f)
	require.NoError(t, err)
	all := src.View(f.Bounds())
	for y := range f.Height {
		for x, row := 0, raster.Row[uint16](all, 0, y); x < f.Width; x++ {
			row[x] = uint16(9000 + x*y/4 + 40*x)
		}
	}
	ctx, env := context.Background(), environment()
	p := engine.Params{Bound: engine.Max, Effort: predictive.EffortFitted}
	trained, err := pipeline.Choose(ctx, p, nil, src, env)
	require.NoError(t, err)
	plan := *trained.Encoder.Plan()
	plan.TileLog2 = container.MinTileLog2
	enc, err := pipeline.NewEncoder(&plan, env)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, pipeline.WritePart(ctx, &b, enc, src, pipeline.Rows{Min: 1, Max: 2}, &pipeline.Job{Env: env}))
	return b.Bytes()
}

// layeredFile is a file of layered tiles of 64 pixels, of an image that the
// encoder may code in other ways.
func layeredFile(src *imagefile.Image, bound int) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		f := raster.Format{Width: src.W, Height: src.H, Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}
		planes := []transform.Plane{{}, {Chroma: true}, {Chroma: true}}
		if src.Channels == 4 {
			f.Bands = append(f.Bands, raster.Band{Role: raster.Alpha})
			planes = append(planes, transform.Plane{Alpha: true, Hides: true})
		}
		h := container.Header{Format: f, Bound: container.BoundMax, TileLog2: container.MinTileLog2, GroupRows: container.MaxGroupRows, T: uint64(bound)}
		c := &contents{Header: h, worst: make([]uint64, src.Channels)}
		e := layered.NewEncoder(layered.Format{Planes: planes, Bound: bound}, cpufallback.New(1), engine.SplitHybrid)
		var tiles []*layered.Tile
		for y := 0; y < src.H; y += 64 {
			for x := 0; x < src.W; x += 64 {
				part := src.Sub(image.Rect(x, y, min(x+64, src.W), min(y+64, src.H)))
				tile, err := e.Tile(context.Background(), &layered.Scratch{}, &part)
				require.NoError(t, err)
				for i, v := range tile.Worst {
					c.worst[i] = max(c.worst[i], uint64(v))
				}
				tiles = append(tiles, tile)
			}
		}
		tables := layered.ChooseTables(tiles)
		c.Plan = container.Plan{Engine: uint64(engine.Layered), Payload: tables.Payload}
		for _, tile := range tiles {
			s := tables.Segments(tile)
			c.fronts, c.bodies = append(c.fronts, s.Overview), append(c.bodies, s.Detail)
		}
		return c.write(t)
	}
}

// slopes has parabolas and a little noise, which context mixing codes best.
func slopes(w, h, channels, depth, noisy int) *imagefile.Image {
	return sketch(w, h, channels, depth, func(x, y, c int, noise uint32) int {
		v := (90+7*c)<<(depth-8) + (x*x+(c+1)*x*y-y*y)<<(depth-8)/300 + int(noise>>16)%noisy
		return clamp(v, 0, 1<<depth-1)
	})
}
