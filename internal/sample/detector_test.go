package sample

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// floats is a block of floats, drawn from f.
func floats(t raster.Type, w, h int, f func(x, y int) float64) *raster.Block {
	b := raster.NewBlock(image.Rect(0, 0, w, h), t, 1)
	for y := range h {
		for x := range w {
			if t == raster.Float32 {
				raster.Row[float32](b, 0, y)[x] = float32(f(x, y))
			} else {
				raster.Row[float64](b, 0, y)[x] = f(x, y)
			}
		}
	}
	return b
}

// terrain is a smooth surface of −400 … 8800 with noise in its last digits.
func terrain(r *rand.Rand) func(x, y int) float64 {
	return func(x, y int) float64 {
		v := 4200 + 4500*math.Sin(float64(x)/40)*math.Cos(float64(y)/31) + 100*r.Float64()
		return v
	}
}

// multiples rounds to whole multiples of a step by f; the sum makes 0 of −0.
func multiples(at func(x, y int) float64, step float64, f func(k float64) float64) func(x, y int) float64 {
	return func(x, y int) float64 { return f(math.Round(at(x, y)/step) + 0) }
}

// holdsAll fails where a sample is not one of the mapping.
func holdsAll(t *testing.T, m Mapping, b *raster.Block, mask []byte) {
	require.NoError(t, m.Validate(b.Type))
	w := b.Rect.Dx()
	lanes, rem := make([]int32, w), make([]uint64, w)
	got := raster.NewBlock(b.Rect, b.Type, len(b.Planes))
	for y := range b.Rect.Dy() {
		var row []byte
		if mask != nil {
			row = mask[y*w:][:w]
		}
		require.True(t, m.Split(lanes, rem, row, b, 0, y), "%+v, row %d", m, y)
		m.Join(got, 0, y, lanes, rem)
		for x := range w {
			if row == nil || row[x] == 0 {
				a, b := got.At(0, x, y), b.At(0, x, y)
				require.True(t, a == b || a != a && b != b, "%+v, x %d, y %d: %v, expected %v", m, x, y, a, b)
			}
		}
	}
}

// TestDetect on grids of all sorts, and on what is none.
func TestDetect(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	dem := terrain(r)
	feet := float32(3.28)
	scaled := func(n, d uint64, e int) Mapping { return Mapping{Kind: Scaled, N: n, D: d, E: e} }
	const w, h = 300, 200
	both := []raster.Type{raster.Float32, raster.Float64}
	for name, c := range map[string]struct {
		types []raster.Type
		f     func(x, y int) float64
		want  Mapping
	}{
		"0.01":         {both, multiples(dem, 0.01, func(k float64) float64 { return k / 100 }), scaled(1, 100, 0)},
		"0.1":          {both, multiples(dem, 0.1, func(k float64) float64 { return k / 10 }), scaled(1, 10, 0)},
		"0.05":         {both, multiples(dem, 0.05, func(k float64) float64 { return k * 5 / 100 }), scaled(1, 20, 0)},
		"0.001":        {both[1:], multiples(dem, 0.001, func(k float64) float64 { return k / 1000 }), scaled(1, 1000, 0)},
		"1/128":        {both, multiples(dem, 1./128, func(k float64) float64 { return k / 128 }), scaled(1, 1, -7)},
		"integers":     {both, multiples(dem, 1, func(k float64) float64 { return k }), scaled(1, 1, 0)},
		"tens":         {both, multiples(dem, 10, func(k float64) float64 { return k * 10 }), scaled(5, 1, 1)},
		"3.28":         {both[:1], multiples(dem, 3.28, func(k float64) float64 { return float64(float32(float64(feet) * k)) }), scaled(13757317, 1, -22)},
		"3.28f in f64": {both[1:], multiples(dem, 3.28, func(k float64) float64 { return float64(feet) * k }), scaled(13757317, 1, -22)},
		"3.28 in f64":  {both[1:], multiples(dem, 3.28, func(k float64) float64 { return 3.28 * k }), scaled(7385903388887613, 1, -51)},
		"feet":         {both, multiples(dem, .3048, func(k float64) float64 { return k * 381 / 1250 }), scaled(381, 1250, 0)},
		"survey feet":  {both, multiples(dem, .3048, func(k float64) float64 { return k * 1200 / 3937 }), scaled(1200, 3937, 0)},
		"tenths of ft": {both, multiples(dem, .03048, func(k float64) float64 { return k * 381 / 12500 }), scaled(381, 12500, 0)},
		"zero":         {both, func(x, y int) float64 { return 0 }, scaled(1, 1, 0)},
		"37":           {both, func(x, y int) float64 { return 37 }, scaled(1, 1, 0)},
		"123.45":       {both, func(x, y int) float64 { return 123.45 }, scaled(1, 100, 0)},
		"two":          {both, func(x, y int) float64 { return float64(x%2) * 0.7 }, scaled(1, 10, 0)},
	} {
		for _, typ := range c.types {
			b := floats(typ, w, h, c.f)
			m := detect(b, 0, nil)
			if assert.Equal(t, c.want, m, "%s in %v", name, typ) {
				holdsAll(t, m, b, nil)
			}
		}
	}
}

// TestDetectOthers: what is no grid is Fixed where neighbours are alike, Ordered where
// samples are of all magnitudes or special.
func TestDetectOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	dem := terrain(r)
	for _, typ := range []raster.Type{raster.Float32, raster.Float64} {
		b := floats(typ, 300, 300, dem)
		m := detect(b, 0, nil)
		assert.Equal(t, Fixed, m.Kind, "%v: %+v", typ, m)
		holdsAll(t, m, b, nil)
		b = floats(typ, 300, 300, func(x, y int) float64 { return math.Exp(160*r.Float64() - 80) })
		m = detect(b, 0, nil)
		assert.Equal(t, Ordered, m.Kind, "%v: %+v", typ, m)
		holdsAll(t, m, b, nil)
		for _, special := range []float64{math.Inf(1), math.NaN(), math.Copysign(0, -1)} {
			at := func(x, y int) float64 {
				if x == 100 && y == 3 {
					return special
				}
				return float64(x)
			}
			b = floats(typ, 130, 5, at)
			assert.Equal(t, Mapping{Kind: Ordered}, detect(b, 0, nil), "%v: %v", typ, special)
			mask := make([]byte, 130*5)
			mask[3*130+100] = 1
			m = detect(b, 0, mask)
			assert.Equal(t, Mapping{Kind: Scaled, N: 1, D: 1}, m, "%v: masked %v", typ, special)
			holdsAll(t, m, b, mask)
			for i := range mask {
				mask[i] = 1
			}
			assert.Equal(t, Mapping{Kind: Ordered}, detect(b, 0, mask), "%v: all masked", typ)
		}
	}
}

// TestDetectLimits: a grid finer than floats is none; one whose lanes overflow is none,
// whatever comes first; every lane of a family counts at its last power; a Fixed mapping
// is as fine as small differences ask for, and leaves headroom.
func TestDetectLimits(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	b := floats(raster.Float32, 300, 30, func(x, y int) float64 {
		if y == 0 {
			return float64(x) / 1000
		}
		return float64(20_000_000+r.IntN(10_000_000)) / 1000
	})
	d := NewDetector(b.Type)
	for y := range 30 {
		d.Add(nil, b, 0, y)
	}
	grid, _ := d.grid()
	assert.NotEqual(t, uint64(1000), grid.D, "%+v", grid)
	m, done := d.Mapping()
	assert.True(t, done)
	holdsAll(t, m, b, nil)

	values := []float64{3e8, 0.2, 0.4}
	at := func(x, _ int) float64 { return values[x] }
	m = detect(floats(raster.Float64, 3, 1, at), 0, nil)
	slices.Reverse(values)
	assert.Equal(t, m, detect(floats(raster.Float64, 3, 1, at), 0, nil))

	values = []float64{3, 0.6, 2.4}
	for _, typ := range []raster.Type{raster.Float32, raster.Float64} {
		assert.Equal(t, Mapping{Kind: Scaled, N: 3, D: 5}, detect(floats(typ, 3, 1, at), 0, nil))
	}

	b = floats(raster.Float64, 300, 30, func(x, y int) float64 { return 1000 + 1e-7*r.Float64() })
	assert.Equal(t, Mapping{Kind: Fixed, P: 29 - 10}, detect(b, 0, nil))
}

// TestDetectIntegers: as they are, or divided.
func TestDetectIntegers(t *testing.T) {
	for _, c := range []struct {
		typ    raster.Type
		values []int64
		want   Mapping
	}{
		{raster.Uint8, []int64{1, 2, 255}, Mapping{}},
		{raster.Uint8, []int64{0, 255}, Mapping{}},
		{raster.Int16, []int64{-30, 0, 20}, Mapping{Kind: Scaled, N: 10, D: 1}},
		{raster.Int32, []int64{math.MinInt32, 0, 1 << 30, 1 << 29}, Mapping{Kind: Scaled, N: 1 << 29, D: 1}},
		{raster.Int32, []int64{math.MinInt32, math.MaxInt32, 4}, Mapping{}},
		{raster.Int32, []int64{7, 7, 7, 7}, Mapping{}},
		{raster.Uint32, []int64{0, 1, math.MaxInt32}, Mapping{}},
		{raster.Uint32, []int64{0, 1, math.MaxUint32}, Mapping{Offset: 1 << 31}},
		{raster.Uint32, []int64{4e9, 4e9 + 1, 4e9 + 21}, Mapping{Offset: 4e9 + 11}},
		{raster.Uint32, []int64{4e9, 3e9, 0}, Mapping{Kind: Scaled, N: 1e9, D: 1}},
		{raster.Int8, nil, Mapping{}},
	} {
		var words []uint64
		for _, v := range c.values {
			words = append(words, uint64(v))
		}
		d := NewDetector(c.typ)
		if len(words) > 0 {
			d.Add(nil, blockOf(c.typ, words), 1, 7)
		}
		got, done := d.Mapping()
		assert.True(t, done)
		assert.Equal(t, c.want, got, "%v of %v", c.values, c.typ)
		if len(words) > 0 {
			_, _, ok := split(got, c.typ, words)
			assert.True(t, ok, "%v of %v", c.values, c.typ)
		}
	}
}

// TestDetectorOrder: rows in any order, by any number of goroutines, twice where it has
// to be, give the same; each kept value is counted the same too.
func TestDetectorOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	dem := terrain(r)
	for name, b := range map[string]*raster.Block{
		"factor": floats(raster.Float64, 700, 300, multiples(dem, 0.0123, func(k float64) float64 { return 0.0123456789 * k })),
		"random": floats(raster.Float32, 700, 300, dem),
		"grid":   floats(raster.Float64, 700, 300, multiples(dem, 0.001, func(k float64) float64 { return k / 1000 })),
		"mixed":  floats(raster.Float64, 700, 300, func(x, y int) float64 { return float64(y%100) / float64([]int{1, 10, 1000}[x*y%3]) }),
	} {
		var want *Detector
		var best Mapping
		for workers := 1; workers <= 4; workers++ {
			d := NewDetector(b.Type)
			passes := 0
			var m Mapping
			for done := false; !done; m, done = d.Mapping() {
				passes++
				order := r.Perm(b.Rect.Dy())
				require.NoError(t, parallel.For(context.Background(), workers, len(order), func(i int) error {
					d.Add(nil, b, 0, order[i])
					return nil
				}))
			}
			if want == nil {
				want, best = d, m
				t.Logf("%s: %+v, %d values, %d pairs, %d passes", name, m, len(d.values.counts), len(d.pairs.counts), passes)
				assert.LessOrEqual(t, len(d.values.counts), maxValues)
				assert.LessOrEqual(t, len(d.pairs.counts), maxPairs)
				assert.Equal(t, name == "factor", passes == 2, name)
				holdsAll(t, m, b, nil)
			}
			assert.Equal(t, best, m, "%s, %d workers", name, workers)
			assert.Equal(t, want.values.hashes, d.values.hashes, name)
			assert.Equal(t, want.pairs.counts, d.pairs.counts, name)
			assert.Equal(t, want.dyadic, d.dyadic, name)
		}
	}
}

// TestDetectorDisproof: a factor of the kept values that others do not fit is not
// proposed. A row that only the second pass has stands for values that were not kept.
func TestDetectorDisproof(t *testing.T) {
	b := floats(raster.Float64, 700, 300, func(x, y int) float64 { return 0.0123456789 * float64(x+700*y) })
	d := NewDetector(b.Type)
	row := raster.Row[float64](b, 0, 299)
	for i := range row {
		row[i] = 2592.5925001 + float64(i)/7
	}
	for y := range 299 {
		d.Add(nil, b, 0, y)
	}
	m, done := d.Mapping()
	require.False(t, done)
	require.Zero(t, m)
	for y := range 300 {
		d.Add(nil, b, 0, y)
	}
	m, done = d.Mapping()
	require.True(t, done)
	assert.NotEqual(t, Scaled, m.Kind)
}

// TestDetectCorpus on real float rasters: samples come back, and the mapping is Fixed.
func TestDetectCorpus(t *testing.T) {
	dir := os.Getenv("QTGPU_CORPUS")
	if dir == "" {
		dir = "../../../shared/corpus"
	}
	for _, name := range []string{"egm96-geoid-float32", "lisbon-elevation-float32", "nz-elev-float32", "sea-ice-float32"} {
		file := filepath.Join(dir, "gis", name+".tif")
		if _, err := os.Stat(file); err != nil {
			t.Skip("no corpus")
		}
		if _, err := exec.LookPath("gdal_translate"); err != nil {
			t.Skip("no gdal_translate")
		}
		raw := filepath.Join(t.TempDir(), "raw")
		out, err := exec.Command("gdal_translate", "-q", "-of", "ENVI", file, raw).CombinedOutput()
		require.NoError(t, err, "%s", out)
		b := readENVI(t, raw)
		mask := make([]byte, b.Rect.Dx()*b.Rect.Dy())
		masked := 0
		for y := range b.Rect.Dy() {
			for x, v := range raster.Row[float32](b, 0, y) {
				if v != v || v == 0 || v == 100 {
					mask[y*b.Rect.Dx()+x] = 1
					masked++
				}
			}
		}
		d := NewDetector(raster.Float32)
		for y := range b.Rect.Dy() {
			d.Add(mask[y*b.Rect.Dx():][:b.Rect.Dx()], b, 0, y)
		}
		m, done := d.Mapping()
		require.True(t, done)
		prices := ""
		for p := m.P - 3; p <= m.P+4; p++ {
			prices += fmt.Sprintf(" %d: %.3f", p, float64(d.price(Mapping{Kind: Fixed, P: p}))/4096)
		}
		t.Logf("%s: %+v, %d masked of %d; bits by P%s, ordered %.3f", name, m, masked, len(mask), prices, float64(d.price(Mapping{Kind: Ordered}))/4096)
		holdsAll(t, m, b, mask)
		assert.Equal(t, Fixed, m.Kind, name)
	}
}

// readENVI reads what gdal_translate has written: float32 of little endian, and a header.
func readENVI(t *testing.T, raw string) *raster.Block {
	p, err := os.ReadFile(raw)
	require.NoError(t, err)
	header, err := os.ReadFile(raw + ".hdr")
	require.NoError(t, err)
	var w, h int
	for _, line := range strings.Split(string(header), "\n") {
		_, _ = fmt.Sscanf(line, "samples = %d", &w)
		_, _ = fmt.Sscanf(line, "lines   = %d", &h)
	}
	require.Len(t, p, 4*w*h)
	b := raster.NewBlock(image.Rect(0, 0, w, h), raster.Float32, 1)
	for y := range h {
		for x := range w {
			raster.Row[float32](b, 0, y)[x] = math.Float32frombits(binary.LittleEndian.Uint32(p[4*(y*w+x):]))
		}
	}
	return b
}

// detect is what a Detector says of a band of a block, where mask is nil or has a byte
// for each of its samples, row by row, which is not 0 where the sample does not count.
func detect(b *raster.Block, band int, mask []byte) Mapping {
	d := NewDetector(b.Type)
	for {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			row := mask
			if mask != nil {
				row = mask[(y-b.Rect.Min.Y)*b.Rect.Dx():][:b.Rect.Dx()]
			}
			d.Add(row, b, band, y)
		}
		if m, done := d.Mapping(); done {
			return m
		}
	}
}
