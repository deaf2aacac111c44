package qtgpu

import (
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
)

// Engine is the coder of the tiles of a file.
type Engine int

// The engines.
const (
	AnyEngine  Engine = iota // in Options: the one whose file is the smallest
	Transform                // quadtrees of cosine transforms, BoundRMS
	Predictive               // prediction, BoundMax
	Layered                  // a transform and corrections, BoundMax
)

// engineOf is the engine of a number.
func engineOf(id engine.ID) Engine { return Transform + Engine(id) }

// id is the number of an engine, nil of AnyEngine.
func (e Engine) id() *engine.ID {
	if e == AnyEngine {
		return nil
	}
	id := engine.ID(e - Transform)
	return &id
}

// Info describes how a file is coded; what it holds is in [Reader.Format].
type Info struct {
	Version         int    // of the format
	TileSize, Tiles int    // the side in pixels; the number
	Subsampling     Chroma // ChromaAuto of files without colours
	Engine          Engine
	Bound           Bound
	Tune            Tune
	Merged          bool    // of Predictive: values stand for all within T
	T, Step         float64 // T in units of the samples, Step in levels of an 8-bit scale
	// MaxLeafRMS are per plane, in the unit of T, of TuneVisual divided by the multiplier of the leaf's
	// step class; MaxError per band. The one that is not of Bound is nil.
	MaxLeafRMS, MaxError                  []float64
	Labels                                bool // samples name classes: overviews are not means
	FileBytes, FrontBytes, BodyBytes      int64
	TableBytes, MetadataBytes, OtherBytes int64
}

// Info describes the file.
func (r *Reader) Info() Info {
	f, about, s := &r.plan.Format, r.tiles.Decoder().About(), r.file.Sizes()
	i := Info{
		Version:  container.Version,
		TileSize: 1 << r.plan.TileLog2, Tiles: r.plan.Grid().N(),
		Engine: engineOf(r.plan.Engine), Merged: about.Merged, Bound: boundOf(r.plan.Bound),
		T: errorOf(&r.plan.Params, uint64(r.plan.T)), Step: float64(about.Step) / stepUnit,
		Labels:    r.tiles.Decoder().Decimates(),
		FileBytes: r.bytes, FrontBytes: s.Front, BodyBytes: s.Body, TableBytes: s.Plan, MetadataBytes: s.Metadata,
	}
	i.OtherBytes = i.FileBytes - i.FrontBytes - i.BodyBytes - i.TableBytes - i.MetadataBytes
	switch {
	case about.Sub420:
		i.Subsampling = Chroma420
	case f.Colour() >= 0:
		i.Subsampling = Chroma444
	}
	if about.Visual {
		i.Tune = TuneVisual
	}
	i.MaxLeafRMS, i.MaxError = errorsOf(&r.plan.Params, r.file.Worst())
	return i
}

// stepUnit is the number of parts of an 8-bit level that a quantiser's step counts.
const stepUnit = 8
