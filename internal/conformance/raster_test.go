package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/masked"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// rasterVectors are files of samples of all types, with what DEMs and imagery have.
var rasterVectors = []vector{
	{"raster-uint8-none255-80x70", rasterFile(of(raster.Uint8, 80, 70, none(255)), lake(255, dunes(9)), 0, 2)},
	{"raster-uint8-none255-bound2-80x70", rasterFile(of(raster.Uint8, 80, 70, none(255)), lake(255, dunes(9)), 2, 2)},
	{"raster-uint8-cells-90x80", rasterFile(of(raster.Uint8, 90, 80, none(255)), pond(255, dunes(9)), 0, 2)},
	{"raster-uint8-rgb-none0-90x80", rasterFile(of(raster.Uint8, 90, 80, colours(0)...), lake(0, tinted), 0, 2)},
	{"raster-uint8-rgb-cells-90x80", rasterFile(of(raster.Uint8, 90, 80, colours(0)...), pond(0, tinted), 0, 2)},
	{"raster-slow-uint8-rgb-none0-70x60", rasterFile(of(raster.Uint8, 70, 60, colours(0)...), lake(0, tinted), 0, 4)},
	{"raster-uint8-graydata-patterns-130x75", rasterFile(of(raster.Uint8, 130, 75, raster.Band{Role: raster.Gray, NoData: number(1)}, raster.Band{Role: raster.Alpha}), steps(1), 0, 3)},
	{"raster-uint16-patterns-150x120", rasterFile(of(raster.Uint16, 150, 120, none(1)), steps(1), 0, 3)},
	{"raster-uint16-speckles-70x60", rasterFile(of(raster.Uint16, 70, 60, none(1)), speckles, 0, 3)},
	{"raster-uint16-values-none0-90x80", rasterFile(of(raster.Uint16, 90, 80, none(0)), lake(0, times(7, dunes(9))), 0, 2)},
	{"raster-int8-5bands-70x60", rasterFile(of(raster.Int8, 70, 60, make([]raster.Band, 5)...), shifted(-100, dunes(5)), 0, 2)},
	{"raster-int16-none-bound3-80x70", rasterFile(of(raster.Int16, 80, 70, none(-32768)), lake(-32768, shifted(-500, dunes(40))), 3, 2)},
	{"raster-int32-minus1-80x70", rasterFile(of(raster.Int32, 80, 70, raster.Band{}), minusOnes, 0, 2)},
	{"raster-int32-wide-60x50", rasterFile(of(raster.Int32, 60, 50, raster.Band{}), times(1e6, shifted(-500, dunes(900))), 0, 2)},
	{"raster-uint32-none-bound1000-60x50", rasterFile(of(raster.Uint32, 60, 50, none(math.MaxUint32)), lake(math.MaxUint32, times(1e5, dunes(90))), 1000, 2)},
	{"raster-uint16-nir-alpha-60x50", rasterFile(of(raster.Uint16, 60, 50, raster.Bands(raster.Red, raster.Green, raster.Blue, raster.Data, raster.Alpha)...), dunes(50), 0, 2)},
	{"raster-float32-centimetres-90x80", rasterFile(of(raster.Float32, 90, 80, none(math.NaN())), lake(math.NaN(), hundredths), 0, 2)},
	{"raster-float32-sea-90x80", rasterFile(of(raster.Float32, 90, 80, raster.Band{}), sea, 0, 2)},
	{"raster-float32-fixed-70x60", rasterFile(of(raster.Float32, 70, 60, none(-9999)), lake(-9999, rough), 0, 2)},
	{"raster-float32-fixed-values-80x70", rasterFile(of(raster.Float32, 80, 70, raster.Band{}), shades, 0, 2)},
	{"raster-float32-none-bound-70x60", rasterFile(of(raster.Float32, 70, 60, none(0)), lake(0, rough), promised(0.01), 2)},
	{"raster-float32-large-bound-70x60", rasterFile(of(raster.Float32, 70, 60, raster.Band{}), large, promised(4), 2)},
	{"raster-slow-float32-none-bound-60x50", rasterFile(of(raster.Float32, 60, 50, none(-9999)), lake(-9999, rough), promised(0.5), 4)},
	{"raster-slow-float32-6bands-40x50", rasterFile(of(raster.Float32, 40, 50, make([]raster.Band, 6)...), rough, 0, 4)},
	{"raster-float32-6bands-bound-50x40", rasterFile(of(raster.Float32, 50, 40, make([]raster.Band, 6)...), rough, promised(0.25), 2)},
	{"raster-float64-fixed-60x50", rasterFile(of(raster.Float64, 60, 50, none(-9999)), lake(-9999, rough), 0, 2)},
	{"raster-float64-bound-60x50", rasterFile(of(raster.Float64, 60, 50, raster.Band{}), rough, promised(0.001), 2)},
	{"raster-float32-special-60x50", specialFile(raster.Float32, 0)},
	{"raster-float64-special-60x50", specialFile(raster.Float64, 0)},
	{"raster-float64-special-bound-60x50", specialFile(raster.Float64, promised(0.1))},
	{"raster-float32-any-40x30", anyFile(raster.Float32)},
	{"raster-float64-any-40x30", anyFile(raster.Float64)},
	{"raster-uint32-any-40x30", anyFile(raster.Uint32)},
	{"raster-tiles-ordered-130x140", tiledFile(of(raster.Float32, 130, 140, none(-1)), ordered, 0)},
	{"raster-tiles-bounds-130x140", tiledFile(of(raster.Float32, 130, 140, none(-1)), growing, promised(0.02))},
	{"raster-tiles-plain-100x140", tiledFile(of(raster.Int16, 100, 140, none(-1)), later, 0)},
	{"raster-groups-float32-130x200", groupedRaster(of(raster.Float32, 130, 200, none(-9999)), lake(-9999, hundredths), 0)},
	{"raster-groups-uint8-rgb-130x200", groupedRaster(of(raster.Uint8, 130, 200, colours(0)...), lake(0, tinted), 0)},
	{"raster-one-sample-1x1", rasterFile(of(raster.Float64, 1, 1, none(7)), func(int, int, int) float64 { return 7 }, 0, 2)},
	{"masked-rgb-90x80", maskedFile(of(raster.Uint8, 90, 80, colours(0)...), lake(0, tinted), engine.Params{T: 8 * engine.ErrorUnit})},
	{"masked-visual-rgb-90x80", maskedFile(of(raster.Uint8, 90, 80, colours(0)...), lake(0, tinted), engine.Params{T: 8 * engine.ErrorUnit, Tune: engine.Visual})},
	{"masked-gray16-80x70", maskedFile(of(raster.Uint16, 80, 70, raster.Band{Role: raster.Gray, NoData: number(300)}), lake(300, times(30, dunes(9))), engine.Params{T: 3 * engine.ErrorUnit})},
	{"masked-layered-rgb-150x130", maskedFile(of(raster.Uint8, 150, 130, colours(255)...), lake(255, tinted), engine.Params{Bound: engine.Max, T: 9})},
	{"mask-rgb-90x80", maskedFile(of(raster.Uint8, 90, 80, beside(raster.Red, raster.Green, raster.Blue)...), holes(3, 255, tinted), engine.Params{T: 8 * engine.ErrorUnit})},
	{"mask-layered-rgb-150x130", maskedFile(of(raster.Uint8, 150, 130, beside(raster.Red, raster.Green, raster.Blue)...), holes(3, 255, tinted), engine.Params{Bound: engine.Max, T: 9})},
	{"mask-rgb-lossless-90x80", rasterFile(of(raster.Uint8, 90, 80, beside(raster.Red, raster.Green, raster.Blue)...), holes(3, 255, tinted), 0, 2)},
	{"mask-int16-bound3-90x80", rasterFile(of(raster.Int16, 90, 80, beside(raster.Data)...), holes(1, 32767, shifted(-500, dunes(40))), 3, 2)},
	{"mask-float32-90x80", rasterFile(of(raster.Float32, 90, 80, beside(raster.Data, raster.Data)...), holes(2, 1, hundredths), 0, 2)},
	{"mask-float64-bound-90x80", rasterFile(of(raster.Float64, 90, 80, beside(raster.Data)...), holes(1, 1, rough), promised(0.25), 2)},
	{"raster-merged3-rgb-none90-90x80", mergedFile(of(raster.Uint8, 90, 80, colours(90)...), lake(90, tinted), 3)},
	{"raster-merged6-gray16-mask-90x80", mergedFile(of(raster.Uint16, 90, 80, beside(raster.Gray)...), holes(1, 65535, times(3, dunes(40))), 6)},
	{"raster-uint8-rgb-strays-90x80", rasterFile(of(raster.Uint8, 90, 80, colours(0)...), strays(0, lake(0, tinted)), 0, 2)},
	{"raster-uint8-rgb-first-cells-90x80", rasterFile(of(raster.Uint8, 90, 80, colours(0)...), puddles(0, 0, lake(0, tinted)), 0, 2)},
	{"raster-uint8-rgb-last-cells-90x80", rasterFile(of(raster.Uint8, 90, 80, colours(0)...), puddles(0, 2, lake(0, tinted)), 0, 2)},
	{"wild-masks-5", func(t *testing.T) []byte { return wildMasks(t, 5) }},
	{"wild-masks-8", func(t *testing.T) []byte { return wildMasks(t, 8) }},
	{"wild-raster-1", func(t *testing.T) []byte { return wildRaster(t, 1) }},
	{"wild-raster-13", func(t *testing.T) []byte { return wildRaster(t, 13) }},
	{"wild-raster-27", func(t *testing.T) []byte { return wildRaster(t, 27) }},
}

func number(v float64) *float64 { return &v }

// none is a band of measurements with a sample of no data.
func none(v float64) raster.Band { return raster.Band{NoData: number(v)} }

// beside are bands and a mask, which is the last.
func beside(roles ...raster.Role) []raster.Band {
	return append(raster.Bands(roles...), raster.Band{Role: raster.Alpha, NoData: number(0)})
}

// holes are a surface of n bands and a mask that is full where these count.
func holes(n int, full float64, of surface) surface {
	return func(b, x, y int) float64 {
		mask := b == n
		counts := (x/19+y/13)%3 > 0 && noise(9, x, y) > 0.05
		switch {
		case mask && counts:
			return full
		case mask:
			return 0
		}
		return of(b, x, y)
	}
}

// colours are bands of colour with a sample of no data.
func colours(v float64) []raster.Band {
	bands := raster.Bands(raster.Red, raster.Green, raster.Blue)
	for i := range bands {
		bands[i].NoData = number(v)
	}
	return bands
}

func of(t raster.Type, w, h int, bands ...raster.Band) raster.Format {
	return raster.Format{Width: w, Height: h, Type: t, Bands: bands}
}

// promised is a promise about floats, as plans have it.
func promised(v float64) int64 { return int64(math.Float64bits(v)) }

// surface gives the samples of a raster as numbers, which are rounded down for integers.
type surface = func(band, x, y int) float64

// noise is a number of 0 to 1 that looks like chance.
func noise(band, x, y int) float64 {
	h := uint32(band*7919+x*104729+y*1299709) * 2654435761
	h ^= h >> 15
	h *= 2246822519
	return float64((h^h>>13)&0xFFFFFF) / (1 << 24)
}

// dunes are slopes of whole numbers with noise.
func dunes(noisy float64) surface {
	return func(b, x, y int) float64 {
		return math.Floor(60 + float64(x) + float64(y*y)/90 + float64(7*b) + noisy*noise(b, x, y))
	}
}

// tinted are colours that are much alike.
func tinted(b, x, y int) float64 {
	return dunes(20)(0, x, y) + float64(b)*float64(x)/30 + math.Floor(2*noise(b, x, y))
}

// rough are slopes of numbers of many bits.
func rough(b, x, y int) float64 {
	return 100 + float64(x*x)/7 - float64(y)/3 + float64(b) + noise(b/2, x, y)/2 + noise(b, y, x)/1e6
}

func hundredths(_, x, y int) float64 { return math.Round(rough(0, x, y)*100) / 100 }

func sea(_, x, y int) float64 { return max(rough(0, x, y)-700, 0) }

// shades are few numbers of many bits.
func shades(_, x, y int) float64 { return 1000 / float64(3+(x/9*y/7)%11) }

// large are numbers of which floats are as far apart as a promise.
func large(_, x, y int) float64 { return 1e7 + 1e5*float64(x) + 37*float64(y) + 90*noise(0, x, y) }

// growing have tiles of which floats are farther and farther apart.
func growing(_, x, y int) float64 { return rough(0, x, y) * math.Ldexp(1, 6*(y/64)) }

// ordered are hundredths in the first rows, and thirds below.
func ordered(_, x, y int) float64 {
	switch {
	case x > 64 && y > 64 && y < 128:
		return -1
	case y < 64:
		return hundredths(0, x, y)
	}
	return rough(0, x, y) / 3
}

// later are multiples of 3 in the first rows.
func later(_, x, y int) float64 {
	if v := dunes(30)(0, x, y); y >= 64 {
		return v
	} else {
		return 3 * math.Floor(v/3)
	}
}

func minusOnes(_, x, y int) float64 {
	return []float64{-1, 70000, 123456789, 2000000000, 5}[int(9*noise(0, x/3, y/2))%5]
}

// steps have areas of few numbers, of which some are no data.
func steps(none float64) surface {
	return func(b, x, y int) float64 { return none + float64(37*((x/9+y/7+b)%5)*((x/30)%2)) }
}

// speckles are few numbers in no order.
func speckles(_, x, y int) float64 { return 1 + 1000*math.Floor(3*noise(0, x, y)) }

func times(n float64, s surface) surface {
	return func(b, x, y int) float64 { return n * s(b, x, y) }
}

func shifted(by float64, s surface) surface {
	return func(b, x, y int) float64 { return s(b, x, y) + by }
}

// lake is no data in an area, and beyond a slanted edge.
func lake(v float64, s surface) surface {
	return func(b, x, y int) float64 {
		if (x-30)*(x-30)+(y-25)*(y-25) < 300 || x+3*y > 250 {
			return v
		}
		return s(b, x, y)
	}
}

// pond is no data in a few cells.
func pond(v float64, s surface) surface {
	return func(b, x, y int) float64 {
		if x >= 30 && x < 43 && y >= 15 && y < 32 {
			return v
		}
		return s(b, x, y)
	}
}

func rasterFile(f raster.Format, s surface, promise int64, effort engine.Effort) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return coded(t, rastertest.Numbers(f, s), promise, effort) }
}

// coded is the file of a raster.
func coded(t testing.TB, src *raster.Memory, promise int64, effort engine.Effort) []byte {
	ctx, env := context.Background(), environment()
	c, err := pipeline.Choose(ctx, engine.Params{Bound: engine.Max, T: promise, Effort: effort}, nil, src, env)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = pipeline.Write(ctx, &b, c.Encoder, src, &pipeline.Job{Env: env})
	require.NoError(t, err)
	return b.Bytes()
}

// maskedFile is a raster of an engine that knows of no data.
func maskedFile(f raster.Format, s surface, p engine.Params) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		ctx, env, src := context.Background(), environment(), rastertest.Numbers(f, s)
		e := masked.Engine{Engine: transform.Engine{}, Log2: transform.TileLog2}
		if p.Bound == engine.Max {
			e = masked.Engine{Engine: layered.Engine{}, Log2: layered.TileLog2}
		}
		p.Format = f
		require.NoError(t, e.Accepts(&p))
		enc, err := e.Train(ctx, p, src, env)
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = pipeline.Write(ctx, &b, enc, src, &pipeline.Job{Env: env})
		require.NoError(t, err)
		return b.Bytes()
	}
}

// strays are a surface of some bands of which single samples have no data.
func strays(none float64, of surface) surface {
	return func(b, x, y int) float64 {
		if x%17 == 5*b && y%13 == 4 {
			return none
		}
		return of(b, x, y)
	}
}

// puddles are a surface of which two cells have no data in one band alone.
func puddles(none float64, band int, of surface) surface {
	return func(b, x, y int) float64 {
		if b == band && x >= 48 && x < 64 && y >= 40 && y < 48 {
			return none
		}
		return of(b, x, y)
	}
}

// mergedFile is a raster some of whose values stand for others.
func mergedFile(f raster.Format, s surface, promise int64) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		ctx, env, src := context.Background(), environment(), rastertest.Numbers(f, s)
		p := engine.Params{Format: f, Bound: engine.Max, T: promise, Effort: predictive.EffortFitted}
		enc, err := predictive.Engine{Merge: true}.Train(ctx, p, src, env)
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = pipeline.Write(ctx, &b, enc, src, &pipeline.Job{Env: env})
		require.NoError(t, err)
		return b.Bytes()
	}
}

// specialFile has floats that are no numbers, of several kinds, infinite ones and zeros below
// 0 on a slope.
func specialFile(typ raster.Type, promise int64) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		m := rastertest.Numbers(of(typ, 60, 50, raster.Band{}), rough)
		change(m, func(x, y int, word uint64) uint64 {
			switch n := int(40 * noise(3, x/2, y/2)); {
			case n < 3:
				return sample.WordOf(typ, math.Inf(1-2*(n&1)))
			case n < 6:
				return sample.WordOf(typ, math.NaN()) + uint64(n)
			case n == 6:
				return sample.WordOf(typ, math.Copysign(0, -1))
			}
			return word
		})
		return coded(t, m, promise, 2)
	}
}

// anyFile has samples of any bits.
func anyFile(typ raster.Type) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		r := rand.New(rand.NewPCG(1, 9))
		m := rastertest.Numbers(of(typ, 40, 30, raster.Band{}), rough)
		change(m, func(x, y int, _ uint64) uint64 { return r.Uint64() >> (64 - 8*typ.Size()) })
		return coded(t, m, 0, 2)
	}
}

// change changes the words of the first band.
func change(m *raster.Memory, do func(x, y int, word uint64) uint64) {
	f := m.Format()
	all, words := m.View(f.Bounds()), make([]uint64, f.Width)
	for y := range f.Height {
		sample.Words(words, all, 0, y)
		for x, v := range words {
			words[x] = do(x, y, v)
		}
		sample.SetWords(all, 0, y, words)
	}
}

// tiledFile is a raster in tiles of 64 pixels, by the plan that is made of the first row of
// tiles.
func tiledFile(f raster.Format, s surface, promise int64) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return tiled(t, rastertest.Numbers(f, s), promise) }
}

func tiled(t testing.TB, src *raster.Memory, promise int64) []byte {
	ctx, env := context.Background(), environment()
	f := *src.Format()
	top := f
	top.Height = min(f.Height, 64)
	first, err := raster.InMemory(top, src.View(top.Bounds()))
	require.NoError(t, err)
	trained, err := pipeline.Choose(ctx, engine.Params{Bound: engine.Max, T: promise, Effort: predictive.EffortFitted}, nil, first, env)
	require.NoError(t, err)
	plan := *trained.Encoder.Plan()
	plan.Format, plan.TileLog2 = f, container.MinTileLog2
	enc, err := pipeline.NewEncoder(&plan, env)
	require.NoError(t, err)
	var b bytes.Buffer
	_, err = pipeline.Write(ctx, &b, enc, src, &pipeline.Job{Env: env})
	require.NoError(t, err)
	return b.Bytes()
}

func groupedRaster(f raster.Format, s surface, promise int64) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return grouped(t, tiled(t, rastertest.Numbers(f, s), promise)) }
}

// TestRasterVectorsCover: the vectors have each kind of mapping, each state of a plane and
// each mode.
func TestRasterVectorsCover(t *testing.T) {
	mappings, states, modes, parents, masks := map[byte]bool{}, map[uint64]bool{}, map[byte]bool{}, false, false
	for _, v := range rasterVectors {
		f, err := parse(readFile(t, filepath.Join(vectorDir, v.name+".qtg")))
		require.NoError(t, err, v.name)
		if !f.Has(refdec.Mapped) {
			masks = masks || f.Fronts[0][0] == 1
			continue
		}
		mappings[f.Payload[1]] = true
		for i := range f.NumBands() {
			parents = parents || f.Parent(i) >= 0 && f.NumBands() > 4
		}
		for _, front := range f.Fronts {
			modes[front[0]] = true
			for _, s := range statesOf(front, f.NumBands()) {
				states[s&7], states[s&^7] = true, true
			}
		}
	}
	for kind := range byte(4) {
		assert.True(t, mappings[kind], "no vector has a mapping of kind %d", kind)
	}
	for _, s := range []uint64{0, 1, 2, 3, 4, 5, 8, 16, 32} {
		assert.True(t, states[s], "no vector has state %d", s)
	}
	for _, m := range []byte{0, patternMode, wholeMode, slowMode} {
		assert.True(t, modes[m], "no vector has mode %d", m)
	}
	assert.True(t, modes[1] || modes[2] || modes[3] || modes[4] || modes[5] || modes[6] || modes[7] || modes[8] || modes[9], "no vector has a colour transform")
	assert.True(t, masks, "no vector has masks beside an engine that knows of none")
	assert.True(t, parents, "no vector has bands with parents")
}

// statesOf are the states of a front segment.
func statesOf(front []byte, n int) (states []uint64) {
	if front[0] == patternMode || front[0] == wholeMode || front[1] == 0 {
		return nil
	}
	p := front[2:]
	next := func() uint64 {
		v, n := binary.Uvarint(p)
		p = p[n:]
		return v
	}
	for range n {
		s := next()
		if states = append(states, s); s&7 == 3 {
			next()
		}
		if s&32 != 0 {
			next()
		}
	}
	return states
}
