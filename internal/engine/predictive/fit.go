package predictive

import "math"

// fitter adds up the normal equations of every class of a predictor: integers,
// so that the sum does not depend on the order. The terms of each sample are in
// units of its spread, min(e1,e2) + 12 + the magnitude of its residual by rough
// weights: least absolute errors rather than squared ones.
type fitter [Base][passes][textures]normal

// normal holds the equations of four times the taps' differences from the mean
// of the four nearest, of the terms of residuals, and of a constant
// of four times constLevel.
type normal struct {
	moments
	n int64 // samples that the rough weights do not predict exactly
}

// moments sums the products of the terms and, as the last of them, the target:
// the lower triangle.
type moments [terms + 1][terms + 1]int64

// target is the place of a sample among its terms.
const target = terms

// add enters the terms of a sample.
func (m *moments) add(d *[terms + 1]int32) {
	for i, x := range d {
		if x == 0 {
			continue
		}
		row := &m[i]
		for j, y := range d[:i+1] {
			row[j] += int64(x) * int64(y)
		}
	}
}

// at is the sum of the products of two terms.
func (m *moments) at(i, j int) float64 { return float64(m[max(i, j)][min(i, j)]) }

// merge adds the equations of g.
func (f *fitter) merge(g *fitter) {
	for l := range f {
		for p := range f[l] {
			for d := range f[l][p] {
				n, m := &f[l][p][d], &g[l][p][d]
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

// sample adds every step-th row of each pass of all planes, but not the first,
// whose taps lie beyond the edge; coarse levels, which have fewer, in proportion.
// The residuals that are terms come from predictions by m.
func (f *Fit) sample(planes []planeEncoder, m *Model) {
	for lev := range Base {
		for i := range planes {
			planes[i].levels[lev].extend()
		}
		for ps := range passes {
			_, y0 := ps.origin()
			rows := 2 * max(1, f.step>>lev)
			for y := y0 + rows/2&^1; y < planes[0].levels[lev].h; y += rows {
				f.row(planes, m, lev, ps, y)
			}
		}
	}
}

// row adds a row of a pass. Residuals above, which are terms too, are found two
// rows deep.
func (f *Fit) row(planes []planeEncoder, m *Model, lev int, ps pass, y int) {
	for i := range planes {
		p, w := &planes[i], &m.planes[i]
		before := others(p.kind, i, func(k int) *level { return &planes[k].levels[lev] })
		for j := -3; j <= 1 && ps > passA; j += 2 {
			p.probe(w, lev, ps-1, y+j, before)
		}
		for j := -4; j <= 0; j += 2 {
			p.probe(w, lev, ps, y+j, before)
		}
		x0, _ := ps.origin()
		for x := x0; x < p.levels[lev].w; x += 2 {
			f.planes[i].add(p, lev, ps, x, y, before)
		}
	}
}

// probe finds the residuals of a row, if there is one.
func (p *planeEncoder) probe(w *predictor, lev int, ps pass, y int, others [2]*level) {
	l := &p.levels[lev]
	if y < 0 || y >= l.h {
		return
	}
	p.rows.use(&w[lev][ps], &expectations[p.kind][ps])
	n := p.predictRow(lev, ps, y, others)
	x0, _ := ps.origin()
	i := l.at(x0, y)
	for _, pred := range p.rows.pred[:n] {
		l.q[i] = l.v[i] - pred
		i += 2
	}
}

// add enters a sample by the definition of its terms.
func (f *fitter) add(p *planeEncoder, lev int, ps pass, x, y int, others [2]*level) {
	l := &p.levels[lev]
	i := l.at(x, y)
	var t [taps]int32
	v, e1, e2, used := p.terms(&t, lev, ps, x, y)
	var residuals [constant - cross]int32
	for k, o := range others {
		if o != nil {
			residuals[k] = o.q[i]
		}
	}
	residuals[own-cross], residuals[own-cross+1], residuals[own-cross+2] = l.ownTerms(ps, i)
	n := &f[lev][ps][texture(e1, e2)]
	n.add(t[:used], v, &residuals, int64(magnitude(min(e1, e2))+12+magnitude(l.q[i])))
	if l.q[i] != 0 {
		n.n++
	}
}

// ownTerms are those that addOwn adds.
func (l *level) ownTerms(ps pass, i int) (above, corners, near int32) {
	q, s := l.q, l.stride
	switch ps {
	case passB0:
		near = q[i-s] + q[i+s]
	case passB1:
		near = q[i-s-1] + q[i-s+1] + q[i+s-1] + q[i+s+1]
	}
	return q[i-2*s], q[i-2*s-2] + q[i-2*s+2], near
}

// terms reads a sample, its taps and energies; used is the number of taps.
func (p *pyramid) terms(t *[taps]int32, lev int, ps pass, x, y int) (v, e1, e2 int32, used int) {
	l := &p.levels[lev]
	i := l.at(x, y)
	for k, o := range offsets[ps] {
		t[k] = l.v[i+o[1]*l.stride+o[0]]
	}
	used = neighbours
	if lev == Base-1 {
		t[neighbours], used = p.meanTap(ps, x, y), taps
	}
	e1, e2 = energies(t, ps)
	return l.v[i], e1, e2, used
}

// Differences are entered in units of 1/2^diffBits of the sample's spread and as
// at most maxDiff spreads, so that no sum of two million samples leaves 63 bits.
const (
	diffBits = 8
	maxDiff  = 64
)

// constLevel gives the constant term the size of a usual difference.
const constLevel = 8

func (n *normal) add(t []int32, v int32, residuals *[constant - cross]int32, spread int64) {
	const frac = 24
	unit := int64(1) << (diffBits + frac) / spread
	most := maxDiff * spread
	scaled := func(d int64) int32 { return int32((min(max(d, -most), most)*unit + 1<<(frac-1)) >> frac) }
	base := int64(t[0]) + int64(t[1]) + int64(t[2]) + int64(t[3])
	var d [terms + 1]int32 // 0 for a tap that is not used: it keeps its default
	for i, v := range t {
		d[i] = scaled(4*int64(v) - base)
	}
	for i, r := range residuals {
		d[cross+i] = scaled(4 * int64(r))
	}
	d[constant] = scaled(4 * constLevel)
	d[target] = scaled(4*int64(v) - base)
	if vector {
		addMoments(&n.moments, &d)
	} else {
		n.moments.add(&d)
	}
}

// solve gives the weights of a class, pulled towards def by a ridge of 1/256 of
// the mean diagonal. Products are converted before they are added, so that no
// architecture fuses the two; the outcome is stored in the file.
func (n *normal) solve(def *weights) weights {
	var a [terms][terms + 1]float64
	ridge := 0.0
	for i := range terms {
		for j := range terms {
			a[i][j] = n.at(i, j)
		}
		a[i][terms] = n.at(i, target)
		ridge += a[i][i]
	}
	ridge = ridge/(256*terms) + 1
	x := def.coefficients()
	for i := range terms {
		a[i][i] += ridge
		a[i][terms] += float64(ridge * x[i])
	}
	return quantiseWeights(eliminate(&a))
}

// coefficients are the factors of the equations' terms.
func (w *weights) coefficients() (x [terms]float64) {
	for i, v := range w {
		x[i] = float64(v) / weightOne
	}
	x[constant] /= constLevel
	return x
}

func eliminate(a *[terms][terms + 1]float64) (x [terms]float64) {
	for i := range terms {
		for r := i + 1; r < terms; r++ {
			f := a[r][i] / a[i][i]
			for c := i; c <= terms; c++ {
				a[r][c] -= float64(f * a[i][c])
			}
		}
	}
	for i := terms - 1; i >= 0; i-- {
		s := a[i][terms]
		for c := i + 1; c < terms; c++ {
			s -= float64(a[i][c] * x[c])
		}
		x[i] = s / a[i][i]
	}
	return x
}

// maxWeight bounds a weight, so that predictions of 32-bit samples fit 64 bits.
const maxWeight = 8 * weightOne

// quantiseWeights rounds coefficients to weights, the first of which makes
// the sum of the taps weightOne.
func quantiseWeights(x [terms]float64) (w weights) {
	x[constant] *= constLevel
	rest := 1.0
	for _, v := range x[:taps] {
		rest -= v
	}
	for i := 1; i < terms; i++ {
		v := x[i]
		if i < 4 {
			v += float64(rest / 4)
		}
		w[i] = int32(math.Round(max(-maxWeight, min(maxWeight, weightOne*v))))
	}
	w.close()
	return w
}

// close sets the first weight so that the sum of the taps is weightOne.
func (w *weights) close() {
	w[0] = weightOne
	for _, v := range w[1:taps] {
		w[0] -= v
	}
}

// minSamples is the least number of samples that a class is fitted to.
const minSamples = 64

// fit solves all classes. A class keeps its default where it has few samples,
// or where the bits that its own weights save, of every step-th row, do not
// pay for them.
func (f *fitter) fit(def *predictor, step int) predictor {
	p := *def
	for l := range f {
		for ps := range f[l] {
			for d := range f[l][ps] {
				n, base := &f[l][ps][d], &def[l][ps][d]
				if n.n < minSamples {
					continue
				}
				w := n.solve(base)
				samples := float64(n.n) * float64(max(1, step>>l))
				if samples/2*math.Log2(n.error(base)/n.error(&w)) > float64(w.bits(base)) {
					p[l][ps][d] = w
				}
			}
		}
	}
	return p
}

// error is the weighted squared error of weights, by the equations.
func (n *normal) error(w *weights) float64 {
	e := n.at(target, target)
	x := w.coefficients()
	for i := range terms {
		e -= float64(2 * x[i] * n.at(i, target))
		for j := range terms {
			e += float64(float64(x[i]*n.at(i, j)) * x[j])
		}
	}
	return max(e, 1)
}

// offsets of the taps of each pass, the four nearest first.
var offsets = [passes][neighbours][2]int{
	passA: {
		{-1, -1}, {1, -1}, {-1, 1}, {1, 1},
		{-3, -1}, {-3, 1}, {3, -1}, {3, 1}, {-1, -3}, {1, -3}, {-1, 3}, {1, 3},
	},
	passB0: {
		{-1, 0}, {1, 0}, {0, -1}, {0, 1},
		{-2, -1}, {2, -1}, {-2, 1}, {2, 1}, {-1, -2}, {1, -2}, {-1, 2}, {1, 2},
	},
	passB1: {
		{-1, 0}, {1, 0}, {0, -1}, {0, 1},
		{-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {-2, -1}, {2, -1}, {-2, 1}, {2, 1},
	},
}

// energies are e1 and e2 as predictRow finds them.
func energies(t *[taps]int32, ps pass) (e1, e2 int32) {
	switch ps {
	case passA:
		e1 = 4*absDiff(t[0], t[3]) + absDiff(t[4], t[2]) + absDiff(t[1], t[7]) + absDiff(t[8], t[1]) + absDiff(t[2], t[11])
		e2 = 4*absDiff(t[1], t[2]) + absDiff(t[6], t[3]) + absDiff(t[0], t[5]) + absDiff(t[9], t[0]) + absDiff(t[3], t[10])
	case passB0:
		e1 = 2*absDiff(t[0], t[1]) + absDiff(t[4], t[2]) + absDiff(t[3], t[7])
		e2 = 2*absDiff(t[2], t[3]) + absDiff(t[8], t[0]) + absDiff(t[1], t[11])
	default:
		e1 = 2*absDiff(t[0], t[1]) + absDiff(t[4], t[2]) + absDiff(t[2], t[5]) + absDiff(t[6], t[3]) + absDiff(t[3], t[7])
		e2 = 2*absDiff(t[2], t[3]) + absDiff(t[4], t[0]) + absDiff(t[0], t[6]) + absDiff(t[5], t[1]) + absDiff(t[1], t[7])
	}
	return e1, e2
}

// meanTap is the mean of the cell that a sample of level Base-1 is the centre
// of, or of the two cells beside it.
func (p *pyramid) meanTap(ps pass, x, y int) int32 {
	m := &p.means
	i := m.at(x>>1, y>>1)
	v := int64(m.v[i])
	switch {
	case ps == passB0 && y > 0:
		v = (v + int64(m.v[i-m.stride])) >> 1
	case ps == passB1 && x > 0:
		v = (v + int64(m.v[i-1])) >> 1
	}
	return int32(v)
}
