package transform

import (
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/tree"
)

// TestAreasByShares: of any shares, no area that has an n-th of all is left out, some are looked at on each side, n and one for each
// side at most, and those that shares pick stand for all.
func TestAreasByShares(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	var g areaGrid
	for round := range 500 {
		g.lay(image.Pt(1+rng.IntN(1024), 1+rng.IntN(1024)))
		n, shares, total := 1+rng.IntN(20), make([]uint64, g.n()), uint64(0)
		g.shares = shares
		for k := range shares {
			if round%10 > 0 {
				shares[k] = rng.Uint64N(1<<42) >> rng.IntN(42)
			}
			total += shares[k]
		}
		g.pick(n)
		require.LessOrEqual(t, len(g.seen), n+sides, "round %d", round)
		for side := range sides {
			at := func(s seenArea) bool { return g.at(side, s.number) }
			require.True(t, slices.ContainsFunc(g.seen, at), "round %d: side %d", round, side)
		}
		even := total/uint64(2*g.n()) + 1
		total += even * uint64(g.n())
		for k, share := range shares {
			at := slices.IndexFunc(g.seen, func(s seenArea) bool { return s.number == k })
			require.Equal(t, at, g.place[k], "round %d: area %d", round, k)
			if at < 0 {
				require.LessOrEqual(t, (share+even)*uint64(n), total, "round %d: area %d of share %d is left out", round, k, share)
			}
		}
		bySides := slices.Clone(g.seen)
		g.seen = g.seen[:0]
		g.pickByShares(n)
		require.LessOrEqual(t, len(g.seen), n, "round %d", round)
		require.Equal(t, g.seen, bySides[:len(g.seen)], "round %d", round)
		stand := 0.0
		for _, s := range g.seen {
			stand += float64(s.stands) * float64(shares[s.number]+even)
		}
		require.InDelta(t, itself, stand/float64(total), 1, "round %d: %v", round, g.seen)
	}
}

// sharesOf are the shares of the areas of a tile.
func sharesOf(t *testing.T, m *chroma.Interleaved, tile image.Rectangle) []uint64 {
	p, err := tree.Prepare(t.Context(), cpufallback.New(1), m, true)
	require.NoError(t, err)
	half := image.Rect(tile.Min.X/2, tile.Min.Y/2, (tile.Max.X+1)/2, (tile.Max.Y+1)/2)
	rects := []image.Rectangle{pad(tile), pad(half), pad(half)}
	e := NewEncoder(60, []Plane{{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}}, engine.SplitHybrid)
	sources := e.originals(new(EncoderScratch), p.Planes, p.Pyramids, rects, m)
	var g areaGrid
	g.lay(rects[0].Size())
	g.weigh(e.planes, sources, rects)
	return g.shares
}

// TestSharesOfTile: they are the same whatever is prepared with a tile, and the energy of its samples.
func TestSharesOfTile(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 2))
	m := chroma.NewInterleaved(700, 333, 3, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(i/m.Stride/3 + rng.IntN(1+i%m.Stride/9))
	}
	for _, tile := range []image.Rectangle{image.Rect(0, 0, 512, 333), image.Rect(512, 0, 700, 333)} {
		alone := m.Sub(tile)
		require.Equal(t, sharesOf(t, &alone, image.Rectangle{Max: tile.Size()}), sharesOf(t, m, tile), "tile %v", tile)
	}
}

// TestEnergy holds the energy of areas to the samples, also of a padded plane and of a tile that does not begin it.
func TestEnergy(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 3))
	for _, size := range []image.Point{{224, 160}, {237, 149}} {
		for _, def := range []Plane{{}, {Chroma: true, Half: true}} {
			p := chroma.NewPlane(size.X, size.Y)
			copy(p.Pix, wildSamples(rng, len(p.Pix)))
			tile := image.Rect(96, 32, size.X, size.Y)
			o := original{samples: &p, pyramid: &reduce(t, []chroma.Plane{p})[0], x: tile.Min.X / cell, y: tile.Min.Y / cell}
			g := areaGrid{across: 5, down: 5, shares: make([]uint64, 25)}
			g.addEnergy(&o, def, tile, 3)
			want := make([]uint64, 25)
			const side = 16
			for y := tile.Min.Y; y < p.Rows(); y += side {
				for x := tile.Min.X; x < p.Stride; x += side {
					var sum, squares uint64
					for j := range side {
						for _, v := range p.Pix[(y+j)*p.Stride+x:][:side] {
							sum, squares = sum+uint64(v), squares+uint64(v)*uint64(v)
						}
					}
					want[(y-tile.Min.Y)/sideOf(def)*5+(x-tile.Min.X)/sideOf(def)] += 3 * (squares - sum*sum/(side*side))
				}
			}
			require.Equal(t, want, g.shares, "%v, %+v", size, def)
		}
	}
}

// TestFramesAreSeen: where an image is calm within and has a frame on one side, of one or more pixels, a third of what is looked at
// are areas of that.
func TestFramesAreSeen(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 4))
	for round := range 16 {
		size, width := image.Pt(330+rng.IntN(183), 330+rng.IntN(183)), 1+rng.IntN(4)
		m := chroma.NewInterleaved(size.X, size.Y, 3, 8)
		frame := [4]image.Rectangle{
			image.Rect(0, 0, width, size.Y), image.Rect(0, 0, size.X, width),
			image.Rect(size.X-width, 0, size.X, size.Y), image.Rect(0, size.Y-width, size.X, size.Y),
		}[round%4]
		for y := range m.H {
			for x := range m.W {
				v := [3]byte{byte(90 + rng.IntN(8)), byte(60 + x/8), byte(120 + y/8)}
				if image.Pt(x, y).In(frame) {
					v = [3]byte{}
				}
				copy(m.Pix[y*m.Stride+x*m.Step:], v[:])
			}
		}
		g := areaGrid{shares: sharesOf(t, m, image.Rectangle{Max: size})}
		g.lay(pad(image.Rectangle{Max: size}).Size())
		g.pick(fewAreas)
		framed := 0
		for _, s := range g.seen {
			if g.rect(s.number, Plane{}, image.Rectangle{Max: size}).Overlaps(frame) {
				framed++
			}
		}
		require.GreaterOrEqual(t, 3*framed, len(g.seen), "round %d: %v, frame %v: %v", round, size, frame, g.seen)
	}
}
