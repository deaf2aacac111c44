package transform

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
)

// TestOverviewKernel: rows that the kernel puts are moved and put as the plain ones are: of smooth and of rough overviews, with ends and without,
// whether they are refined or not.
func TestOverviewKernel(t *testing.T) {
	if !vector {
		t.Skip("no kernels in this build")
	}
	rng := rand.New(rand.NewPCG(7, 11))
	far, moved := 0, 0
	for round := range 300 {
		w, h, step := 32*(1+rng.IntN(20)), 32*(1+rng.IntN(3)), MinStep+rng.IntN(400)
		def := []Plane{{}, {Chroma: true}, {Chroma: true, Half: true}}[rng.IntN(3)]
		r := newRates(step, universalBits(), lambdas[kindLuma])
		rough := 1 + rng.IntN(40)
		var drawn []int32
		puts := func(kernels, refines bool) (s segment, values []int32, of []bool) {
			defer setVector(setVector(kernels))
			c := newCells(image.Rect(0, 0, w, h), plainSteps(step), def)
			o := new(EncoderScratch).overviewOf(0, nil, &c, def.kind())
			copy(o.exact, drawn)
			for i, exact := range drawn {
				if c.size[i], c.overview[i] = cellLog2, c.scale.nearest(exact); exact%29 == 0 {
					c.overview[i] = c.scale.value(exact)
				}
			}
			var f *refinement
			if refines {
				f = new(refinement).renewed(r, def.kind(), c.scale.step, 1)
			}
			o.put(&s, f)
			return s, c.overview, o.moved
		}
		for i, v := 0, int32(0); i < w/cell*h/cell; i++ {
			v = min(max(v+int32(rng.IntN(2*rough+1)-rough)*int32(step)/8, lowMean), fullMean)
			drawn = append(drawn, v)
		}
		for _, refines := range []bool{false, true} {
			want, values, of := puts(false, refines)
			got, gotValues, gotOf := puts(true, refines)
			require.Equal(t, values, gotValues, "round %d: values", round)
			require.Equal(t, of, gotOf, "round %d: leaves that are moved", round)
			require.Equal(t, want.tokens, got.tokens, "round %d: tokens", round)
			require.Equal(t, want.raw.AppendReversed(nil), got.raw.AppendReversed(nil), "round %d: signs", round)
			for _, is := range of {
				if is {
					moved++
				}
			}
			for _, token := range want.tokens {
				if _, symbol := token.Split(); symbol >= direct {
					far++
				}
			}
		}
	}
	require.Positive(t, moved, "values that are moved")
	require.Positive(t, far, "residuals beyond what the kernel puts")
}

// TestTakenBack: an overview that was put before a value of it was taken back is put again, after what was there before it.
func TestTakenBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	plane := chroma.NewPlane(256, 128)
	for i := range plane.Pix {
		plane.Pix[i] = uint16(1000 + i%256*4 + rng.IntN(300))
	}
	planes := []chroma.Plane{plane}
	encoded := func(takes bool) *Tile {
		tile := &Tile{Worst: make([]uint32, 1)}
		tile.overview.put(rimContext(kindLuma), 3)
		tile.overview.raw.Put(1, 1)
		cells := []Cells{newCells(image.Rect(0, 0, 256, 128), plainSteps(60), Plane{})}
		p := newPlaneEncoder(NewEncoder(60, []Plane{{}}, engine.SplitHybrid), new(EncoderScratch), tile, 0,
			&original{samples: &planes[0], pyramid: &reduce(t, planes)[0], ends: true}, cells)
		p.overview.takenBack = takes
		p.encode()
		return tile
	}
	want := encoded(false)
	got := encoded(true)
	require.NotEmpty(t, want.overview.tokens)
	require.Equal(t, want.overview.tokens, got.overview.tokens)
	require.Equal(t, want.overview.raw.AppendReversed(nil), got.overview.raw.AppendReversed(nil))
}
