package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/masked"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
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

// way is a way to code a raster: an engine and a promise by which the one that was asked for
// is kept, of the samples as they are or of the colours of indices.
type way struct {
	engine  engine.Engine
	params  engine.Params // but for the format
	colours bool
}

// source is what is coded of a raster.
func (w *way) source(src raster.Source) raster.Source {
	if w.colours {
		return Colours(src)
	}
	return src
}

// on are the parameters for a raster of a format.
func (w *way) on(f *raster.Format) *engine.Params {
	p := w.params
	if p.Format = *f; w.colours {
		p.Format = coloursOf(f)
	}
	return &p
}

func (w *way) lossless() bool { return isLossless(w.params.Bound, w.params.T) }

func (w *way) accepts(f *raster.Format) error { return w.engine.Accepts(w.on(f)) }

// train trains the engine on a raster.
func (w *way) train(ctx context.Context, src raster.Source, env *engine.Env) (engine.Encoder, error) {
	return w.engine.Train(ctx, *w.on(src.Format()), w.source(src), env)
}

// photographT is the promise from which on lossy files of photographs are smaller than
// lossless ones: they cross between 0.3 and 0.8 levels (docs/bench/choice.md).
const photographT = engine.ErrorUnit

// waysOf are the ways that may have the smallest file, the likeliest first: those that are
// worth trying for any raster, and those that are for a flat one. Merged values would keep a
// promise of engine.RMS too, but make bands of gradients, which nobody has asked for.
func waysOf(p *engine.Params) (always, ifFlat []*way) {
	coded := coloursOf(&p.Format)
	lossy := func(e engine.Engine) *way { return &way{suited(e, &coded), *p, true} }
	lossless := &way{engine: predictive.Engine{}, params: *p}
	lossless.params.Bound, lossless.params.T = engine.Max, 0
	switch {
	case p.Bound == engine.RMS && p.T < photographT:
		return []*way{lossy(transform.Engine{}), lossless}, nil
	case p.Bound == engine.RMS:
		return []*way{lossy(transform.Engine{})}, []*way{lossless}
	case p.T == 0:
		return []*way{lossless}, nil
	}
	layers, closed, merged := lossy(layered.Engine{}), lossy(predictive.Engine{}), lossy(predictive.Engine{Merge: true})
	layersToo := layers.accepts(&p.Format) == nil
	switch {
	case predictive.IsRaster(&coded) && !predictive.Narrow(coded.Type):
		return []*way{closed}, nil
	case predictive.IsRaster(&coded) && (engine.CheckPicture(&coded) != nil || coded.Colour() != 0):
		return []*way{closed, lossless}, nil // lossless has patterns; of gray, merged is hardly ever smaller
	case predictive.IsRaster(&coded) && layersToo:
		return []*way{merged, lossless, layers}, nil
	case predictive.IsRaster(&coded):
		return []*way{merged, lossless}, nil
	case !layersToo:
		layers = closed // which keeps colours apart: of photographs it is never the smallest
	}
	return []*way{layers, merged}, []*way{lossless}
}

// only drops the ways of other engines than one.
func only(id *engine.ID, ways []*way) []*way {
	return slices.DeleteFunc(ways, func(w *way) bool { return id != nil && w.engine.ID() != *id })
}

// candidates are the ways of an engine, or of any.
func candidates(p *engine.Params, id *engine.ID) (always, ifFlat []*way, err error) {
	if err := p.Format.Validate(); err != nil {
		return nil, nil, err
	}
	always, ifFlat = waysOf(p)
	if err := always[0].accepts(&p.Format); err != nil {
		return nil, nil, err
	}
	if always, ifFlat = only(id, always), only(id, ifFlat); len(always) == 0 {
		always, ifFlat = ifFlat, nil
	}
	if len(always) == 0 {
		e, err := byID(*id, &p.Format)
		if err == nil {
			err = e.Accepts(p)
		}
		return nil, nil, err
	}
	return always, ifFlat, nil
}

// Accepts is nil, or says why no engine can code this, or not the one that is given.
func Accepts(p *engine.Params, id *engine.ID) error {
	_, _, err := candidates(p, id)
	return err
}

// Used tells which options an engine has a use for.
type Used struct {
	Chroma, Split, Tune, Effort, Backend bool
}

// Uses tells which options the engines have a use for whose files may be the smallest.
func Uses(p *engine.Params, id *engine.ID) (u Used) {
	always, ifFlat, _ := candidates(p, id)
	for _, w := range append(always, ifFlat...) {
		switch w.engine.ID() {
		case engine.Transform:
			u.Split, u.Tune, u.Effort, u.Backend = true, true, true, true
			u.Chroma = w.on(&p.Format).Format.Colour() == 0
		case engine.Layered:
			u.Split = true
		case engine.Predictive:
			u.Effort = true
		}
	}
	return u
}
