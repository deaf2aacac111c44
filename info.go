package qtgpu

import (
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// Info describes a file.
type Info struct {
	Version                               int
	Width, Height, Channels, Depth        int
	TileSize, Tiles                       int
	Subsampling                           string // "4:2:0", "4:4:4" or "none"
	Engine, Bound                         string
	Way                                   string    // of the exact engine: "predicted", "merged" or "layered"
	T, Step                               float64   // in levels of an 8-bit scale; T of "max" in steps of the samples
	MaxLeafRMS, MaxError                  []float64 // per plane, in the same; one of them
	Alpha                                 string    // of 2 or 4 channels: "straight", "premultiplied", or "none" of one more band
	Maximum                               int       // the sample of full scale
	Labels                                bool      // samples name classes: overviews are not means
	Colours                               int       // of the palette, or 0
	FileBytes, FrontBytes, BodyBytes      int64
	TableBytes, MetadataBytes, OtherBytes int64
}

// Info describes the file.
func (r *Reader) Info() Info {
	f, about, s := &r.plan.Format, r.tiles.Decoder().About(), r.file.Sizes()
	i := Info{
		Version: container.Version,
		Width:   f.Width, Height: f.Height, Channels: len(f.Bands), Depth: 8 * f.Type.Size(),
		TileSize: 1 << r.plan.TileLog2, Tiles: r.plan.Grid().N(),
		Subsampling: "none", Engine: about.Engine, Way: about.Way, Bound: "rms",
		T: float64(r.plan.T) / engine.ErrorUnit, Step: float64(about.Step) / stepUnit,
		Alpha: "none", Maximum: int(f.FullScale()), Labels: r.tiles.Decoder().Decimates(), Colours: len(f.Palette),
		FileBytes: r.bytes, FrontBytes: s.Front, BodyBytes: s.Body, TableBytes: s.Plan, MetadataBytes: s.Metadata,
	}
	i.OtherBytes = i.FileBytes - i.FrontBytes - i.BodyBytes - i.TableBytes - i.MetadataBytes
	switch {
	case about.Sub420:
		i.Subsampling = "4:2:0"
	case f.Colour() >= 0:
		i.Subsampling = "4:4:4"
	}
	switch f.Bands[len(f.Bands)-1].Role {
	case raster.Alpha:
		i.Alpha = "straight"
	case raster.Premultiplied:
		i.Alpha = "premultiplied"
	}
	if r.plan.Bound == engine.Max {
		i.Bound, i.T = "max", float64(r.plan.T)
	}
	i.MaxLeafRMS, i.MaxError = errorsOf(r.plan.Bound, r.file.Worst())
	return i
}

// stepUnit is the number of parts of an 8-bit level that a quantiser's step counts.
const stepUnit = 8
