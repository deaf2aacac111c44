package conformance

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// codeMaker is codes that make symbols up and record them as segments, so that whatever the
// naive decoder makes of them can be held against the engine.
type codeMaker struct {
	*rand.Rand
	runs     bool // of zeros in codes of bits, which make residuals that are large
	known    int  // codes of bits that are read before one is made up
	segments [][]byte
}

func (m *codeMaker) Symbols(_ []byte, tables [][16]int, _ int) (refdec.Symbols, error) {
	spread := 9
	if len(tables) == refdec.AllContexts {
		spread = 5
	}
	return &dice{codeMaker: m, tables: tables, busy: m.IntN(257) >> m.IntN(spread)}, nil
}

func (m *codeMaker) Bits(code []byte, least int) (refdec.Bits, error) {
	if m.known > 0 {
		m.known--
		return refdec.Stored.Bits(code, least)
	}
	d := &bitDice{codeMaker: m, Coder: cm.NewEncoder(), busy: 256 >> (1 + m.IntN(8))}
	if m.runs {
		d.rare = 1 << (4 + m.IntN(9))
	}
	return d, nil
}

func (m *codeMaker) Remainders([]byte) (refdec.Raw, error) { return &rawDice{codeMaker: m}, nil }

// rawDice are raw bits that are made up.
type rawDice struct {
	*codeMaker
	raw rans.BitWriter
}

func (d *rawDice) Raw(n int) uint64 {
	v := d.Uint64() >> (64 - n)
	if n > 32 {
		d.raw.Put(uint32(v>>32), uint(n-32))
	}
	d.raw.Put(uint32(v)&(1<<min(n, 32)-1), uint(min(n, 32)))
	return v
}

func (d *rawDice) Finish() error {
	d.segments = append(d.segments, d.raw.AppendReversed(nil))
	return nil
}

// dice are symbols that are made up.
type dice struct {
	*codeMaker
	tables [][16]int
	busy   int // symbols other than 0 in 256
	tokens []rans.Token
	raw    rans.BitWriter
}

func (d *dice) Symbol(context int) int {
	k := 0
	if d.IntN(256) < d.busy {
		n := len(d.tables[context])
		for d.tables[context][n-1] == 0 {
			n--
		}
		k = d.IntN(n)
	}
	d.tokens = append(d.tokens, rans.MakeToken(context, k))
	return k
}

func (d *dice) Raw(n int) uint64 {
	v := d.IntN(1 << n)
	d.raw.Put(uint32(v), uint(n))
	return uint64(v)
}

func (d *dice) ExpGolomb() uint32 {
	v := uint32(0)
	if len(d.tables) == refdec.CorrectionContexts {
		v = d.Uint32N(largestCorrection - 14)
	} else {
		v = d.Uint32N(math.MaxUint32) >> d.IntN(32)
	}
	d.raw.PutExpGolomb(v)
	return v
}

func (d *dice) Finish() error {
	d.segments = append(d.segments, encTable(d.tables).AppendSegment(nil, d.tokens, &d.raw))
	return nil
}

// bitDice are bits that are made up.
type bitDice struct {
	*codeMaker
	cm.Coder
	busy       int // chance, in 256, that a bit goes against the probability
	rare, left int // bits between two runs of zeros, 0 for no runs, and left of one
}

func (d *bitDice) Bit(p int) int {
	if d.rare > 0 && d.left == 0 && d.IntN(d.rare) == 0 {
		d.left = d.IntN(40)
	}
	bit := 0
	switch {
	case d.left > 0:
		d.left--
	case (p >= 1<<15) != (d.IntN(256) < d.busy):
		bit = 1
	}
	return d.Coder.Bit(uint32(p), bit)
}

func (d *bitDice) Finish(least int) error {
	d.segments = append(d.segments, d.Coder.Finish(least))
	return nil
}

// maker makes a file of a seed.
type maker = func(t testing.TB, seed uint64) []byte

// wild makes a valid file of symbols and tables that no encoder would choose:
// saturated coefficients, sums that wrap, small tiles.
func wild(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	h := container.Header{TileLog2: container.MinTileLog2, GroupRows: container.MaxGroupRows, T: transform.MaxT}
	h.Width, h.Height = 1+rng.IntN(100), 1+rng.IntN(100)
	channels, depth := 1+rng.IntN(4), 8+8*rng.IntN(2)
	h.TileLog2 += rng.IntN(2)
	step := transform.MinStep + rng.IntN(transform.MaxStep-transform.MinStep+1)>>rng.IntN(11)
	flags := 2*int(seed%2) + 8*int(seed/4%2)
	if channels >= 3 && rng.IntN(2) > 0 {
		flags |= 1 | 4*int(seed/2%2)
	}
	if (seed/8+seed/32)%2 > 0 && step <= transform.MaxVisualStep {
		flags |= 16
	}
	wildSamples(rng, &h, channels, depth)
	payload := append(binary.AppendUvarint(nil, uint64(step)), byte(flags))
	plan := container.Plan{Engine: uint64(engine.Transform), Payload: append(payload, wildTables(rng, flags&8 != 0)...)}
	return fillTiles(t, &contents{Header: h, Plan: plan}, func(f *refdec.File, tile int) (front, body []byte) {
		m := &codeMaker{Rand: rng}
		require.NoError(t, f.ReadTile(m, tile, nil, nil, false))
		return m.segments[0], m.segments[1]
	})
}

// wildTables replaces tables at random.
func wildTables(rng *rand.Rand, predicted bool) []byte {
	if rng.IntN(2) == 0 {
		return nil
	}
	var w rans.BitWriter
	n := refdec.TransformContexts
	if predicted {
		n = refdec.PredictedContexts
	}
	putWildTables(&w, rng, n, refdec.TransformAlphabet)
	return w.AppendReversed(nil)
}

func putWildTables(w *rans.BitWriter, rng *rand.Rand, n int, sizes func(context int) int) {
	for c := 0; ; c++ {
		gap := min(rng.IntN(100), n-c)
		w.PutExpGolomb(uint32(gap))
		if c += gap; c == n {
			return
		}
		for range sizes(c) {
			w.PutExpGolomb(uint32(rng.IntN(91)))
		}
	}
}

// wildSamples makes up what the header says of samples.
func wildSamples(rng *rand.Rand, h *container.Header, channels, depth int) {
	h.Type = map[int]raster.Type{8: raster.Uint8, 16: raster.Uint16}[depth]
	if rng.IntN(3) == 0 {
		h.Max = int64(max(2, 1<<(depth-8)) + rng.IntN(1<<depth-1-1<<(depth-8)))
	}
	h.Bands = raster.Bands(raster.Gray)
	if channels >= 3 {
		h.Bands = raster.Bands(raster.Red, raster.Green, raster.Blue)
	}
	if channels%2 == 0 {
		last := []raster.Role{raster.Data, raster.Alpha, raster.Premultiplied}[rng.IntN(3)]
		h.Bands = append(h.Bands, raster.Band{Role: last})
	}
}

// encTable is the encoder's form of tables.
func encTable(tables [][16]int) rans.EncTable {
	freqs := make([]rans.Freqs, len(tables))
	for i := range tables {
		for s, v := range tables[i] {
			freqs[i][s] = uint16(v)
		}
	}
	return rans.NewEncTable(freqs)
}

// chunk is a chunk with its checksum.
func chunk(kind string, payload []byte) []byte {
	p := append(binary.AppendUvarint([]byte(kind), uint64(len(payload))), payload...)
	return binary.LittleEndian.AppendUint32(p, crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli)))
}

// TestWildFiles: the decoders agree on what means nothing, too.
func TestWildFiles(t *testing.T) {
	for seed := range shorttest.Rounds(uint64(60)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareLevels(t, wild(t, seed)) })
	}
}

func FuzzWildFiles(f *testing.F) {
	f.Add(uint64(1))
	f.Add(uint64(75)) // of which a band beside colours is restored
	f.Fuzz(func(t *testing.T, seed uint64) { compareLevels(t, wild(t, seed)) })
}
