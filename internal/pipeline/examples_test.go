package pipeline

import (
	"bytes"
	"context"
	"image/color"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/rastertest"
	"github.com/qtgpu/qtgpu/internal/shorttest"
	"github.com/qtgpu/qtgpu/raster"
)

// example is a raster of several rows of tiles, and an engine that can code it.
type example struct {
	name   string
	engine engine.Engine
	params engine.Params
	at     func(r *rand.Rand, band, x, y int) int64
	once   sync.Once
	data   []byte // the file
}

// examples are all engines and their ways, small ones with many rows of tiles.
var examples = sync.OnceValue(func() []*example {
	format := func(w, h int, t raster.Type, roles ...raster.Role) raster.Format {
		return raster.Format{Width: shorttest.Side(w), Height: h, Type: t, Bands: raster.Bands(roles...)}
	}
	indices := format(20, 4200, raster.Uint8, raster.Index)
	indices.Palette = color.Palette{color.Black, color.White, color.Opaque, color.Transparent}
	const level = engine.ErrorUnit
	return []*example{
		{name: "transform, colours under alpha", engine: transform.Engine{}, params: engine.Params{
			Format: format(516, 3300, raster.Uint8, raster.Red, raster.Green, raster.Blue, raster.Alpha), T: 10 * level}, at: photo},
		{name: "transform, gray of 16 bits", engine: transform.Engine{}, params: engine.Params{
			Format: format(40, 4100, raster.Uint16, raster.Gray), T: 5 * level}, at: relief},
		{name: "predictive, lossless", engine: predictive.Engine{}, params: engine.Params{
			Format: format(20, 9300, raster.Uint8, raster.Red, raster.Green, raster.Blue), Bound: engine.Max, Effort: 2}, at: photo},
		{name: "predictive, within 3", engine: predictive.Engine{}, params: engine.Params{
			Format: format(20, 9300, raster.Uint16, raster.Gray), Bound: engine.Max, T: 3, Effort: 1}, at: relief},
		{name: "predictive, merged", engine: predictive.Engine{Merge: true}, params: engine.Params{
			Format: format(20, 9300, raster.Uint16, raster.Gray, raster.Alpha), Bound: engine.Max, T: 6, Effort: 1}, at: steps},
		{name: "predictive, merged beside no data", engine: predictive.Engine{Merge: true}, params: engine.Params{
			Format: unknown(format(20, 9300, raster.Uint8, raster.Red, raster.Green, raster.Blue), 90), Bound: engine.Max, T: 3, Effort: 2}, at: photo},
		{name: "predictive, merged under a mask", engine: predictive.Engine{Merge: true}, params: engine.Params{
			Format: underMask(format(24, 3100, raster.Uint16, raster.Gray, raster.Alpha)), Bound: engine.Max, T: 6, Effort: 1}, at: steps},
		{name: "predictive, indices", engine: predictive.Engine{}, params: engine.Params{Format: indices, Bound: engine.Max, Effort: 2}, at: classes},
		{name: "layered", engine: layered.Engine{}, params: engine.Params{
			Format: format(24, 3100, raster.Uint8, raster.Red, raster.Green, raster.Blue), Bound: engine.Max, T: 6}, at: photo},
	}
})

// unknown is a format with a sample of no data.
func unknown(f raster.Format, none float64) raster.Format {
	for i := range f.Bands {
		f.Bands[i].NoData = &none
	}
	return f
}

// underMask is a format whose last band is a mask.
func underMask(f raster.Format) raster.Format {
	f.Bands[len(f.Bands)-1].NoData = new(float64)
	return f
}

func photo(r *rand.Rand, band, x, y int) int64 {
	if band == 3 {
		return int64(255 * (y / 300 & 1))
	}
	return int64(60 + 20*band + x*x/7%70 + y/5%60 + r.IntN(6))
}

func relief(r *rand.Rand, _, x, y int) int64 { return int64(9000+(3*x*x+y*y)/60+r.IntN(4)) & 0xffff }

func steps(r *rand.Rand, band, x, y int) int64 {
	if band == 1 {
		return int64(65535 * (y / 100 & 1))
	}
	return int64(1000*(r.IntN(3)+(x+y/50)/40%50) + r.IntN(4))
}

func classes(_ *rand.Rand, _, x, y int) int64 { return int64((x/7 + y/9*y/50) % 4) }

// file makes the file, once.
func (e *example) file(t *testing.T) []byte {
	e.once.Do(func() { e.data = e.encode(t, e.source(), 0, 1<<30, 1<<30) })
	return e.data
}

// source draws the raster.
func (e *example) source() *raster.Memory {
	r := rand.New(rand.NewPCG(3, 3))
	return rastertest.Draw(e.params.Format, func(band, x, y int) int64 { return e.at(r, band, x, y) })
}

// env has a number of workers and bytes for what training codes.
func env(workers int, memory int64) *engine.Env {
	return &engine.Env{
		Workers: workers, Backend: cpufallback.New(workers), Reducer: cpufallback.New(1), Memory: memory,
		Took: func(string, time.Duration) {},
	}
}

// encode makes the file of a raster. Training may keep train bytes of tiles, and slabs
// may take memory bytes.
func (e *example) encode(t *testing.T, src raster.Source, workers int, train, memory int64) []byte {
	t.Helper()
	enc, err := e.engine.Train(context.Background(), e.params, src, env(workers, train))
	require.NoError(t, err, e.name)
	return write(t, e.name, enc, src, workers, memory)
}

// write codes all tiles into a file.
func write(t *testing.T, name string, enc engine.Encoder, src raster.Source, workers int, memory int64) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := Write(context.Background(), &b, enc, src, &Job{Env: env(workers, memory)})
	require.NoError(t, err, name)
	return b.Bytes()
}

// open reads a file.
func open(t *testing.T, data []byte, o Options) *Reader {
	t.Helper()
	file, err := container.Open(context.Background(), bytes.NewReader(data), int64(len(data)), container.Options{})
	require.NoError(t, err)
	r, err := NewReader(file, o)
	require.NoError(t, err)
	return r
}
