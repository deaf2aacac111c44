package transform

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"slices"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
	"github.com/qtgpu/qtgpu/tree"
)

// Engine is the engine of the promise for leaves.
type Engine struct{}

// TileLog2 is the side of a tile that the engine makes.
const TileLog2 = 9

// ID implements engine.Engine.
func (Engine) ID() engine.ID { return engine.Transform }

// MaxT is the largest promise, LeastVisualT the least one of engine.Visual.
const (
	MaxT         = 255 * engine.ErrorUnit
	LeastVisualT = engine.ErrorUnit
)

// Accepts implements engine.Engine.
func (Engine) Accepts(p *engine.Params) error {
	if p.Bound != engine.RMS {
		return fmt.Errorf("the bound max, expected rms")
	}
	least := int64(1)
	if p.Tune == engine.Visual {
		least = LeastVisualT
	}
	if p.T < least || p.T > MaxT {
		return fmt.Errorf("threshold %d/65536, expected %d to %d", p.T, least, MaxT)
	}
	return engine.CheckPicture(&p.Format)
}

// costOf is what coding a pixel costs, about, as measured.
func costOf(e engine.Effort) int64 {
	switch {
	case e >= effortThorough:
		return 180
	case e >= effortPredicts:
		return 66
	}
	return 20
}

// Cost implements engine.Engine.
func (Engine) Cost(p *engine.Params) engine.Cost {
	kept, cost := engine.Sampled(&p.Format, engine.SampleTiles, TileLog2), costOf(p.Effort)
	if g := (tiles.Grid{W: p.Format.Width, H: p.Format.Height, Log2: TileLog2}); g.N() <= tilesAtOnce {
		kept = int64(g.W) * int64(g.H)
	}
	return engine.Cost{Train: kept * (cost + 1), Pixel: cost, Kept: kept, Memory: memoryOf(p.Effort >= effortPredicts)}
}

// geometry is what a plan says of planes and tiles.
type geometry struct {
	grid   tiles.Grid
	format *raster.Format
	planes []Plane
	step   int
	flags
}

// flags are what a plan says besides.
type flags struct {
	sub420   bool
	restores bool // tiles say how strongly they are restored
	guides   bool // tiles say how much luma guides chroma
	predicts bool // leaves have modes
	visual   bool // tiles have step classes
}

// bits are the flags from the lowest bit of a plan's on.
func (f *flags) bits() [5]*bool {
	return [...]*bool{&f.sub420, &f.restores, &f.guides, &f.predicts, &f.visual}
}

// Bits of the flags, and all of them.
const (
	flag420     = 1
	flagGuides  = 4
	flagClasses = 16
	allFlags    = 31
)

// byte is the flags as a plan has them.
func (f *flags) byte() (b byte) {
	for i, set := range f.bits() {
		if *set {
			b |= 1 << i
		}
	}
	return b
}

// flagsOf is the inverse of byte.
func flagsOf(b byte) (f flags) {
	for i, set := range f.bits() {
		*set = b>>i&1 != 0
	}
	return f
}

func newGeometry(p *engine.Plan, step int, f flags) geometry {
	return geometry{p.Grid(), &p.Format, PlanesOf(&p.Format, f.sub420), step, f}
}

// PlanesOf says what the planes of bands hold.
func PlanesOf(f *raster.Format, sub420 bool) []Plane {
	p := make([]Plane, len(f.Bands))
	for i := range p {
		switch role := f.Bands[i].Role; role {
		case raster.Green, raster.Blue:
			p[i] = Plane{Chroma: true, Half: sub420}
		case raster.Alpha, raster.Premultiplied:
			p[i] = Plane{Alpha: true, Hides: role == raster.Alpha}
		}
	}
	return p
}

// hidesChroma tells whether samples of chroma lie under straight alpha of twice their
// resolution.
func (g *geometry) hidesChroma() bool {
	return g.sub420 && g.planes[len(g.planes)-1].Hides
}

// samples is what pixels r, of whole tiles, are in each plane.
func (g *geometry) samples(r image.Rectangle) []image.Rectangle {
	out := make([]image.Rectangle, len(g.planes))
	for i, p := range g.planes {
		out[i] = r
		if p.Half {
			out[i] = image.Rect(r.Min.X/2, r.Min.Y/2, (r.Max.X+1)/2, (r.Max.Y+1)/2)
		}
	}
	return out
}

// padded is samples with the padding to whole roots, as it is coded.
func (g *geometry) padded(r image.Rectangle) []image.Rectangle {
	out := g.samples(r)
	for i := range out {
		out[i] = pad(out[i])
	}
	return out
}

// payload is what the plan holds: step, flags, tables.
func (g *geometry) payload(tables []byte) []byte {
	p := binary.AppendUvarint(nil, uint64(g.step))
	return append(append(p, g.byte()), tables...)
}

// parse is the inverse of payload.
func parse(p *engine.Plan) (g geometry, tables []byte, err error) {
	step, n := rans.Uvarint(p.Payload)
	if n <= 0 || len(p.Payload) == n {
		return g, nil, fmt.Errorf("step: %w", rans.ErrCorrupt)
	}
	f := p.Payload[n]
	if step < MinStep || step > MaxStep {
		return g, nil, fmt.Errorf("step %d, expected %d to %d", step, MinStep, MaxStep)
	}
	if f&flagClasses != 0 && step > MaxVisualStep {
		return g, nil, fmt.Errorf("step %d with flag %d, expected %d to %d", step, flagClasses, MinStep, MaxVisualStep)
	}
	if f > allFlags || f&flag420 != 0 && p.Format.Colour() != 0 || f&flagGuides != 0 && f&flag420 == 0 {
		return g, nil, fmt.Errorf("flags %d of %d bands, expected 0 to %d, %d of colours only, and %d beside it only", f, len(p.Format.Bands), allFlags, flag420, flagGuides)
	}
	return newGeometry(p, int(step), flagsOf(f)), p.Payload[n+1:], nil
}

// encoder implements engine.Encoder.
type encoder struct {
	geometry
	plan    *engine.Plan
	env     *engine.Env
	coder   *Encoder
	models  []*tree.Model // of its planes, nil where no device can take them
	tables  *Tables
	scratch parallel.Pool[EncoderScratch]
	tiles   func() tree.Backend // which prepares single tiles, nil for none, as where a coder goes through slabs
	*engine.Store[Tile]
}

// newEncoder has no tables yet.
func newEncoder(p *engine.Plan, g geometry, env *engine.Env) *encoder {
	split := p.Split
	if g.predicts && split == engine.SplitHybrid {
		split = engine.SplitCost // variances do not tell of what can be predicted
	}
	coder := NewEncoder(g.step, g.planes, split).Promising(p.T)
	if g.predicts {
		coder = coder.Predicting()
		if p.Effort >= effortThorough {
			coder = coder.Thorough()
		}
	}
	if g.restores {
		coder = coder.Restoring()
	}
	if g.guides {
		coder = coder.Guiding()
	}
	if g.visual {
		coder = coder.Tuning()
	}
	e := &encoder{geometry: g, plan: p, env: env, coder: coder, models: coder.models(), Store: engine.NewStore[Tile](env.Memory / 4)}
	e.tiles = sync.OnceValue(func() tree.Backend {
		if t, ok := env.Backend.(tree.Tiler); ok && !e.Overlaps() {
			return t.Tiles()
		}
		return nil
	})
	return e
}

// Overlaps implements engine.Overlapping.
func (e *encoder) Overlaps() bool { return e.models != nil && e.env.Backend.Coder() != nil }

// effortRestores is the effort from which on tiles are restored: without, files are decoded
// fastest.
const effortRestores engine.Effort = 2

// effortPredicts is the effort from which on leaves are predicted.
const effortPredicts engine.Effort = 3

// effortThorough is the effort from which on all modes of leaves are tried.
const effortThorough engine.Effort = 4

// AutoChroma is what ChromaAuto stands for with a promise.
func AutoChroma(t int64) engine.Chroma {
	if t >= 2*engine.ErrorUnit {
		return engine.Chroma420
	}
	return engine.Chroma444
}

// Train implements engine.Engine: the tables are the ones that suit the sample best.
func (Engine) Train(ctx context.Context, p engine.Params, src raster.Source, env *engine.Env) (engine.Encoder, error) {
	plan := &engine.Plan{Engine: engine.Transform, Params: p, TileLog2: TileLog2}
	f := flags{
		sub420:   p.Format.Colour() == 0 && (p.Chroma == engine.Chroma420 || p.Chroma == engine.ChromaAuto && AutoChroma(p.T) == engine.Chroma420),
		restores: p.Effort >= effortRestores,
		predicts: p.Effort >= effortPredicts,
		visual:   p.Tune == engine.Visual,
	}
	f.guides = f.sub420 && f.restores
	step := StepFor(p.T)
	if f.visual {
		step = VisualStepFor(p.T)
	}
	g := newGeometry(plan, step, f)
	e := newEncoder(plan, g, env)
	looks, counted := e.lookAtAll, counter{predicts: f.predicts}
	if e.grid.N() > tilesAtOnce {
		looks = e.lookAtSome
	}
	if err := looks(ctx, src, &counted, env.Work); err != nil {
		return nil, err
	}
	start := time.Now()
	e.tables = counted.sum().Tables()
	plan.Payload = g.payload(e.tables.Payload)
	env.Took("entropy", time.Since(start))
	return e, nil
}

// tilesAtOnce is up to how many tiles all are coded in one pass, though less may be counted: more are sooner read again than
// passed over.
const tilesAtOnce = 4 * engine.SampleTiles

// lookAtAll codes all tiles, counts what the ones of the sample are made of, and keeps them as far as memory goes, others only
// so far. A device prepares the next slab meanwhile; without one, the CPU reads it.
func (e *encoder) lookAtAll(ctx context.Context, src raster.Source, counted *counter, work *progress.Work) error {
	work = work.Of(engine.Pixels(e.grid.Pixels(e.grid.Bounds())) * (costOf(e.plan.Effort) + 1))
	rows := engine.SlabRows(e, e.env.Workers, e.env.Memory)
	sample := e.grid.InSpread(engine.SampleTiles)
	codes := func(tile int) bool { return sample[tile] || !e.Full() }
	blocks := engine.Blocks{
		Source: src, Slabs: engine.Slabs(e.grid, 0, e.grid.Down(), rows), Workers: e.env.Workers, Work: work,
		Codes: func(slab image.Rectangle) bool { return slices.ContainsFunc(e.grid.Indices(slab), codes) },
	}
	return engine.InSlabs(ctx, e, &blocks, engine.Use{Tile: func(s engine.Slab, tile int) error {
		defer work.Add(costOf(e.plan.Effort) * engine.Pixels(e.grid.Tile(tile)))
		if !codes(tile) {
			return nil
		}
		t, err := e.code(ctx, s.(*slab), tile)
		if err != nil {
			return err
		}
		if sample[tile] {
			counted.add(t)
		}
		e.Hold(tile, t, t.Bytes())
		return nil
	}})
}

// lookAtSome is lookAtAll of tiles that are spread over many: each is a slab of its own, several of which are coded
// at once. The backend prepares one at a time.
func (e *encoder) lookAtSome(ctx context.Context, src raster.Source, counted *counter, work *progress.Work) error {
	list := e.grid.Spread(engine.SampleTiles)
	slabBytes := engine.SlabFactor * engine.Pixels(e.grid.Tile(0)) * int64(len(e.format.Bands)*e.format.Type.Size())
	workers := engine.WithinMemory(e.env.Workers, e.env.Memory, e.Memory()+slabBytes)
	var mu sync.Mutex
	prepare := func(b *raster.Block) (*slab, error) {
		mu.Lock()
		defer mu.Unlock()
		s, err := e.Slab(ctx, b)
		if err != nil {
			return nil, err
		}
		return s.(*slab), nil
	}
	return engine.Each(ctx, src, e.grid, list, engine.Interleave(&e.plan.Params), workers, work, func(i int, b *raster.Block) error {
		s, err := prepare(b)
		if err != nil {
			return err
		}
		t, err := e.code(ctx, s, list[i])
		if err != nil {
			return err
		}
		counted.add(t)
		e.Hold(list[i], t, t.Bytes())
		mu.Lock()
		defer mu.Unlock()
		s.Release()
		return nil
	})
}

// NewEncoder implements engine.Engine.
func (Engine) NewEncoder(p *engine.Plan, env *engine.Env) (engine.Encoder, error) {
	g, payload, err := parse(p)
	if err != nil {
		return nil, err
	}
	e := newEncoder(p, g, env)
	e.tables, err = newTables(payload, g.predicts)
	return e, err
}

// Plan implements engine.Encoder.
func (e *encoder) Plan() *engine.Plan { return e.plan }

// tileBytes is what a goroutine takes for a tile: its planes, unless they are the slab's, and half of it decoded
// to choose how it is restored, with what that is chosen by. Tokens are small.
const tileBytes = 16 << (2 * TileLog2)

// memoryOf is tileBytes, and what four planes take that are decoded as they are coded.
func memoryOf(predicts bool) int64 {
	if predicts {
		return 2 * tileBytes
	}
	return tileBytes
}

// Memory implements engine.Encoder.
func (e *encoder) Memory() int64 { return memoryOf(e.predicts) }

// slab is some tiles, from pixel at on.
type slab struct {
	at       image.Point
	pixels   *chroma.Interleaved
	prepared *tree.Prepared     // nil where tiles are prepared one by one
	given    map[int]*givenTile // by number, nil where the backend has no coder for them
	backend  tree.Backend
}

// Release implements engine.Released.
func (s *slab) Release() {
	if r, ok := s.backend.(tree.Recycler); ok && s.prepared != nil {
		r.Recycle(s.prepared)
	}
}

// Slab implements engine.Encoder: it runs the stages of the backend, unless tiles are prepared one by one.
func (e *encoder) Slab(ctx context.Context, in *raster.Block) (engine.Slab, error) {
	prepare := tree.Prepare
	if e.Overlaps() {
		prepare = tree.PrepareResident
	}
	out := &slab{at: in.Rect.Min, pixels: Interleaved(in, e.format), backend: e.env.Backend}
	if e.tiles() != nil {
		return out, nil
	}
	var err error
	if out.prepared, err = prepare(ctx, e.env.Backend, out.pixels, e.sub420); err != nil {
		return nil, err
	}
	for _, s := range out.prepared.Stages {
		e.env.Took(s.Name, s.Duration)
	}
	return out, e.survey(ctx, out, in.Rect)
}

// tile prepares pixels r of a slab.
func (e *encoder) tile(ctx context.Context, s *slab, r image.Rectangle) (*slab, error) {
	pixels := s.pixels.Sub(r.Sub(s.at))
	out := &slab{at: r.Min, pixels: &pixels, backend: e.tiles()}
	var err error
	if out.prepared, err = tree.Prepare(ctx, out.backend, &pixels, e.sub420); err != nil {
		return nil, err
	}
	for _, s := range out.prepared.Stages {
		e.took(s.Name, s.Duration)
	}
	return out, nil
}

// survey has the backend go on below the pyramid, if it can.
func (e *encoder) survey(ctx context.Context, s *slab, pixels image.Rectangle) error {
	if !e.Overlaps() {
		return nil
	}
	coder := e.env.Backend.Coder()
	side := 1 << e.grid.Log2
	tiles := e.grid.Indices(image.Rect(pixels.Min.X/side, pixels.Min.Y/side, (pixels.Max.X-1)/side+1, (pixels.Max.Y-1)/side+1))
	job := survey{encoder: e.coder, coder: coder, prepared: s.prepared, pixels: s.pixels, models: e.models, workers: e.env.Workers, scratch: &e.scratch, took: e.env.Took}
	for _, tile := range tiles {
		job.rects = append(job.rects, e.padded(e.grid.Tile(tile).Sub(s.at)))
	}
	found, err := job.run(ctx)
	if err != nil {
		return fmt.Errorf("coding on %s: %w", e.env.Backend.Name(), err)
	}
	s.given = map[int]*givenTile{}
	for i, tile := range tiles {
		s.given[tile] = found.tile(i)
	}
	return nil
}

// Encode implements engine.Encoder.
func (e *encoder) Encode(ctx context.Context, s engine.Slab, tile int, _ *progress.Work) (*engine.Tile, error) {
	t := e.Take(tile)
	if t == nil {
		var err error
		if t, err = e.code(ctx, s.(*slab), tile); err != nil {
			return nil, err
		}
	}
	start := time.Now()
	out := &engine.Tile{Segments: e.tables.Segments(t), Worst: engine.Errors(t.Worst), Leaves: t.Leaves}
	e.took("entropy", time.Since(start))
	return out, nil
}

// code makes the tokens of a tile.
func (e *encoder) code(ctx context.Context, s *slab, tile int) (*Tile, error) {
	scratch := e.scratch.Get()
	defer e.scratch.Put(scratch)
	r := e.grid.Tile(tile)
	if s.prepared == nil {
		var err error
		if s, err = e.tile(ctx, s, r); err != nil {
			return nil, err
		}
		defer s.Release()
	}
	rects := e.padded(r.Sub(s.at))
	t := e.coder.tile(scratch, s.prepared.Planes, s.prepared.Pyramids, rects, s.pixels, s.given[tile])
	e.took("split", t.SplitTime)
	e.took("transform", t.TransformTime)
	return t, nil
}

// took tells of the time of one of the goroutines.
func (e *encoder) took(stage string, d time.Duration) {
	e.env.Took(stage, d/time.Duration(parallel.Workers(e.env.Workers)))
}
