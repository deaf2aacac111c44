package transform

import (
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/tree"
)

// LeafTrainee is a leaf whose cost is forecast, for the trainer.
type LeafTrainee struct {
	Kind, Size     int
	Fine, Whole    [ForecastParts]int // how many magnitudes have each price
	Large, Through int
	Bits, All      int64 // what it costs beside its small magnitudes, and as a whole, in 1/256 of the price of a bit
}

// ForecastParts are the prices below a step, and of whole steps.
const ForecastParts = parts

// LeafTrainees visits the leaves of an image whose costs may be asked for where leaves are chosen, and that are not empty.
func LeafTrainees(step int, defs []Plane, planes []chroma.Plane, pyramids []tree.Pyramid, rects []image.Rectangle, visit func(*LeafTrainee)) {
	e, scratch := NewEncoder(step, defs, engine.SplitHybrid), new(EncoderScratch)
	scratch.spectra.normalises(false)
	sources := e.originals(scratch, planes, pyramids, rects, nil)
	for i, def := range defs {
		cells := newCells(rects[i], e.steps[i], def)
		p := e.newPartition(scratch, &sources[i], &cells, &cells)
		for root := range cells.roots {
			scratch.spectra.reset()
			p.trainees(root, false, visit)
		}
	}
}

// trainees visits the leaves under a node, whose own cost may be needed.
func (p *partition) trainees(n node, needed bool, visit func(*LeafTrainee)) {
	o := p.outlook(n)
	if o == flatNode {
		return
	}
	if s := p.spectrum(n); s.top > 0 && (o == openNode || needed) {
		visit(p.trainee(n, s))
	}
	if o == leafNode {
		return
	}
	for i := range 4 {
		p.trainees(n.child(i), needed || o == openNode, visit)
	}
}

func (p *partition) trainee(n node, s *spectrum) *LeafTrainee {
	t := &LeafTrainee{Kind: p.kind, Size: n.lg - cellLog2, Through: throughOf(n.lg, s.top)}
	small := p.rates.eachLarge(s.coefs.normal, n.lg, func(m int64) {
		t.Large++
		if m < parts {
			t.Fine[m]++
		} else {
			t.Whole[wholeSteps(m)]++
		}
	})
	j := p.scratch.tokens.cost(p.rates, s.coefs.normal, n.lg, p.kind, s.energy, s.top, nil)
	t.Bits, t.All = 256*(j-small<<distScale)/p.rates.bit, 256*j/p.rates.bit
	return t
}
