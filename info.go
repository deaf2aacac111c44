package qtgpu

import (
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
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

// String is "auto" or the engine's name.
func (e Engine) String() string { return name(int(e), "auto", "transform", "predictive", "layered") }

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

// Info describes a file.
type Info struct {
	Version                               int    // of the format
	Width, Height, Bands, Depth           int    // in pixels, bands and bits
	TileSize, Tiles                       int    // the side in pixels; the number
	Subsampling                           Chroma // ChromaAuto of files without colours
	Engine                                Engine
	Bound                                 Bound
	Merged                                bool        // of Predictive: values stand for all within T
	T, Step                               float64     // T in units of the samples, Step in levels of an 8-bit scale
	MaxLeafRMS, MaxError                  []float64   // per plane, in the unit of T; the one of Bound, the other is nil
	Alpha                                 raster.Role // of a last band: Alpha, Premultiplied, or Data for none
	Maximum                               int         // the sample of full scale
	Labels                                bool        // samples name classes: overviews are not means
	Colours                               int         // of the palette, or 0
	FileBytes, FrontBytes, BodyBytes      int64
	TableBytes, MetadataBytes, OtherBytes int64
}

// Info describes the file.
func (r *Reader) Info() Info {
	f, about, s := &r.plan.Format, r.tiles.Decoder().About(), r.file.Sizes()
	i := Info{
		Version: container.Version,
		Width:   f.Width, Height: f.Height, Bands: len(f.Bands), Depth: 8 * f.Type.Size(),
		TileSize: 1 << r.plan.TileLog2, Tiles: r.plan.Grid().N(),
		Engine: engineOf(r.plan.Engine), Merged: about.Merged, Bound: boundOf(r.plan.Bound),
		T: errorOf(&r.plan.Params, uint64(r.plan.T)), Step: float64(about.Step) / stepUnit,
		Maximum: int(f.FullScale()), Labels: r.tiles.Decoder().Decimates(), Colours: len(f.Palette),
		FileBytes: r.bytes, FrontBytes: s.Front, BodyBytes: s.Body, TableBytes: s.Plan, MetadataBytes: s.Metadata,
	}
	i.OtherBytes = i.FileBytes - i.FrontBytes - i.BodyBytes - i.TableBytes - i.MetadataBytes
	switch {
	case about.Sub420:
		i.Subsampling = Chroma420
	case f.Colour() >= 0:
		i.Subsampling = Chroma444
	}
	if role := f.Bands[len(f.Bands)-1].Role; role == raster.Alpha || role == raster.Premultiplied {
		i.Alpha = role
	}
	i.MaxLeafRMS, i.MaxError = errorsOf(&r.plan.Params, r.file.Worst())
	return i
}

// stepUnit is the number of parts of an 8-bit level that a quantiser's step counts.
const stepUnit = 8
