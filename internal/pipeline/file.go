package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// groupBytes is about how many bytes of samples the tiles of a group have: a writer holds
// what they become. It is part of no promise, but files depend on it.
const groupBytes = 128 << 20

// HeaderOf is the header of a file of a plan.
func HeaderOf(p *engine.Plan) *container.Header {
	row := p.Format
	row.Height = min(1<<p.TileLog2, p.Format.Height)
	rows := min(max(groupBytes/row.Bytes(), 1), int64(p.Grid().Down()))
	return &container.Header{
		Format: p.Format, TileLog2: p.TileLog2, GroupRows: int(rows), Bound: container.Bound(p.Bound), T: uint64(p.T),
	}
}

// planOf is the plan of a file.
func planOf(h *container.Header, p *container.Plan) *engine.Plan {
	return &engine.Plan{
		Engine: engine.ID(p.Engine), TileLog2: h.TileLog2, Payload: p.Payload,
		Params: engine.Params{Format: h.Format, Bound: engine.Bound(h.Bound), T: int64(h.T)},
	}
}

// Job is what Write writes besides the samples.
type Job struct {
	Metadata container.Metadata
	Env      *engine.Env
	gauge    *gauge // that measures it
}

// Write codes the tiles of src by the plan of enc and writes the file. It holds the
// segments of a group of tiles, and the overviews of all where there are several groups.
func Write(ctx context.Context, w io.Writer, enc engine.Encoder, src raster.Source, j *Job) (Totals, error) {
	c, err := Begin(w, enc, j)
	if err != nil {
		return Totals{}, err
	}
	if err := c.Code(ctx, src, AllRows(enc.Plan())); err != nil {
		return Totals{}, err
	}
	return c.Close(ctx)
}

// Coding is a file that is being written, by rows of tiles from the top.
type Coding struct {
	*encoding
	out *fileWriter
	env *engine.Env
}

// Begin begins what Write does.
func Begin(w io.Writer, enc engine.Encoder, j *Job) (*Coding, error) {
	plan := enc.Plan()
	h := HeaderOf(plan)
	file, err := container.NewWriter(w, h, containerPlan(plan), j.Metadata)
	if err != nil {
		return nil, err
	}
	out, err := newFileWriter(file, h, plan)
	if err != nil {
		return nil, err
	}
	code, coarse := codeCost(engine.Cost{Pixel: pixelCost(plan)}, pixelsOf(&plan.Format)), int64(0)
	if out.dec != nil {
		coarse = coarseCost(&plan.Format)
	}
	work := j.Env.Work.Of(code + coarse)
	e := newEncoding(enc, out, j.Env.Workers, j.Env.Memory, AllRows(plan), work.Part(code))
	e.gauge = j.gauge
	return &Coding{e, out, j.Env.With(work.Rest())}, nil
}

// Step is the number of rows of tiles that are best coded at once.
func (c *Coding) Step() int { return c.step }

// Code codes the rows of tiles that come next, and reads no others of src.
func (c *Coding) Code(ctx context.Context, src raster.Source, rows Rows) error {
	return c.encode(ctx, src, rows)
}

// Close ends the file when all rows have come.
func (c *Coding) Close(ctx context.Context) (Totals, error) {
	start := time.Now()
	err := c.out.close(ctx, c.env)
	c.env.Took("write", c.out.spent+time.Since(start))
	return c.totals, err
}

// fileWriter writes tiles, and keeps what the coarse levels of a large file are made of.
type fileWriter struct {
	*container.Writer
	plan *engine.Plan
	dec  engine.Decoder // nil of a file without coarse levels
	kept held

	spent time.Duration // in WriteTile
}

func newFileWriter(w *container.Writer, h *container.Header, p *engine.Plan) (*fileWriter, error) {
	f := &fileWriter{Writer: w, plan: p}
	if h.Groups() == 1 {
		return f, nil
	}
	e, err := byID(p.Engine, &p.Format)
	if err != nil {
		return nil, err
	}
	f.kept = held{}
	f.dec, err = e.NewDecoder(p)
	return f, err
}

// WriteTile implements Writer.
func (f *fileWriter) WriteTile(tile int, overview, detail []byte, worst []uint64) error {
	if f.dec != nil {
		needed := engine.Segments{Overview: overview}
		if f.dec.NeedsDetail(overview) {
			needed.Detail = detail
		}
		f.kept.take(tile, needed)
	}
	start := time.Now()
	defer func() { f.spent += time.Since(start) }()
	return f.Writer.WriteTile(tile, overview, detail, worst)
}

// coarsest is the longer side from which on down there are no coarser levels in a file.
const coarsest = 256

// overviewLevels are the levels that a file of several groups holds as files of their
// own: every third one behind the overviews of tiles, to the first small one.
func overviewLevels(f *raster.Format) (levels []int) {
	for level := 2 * engine.OverviewLevel; ; level += engine.OverviewLevel {
		levels = append(levels, level)
		if tiles.Side(max(f.Width, f.Height), level) <= coarsest {
			return levels
		}
	}
}

// close codes the coarse levels and completes the file.
func (f *fileWriter) close(ctx context.Context, env *engine.Env) error {
	if f.dec == nil {
		return f.Close(nil)
	}
	r := newReader(f.kept, f.plan, f.dec, Options{Workers: env.Workers, Memory: env.Memory})
	var overs []container.Overview
	levels := overviewLevels(&f.plan.Format)
	work := env.Work.Of(int64(len(levels)))
	for _, level := range levels {
		data, err := r.lossless(ctx, level, env.With(work.Part(1)))
		if err != nil {
			return fmt.Errorf("level %d: %w", level, err)
		}
		overs = append(overs, container.Overview{Level: level, File: data})
	}
	return f.Close(overs)
}

// lossless is a level as a file of its own.
func (r *Reader) lossless(ctx context.Context, level int, env *engine.Env) ([]byte, error) {
	f := r.plan.Format
	size := r.Size(level)
	f.Width, f.Height = size.X, size.Y
	src, err := raster.NewMemory(f)
	if err != nil {
		return nil, err
	}
	g, err := r.Begin(ctx, f.Bounds(), level)
	if err != nil {
		return nil, err
	}
	if err := g.Decode(ctx, src.View(f.Bounds()), env.Work.Of(r.Pixels(f.Bounds(), level)).Add); err != nil {
		return nil, err
	}
	quiet := untimed(env.With(nil))
	params := engine.Params{Format: f, Bound: engine.Max, Effort: predictive.EffortFitted}
	c, err := Choose(ctx, params, nil, src, quiet)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = Write(ctx, &b, c.Encoder, src, &Job{Env: quiet})
	return b.Bytes(), err
}
