package transform

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/tree"
)

// TestPixelAreas: the samples of every cell of every tile are those of the planes as a whole, with their padding.
func TestPixelAreas(t *testing.T) {
	const side = 256 // of a tile
	rng := rand.New(rand.NewPCG(15, 3))
	for round := range 60 {
		m := chroma.NewInterleaved(1+rng.IntN(400), 1+rng.IntN(400), 1+round%4, 8<<(round/4%2))
		for i := range m.Pix {
			m.Pix[i] = byte(rng.Uint32())
		}
		sub420 := m.Channels >= 3 && round/8%2 == 0
		defs := []Plane{{}, {Chroma: true, Half: sub420}, {Chroma: true, Half: sub420}, {Alpha: true}}
		if m.Channels < 3 {
			defs = []Plane{{}, {Alpha: true}}
		}
		e, scratch := NewEncoder(60, defs[:m.Channels], engine.SplitHybrid), new(EncoderScratch)
		p, err := tree.Prepare(t.Context(), cpufallback.New(1), m, sub420)
		require.NoError(t, err)
		bare := make([]chroma.Plane, len(p.Planes))
		for i, q := range p.Planes {
			bare[i] = chroma.Plane{W: q.W, H: q.H, Stride: q.Stride}
		}
		for y := 0; y < m.H; y += side {
			for x := 0; x < m.W; x += side {
				tile := image.Rect(x, y, min(x+side, m.W), min(y+side, m.H))
				rects := make([]image.Rectangle, m.Channels)
				for i, def := range e.planes {
					rects[i] = pad(tile)
					if def.Half {
						rects[i] = pad(image.Rect(x/2, y/2, (tile.Max.X+1)/2, (tile.Max.Y+1)/2))
					}
				}
				for i, o := range e.originals(scratch, bare, p.Pyramids, rects, m) {
					sameSamples(t, &o, &p.Planes[i], rects[i])
				}
			}
		}
	}
}

// sameSamples holds the cells of a tile against its rectangle of a plane.
func sameSamples(t *testing.T, o *original, want *chroma.Plane, r image.Rectangle) {
	for y := 0; y < r.Dy(); y += cell {
		for x := 0; x < r.Dx(); x += cell {
			pix, stride := o.from(node{cellLog2, x / cell, y / cell})
			for j := range cell {
				at := (r.Min.Y+y+j)*want.Stride + r.Min.X + x
				require.Equal(t, want.Pix[at:at+cell], pix[j*stride:][:cell], "plane %d of %d×%d: row %d from %d on", o.index, want.W, want.H, r.Min.Y+y+j, r.Min.X+x)
			}
		}
	}
}

// BenchmarkPixelAreas is what an area takes, of tiles of a raster that no cache holds.
func BenchmarkPixelAreas(b *testing.B) {
	const side = 1 << TileLog2
	m := chroma.NewInterleaved(8*side, 6*side, 3, 8)
	defs := []Plane{{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}}
	var areas pixelAreas
	n := 0
	for b.Loop() {
		for i := range 48 {
			tile := image.Rect(0, 0, side, side).Add(image.Pt(i%8*side, i/8*side))
			areas.begin(defs, m, tile)
			for k := range areas.across * areas.across {
				areas.planes(image.Pt(k%areas.across, k/areas.across))
				n++
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "µs/area")
}
