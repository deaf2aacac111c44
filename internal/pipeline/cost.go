package pipeline

import (
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/raster"
)

// Cost is about how much work there is, in looks at a pixel.
type Cost struct{ Choose, Write int64 }

// CostOf is the work of Choose, and of Write with what it returns: of any engine, or the one
// with an id.
func CostOf(p *engine.Params, id *engine.ID) (c Cost) {
	always, ifFlat, err := candidates(p, id)
	if err != nil {
		return c
	}
	first, pixels := always[0].cost(&p.Format), pixelsOf(&p.Format)
	switch c = (Cost{first.Train, codeCost(first, pixels)}); {
	case len(always) == 1 && len(ifFlat) > 0:
		c.Choose += likelyCost(first.Train)
	case len(always) == 1:
	case worthPilot(&p.Format):
		pilot := pilotFormat(&p.Format)
		c.Choose += contestCost(always, &pilot)
	default:
		c = Cost{contestCost(always, &p.Format), 2 * pixels}
	}
	if p.Format.Bytes() > groupBytes {
		c.Write += coarseCost(&p.Format)
	}
	return c
}

// CostOfAim is the work of Aim, and of Write with what it returns.
func CostOfAim(p *engine.Params, id *engine.ID) Cost {
	const codings = 4 // about, of all of the raster
	c, pixels := CostOf(p, id), pixelsOf(&p.Format)
	return Cost{codings * (c.Choose + c.Write), 2 * pixels}
}

// Need is about how many bytes Choose and Write hold with one goroutine, where memory does
// not bound it.
func Need(p *engine.Params, id *engine.ID) (bytes int64) {
	always, ifFlat, _ := candidates(p, id)
	for _, w := range append(always, ifFlat...) {
		bytes = max(bytes, w.cost(&p.Format).Memory)
	}
	return bytes + engine.SlabFactor*p.Format.Bytes()
}

// ReadsOnce tells whether samples are read once, from the top: where one way alone comes into question, and its
// training codes all of them. A flat raster is read again.
func ReadsOnce(p *engine.Params, id *engine.ID) bool {
	always, _, err := candidates(p, id)
	if err != nil || len(always) > 1 {
		return false
	}
	_, once := always[0].engine.(transform.Engine)
	return once && always[0].cost(&p.Format).Kept >= pixelsOf(&p.Format)
}

// cost is the work of a way.
func (w *way) cost(f *raster.Format) engine.Cost { return w.engine.Cost(w.on(f)) }

// allCost is the work of training and coding all of a raster.
func (w *way) allCost(f *raster.Format) int64 {
	c := w.cost(f)
	return c.Train + codeCost(c, pixelsOf(f))
}

// contestCost is the work of a contest.
func contestCost(ways []*way, f *raster.Format) (n int64) {
	for _, w := range ways {
		n += w.allCost(f)
	}
	return n
}

// likelyCost is what training has beside it for a contest that most rasters do not come to.
func likelyCost(train int64) int64 { return train / 8 }

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
