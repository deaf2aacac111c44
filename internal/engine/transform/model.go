package transform

import (
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/tree"
)

// models are what a tree.Coder needs to know to go on below the pyramid, by plane. A coder takes
// leaves that are coded by one step and without prediction: the others depend on their neighbours,
// or on the classes of these.
func (e *Encoder) models() []*tree.Model {
	if e.predicts || e.classes {
		return nil
	}
	byKind := map[Plane]*tree.Model{}
	m := make([]*tree.Model, len(e.planes))
	for i, p := range e.planes {
		like := Plane{Chroma: p.Chroma} // all that prices and scales depend on
		if byKind[like] == nil {
			byKind[like] = e.Model(like)
		}
		m[i] = byKind[like]
	}
	return m
}

// Model is the model of planes of a kind, of an encoder at one step that predicts nothing.
func (e *Encoder) Model(p Plane) *tree.Model {
	kind := p.kind()
	r := e.ratesOf(kind)
	m := &tree.Model{
		Step: int(r.step), Least: int(r.least()), Bit: int(r.bit), Escape: escape, Cap: magnitudeCap,
		Typical: lastContext(kind, cellLog2, typicalLast) - lastContexts(kind, cellLog2),
		Shift1:  forwardShift1, Shift2: forwardShift2, Magnitude: magnitudeClass,
		NewKernel: func() tree.Kernel { return &kernel{encoder: e, kind: kind, doubt: e.doubt(p)} },
		Doubt:     e.doubt(p), Logs: log256,
	}
	if e.forecasts() {
		m.Parts = int(r.parts())
	}
	for size := range sizes {
		lg, n := cellLog2+size, cell<<size
		for k := range n {
			for i := range n {
				m.Cosines[size] = append(m.Cosines[size], int32(cosine(i, k, n)))
			}
		}
		cells := 1 << size
		for j := range cells {
			for k := range cells {
				m.Means[size] = append(m.Means[size], int32(toOverview[cells-1][j][k]))
			}
		}
		for class := range lastClasses {
			copy(m.Last[size][class][:], r.symbol[(lastContexts(kind, lg)+class)*rans.Symbols:])
		}
		for f := range frequencyClasses {
			for class := range magnitudeClasses {
				copy(m.Levels[size][f][class][:], r.symbol[(acContext(kind, lg)+f*magnitudeClasses+class)*rans.Symbols:])
			}
		}
		for d := range 2*n - 1 {
			m.Group[size][d], m.Frequency[size][d] = uint8(group(d, lg)), uint8(frequencyClass(d, lg))
		}
		m.Forecast[size] = forecastOf[kind][size].model(lg)
	}
	return m
}

// lastContexts is the first context of the last groups of leaves of a size.
func lastContexts(kind, lg int) int { return ctxLast + (kind*sizes+lg-cellLog2)*lastClasses }

// doubt is the error of AC coefficients from which on the low block may bring a leaf above what
// withinHalf allows: each cell is off by half a step of the overview at most, unless it is an end,
// and three times the sum of the squares is more than lowValues.toLow makes of them. It decides nothing but
// whether plain rounding is sent along.
func (e *Encoder) doubt(p Plane) (most [sizes]int64) {
	half := int64(newOverviewScale(int(e.rates.step), p).step+1) / 2
	for size := range sizes {
		lg := cellLog2 + size
		most[size] = e.rates.step*e.rates.step*65<<(2*lg)/256 - 3*half*half<<(2*size)
	}
	return most
}

// kernel is the tree.Kernel of an encoder.
type kernel struct {
	encoder  *Encoder
	kind     int
	doubt    [sizes]int64
	dct      transformer
	tokens   levelTokens
	variants [tree.LastClasses + 1]tree.Variant
}

// Transform implements tree.Kernel.
func (k *kernel) Transform(coefs []int32, pix []uint16, stride, level int) {
	k.dct.forward(coefs, pix, stride, level)
}

// Cost implements tree.Kernel.
func (k *kernel) Cost(coefs []int32, level int) tree.Cost {
	r := k.encoder.ratesOf(k.kind)
	energy, top := analyse(coefs, level, r.step)
	j := k.tokens.cost(r, coefs, level, k.kind, energy, top, nil)
	if top == 0 || !k.encoder.forecasts() {
		return tree.Cost{J: j, Forecast: j}
	}
	return tree.Cost{J: j, Forecast: r.forecast(coefs, level, k.kind, top)}
}

// Quantise implements tree.Kernel.
func (k *kernel) Quantise(record []uint32, coefs []int32, level int) []uint32 {
	r := k.encoder.ratesOf(k.kind)
	energy, top := analyse(coefs, level, r.step)
	var by [tree.LastClasses]int
	n, doubtful := 0, false
	for class := range by {
		q := k.tokens.becomes(quantised{})
		if top > 0 {
			q = k.tokens.quantise(r, coefs, level, k.kind, top, lastContexts(k.kind, level)+class)
		}
		for by[class] = 0; by[class] < n && k.variants[by[class]].Last != q.last; {
			by[class]++
		}
		if by[class] == n {
			// What is coded up to a last group does not depend on how that is priced.
			n = k.variant(n, q, energy)
			doubtful = doubtful || energy-q.gained > k.doubt[level-cellLog2]
		}
	}
	plain := tree.NoVariant
	if doubtful {
		p := k.encoder.plain
		q := k.tokens.quantise(p, coefs, level, k.kind, topOf(coefs, level, p.step), lastContexts(k.kind, level))
		plain = n
		n = k.variant(n, q, energy)
	}
	means := meansOf(coefs, level)
	return tree.AppendRecord(record, means[:1<<(2*(level-cellLog2))], k.variants[:n], by, plain)
}

// variant makes the n-th variant of what was quantised, and returns n+1.
func (k *kernel) variant(n int, q *quantised, energy int64) int {
	v := &k.variants[n]
	v.Last, v.Error, v.Levels = q.last, energy-q.gained, v.Levels[:0]
	for _, l := range q.levels {
		v.Levels = append(v.Levels, uint32(l.coef)|uint32(uint16(l.level))<<16)
	}
	return n + 1
}
