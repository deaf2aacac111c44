package transform

import (
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/shorttest"
)

// tilePlanes are what a tile may have: luma, chroma of its size or half of it, alpha.
var tilePlanes = map[string][]Plane{
	"gray":  {{}},
	"4:4:4": {{}, {Chroma: true}, {Chroma: true}},
	"4:2:0": {{}, {Chroma: true, Half: true}, {Chroma: true, Half: true}, {Alpha: true}},
}

// tileOf has planes of a source, chroma being luma's as far as it goes.
func tileOf(f source, defs []Plane, w, h int) (planes []chroma.Plane, rects []image.Rectangle) {
	for i, def := range defs {
		pw, ph := w, h
		if def.Half {
			pw, ph = (w+1)/2, (h+1)/2
		}
		p := newPlane(f, pw, ph)
		for k := range p.Pix {
			if def.Chroma {
				alpha := (5*i+k%p.Stride/24)%17 - 8
				p.Pix[k] = uint16(chroma.Centre + alpha*(int(planes[0].Pix[k%len(planes[0].Pix)])-chroma.Centre)/8)
			}
		}
		chroma.Pad(&p)
		planes = append(planes, p)
		rects = append(rects, image.Rect(0, 0, p.Stride, p.Rows()))
	}
	return planes, rects
}

// seen are the rectangles of planes without their padding.
func seen(planes []chroma.Plane) (rects []image.Rectangle) {
	for _, p := range planes {
		rects = append(rects, image.Rect(0, 0, p.W, p.H))
	}
	return rects
}

// TestPredictedTiles: a decoder makes of predicted tiles the very samples that their encoder made,
// no leaf of which is off by more than the promise.
func TestPredictedTiles(t *testing.T) {
	modes := map[int]int{}
	for name, f := range sources {
		for format, defs := range tilePlanes {
			for k, size := range [][2]int{{96, 96}, {1, 1}, {97, 66}, {3, 70}} {
				for _, threshold := range shorttest.Cases([]float64{5, 0.25, 1, 40, 255}) {
					name := fmt.Sprintf("%s %s %v T %g", name, format, size, threshold)
					promise := int64(threshold * engine.ErrorUnit)
					planes, rects := tileOf(f, defs, size[0], size[1])
					scratch := new(EncoderScratch)
					e := NewEncoder(StepFor(promise), defs, engine.Split(k%3)).Promising(promise).Predicting()
					if k%2 == 1 {
						e = e.Thorough()
					}
					tile := e.Tile(scratch, planes, reduce(t, planes), rects, nil)
					h := NewPredictedHistogram()
					h.Add(tile)
					tables := h.Tables()
					segments := tables.Segments(tile)

					d, err := newDecoder(StepFor(promise), defs, tables.Payload, true)
					require.NoError(t, err, name)
					cells, err := d.Overview(segments.Overview, seen(planes))
					require.NoError(t, err, name)
					dst := make([]chroma.Plane, len(rects))
					for i, r := range rects {
						dst[i] = chroma.NewPlane(r.Dx(), r.Dy())
					}
					require.NoError(t, d.Detail(new(DecoderScratch), segments.Detail, cells, dst, make([]image.Point, len(dst))), name)
					for i := range dst {
						at := slices.Compare(dst[i].Pix, scratch.trial.planes[i][:len(dst[i].Pix)])
						require.Zero(t, at, "%s: plane %d", name, i)
						require.Equal(t, worstLeaf(&cells[i], &planes[i], &dst[i]), tile.Worst[i], "%s: plane %d", name, i)
						require.LessOrEqual(t, tile.Worst[i], uint32(promise), "%s: plane %d", name, i)
						requireEnds(t, &planes[i], &dst[i], defs[i], name)
						for _, m := range cells[i].modes {
							modes[int(m)]++
						}
					}
				}
			}
		}
	}
	require.Greater(t, len(modes), shorttest.Rounds(nModes*9/10), "modes that occur")
}

// requireEnds asks for the samples of cells at full scale or at 0 throughout as they were.
func requireEnds(t *testing.T, want, got *chroma.Plane, def Plane, name string) {
	t.Helper()
	if def.Chroma {
		return
	}
	for y := 0; y < want.Rows(); y += cell {
		for x := 0; x < want.Stride; x += cell {
			var w, g [cell * cell]uint16
			for i := range w {
				at := (y+i/cell)*want.Stride + x + i%cell
				w[i], g[i] = want.Pix[at], got.Pix[at]
			}
			if least, most := slices.Min(w[:]), slices.Max(w[:]); least == chroma.MaxLevel || most == 0 {
				require.Equal(t, w, g, "%s: cell at x %d y %d", name, x, y)
			}
		}
	}
}

// worstLeaf is the largest RMS error of a leaf, measured one by one.
func worstLeaf(c *Cells, want, got *chroma.Plane) (worst uint32) {
	for y := range c.h {
		for x := range c.w {
			lg := c.size[c.index(x, y)]
			if !border(x, lg) || !border(y, lg) {
				continue
			}
			sum, n := uint64(0), 0
			for j := cell * y; j < min(cell*y+1<<lg, want.H); j++ {
				for i := cell * x; i < min(cell*x+1<<lg, want.W); i++ {
					d := int64(want.Pix[j*want.Stride+i]) - int64(got.Pix[j*got.Stride+i])
					sum, n = sum+uint64(d*d), n+1
				}
			}
			if n > 0 {
				worst = max(worst, RMS(sum, n))
			}
		}
	}
	return worst
}

// randomPredictors are the predictors of three planes, with random samples and modes.
func randomPredictors(rng *rand.Rand, half bool) []*predictor {
	defs := []Plane{{}, {Chroma: true, Half: half}, {Chroma: true, Half: half}}
	all := make([]*predictor, len(defs))
	for i, def := range defs {
		side := 96
		if def.Half {
			side = 64 // more than half, as padding has it
		}
		c := newCells(image.Rect(0, 0, side, side), plainSteps(MinStep), def)
		pix := make([]uint16, side*side)
		for k := range pix {
			pix[k] = uint16(rng.IntN(maxSample + 1))
		}
		all[i] = newPredictor(all, defs, i, &c, pix, side)
		for k := range c.modes {
			c.modes[k] = uint8(rng.IntN(modeLuma + i/2*nAlphas))
		}
	}
	return all
}

// TestModesRoundTrip: every mode is read as it was written, whatever is around it.
func TestModesRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	tables := rans.NewDecTables(predictedSet.Universal)
	enc := rans.NewEncTable(predictedSet.Universal)
	for round := range 300 {
		all := randomPredictors(rng, round%2 == 0)
		p := all[round%3]
		lg := cellLog2 + rng.IntN(sizes)
		down := lg - cellLog2
		n := node{lg, rng.IntN(p.cells.w>>down) << down, rng.IntN(p.cells.h>>down) << down}
		last := modeLuma
		if p.luma != nil {
			last = nModes
		}
		context := p.modeContext(n)
		var s segment
		for mode := range last {
			context.put(&s, mode)
		}
		for _, token := range s.tokens {
			ctx, k := int(token)/rans.Symbols, int(token)%rans.Symbols
			require.Less(t, k, alphabet(ctx), "context %d", ctx)
			require.True(t, ctx >= ctxMode && ctx < nPredicted, "context %d", ctx)
		}
		var r rans.Decoder
		require.NoError(t, r.Init(enc.AppendSegment(nil, s.tokens, &s.raw)))
		for mode := range last {
			require.Equal(t, mode, context.get(&r, tables), "round %d, mode %d", round, mode)
		}
		require.NoError(t, r.Finish())
	}
}

// TestPredictionContinues: lines in a direction are predicted as they go on, and a plane of one
// value as that value.
func TestPredictionContinues(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 7))
	for round := range 200 {
		p := randomPredictors(rng, false)[0]
		var row [96]uint16
		for i := range row {
			row[i] = uint16(rng.IntN(maxSample + 1))
		}
		for i := range p.pix { // columns
			p.pix[i] = row[i%p.stride]
		}
		n := node{cellLog2, rng.IntN(p.cells.w), 1 + rng.IntN(p.cells.h-1)}
		p.gather(n)
		var got [cell * cell]uint16
		p.predict(got[:], n, modeAngle+24)
		for i, v := range got {
			require.Equal(t, row[cell*n.x+i%cell], v, "round %d: %+v, sample %d", round, n, i)
		}
		for i := range p.pix {
			p.pix[i] = row[0]
		}
		for mode := modePlanar; mode < modeLuma; mode++ {
			lg := cellLog2 + rng.IntN(sizes)
			n := node{lg, 0, 0}
			if rng.IntN(2) == 0 {
				n.x, n.y = rootCells, rootCells
			}
			want := row[0]
			if n.x == 0 {
				want = chroma.Centre // nothing is there
			}
			p.gather(n)
			var got [maxN * maxN]uint16
			p.predict(got[:], n, mode)
			for i, v := range got[:1<<(2*lg)] {
				require.Equal(t, want, v, "round %d: %+v, mode %d, sample %d", round, n, mode, i)
			}
		}
	}
}

// TestLowIsForward: the low block of a prediction is the one of the whole transform.
func TestLowIsForward(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 7))
	var tr transformer
	for round := range 300 {
		lg := cellLog2 + round%sizes
		pix := make([]uint16, 1<<(2*lg))
		for i := range pix {
			pix[i] = uint16(rng.IntN(2) * rng.IntN(maxSample+2))
		}
		coefs := make([]int32, len(pix))
		tr.forward(coefs, pix, 1<<lg, lg)
		low := tr.low(pix, lg)
		m := 1 << (lg - cellLog2)
		for i, v := range low[:m*m] {
			require.Equal(t, coefs[i/m<<lg+i%m], v, "leaf of %d, coefficient %d", 1<<lg, i)
		}
	}
}
