package conformance

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/refdec"
)

// maker is codes that make symbols up and record them as segments, so that whatever the
// naive decoder makes of them can be held against the engine.
type maker struct {
	*rand.Rand
	runs     bool // of zeros in codes of bits, which make residuals that are large
	known    int  // codes of bits that are read before one is made up
	segments [][]byte
}

func (m *maker) Symbols(_ []byte, tables [][16]int, _ int) (refdec.Symbols, error) {
	spread := 9
	if len(tables) == refdec.LossyContexts {
		spread = 5
	}
	return &dice{maker: m, tables: tables, busy: m.IntN(257) >> m.IntN(spread)}, nil
}

func (m *maker) Bits(code []byte, least int) (refdec.Bits, error) {
	if m.known > 0 {
		m.known--
		return refdec.Stored.Bits(code, least)
	}
	d := &bitDice{maker: m, Coder: cm.NewEncoder(), busy: 256 >> (1 + m.IntN(8))}
	if m.runs {
		d.rare = 1 << (4 + m.IntN(9))
	}
	return d, nil
}

// dice are symbols that are made up.
type dice struct {
	*maker
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

func (d *dice) Raw(n int) int {
	v := d.IntN(1 << n)
	d.raw.Put(uint32(v), uint(n))
	return v
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
	*maker
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

// wild makes a valid file of symbols and tables that no encoder would choose:
// saturated coefficients, sums that wrap, small tiles.
func wild(t testing.TB, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	h := container.Header{
		Width: 1 + rng.IntN(100), Height: 1 + rng.IntN(100), Channels: 1 + rng.IntN(4), Depth: 8 + 8*rng.IntN(2),
		TileLog2: container.MinTileLog2 + rng.IntN(2), T: container.MaxT,
		Step: container.MinStep + rng.IntN(container.MaxStep-container.MinStep+1)>>rng.IntN(11),
	}
	if h.Channels >= 3 {
		h.Subsampling = container.Subsampling(rng.IntN(2))
	}
	h.Worst = make([]int, h.Channels)
	wildSamples(rng, &h)
	return fillTiles(t, &container.File{Header: h, Tables: wildTables(rng)}, func(f *refdec.File, tile int) (front, body []byte) {
		m := &maker{Rand: rng}
		require.NoError(t, f.ReadTile(m, tile, nil, nil, false))
		return m.segments[0], m.segments[1]
	})
}

// fillTiles writes a file of tiles that do makes.
func fillTiles(t testing.TB, f *container.File, do func(f *refdec.File, tile int) (front, body []byte)) []byte {
	naive, err := refdec.NewFile(header(&f.Header), f.Tables)
	require.NoError(t, err)
	across, down := f.Header.Grid()
	for i := range across * down {
		front, body := do(naive, i)
		f.Fronts, f.Bodies = append(f.Fronts, front), append(f.Bodies, body)
	}
	var b bytes.Buffer
	require.NoError(t, container.Write(&b, f))
	return b.Bytes()
}

// header is a header in the naive decoder's form.
func header(h *container.Header) refdec.Header {
	flags := 0
	for flag, is := range map[int]bool{refdec.Labels: h.Labels, refdec.Palette: h.Palette, refdec.Layered: h.Layered, refdec.Merged: h.Merged} {
		if is {
			flags |= flag
		}
	}
	return refdec.Header{
		Engine: refdec.Engine(h.Engine), Flags: flags, Width: h.Width, Height: h.Height, Channels: h.Channels,
		Alpha: int(h.Alpha), Depth: h.Depth, Maximum: h.Maximum, Subsampling: int(h.Subsampling), TileLog2: h.TileLog2,
		Bound: int(h.Bound), T: h.T, Step: h.Step, LargestErrors: h.Worst,
	}
}

// wildTables replaces tables at random.
func wildTables(rng *rand.Rand) []byte {
	if rng.IntN(2) == 0 {
		return nil
	}
	var w rans.BitWriter
	putWildTables(&w, rng, refdec.LossyContexts, refdec.LossyAlphabet)
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
func wildSamples(rng *rand.Rand, h *container.Header) {
	h.Maximum = 1<<h.Depth - 1
	if rng.IntN(3) == 0 {
		h.Maximum = max(2, 1<<(h.Depth-8)) + rng.IntN(1<<h.Depth-1-1<<(h.Depth-8))
	}
	if h.Channels%2 == 0 {
		h.Alpha = container.Alpha(rng.IntN(3))
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
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareLevels(t, wild(t, seed)) })
	}
}

func FuzzWildFiles(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compareLevels(t, wild(t, seed)) })
}
