package transform

import (
	"image"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// TestLevelKernel: levels of any bytes, as damaged files have them, with tables of every skewness, are the same with
// kernels and without, and leave the decoder in the same place.
func TestLevelKernel(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(21, 1))
	found := 0
	for round := range 2000 {
		tables := make([]rans.Freqs, allContexts)
		for ctx := range tables {
			var counts [rans.Symbols]uint64
			for s := range counts {
				counts[s] = uint64(rng.IntN(1<<12)) >> (rng.IntN(2+round%8) * s)
			}
			tables[ctx] = rans.Normalise(&counts, alphabet(ctx))
		}
		segment := make([]byte, 8+rng.IntN(700))
		for i := range segment {
			segment[i] = byte(rng.Uint32())
		}
		segment[1], segment[5] = segment[1]&0x7f|1, segment[5]&0x7f|1 // states within their limits
		lg := cellLog2 + rng.IntN(sizes)
		def := Plane{Chroma: round%3 == 0}
		of := plainSteps(MinStep + rng.IntN(MaxStep-MinStep))
		if round%2 > 0 {
			of = visualSteps(MinStep+rng.IntN(MaxStep-MinStep), def)
		}
		last := 1 + rng.IntN(groups-1)
		decode := func() (*synthesis, rans.Decoder) {
			cells := newCells(image.Rect(0, 0, maxN, maxN), of, def)
			plane := chroma.NewPlane(maxN, maxN)
			p := planeDecoder{
				decoder: &Decoder{tables: rans.NewDecTables(tables)}, scratch: new(DecoderScratch), src: new(rans.Decoder),
				cells: &cells, luma: &cells, def: def, dst: &plane,
			}
			require.NoError(t, p.src.Init(segment))
			n := node{lg: lg}
			p.scratch.synthesis.begin(p.cells, n)
			p.levels(n, last)
			return &p.scratch.synthesis, *p.src
		}
		got, gotAt := decode()
		var want *synthesis
		var wantAt rans.Decoder
		plainly(func() { want, wantAt = decode() })
		require.Equalf(t, want.coef, got.coef, "round %d: levels of a leaf of %d up to group %d", round, 1<<lg, last)
		require.Equalf(t, want.extent, got.extent, "round %d: extent", round)
		require.Equalf(t, wantAt, gotAt, "round %d: where the decoder stands", round)
		if got.extent.l1 > 0 {
			found++
		}
	}
	require.Greater(t, found, 1000, "leaves with levels")
}

// TestProducts: sums of products are the same with the kernel and without, of numbers of all sizes that coefficients have.
func TestProducts(t *testing.T) {
	requireKernels(t)
	rng := rand.New(rand.NewPCG(29, 18))
	for round := range 200 {
		n := 8 * (1 + rng.IntN(maxN*maxN/8))
		var all [2][]int32
		for i := range all {
			for range n {
				all[i] = append(all[i], int32(around(rng, 1<<rng.IntN(20))))
			}
		}
		both, first := products(all[0], all[1])
		plainly(func() {
			b, f := products(all[0], all[1])
			require.Equal(t, []int64{b, f}, []int64{both, first}, "round %d, %d numbers", round, n)
		})
	}
}
