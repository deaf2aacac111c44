package pipeline

import (
	"cmp"
	"context"
	"math"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/fixlog"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// rungs are the promises among which the one for a target is searched for, from the
// strictest. Rung 0 is lossless. From 1 on they are all that make a difference: of
// engine.RMS the steps of the quantiser, each by the least promise that takes it; of integers
// their steps; of floating point floatRungs in each octave.
type rungs struct {
	first, last int64                  // that an engine accepts
	start       int64                  // where to begin
	of          func(rung int64) int64 // Params.T of a rung from 1 on
	log         func(rung int64) int64 // of what it stands for
}

// rungsOf are the rungs for what is asked for but T, which may say where to begin. span is the largest number that a sample
// of floating point is likely to differ from another by.
func rungsOf(p *engine.Params, id *engine.ID, span float64) (*rungs, error) {
	r := &rungs{}
	switch f := coloursOf(&p.Format); {
	case p.Bound == engine.RMS:
		stepFor, strictest := transform.StepFor, leastPromise(transform.StepFor, transform.MinStep)
		if p.Tune == engine.Visual {
			stepFor, strictest = transform.VisualStepFor, transform.LeastVisualT
		}
		step := func(rung int64) int64 { return rung + int64(stepFor(strictest)) - 1 }
		r.of = func(rung int64) int64 { return max(leastPromise(stepFor, step(rung)), strictest) }
		r.log = func(rung int64) int64 { return log2(step(rung)) }
		r.last, r.start = int64(stepFor(transform.MaxT))-step(0), int64(stepFor(cmp.Or(p.T, 8*engine.ErrorUnit)))-step(0)
	case f.Type.Float():
		r.of = func(rung int64) int64 { return rung << floatShift }
		r.log = func(rung int64) int64 { return rung * (octave / floatRungs) }
		r.last = min(floatRung(span)+floatRungs, floatRung(math.MaxFloat64))
		r.start = r.last - 9*floatRungs
	default:
		r.of, r.log = func(rung int64) int64 { return rung }, log2
		r.last, r.start = f.Range(), f.Range()/64
	}
	accepts := func(rung int64) error {
		at := r.params(p, rung)
		return Accepts(&at, id)
	}
	if accepts(0) != nil {
		r.first = 1
	}
	if err := accepts(1); err != nil && r.first == 1 {
		return nil, err
	}
	r.last = least(1, r.last+1, func(rung int64) bool { return accepts(rung) != nil }) - 1
	r.start = min(max(r.start, r.first), r.last)
	return r, nil
}

// params are what is asked for with the promise of a rung.
func (r *rungs) params(p *engine.Params, rung int64) engine.Params {
	at := *p
	if at.T = 0; rung == 0 {
		at.Bound = engine.Max
	} else {
		at.T = r.of(rung)
	}
	return at
}

// axis is the logarithm of a rung, for lossless an octave below the first one.
func (r *rungs) axis(rung int64) int64 {
	if rung == 0 {
		return r.log(1) - octave
	}
	return r.log(rung)
}

// leastPromise is the least promise of engine.RMS that takes a step of the quantiser.
func leastPromise(stepFor func(t int64) int, step int64) int64 {
	return least(1, transform.MaxT, func(t int64) bool { return int64(stepFor(t)) >= step })
}

// Rungs of floating point are the exponent and the first 6 bits of the fraction of T.
const (
	floatRungs = 64
	floatShift = 52 - 6
)

func floatRung(v float64) int64 { return int64(math.Float64bits(v) >> floatShift) }

func log2(v int64) int64 { return int64(fixlog.Log2(uint64(v))) }

// least is the first number from first on, before end, from which on ok holds, end where there
// is none.
func least(first, end int64, ok func(v int64) bool) int64 {
	for first < end {
		if middle := first + (end-first)/2; ok(middle) {
			end = middle
		} else {
			first = middle + 1
		}
	}
	return first
}

// spanOf is the difference of the largest and the least number of a sample of the tiles of a
// raster of floating point, 1 where there is none.
func spanOf(ctx context.Context, src raster.Source) (float64, error) {
	f := src.Format()
	lowest, highest := math.Inf(1), math.Inf(-1)
	grid := tiles.Grid{W: f.Width, H: f.Height, Log2: transform.TileLog2}
	err := engine.Each(ctx, src, grid, grid.Spread(engine.SampleTiles), 1, 1, nil, func(_ int, b *raster.Block) error {
		row := make([]float64, b.Rect.Dx())
		for band := range b.Planes {
			none := math.NaN()
			if v := f.Bands[band].NoData; v != nil {
				none = *v
			}
			for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
				b.Numbers(row, band, y)
				for _, v := range row {
					if v != none && !math.IsInf(v, 0) && !math.IsNaN(v) {
						lowest, highest = min(lowest, v), max(highest, v)
					}
				}
			}
		}
		return nil
	})
	if span := highest - lowest; span > 0 && !math.IsInf(span, 0) {
		return span, err
	}
	return 1, err
}
