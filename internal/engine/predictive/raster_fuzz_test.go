package predictive

import (
	"bytes"
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// rasterEnv is what an engine works with in tests.
func rasterEnv() *engine.Env {
	return &engine.Env{Workers: 1, Memory: 1 << 30, Took: func(string, time.Duration) {}}
}

// codedRaster is a raster of a type as its bits make it, coded in one tile: the plan and the
// segments.
func codedRaster(t testing.TB, typ raster.Type, bands int, promise int64, at func(band, x, y int) uint64) (*engine.Plan, *engine.Tile, *raster.Block) {
	none := 7.0
	f := raster.Format{Width: 40, Height: 30, Type: typ, Bands: make([]raster.Band, bands)}
	f.Bands[0].NoData = &none
	m, err := raster.NewMemory(f)
	require.NoError(t, err)
	all, words := m.View(f.Bounds()), make([]uint64, f.Width)
	for i := range bands {
		for y := range f.Height {
			for x := range words {
				words[x] = at(i, x, y)
			}
			sample.SetWords(all, i, y, words)
		}
	}
	p := engine.Params{Format: f, Bound: engine.Max, T: promise, Effort: EffortFitted}
	e, err := Engine{}.Train(context.Background(), p, m, rasterEnv())
	require.NoError(t, err)
	s, err := e.Slab(context.Background(), all)
	require.NoError(t, err)
	tile, err := e.Encode(context.Background(), s, 0, nil)
	require.NoError(t, err)
	return e.Plan(), tile, all
}

// slope is a slope with a hole, of words of a type.
func slope(typ raster.Type) func(band, x, y int) uint64 {
	return func(b, x, y int) uint64 {
		v := 20 + float64(x)/2 + float64(b*y) + float64((x*y)%5)/8
		if x > 10 && x < 30 && y > 4 && y < 22 {
			v = 7
		}
		switch typ {
		case raster.Float32:
			return uint64(math.Float32bits(float32(v)))
		case raster.Float64:
			return math.Float64bits(v * 1.1)
		}
		return uint64(v)
	}
}

// fuzzedTypes are types of all ways into numbers.
var fuzzedTypes = []raster.Type{raster.Uint8, raster.Int16, raster.Uint32, raster.Float32, raster.Float64}

// FuzzRasterPlan: what describes bands is an error, or comes again from what was read of it.
func FuzzRasterPlan(f *testing.F) {
	for _, typ := range fuzzedTypes {
		plan, _, _ := codedRaster(f, typ, 2, 0, slope(typ))
		f.Add(byte(typ), byte(2), plan.Payload[1:])
	}
	f.Fuzz(func(t *testing.T, typ, bands byte, p []byte) {
		kind := raster.Uint8 + raster.Type(typ%8)
		r, rest, err := parseRaster(p, kind, 1+int(bands%8))
		if err != nil {
			return
		}
		require.Equal(t, p[:len(p)-len(rest)], r.append(nil))
		placed := map[int]bool{-1: true}
		for _, b := range r.order {
			require.True(t, placed[r.bands[b].parent] && !placed[b], "band %d of %v", b, r.order)
			placed[b] = true
		}
		require.Len(t, placed, len(r.bands)+1)
	})
}

// FuzzRasterTile: any bytes decode to a block, at both levels, or to an error.
func FuzzRasterTile(f *testing.F) {
	type coded struct {
		plan *engine.Plan
		dec  *decoder
	}
	plans := map[int]coded{}
	add := func(typ raster.Type, bands int, promise int64) {
		plan, tile, _ := codedRaster(f, typ, bands, promise, slope(typ))
		dec, err := newDecoder(plan)
		require.NoError(f, err)
		plans[len(plans)] = coded{plan, dec}
		f.Add(byte(len(plans)-1), tile.Overview, tile.Detail)
	}
	for _, typ := range fuzzedTypes {
		promise := int64(1)
		if typ.Float() {
			promise = int64(math.Float64bits(0.25))
		}
		add(typ, 1, 0)
		add(typ, 3, 0)
		add(typ, 2, promise)
	}
	f.Fuzz(func(t *testing.T, which byte, front, body []byte) {
		c := plans[int(which)%len(plans)]
		s := engine.Segments{Overview: front, Detail: body}
		least, _ := c.dec.Least(0, front)
		require.LessOrEqual(t, least, int64(3))
		for _, level := range []int{0, engine.OverviewLevel} {
			_ = c.dec.Check(0, s, level)
		}
		b := raster.NewBlock(c.plan.Format.Bounds(), c.plan.Format.Type, len(c.plan.Format.Bands))
		c.dec.Window(b, 0, nil).Conceal(0, front)
	})
}

// TestManyClasses: a tile of the last of many classes says so.
func TestManyClasses(t *testing.T) {
	r := &rasterPlan{kind: raster.Float32, bands: []band{{mapping: sample.Mapping{Kind: sample.Ordered}, parent: -1}}}
	for i := range uint64(200) {
		r.bands[0].classes = append(r.bands[0].classes, class{0x7FC00000 + i, true})
	}
	require.NoError(t, r.arrange())
	f := Format{Channels: 1}
	head := &tileHead{8, 8, []planeHead{{state: everywhere, class: 200}}}
	front, body := head.append(nil, nil)
	back, rest, _, err := f.parseHead(r, front, body, 8, 8, true)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Equal(t, bytes.Repeat([]byte{200}, 64), back.planes[0].classes)
}

// TestRemaindersOfRanks: lengths of remainders follow from numbers where ranks are coded.
func TestRemaindersOfRanks(t *testing.T) {
	shades := func(_, x, y int) uint64 { return math.Float64bits(1000 / float64(3+(x/4*y/3)%11)) }
	plan, tile, want := codedRaster(t, raster.Float64, 1, 0, shades)
	dec, err := newDecoder(plan)
	require.NoError(t, err)
	require.Equal(t, sample.Fixed, dec.raster.plan.bands[0].mapping.Kind)
	require.NotNil(t, dec.engine.format.Values[0])
	worst, err := dec.Measure(context.Background(), 0, tile.Segments, want)
	require.NoError(t, err)
	require.Zero(t, worst[0])
}

// TestValuesOfAnySign: lists of values of 32 bits may begin with any.
func TestValuesOfAnySign(t *testing.T) {
	for _, first := range []int64{math.MinInt32, -1, 0, math.MaxInt32 - 5} {
		values := Values{int32(first), int32(first + 5)}
		f := &Format{Channels: 1, Depth: 32, Values: []Values{values}, Lanes: []Lanes{{Wide: true, Parent: -1}}}
		payload := DefaultModel(f).ChooseTables(nil, f).Payload
		got := *f
		_, _, err := parsePayload(payload, &got)
		require.NoError(t, err)
		require.Equal(t, []Values{values}, got.Values)
	}
}
