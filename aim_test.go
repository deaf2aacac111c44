package qtgpu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// rolling draws hills with some noise, of 8 or 16 bits, and alpha that fades where there is any.
func rolling(f raster.Format, seed uint64) *raster.Memory {
	r := rand.New(rand.NewPCG(seed, 3))
	full := float64(f.Range())
	return rastertest.Draw(f, func(band, x, y int) int64 {
		if f.Bands[band].Role == raster.Alpha {
			return int64(full * min(float64(x)/40, 1))
		}
		hill := math.Sin(float64(x)/17+float64(band))*math.Cos(float64(y)/23) + float64((x/31+y/29)%3)/4
		return int64(min(max(0.5+hill/4+r.NormFloat64()/90, 0), 1) * full)
	})
}

// screen draws blocks of few colours, as a screen has them.
func screen(f raster.Format) *raster.Memory {
	return rastertest.Draw(f, func(band, x, y int) int64 { return int64((x/24*5 + y/8*3 + x*y/900 + 7*band) % 11 * 23) })
}

// aimed are rasters of many kinds.
func aimed() map[string]*raster.Memory {
	data := func(typ raster.Type, bands int) raster.Format {
		f := raster.Format{Width: 50, Height: 40, Type: typ}
		for range bands {
			f.Bands = append(f.Bands, raster.Band{Role: raster.Data})
		}
		return f
	}
	hole := data(raster.Int16, 1)
	none := -32768.0
	hole.Bands[0].NoData = &none
	return map[string]*raster.Memory{
		"colour":       rolling(formatOf(130, 100, 3, 8), 1),
		"gray":         rolling(formatOf(90, 120, 1, 8), 2),
		"gray alpha":   rolling(formatOf(90, 70, 2, 8), 3),
		"colour alpha": rolling(formatOf(80, 90, 4, 8), 4),
		"gray 16":      rolling(formatOf(80, 80, 1, 16), 5),
		"colour 16":    rolling(formatOf(70, 60, 3, 16), 6),
		"screen":       screen(formatOf(200, 130, 3, 8)),
		"a pixel":      rolling(formatOf(1, 1, 3, 8), 7),
		"a row":        rolling(formatOf(70, 1, 1, 8), 8),
		"5 bands":      rolling(data(raster.Uint16, 5), 9),
		"int16":        rastertest.Draw(data(raster.Int16, 1), func(_, x, y int) int64 { return int64(x*x/7-y*37) - int64(x^y)%5 }),
		"no data": rastertest.Draw(hole, func(_, x, y int) int64 {
			if x < y/2 {
				return -32768
			}
			return int64(x*x/7-y*37) - int64(x^y)%5
		}),
		"float32": rastertest.Numbers(data(raster.Float32, 1), func(_, x, y int) float64 { return math.Sin(float64(x)/9)*300 + float64(y)*math.Pi }),
	}
}

// aim encodes by a target, and gives the file and the statistics.
func aim(t *testing.T, src raster.Source, o qtgpu.Options) ([]byte, *qtgpu.Stats, error) {
	t.Helper()
	var b bytes.Buffer
	o.Stats = new(qtgpu.Stats)
	err := qtgpu.EncodeRaster(context.Background(), &b, src, &o)
	if err != nil {
		require.Zero(t, b.Len(), "bytes beside an error")
	}
	return b.Bytes(), o.Stats, err
}

// psnrOf is the PSNR of a file by its definition, +Inf of what is equal.
func psnrOf(t *testing.T, data []byte, src *raster.Memory) float64 {
	t.Helper()
	f, sum, n := src.Format(), 0.0, 0.0
	decoded, original := readLevel(t, newReader(t, data, qtgpu.DecodeOptions{}), 0), rastertest.All(src)
	for band, b := range f.Bands {
		if b.Role == raster.Alpha {
			continue
		}
		for y := range f.Height {
			for x := range f.Width {
				d := float64(original.At(band, x, y) - decoded.At(band, x, y))
				sum, n = sum+d*d, n+1
			}
		}
	}
	return 10 * math.Log10(math.Pow(float64(f.FullScale()), 2)*n/sum)
}

// requireSameByT: the file is the one of the T that was found.
func requireSameByT(t *testing.T, data []byte, s *qtgpu.Stats, src raster.Source, o qtgpu.Options, name string) {
	t.Helper()
	o.T, o.TargetSize, o.TargetPSNR = s.T, 0, 0
	if s.Search.Chroma != qtgpu.ChromaAuto {
		o.Chroma = s.Search.Chroma
	}
	again, _, err := aim(t, src, o)
	require.NoError(t, err, name)
	require.True(t, bytes.Equal(data, again), "%s: %d bytes, other than the %d of T %v", name, len(data), len(again), s.T)
}

// TestTargetSize: whatever the raster, the options and the size, the file has no more bytes; it
// is the one of its T; and the T before it, where there is one, has more or hardly fewer.
func TestTargetSize(t *testing.T) {
	all := aimed()
	for _, name := range shorttest.Names(all) {
		src := all[name]
		lossless := int64(len(encodedRaster(t, src, qtgpu.Options{})))
		for i, o := range []qtgpu.Options{{}, {Bound: qtgpu.BoundMax, Effort: 1}, {Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform, Split: qtgpu.SplitCost}, {Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform, Tune: qtgpu.TuneVisual}} {
			if _, err := o.Need(src); err != nil || (&qtgpu.Options{Bound: o.Bound, TargetSize: 1}).Check(src) != nil {
				continue
			}
			o.TargetSize = 1
			_, _, err := aim(t, src, o)
			unreachable := (*qtgpu.TargetError)(nil)
			require.ErrorAs(t, err, &unreachable, "%s: a byte", name)
			var asked, least int64
			_, err = fmt.Sscanf(unreachable.What, "target of %d bytes is out of reach, expected at least %d", &asked, &least)
			require.NoError(t, err, unreachable.What)
			r := rand.New(rand.NewPCG(uint64(i), 1))
			for _, size := range []int64{least, least + r.Int64N(max((lossless-least)/4, 1)), 2*lossless + 100} {
				o.TargetSize = size
				what := fmt.Sprintf("%s, bound %v: %d bytes", name, o.Bound, size)
				data, s, err := aim(t, src, o)
				require.NoError(t, err, what)
				require.LessOrEqual(t, int64(len(data)), size, what)
				require.NotNil(t, s.Search, what)
				require.Positive(t, s.Search.Codings, what)
				requireSameByT(t, data, s, src, o, what)
				if size > 2*lossless && o.Engine == qtgpu.AnyEngine {
					require.Zero(t, s.T, "%s: lossless has room", what)
				}
				if psnr := s.Search.PSNR; !math.IsNaN(psnr) {
					require.InDelta(t, 0, 1/psnr-1/psnrOf(t, data, src), 1e-9, what)
				}
				if !src.Format().Type.Float() && s.Bound == qtgpu.BoundMax && s.T >= 1 && s.T < 100 && int64(len(data)) < size*99/100 {
					stricter := o
					stricter.T, stricter.TargetSize = s.T-1, 0
					require.Greater(t, int64(len(encodedRaster(t, src, stricter))), size, "%s: T %v is not the smallest", what, s.T)
				}
			}
		}
	}
}

// TestTargetPSNR: likewise, by the definition of the PSNR.
func TestTargetPSNR(t *testing.T) {
	all := aimed()
	for _, name := range shorttest.Names(all) {
		src := all[name]
		// With TuneVisual T is 1 at least.
		for _, o := range []qtgpu.Options{{}, {Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform}, {Bound: qtgpu.BoundRMS, Engine: qtgpu.Transform, Tune: qtgpu.TuneVisual}} {
			for _, db := range []float64{5, 31.5, 42} {
				o.TargetPSNR = db
				what := fmt.Sprintf("%s, engine %v: %v dB", name, o.Engine, db)
				data, s, err := aim(t, src, o)
				if isData := src.Format().Bands[0].Role == raster.Data; isData {
					require.ErrorContains(t, err, "a PSNR is of pictures", what)
					continue
				}
				if unreachable := (*qtgpu.TargetError)(nil); o.Engine != qtgpu.AnyEngine && errors.As(err, &unreachable) {
					require.Contains(t, err.Error(), "expected at most", what)
					continue
				}
				require.NoError(t, err, what)
				psnr := psnrOf(t, data, src)
				require.GreaterOrEqual(t, psnr+1e-9, db, what)
				require.InDelta(t, 0, 1/psnr-1/s.Search.PSNR, 1e-9, what)
				requireSameByT(t, data, s, src, o, what)
				if s.Bound == qtgpu.BoundMax && s.T >= 1 && s.T < 100 && psnr > db+0.06 {
					looser := o
					looser.T, looser.TargetPSNR = s.T+1, 0
					require.Less(t, psnrOf(t, encodedRaster(t, src, looser), src), db, "%s: T %v is not the largest", what, s.T)
				}
			}
		}
	}
}

// TestTargetFindsChroma: a PSNR comes with the resolution of colour that makes the smaller file, which -t needs beside T,
// and without the step at T = 2.
func TestTargetFindsChroma(t *testing.T) {
	f, err := os.Open("testdata/images/dandelion.png")
	require.NoError(t, err)
	defer f.Close()
	m, err := png.Decode(f)
	require.NoError(t, err)
	for _, test := range []struct {
		db   float64
		want qtgpu.Chroma
	}{{26, qtgpu.ChromaAuto}, {38, qtgpu.Chroma444}, {46, qtgpu.ChromaAuto}} {
		var s qtgpu.Stats
		least := len(encode(t, m, qtgpu.Options{TargetPSNR: test.db, Stats: &s}))
		assert.Equal(t, test.want, s.Search.Chroma, "%v dB, T %v", test.db, s.T)
		assert.Less(t, s.Search.PSNR, test.db+0.25, "%v dB: one step of the quantiser is much at T = 1", test.db)
		for _, c := range []qtgpu.Chroma{qtgpu.Chroma420, qtgpu.Chroma444} {
			var of qtgpu.Stats
			n := len(encode(t, m, qtgpu.Options{TargetPSNR: test.db, Chroma: c, Stats: &of}))
			assert.LessOrEqual(t, least, n, "%v dB, %v", test.db, c)
			assert.Equal(t, qtgpu.ChromaAuto, of.Search.Chroma, "%v dB, %v is what was asked for", test.db, c)
		}
	}
}

// TestTargetOfPhoto: as near as the text says, in few codings.
func TestTargetOfPhoto(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of what TestTargetSize and TestTargetPSNR have some of")
	}
	f, err := os.Open("testdata/images/dandelion.png")
	require.NoError(t, err)
	defer f.Close()
	m, err := png.Decode(f)
	require.NoError(t, err)
	for size, percent := range map[int64]int64{20e3: 98, 45678: 98, 100e3: 98, 180e3: 96} { // steps of the quantiser are coarse in the end
		var s qtgpu.Stats
		data := encode(t, m, qtgpu.Options{TargetSize: size, Stats: &s})
		assert.True(t, int64(len(data)) <= size && int64(len(data)) >= size*percent/100, "%d bytes of %d", len(data), size)
		assert.LessOrEqual(t, s.Search.Codings, 8, "%d bytes", size)
	}
	for _, db := range []float64{32, 36} {
		var s qtgpu.Stats
		encode(t, m, qtgpu.Options{TargetPSNR: db, Stats: &s})
		assert.True(t, s.Search.PSNR >= db && s.Search.PSNR < db+0.07, "%v dB of %v", s.Search.PSNR, db)
		assert.LessOrEqual(t, s.Search.Codings, 12, "%v dB, by both resolutions of colour", db)
	}
}

// TestTargetOfLarge: a raster with a pilot is coded as a whole a few times, and the file is the
// same whatever the workers and the memory, whose bound makes it read by rows and code anew.
func TestTargetOfLarge(t *testing.T) {
	src := rolling(formatOf(2100, 2100, 1, 8), 1)
	for _, o := range shorttest.Cases([]qtgpu.Options{{TargetPSNR: 37, Effort: 1}, {TargetSize: 300e3}}) {
		data, s, err := aim(t, src, o)
		require.NoError(t, err)
		assert.LessOrEqual(t, s.Search.Codings, 4)
		assert.Positive(t, s.Search.Pilots)
		if o.TargetSize > 0 {
			assert.True(t, int64(len(data)) <= o.TargetSize && int64(len(data)) >= o.TargetSize*97/100, "%d bytes of %d", len(data), o.TargetSize)
		} else {
			assert.True(t, s.Search.PSNR >= o.TargetPSNR && s.Search.PSNR < o.TargetPSNR+0.11, "%v dB", s.Search.PSNR)
		}
		if o.TargetSize > 0 || testing.Short() { // 4 million pixels are coded a few times over
			continue
		}
		o.Workers, o.Memory = 1, 1<<20
		again, few, err := aim(t, onlySource{src}, o)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, again), "%d bytes, other than %d", len(again), len(data))
		assert.Equal(t, s.Search, few.Search)
	}
}

// onlySource hides that a raster is in memory.
type onlySource struct{ raster.Source }

// TestTargetMetadata: it counts.
func TestTargetMetadata(t *testing.T) {
	src := rolling(formatOf(200, 150, 3, 8), 1)
	icc := make([]byte, 3000)
	for i := range icc {
		icc[i] = byte(rand.New(rand.NewPCG(uint64(i), 0)).Uint32())
	}
	o := qtgpu.Options{TargetSize: 8000, Metadata: qtgpu.Metadata{ICC: icc}}
	data, _, err := aim(t, src, o)
	require.NoError(t, err)
	assert.True(t, len(data) <= 8000 && len(data) >= 7840, "%d bytes", len(data))
}

// TestTargetProgress: it goes on during the search, and to the end.
func TestTargetProgress(t *testing.T) {
	src := rolling(formatOf(400, 100, 3, 8), 1)
	calls, last := 0, int64(0)
	o := qtgpu.Options{TargetSize: 7e3, Workers: 1, Progress: func(done, total int64) {
		require.EqualValues(t, 400*100, total)
		require.Greater(t, done, last)
		last = done
		calls++
	}}
	_, _, err := aim(t, src, o)
	require.NoError(t, err)
	assert.EqualValues(t, 400*100, last)
	assert.Greater(t, calls, 10)
}

// TestTargetCancelled: the cause of the end of the context comes back.
func TestTargetCancelled(t *testing.T) {
	src := rolling(formatOf(400, 300, 3, 8), 1)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	o := qtgpu.Options{TargetSize: 20e3, Progress: func(done, total int64) {
		if done > total/4 {
			cancel(enough)
		}
	}}
	var b bytes.Buffer
	require.ErrorIs(t, qtgpu.EncodeRaster(ctx, &b, src, &o), enough)
	require.Zero(t, b.Len())
}

// TestTargetOptions: what makes no sense is refused, whatever asks.
func TestTargetOptions(t *testing.T) {
	src := rolling(formatOf(20, 30, 3, 8), 1)
	for _, c := range []struct {
		o    qtgpu.Options
		what string
	}{
		{qtgpu.Options{TargetSize: 9, TargetPSNR: 9}, "expected one of them"},
		{qtgpu.Options{TargetSize: 9, T: 1}, "beside a target"},
		{qtgpu.Options{TargetPSNR: 9, T: 1}, "beside a target"},
		{qtgpu.Options{TargetSize: -1}, "expected 1 or more"},
		{qtgpu.Options{TargetPSNR: -1}, "finite number above 0"},
		{qtgpu.Options{TargetPSNR: math.NaN()}, "finite number above 0"},
		{qtgpu.Options{TargetPSNR: math.Inf(1)}, "finite number above 0"},
		{qtgpu.Options{TargetSize: 9, Effort: 9}, "effort 9"},
	} {
		_, _, err := aim(t, src, c.o)
		require.ErrorContains(t, err, c.what)
		require.ErrorContains(t, c.o.Check(src), c.what)
	}
	_, err := qtgpu.NewPlan(context.Background(), src, &qtgpu.Options{TargetSize: 9})
	require.ErrorContains(t, err, "a plan by a target")
	plan, err := qtgpu.NewPlan(context.Background(), src, &qtgpu.Options{T: 5})
	require.NoError(t, err)
	_, _, err = aim(t, src, qtgpu.Options{Plan: plan, TargetSize: 9})
	require.ErrorContains(t, err, "a target beside a plan")

	o := qtgpu.Options{TargetSize: 700}
	want, _, err := aim(t, src, o)
	require.NoError(t, err)
	var b bytes.Buffer
	e, err := qtgpu.NewEncoder(&b, *src.Format(), &o)
	require.NoError(t, err)
	require.NoError(t, e.WriteBlock(context.Background(), rastertest.All(src)))
	require.NoError(t, e.Close(context.Background()))
	require.True(t, bytes.Equal(want, b.Bytes()), "an Encoder aims too")
}
