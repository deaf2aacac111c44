package transform

import "github.com/qtgpu/qtgpu/internal/fixlog"

// Few of the modes of a leaf are tried: the directions that its original has most of, the likeliest ones by its
// neighbours, and the ones beside the best of them. What they cost is estimated from the
// samples that they leave, and the best few are transformed and quantised. A Thorough encoder tries all, by
// the coefficients that they leave.

// survivors are how many modes besides none are quantised at most, of planes without luma and of chroma,
// for which planar, the direction of the plane before and luma are few to choose from, and how many a
// Thorough encoder does.
var survivors, thoroughSurvivors = [2]int{2, 1}, [2]int{4, 2}

// unlikely is how much more than the best mode another one may be estimated to cost for it to be tried, as a power of 1/2.
const unlikely = 5

// Straight directions, and the least height of a slope that counts, across and down together.
const (
	fromLeft   = 8
	fromAbove  = 24
	leastSlope = 8
)

// directionsOf counts the slopes of a cell by the direction that continues them, weighted by their
// heights. It looks at no sample beside the cell, and at every other slope across and down.
func directionsOf(counts *[nAngles]int32, pix []uint16, stride int) {
	for y := 0; y < cell; y += 2 {
		a, b := pix[y*stride:][:cell], pix[(y+1)*stride:][:cell]
		for x := 0; x < cell-1; x += 2 {
			d1, d2 := int32(b[x+1])-int32(a[x]), int32(b[x])-int32(a[x+1])
			gx, gy := d1-d2, d1+d2
			ax, ay := max(gx, -gx), max(gy, -gy)
			if ax+ay < leastSlope {
				continue
			}
			at, less, more := fromAbove, ay, ax
			if ay > ax {
				at, less, more = fromLeft, ax, ay
			}
			k := nearestAngle[32*less/more]
			if (gx^gy < 0) == (ay <= ax) {
				k = -k
			}
			counts[at+int(k)] += more
		}
	}
}

// nearestAngle is how many steps the direction is from straight that is nearest to a displacement.
var nearestAngle = makeNearestAngle()

func makeNearestAngle() (t [33]int8) {
	for a := range t {
		for k := range 9 {
			if d := angles[fromAbove+k] - a; max(d, -d) < max(angles[fromAbove+int(t[a])]-a, a-angles[fromAbove+int(t[a])]) {
				t[a] = int8(k)
			}
		}
	}
	return t
}

// countDirections counts the directions of the cells of a root.
func (p *planeEncoder) countDirections(root node) {
	t := p.scratch.trial
	clear(t.directions[:])
	for i := range t.directions {
		pix, stride := p.src.from(node{cellLog2, root.x + i%rootCells, root.y + i/rootCells})
		if vector {
			countSlopes(&t.directions[i], &pix[0], stride)
		} else {
			directionsOf(&t.directions[i], pix, stride)
		}
	}
}

// tried are the most directions that the original has most of.
const tried = 2

// likeliest gives the directions that a node has most of.
func (t *trial) likeliest(n node) (best [tried]int, count int) {
	var sums, smooth [nAngles]int32
	for y := range n.cells() {
		for x := range n.cells() {
			counts := &t.directions[(n.y+y)%rootCells*rootCells+(n.x+x)%rootCells]
			for d := range sums {
				sums[d] += counts[d]
			}
		}
	}
	const end = nAngles - 1
	smooth[0], smooth[end] = 3*sums[0]+sums[1], 3*sums[end]+sums[end-1]
	for d := 1; d < end; d++ {
		smooth[d] = 2*sums[d] + sums[d-1] + sums[d+1]
	}
	for count < tried {
		most, height := 0, int32(0)
		for d, v := range smooth {
			if v > height {
				most, height = d, v
			}
		}
		if height == 0 {
			break
		}
		best[count] = most
		count++
		for d := max(most-1, 0); d <= min(most+1, nAngles-1); d++ {
			smooth[d] = 0
		}
	}
	return best, count
}

// candidates finds the modes besides none that are worth quantising, and what they predict.
func (p *planeEncoder) candidates(n node, coefs leafCoefs, context *modeContext) []*candidate {
	t := p.scratch.trial
	p.predictor.gather(n)
	t.count, t.seen = 0, 0
	p.try(n, modePlanar, coefs, context)
	chroma, most, likely := 0, &survivors, context.likely[:2]
	if !p.encoder.thorough && p.predictor.luma == nil {
		likely = likely[:1]
	}
	for _, d := range likely {
		p.try(n, modeAngle+d, coefs, context)
	}
	if p.encoder.thorough {
		most = &thoroughSurvivors
		for d := range nAngles {
			p.try(n, modeAngle+d, coefs, context)
		}
	} else if p.predictor.luma == nil {
		p.tryOwn(n, coefs, context)
	}
	if p.predictor.luma != nil {
		chroma = 1
		if a := p.alpha(n, coefs.own); a != 0 {
			p.try(n, modeOf(a), coefs, context)
		}
	}
	best := t.cheapest(most[chroma])
	if !p.encoder.thorough {
		for best[len(best)-1].estimate > best[0].estimate+best[0].estimate>>unlikely {
			best = best[:len(best)-1]
		}
	}
	return best
}

// cheapest brings as many candidates as are asked for to the front, cheapest first: of equal ones the first.
func (t *trial) cheapest(most int) []*candidate {
	all := t.candidates[:t.count]
	for i := range min(most, len(all)) {
		least := i
		for k := i + 1; k < len(all); k++ {
			if all[k].estimate < all[least].estimate {
				least = k
			}
		}
		c := all[least]
		copy(all[i+1:least+1], all[i:least])
		all[i] = c
	}
	return all[:min(most, len(all))]
}

// tryOwn makes the directions candidates that a node has most of, and the ones beside the best candidate if that is one.
func (p *planeEncoder) tryOwn(n node, coefs leafCoefs, context *modeContext) {
	t := p.scratch.trial
	best, count := t.likeliest(n)
	for _, d := range best[:count] {
		p.try(n, modeAngle+d, coefs, context)
	}
	if m := t.likeliestSoFar().mode; isAngle(m) {
		p.try(n, max(m-1, modeAngle), coefs, context)
		p.try(n, min(m+1, modeLuma-1), coefs, context)
	}
}

// try makes a mode a candidate, unless it is one.
func (p *planeEncoder) try(n node, mode int, coefs leafCoefs, context *modeContext) {
	t := p.scratch.trial
	if t.seen>>mode&1 != 0 {
		return
	}
	t.seen |= 1 << mode
	c := t.candidates[t.count]
	t.count++
	c.mode = mode
	p.predictor.predict(c.predicted[:], n, mode)
	r := p.partition.rates
	c.estimate = context.cost(r, mode)
	if p.encoder.thorough {
		p.transform(c, n)
		c.estimate += r.estimate(coefs.normal, c.coefs.normal, n.lg)
		return
	}
	pix, stride := p.src.from(n)
	c.estimate += r.roughEstimate(c.predicted[:], pix, stride, n.lg, p.cells.baseOf(n))
}

// transform finds the coefficients of what a candidate predicts of a node.
func (p *planeEncoder) transform(c *candidate, n node) {
	coefs := c.coefs.first(1 << (2 * n.lg))
	p.scratch.trial.dct.forward(coefs.own, c.predicted[:], 1<<n.lg, n.lg)
	p.normalise(coefs, n)
	for i, m := 0, n.cells(); i < m*m; i++ {
		c.low[i] = coefs.own[i/m<<n.lg+i%m]
	}
}

// likeliestSoFar is the candidate that is estimated to cost least so far, the first of equal ones.
func (t *trial) likeliestSoFar() *candidate {
	best := t.candidates[0]
	for _, c := range t.candidates[:t.count] {
		if c.estimate < best.estimate {
			best = c
		}
	}
	return best
}

// estimates[x] is about what a coefficient of x/8 steps costs, in 1/256 of Δ²: its square, or
// from half a step on what rounding and a level do.
var estimates = makeEstimates()

func makeEstimates() (t [256]int32) {
	for i := range t {
		x := int64(2*i + 1) // in 1/16, the middle
		log := int64(fixlog.Log2(uint64(x+8))) - 4<<fixlog.Frac
		t[i] = int32(min(x*x+5, 133+87*log>>(fixlog.Frac+1))) // 0.02; 0.52 and 0.17 for each octave
	}
	return t
}

// estimate is about what the levels of a leaf cost, less its low block.
func (r *rates) estimate(coefs, predicted []int32, lg int) int64 {
	sum := int64(0)
	if vector && r.eighths.reciprocal < 1<<32 {
		sum = r.vectorEstimates(coefs, predicted, lg)
	} else {
		sum = r.genericEstimates(coefs, predicted, lg)
	}
	return sum * r.step * r.step >> (8 - distScale)
}

// estimateOf is about what a difference costs.
func (r *rates) estimateOf(d int32) int64 {
	return int64(estimates[min(r.eighths.div(int64(max(d, -d))), int64(len(estimates)-1))])
}

func (r *rates) vectorEstimates(coefs, predicted []int32, lg int) int64 {
	n, low := 1<<lg, 1<<(lg-cellLog2)
	coefs, predicted = coefs[:n*n], predicted[:n*n]
	sum := estimateSums(&coefs[0], &predicted[0], n*n/8, &estimates, uint32(r.eighths.reciprocal))
	for u := range low {
		for i := u * n; i < u*n+low; i++ {
			sum -= r.estimateOf(coefs[i] - predicted[i])
		}
	}
	return sum
}

func (r *rates) genericEstimates(coefs, predicted []int32, lg int) (sum int64) {
	n, low := 1<<lg, 1<<(lg-cellLog2)
	for u := range n {
		from := 0
		if u < low {
			from = low
		}
		c, q := coefs[u*n+from:u*n+n], predicted[u*n+from:u*n+n]
		for i, v := range c {
			sum += r.estimateOf(v - q[i])
		}
	}
	return sum
}
