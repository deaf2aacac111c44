package pipeline

import (
	"context"
	"fmt"
	"image"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

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
		out[t.String()+", data"] = rastertest.Numbers(format(t, 150, 130, raster.Band{}), func(_, x, y int) float64 { return limit(terrain(r, x, y)) })
		out[t.String()+", no data"] = rastertest.Numbers(format(t, 150, 130, raster.Band{NoData: none(limit(-9999))}), func(_, x, y int) float64 {
			if hole(x, y) {
				return limit(-9999)
			}
			return limit(terrain(r, x, y))
		})
		out[t.String()+", six bands"] = rastertest.Numbers(format(t, 90, 70, make([]raster.Band, 6)...), func(b, x, y int) float64 { return limit(terrain(r, x*(1+b/4), y) + float64(b)) })
		out[t.String()+", any"] = rastertest.Numbers(format(t, 70, 40, raster.Band{}), func(_, x, y int) float64 { return limit((r.Float64() - 0.5) * float64(min(t.Max(), 1<<40)+1<<20) * 2) })
		out[t.String()+", tiny"] = rastertest.Numbers(format(t, 3, 2, raster.Band{}, raster.Band{NoData: none(1)}), func(b, x, y int) float64 { return float64(x + y + b) })
		out[t.String()+", nothing"] = rastertest.Numbers(format(t, 40, 30, raster.Band{NoData: none(5)}), func(int, int, int) float64 { return 5 })
	}
	for _, t := range []raster.Type{raster.Float32, raster.Float64} {
		out[t.String()+", centimetres"] = rastertest.Numbers(format(t, 150, 130, raster.Band{NoData: none(math.NaN())}), func(_, x, y int) float64 {
			if hole(x, y) {
				return math.NaN()
			}
			return math.Round(terrain(r, x, y)*100) / 100
		})
		out[t.String()+", sea"] = rastertest.Numbers(format(t, 200, 130, raster.Band{}), func(_, x, y int) float64 { return max(terrain(r, x, y), 0) })
		out[t.String()+", special"] = rastertest.Numbers(format(t, 80, 60, raster.Band{}), func(_, x, y int) float64 {
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
	out["colours of 16 bits, no data"] = rastertest.Numbers(rgb, func(b, x, y int) float64 {
		if hole(x, y) {
			return 0
		}
		return math.Floor(4000 + terrain(r, x, y) + float64(40*b))
	})
	pond := func(x, y int) bool { return x > 50 && x < 66 && y > 30 && y < 43 }
	for name, bands := range map[string][]raster.Band{
		"cells of no data": {{NoData: none(0)}}, "colours, cells of no data": rgb.Bands,
		"gray and alpha, no data": {{Role: raster.Gray, NoData: none(0)}, {Role: raster.Alpha}},
		"five bands and alpha":    raster.Bands(raster.Red, raster.Green, raster.Blue, raster.Data, raster.Alpha),
	} {
		out[name] = rastertest.Numbers(format(raster.Uint16, 130, 90, bands...), func(b, x, y int) float64 {
			if pond(x, y) && b == 0 || pond(x, y) && len(bands) == 3 {
				return 0
			}
			return math.Floor(6000 + 3*terrain(r, x, y) + float64(9*b))
		})
	}
	out["opacities below 0"] = rastertest.Numbers(format(raster.Int16, 60, 50, raster.Band{}, raster.Band{Role: raster.Alpha}), func(b, x, y int) float64 { return math.Floor(terrain(r, x, y)) * float64(1-2*(x%2)*b) })
	out["minus one and others"] = rastertest.Numbers(format(raster.Int32, 90, 80, raster.Band{}), func(_, x, y int) float64 {
		return []float64{-1, 70000, 123456789}[(x/4+y/5*x/7)%3]
	})
	out["few floats"] = rastertest.Numbers(format(raster.Float64, 90, 80, raster.Band{}), func(_, x, y int) float64 { return 1000 / float64(3+(x/4*y/3)%11) })
	out["no data that is no float32"] = rastertest.Numbers(format(raster.Float32, 70, 60, raster.Band{NoData: none(-9999.1)}), func(_, x, y int) float64 {
		if hole(x, y) {
			return -9999.1
		}
		return terrain(r, x, y)
	})
	blocks := format(raster.Uint16, 200, 180, raster.Band{NoData: none(1)})
	out["blocks, no data"] = rastertest.Numbers(blocks, func(_, x, y int) float64 { return float64(1 + 37*((x/9+y/7)%5)*((x/30)%2)) })
	return out
}

// codeField writes a raster and opens the file.
func codeField(t *testing.T, name string, src *raster.Memory, promise int64, effort engine.Effort) *Reader {
	t.Helper()
	p := engine.Params{Bound: engine.Max, T: promise, Effort: effort}
	c, err := Choose(context.Background(), p, nil, src, env(2, 1<<30))
	require.NoError(t, err, name)
	data := write(t, name, c.Encoder, src, 2, 1<<30)
	return open(t, data, Options{Workers: 2})
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
// Each raster is coded without loss and with some, and each effort, promise and raster of a
// kind meets the others in one type or another.
func TestRasters(t *testing.T) {
	all := fields()
	names, efforts := slices.Sorted(maps.Keys(all)), []engine.Effort{1, 2, 4}
	for i := 0; i < len(names); i += shorttest.Step() {
		name := names[i]
		requireCoded(t, name, all[name], 0, efforts[i%3])
		requireCoded(t, name, all[name], []float64{0.01, 0.3, 7}[i/2%3], efforts[(i/6+i)%3])
	}
}

// requireCoded codes a raster within v and holds the file against it.
func requireCoded(t *testing.T, name string, src *raster.Memory, v float64, effort engine.Effort) {
	t.Helper()
	f := src.Format()
	name = fmt.Sprintf("%s, effort %d, within %g", name, effort, v)
	promise := promiseOf(f.Type, v)
	r := codeField(t, name, src, promise, effort)
	got := block(t, r, f.Bounds(), 0)
	requireWithin(t, name, src.View(f.Bounds()), got, f, uint64(promise))
	require.NoError(t, r.Check(context.Background(), func(int64) {}), name)
	worst, err := r.Measure(context.Background(), src, func(int64) {})
	require.NoError(t, err, name)
	require.Equal(t, r.file.(interface{ Worst() []uint64 }).Worst(), worst, name)
	requireLevels(t, name, r, got)
}

func requireWithin(t *testing.T, name string, want, got *raster.Block, f *raster.Format, promise uint64) {
	t.Helper()
	a, b := make([]uint64, f.Width), make([]uint64, f.Width)
	for i := range f.Bands {
		none, has := sample.NoData(f, i)
		for y := range f.Height {
			sample.Words(a, want, i, y)
			sample.Words(b, got, i, y)
			for x := range a {
				exact := sample.Special(f.Type, a[x]) || has && (a[x] == none || b[x] == none) || promise == 0
				if exact && a[x] != b[x] || sample.Distance(f.Type, a[x], b[x]) > promise {
					t.Fatalf("%s: band %d x %d y %d: %v, expected %v (exactly: %t)", name, i, x, y, got.At(i, x, y), want.At(i, x, y), exact)
				}
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
		valid := func(v float64) bool { return isValid(f, i, v) }
		for y := range three.Rect.Dy() {
			for x := range three.Rect.Dx() {
				any := false
				for v := range 64 {
					p := image.Pt(8*x+v%8, 8*y+v/8)
					any = any || p.In(whole.Rect) && valid(whole.At(i, p.X, p.Y))
				}
				if v := three.At(i, x, y); any != valid(v) {
					t.Fatalf("%s: level 3 band %d x %d y %d: %v, expected some data: %t", name, i, x, y, v, any)
				}
			}
		}
	}
}

// isValid tells whether a sample counts in means.
func isValid(f *raster.Format, band int, v float64) bool {
	none := f.Bands[band].NoData
	if none != nil && f.Type == raster.Float32 {
		nearest := float64(float32(*none))
		none = &nearest
	}
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (none == nil || v != *none)
}

// alphaOf is what a pixel counts in means of other bands.
func alphaOf(f *raster.Format, of *raster.Block, band, x, y int) float64 {
	weight := 1.0
	for i := range f.Bands {
		if f.Bands[i].Role == raster.Alpha && f.Type <= raster.Uint32 && i != band {
			weight = of.At(i, x, y)
		}
	}
	return weight
}

func naiveMean(f *raster.Format, of *raster.Block, band, x, y, shift int) float64 {
	weighted, weights, sum, n := 0.0, 0.0, 0.0, 0.0
	for j := y << shift; j < min((y+1)<<shift, of.Rect.Max.Y); j++ {
		for i := x << shift; i < min((x+1)<<shift, of.Rect.Max.X); i++ {
			if v := of.At(band, i, j); isValid(f, band, v) {
				a := alphaOf(f, of, band, i, j)
				weighted, weights = weighted+float64(a*v), weights+a
				sum, n = sum+v, n+1
			}
		}
	}
	switch {
	case n == 0:
		return of.At(band, x<<shift, y<<shift)
	case weights > 0:
		sum, n = weighted, weights
	}
	v := sum / n
	switch f.Type {
	case raster.Float32:
		v = float64(float32(v))
	case raster.Float64:
	default:
		v = math.Floor(v + 0.5)
	}
	switch { // no field has floats whose mean is no data
	case isValid(f, band, v):
		return v
	case v < float64(f.Type.Max()):
		return v + 1
	}
	return v - 1
}

// TestSeaCountsInOverviews: a value that fills areas, and is a class, counts in means as
// others do.
func TestSeaCountsInOverviews(t *testing.T) {
	f := raster.Format{Width: 256, Height: 192, Type: raster.Float32, Bands: make([]raster.Band, 1)}
	r := rand.New(rand.NewPCG(9, 4))
	src := rastertest.Numbers(f, func(_, x, y int) float64 {
		if x < 100+y/3 {
			return 0
		}
		return 50 + terrain(r, x, y)/10
	})
	reader := codeField(t, "sea", src, 0, 2)
	got, all := block(t, reader, image.Rectangle{Max: reader.Size(3)}, 3), src.View(f.Bounds())
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			require.InDelta(t, naiveMean(&f, all, 0, x, y, 3), got.At(0, x, y), 0.1, "x %d y %d", x, y)
		}
	}
}
