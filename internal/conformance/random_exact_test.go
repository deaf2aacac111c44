package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/rans"
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

// wildExact makes a file by prediction of residuals, weights and tables that no
// encoder would choose.
func wildExact(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	return fillTiles(t, wildPrediction(rng), func(x *exactFile, w, h int) (front, body []byte) {
		mode, planes := x.wildMode(rng), x.predictedPlanes(w, h)
		front = x.wildSegment(rng, []byte{byte(mode)}, planes, readFront)
		x.prepare(mode, planes)
		return front, x.wildSegment(rng, nil, planes, readBody)
	})
}

// wildSlow makes such a file with bodies by context mixing.
func wildSlow(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 3))
	return fillTiles(t, wildPrediction(rng), func(x *exactFile, w, h int) (front, body []byte) {
		mode, planes := x.wildMode(rng), x.predictedPlanes(w, h)
		front = x.wildSegment(rng, []byte{byte(slowMode + mode)}, planes, readFront)
		x.prepare(mode, planes)
		d := &runDice{bitDice: newBitDice(rng), rare: 1 << (4 + rng.IntN(9))}
		newSlow(d, planes).read(planes)
		return front, d.Finish(leastBytes(len(planes)*planes[0].w*planes[0].h, 1<<14, 1<<8))
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
	for range h.Channels * nClasses {
		putWildWeights(&w, rng)
	}
	putWildTables(&w, rng, nExactContexts, exactAlphabet)
	return &container.File{Header: h, Tables: w.AppendReversed(nil)}
}

// wildMode is a mode of prediction.
func (x *exactFile) wildMode(rng *rand.Rand) int {
	if x.channels >= 3 && (x.bound == 0 || x.merged) {
		return rng.IntN(largestMode + 1)
	}
	return 0
}

// wildSegment appends a segment that is made up to p.
func (x *exactFile) wildSegment(rng *rand.Rand, p []byte, planes []*predicted, do func([]*predicted, source)) []byte {
	d := &dice{Rand: rng, busy: rng.IntN(257) >> rng.IntN(9), sizes: exactAlphabet}
	do(planes, d)
	return encTable(x.tables).AppendSegment(p, d.tokens, &d.raw)
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

// bitDice makes bits up and codes them.
type bitDice struct {
	*rand.Rand
	cm.Coder
	busy int // chance, in 256, that a bit goes against the probability
}

func newBitDice(rng *rand.Rand) *bitDice {
	return &bitDice{Rand: rng, Coder: cm.NewEncoder(), busy: 256 >> (1 + rng.IntN(8))}
}

func (d *bitDice) bit(p int) int {
	bit := 0
	if (p >= 1<<15) != (d.IntN(256) < d.busy) {
		bit = 1
	}
	return d.Bit(uint32(p), bit)
}

// runDice has runs of zeros, which make residuals that are large.
type runDice struct {
	*bitDice
	rare, left int // bits between two runs, and left of one
}

func (d *runDice) bit(p int) int {
	if d.left == 0 && d.IntN(d.rare) == 0 {
		d.left = d.IntN(40)
	}
	if d.left == 0 {
		return d.bitDice.bit(p)
	}
	d.left--
	return d.Bit(uint32(p), 0)
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
	for range channels * nClasses {
		w.Put(0, 1)
	}
	putWildTables(&w, rng, nExactContexts, exactAlphabet)
	f := &container.File{Header: h, Tables: w.AppendReversed(nil)}
	return fillTiles(t, f, func(x *exactFile, w, h int) (front, body []byte) {
		code := func(w, h int, grid []uint32) ([]byte, []uint32) {
			d := newBitDice(rng)
			p := newPatterns(d, w, h, channels, depth, grid)
			return d.Finish(p.least()), p.pix
		}
		mode := byte(gridMode)
		front, grid := code((w-1)/8+1, (h-1)/8+1, nil)
		switch choice := rng.IntN(4); {
		case x.labels || choice > 1:
		case choice == 0:
			mode, grid = patternMode, nil
		default:
			mode, front, grid = wholeMode, nil, nil
		}
		body, _ = code(w, h, grid)
		return append([]byte{mode}, front...), body
	})
}

// correctionDice makes corrections up.
type correctionDice struct{ *dice }

func (d correctionDice) expGolomb() uint32 {
	v := d.Uint32N(largestSymbol - 14)
	d.raw.PutExpGolomb(v)
	return v
}

// wildLayered makes a file of bases and corrections that no encoder would choose.
func wildLayered(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 4))
	h := wildHeader(rng, 3+rng.IntN(2), 8)
	h.Maximum = 255
	h.Layered, h.T = true, 1+rng.IntN(255)>>rng.IntN(8)
	base := wildTables(rng)
	var w rans.BitWriter
	putWildTables(&w, rng, nCorrectionContexts, func(int) int { return 16 })
	tables := w.AppendReversed(append(binary.AppendUvarint(nil, uint64(len(base))), base...))
	return fillTiles(t, &container.File{Header: h, Tables: tables}, func(x *exactFile, w, h int) (front, body []byte) {
		b := x.base(w, h)
		b.makeUp(t, rng)
		m, err := b.level(universal(t), 0)
		require.NoError(t, err)
		d := correctionDice{&dice{Rand: rng, busy: rng.IntN(257) >> rng.IntN(9), sizes: func(int) int { return 16 }}}
		newCorrections(m.split(), int32(x.bound)).read(d)
		body = append(binary.AppendUvarint(nil, uint64(len(b.bodies[0]))), b.bodies[0]...)
		return b.fronts[0], encTable(x.tables).AppendSegment(body, d.tokens, &d.raw)
	})
}

// fillTiles writes a file of tiles that do makes, given their size.
func fillTiles(t testing.TB, f *container.File, do func(x *exactFile, w, h int) (front, body []byte)) []byte {
	h := &f.Header
	x, err := readExact(fileOf(f), defaults(t))
	require.NoError(t, err)
	side := 1 << h.TileLog2
	for y := 0; y < h.Height; y += side {
		for x0 := 0; x0 < h.Width; x0 += side {
			front, body := do(x, min(side, h.Width-x0), min(side, h.Height-y))
			f.Fronts, f.Bodies = append(f.Fronts, front), append(f.Bodies, body)
		}
	}
	var b bytes.Buffer
	require.NoError(t, container.Write(&b, f))
	return b.Bytes()
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
