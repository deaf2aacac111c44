package conformance

import (
	"encoding/binary"
	"fmt"
	"image/color"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// wildHeader is the header of an exact file of at most 100×100 pixels.
func wildHeader(rng *rand.Rand, channels, depth int) container.Header {
	h := container.Header{Bound: container.BoundMax, TileLog2: container.MinTileLog2, GroupRows: container.MaxGroupRows}
	h.Width, h.Height = 1+rng.IntN(100), 1+rng.IntN(100)
	wildSamples(rng, &h, channels, depth)
	return h
}

// exactPlan is a plan of the predictive engine.
func exactPlan(flags byte, w *rans.BitWriter) container.Plan {
	return container.Plan{Engine: uint64(engine.Predictive), Payload: w.AppendReversed([]byte{flags})}
}

// Numbers of FORMAT.md, "Predictive tiles": modes, and what files are filled with.
const (
	largestMode       = 9 // of prediction, and of the slow ones less slowMode
	gridMode          = 16
	patternMode       = 17
	wholeMode         = 18
	slowMode          = 32
	plainFlag         = 64
	weightClasses     = 72 // of a plane
	largestCorrection = 170
)

// wildExact makes a file by prediction of residuals, weights and tables that no
// encoder would choose.
func wildExact(t testing.TB, seed uint64) []byte {
	return wildPredicted(t, rand.New(rand.NewPCG(seed, 1)), 0)
}

// wildSlow makes such a file with bodies by context mixing.
func wildSlow(t testing.TB, seed uint64) []byte {
	return wildPredicted(t, rand.New(rand.NewPCG(seed, 3)), slowMode)
}

// wildPredicted makes tiles up in the modes from first on.
func wildPredicted(t testing.TB, rng *rand.Rand, first int) []byte {
	return fillTiles(t, wildPrediction(rng), func(f *refdec.File, tile int) (front, body []byte) {
		m := &codeMaker{Rand: rng, runs: true}
		mode := byte(first + wildTransform(f, rng))
		require.NoError(t, f.ReadTile(m, tile, []byte{mode}, nil, false))
		return append([]byte{mode}, m.segments[0]...), m.segments[1]
	})
}

// wildPrediction is a file without tiles.
func wildPrediction(rng *rand.Rand) *contents {
	channels, depth := 1+rng.IntN(4), 8+8*rng.IntN(2)
	h := wildHeader(rng, channels, depth)
	if rng.IntN(2) == 0 {
		h.T = uint64(rng.IntN(1<<depth) >> rng.IntN(depth))
	}
	var w rans.BitWriter
	for range channels {
		putWildValues(&w, rng, depth)
	}
	for range channels * weightClasses {
		putWildWeights(&w, rng)
	}
	putWildTables(&w, rng, refdec.PredictiveContexts, refdec.PredictiveAlphabet)
	return &contents{Header: h, Plan: exactPlan(0, &w)}
}

// wildTransform is a reversible transform that tiles may have.
func wildTransform(f *refdec.File, rng *rand.Rand) int {
	if f.NumBands() >= 3 && (f.T == 0 || f.Has(refdec.Merged)) {
		return rng.IntN(largestMode + 1)
	}
	return 0
}

// putWildValues writes no values, or some.
func putWildValues(w *rans.BitWriter, rng *rand.Rand, depth int) {
	putValues(w, rng, depth, rng.IntN(200)*rng.IntN(2))
}

func putValues(w *rans.BitWriter, rng *rand.Rand, depth, n int) {
	w.PutExpGolomb(uint32(n))
	for range n {
		w.PutExpGolomb(uint32(rng.IntN(1 << depth / n)))
	}
}

func putWildWeights(w *rans.BitWriter, rng *rand.Rand) {
	if rng.IntN(3) > 0 {
		w.Put(0, 1)
		return
	}
	w.Put(1, 1)
	for range 18 { // within the bounds of weights, since defaults are below 1024
		z := uint32(rng.IntN(2048) >> rng.IntN(12))
		w.PutExpGolomb(z >> 2)
		w.Put(z&3, 2)
	}
}

// wildPatterns makes a file of patterns that no image has.
func wildPatterns(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	channels, depth := 1+rng.IntN(4), 8
	if channels == 1 {
		depth = 8 + 8*rng.IntN(2)
	}
	h := wildHeader(rng, channels, depth)
	flags := byte(0)
	if channels == 1 && rng.IntN(2) == 0 {
		flags = refdec.Singles
	} else if h.T = uint64(rng.IntN(3)); h.T > 0 {
		flags = refdec.Merged
	}
	var w rans.BitWriter
	for range channels {
		putWildValues(&w, rng, depth)
	}
	for range channels * weightClasses {
		w.Put(0, 1)
	}
	putWildTables(&w, rng, refdec.PredictiveContexts, refdec.PredictiveAlphabet)
	return fillTiles(t, &contents{Header: h, Plan: exactPlan(flags, &w)}, func(f *refdec.File, tile int) (front, body []byte) {
		return wildPattern(t, f, tile, &codeMaker{Rand: rng}, 0)
	})
}

// wildPattern makes a tile of patterns, plain being plainFlag or 0.
func wildPattern(t testing.TB, f *refdec.File, tile int, m *codeMaker, plain byte) (front, body []byte) {
	require.NoError(t, f.ReadTile(m, tile, []byte{gridMode + plain}, nil, true))
	front = append([]byte{gridMode + plain}, m.segments[0]...)
	switch choice := m.IntN(4); {
	case f.Has(refdec.Singles) || choice > 1:
		m.known = 1
	case choice == 0:
		front[0] = patternMode + plain
	default:
		front = []byte{wholeMode + plain}
	}
	require.NoError(t, f.ReadTile(m, tile, front, nil, false))
	return front, m.segments[1]
}

// wildPlain makes a file with lists of values, of which some tiles make no use.
func wildPlain(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 7))
	channels, depth := 1+rng.IntN(4), 8+8*rng.IntN(2)
	h := wildHeader(rng, channels, depth)
	flags := byte(0)
	if rng.IntN(2) == 0 {
		h.T, flags = uint64(1+rng.IntN(1<<depth-1)>>rng.IntN(depth)), refdec.Merged
	}
	var w rans.BitWriter
	listed := rng.IntN(channels)
	for c := range channels {
		if c == listed {
			putValues(&w, rng, depth, 1+rng.IntN(200))
		} else {
			putWildValues(&w, rng, depth)
		}
	}
	for range channels * weightClasses {
		putWildWeights(&w, rng)
	}
	putWildTables(&w, rng, refdec.PredictiveContexts, refdec.PredictiveAlphabet)
	return fillTiles(t, &contents{Header: h, Plan: exactPlan(flags, &w)}, func(f *refdec.File, tile int) (front, body []byte) {
		return wildTile(t, f, tile, rng)
	})
}

// wildTile makes a tile in any mode.
func wildTile(t testing.TB, f *refdec.File, tile int, rng *rand.Rand) (front, body []byte) {
	m := &codeMaker{Rand: rng, runs: true}
	plain := byte(0)
	if slices.ContainsFunc(f.Values, func(v []int64) bool { return v != nil }) {
		plain = byte(rng.IntN(2) * plainFlag)
	}
	without := f.T == 0 || plain == 0 && f.Has(refdec.Merged) // loss
	if without && (f.NumBands() == 1 || f.Depth() == 8) && rng.IntN(3) == 0 {
		return wildPattern(t, f, tile, m, plain)
	}
	mode := plain + byte(rng.IntN(2)*slowMode)
	if without && f.NumBands() >= 3 {
		mode += byte(rng.IntN(largestMode + 1))
	}
	require.NoError(t, f.ReadTile(m, tile, []byte{mode}, nil, false))
	return append([]byte{mode}, m.segments[0]...), m.segments[1]
}

// wildNamed makes a file of labels, or of indices of which some may have no colour.
func wildNamed(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 8))
	depth, role := 8+8*rng.IntN(2), raster.Label
	if rng.IntN(2) == 0 {
		role = raster.Index
	}
	h := wildHeader(rng, 1, depth)
	h.Bands = raster.Bands(role)
	if role == raster.Index {
		for range 1 + rng.IntN(256) | 255*rng.IntN(2) {
			h.Palette = append(h.Palette, color.NRGBA{R: uint8(rng.IntN(256)), G: uint8(rng.IntN(256)), B: 1, A: uint8(rng.IntN(256))})
		}
		h.Palette = h.Palette[:min(len(h.Palette), 256)]
	}
	var w rans.BitWriter
	putWildValues(&w, rng, depth)
	for range weightClasses {
		putWildWeights(&w, rng)
	}
	putWildTables(&w, rng, refdec.PredictiveContexts, refdec.PredictiveAlphabet)
	c := &contents{Header: h, Plan: exactPlan(refdec.Singles, &w)}
	return fillTiles(t, c, func(f *refdec.File, tile int) (front, body []byte) { return wildTile(t, f, tile, rng) })
}

// wildGroups makes a file of any kind in groups of one row of tiles.
func wildGroups(t testing.TB, seed uint64) []byte {
	kinds := append(slices.Clip(wildKinds), wild)
	return grouped(t, kinds[seed%uint64(len(kinds))](t, seed))
}

// TestWildGroups: groups and coarser levels change nothing.
func TestWildGroups(t *testing.T) {
	n := 0
	for seed := range shorttest.Rounds(uint64(50)) {
		p := wildGroups(t, seed)
		if opened(t, p).Header().Groups() > 1 {
			n++
			t.Run(fmt.Sprint(seed), func(t *testing.T) { compareLevels(t, p) })
		}
	}
	require.Greater(t, n, shorttest.Rounds(12), "files of several groups")
}

// TestWildNamed: the decoders agree on levels of labels and indices, and on which of these
// have no colour.
func TestWildNamed(t *testing.T) {
	taken, refused := 0, 0
	for seed := range shorttest.Rounds(uint64(40)) {
		p := wildNamed(t, seed)
		for level := range 8 {
			if requireSameVerdict(t, p, level) {
				taken++
			} else if level == 0 {
				refused++
			}
		}
	}
	require.Greater(t, taken, shorttest.Rounds(50), "levels")
	require.GreaterOrEqual(t, refused, shorttest.Rounds(3), "files with an index without a colour")
}

// wildLayered makes a file of bases and corrections that no encoder would choose.
func wildLayered(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 4))
	h := wildHeader(rng, 3+rng.IntN(2), 8)
	h.Max, h.T = 0, uint64(1+rng.IntN(255)>>rng.IntN(8))
	base := wildTables(rng, false)
	var w rans.BitWriter
	putWildTables(&w, rng, refdec.CorrectionContexts, refdec.CorrectionAlphabet)
	payload := w.AppendReversed(append(binary.AppendUvarint(nil, uint64(len(base))), base...))
	plan := container.Plan{Engine: uint64(engine.Layered), Payload: payload}
	return fillTiles(t, &contents{Header: h, Plan: plan}, func(f *refdec.File, tile int) (front, body []byte) {
		m := &codeMaker{Rand: rng}
		require.NoError(t, f.ReadTile(m, tile, nil, []byte{0}, false))
		front, base, corrections := m.segments[0], m.segments[1], m.segments[2]
		return front, append(append(binary.AppendUvarint(nil, uint64(len(base))), base...), corrections...)
	})
}

// wildKinds are the ways to make wild files of the predictive engine.
var wildKinds = []maker{wildExact, wildPatterns, wildSlow, wildLayered, wildPlain, wildRaster, wildMasks}

// TestWildExactFiles: the decoders agree on what means nothing, too.
func TestWildExactFiles(t *testing.T) {
	for kind, make := range wildKinds {
		for seed := range shorttest.Rounds(uint64(20)) {
			t.Run(fmt.Sprint(kind, "/", seed), func(t *testing.T) { compareLevels(t, make(t, seed)) })
		}
	}
}

func FuzzWildExactFiles(f *testing.F) {
	for kind := uint(0); kind < uint(len(wildKinds)); kind += uint(shorttest.Step()) {
		f.Add(kind, uint64(1))
	}
	f.Fuzz(func(t *testing.T, kind uint, seed uint64) {
		compareLevels(t, wildKinds[kind%uint(len(wildKinds))](t, seed))
	})
}
