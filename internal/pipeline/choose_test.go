package pipeline

import (
	"bytes"
	"context"
	"image"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// drawn is a raster whose samples are made as they are read.
type drawn struct {
	format raster.Format
	at     func(band, x, y int) int64
}

func (d *drawn) Format() *raster.Format { return &d.format }

// ReadBlock implements raster.Source.
func (d *drawn) ReadBlock(ctx context.Context, dst *raster.Block) error {
	for band := range dst.Planes {
		for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
			for x := dst.Rect.Min.X; x < dst.Rect.Max.X; x++ {
				rastertest.Set(dst, band, x, y, d.at(band, x, y))
			}
		}
	}
	return context.Cause(ctx)
}

// noise is a number below n that looks random.
func noise(band, x, y, n int) int {
	h := (uint64(x)<<32 | uint64(y)<<8 | uint64(band)) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	return int(h * 0xbf58476d1ce4e5b9 >> 33 % uint64(n))
}

// bounded are kinds of rasters, by the way that is best for them within 6 steps.
var bounded = map[string]*drawn{
	"layered": {raster.Format{Type: raster.Uint8, Bands: raster.Bands(raster.Red, raster.Green, raster.Blue)}, func(band, x, y int) int64 {
		fx, fy := float64(x), float64(y)
		return int64(100+20*band+int(40*math.Sin(fx/7+fy/11)+30*math.Sin(fx/3.1-fy/4))) + int64(noise(band, x, y, 6))
	}},
	// of two bands, which are not searched for patterns: that takes long
	"merged": {raster.Format{Type: raster.Uint16, Bands: raster.Bands(raster.Gray, raster.Data)}, func(band, x, y int) int64 {
		return int64(1000*(noise(band, x, y, 3)+x/40%8) + noise(band+2, x, y, 4))
	}},
	"predicted": {raster.Format{Type: raster.Uint16, Bands: raster.Bands(raster.Gray)}, func(_, x, y int) int64 {
		return int64(9000+(x*x+3*y*y)/40+noise(0, x, y, 3)) & 0xffff
	}},
}

// boundedParams ask for 6 steps.
var boundedParams = engine.Params{Bound: engine.Max, T: 6, Effort: 1}

// sized is a raster of the kind of another size.
func (d *drawn) sized(w, h int) *drawn {
	f := d.format
	f.Width, f.Height = w, h
	return &drawn{f, d.at}
}

// wayOf names the engine of a plan.
func wayOf(t *testing.T, p *engine.Plan) string {
	t.Helper()
	e, err := byID(p.Engine, &p.Format)
	require.NoError(t, err)
	d, err := e.NewDecoder(p)
	require.NoError(t, err)
	switch {
	case p.Engine == engine.Layered:
		return "layered"
	case d.About().Merged:
		return "merged"
	}
	return "predicted"
}

// TestChooseByPilot: the way that is best for a large raster is known by its pilot,
// before all of it is coded.
func TestChooseByPilot(t *testing.T) {
	for _, want := range shorttest.Names(bounded) {
		src := bounded[want].sized(1024, 4097)
		require.True(t, worthPilot(src.Format()))
		ctx, cancel := context.WithCancelCause(context.Background())
		e := env(2, 1<<20)
		var once sync.Once
		first := ""
		e.Took = func(stage string, _ time.Duration) {
			if stage != "choice" {
				once.Do(func() { first = stage })
			}
			if stage == "layers" {
				cancel(errStop) // the layered engine would code all of it
			}
		}
		c, err := Choose(ctx, boundedParams, nil, src, e)
		cancel(nil)
		if want == "layered" {
			require.ErrorIs(t, err, errStop)
			require.Equal(t, "layers", first)
			continue
		}
		require.NoError(t, err, want)
		require.Equal(t, "values", first, want)
		require.Equal(t, want, wayOf(t, c.Encoder.Plan()))
	}
}

// TestDoubtedPilot: where a pilot makes samples with loss little smaller, all of a flat raster
// decides. Its squares have specks that a bound takes away, and the rest has none.
func TestDoubtedPilot(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 5 million pixels, of which TestChooseByPilot has as many")
	}
	const w, h = 2300, 2200
	f := raster.Format{Width: w, Height: h, Type: raster.Uint8, Bands: raster.Bands(raster.Gray)}
	size, n := pilotShape(w, h)
	inside := func(v, side, n, length int) bool {
		for i := range n {
			if at := spread(i, n, length-side); v >= at && v < at+side {
				return true
			}
		}
		return false
	}
	src := &drawn{f, func(_, x, y int) int64 {
		glyph := noise(0, x/12, y/16, 40)
		ink := noise(glyph, x%12, y%16, 3) == 0 && noise(1, x/12, y/16, 3) > 0
		switch {
		case inside(x, size.X, n.X, w) && inside(y, size.Y, n.Y, h):
			return int64(250 - noise(2, x, y, 400)/399 - 200*(noise(3, x/2, y/2, 9)/8))
		case ink:
			return int64(noise(glyph+50, x%12, y%16, 250))
		}
		return 250
	}}
	p := engine.Params{Format: f, Bound: engine.Max, T: 1, Effort: 2}
	c, err := Choose(context.Background(), p, nil, src, env(2, 1<<30))
	require.NoError(t, err)
	assert.False(t, c.Pilot)
	require.Len(t, c.Tried, 2)
	assert.Equal(t, []int64{1, 0}, []int64{c.Tried[0].T, c.Tried[1].T})
	assert.Zero(t, c.Encoder.Plan().T)
}

// TestChooseByContest: for a small raster the file is the smallest of all engines', and
// the same as without the others.
func TestChooseByContest(t *testing.T) {
	for want, d := range bounded {
		src := d.sized(200, 150)
		p := boundedParams
		p.Format = src.format
		c, err := Choose(context.Background(), p, nil, src, env(2, 1<<20))
		require.NoError(t, err, want)
		require.Equal(t, want, wayOf(t, c.Encoder.Plan()))
		chosen := write(t, want, c.Encoder, src, 2, 1<<20)
		same := 0
		always, ifFlat := waysOf(&p)
		for _, w := range append(always, ifFlat...) {
			own := (&example{name: want, engine: w.engine, params: *w.on(&p.Format)}).encode(t, src, 2, 1<<20, 1<<20)
			assert.LessOrEqual(t, len(chosen), len(own), "%s: %+v", want, w.params)
			if bytes.Equal(chosen, own) {
				same++
			}
		}
		require.Equal(t, 1, same, "%s: engines that make the same file", want)
	}
}

// TestPilot: the squares come from all over the raster, to its last pixel.
func TestPilot(t *testing.T) {
	src := bounded["layered"].sized(1500, 2900)
	pilot, err := newPilot(context.Background(), src)
	require.NoError(t, err)
	all := rastertest.All(pilot)
	require.Equal(t, image.Rect(0, 0, 1024, 1024), all.Rect)
	for _, c := range []struct{ x, y, atX, atY int }{
		{0, 0, 0, 0}, {255, 255, 255, 255}, {256, 0, (1500 - 256) / 3, 0}, {700, 300, 2*(1500-256)/3 + 700 - 512, (2900-256)/3 + 300 - 256},
		{1023, 1023, 1499, 2899},
	} {
		for band := range 3 {
			require.EqualValues(t, src.at(band, c.atX, c.atY), all.At(band, c.x, c.y), "x %d y %d band %d", c.x, c.y, band)
		}
	}
}

// TestQuarter: a quarter of a pilot has a square of each row and column.
func TestQuarter(t *testing.T) {
	const w, h = 1500, 2900
	pilot, err := newPilot(context.Background(), bounded["layered"].sized(w, h))
	require.NoError(t, err)
	quarter, err := quarterOf(context.Background(), pilot, w, h)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 512, 512), quarter.Format().Bounds())
	got, of := rastertest.All(quarter), rastertest.All(pilot)
	for i, at := range []image.Point{{1, 0}, {3, 1}, {0, 2}, {2, 3}} {
		for _, p := range []image.Point{{}, {255, 0}, {17, 255}} {
			from, to := p.Add(at.Mul(256)), p.Add(image.Pt(i%2, i/2).Mul(256))
			for band := range 3 {
				require.Equal(t, of.At(band, from.X, from.Y), got.At(band, to.X, to.Y), "square %d, %v, band %d", i, p, band)
			}
		}
	}
	quarter, err = quarterOf(context.Background(), pilot, 1023, 4101)
	require.NoError(t, err)
	require.Nil(t, quarter)
}

// TestClear: a way is clearly the best where all others take more by a tenth.
func TestClear(t *testing.T) {
	for _, c := range []struct {
		bytes []int64
		best  int
		clear bool
	}{{[]int64{100, 111}, 0, true}, {[]int64{100, 110}, 0, false}, {[]int64{220, 200}, 1, false}, {[]int64{221, 200, 300}, 1, true}, {[]int64{300, 200, 201}, 1, false}} {
		var choice Choice
		for _, n := range c.bytes {
			choice.Tried = append(choice.Tried, Trial{Bytes: n})
		}
		assert.Equal(t, c.clear, choice.clear(c.best), "%v", c)
	}
}

// TestPilotShape: a pilot has 2^20 pixels at most and not many fewer, whose parts fit
// beside each other in any raster that is large enough for one.
func TestPilotShape(t *testing.T) {
	for _, c := range []struct {
		w, h    int
		part, n image.Point
	}{
		{1500, 2900, image.Pt(256, 256), image.Pt(4, 4)}, {1024, 4096, image.Pt(256, 256), image.Pt(4, 4)},
		{1023, 4101, image.Pt(256, 256), image.Pt(3, 5)}, {511, 8209, image.Pt(256, 256), image.Pt(1, 16)},
		{100, 41944, image.Pt(100, 655), image.Pt(1, 16)}, {1, 1 << 22, image.Pt(1, 65536), image.Pt(1, 16)},
		{41944, 100, image.Pt(655, 100), image.Pt(16, 1)},
	} {
		require.True(t, worthPilot(&raster.Format{Width: c.w, Height: c.h}), "%+v", c)
		part, n := pilotShape(c.w, c.h)
		assert.Equal(t, c.part, part, "%+v", c)
		assert.Equal(t, c.n, n, "%+v", c)
		assert.LessOrEqual(t, n.X*part.X, c.w, "%+v", c)
		assert.LessOrEqual(t, n.Y*part.Y, c.h, "%+v", c)
		assert.LessOrEqual(t, n.Y*part.Y, c.h, "%+v", c)
	}
	narrow := bounded["layered"].sized(3, 2_000_000)
	pilot, err := newPilot(context.Background(), narrow)
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, 3, 16*21845), pilot.Format().Bounds())
	require.EqualValues(t, narrow.at(1, 2, 1_999_999), rastertest.All(pilot).At(1, 2, 16*21845-1))
}
