package pipeline

import (
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// Cost is about how much work there is, in looks at a pixel.
type Cost struct{ Choose, Write int64 }

// CostOf is the work of Choose, and of Write with what it returns.
func CostOf(p *engine.Params) Cost {
	all := candidates(p)
	first, pixels := all[0].Cost(p), pixelsOf(&p.Format)
	c := Cost{first.Train, codeCost(first, pixels)}
	switch {
	case len(all) == 1:
	case worthPilot(&p.Format):
		small := *p
		_, n := pilotShape(p.Format.Width, p.Format.Height)
		small.Format.Width, small.Format.Height = n.X*partSide, n.Y*partSide
		c.Choose += contestCost(all, &small)
	default:
		c = Cost{contestCost(all, p), 2 * pixels}
	}
	if p.Format.Bytes() > groupBytes {
		c.Write += coarseCost(&p.Format)
	}
	return c
}

// Need is about how many bytes Choose and Write hold with one goroutine, where memory does
// not bound it.
func Need(p *engine.Params) (bytes int64) {
	for _, e := range candidates(p) {
		bytes = max(bytes, e.Cost(p).Memory)
	}
	return bytes + engine.SlabFactor*p.Format.Bytes()
}

// contestCost is the work of a contest.
func contestCost(all []engine.Engine, p *engine.Params) (n int64) {
	for _, e := range all {
		n += allCost(e, p)
	}
	return n
}

// allCost is the work of training an engine and coding all of a raster.
func allCost(e engine.Engine, p *engine.Params) int64 {
	c := e.Cost(p)
	return c.Train + codeCost(c, pixelsOf(&p.Format))
}

// codeCost is the work of Encode: reading, a look at every pixel, and coding what training
// has not kept.
func codeCost(c engine.Cost, pixels int64) int64 { return 2*pixels + max(pixels-c.Kept, 0)*c.Pixel }

// coarseCost is the work of the coarse levels of a large file, for each of which overviews are
// decoded.
func coarseCost(f *raster.Format) int64 {
	const overviewCost = 16 // of a pixel of an overview
	return pixelsOf(f) >> (2 * engine.OverviewLevel) * overviewCost * int64(len(overviewLevels(f)))
}

func pixelsOf(f *raster.Format) int64 { return int64(f.Width) * int64(f.Height) }
