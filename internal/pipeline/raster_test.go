package pipeline

import (
	"context"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// field is a raster of samples that are given as numbers.
func field(f raster.Format, at func(band, x, y int) float64) *raster.Memory {
	m, err := raster.NewMemory(f)
	if err != nil {
		panic(err)
	}
	b := m.View(f.Bounds())
	row := make([]float64, f.Width)
	for i := range f.Bands {
		for y := range f.Height {
			for x := range row {
				row[x] = at(i, x, y)
			}
			storeNumbers(b, i, y, row)
		}
	}
	return m
}

// terrain is a surface of some noise.
func terrain(r *rand.Rand, x, y int) float64 {
	return 300*math.Sin(float64(x)/40)*math.Cos(float64(y)/55) + float64(x+y)/3 + r.Float64()
}

// fields are rasters of every type, with what DEMs and imagery have.
func fields() map[string]*raster.Memory {
	out := map[string]*raster.Memory{}
	r := rand.New(rand.NewPCG(4, 4))
	none := func(v float64) *float64 { return &v }
	format := func(t raster.Type, w, h int, bands ...raster.Band) raster.Format {
		return raster.Format{Width: w, Height: h, Type: t, Bands: bands}
	}
	hole := func(x, y int) bool { return (x-60)*(x-60)+(y-40)*(y-40) < 900 || x+2*y > 300 }
	for _, t := range []raster.Type{raster.Uint8, raster.Uint16, raster.Uint32, raster.Int8, raster.Int16, raster.Int32, raster.Float32, raster.Float64} {
		t := t
		limit := func(v float64) float64 {
			if t.Float() {
				return v
			}
			least := 0.0
			if t.Signed() {
				least = -float64(t.Max()) - 1
			}
			return math.Floor(min(max(v, least), float64(t.Max())))
		}
		out[t.String()+", data"] = field(format(t, 150, 130, raster.Band{}), func(_, x, y int) float64 { return limit(terrain(r, x, y)) })
		out[t.String()+", no data"] = field(format(t, 150, 130, raster.Band{NoData: none(limit(-9999))}), func(_, x, y int) float64 {
			if hole(x, y) {
				return limit(-9999)
			}
			return limit(terrain(r, x, y))
		})
		out[t.String()+", six bands"] = field(format(t, 90, 70, make([]raster.Band, 6)...), func(b, x, y int) float64 { return limit(terrain(r, x*(1+b/4), y) + float64(b)) })
		out[t.String()+", any"] = field(format(t, 70, 40, raster.Band{}), func(_, x, y int) float64 { return limit((r.Float64() - 0.5) * float64(min(t.Max(), 1<<40)+1<<20) * 2) })
		out[t.String()+", tiny"] = field(format(t, 3, 2, raster.Band{}, raster.Band{NoData: none(1)}), func(b, x, y int) float64 { return float64(x + y + b) })
		out[t.String()+", nothing"] = field(format(t, 40, 30, raster.Band{NoData: none(5)}), func(int, int, int) float64 { return 5 })
	}
	for _, t := range []raster.Type{raster.Float32, raster.Float64} {
		out[t.String()+", centimetres"] = field(format(t, 150, 130, raster.Band{NoData: none(math.NaN())}), func(_, x, y int) float64 {
			if hole(x, y) {
				return math.NaN()
			}
			return math.Round(terrain(r, x, y)*100) / 100
		})
		out[t.String()+", sea"] = field(format(t, 200, 130, raster.Band{}), func(_, x, y int) float64 { return max(terrain(r, x, y), 0) })
		out[t.String()+", special"] = field(format(t, 80, 60, raster.Band{}), func(_, x, y int) float64 {
			switch r.IntN(20) {
			case 0:
				return math.Inf(1 - 2*r.IntN(2))
			case 1:
				return math.NaN()
			case 2:
				return math.Copysign(0, -1)
			case 3:
				return math.Ldexp(r.Float64(), r.IntN(100)-50)
			}
			return terrain(r, x, y)
		})
	}
	rgb := format(raster.Uint16, 120, 100, raster.Bands(raster.Red, raster.Green, raster.Blue)...)
	for i := range rgb.Bands {
		rgb.Bands[i].NoData = none(0)
	}
	out["colours of 16 bits, no data"] = field(rgb, func(b, x, y int) float64 {
		if hole(x, y) {
			return 0
		}
		return math.Floor(4000 + terrain(r, x, y) + float64(40*b))
	})
	blocks := format(raster.Uint16, 200, 180, raster.Band{NoData: none(1)})
	out["blocks, no data"] = field(blocks, func(_, x, y int) float64 { return float64(1 + 37*((x/9+y/7)%5)*((x/30)%2)) })
	return out
}

// codeField writes a raster and opens the file.
func codeField(t *testing.T, name string, src *raster.Memory, promise int64, effort engine.Effort) ([]byte, *Reader) {
	t.Helper()
	p := engine.Params{Bound: engine.Max, T: promise, Effort: effort}
	enc, err := Choose(context.Background(), p, src, env(2, 1<<30))
	require.NoError(t, err, name)
	data := write(t, name, enc, src, 2, 1<<30)
	return data, open(t, data, Options{Workers: 2})
}

// promiseOf is a promise about samples of a type, as engine.Params has it.
func promiseOf(t raster.Type, v float64) int64 {
	if t.Float() {
		return int64(math.Float64bits(v))
	}
	return int64(math.Ceil(v))
}

// TestRasters: samples of any type come back bit by bit without loss, and within a promise
// else, no data where it was and nowhere else; and every level is what its definition says.
func TestRasters(t *testing.T) {
	for name, src := range fields() {
		for _, effort := range []engine.Effort{1, 2, 4} {
			for _, v := range []float64{0, 0.01, 0.3, 7} {
				typ := src.Format().Type
				name := fmt.Sprintf("%s, effort %d, within %g", name, effort, v)
				promise := promiseOf(typ, v)
				data, r := codeField(t, name, src, promise, effort)
				got := block(t, r, src.Format().Bounds(), 0)
				requireWithin(t, name, src.View(src.Format().Bounds()), got, src.Format(), uint64(promise))
				require.NoError(t, r.Check(context.Background(), func(int64) {}), name)
				worst, err := r.Measure(context.Background(), src, func(int64) {})
				require.NoError(t, err, name)
				for i, w := range worst {
					require.Equal(t, r.file.(interface{ Worst() []uint64 }).Worst()[i], w, "%s: band %d", name, i)
				}
				requireLevels(t, name, r, got)
				_ = data
			}
		}
	}
}

func requireWithin(t *testing.T, name string, want, got *raster.Block, f *raster.Format, promise uint64) {
	t.Helper()
	a, b := make([]uint64, f.Width), make([]uint64, f.Width)
	for i := range f.Bands {
		none, has := uint64(0), false
		if n := f.Bands[i].NoData; n != nil {
			none, has = sample.WordOf(f.Type, *n)
		}
		for y := range f.Height {
			sample.Words(a, want, i, y)
			sample.Words(b, got, i, y)
			for x := range a {
				if sample.Special(f.Type, a[x]) || has && (a[x] == none || b[x] == none) || promise == 0 {
					require.Equal(t, a[x], b[x], "%s: band %d x %d y %d: sample %v", name, i, x, y, want.At(i, x, y))
				}
				require.LessOrEqual(t, sample.Distance(f.Type, a[x], b[x]), promise, "%s: band %d x %d y %d: %v, expected %v", name, i, x, y, got.At(i, x, y), want.At(i, x, y))
			}
		}
	}
}

// requireLevels holds levels against means that are taken naively of the level before.
func requireLevels(t *testing.T, name string, r *Reader, whole *raster.Block) {
	t.Helper()
	f := &r.plan.Format
	three := block(t, r, image.Rectangle{Max: r.Size(3)}, 3)
	for level, c := range map[int]struct {
		of    *raster.Block
		shift int
	}{1: {whole, 1}, 2: {whole, 2}, 4: {three, 1}, 6: {three, 3}} {
		if level > 6 {
			continue
		}
		got := block(t, r, image.Rectangle{Max: r.Size(level)}, level)
		for i := range f.Bands {
			for y := range got.Rect.Dy() {
				for x := range got.Rect.Dx() {
					want := naiveMean(f, c.of, i, x, y, c.shift)
					if v := got.At(i, x, y); v != want && !(math.IsNaN(v) && math.IsNaN(want)) {
						t.Fatalf("%s: level %d band %d x %d y %d: %v, expected %v", name, level, i, x, y, v, want)
					}
				}
			}
		}
	}
	// Level 3 has no data just where no sample has any.
	for i := range f.Bands {
		valid := func(v float64) bool {
			n := f.Bands[i].NoData
			return !math.IsNaN(v) && !math.IsInf(v, 0) && (n == nil || v != *n)
		}
		for y := range three.Rect.Dy() {
			for x := range three.Rect.Dx() {
				any := false
				for v := range 64 {
					p := image.Pt(8*x+v%8, 8*y+v/8)
					any = any || p.In(whole.Rect) && valid(whole.At(i, p.X, p.Y))
				}
				require.Equal(t, any, valid(three.At(i, x, y)), "%s: level 3 band %d x %d y %d: %v", name, i, x, y, three.At(i, x, y))
			}
		}
	}
}

func naiveMean(f *raster.Format, of *raster.Block, band, x, y, shift int) float64 {
	sum, n, none := 0.0, 0.0, f.Bands[band].NoData
	for j := y << shift; j < min((y+1)<<shift, of.Rect.Max.Y); j++ {
		for i := x << shift; i < min((x+1)<<shift, of.Rect.Max.X); i++ {
			v := of.At(band, i, j)
			if !math.IsNaN(v) && !math.IsInf(v, 0) && (none == nil || v != *none) {
				sum += v
				n++
			}
		}
	}
	if n == 0 {
		return of.At(band, x<<shift, y<<shift)
	}
	switch f.Type {
	case raster.Float32:
		return float64(float32(sum / n))
	case raster.Float64:
		return sum / n
	}
	if v := math.Floor(sum/n + 0.5); none == nil || v != *none {
		return v
	}
	return *none + 1
}
