package sample

import (
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/raster"
)

// TestBound: the bound is the largest with which every lane within it, and what stands for
// no data, keeps the promise, by trying all.
func TestBound(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, typ := range []raster.Type{raster.Uint8, raster.Int16, raster.Int32, raster.Float32, raster.Float64} {
		m := Mapping{}
		if typ.Float() {
			m = Mapping{Kind: Scaled, N: 1, D: 100}
		}
		for range 60 {
			w := 12
			b := raster.NewBlock(image.Rect(0, 0, w, 1), typ, 1)
			words := make([]uint64, w)
			lanes := make([]int32, w)
			mask := make([]byte, w)
			near := int32(r.IntN(60))
			for i := range words {
				lanes[i] = near + int32(r.IntN(20))
				words[i] = m.Word(typ, lanes[i])
				mask[i] = byte(r.IntN(5) / 4)
			}
			SetWords(b, 0, 0, words)
			none := []uint64{m.Word(typ, near+int32(r.IntN(24))-2), m.Word(typ, near+int32(r.IntN(24))-2)}
			subs := Substitutes(typ, none)
			promise := uint64(r.IntN(12))
			if typ.Float() {
				promise = math.Float64bits(r.Float64() / 8)
			}
			most := int32(r.IntN(16))
			want := most
			for ; want >= 0 && !everyLaneHolds(m, typ, lanes, mask, words, want, promise, subs); want-- {
			}
			require.Equal(t, want, m.Bound(lanes, mask, b, 0, 0, most, promise, subs), "%v: at most %d, promise %v, no data %v", typ, most, promise, none)
		}
	}
}

// everyLaneHolds tries every lane within a bound of each.
func everyLaneHolds(m Mapping, t raster.Type, lanes []int32, mask []byte, words []uint64, bound int32, promise uint64, subs []Substitute) bool {
	for i, lane := range lanes {
		if mask[i] != 0 {
			continue
		}
		for d := -bound; d <= bound; d++ {
			word := []uint64{m.Word(t, lane+d)}
			Replace(word, subs)
			if Distance(t, word[0], words[i]) > promise {
				return false
			}
		}
	}
	return true
}

// TestSubstitutes: what stands for no data is the next sample that is none, above or, at
// the end of the range, below.
func TestSubstitutes(t *testing.T) {
	minus := func(v int64) uint64 { return uint64(v) }
	single := func(v float64) uint64 { return uint64(math.Float32bits(float32(v))) }
	for _, c := range []struct {
		t     raster.Type
		words []uint64
		want  []Substitute
	}{
		{raster.Uint8, []uint64{0}, []Substitute{{0, 1}}},
		{raster.Uint8, []uint64{255}, []Substitute{{255, 254}}},
		{raster.Uint8, []uint64{4, 5}, []Substitute{{4, 6}, {5, 6}}},
		{raster.Uint8, []uint64{254, 255}, []Substitute{{254, 253}, {255, 253}}},
		{raster.Int16, []uint64{minus(-1)}, []Substitute{{minus(-1), 0}}},
		{raster.Int32, []uint64{minus(math.MinInt32)}, []Substitute{{minus(math.MinInt32), minus(math.MinInt32 + 1)}}},
		{raster.Float32, []uint64{single(1.5)}, []Substitute{{single(1.5), single(1.5) + 1}}},
		{raster.Float32, []uint64{single(-9999)}, []Substitute{{single(-9999), single(-9999) - 1}}},
		{raster.Float32, []uint64{0}, []Substitute{{0, 1}}},
		{raster.Float32, []uint64{1<<31 | 1}, []Substitute{{1<<31 | 1, 0}}},
		{raster.Float32, []uint64{single(math.MaxFloat32)}, []Substitute{{single(math.MaxFloat32), single(math.MaxFloat32) - 1}}},
		{raster.Float32, []uint64{single(-math.MaxFloat32)}, []Substitute{{single(-math.MaxFloat32), single(-math.MaxFloat32) - 1}}},
		{raster.Float64, []uint64{math.Float64bits(math.NaN()), math.Float64bits(math.Inf(1))}, nil},
	} {
		require.Equal(t, c.want, Substitutes(c.t, c.words), "%v, %x", c.t, c.words)
	}
}

// TestDistance: distances are in the order of their numbers.
func TestDistance(t *testing.T) {
	bits := func(v float64) uint64 { return math.Float64bits(v) }
	require.EqualValues(t, 65535, Distance(raster.Int16, uint64(0xffffffffffff8000), 32767))
	require.Equal(t, bits(0.5), Distance(raster.Float64, bits(-0.25), bits(0.25)))
	nan := bits(math.NaN())
	require.Zero(t, Distance(raster.Float64, nan, nan))
	require.Greater(t, Distance(raster.Float64, nan, bits(1)), Distance(raster.Float64, bits(math.Inf(1)), bits(math.Inf(-1))))
}

// TestGrid: the promise has room for whole steps of the grid, and the bound nearly fills it.
func TestGrid(t *testing.T) {
	for _, promise := range []float64{1e-9, 0.001, 0.01, 1, 77, 1e12} {
		m, bound := Grid(Mapping{Kind: Ordered}, raster.Float32, math.Float64bits(promise))
		require.NoError(t, m.Validate(raster.Float32))
		step := math.Ldexp(1, m.E)
		require.LessOrEqual(t, (float64(bound)+0.5)*step, promise)
		require.Greater(t, (float64(bound)+1.5)*step, promise)
		require.GreaterOrEqual(t, bound, int32(gridSteps-1))
	}
	cm := Mapping{Kind: Scaled, N: 1, D: 100}
	m, bound := Grid(cm, raster.Float32, math.Float64bits(0.05))
	require.Equal(t, cm, m)
	require.EqualValues(t, 5, bound)
}

// TestLanes: each lane of some samples comes once.
func TestLanes(t *testing.T) {
	word := func(v float64) uint64 { return math.Float64bits(v) }
	words := []uint64{word(1.75), word(-3), word(1.5), word(2), word(math.NaN())}
	require.Equal(t, []int32{-3, 1, 2}, Mapping{Kind: Fixed}.Lanes(raster.Float64, words))
	require.Equal(t, []int32{0, 5}, Mapping{Offset: -3}.Lanes(raster.Int32, []uint64{2, ^uint64(2), 2}))
}
