package linear

import (
	"math"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/residual"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Fit sums what planes tell of the weights that predict them best.
type Fit struct {
	planes []equations
	step   int
}

// planeBytes is the most that a Fit takes of a plane.
const planeBytes = int64(interlace.Base) * int64(interlace.Passes) * textures * ((terms+1)*(terms+1) + 1) * 8

// maxPlanes is how many planes are fitted, of which sums are held at once. Those behind them
// keep their weights: there may be 65,535.
const maxPlanes = 1024

// NewFit is empty, for n planes of which every step-th row will be entered.
func NewFit(n, step int) *Fit { return &Fit{make([]equations, min(n, maxPlanes)), step} }

// Bytes is the most that a Fit of n planes takes.
func Bytes(n int) int64 { return int64(min(n, maxPlanes)) * planeBytes }

// Merge adds the sums of g, which is not to be used from then on.
func (f *Fit) Merge(g *Fit) {
	for i := range f.planes {
		f.planes[i].merge(&g.planes[i])
	}
}

// Weights solves for the weights of each plane, with more bits of some. A class keeps the
// weights of base where it has few samples, or where its own would not pay for themselves.
func (f *Fit) Weights(base []WeightSet, more []int) []WeightSet {
	out := slices.Clone(base)
	for i := range f.planes {
		out[i] = f.planes[i].solve(&base[i], f.step, more[i])
	}
	return out
}

// equations adds up the normal equations of every class of weights: integers,
// so that the sum does not depend on the order. The terms of each sample are in
// units of its spread, min(e1,e2) + 12 + the magnitude of its residual by rough
// weights: least absolute errors rather than squared ones. A class without samples is nil:
// of many bands most have few of them.
type equations [interlace.Base][interlace.Passes][textures]*normal

// class is a class of weights, which is there from now on.
func (e *equations) class(lev int, ps interlace.Pass, texture int32) *normal {
	n := &e[lev][ps][texture]
	if *n == nil {
		*n = new(normal)
	}
	return *n
}

// merge adds the equations of g.
func (e *equations) merge(g *equations) {
	for l := range g {
		for p := range g[l] {
			for d, m := range g[l][p] {
				n := e[l][p][d]
				switch {
				case m == nil:
					continue
				case n == nil:
					e[l][p][d] = m
					continue
				}
				for i := range n.moments {
					for j := range i + 1 {
						n.moments[i][j] += m.moments[i][j]
					}
				}
				n.n += m.n
			}
		}
	}
}

// Sample adds every step-th row of each pass of all planes, but not the first,
// whose taps lie beyond the edge; coarse levels, which have fewer, in proportion.
// The residuals that are terms come from predictions by rough weights, in rows that a
// term needs; the others are left as they are.
func (f *Fit) Sample(planes []Predictor, rough []WeightSet) {
	for lev := range interlace.Base {
		for i := range planes {
			planes[i].Levels[lev].Extend()
		}
		for ps := range interlace.Passes {
			_, y0 := ps.Origin()
			rows := 2 * max(1, f.step>>lev)
			for y := y0 + rows/2&^1; y < planes[0].Levels[lev].H; y += rows {
				f.addRow(planes, rough, lev, ps, y)
			}
		}
	}
}

// addRow adds a row of a pass. Residuals above, which are terms too, are found two
// rows deep.
func (f *Fit) addRow(planes []Predictor, rough []WeightSet, lev int, ps interlace.Pass, y int) {
	for i := range f.planes {
		p, w := &planes[i], &rough[i][lev]
		before := Before(planes, i, lev)
		for j := -3; j <= 1 && ps > interlace.PassA; j += 2 {
			p.probe(&w[ps-1], lev, ps-1, y+j, before)
		}
		for j := -4; j <= 0; j += 2 {
			p.probe(&w[ps], lev, ps, y+j, before)
		}
		x0, _ := ps.Origin()
		l := &p.Levels[lev]
		for x := x0; x < l.W; x += 2 {
			if l.Mask != nil && l.Mask[l.At(x, y)] != 0 {
				continue
			}
			f.planes[i].add(p, lev, ps, x, y, before)
		}
	}
}

// probe finds the residuals of a row, if there is one.
func (p *Predictor) probe(ws *[textures]weights, lev int, ps interlace.Pass, y int, before [2]*interlace.Level) {
	l := &p.Levels[lev]
	if y < 0 || y >= l.H {
		return
	}
	p.Row.use(ws, &residual.Expectations[p.Kind][ps])
	n := p.predictRow(lev, ps, y, before)
	x0, _ := ps.Origin()
	i := l.At(x0, y)
	for _, pred := range p.Row.Pred[:n] {
		l.Q[i] = l.V[i] - pred
		i += 2
	}
}

// add enters a sample by the definition of its terms.
func (e *equations) add(p *Predictor, lev int, ps interlace.Pass, x, y int, before [2]*interlace.Level) {
	l := &p.Levels[lev]
	i := l.At(x, y)
	var t [taps]int32
	v, e1, e2, used := p.terms(&t, lev, ps, x, y)
	var residuals [constant - cross]int32
	for k, o := range before {
		if o != nil {
			residuals[k] = o.Q[i]
		}
	}
	residuals[own-cross], residuals[own-cross+1], residuals[own-cross+2] = ownTerms(l, ps, i)
	n := e.class(lev, ps, textureOf(e1, e2))
	n.add(t[:used], v, &residuals, int64(rans.Magnitude(min(e1, e2))+12+rans.Magnitude(l.Q[i])))
	if l.Q[i] != 0 {
		n.n++
	}
}

// minSamples is the least number of samples that a class is fitted to.
const minSamples = 64

// solve finds the weights of all classes. A class keeps its default where it has few
// samples, or where the bits that its own weights save, of every step-th row, do not
// pay for them.
func (e *equations) solve(def *WeightSet, step, more int) WeightSet {
	s := *def
	for l := range e {
		for ps := range e[l] {
			for d := range e[l][ps] {
				n, base := e[l][ps][d], &def[l][ps][d]
				if n == nil || n.n < minSamples {
					continue
				}
				w := n.solve(base, more)
				samples := float64(n.n) * float64(max(1, step>>l))
				if samples/2*math.Log2(n.error(base, more)/n.error(&w, more)) > float64(w.bits(base, more)) {
					s[l][ps][d] = w
				}
			}
		}
	}
	return s
}
