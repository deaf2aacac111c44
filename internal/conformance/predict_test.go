package conformance

import (
	"math"
	"math/bits"
)

// Constants of FORMAT-EXACT.md, "Prediction". Passes are A, B0, B1.
var (
	passTaps = [3][12][2]int{
		{{-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {-3, -1}, {-3, 1}, {3, -1}, {3, 1}, {-1, -3}, {1, -3}, {-1, 3}, {1, 3}},
		{{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-2, -1}, {2, -1}, {-2, 1}, {2, 1}, {-1, -2}, {1, -2}, {-1, 2}, {1, 2}},
		{{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {-2, -1}, {2, -1}, {-2, 1}, {2, 1}},
	}
	passFirst = [3][2]int{{1, 1}, {1, 0}, {0, 1}}
	// energyTerms are a factor and two taps.
	energyTerms = [3][2][][3]int{
		{{{4, 0, 3}, {1, 4, 2}, {1, 1, 7}, {1, 8, 1}, {1, 2, 11}}, {{4, 1, 2}, {1, 6, 3}, {1, 0, 5}, {1, 9, 0}, {1, 3, 10}}},
		{{{2, 0, 1}, {1, 4, 2}, {1, 3, 7}}, {{2, 2, 3}, {1, 8, 0}, {1, 1, 11}}},
		{{{2, 0, 1}, {1, 4, 2}, {1, 2, 5}, {1, 6, 3}, {1, 3, 7}}, {{2, 2, 3}, {1, 4, 0}, {1, 0, 6}, {1, 5, 1}, {1, 1, 7}}},
	}
	// expectationWeights are by row, pass and kind.
	expectationWeights = [9][3][3]int64{
		{{36, 1, 2}, {31, 2, 4}, {24, 2, 2}},
		{{8, 9, 8}, {13, 14, 11}, {11, 12, 11}},
		{{15, 18, 16}, {12, 13, 11}, {6, 11, 6}},
		{{38, 35, 31}, {31, 26, 22}, {20, 18, 15}},
		{{20, 15, 13}, {22, 16, 13}, {8, 7, 4}},
		{1: {8, 15, 11}},
		{2: {0, 4, 4}},
		{2: {18, 12, 13}},
		{{0, 4, 46}, {0, 2, 44}, {0, 2, 39}},
	}
)

// predicted is a plane that is decoded by prediction.
type predicted struct {
	kind, w, h, cells, rows int
	step, meanStep          int32
	weights                 *[nClasses][19]int32
	before, first           *predicted // the plane before, and the one before that, for r1 and r2
	pix, residual           []int32
	code                    []int32 // of a residual, itself but where that is folded
	folded                  bool
	low, high               int32   // of predictions
	means, meanErrors       []int32 // by cell
	zero                    []bool
}

func newPredicted(kind, w, h int, step, meanStep int32, weights *[nClasses][19]int32) *predicted {
	p := &predicted{kind: kind, w: max(w, 16), h: max(h, 16), step: step, meanStep: meanStep, weights: weights}
	p.cells, p.rows = (p.w+7)/8, (p.h+7)/8
	p.pix, p.residual, p.code = make([]int32, p.w*p.h), make([]int32, p.w*p.h), make([]int32, p.w*p.h)
	p.low, p.high = math.MinInt32, math.MaxInt32
	n := p.cells * p.rows
	p.means, p.meanErrors, p.zero = make([]int32, n), make([]int32, n), make([]bool, n)
	return p
}

// size is the magnitude of a residual or a difference.
func size(v int32) int64 { return min(abs(int64(v)), 1<<21) }

func diff(a, b int32) int64 { return size(a - b) }

// classOf is the class of an expectation and the number of raw bits.
func classOf(v int64) (c, k int) {
	v = max(v, 64)
	n := bits.Len64(uint64(v)) - 1
	c = 3*(n-6) + reached(int(v>>(n-3)&7), []int{2, 5})
	if c > 8 {
		k = (c - 6) / 3
	}
	if c > 23 {
		c = 21 + c%3
	}
	return c, k
}

// residualFor reads a residual of a stage where v is expected.
func (p *predicted) residualFor(s source, stage int, v int64) int32 {
	c, k := classOf(v)
	token := uint32(s.symbol((p.kind*11+stage)*24 + c))
	if token == 15 {
		token += s.expGolomb()
	}
	u := token<<k | uint32(s.bits(k))
	return int32(u>>1) ^ -int32(u&1)
}

// readMeans reads the front.
func (p *predicted) readMeans(s source) {
	at := func(x, y int) int32 { return p.means[y*p.cells+x] }
	for y := range p.rows {
		for x := range p.cells {
			i := y*p.cells + x
			var prediction int32
			var v int64
			switch {
			case i == 0:
				v = 64 * 256
			case y == 0:
				prediction, v = at(x-1, y), 512+128*size(p.meanErrors[i-1])
			case x == 0:
				prediction, v = at(x, y-1), 512+128*size(p.meanErrors[i-p.cells])
			default:
				l, t, tl, tr := at(x-1, y), at(x, y-1), at(x-1, y-1), at(min(x+1, p.cells-1), y-1)
				med := median32(l, t, l+t-tl)
				prediction = int32((2*int64(med) + int64(l) + int64(t) + 2) >> 2)
				v = 64 + 160*(diff(l, tl)+diff(tl, t)+diff(t, tr))/int64(p.meanStep) + 40*(size(p.meanErrors[i-1])+size(p.meanErrors[i-p.cells]))
			}
			p.meanErrors[i] = p.residualFor(s, 10, v)
			p.means[i] = prediction + p.meanErrors[i]*p.meanStep
		}
	}
}

func median32(a, b, c int32) int32 { return max(min(a, b), min(max(a, b), c)) }

// mean is the mean of a cell; there is none beyond the left and the upper edge.
func (p *predicted) mean(x, y int) int32 {
	return p.means[max(y, 0)*p.cells+max(x, 0)]
}

func (p *predicted) pixel(x, y int) int32 { return p.pix[y*p.w+x] }

// readZeros reads the zero tree.
func (p *predicted) readZeros(s source) {
	for y := 0; y < p.rows; y += 8 {
		for x := 0; x < p.cells; x += 8 {
			p.readZero(s, 3, x, y)
		}
	}
}

func (p *predicted) readZero(s source, lg, x, y int) {
	if x >= p.cells || y >= p.rows {
		return
	}
	n := 0
	if x > 0 && p.zero[y*p.cells+x-1] {
		n++
	}
	if y > 0 && p.zero[(y-1)*p.cells+x] {
		n++
	}
	if s.symbol(792+(p.kind*4+lg)*3+n) == 1 {
		for j := y; j < min(y+1<<lg, p.rows); j++ {
			for i := x; i < min(x+1<<lg, p.cells); i++ {
				p.zero[j*p.cells+i] = true
			}
		}
		return
	}
	for i := range 4 {
		if half := 1 << lg >> 1; half > 0 {
			p.readZero(s, lg-1, x+i%2*half, y+i/2*half)
		}
	}
}

func (p *predicted) readGrid(s source) {
	for y := range p.rows {
		for x := range p.cells {
			prediction, v := p.predictGrid(x, y)
			p.set(8*x, 8*y, prediction, p.residualFor(s, 9, v))
		}
	}
}

// predictGrid gives the prediction of a grid sample and the expectation.
func (p *predicted) predictGrid(x, y int) (int32, int64) {
	a, b, c, d := p.mean(x, y), p.mean(x-1, y), p.mean(x, y-1), p.mean(x-1, y-1)
	v := 64 + 50*diff(max(a, b, c, d), min(a, b, c, d))/int64(p.step) + 64*(p.error(8*x-8, 8*y)+p.error(8*x, 8*y-8))
	sum := int64(a) + int64(b) + int64(c) + int64(d)
	return int32((sum + 2) >> 2), v
}

// error is the magnitude of the residual at a pixel, 0 outside.
func (p *predicted) error(x, y int) int64 {
	if x < 0 || y < 0 || x >= p.w || y >= p.h {
		return 0
	}
	return size(p.residual[y*p.w+x])
}

func (p *predicted) set(x, y int, prediction, residual int32) {
	p.residual[y*p.w+x] = residual
	p.pix[y*p.w+x] = prediction + residual*p.step
}

// eachSample calls do for the samples of the three passes of a level.
func (p *predicted) eachSample(level int, do func(pass, x, y int)) {
	for pass, first := range passFirst {
		for y := first[1]; y <= (p.h-1)>>level; y += 2 {
			for x := first[0]; x <= (p.w-1)>>level; x += 2 {
				do(pass, x, y)
			}
		}
	}
}

// readLevel reads the three passes of a level.
func (p *predicted) readLevel(s source, level int) {
	p.eachSample(level, func(pass, x, y int) {
		f := p.predict(level, pass, x, y)
		q := int32(0)
		if !p.zero[y<<level>>3*p.cells+x<<level>>3] {
			q = p.residualFor(s, 3*level+pass, f.expected)
		}
		i := y<<level*p.w + x<<level
		p.code[i] = q
		if p.folded {
			q = p.unfold(f.prediction(), q)
		}
		p.set(x<<level, y<<level, f.prediction(), q)
	})
}

// unfold finds the residual that a code stands for.
func (p *predicted) unfold(prediction, code int32) int32 {
	below, above := prediction-p.low, p.high-prediction
	d := min(below, above)
	u := uint32(code) << 1
	if code < 0 {
		u = ^u
	}
	switch {
	case u <= 2*uint32(d):
		return code
	case below <= above:
		return int32(u - uint32(d))
	}
	return -int32(u - uint32(d))
}

// inside moves v by 2 until it lies in 0 … n−1.
func inside(v, n int) int {
	for v < 0 {
		v += 2
	}
	for v >= n {
		v -= 2
	}
	return v
}

// forecast is what is known of a sample before it is coded.
type forecast struct {
	taps      [12]int32
	direction int
	sum       int64 // 128 times the prediction
	low, high int32
	expected  int64
}

func (f *forecast) prediction() int32 { return max(f.low, min(f.high, int32(f.sum+64)>>7)) }

// predict gives the forecast of a sample of a level.
func (p *predicted) predict(level, pass, x, y int) *forecast {
	f := &forecast{low: p.low, high: p.high}
	w, h := (p.w-1)>>level+1, (p.h-1)>>level+1
	for i, d := range passTaps[pass] {
		f.taps[i] = p.pix[inside(y+d[1], h)<<level*p.w+inside(x+d[0], w)<<level]
	}
	var energy [2]int32
	for i, terms := range energyTerms[pass] {
		for _, t := range terms {
			energy[i] += int32(t[0]) * abs32(f.taps[t[1]]-f.taps[t[2]])
		}
	}
	cross := abs32(f.taps[0] + f.taps[1] - f.taps[2] - f.taps[3])
	if pass == 0 {
		cross = abs32(f.taps[0] + f.taps[3] - f.taps[1] - f.taps[2])
	}
	f.direction = direction(energy[0], energy[1])
	weights := p.weights[(level*3+pass)*8+texture(f.direction, energy[0]+energy[1])]
	f.sum = int64(weights[18])
	for i, t := range f.taps {
		f.sum += int64(weights[i]) * int64(t)
	}
	f.sum += int64(weights[12]) * int64(p.meanFor(level, pass, x, y))
	i := y<<level*p.w + x<<level
	if p.before != nil {
		f.sum += int64(weights[13]) * int64(p.before.residual[i]*p.step)
	}
	if p.first != nil {
		f.sum += int64(weights[14]) * int64(p.first.residual[i]*p.step)
	}
	for i, v := range p.ownTerms(level, pass, x, y) {
		f.sum += int64(weights[15+i]) * int64(v*p.step)
	}
	f.sum = int64(int32(f.sum))
	f.expected = p.expect(level, pass, x, y, min(energy[0], energy[1]), cross)
	return f
}

// ownTerms are u1, u2 and u3.
func (p *predicted) ownTerms(level, pass, x, y int) [3]int32 {
	q := func(dx, dy int) int32 {
		i, j := (x+dx)<<level, (y+dy)<<level
		if i < 0 || j < 0 || i >= p.w || j >= p.h {
			return 0
		}
		return p.residual[j*p.w+i]
	}
	near := int32(0)
	switch pass {
	case 1:
		near = q(0, -1) + q(0, 1)
	case 2:
		near = q(-1, -1) + q(1, -1) + q(-1, 1) + q(1, 1)
	}
	return [3]int32{q(0, -2), q(-2, -2) + q(2, -2), near}
}

func abs32(v int32) int32 { return max(v, -v) }

// direction is 0 to 4.
func direction(e1, e2 int32) int {
	d := 2
	for _, bounds := range [][2]int32{{4, 16}, {8, 32}} {
		if 3*e1 >= bounds[0]*e2+bounds[1] {
			d++
		}
		if 3*e2 >= bounds[0]*e1+bounds[1] {
			d--
		}
	}
	return d
}

func texture(direction int, energy int32) int {
	if direction == 2 {
		return 2 + reached(int(energy), []int{12, 32, 80})
	}
	return direction + direction/3*3
}

func (p *predicted) meanFor(level, pass, x, y int) int32 {
	if level != 2 {
		return 0
	}
	cx, cy := x>>1, y>>1
	switch {
	case pass == 1 && y > 0:
		return int32((int64(p.mean(cx, cy)) + int64(p.mean(cx, cy-1))) >> 1)
	case pass == 2 && x > 0:
		return int32((int64(p.mean(cx, cy)) + int64(p.mean(cx-1, cy))) >> 1)
	}
	return p.mean(cx, cy)
}

// codeOf is the magnitude of the code of a sample of a level.
func (p *predicted) codeOf(x, y, level int) int64 {
	if x < 0 {
		return 0
	}
	return size(p.code[y<<level*p.w+x<<level])
}

func (p *predicted) expect(level, pass, x, y int, least, cross int32) int64 {
	e := func(dx, dy int) int64 { return p.error((x+dx)<<level, (y+dy)<<level) }
	rows := [9]int64{
		1, size(least), size(cross), p.codeOf(x-2, y, level) + e(0, -2), e(-2, -2) + e(2, -2),
		e(0, -1) + e(0, 1), e(-1, 0) + e(1, 0), e(-1, -1) + e(1, -1) + e(-1, 1) + e(1, 1),
	}
	if p.before != nil {
		rows[8] = p.before.error(x<<level, y<<level)
	}
	v := int64(0)
	for i, r := range rows {
		if v += r * expectationWeights[i][pass][p.kind]; i == 2 {
			v /= int64(p.step)
		}
	}
	return v
}
