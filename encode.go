package qtgpu

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"sync"
	"time"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// Encode writes m to w as a .qtg file that keeps the promise of o.T; nil o is the
// zero value. Gray, gray with alpha, RGB and RGBA images of 8 and 16 bits keep
// their channels and depth, and alpha stays premultiplied (*image.RGBA, RGBA64) or
// straight (NRGBA, NRGBA64); all other types are converted, to straight alpha.
// Cells of 8×8 pixels that are fully opaque or fully transparent stay so, where
// (0,0) begins one.
// Nothing is written before the first 128 MiB of samples are coded, most images as a
// whole.
func Encode(ctx context.Context, w io.Writer, m image.Image, o *Options) error {
	var opt Options
	if o != nil {
		opt = *o
	}
	if err := encodeImage(ctx, w, m, &opt); err != nil {
		return fmt.Errorf("qtgpu: %w", err)
	}
	return nil
}

// encodeImage is Encode with options of its own.
func encodeImage(ctx context.Context, w io.Writer, m image.Image, o *Options) error {
	src, err := fromImage(m)
	if err != nil {
		return err
	}
	if o.Metadata.empty() {
		o.Metadata = metadataOf(&src.Meta)
	}
	if o.Memory == 0 {
		o.Memory = math.MaxInt64
	}
	return (&encoding{opt: o, src: src.Source()}).run(ctx, w)
}

// EncodeRaster writes the samples of src to w as a .qtg file that keeps the promise of
// o.T; nil o is the zero value. The file is the one that Encode writes of an image with
// these samples. What it holds at once is bounded by o.Memory: a raster that is larger, or
// has more than 512 tiles of 512×512, is read twice, a sample of its tiles and then all of
// it, by rows from the top. It ends with the cause of ctx's end, within the time of a tile.
// What src or a callback panics with, EncodeRaster panics with.
func EncodeRaster(ctx context.Context, w io.Writer, src raster.Source, o *Options) error {
	var opt Options
	if o != nil {
		opt = *o
	}
	if err := (&encoding{opt: &opt, src: src}).run(ctx, w); err != nil {
		return fmt.Errorf("qtgpu: %w", err)
	}
	return nil
}

// wholeShare is the share of the memory up to which a raster is read at once.
const wholeShare = 4

// inWhole reads a raster, unless it is in memory.
func inWhole(ctx context.Context, src raster.Source, work *progress.Work) (raster.Source, error) {
	f := src.Format()
	b, err := engine.Read(ctx, src, f.Bounds(), len(f.Bands), work)
	if err != nil {
		return nil, err
	}
	return raster.InMemory(*f, b)
}

// checkBounds refuses images that no plane can hold, before anything is allocated
// for them: image.Uniform has 4·10^18 pixels.
func checkBounds(b image.Rectangle) error {
	if !b.Empty() && min(b.Dx(), b.Dy()) < 0 {
		return fmt.Errorf("image of bounds %v, whose size exceeds an int", b)
	}
	w, h := int64(b.Dx()), int64(b.Dy())
	if most := int64(min(tree.MaxSamples, math.MaxInt)); w > most || h > most/max(w, 1) {
		return fmt.Errorf("image of %d×%d pixels, expected at most %d", w, h, most)
	}
	return nil
}

// encoding is one run of Encode.
type encoding struct {
	opt    *Options
	src    raster.Source
	params engine.Params // what is asked for, once prepared
	plan   *engine.Plan  // the one that is given, for these samples
	meta   *Metadata     // of the file
	cost   pipeline.Cost // of what is asked for
	work   *progress.Work
	stats  Stats
	mu     sync.Mutex
}

// prepare decides what is asked for. It reads a source as a whole if that is small and read more than once.
func (e *encoding) prepare(ctx context.Context) (err error) {
	p := &e.params
	if *p, err = e.opt.accepted(e.src); err != nil {
		return err
	}
	if e.src, err = engine.InScale(e.src); err != nil {
		return err
	}
	looks := int64(p.Format.Width) * int64(p.Format.Height)
	e.begin(2 * looks)
	reading, values := e.work.Part(looks), e.work.Part(looks)
	once := !e.opt.aims() && pipeline.ReadsOnce(p, e.opt.Engine.id())
	if !once && e.src.Format().Bytes() <= e.opt.memory()/wholeShare {
		if e.src, err = inWhole(ctx, e.src, reading); err != nil {
			return err
		}
	}
	reading.Finish()
	defer values.Finish()
	if !e.opt.aims() {
		if err := pipeline.Settle(ctx, p, e.src, e.env(values)); err != nil {
			return err
		}
	}
	p.Format = *e.src.Format()
	return nil
}

// begin begins the work: some looks at pixels, and what the pipeline has to do. Who is told
// of it is told of pixels.
func (e *encoding) begin(looks int64) {
	pixels := int64(e.params.Format.Width) * int64(e.params.Format.Height)
	e.cost = pipeline.CostOf(&e.params, e.opt.Engine.id())
	if e.opt.aims() {
		e.cost = pipeline.CostOfAim(&e.params, e.opt.Engine.id())
	}
	e.work = progress.New(pixels, e.opt.Progress).Of(looks + e.cost.Choose + e.cost.Write)
}

func (e *encoding) run(ctx context.Context, w io.Writer) error {
	enc, err := e.encoder(ctx)
	if err != nil {
		return err
	}
	plan := enc.Plan()
	counter := countingWriter{w: w}
	totals, err := pipeline.Write(ctx, &counter, enc, e.src, e.job())
	if err != nil {
		return err
	}
	e.work.Finish()
	e.report(plan, totals, counter.n)
	return nil
}

// encoder is what codes the source from then on: by the plan that is given, or by one that
// it makes.
func (e *encoding) encoder(ctx context.Context) (engine.Encoder, error) {
	if e.opt.Plan != nil {
		return e.byPlan()
	}
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	c, err := e.choose(ctx, e.env(e.work.Part(e.cost.Choose)))
	if err != nil {
		return nil, err
	}
	e.meta = e.opt.metadata(&c.Encoder.Plan().Params, e.src.Format())
	e.src = c.Source
	e.stats.Tried, e.stats.OnPilot = tried(c), c.Pilot
	return c.Encoder, nil
}

// choose is the way to code the source: with the promise of the options, or by the target.
func (e *encoding) choose(ctx context.Context, env *engine.Env) (*pipeline.Choice, error) {
	if !e.opt.aims() {
		return pipeline.Choose(ctx, e.params, e.opt.Engine.id(), e.src, env)
	}
	a, err := pipeline.Aim(ctx, e.params, e.opt.Engine.id(), e.target(), e.src, env)
	if unreachable := (*pipeline.UnreachableError)(nil); errors.As(err, &unreachable) {
		return nil, e.opt.unreachable(unreachable)
	}
	if err != nil {
		return nil, err
	}
	e.stats.Search = &Search{a.PSNR, e.opt.foundChroma(a), a.Pilots, a.Codings}
	return a.Choice, nil
}

// job is what is written besides the samples.
func (e *encoding) job() *pipeline.Job {
	return &pipeline.Job{Metadata: e.meta.chunks(), Env: e.env(e.work.Rest())}
}

// report completes the statistics of a file of size bytes.
func (e *encoding) report(plan *engine.Plan, totals pipeline.Totals, size int64) {
	if e.opt.Stats == nil {
		return
	}
	s := &e.stats
	s.Backend = cpufallback.New(e.opt.Workers).Name()
	if plan.Engine == engine.Transform && e.opt.Backend != nil {
		s.Backend = e.opt.Backend.Name()
	}
	s.finish(plan, totals, size)
	switch {
	case s.Bound != BoundRMS || e.opt.Plan != nil:
	case e.opt.aims():
		s.T = shortest(&plan.Params)
	default:
		s.T = e.opt.T // not rounded to the file's unit
	}
	*e.opt.Stats = *s
}

// took adds the time of a stage, or a part of it.
func (e *encoding) took(stage string, d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stats.add(stage, d)
}

// countingWriter counts what passes.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
