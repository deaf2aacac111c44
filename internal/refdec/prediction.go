package refdec

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// predicted is a plane that is decoded by prediction (FORMAT.md, "Prediction").
type predicted struct {
	coding
	w, h, cells, rows int
	step              int32
	weights           *[nClasses][nTerms]int32
	before, first     *predicted // the plane before, and the one before that, for r1 and r2
	pix, residual     []int32
	code              []int32 // of a residual, itself but where that is folded
	limited           bool
	low, high         int32   // of predictions
	means, meanErrors []int32 // by cell
	zero              []bool
}

func newPredicted(c *coding, w, h int, weights *[nClasses][nTerms]int32) *predicted {
	p := &predicted{coding: *c, w: max(w, 16), h: max(h, 16), step: 2*c.bound + 1, weights: weights}
	p.cells, p.rows = (p.w+7)/8, (p.h+7)/8
	p.pix, p.residual, p.code = make([]int32, p.w*p.h), make([]int32, p.w*p.h), make([]int32, p.w*p.h)
	p.low, p.high = math.MinInt32, math.MaxInt32
	n := p.cells * p.rows
	p.means, p.meanErrors, p.zero = make([]int32, n), make([]int32, n), make([]bool, n)
	p.classes, p.cellClasses = padMask(c.classes, w, h, p.w, p.h), padMask(c.cellClasses, (w-1)/8+1, (h-1)/8+1, p.cells, p.rows)
	return p
}

// padMask repeats the last row and column of a plane of w×h up to a size; nil stays nil.
func padMask(mask []byte, w, h, width, height int) []byte {
	if mask == nil {
		return nil
	}
	out := make([]byte, width*height)
	for i := range out {
		out[i] = mask[min(i/width, h-1)*w+min(i%width, w-1)]
	}
	return out
}

// masked tells whether a sample is not coded.
func (p *predicted) masked(x, y int) bool { return p.classes != nil && p.classes[y*p.w+x] != 0 }

// cellMasked tells whether no sample of a cell is coded.
func (p *predicted) cellMasked(x, y int) bool {
	return p.cellClasses != nil && p.cellClasses[y*p.cells+x] != 0
}

// coded is the number of samples of planes that are coded.
func coded(planes []*predicted) (n int) {
	for _, p := range planes {
		for i := range p.pix {
			if p.classes == nil || p.classes[i] == 0 {
				n++
			}
		}
	}
	return n
}

// predictedTile decodes the numbers of a tile in a mode of prediction, or of its overview;
// short tells whether segments may be of any length.
func (f *File) predictedTile(codes Codes, mode int, planes []coding, front, body []byte, w, h int, overview, short bool) (*planar, error) {
	least := leastBytes(len(planes)*max(w, 16)*max(h, 16), 0, 1<<16)
	if short {
		least = 0
	}
	s, err := codes.Symbols(front, f.tables, least)
	if err != nil {
		return nil, fmt.Errorf("front segment: %w", err)
	}
	ps := f.predictedPlanes(planes, w, h)
	for _, p := range ps {
		p.readMeans(s)
	}
	if err := s.Finish(); err != nil {
		return nil, fmt.Errorf("front segment: %w", err)
	}
	transform := mode % slowMode
	if overview {
		return recolour(transform, ps, (w-1)/8+1, (h-1)/8+1, (*predicted).mean), nil
	}
	limit(transform, ps)
	rankMeans(transform, ps)
	if mode >= slowMode {
		err = readSlow(codes, body, ps, leastBytes(coded(ps), 1<<14, 1<<8))
	} else {
		err = f.readBody(codes, body, ps, least)
	}
	if err != nil {
		return nil, fmt.Errorf("body segment: %w", err)
	}
	return recolour(transform, ps, w, h, (*predicted).pixel), nil
}

// predictedPlanes are the planes of a tile, empty.
func (f *File) predictedPlanes(planes []coding, w, h int) []*predicted {
	ps := make([]*predicted, len(planes))
	for i := range ps {
		p := newPredicted(&planes[i], w, h, &f.weights[i])
		if p.kind > 0 {
			p.before = ps[p.parent]
		}
		if p.kind > 1 {
			p.first = p.before.before
		}
		ps[i] = p
	}
	return ps
}

// readBody reads what the body holds of all planes.
func (f *File) readBody(codes Codes, body []byte, planes []*predicted, least int) error {
	s, err := codes.Symbols(body, f.tables, least)
	if err != nil {
		return err
	}
	for _, p := range planes {
		p.readZeros(s)
		p.readGrid(s)
	}
	for level := 2; level >= 0; level-- {
		for _, p := range planes {
			p.readLevel(s, level)
		}
	}
	return s.Finish()
}

// size is the magnitude of a residual or a difference.
func size(v int32) int64 { return min(abs(int64(v)), 1<<21) }

// classOf is the class of an expectation and the number of raw bits (FORMAT.md,
// "Residuals").
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

// The stages of residuals; of passes they are 3·level + pass.
const (
	gridStage = 9
	meanStage = 10
)

// readResidual reads a residual of a stage where v is expected.
func (p *predicted) readResidual(s Symbols, stage int, v int64) int32 {
	c, k := classOf(v)
	token := uint32(s.Symbol((p.kind*11+stage)*24 + c))
	if token == 15 {
		token += s.ExpGolomb()
	}
	return unzigzag(token<<k | uint32(s.Raw(k)))
}

// readMeans reads the means of a plane (FORMAT.md, "Means").
func (p *predicted) readMeans(s Symbols) {
	for y := range p.rows {
		for x := range p.cells {
			prediction, v := p.predictMean(x, y)
			i := y*p.cells + x
			if !p.cellMasked(x, y) {
				p.meanErrors[i] = p.readResidual(s, meanStage, v)
			}
			p.means[i] = prediction + p.meanErrors[i]*p.meanStep
		}
	}
}

// predictMean is the prediction of a mean and the expectation.
func (p *predicted) predictMean(x, y int) (int32, int64) {
	at := func(x, y int) int32 { return p.means[y*p.cells+x] }
	e := func(x, y int) int64 { return size(p.meanErrors[y*p.cells+x]) }
	switch {
	case x == 0 && y == 0:
		return 0, 64 * 256
	case y == 0:
		return at(x-1, y), 512 + 128*e(x-1, y)
	case x == 0:
		return at(x, y-1), 512 + 128*e(x, y-1)
	}
	l, t, tl, tr := at(x-1, y), at(x, y-1), at(x-1, y-1), at(min(x+1, p.cells-1), y-1)
	med := median(l, t, l+t-tl)
	v := 64 + 160*(size(l-tl)+size(tl-t)+size(t-tr))/int64(p.meanStep) + 40*(e(x-1, y)+e(x, y-1))
	return int32((2*int64(med) + int64(l) + int64(t) + 2) >> 2), v
}

func median[T int | int32](a, b, c T) T { return max(min(a, b), min(max(a, b), c)) }

// mean is the mean of a cell; left of and above the plane it is the nearest one.
func (p *predicted) mean(x, y int) int32 { return p.means[max(y, 0)*p.cells+max(x, 0)] }

func (p *predicted) pixel(x, y int) int32 { return p.pix[y*p.w+x] }

// rankMeans makes means of values what predicts ranks.
func rankMeans(transform int, planes []*predicted) {
	if !slices.ContainsFunc(planes, func(p *predicted) bool { return p.values != nil }) {
		return
	}
	overview := recolour(transform, planes, planes[0].cells, planes[0].rows, (*predicted).mean)
	for j := range planes[0].means {
		v := make([]int32, len(planes))
		for i, p := range planes {
			if v[i] = overview.pix[i][j]; p.values != nil {
				v[i] = nearest(p.values, int64(v[i]))
			}
		}
		forward(transform, v)
		for i, p := range planes {
			p.means[j] = v[i]
		}
	}
}

// nearest is the rank of the value nearest to v, the lower one of two.
func nearest(values []int64, v int64) int32 {
	rank := 0
	for i := range values {
		if abs(values[i]-v) < abs(values[rank]-v) {
			rank = i
		}
	}
	return int32(rank)
}

// readZeros reads the zero tree (FORMAT.md, "Zero tree").
func (p *predicted) readZeros(s Symbols) {
	for y := 0; y < p.rows; y += 8 {
		for x := 0; x < p.cells; x += 8 {
			p.readZero(s, 3, x, y)
		}
	}
}

// readZero reads a node of side 2^lg cells.
func (p *predicted) readZero(s Symbols, lg, x, y int) {
	if x >= p.cells || y >= p.rows {
		return
	}
	if p.nodeMasked(lg, x, y) || s.Symbol(792+(p.kind*4+lg)*3+p.zerosBeside(x, y)) == 1 {
		for j := y; j < min(y+1<<lg, p.rows); j++ {
			for i := x; i < min(x+1<<lg, p.cells); i++ {
				p.zero[j*p.cells+i] = true
			}
		}
		return
	}
	if lg == 0 {
		return
	}
	for i := range 4 {
		half := 1 << (lg - 1)
		p.readZero(s, lg-1, x+i%2*half, y+i/2*half)
	}
}

// nodeMasked tells whether no sample of a node is coded.
func (p *predicted) nodeMasked(lg, x, y int) bool {
	for j := y; j < min(y+1<<lg, p.rows); j++ {
		for i := x; i < min(x+1<<lg, p.cells); i++ {
			if !p.cellMasked(i, j) {
				return false
			}
		}
	}
	return true
}

// zerosBeside is the number of zero cells left of and above one.
func (p *predicted) zerosBeside(x, y int) (n int) {
	if x > 0 && p.zero[y*p.cells+x-1] {
		n++
	}
	if y > 0 && p.zero[(y-1)*p.cells+x] {
		n++
	}
	return n
}

// readGrid reads the samples at the corners of cells (FORMAT.md, "Grid").
func (p *predicted) readGrid(s Symbols) {
	for y := range p.rows {
		for x := range p.cells {
			prediction, v := p.predictGrid(x, y)
			q := int32(0)
			if !p.masked(8*x, 8*y) {
				q = p.readResidual(s, gridStage, v)
			}
			p.set(8*x, 8*y, prediction, q)
		}
	}
}

// predictGrid gives the prediction of a grid sample and the expectation.
func (p *predicted) predictGrid(x, y int) (int32, int64) {
	a, b, c, d := p.mean(x, y), p.mean(x-1, y), p.mean(x, y-1), p.mean(x-1, y-1)
	v := 64 + 50*size(max(a, b, c, d)-min(a, b, c, d))/int64(p.step) + 64*(p.error(8*x-8, 8*y)+p.error(8*x, 8*y-8))
	sum := int64(a) + int64(b) + int64(c) + int64(d)
	return int32((sum + 2) >> 2), v
}

// error is the magnitude of the residual at a pixel, 0 outside.
func (p *predicted) error(x, y int) int64 { return size(p.residualAt(x, y)) }

// residualAt is the residual at a pixel, 0 outside.
func (p *predicted) residualAt(x, y int) int32 {
	if x < 0 || y < 0 || x >= p.w || y >= p.h {
		return 0
	}
	return p.residual[y*p.w+x]
}

func (p *predicted) set(x, y int, prediction, residual int32) {
	p.residual[y*p.w+x] = residual
	p.pix[y*p.w+x] = prediction + residual*p.step
}
