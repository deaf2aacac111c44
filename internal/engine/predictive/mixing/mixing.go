// Package mixing codes the residuals of planes by context mixing in place of static
// tables (FORMAT.md, "Slow mode"): smaller, and slow in both directions.
package mixing

import (
	"github.com/qtgpu/qtgpu/internal/cm"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Coder codes the grid and the levels of a tile's planes. Both directions are the same
// walk. There is no skip map: residuals that go on being zero cost next to nothing.
type Coder struct {
	Work *progress.Work // a unit for each sample of the levels
	cm.Mixer
	contexts  [cm.Inputs]uint32 // first slot of each context of the residual
	lineShift int               // from a hash to a line of slots
	low       uint32            // first slot of the bits below the first
	set       int               // of the kind and pass
	second    int               // of the class
	filters   [][interlace.Base][interlace.Passes]filter
}

// Encode codes the planes of a tile, of which the overviews are coded.
func (c *Coder) Encode(ps []linear.Predictor, w []linear.WeightSet) []byte {
	c.reset(cm.NewEncoder(), ps)
	c.walk(ps, w)
	return c.Finish(int(Least(samplesOf(ps))))
}

// Decode is the inverse of Encode. The error is rans.ErrCorrupt.
func (c *Coder) Decode(code []byte, ps []linear.Predictor, w []linear.WeightSet) error {
	least := Least(samplesOf(ps))
	if int64(len(code)) < least {
		return rans.ErrCorrupt
	}
	c.reset(cm.NewDecoder(code), ps)
	c.walk(ps, w)
	if !c.Ended(int(least)) {
		return rans.ErrCorrupt
	}
	return nil
}

// The free samples of a code, and what each byte pays for.
const (
	freeSamples    = 1 << 14
	samplesPerByte = 1 << 8
)

// Least is the number of bytes that the code of so many samples takes at least.
func Least(samples int64) int64 { return cm.Least(samples, freeSamples, samplesPerByte) }

// samplesOf counts the samples of planes that are coded.
func samplesOf(ps []linear.Predictor) (n int64) {
	for i := range ps {
		n += int64(ps[i].Coded())
	}
	return n
}

// reset prepares lines of values in proportion to the samples, 2^18 at most.
func (c *Coder) reset(coder cm.Coder, ps []linear.Predictor) {
	lg := 8
	for lg < 18 && 2<<lg < ps[0].W*ps[0].H {
		lg++
	}
	c.lineShift = 32 - lg
	c.Reset(coder, cm.Shape{
		Slots: hashSlots + lineBins<<lg, Sets: sets, Learning: learning, Horizon: horizon,
	})
	c.filters = make([][interlace.Base][interlace.Passes]filter, len(ps))
}

// walk codes coarse levels first, and of a level the planes in turn.
func (c *Coder) walk(ps []linear.Predictor, w []linear.WeightSet) {
	for i := range ps {
		c.grid(&ps[i])
	}
	for lev := interlace.Base - 1; lev >= 0; lev-- {
		for i := range ps {
			c.level(&ps[i], lev, &w[i], linear.Before(ps, i, lev), &c.filters[i][lev])
		}
	}
}

func (c *Coder) spent() bool { return c.Spent(0) }

func (c *Coder) grid(p *linear.Predictor) {
	l := &p.Levels[interlace.Base]
	p.CodeGrid(func(i int, pred, expect int32) int32 {
		f := features{kind: p.Kind, pass: interlace.Passes, expect: expect}
		return c.sample(l, i, pred, p.Step, &f)
	}, c.spent)
}

func (c *Coder) level(p *linear.Predictor, lev int, w *linear.WeightSet, before [2]*interlace.Level, filters *[interlace.Passes]filter) {
	l := &p.Levels[lev]
	var around [interlace.Passes]*neighbourhood
	for ps := range around {
		around[ps] = newNeighbourhood(l, before, interlace.Pass(ps), &filters[ps])
	}
	p.CodeLevel(lev, w, before, func(ps interlace.Pass, x0, y, n int) {
		around[ps].at = l.At(x0, y)
		c.row(p, l, n, around[ps], &features{kind: p.Kind, pass: ps})
		c.Work.Add(int64(n))
	}, c.spent)
}

// prefetchAhead is in samples of a row.
const prefetchAhead = 2

// row codes n samples of a pass, the first of them in the middle of around.
func (c *Coder) row(p *linear.Predictor, l *interlace.Level, n int, around *neighbourhood, f *features) {
	side := p.Side()
	left := int32(0)
	for k := range n {
		i := around.at
		if l.Mask != nil && l.Mask[i] != 0 {
			l.V[i], l.Q[i], left = p.Row.Pred[k], 0, 0
			around.at += 2
			continue
		}
		if k+prefetchAhead < n {
			c.prefetch(around, f.kind, prefetchAhead, p.Row.Pred[k+prefetchAhead])
		}
		around.gather()
		f.gather(around)
		f.correction = around.correction()
		sum := p.Sum(k) + int64(f.correction)
		f.expect = p.Row.Expect[k] + side*left
		f.direction = p.Direction(k)
		f.fraction = uint32(sum+linear.WeightOne/2) & (linear.WeightOne - 1) >> (linear.WeightBits - 3)
		pred := int32((sum + linear.WeightOne/2) >> linear.WeightBits)
		f.mean -= pred
		q := c.sample(l, i, pred, p.Step, f)
		l.V[i] = pred + q*p.Step
		around.filter.learn(int64(l.V[i])<<linear.WeightBits - sum)
		l.Q[i] = arith.Nearest(l.V[i]-p.Row.Pred[k], p.Step)
		left = rans.Magnitude(l.Q[i])
		around.at += 2
	}
}

// sample codes the sample at i, or decodes it, as a residual of pred, in steps.
func (c *Coder) sample(l *interlace.Level, i int, pred, step int32, f *features) int32 {
	q := int32(0)
	if !c.Decoding {
		q = arith.Nearest(l.V[i]-pred, step)
	}
	f.pred = pred
	c.locate(f)
	return c.residual(q)
}
