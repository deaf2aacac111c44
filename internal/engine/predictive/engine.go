package predictive

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// Engine is the engine of the promise for samples. With Merge it codes without loss
// which of few values stands for each sample; that is for a T from 1 on.
type Engine struct{ Merge bool }

// Sides of tiles. Patterns are learned anew in every tile, so tiles of labels are large.
const (
	tileLog2  = 10
	labelLog2 = 11
)

// MaxT is the largest promise.
const MaxT = 1<<16 - 1

// ID implements engine.Engine.
func (Engine) ID() engine.ID { return engine.Predictive }

// Accepts implements engine.Engine.
func (Engine) Accepts(p *engine.Params) error {
	if p.Bound != engine.Max {
		return fmt.Errorf("a bound of leaves, expected one of every sample")
	}
	f := &p.Format
	if IsRaster(f) {
		return acceptsRaster(p)
	}
	if p.T < 0 || p.T > MaxT {
		return fmt.Errorf("threshold %d, expected 0 to %d", p.T, MaxT)
	}
	if role := f.Bands[0].Role; role != raster.Index && role != raster.Label {
		return engine.CheckPicture(f)
	}
	wide := f.Type != raster.Uint8 && f.Type != raster.Uint16
	if len(f.Bands) > 1 || p.T > 0 || wide {
		return fmt.Errorf("%d bands of %v with the first of role %v and threshold %d, expected one without loss", len(f.Bands), f.Type, f.Bands[0].Role, p.T)
	}
	return nil
}

// What is done to a pixel costs, about, as measured: coding it by effort, fitting, and one
// look more for each way that describing a raster may try.
const (
	fitCost    = 12
	rasterCost = 8
)

// pixelCost is the cost of coding a pixel.
func pixelCost(effort engine.Effort) int64 {
	return [...]int64{EffortBuiltIn: 8, EffortFitted: 10, EffortSymbols: 20, EffortMixing: 250}[effort]
}

// costs are the costs of the steps of Train.
type costs struct{ describe, fit, look int64 }

func (g Engine) costs(p *engine.Params) costs {
	c := costs{
		describe: engine.Sampled(&p.Format, engine.SampleTiles, tileLog2),
		look:     engine.Sampled(&p.Format, tableTiles, tileLog2) * pixelCost(p.Effort),
	}
	if p.Effort >= EffortFitted {
		c.fit = engine.Sampled(&p.Format, fitTiles, tileLog2) * fitCost
	}
	if IsRaster(&p.Format) {
		c.describe, c.fit = rasterCost*c.describe+c.fit, 0
	}
	return c
}

// Cost implements engine.Engine.
func (g Engine) Cost(p *engine.Params) engine.Cost {
	c := g.costs(p)
	return engine.Cost{
		Train: c.describe + c.fit + c.look, Pixel: pixelCost(p.Effort), Kept: engine.Sampled(&p.Format, tableTiles, tileLog2),
		Memory: engine.Sampled(&p.Format, 1, tileLog2) * int64(len(p.Format.Bands)) * sampleBytes(p),
	}
}

// Merges tells whether anything is gained by a bound of t: whether any two values of a
// band can become one. It looks no further than there are two.
func Merges(ctx context.Context, src raster.Source, t int64, workers int, work *progress.Work) (bool, error) {
	f := src.Format()
	grid := tiles.Grid{W: f.Width, H: f.Height, Log2: tileLog2}
	merges := func(s Values) bool { return s.merges(t) }
	values, err := usedValues(ctx, src, grid, grid.Spread(engine.SampleTiles), merges, workers, work)
	return slices.ContainsFunc(values, merges), err
}

// Flags of the payload.
const (
	flagDecimate = 1 // levels keep single samples
	flagMerged   = 2 // values stand for all within T
	flagRaster   = 4 // mappings make numbers of samples
)

// formatOf is what coding a tile needs to know of a plan.
func formatOf(p *engine.Plan, flags byte) Format {
	f := &p.Format
	last := f.Bands[len(f.Bands)-1].Role
	out := Format{
		Channels: len(f.Bands), Alpha: last == raster.Alpha && len(f.Bands)%2 == 0, Depth: 8 * f.Type.Size(),
		Maximum: int32(f.FullScale()), Bound: int32(p.T), Labels: flags&flagDecimate != 0,
	}
	if f.Bands[0].Role == raster.Index {
		out.Maximum = int32(f.Type.Max())
	}
	if flags&flagMerged != 0 {
		out.Bound, out.Merged = 0, out.Bound
	}
	return out
}

// encoder implements engine.Encoder.
type encoder struct {
	tiles.Grid
	plan    *engine.Plan
	env     *engine.Env
	format  Format
	raster  *rasterPlan  // nil of a picture
	indices []valueIndex // by plane, where indices are coded
	model   *Model       // by which modes are chosen
	planned *Model       // which the plan holds
	tables  *Tables
	scratch parallel.Pool[encoderScratch]
	*engine.Store[Tile]
}

// encoderScratch is the memory of one goroutine.
type encoderScratch struct {
	Scratch
	planes []Plane
}

// Train implements engine.Engine: the values are the ones that the sample has, the
// weights are fitted to it and the tables suit it best.
func (g Engine) Train(ctx context.Context, p engine.Params, src raster.Source, env *engine.Env) (engine.Encoder, error) {
	e := &encoder{plan: &engine.Plan{Engine: engine.Predictive, Params: p, TileLog2: tileLog2}, env: env, Store: engine.NewStore[Tile](math.MaxInt64)}
	start := time.Now()
	e.Grid = e.plan.Grid()
	cost := g.costs(&p)
	work := env.Work.Of(cost.describe + cost.fit + cost.look)
	describing := work.Part(cost.describe)
	payload, err := e.describe(ctx, src, g.Merge, describing)
	if err != nil {
		return nil, err
	}
	describing.Finish()
	env.Took("values", time.Since(start))
	start = time.Now()
	if e.model == nil {
		if e.model, err = e.fit(ctx, src, work.Part(cost.fit)); err != nil {
			return nil, err
		}
	}
	e.planned = e.model
	env.Took("fit", time.Since(start))
	if err := e.look(ctx, src, work.Rest()); err != nil {
		return nil, err
	}
	e.plan.Payload = append(payload, e.tables.Payload...)
	return e, nil
}

// describe finds what samples stand for, and gives the beginning of the payload that says so.
func (e *encoder) describe(ctx context.Context, src raster.Source, merge bool, work *progress.Work) ([]byte, error) {
	if IsRaster(&e.plan.Format) {
		return e.describeRaster(ctx, src, merge, work)
	}
	counts, err := histograms(ctx, src, e.Grid, e.Spread(engine.SampleTiles), e.plan.T == 0, e.env.Workers, work)
	if err != nil {
		return nil, err
	}
	return []byte{e.choose(counts, merge)}, nil
}

// choose decides from the numbers that there are what samples stand for, and the side of tiles.
func (e *encoder) choose(counts []histogram, merge bool) (flags byte) {
	values := make([]Values, len(counts))
	for c, h := range counts {
		values[c] = h.values()
	}
	f, lossless := &e.plan.Format, e.plan.T == 0
	few := len(values) == 1 && len(values[0]) <= maxLabels && lossless
	role := f.Bands[0].Role
	named := role == raster.Index || role == raster.Label
	if lossless && (named || few && f.FullScale() == f.Type.Max() && !values[0].amounts(8*f.Type.Size())) {
		flags |= flagDecimate
	}
	if flags != 0 || few {
		e.plan.TileLog2 = labelLog2
		e.Grid = e.plan.Grid()
	}
	if merge {
		flags |= flagMerged
	}
	e.format = formatOf(e.plan, flags)
	e.format.Values = make([]Values, len(values))
	for c, s := range values {
		switch {
		case merge:
			e.format.Values[c] = counts[c].merge(e.plan.T)
		case lossless && role != raster.Index && s.sparse(int64(e.W)*int64(e.H)):
			e.format.Values[c] = s
		}
	}
	e.index()
	return flags
}

// index finds the indices of values.
func (e *encoder) index() {
	e.indices = make([]valueIndex, len(e.format.Values))
	for c, s := range e.format.Values {
		if s != nil {
			switch e.indices[c].values = s; {
			case e.raster != nil && e.merges(c):
				e.indices[c] = e.mergedIndex(c)
			case e.format.Depth <= 16:
				e.indices[c] = s.indices(int64(e.format.Merged), e.format.Depth)
			}
		}
	}
}

// The predictors are fitted to at most fitTiles tiles, spread over the raster, and of at
// most fitPixels pixels to every fourth row, of more to fewer.
const (
	fitTiles  = 6
	fitPixels = 1 << 19
)

// fit fits the predictors.
func (e *encoder) fit(ctx context.Context, src raster.Source, work *progress.Work) (*Model, error) {
	if e.plan.Effort < EffortFitted {
		return DefaultModel(&e.format), nil
	}
	list := e.Spread(fitTiles)
	pixels := engine.Sampled(&e.plan.Format, len(list), e.Log2)
	step := int(4 * max(1, pixels/fitPixels))
	sum := NewFit(&e.format, step)
	each := e.Memory() + 2*linear.Bytes(e.format.Channels) // two: one finds rough weights
	var mu sync.Mutex
	err := engine.Each(ctx, src, e.Grid, list, 1, engine.WithinMemory(e.env.Workers, e.env.Memory, each), work, func(_ int, b *raster.Block) error {
		w := e.scratch.Get()
		defer e.scratch.Put(w)
		format := e.sampleOf(b, w)
		f := NewFit(&e.format, step)
		f.Add(&w.Scratch, format, w.planes)
		mu.Lock()
		defer mu.Unlock()
		sum.Merge(f)
		return nil
	})
	return sum.Model(), err
}

// tableTiles is the number of tiles that the tables are chosen for, all of which
// are held in memory as tokens.
const tableTiles = 8

// look codes some tiles, chooses the tables for them and keeps them.
func (e *encoder) look(ctx context.Context, src raster.Source, work *progress.Work) error {
	start := time.Now()
	list := e.Spread(tableTiles)
	coded := make([]*Tile, len(list))
	work = work.Of(int64(len(list)))
	err := engine.Each(ctx, src, e.Grid, list, 1, engine.WithinMemory(e.env.Workers, e.env.Memory, e.Memory()), nil, func(i int, b *raster.Block) error {
		tile := work.Part(1)
		defer tile.Finish()
		w := e.scratch.Get()
		defer e.scratch.Put(w)
		coded[i] = e.code(b, w, tile)
		return nil
	})
	if err != nil {
		return err
	}
	e.env.Took("predict", time.Since(start))
	if len(list) == e.N() && !slices.ContainsFunc(coded, (*Tile).Predicted) {
		e.planned = DefaultModel(&e.format) // costs nothing, and no tile needs it
		var w rans.BitWriter
		e.model.put(&w)
		e.plan.Hints = w.AppendReversed(nil) // what the modes were chosen by
	}
	e.tables = e.planned.ChooseTables(coded, &e.format)
	for i, t := range coded {
		e.Hold(list[i], t, 0) // few
	}
	return nil
}

// sampleOf loads a tile that predictors are fitted to.
func (e *encoder) sampleOf(b *raster.Block, w *encoderScratch) *Format {
	if e.raster == nil {
		format, _ := e.load(b, w)
		return format
	}
	t := e.rasterTile(b, w, e.masksClasses(), nil)
	return t.head.apply(&e.format)
}

// load copies the samples of a block, or their indices, to the planes of w. It returns
// the format in which they are then, and the largest error of each band, nil where there
// is none yet. Where a value has no index, samples stay as they are.
func (e *encoder) load(b *raster.Block, w *encoderScratch) (*Format, []int32) {
	w.planes = loadPlanes(b, w.planes)
	if !e.format.packed() {
		return &e.format, nil
	}
	worst := make([]int32, len(w.planes))
	for c := range e.indices {
		pix, values := w.planes[c].Pix, e.format.Values[c]
		if values == nil {
			continue
		}
		for i, v := range pix {
			k := e.indices[c].of(v)
			if k < 0 { // from here on as it was
				w.planes = loadPlanes(b, w.planes)
				plain := e.format.plain()
				return &plain, nil
			}
			worst[c] = max(worst[c], arith.AbsDiff(v, values[k]))
			pix[i] = k
		}
	}
	return &e.format, worst
}

// loadPlanes copies the samples of a block to planes, new ones where old ones are of
// another size.
func loadPlanes(b *raster.Block, old []Plane) []Plane {
	w, h := b.Rect.Dx(), b.Rect.Dy()
	planes := Planes(old, len(b.Planes), w, h)
	for c := range planes {
		for y := range h {
			sample.Load(planes[c].Pix[y*w:][:w], b, c, b.Rect.Min.Y+y)
		}
	}
	return planes
}

// code makes the tokens of a tile. Where the plan holds another model than the one that
// modes are chosen by, since none of its tiles was predicted, one that is takes the plan's.
func (e *encoder) code(b *raster.Block, w *encoderScratch, work *progress.Work) *Tile {
	t := e.codeBy(e.model, b, w, work)
	if e.planned != e.model && t.Predicted() {
		t = e.codeBy(e.planned, b, w, work)
	}
	return t
}

// codeBy is code by a given model.
func (e *encoder) codeBy(m *Model, b *raster.Block, w *encoderScratch, work *progress.Work) *Tile {
	w.work = work
	if e.raster != nil {
		return e.codeRaster(m, b, w)
	}
	format, worst := e.load(b, w)
	t := m.Encode(&w.Scratch, format, e.plan.Effort, w.planes)
	t.plain = format != &e.format
	if worst != nil {
		t.Worst = worst
	}
	return t
}

// NewEncoder implements engine.Engine.
func (Engine) NewEncoder(p *engine.Plan, env *engine.Env) (engine.Encoder, error) {
	flags, err := flagsOf(p)
	if err != nil {
		return nil, err
	}
	r, format, payload, err := parseDescription(p, flags)
	if err != nil {
		return nil, err
	}
	if r != nil {
		r.mask = maskBand(&p.Format)
	}
	e := &encoder{Grid: p.Grid(), plan: p, env: env, format: format, raster: r, Store: engine.NewStore[Tile](math.MaxInt64)}
	model, tables, err := parsePayload(payload, &e.format)
	if err != nil {
		return nil, err
	}
	e.model, e.planned, e.tables = model, model, &Tables{payload, rans.NewEncTable(tables)}
	if p.Hints != nil {
		r := rans.NewBitReader(p.Hints)
		if e.model, err = parseModel(&r, &e.format); err != nil {
			return nil, fmt.Errorf("hints: %w", err)
		}
	}
	e.index()
	return e, nil
}

// Plan implements engine.Encoder.
func (e *encoder) Plan() *engine.Plan { return e.plan }

// What a goroutine takes for a sample of a tile while it encodes it, about, as measured
// (docs/bench/pipeline.md).
const (
	encodeBytes = 28
	mixingBytes = 40
	rasterBytes = 24 // more of a raster: words, remainders, classes, samples
)

func sampleBytes(p *engine.Params) int64 {
	bytes := int64(encodeBytes)
	if p.Effort >= EffortMixing {
		bytes = mixingBytes
	}
	if IsRaster(&p.Format) {
		bytes += rasterBytes
	}
	return bytes
}

// Memory implements engine.Encoder.
func (e *encoder) Memory() int64 {
	return e.TilePixels() * int64(e.format.Channels) * sampleBytes(&e.plan.Params)
}

// Slab implements engine.Encoder: there is nothing to prepare.
func (e *encoder) Slab(_ context.Context, in *raster.Block) (engine.Slab, error) { return in, nil }

// Encode implements engine.Encoder.
func (e *encoder) Encode(_ context.Context, s engine.Slab, tile int, work *progress.Work) (*engine.Tile, error) {
	start := time.Now()
	t := e.Take(tile)
	if t == nil {
		w := e.scratch.Get()
		defer e.scratch.Put(w)
		w.lend = e.raster == nil // whose tiles are coded once, but for symbols
		t = e.code(s.(*raster.Block).Sub(e.Tile(tile)), w, work)
		w.lend = false
	}
	out := &engine.Tile{Worst: t.worst}
	if e.raster == nil {
		out.Worst = engine.Errors(t.Worst)
	}
	out.Overview, out.Detail = e.tables.Segments(t)
	e.env.Took("entropy", time.Since(start)/time.Duration(parallel.Workers(e.env.Workers)))
	return out, nil
}
