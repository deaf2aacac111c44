package pipeline

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/metrics"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Target is what a file is to come to, in the place of a promise: a size or a PSNR.
type Target struct {
	Bytes int64   // the most that it may have, 0 for a PSNR
	PSNR  float64 // the least that it may have, in dB
	// Picture tells whether the samples are of a picture, which has a PSNR.
	Picture bool
	// Metadata is what the file holds beside samples that are coded so.
	Metadata func(coded *engine.Params) container.Metadata
}

// Aimed is the way to a target: what Choose gives with the promise that was found.
type Aimed struct {
	*Choice
	Bytes   int64         // of the file
	PSNR    float64       // in dB; +Inf without loss, NaN of what is no picture
	Chroma  engine.Chroma // the resolution of colour that it was found with: what was asked for, or one of two that were tried
	Pilots  int           // how often a pilot was coded
	Codings int           // how often all of the raster was
}

// aim is a search for the promise that comes to a target.
type aim struct {
	Target
	params engine.Params // but for T
	id     *engine.ID
	env    *engine.Env
	rungs  *rungs
	whole  *descent
	pilot  *descent // nil where the raster is small
	best   *Aimed   // of all of the raster
	final  *Aimed   // that is nearest to the target where none comes to it
}

// Aim finds the strictest promise whose file has no more than some bytes, or the loosest
// whose file has no less than some PSNR. Of small rasters, all is coded until it is found. Of
// large ones a pilot is, and then all as the pilot says, a few times. p is what is asked for
// but T. Where no promise comes to the target, the error is an *UnreachableError.
//
// Of the colours of a photograph, full resolution comes to a PSNR with fewer bytes up to T of 20 or so; of smooth pictures half
// of it does at any T (docs/bench/target.md): where neither is asked for, the file is the smaller one of both.
func Aim(ctx context.Context, p engine.Params, id *engine.ID, target Target, src raster.Source, env *engine.Env) (*Aimed, error) {
	p.Format = *src.Format()
	if target.PSNR == 0 || !freeChroma(&p, id) {
		return aimAt(ctx, p, id, target, src, env)
	}
	work := env.Work.Of(2)
	p.Chroma = engine.Chroma444
	full, err := aimAt(ctx, p, id, target, src, env.With(work.Part(1)))
	if err != nil || full.Encoder.Plan().Bound != engine.RMS { // without loss, half of it would come to no such PSNR either
		work.Rest().Finish()
		return full, err
	}
	p.Chroma, p.T = engine.Chroma420, full.Encoder.Plan().T*7/8
	half, err := aimAt(ctx, p, id, target, src, env.With(work.Rest()))
	if unreachable := (*UnreachableError)(nil); errors.As(err, &unreachable) {
		return full, nil
	}
	if err != nil {
		return nil, err
	}
	best := full
	if half.Bytes < full.Bytes {
		best = half
	}
	best.Pilots, best.Codings = full.Pilots+half.Pilots, full.Codings+half.Codings
	return best, nil
}

// freeChroma tells whether files may have colours of either resolution.
func freeChroma(p *engine.Params, id *engine.ID) bool {
	return p.Bound == engine.RMS && p.Chroma == engine.ChromaAuto && p.Format.Colour() == 0 && (id == nil || *id == engine.Transform)
}

// aimAt is Aim with one resolution of colour.
func aimAt(ctx context.Context, p engine.Params, id *engine.ID, target Target, src raster.Source, env *engine.Env) (*Aimed, error) {
	start := time.Now()
	quiet := untimed(env)
	quiet.Memory = env.Memory / codingShare
	quiet.Backend = newOnce(env.Backend, env.Memory/preparedShare)
	a := &aim{Target: target, params: p, id: id, env: quiet}
	place := int64(0)
	err := a.begin(ctx, src)
	if err == nil {
		place, err = a.find(ctx)
	}
	if err != nil {
		return nil, err
	}
	if place == a.whole.n {
		return nil, &UnreachableError{a.final, a.Bytes > 0}
	}
	a.best.Chroma, a.best.Codings = p.Chroma, len(a.whole.known)
	if a.pilot != nil {
		a.best.Pilots = len(a.pilot.known)
	}
	env.Work.Finish()
	env.Took("search", time.Since(start))
	return a.best, nil
}

// UnreachableError tells that no promise comes to a target, and which comes nearest to it: the
// loosest where Size was asked for, else the strictest.
type UnreachableError struct {
	Nearest *Aimed
	Size    bool
}

func (e *UnreachableError) Error() string { return "no promise comes to the target" }

// Shares of the memory: for coding, and of that for the tiles of a file, of which there are
// three, the best by one resolution of colour and two by the other; for the planes of a pilot or a small raster.
const (
	codingShare   = 2
	keptShare     = 8
	preparedShare = 8
)

// pilotCost and wholeCost are the shares of the work of a search with a pilot.
const (
	pilotCost = 1
	wholeCost = 3
)

// begin readies what is searched.
func (a *aim) begin(ctx context.Context, src raster.Source) (err error) {
	span := 0.0
	if src.Format().Type.Float() {
		if span, err = spanOf(ctx, src); err != nil {
			return err
		}
	}
	if a.rungs, err = rungsOf(&a.params, a.id, span); err != nil {
		return err
	}
	if !worthPilot(src.Format()) {
		a.whole = a.descent(&field{aim: a, src: src, work: a.env.Work.Rest(), whole: true})
		return nil
	}
	pilot, err := newPilot(ctx, src)
	if err != nil {
		return err
	}
	work := a.env.Work.Of(pilotCost + wholeCost)
	a.pilot = a.descent(&field{aim: a, src: pilot, work: work.Part(pilotCost)})
	a.whole = a.descent(&field{aim: a, src: src, work: work.Rest(), whole: true})
	return nil
}

// descent goes along the rungs: of a size from the strictest promise, of a PSNR from the
// loosest.
func (a *aim) descent(f *field) *descent {
	d := &descent{n: a.rungs.last - a.rungs.first + 1, start: a.place(a.rungs.start)}
	d.axis = func(place int64) int64 {
		if a.Bytes > 0 {
			return a.rungs.axis(a.rung(place))
		}
		return -a.rungs.axis(a.rung(place))
	}
	d.slope = octave * 3 / 4 // of bytes
	if a.Bytes == 0 {
		d.slope = octave * 3 / 2 // of squared errors, less than the 2 of all of them
	}
	d.read = f.read
	return d
}

func (a *aim) rung(place int64) int64 {
	if a.Bytes > 0 {
		return a.rungs.first + place
	}
	return a.rungs.last - place
}

func (a *aim) place(rung int64) int64 {
	if a.Bytes > 0 {
		return rung - a.rungs.first
	}
	return a.rungs.last - rung
}

// find finds the place of the target.
func (a *aim) find(ctx context.Context) (int64, error) {
	const (
		nearBytes = octave * 14 / 1000 // 1 percent
		nearPSNR  = octave * 16 / 1000 // 0.05 dB
	)
	goal, near, offset := log2(a.Bytes), int64(nearBytes), int64(0)
	if a.Bytes == 0 {
		goal, near = errorOf(&a.params.Format, a.PSNR), nearPSNR
	}
	if a.pilot == nil {
		return a.whole.find(ctx, goal, near, isEnough)
	}
	if a.Bytes > 0 {
		pilot := pilotFormat(&a.params.Format)
		offset = log2(pixelsOf(&a.params.Format)) - log2(pixelsOf(&pilot))
	}
	return a.whole.guided(ctx, a.pilot, offset, goal, near)
}

// errorOf is the logarithm of the mean squared error of a PSNR.
func errorOf(f *raster.Format, psnr float64) int64 {
	coded := coloursOf(f)
	return int64(math.Round(octave * (2*math.Log2(float64(coded.FullScale())) - psnr/10*math.Log2(10))))
}

// field is a raster that is coded in a search: all of it, or the pilot.
type field struct {
	*aim
	src      raster.Source
	whole    bool
	work     *progress.Work
	lossless *coded // once it is needed
}

// read codes the raster with the promise of a place.
func (f *field) read(ctx context.Context, place int64) (r reading, err error) {
	work := f.work.Half()
	made, mean, err := f.code(ctx, f.rung(place), work)
	if err != nil {
		return r, err
	}
	work.Finish()
	if f.Bytes > 0 {
		plan := made.Encoder.Plan()
		r = reading{value: log2(made.Bytes), enough: made.Bytes <= f.Bytes, last: isLossless(plan.Bound, plan.T)}
	} else {
		r = reading{value: mean, enough: made.PSNR >= f.PSNR}
	}
	switch {
	case f.whole && r.enough:
		f.best = made
	case f.whole:
		f.final = made
	}
	return r, nil
}

// code codes the raster with the promise of a rung. mean is the logarithm of the mean squared
// error of a picture.
func (f *field) code(ctx context.Context, rung int64, work *progress.Work) (made *Aimed, mean int64, err error) {
	p := f.rungs.params(&f.params, rung)
	p.Format = *f.src.Format()
	cost := CostOf(&p, f.id)
	work = work.Of(cost.Choose + cost.Write)
	env := f.env.With(work.Part(cost.Choose))
	if err := Settle(ctx, &p, f.src, f.env.With(nil)); err != nil {
		return nil, 0, err
	}
	contest := &contest{src: f.src, env: env}
	if !worthPilot(f.src.Format()) { // else what is kept is too much
		contest.lossless = &f.lossless
	}
	made = &Aimed{PSNR: math.NaN()}
	if made.Choice, err = contest.choose(ctx, p, f.id); err != nil {
		return nil, 0, err
	}
	made.Encoder = newKept(made.Encoder, f.env.Memory/keptShare)
	mean, err = f.write(ctx, made, f.env.With(work.Rest()))
	return made, mean, err
}

// write writes the file to nobody, and measures it.
func (f *field) write(ctx context.Context, made *Aimed, env *engine.Env) (mean int64, err error) {
	plan := made.Encoder.Plan()
	job := &Job{Env: env}
	if f.whole {
		job.Metadata = f.Metadata(&plan.Params)
	}
	if f.Picture {
		if job.gauge, err = newGauge(plan, env); err != nil {
			return 0, err
		}
	}
	if _, err := Write(ctx, (*length)(&made.Bytes), made.Encoder, made.Source, job); err != nil {
		return 0, err
	}
	if g := job.gauge; g != nil {
		samples := pixelsOf(&plan.Format) * int64(metrics.ColourChannels(len(plan.Format.Bands)))
		made.PSNR = metrics.PSNR(g.squares, samples, plan.Format.FullScale())
		mean = log2(int64(g.squares)) - log2(samples)
	}
	return mean, nil
}

// length counts what is written.
type length int64

// Write implements io.Writer.
func (l *length) Write(p []byte) (int, error) {
	*l += length(len(p))
	return len(p), nil
}
