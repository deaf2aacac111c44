package qtgpu

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"sync"
	"time"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/pipeline"
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
func Encode(w io.Writer, m image.Image, o *Options) error {
	var opt Options
	if o != nil {
		opt = *o
	}
	if err := encodeImage(context.Background(), w, m, &opt); err != nil {
		return fmt.Errorf("qtgpu: %w", err)
	}
	return nil
}

// encodeImage is Encode with options of its own.
func encodeImage(ctx context.Context, w io.Writer, m image.Image, o *Options) error {
	if err := checkBounds(m.Bounds()); err != nil {
		return err
	}
	src, err := imagefile.FromImage(m)
	if err != nil {
		return err
	}
	if o.Metadata.empty() {
		o.Metadata = Metadata(src.Meta)
	}
	e := encoding{opt: o, colours: sourceOf(src), indices: indexSource(src)}
	return e.run(ctx, w)
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
	opt     *Options
	colours raster.Source // the samples
	indices raster.Source // of a paletted image, else nil

	stats    Stats
	mu       sync.Mutex
	progress *progress
}

func (e *encoding) run(ctx context.Context, w io.Writer) error {
	src := e.colours
	params, err := e.opt.params(src.Format())
	if err != nil {
		return err
	}
	if params.Bound == engine.Max && params.T > 0 {
		start := time.Now()
		merges, err := predictive.Merges(ctx, src, params.T, e.opt.Workers)
		if err != nil {
			return err
		}
		if e.took("values", time.Since(start)); !merges {
			params.T = 0 // files without loss have more ways to be small
		}
	}
	if params.Bound == engine.Max && params.T == 0 && e.indices != nil {
		src = e.indices
	}
	params.Format = *src.Format()
	pixels := int64(params.Format.Width) * int64(params.Format.Height)
	e.progress = newProgress(e.opt.Progress, pixels*int64(pipeline.Passes(&params)))
	return e.write(ctx, w, params, src)
}

// memory is what an encode may hold besides the samples.
const memory = 512 << 20

func (e *encoding) write(ctx context.Context, w io.Writer, params engine.Params, src raster.Source) error {
	backend := e.opt.Backend
	if backend == nil {
		backend = cpufallback.New(e.opt.Workers)
	}
	env := &engine.Env{Workers: e.opt.Workers, Backend: backend, Reducer: cpufallback.New(1), Memory: memory, Took: e.took, Coded: e.progress.add}
	enc, err := pipeline.Choose(ctx, params, src, env)
	if err != nil {
		return err
	}
	plan := enc.Plan()
	meta := container.Metadata{}
	for _, m := range metadataChunks(&e.opt.Metadata) {
		meta[m.kind] = *m.data
	}
	counter := countingWriter{w: w}
	totals, err := pipeline.Write(ctx, &counter, enc, src, &pipeline.Job{Metadata: meta, Env: env})
	if err != nil {
		return err
	}
	if plan.Engine == engine.Transform {
		e.stats.Backend = backend.Name()
	} else {
		e.stats.Backend = cpufallback.New(e.opt.Workers).Name()
	}
	e.stats.finish(plan, totals, counter.n)
	if e.stats.Bound == BoundRMS {
		e.stats.T = e.opt.T // not rounded to the file's unit
	}
	if e.opt.Stats != nil {
		*e.opt.Stats = e.stats
	}
	return nil
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

// progress reports what is done, one call at a time.
type progress struct {
	mu          sync.Mutex
	f           func(done, total int64)
	done, total int64
}

func newProgress(f func(done, total int64), total int64) *progress {
	return &progress{f: f, total: total}
}

// add reports n more, never more than the total.
func (p *progress) add(n int64) {
	if p.f == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = min(p.done+n, p.total)
	p.f(p.done, p.total)
}
