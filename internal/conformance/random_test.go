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

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// dice is a source that makes its symbols up and records them, so that whatever
// the naive decoder makes of them can be held against the engine.
type dice struct {
	*rand.Rand
	busy   int // symbols other than 0 in 256
	sizes  func(context int) int
	tokens []rans.Token
	raw    rans.BitWriter
}

func (d *dice) symbol(context int) int {
	k := 0
	if d.IntN(256) < d.busy {
		k = d.IntN(d.sizes(context))
	}
	d.tokens = append(d.tokens, rans.MakeToken(context, k))
	return k
}

func (d *dice) bits(n int) int {
	v := d.IntN(1 << n)
	d.raw.Put(uint32(v), uint(n))
	return v
}

func (d *dice) expGolomb() uint32 {
	v := d.Uint32N(math.MaxUint32) >> d.IntN(32)
	d.raw.PutExpGolomb(v)
	return v
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
	f := &container.File{Header: h, Tables: wildTables(rng)}
	fillSegments(t, rng, f)
	var b bytes.Buffer
	require.NoError(t, container.Write(&b, f))
	return b.Bytes()
}

// wildTables replaces tables at random.
func wildTables(rng *rand.Rand) []byte {
	if rng.IntN(2) == 0 {
		return nil
	}
	var w rans.BitWriter
	putWildTables(&w, rng, nContexts, alphabet)
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

// fillSegments makes the segments of all tiles up.
func fillSegments(t testing.TB, rng *rand.Rand, f *container.File) {
	naive := fileOf(f)
	naive.makeUp(t, rng)
	f.Fronts, f.Bodies = naive.fronts, naive.bodies
}

// fileOf is a file without its tiles.
func fileOf(f *container.File) *file {
	h := &f.Header
	return &file{
		w: h.Width, h: h.Height, channels: h.Channels, alpha: int(h.Alpha), depth: h.Depth, maximum: h.Maximum,
		step: h.Step, bound: h.T, sub420: h.Subsampling == container.S420, tileSide: 1 << h.TileLog2,
		labels: h.Labels, layered: h.Layered, merged: h.Merged, tabl: f.Tables,
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

// makeUp makes the segments of all tiles of a lossy file up.
func (f *file) makeUp(t testing.TB, rng *rand.Rand) {
	tables, err := readTables(universal(t), f.tabl)
	require.NoError(t, err)
	enc := encTable(tables)
	segment := func(tiles []tile, do func([]tile, source)) []byte {
		d := &dice{Rand: rng, busy: rng.IntN(257) >> rng.IntN(5), sizes: alphabet}
		do(tiles, d)
		return enc.AppendSegment(nil, d.tokens, &d.raw)
	}
	err = f.eachTile(f.planes(), func(_ int, tiles []tile) error {
		f.fronts = append(f.fronts, segment(tiles, f.readFronts))
		f.bodies = append(f.bodies, segment(tiles, f.readBodies))
		return nil
	})
	require.NoError(t, err)
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
