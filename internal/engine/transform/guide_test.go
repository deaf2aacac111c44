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

// TestGuideChoice: where colour follows luma tiles say so, where there is none they do not.
func TestGuideChoice(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 9))
	for name, c := range map[string]struct {
		colour func(x, y int) [3]byte
		guided bool
	}{
		"fringes": {func(x, y int) [3]byte { v := byte((x/3 + y/5) % 2 * 200); return [3]byte{v, v / 4, 20} }, true},
		"gray":    {func(x, y int) [3]byte { v := byte(x*y + rng.IntN(20)); return [3]byte{v, v, v} }, false},
	} {
		m := chroma.NewInterleaved(61, 59, 3, 8)
		for y := range m.H {
			for x := range m.W {
				v := c.colour(x, y)
				copy(m.Pix[y*m.Stride+x*m.Step:], v[:])
			}
		}
		p, err := tree.Prepare(t.Context(), cpufallback.New(1), m, true)
		require.NoError(t, err)
		rects := make([]image.Rectangle, 3)
		for i := range rects {
			rects[i] = image.Rect(0, 0, p.Planes[i].Stride, p.Planes[i].Rows())
		}
		defs := []Plane{{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}}
		e := NewEncoder(60, defs, engine.SplitHybrid).Restoring().Guiding()
		tile := e.Tile(new(EncoderScratch), p.Planes, p.Pyramids, rects, m)
		tables := tablesOf(tile)
		segments := tables.Segments(tile)
		d, err := NewDecoder(60, defs, tables.Payload)
		require.NoError(t, err)
		d = d.Restoring().Guiding()
		cells, err := d.Overview(segments.Overview, rects)
		require.NoError(t, err)
		planes := chroma.NewPlanes(m.W, m.H, 3, true)
		require.NoError(t, d.Detail(new(DecoderScratch), segments.Detail, cells, planes, make([]image.Point, 3)))
		require.Equal(t, c.guided, cells[1].guide > 0 || cells[2].guide > 0, name)
	}
}

// TestVectorChoice: with kernels and without, strengths and guides of a tile are the same where some of its samples
// stand for all, and where it ends within blocks.
func TestVectorChoice(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(3, 10))
	for _, size := range []image.Point{{333, 291}, {512, 321}, {130, 70}} {
		m := chroma.NewInterleaved(size.X, size.Y, 3, 8)
		for i := range m.Pix {
			x, y := i%m.Stride/3, i/m.Stride
			m.Pix[i] = byte((x/7+y/5)%3*(60+20*(i%3)) + x*y%31 + rng.IntN(30))
		}
		p, err := tree.Prepare(t.Context(), cpufallback.New(1), m, true)
		require.NoError(t, err)
		rects := make([]image.Rectangle, 3)
		for i := range rects {
			rects[i] = image.Rect(0, 0, p.Planes[i].Stride, p.Planes[i].Rows())
		}
		for _, step := range []int{8, 60, 200} { // the first has steep slopes
			e := NewEncoder(step, []Plane{{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}}, engine.SplitHybrid).Restoring().Guiding()
			got := e.Tile(new(EncoderScratch), p.Planes, p.Pyramids, rects, m)
			var want *Tile
			plainly(func() { want = e.Tile(new(EncoderScratch), p.Planes, p.Pyramids, rects, m) })
			tables := tablesOf(want)
			require.Equal(t, tables.Segments(want), tables.Segments(got), "%v, step %d", size, step)
		}
	}
}
