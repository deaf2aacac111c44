package pipeline

import (
	"context"
	"slices"
	"time"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Choice is the way a raster is coded.
type Choice struct {
	Encoder engine.Encoder
	Source  raster.Source // of what it codes
	Tried   []Trial       // none where one way alone came into question
	Pilot   bool          // whether a pilot was tried, not all of the raster
}

// Trial is what a way to code a raster takes.
type Trial struct {
	Engine engine.ID
	Bound  engine.Bound
	T      int64
	Bytes  int64 // of the plan and the tiles
}

// Choose trains the engine whose file is likely to be the smallest: of all, or the one with
// an id. How likely is found on a pilot of large rasters, and by coding all of small ones.
// What no photograph gains by is tried on flat rasters alone. p has the promise and the
// options, src the samples.
func Choose(ctx context.Context, p engine.Params, id *engine.ID, src raster.Source, env *engine.Env) (*Choice, error) {
	return (&contest{src: src, env: env}).choose(ctx, p, id)
}

func (c *contest) choose(ctx context.Context, p engine.Params, id *engine.ID) (*Choice, error) {
	src, env := c.src, c.env
	p.Format = *src.Format()
	always, ifFlat, err := candidates(&p, id)
	if err != nil {
		return nil, err
	}
	if len(always) > 1 {
		return c.run(ctx, always, ifFlat, env.Work)
	}
	first := always[0]
	if len(ifFlat) == 0 {
		enc, err := first.train(ctx, src, env)
		return &Choice{Encoder: enc, Source: first.source(src)}, err
	}
	train := first.cost(&p.Format).Train
	work := env.Work.Of(train + likelyCost(train))
	if c.first, c.flat, err = first.trainLooking(ctx, src, env.With(work.Part(train))); err != nil {
		return nil, err
	}
	if c.flat {
		return c.run(ctx, append(always, ifFlat...), nil, work.Rest())
	}
	return &Choice{Encoder: c.first, Source: first.source(src)}, nil
}

// Settle takes a bound of every sample back that gains nothing, since no two values come within
// it: files without loss have more ways to be small.
func Settle(ctx context.Context, p *engine.Params, src raster.Source, env *engine.Env) error {
	src = Colours(src)
	if p.Bound != engine.Max || p.T == 0 || predictive.IsRaster(src.Format()) {
		return nil
	}
	start := time.Now()
	merges, err := predictive.Merges(ctx, src, p.T, env.Workers, env.Work)
	if err == nil && !merges {
		p.T = 0
	}
	env.Took("values", time.Since(start))
	return err
}

// contest is between ways to code a raster.
type contest struct {
	src   raster.Source
	env   *engine.Env
	flat  bool           // whether it is known to be flat
	first engine.Encoder // of the first way for all of the raster, if it is trained
	// lossless, where it is not nil, keeps what coding all of the raster without loss has made
	// from one contest to the next, of another promise.
	lossless **coded
}

// run has the smallest way win.
func (c *contest) run(ctx context.Context, ways, ifFlat []*way, work *progress.Work) (*Choice, error) {
	start := time.Now()
	choice := &Choice{Pilot: worthPilot(c.src.Format())}
	field, trained, env := c.src, c.first, c.env
	if choice.Pilot {
		pilot, err := newPilot(ctx, c.src)
		if err != nil {
			return nil, err
		}
		field, trained = pilot, nil
	}
	if choice.Pilot || c.first != nil {
		env = untimed(env)
	}
	if len(ifFlat) > 0 {
		flat, err := isFlat(ctx, field, env.Workers)
		if err != nil {
			return nil, err
		}
		if c.flat = flat; flat {
			ways = append(ways, ifFlat...)
		}
	}
	cost := contestCost(ways, field.Format())
	if choice.Pilot {
		cost += ways[0].cost(c.src.Format()).Train
	}
	work = work.Of(cost)
	var best int
	var smallest *coded
	var err error
	switch {
	case !choice.Pilot:
		best, smallest, err = choice.try(ctx, ways, trained, field, env.With(work), c.lossless)
	case len(ifFlat) > 0 && !c.flat:
		best, smallest, err = c.tryPhotograph(ctx, choice, ways, field.(*raster.Memory), env.With(work))
	default:
		best, smallest, err = choice.try(ctx, ways, nil, field, env.With(work), nil)
	}
	if err != nil {
		return nil, err
	}
	winner := ways[best]
	if doubt := choice.doubted(best); c.flat && doubt >= 0 {
		if best > 0 {
			c.first = nil
		}
		if winner, smallest, err = c.again(ctx, choice, []*way{winner, ways[doubt]}, env, work); err != nil {
			return nil, err
		}
	}
	if env != c.env {
		c.env.Took("choice", time.Since(start))
	}
	return choice, c.end(ctx, choice, winner, smallest, winner == ways[0], work.Rest())
}

// quarterT is the bound from which on a quarter of a pilot mostly decides: below it, ways are too
// near each other.
const quarterT = 3

// tryPhotograph tries a quarter of a pilot that is not flat, and all of it where that does not
// decide: a quarter says the same wherever ways differ by a tenth (docs/bench/choice.md).
func (c *contest) tryPhotograph(ctx context.Context, choice *Choice, ways []*way, pilot *raster.Memory, env *engine.Env) (best int, smallest *coded, err error) {
	f := c.src.Format()
	quarter, err := quarterOf(ctx, pilot, f.Width, f.Height)
	if err != nil {
		return 0, nil, err
	}
	if quarter != nil && ways[0].engine.ID() == engine.Layered && ways[0].params.T >= quarterT {
		part := env.Work.Part(contestCost(ways, quarter.Format()))
		best, smallest, err = choice.try(ctx, ways, nil, quarter, env.With(part), nil)
		if err != nil || choice.clear(best) {
			return best, smallest, err
		}
		choice.Tried = nil
	}
	return choice.try(ctx, ways, nil, pilot, env, nil)
}

// clear tells whether all other ways take more than the best by a tenth.
func (c *Choice) clear(best int) bool {
	return !slices.ContainsFunc(slices.Delete(slices.Clone(c.Tried), best, best+1), func(t Trial) bool {
		return 10*t.Bytes <= 11*c.Tried[best].Bytes
	})
}

// maxAgain is the number of pixels up to which a raster is coded twice.
const maxAgain = 1 << 26

// again has two ways, of which a pilot has found the first smaller, code all of the raster.
// Where that is too much, the second is taken.
func (c *contest) again(ctx context.Context, choice *Choice, ways []*way, env *engine.Env, work *progress.Work) (*way, *coded, error) {
	trained := c.first
	c.first = nil
	if pixelsOf(c.src.Format()) > maxAgain {
		return ways[1], nil, nil
	}
	choice.Pilot, choice.Tried = false, nil
	work = work.Rest().Of(contestCost(ways, c.src.Format()))
	best, smallest, err := choice.try(ctx, ways, trained, c.src, env.With(work), c.lossless)
	if err != nil {
		return nil, nil, err
	}
	return ways[best], smallest, nil
}

// try codes a raster in several ways, and finds the smallest. The first way may be trained.
// lossless is as in a contest.
func (c *Choice) try(ctx context.Context, ways []*way, trained engine.Encoder, src raster.Source, env *engine.Env, lossless **coded) (best int, smallest *coded, err error) {
	for i, w := range ways {
		part := env.Work.Part(w.allCost(src.Format()))
		made, err := w.encodeOnce(ctx, trained, src, env.With(part), lossless)
		if err != nil {
			return 0, nil, err
		}
		part.Finish()
		if smallest == nil || made.weight() < smallest.weight() {
			best, smallest = i, made
		}
		c.Tried = append(c.Tried, Trial{made.plan.Engine, made.plan.Bound, made.plan.T, int64(made.size)})
		trained = nil
	}
	return best, smallest, nil
}

// doubted is the way without loss that takes less than 4/3 of the best way with loss on a
// pilot, -1 where there is none. What pages of text repeat is not in a pilot, and lossless was
// smaller than merged values by a fifth where its pilot was larger by a third.
func (c *Choice) doubted(best int) int {
	if !c.Pilot || c.Tried[best].lossless() {
		return -1
	}
	return slices.IndexFunc(c.Tried, func(t Trial) bool { return t.lossless() && 3*t.Bytes < 4*c.Tried[best].Bytes })
}

func (t *Trial) lossless() bool { return isLossless(t.Bound, t.T) }

func isLossless(b engine.Bound, t int64) bool { return b == engine.Max && t == 0 }

// end gives a choice its encoder.
func (c *contest) end(ctx context.Context, choice *Choice, best *way, made *coded, first bool, work *progress.Work) (err error) {
	choice.Source = best.source(c.src)
	switch {
	case !choice.Pilot:
		choice.Encoder = made
	case first && c.first != nil:
		choice.Encoder = c.first
	default:
		c.first = nil // whose tiles are in the way
		choice.Encoder, err = best.train(ctx, c.src, c.env.With(work))
	}
	work.Finish()
	return err
}

// untimed is an environment whose stages nobody is told of.
func untimed(env *engine.Env) *engine.Env {
	e := *env
	e.Took = func(string, time.Duration) {}
	return &e
}

// coded is an encoder that holds all tiles.
type coded struct {
	plan  *engine.Plan
	tiles []*engine.Tile
	size  int // of the plan and the tiles
}

// encode codes all tiles of a raster, by an encoder that may be trained already.
func (w *way) encode(ctx context.Context, enc engine.Encoder, src raster.Source, env *engine.Env) (_ *coded, err error) {
	work := env.Work.Of(w.allCost(src.Format()))
	training := work.Part(w.cost(src.Format()).Train)
	if enc == nil {
		if enc, err = w.train(ctx, src, env.With(training)); err != nil {
			return nil, err
		}
	}
	training.Finish()
	plan := enc.Plan()
	c := &coded{plan: plan, tiles: make([]*engine.Tile, plan.Grid().N()), size: len(plan.Payload)}
	_, err = Encode(ctx, enc, w.source(src), AllRows(plan), c, env.Workers, env.Memory, work.Rest())
	return c, err
}

// encodeOnce is encode, but for what is kept of a contest before.
func (w *way) encodeOnce(ctx context.Context, enc engine.Encoder, src raster.Source, env *engine.Env, lossless **coded) (_ *coded, err error) {
	if lossless == nil || !w.lossless() {
		return w.encode(ctx, enc, src, env)
	}
	if *lossless == nil {
		*lossless, err = w.encode(ctx, enc, src, env)
	}
	return *lossless, err
}

// weight is what the size counts for in a contest: samples without loss are worth a 16th, and a
// pilot may be off by as much.
func (c *coded) weight() int {
	if isLossless(c.plan.Bound, c.plan.T) {
		return c.size - c.size/16
	}
	return c.size
}

// WriteTile implements Writer.
func (c *coded) WriteTile(tile int, overview, detail []byte, worst []uint64) error {
	c.tiles[tile] = &engine.Tile{Segments: engine.Segments{Overview: overview, Detail: detail}, Worst: worst}
	c.size += len(overview) + len(detail)
	return nil
}

// Plan, Memory, Held, Slab and Encode implement engine.Encoder.
func (c *coded) Plan() *engine.Plan { return c.plan }

func (c *coded) Memory() int64 { return 0 }

func (c *coded) Held(int) bool { return true }

func (c *coded) Slab(context.Context, *raster.Block) (engine.Slab, error) { return nil, nil }

func (c *coded) Encode(_ context.Context, _ engine.Slab, tile int, _ *progress.Work) (*engine.Tile, error) {
	return c.tiles[tile], nil
}
