package predictive

import (
	"slices"

	"github.com/qtgpu/qtgpu/internal/rans"
)

// planeEncoder codes one plane of a tile.
type planeEncoder struct {
	pyramid
	kind  int
	class [Base + 1][]uint8 // index of the class of each sample's residual
}

func (p *planeEncoder) load(src, means *Plane) {
	p.pyramid.load(src, means)
	for lev := range p.class {
		if n := len(p.levels[lev].q); len(p.class[lev]) < n {
			p.class[lev] = make([]uint8, n)
		}
	}
}

// quantise is the residual in steps, nearest.
func quantise(r, step int32) int32 {
	if step == 1 {
		return r
	}
	if r < 0 {
		return -((-r + step/2) / step)
	}
	return (r + step/2) / step
}

// encodeMeans codes the overview of a plane.
func (p *planeEncoder) encodeMeans(t *segment) {
	l := &p.means
	base := contextBase(p.kind, stageMeans)
	for y := range l.h {
		for x := range l.w {
			i := l.at(x, y)
			pred, expect := p.predictMean(x, y)
			q := quantise(l.v[i]-pred, p.meanStep)
			t.put(base, classTable.Of(expect), q)
			l.q[i], l.v[i] = q, pred+q*p.meanStep
		}
	}
}

// predictMean predicts in raster order from left, top and both top corners. The
// weights of the expectation, of a residual in steps, are those for a step of
// meanStep.
func (p *pyramid) predictMean(x, y int) (pred, expect int32) {
	l := &p.means
	i := l.at(x, y)
	v, s := l.v, l.stride
	e := func(i int) int32 { return magnitude(l.q[i]) }
	switch {
	case x == 0 && y == 0:
		return 0, 64 << 8
	case y == 0:
		return v[i-1], 2<<8 + 128*e(i-1)
	case x == 0:
		return v[i-s], 2<<8 + 128*e(i-s)
	}
	a, b, c, d := v[i-1], v[i-s], v[i-s-1], v[i-s]
	if x+1 < l.w {
		d = v[i-s+1]
	}
	med := min(max(a, b), max(min(a, b), a+b-c))
	g := magnitude(absDiff(a, c)) + magnitude(absDiff(c, b)) + magnitude(absDiff(b, d))
	return int32((2*int64(med) + int64(a) + int64(b) + 2) >> 2), 64 + 40*meanStep*g/p.meanStep + 40*(e(i-1)+e(i-s))
}

// predictGrid predicts the sample of level Base at (x,y), the corner of its
// cell, from the means of the cells around that corner.
func (p *pyramid) predictGrid(x, y int) (pred, expect int32) {
	m, l := &p.means, &p.levels[Base]
	x1, y1 := max(x-1, 0), max(y-1, 0)
	a, b, c, d := m.v[m.at(x, y)], m.v[m.at(x1, y)], m.v[m.at(x, y1)], m.v[m.at(x1, y1)]
	i := l.at(x, y)
	spread := magnitude(absDiff(max(a, b, c, d), min(a, b, c, d)))
	sum := int64(a) + int64(b) + int64(c) + int64(d)
	return int32((sum + 2) >> 2), 64 + 50*spread/p.step + 64*(magnitude(l.q[i-1])+magnitude(l.q[i-l.stride]))
}

func (p *planeEncoder) encodeGrid() {
	l := &p.levels[Base]
	for y := range l.h {
		for x := range l.w {
			i := l.at(x, y)
			pred, expect := p.predictGrid(x, y)
			q := quantise(l.v[i]-pred, p.step)
			p.class[Base][i] = classTable.Index(expect)
			l.q[i], l.v[i] = q, pred+q*p.step
		}
	}
	p.descend(Base)
}

// encodeLevel finds the residuals of the three passes that complete a level;
// others are the same level of the planes before.
func (p *planeEncoder) encodeLevel(lev int, w *predictor, others [2]*level) {
	l := &p.levels[lev]
	for ps := range passes {
		p.begin(lev, &w[lev][ps], &expectations[p.kind][ps])
		_, y0 := ps.origin()
		for y := y0; y < l.h; y += 2 {
			n := p.predictRow(lev, ps, y, others)
			p.encodeRow(lev, ps, y, n)
		}
	}
	if lev > 0 {
		p.descend(lev)
	}
}

func (p *planeEncoder) encodeRow(lev int, ps pass, y, n int) {
	l := &p.levels[lev]
	side := expectations[p.kind][ps].side
	x0, _ := ps.origin()
	i := l.at(x0, y)
	v, q, class := l.v[i:][:2*n-1], l.q[i:][:2*n-1], p.class[lev][i:][:2*n-1]
	preds, expects := p.rows.pred[:n], p.rows.expect[:n]
	left := int32(0)
	for k, pred := range preds {
		r := v[2*k] - pred
		if p.step > 1 {
			r = quantise(r, p.step)
			v[2*k] = pred + r*p.step
		}
		class[2*k] = classTable.Index(expects[k] + side*left)
		q[2*k] = r
		if p.known {
			r = p.fold(pred, r)
		}
		left = magnitude(r)
	}
}

// worst is the largest difference of what a decoder will see from the source.
func (p *planeEncoder) worst(src *Plane, f *Format) int32 {
	least, most := f.limits()
	l := &p.levels[0]
	worst := int32(0)
	for y := range src.H {
		for x, v := range src.Pix[y*src.W:][:src.W] {
			worst = max(worst, absDiff(v, min(max(l.v[l.at(x, y)], least), most)))
		}
	}
	return worst
}

// findZeros marks the cells without residuals, coarse levels first: of most
// images they leave no cell for the fine ones to look at.
func (p *planeEncoder) findZeros() {
	for i := range p.zero.cell {
		p.zero.cell[i] = true
	}
	for lev := Base - 1; lev >= 0 && slices.Contains(p.zero.cell, true); lev-- {
		p.eachRow(lev, func(ps pass, x0, y, n int) {
			cell := p.zero.cell[y>>(Base-lev)*p.zero.w:][:p.zero.w]
			if !slices.Contains(cell, true) {
				return
			}
			l := &p.levels[lev]
			for k, q := 0, l.q[l.at(x0, y):]; k < n; k++ {
				if q[2*k] != 0 {
					cell[(x0+2*k)>>(Base-lev)] = false
				}
			}
		})
	}
}

// eachRow visits the rows of n residuals of a level in coding order.
func (p *planeEncoder) eachRow(lev int, f func(ps pass, x0, y, n int)) {
	l := &p.levels[lev]
	for ps := range passes {
		x0, y0 := ps.origin()
		for y := y0; y < l.h; y += 2 {
			f(ps, x0, y, (l.w-x0+1)/2)
		}
	}
}

// emitZeros codes the zero tree and leaves it as a decoder will know it: cells
// are zero only from their flag on.
func (p *planeEncoder) emitZeros(t *segment) {
	var known zeroTree
	known.reset(p.zero.w, p.zero.h)
	known.walk(func(lg, x, y int) bool {
		flag := p.zero.all(lg, x, y)
		ctx := known.context(p.kind, lg, x, y)
		if flag {
			t.tokens = append(t.tokens, rans.MakeToken(ctx, 1))
			known.fill(lg, x, y)
		} else {
			t.tokens = append(t.tokens, rans.MakeToken(ctx, 0))
		}
		return flag
	})
	p.zero = known
}

// emitGrid and emitLevel write the residuals of cells that are not zero.
func (p *planeEncoder) emitGrid(t *segment) {
	l := &p.levels[Base]
	for y := range l.h {
		p.putRow(t, contextBase(p.kind, stageGrid), Base, l.at(0, y), l.w, 1)
	}
}

func (p *planeEncoder) emitLevel(t *segment, lev int) {
	l := &p.levels[lev]
	p.eachRow(lev, func(ps pass, x0, y, n int) {
		base := contextBase(p.kind, lev*int(passes)+int(ps))
		p.zero.runs(lev, x0, y, n, func(start, end int) {
			p.putRow(t, base, lev, l.at(x0+2*start, y), end-start, 2)
		})
	})
}

// putRow codes n residuals of a level, every step-th from index i on. Residuals
// of the grid are not folded.
func (p *planeEncoder) putRow(t *segment, base, lev, i, n, step int) {
	l := &p.levels[lev]
	v, q, class := l.v[i:], l.q[i:], p.class[lev][i:]
	have := len(t.tokens)
	t.tokens = slices.Grow(t.tokens, n)[:have+n]
	fold := p.known && lev < Base
	for k := range t.tokens[have:] {
		r := q[k*step]
		if fold {
			r = p.fold(v[k*step]-r, r)
		}
		t.tokens[have+k] = t.token(base, classTable.At(class[k*step]), r)
	}
}
