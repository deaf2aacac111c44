package conformance

import (
	"bytes"
	"context"
	"math/bits"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/refdec"
	"github.com/qtgpu/qtgpu/raster"
)

// contents are what a file is written of.
type contents struct {
	container.Header
	container.Plan
	fronts, bodies [][]byte
	worst          []uint64
	overs          []container.Overview
}

// write is the file; tiles that have no segments get empty ones.
func (c *contents) write(t testing.TB) []byte {
	var b bytes.Buffer
	w, err := container.NewWriter(&b, &c.Header, &c.Plan, nil)
	require.NoError(t, err)
	for i := range c.Tiles() {
		var front, body []byte
		if i < len(c.fronts) {
			front, body = c.fronts[i], c.bodies[i]
		}
		require.NoError(t, w.WriteTile(i, front, body, c.worst))
	}
	require.NoError(t, w.Close(c.overs))
	return b.Bytes()
}

// opened is a file opened by the container.
func opened(t testing.TB, p []byte) *container.Reader {
	r, err := container.Open(context.Background(), bytes.NewReader(p), int64(len(p)), container.Options{})
	require.NoError(t, err)
	return r
}

// takenApart is what a file was written of, but for its metadata.
func takenApart(t testing.TB, p []byte) *contents {
	r := opened(t, p)
	f, err := parse(p)
	require.NoError(t, err)
	c := &contents{Header: *r.Header(), Plan: *r.Plan(), fronts: f.Fronts, bodies: f.Bodies, worst: r.Worst()}
	for _, o := range f.Overs {
		c.overs = append(c.overs, container.Overview{Level: o.Level, File: o.File})
	}
	return c
}

// fillTiles writes a file of tiles that do makes.
func fillTiles(t testing.TB, c *contents, do func(f *refdec.File, tile int) (front, body []byte)) []byte {
	naive, err := parse(c.write(t))
	require.NoError(t, err)
	for i := range c.Tiles() {
		front, body := do(naive, i)
		c.fronts, c.bodies = append(c.fronts, front), append(c.bodies, body)
	}
	return c.write(t)
}

// grouped is a file with each row of tiles in a group of its own and with some coarser
// levels; a file of one row stays as it is.
func grouped(t testing.TB, p []byte) []byte {
	c := takenApart(t, p)
	c.GroupRows = 1
	if c.Groups() == 1 {
		return p
	}
	tiles, err := pipeline.NewReader(opened(t, p), pipeline.Options{})
	require.NoError(t, err)
	for level := 6; level < levels(c.Width, c.Height); level += 3 {
		c.overs = append(c.overs, container.Overview{Level: level, File: lossless(t, tiles, level)})
	}
	return c.write(t)
}

// lossless is a level as a file of its own.
func lossless(t testing.TB, r *pipeline.Reader, level int) []byte {
	ctx := context.Background()
	f := r.Plan().Format
	f.Width, f.Height = r.Size(level).X, r.Size(level).Y
	b := raster.NewBlock(f.Bounds(), f.Type, len(f.Bands))
	region, err := r.Begin(ctx, f.Bounds(), level)
	require.NoError(t, err)
	require.NoError(t, region.Decode(ctx, b, func(int64) {}))
	src, err := raster.InMemory(f, b)
	require.NoError(t, err)
	env := environment()
	c, err := pipeline.Choose(ctx, engine.Params{Bound: engine.Max, Effort: predictive.EffortFitted}, nil, src, env)
	require.NoError(t, err)
	var buf bytes.Buffer
	_, err = pipeline.Write(ctx, &buf, c.Encoder, src, &pipeline.Job{Env: env})
	require.NoError(t, err)
	return buf.Bytes()
}

// levels is the number of levels of detail.
func levels(w, h int) int { return bits.Len(uint(max(w, h)-1)) + 1 }

// environment is what engines work with, on one goroutine.
func environment() *engine.Env {
	return &engine.Env{
		Workers: 1, Backend: cpufallback.New(1), Reducer: cpufallback.New(1), Memory: 1 << 30,
		Took: func(string, time.Duration) {},
	}
}

// smallTiles is the file of an image of 8 bits in tiles of 64 pixels, by the plan that an
// engine makes of the first rows.
func smallTiles(t testing.TB, e engine.Engine, p engine.Params, m *imagefile.Image, rows int) []byte {
	roles := []raster.Role{raster.Gray}
	if m.Channels == 3 {
		roles = []raster.Role{raster.Red, raster.Green, raster.Blue}
	}
	f := raster.Format{Width: m.W, Height: m.H, Type: raster.Uint8, Bands: raster.Bands(roles...)}
	b := raster.NewBlock(f.Bounds(), f.Type, m.Channels)
	for y := range m.H {
		for c := range m.Channels {
			for x := range m.W {
				b.RowBytes(c, y)[x] = m.Pix[y*m.Stride+x*m.Step+c]
			}
		}
	}
	src, err := raster.InMemory(f, b)
	require.NoError(t, err)
	top := f
	top.Height = rows
	first, err := raster.InMemory(top, b.Sub(top.Bounds()))
	require.NoError(t, err)
	p.Format = top
	require.NoError(t, e.Accepts(&p))
	trained, err := e.Train(context.Background(), p, first, environment())
	require.NoError(t, err)
	plan := *trained.Plan()
	plan.Format, plan.TileLog2 = f, container.MinTileLog2
	enc, err := e.NewEncoder(&plan, environment())
	require.NoError(t, err)
	var buf bytes.Buffer
	_, err = pipeline.Write(context.Background(), &buf, enc, src, &pipeline.Job{Env: environment()})
	require.NoError(t, err)
	return buf.Bytes()
}
