package pipeline

import (
	"context"
	"fmt"
	"image"
	"time"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/masked"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// engines are all engines, as files number them.
var engines = []engine.Engine{transform.Engine{}, predictive.Engine{}, layered.Engine{}}

// suited is an engine for a format: with masks where it needs these.
func suited(e engine.Engine, f *raster.Format) engine.Engine {
	if !engine.HasNoData(f) {
		return e
	}
	switch e.(type) {
	case transform.Engine:
		return masked.Engine{Engine: e, Log2: transform.TileLog2}
	case layered.Engine:
		return masked.Engine{Engine: e, Log2: layered.TileLog2}
	}
	return e
}

// byID is the engine of a file.
func byID(id engine.ID, f *raster.Format) (engine.Engine, error) {
	for _, e := range engines {
		if e.ID() == id {
			return suited(e, f), nil
		}
	}
	return nil, &container.UnsupportedError{What: fmt.Sprintf("engine %d, expected less than %d", id, len(engines))}
}

// candidates are the engines whose files may be the smallest. Prediction in a closed
// loop keeps colours apart, so that for photographs one of the others is always smaller.
func candidates(p *engine.Params) []engine.Engine {
	switch {
	case p.Bound == engine.RMS:
		return []engine.Engine{suited(transform.Engine{}, &p.Format)}
	case p.T == 0 || predictive.IsRaster(&p.Format) && !predictive.Narrow(p.Format.Type):
		return []engine.Engine{predictive.Engine{}}
	case predictive.IsRaster(&p.Format):
		all := []engine.Engine{predictive.Engine{}, predictive.Engine{Lossless: true}} // which has patterns
		if l := suited(layered.Engine{}, &p.Format); l.Accepts(p) == nil {
			all = append(all, l)
		}
		return all
	case layered.Engine{}.Accepts(p) == nil:
		return []engine.Engine{layered.Engine{}, predictive.Engine{Merge: true}}
	}
	return []engine.Engine{predictive.Engine{}, predictive.Engine{Merge: true}}
}

// Accepts is nil, or says why no engine can code this.
func Accepts(p *engine.Params) error {
	if err := p.Format.Validate(); err != nil {
		return err
	}
	return candidates(p)[0].Accepts(p)
}

// Choose trains the engine whose file is likely to be the smallest and returns its
// encoder. How likely is found on a pilot of large rasters, and by coding all of small
// ones. p has the promise and the options, src the samples.
func Choose(ctx context.Context, p engine.Params, src raster.Source, env *engine.Env) (engine.Encoder, error) {
	p.Format = *src.Format()
	if err := Accepts(&p); err != nil {
		return nil, err
	}
	all := candidates(&p)
	if len(all) == 1 {
		return all[0].Train(ctx, p, src, env)
	}
	if !worthPilot(&p.Format) {
		_, enc, err := contest(ctx, all, p, src, env)
		return enc, err
	}
	pilot, err := newPilot(ctx, src)
	if err != nil {
		return nil, err
	}
	small := p
	small.Format = *pilot.Format()
	trial := contestCost(all, &small)
	work := env.Work.Of(trial + all[0].Cost(&p).Train)
	best, _, err := contest(ctx, all, small, pilot, untimed(env, work.Part(trial)))
	if err != nil {
		return nil, err
	}
	return all[best].Train(ctx, p, src, env.With(work.Rest()))
}

// untimed is an environment for some work whose stages nobody is told of.
func untimed(env *engine.Env, work *progress.Work) *engine.Env {
	e := env.With(work)
	e.Took = func(string, time.Duration) {}
	return e
}

// contest codes a raster with some engines, and returns the best with what it made.
func contest(ctx context.Context, all []engine.Engine, p engine.Params, src raster.Source, env *engine.Env) (int, engine.Encoder, error) {
	best, smallest := 0, (*coded)(nil)
	work := env.Work.Of(contestCost(all, &p))
	for i, e := range all {
		c, err := encodeAll(ctx, e, p, src, env.With(work.Part(allCost(e, &p))))
		if err != nil {
			return 0, nil, err
		}
		if smallest == nil || c.size < smallest.size {
			best, smallest = i, c
		}
	}
	return best, smallest, nil
}

// coded is an encoder that holds all tiles.
type coded struct {
	plan  *engine.Plan
	tiles []*engine.Tile
	size  int // of the plan and the tiles
}

// encodeAll codes all tiles of a raster.
func encodeAll(ctx context.Context, e engine.Engine, p engine.Params, src raster.Source, env *engine.Env) (*coded, error) {
	work := env.Work.Of(allCost(e, &p))
	enc, err := e.Train(ctx, p, src, env.With(work.Part(e.Cost(&p).Train)))
	if err != nil {
		return nil, err
	}
	plan := enc.Plan()
	c := &coded{plan: plan, tiles: make([]*engine.Tile, plan.Grid().N()), size: len(plan.Payload)}
	_, err = Encode(ctx, enc, src, AllRows(plan), c, env.Workers, env.Memory, work)
	return c, err
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

// The pilot of a raster is pilotParts rectangles of partPixels, spread over it and joined:
// 4×4 squares of 256, where it is not narrower.
const (
	pilotParts = 16
	partSide   = 256
	partPixels = partSide * partSide
)

// worthPilot tells whether a raster is large enough for a pilot.
func worthPilot(f *raster.Format) bool {
	return int64(f.Width)*int64(f.Height) >= 4*pilotParts*partPixels
}

// pilotShape is the size of a part of the pilot of w×h pixels, and how many there are
// across and down.
func pilotShape(w, h int) (part, n image.Point) {
	if h < w {
		part, n = pilotShape(h, w)
		return image.Pt(part.Y, part.X), image.Pt(n.Y, n.X)
	}
	part.X = min(partSide, w)
	n.X = min(w/part.X, 4)
	part.Y, n.Y = partPixels/part.X, pilotParts/n.X
	return part, n
}

func newPilot(ctx context.Context, src raster.Source) (*raster.Memory, error) {
	f := *src.Format()
	w, h := f.Width, f.Height
	size, n := pilotShape(w, h)
	f.Width, f.Height = n.X*size.X, n.Y*size.Y
	pilot, err := raster.NewMemory(f)
	if err != nil {
		return nil, err
	}
	for i := range n.X * n.Y {
		x, y := i%n.X, i/n.X
		at := image.Pt(spread(x, n.X, w-size.X), spread(y, n.Y, h-size.Y))
		part := raster.NewBlock(image.Rectangle{Min: at, Max: at.Add(size)}, f.Type, len(f.Bands))
		if err := src.ReadBlock(ctx, part); err != nil {
			return nil, err
		}
		part.Rect = image.Rectangle{Max: size}.Add(image.Pt(x*size.X, y*size.Y))
		if err := pilot.WriteBlock(ctx, part); err != nil {
			return nil, err
		}
	}
	return pilot, nil
}

// spread is the place of number i of n that lie at even distances from 0 to last.
func spread(i, n, last int) int { return last * i / max(n-1, 1) }

// Used tells which options an engine has a use for.
type Used struct {
	Chroma, Split, Effort, Backend bool
}

// Uses tells which options the engines have a use for whose files may be the smallest.
func Uses(p *engine.Params) (u Used) {
	for _, e := range candidates(p) {
		switch e.ID() {
		case engine.Transform:
			u.Split, u.Backend = true, true
			u.Chroma = p.Format.Colour() == 0
		case engine.Layered:
			u.Split = true
		case engine.Predictive:
			u.Effort = true
		}
	}
	return u
}
