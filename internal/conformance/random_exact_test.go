package conformance

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/refdec"
)

// wildHeader is the header of an exact file of at most 100×100 pixels.
func wildHeader(rng *rand.Rand, channels, depth int) container.Header {
	h := container.Header{
		Engine: container.Exact, Bound: container.BoundMax, TileLog2: container.MinTileLog2,
		Width: 1 + rng.IntN(100), Height: 1 + rng.IntN(100), Channels: channels, Depth: depth,
		Worst: make([]int, channels),
	}
	wildSamples(rng, &h)
	return h
}

// Numbers of FORMAT-EXACT.md: modes, and what files are filled with.
const (
	largestMode       = 9 // of prediction, and of the slow ones less slowMode
	gridMode          = 16
	patternMode       = 17
	wholeMode         = 18
	slowMode          = 32
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
		m := &maker{Rand: rng, runs: true}
		mode := byte(first + wildMode(f, rng))
		require.NoError(t, f.ReadTile(m, tile, []byte{mode}, nil, false))
		return append([]byte{mode}, m.segments[0]...), m.segments[1]
	})
}

// wildPrediction is a file without tiles.
func wildPrediction(rng *rand.Rand) *container.File {
	h := wildHeader(rng, 1+rng.IntN(4), 8+8*rng.IntN(2))
	if rng.IntN(2) == 0 {
		h.T = rng.IntN(1<<h.Depth) >> rng.IntN(h.Depth)
	}
	var w rans.BitWriter
	for range h.Channels {
		putWildValues(&w, rng, h.Depth)
	}
	for range h.Channels * weightClasses {
		putWildWeights(&w, rng)
	}
	putWildTables(&w, rng, refdec.ExactContexts, refdec.ExactAlphabet)
	return &container.File{Header: h, Tables: w.AppendReversed(nil)}
}

// wildMode is a mode of prediction.
func wildMode(f *refdec.File, rng *rand.Rand) int {
	if f.Channels >= 3 && (f.T == 0 || f.Has(refdec.Merged)) {
		return rng.IntN(largestMode + 1)
	}
	return 0
}

// putWildValues writes no values, or some.
func putWildValues(w *rans.BitWriter, rng *rand.Rand, depth int) {
	n := rng.IntN(200) * rng.IntN(2)
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
	if h.Labels = channels == 1 && rng.IntN(2) == 0; !h.Labels {
		h.T = rng.IntN(3)
		h.Merged = h.T > 0
	}
	var w rans.BitWriter
	for range channels {
		putWildValues(&w, rng, depth)
	}
	for range channels * weightClasses {
		w.Put(0, 1)
	}
	putWildTables(&w, rng, refdec.ExactContexts, refdec.ExactAlphabet)
	f := &container.File{Header: h, Tables: w.AppendReversed(nil)}
	return fillTiles(t, f, func(f *refdec.File, tile int) (front, body []byte) {
		m := &maker{Rand: rng}
		require.NoError(t, f.ReadTile(m, tile, []byte{gridMode}, nil, true))
		front = append([]byte{gridMode}, m.segments[0]...)
		switch choice := rng.IntN(4); {
		case f.Has(refdec.Labels) || choice > 1:
			m.known = 1
		case choice == 0:
			front[0] = patternMode
		default:
			front = []byte{wholeMode}
		}
		require.NoError(t, f.ReadTile(m, tile, front, nil, false))
		return front, m.segments[1]
	})
}

// wildLayered makes a file of bases and corrections that no encoder would choose.
func wildLayered(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 4))
	h := wildHeader(rng, 3+rng.IntN(2), 8)
	h.Maximum = 255
	h.Layered, h.T = true, 1+rng.IntN(255)>>rng.IntN(8)
	base := wildTables(rng)
	var w rans.BitWriter
	putWildTables(&w, rng, refdec.CorrectionContexts, refdec.CorrectionAlphabet)
	tables := w.AppendReversed(append(binary.AppendUvarint(nil, uint64(len(base))), base...))
	return fillTiles(t, &container.File{Header: h, Tables: tables}, func(f *refdec.File, tile int) (front, body []byte) {
		m := &maker{Rand: rng}
		require.NoError(t, f.ReadTile(m, tile, nil, []byte{0}, false))
		front, base, corrections := m.segments[0], m.segments[1], m.segments[2]
		return front, append(append(binary.AppendUvarint(nil, uint64(len(base))), base...), corrections...)
	})
}

// wildKinds are the ways to make wild files of the exact engine.
var wildKinds = []func(testing.TB, uint64) []byte{wildExact, wildPatterns, wildSlow, wildLayered}

// TestWildExactFiles: the decoders agree on what means nothing, too.
func TestWildExactFiles(t *testing.T) {
	for kind, make := range wildKinds {
		for seed := range uint64(40) {
			t.Run(fmt.Sprint(kind, "/", seed), func(t *testing.T) { compareLevels(t, make(t, seed)) })
		}
	}
}

func FuzzWildExactFiles(f *testing.F) {
	for kind := range uint(len(wildKinds)) {
		f.Add(kind, uint64(1))
	}
	f.Fuzz(func(t *testing.T, kind uint, seed uint64) {
		compareLevels(t, wildKinds[kind%uint(len(wildKinds))](t, seed))
	})
}
