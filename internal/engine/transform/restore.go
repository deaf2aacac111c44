package transform

import (
	_ "embed"
	"encoding/binary"
	"sync"
)

// Restoration brings a decoded plane nearer to what it was (FORMAT.md, "Restoration"): each
// sample takes a weighted sum of differences from those around it, whose weights are of the
// class of its block of 4×4 samples. It is out of the loop: nothing is predicted from restored
// samples, and so blocks can be restored in any order.

// restoreBytes are the weights of all classes that have any, in 1/1024, trained by
// internal/engine/transform/train.
//
//go:embed restore.bin
var restoreBytes []byte

const (
	block      = 4 // samples along the side of a block
	pairs      = 12
	lumaTaps   = 2 * pairs
	chromaTaps = 3 * pairs
	directions = 9
	activities = 7 // the least has no weights
	classes    = (activities - 1) * directions
)

// opposites are the pairs of samples, at (x,y) and (−x,−y), whose differences are weighted.
var opposites = [pairs]struct{ x, y int }{
	{1, 0}, {0, 1}, {1, 1}, {1, -1}, {2, 0}, {0, 2}, {2, 1}, {2, -1}, {1, 2}, {1, -2}, {3, 0}, {0, 3},
}

// activityBounds are what the activities of luma and chroma begin at, in steps.
var activityBounds = [2][activities - 1]int32{
	kindLuma:   {4, 9, 21, 43, 89, 179},
	kindChroma: {1, 2, 5, 11, 22, 45},
}

// strengths are how much of the weighted sum is added, in 1/16, by what a tile says.
var strengths = [1 << strengthBits]int32{0, 8, 11, 16}

const strengthBits = 2

// guideWeights are how much of a slope of chroma along luma is taken, in 1/16, by what a tile says.
var guideWeights = [1 << strengthBits]int32{0, 6, 11, 16}

// weighted is a pair of samples whose differences a class weights.
type weighted struct {
	step int // where the first of them lies in a window, in bytes
	// both are the weights of differences within the wide and within the narrow clip, as
	// lo + hi·2^32, and guided is the one of those that luma guides, in 1/1024; the ones of
	// chroma times guidedScale, but guided.
	both, guided int64
	// pair has the first two in 16 bits each, the lower one of the wide clip, and near is guided, for
	// the kernels.
	pair uint32
	near int32
}

// weightsOf gives the weights of the classes of luma and of chroma.
var weightsOf = sync.OnceValue(func() *[2][classes][]weighted {
	w, p := new([2][classes][]weighted), restoreBytes
	for kind, taps := range [2]int{lumaTaps, chromaTaps} {
		for c := range classes {
			w[kind][c] = parseWeights(p[:2*taps])
			p = p[2*taps:]
		}
	}
	return w
})

func parseWeights(p []byte) (w []weighted) {
	tap := func(i int) int64 { return int64(int16(binary.LittleEndian.Uint16(p[2*i:]))) }
	for k, o := range opposites {
		v := weighted{step: o.y*rowBytes + o.x*sampleBytes, both: tap(k) + tap(pairs+k)<<32}
		v.pair = uint32(uint16(tap(k))) | uint32(tap(pairs+k))<<16
		if len(p) > 2*lumaTaps {
			v.both *= guidedScale
			v.guided = tap(2*pairs + k)
			v.near = int32(v.guided)
		}
		if v.both != 0 || v.guided != 0 {
			w = append(w, v)
		}
	}
	return w
}

// restoration is what the filter needs to know at a step. Differences of samples index its
// tables by differenceBias more than they are.
type restoration struct {
	bounds [kinds][activities - 1]int32 // of activities
	// clips has a difference within the narrow clip, 0.6 steps, in the low half, and within
	// the wide one, 6 steps, in the high half: lo + hi·2^32. The product with weighted.both
	// has the sum of both products in its high half. What it has below stays under 2^31 over
	// all pairs: a narrow clip is at most 2458, and 2·2458·16·2^13 < 2^31.
	clips [2 * differenceBias]int64
	// near is how near luma is, in 1/guidedScale, by its difference.
	near [2 * differenceBias]int64

	wide, narrow, slope int32 // of which they are made
	step                int32
}

// guidedScale is what a sample of the same luma counts in the differences that luma guides.
const guidedScale = 1 << guidedBits

const guidedBits = 4

const differenceBias = 1 << 12

func newRestoration(step int32) *restoration {
	r := &restoration{bounds: activityBounds, step: step}
	for kind := range r.bounds {
		for i := range r.bounds[kind] {
			r.bounds[kind][i] *= step
		}
	}
	// No difference is as large as differenceBias.
	r.wide, r.narrow = min(6*step, differenceBias), min(narrowClip(step), differenceBias)
	r.slope = nearSlope(step)
	for i := range r.clips {
		d := int32(i) - differenceBias
		r.clips[i] = int64(clampTo(d, r.wide))<<32 + int64(clampTo(d, r.narrow))
		r.near[i] = int64(nearness(d, r.slope))
	}
	return r
}

// restorations are what the filter needs to know at each step, found when it is asked for first.
type restorations struct{ byStep sync.Map }

func (r *restorations) at(step int32) *restoration {
	v, known := r.byStep.Load(step)
	if !known {
		v, _ = r.byStep.LoadOrStore(step, newRestoration(step))
	}
	return v.(*restoration)
}

func narrowClip(step int32) int32 { return (3*step + 2) / 5 }

// nearSlope is what luma that is a sample farther counts less, in 1/2^16: nothing is left at 2/3
// of a step, which is 2·step samples.
func nearSlope(step int32) int32 { return (3*guidedScale<<15 + step) / (2 * step) }

// nearness is how near luma of a difference is.
func nearness(d, slope int32) int32 {
	far := int64(max(d, -d)) * int64(slope) >> 16
	return int32(max(0, guidedScale-far))
}

// bend is |2x − a − b| of each of four samples, x being given twice and 2^15 more.
func bend(twice, a, b uint64) uint64 {
	t := twice - a - b
	positive := t >> 15 & ones
	return t ^ ones*0x7fff ^ (positive<<16 - positive) + ones - positive
}

// uses has the blocks of a window at (x,y) restored at the steps of their classes.
func (w *window) uses(r *restorations, s *steps, g *Grid, x, y, width, height int) {
	if !s.weighted { // all alike
		w.usesOne(r.at(s.base[0]))
		return
	}
	w.one = nil
	var at *restoration
	known := int32(0)
	for by := range height {
		row := g.of[(y+block*by)/cell*g.w:][:g.w]
		for bx := range width {
			step := s.base[row[(x+block*bx)/cell].class]
			if step != known {
				at, known = r.at(step), step
			}
			w.by[by][bx] = at
		}
	}
}

// usesOne has all blocks restored at one step.
func (w *window) usesOne(r *restoration) {
	if w.one == r {
		return
	}
	for by := range w.by {
		for bx := range w.by[by] {
			w.by[by][bx] = r
		}
	}
	w.one = r
}

// classify finds the classes of the first w×h blocks.
func (w *window) classify(width, height int) {
	for my := range height + 1 {
		w.bendsAcross(my, width+1)
	}
	for by := range height {
		upper, lower := &w.gradients[by], &w.gradients[by+1]
		if vector {
			var steps [blocks]int32
			for bx := range width {
				steps[bx] = w.by[by][bx].step
			}
			classesOfRow(&w.class[by][0], &upper[0], &lower[0], &steps[0], (width+7)/8, &activityBounds[w.kind])
			continue
		}
		for bx := range width {
			var g [4]int32
			for k := range g {
				g[k] = upper[bx][k] + upper[bx+1][k] + lower[bx][k] + lower[bx+1][k]
			}
			w.class[by][bx] = classOf(&g, &w.by[by][bx].bounds[w.kind])
		}
	}
}

// bendsAcross finds the gradients of the first n corners of a row.
func (w *window) bendsAcross(my, n int) {
	if vector {
		bendsOfRow(&w.gradients[my][0], &w.pix[w.at(-2, block*my-2)], (n+3)/4)
		return
	}
	for mx := range n {
		w.bends(mx, my)
	}
}

// bends sums up, over the even rows of the 4×4 samples around the top left corner of a block,
// how much they bend along rows, columns and both diagonals.
func (w *window) bends(mx, my int) {
	at := w.at(block*mx-2, block*my-2)
	var sum [4]uint64
	for range 2 {
		p, up, down := &w.pix, at-rowBytes, at+rowBytes
		twice := 2*word(p, at) + ones<<15
		sum[0] += bend(twice, word(p, at-2), word(p, at+2))
		sum[1] += bend(twice, word(p, up), word(p, down))
		sum[2] += bend(twice, word(p, up-2), word(p, down+2))
		sum[3] += bend(twice, word(p, up+2), word(p, down-2))
		at += 2 * rowBytes
	}
	g := &w.gradients[my][mx]
	for k, s := range sum {
		g[k] = int32(s * ones >> 48) // at most 4·2·8190
	}
}

// classOf is the class of sums of bends along rows, columns and both diagonals, −1 below the
// first bound.
func classOf(g *[4]int32, bounds *[activities - 1]int32) int8 {
	activity := int8(-1)
	for _, b := range bounds {
		if g[0]+g[1] < b {
			break
		}
		activity++
	}
	if activity < 0 {
		return -1
	}
	return activity*directions + direction(g)
}

// direction is 0 where no direction stands out, and else 1 to 4 of rows and columns, 5 to 8 of
// diagonals.
func direction(g *[4]int32) int8 {
	const least = 4
	straight, across := max(g[0], g[1])+least, min(g[0], g[1])+least
	slanted, aslant := max(g[2], g[3])+least, min(g[2], g[3])+least
	d := int8(1)
	more, less, second := straight, across, g[1] > g[0]
	if int64(straight)*int64(aslant) <= int64(slanted)*int64(across) {
		d = 5
		more, less, second = slanted, aslant, g[3] > g[2]
	}
	if 2*more <= 3*less {
		return 0
	}
	if second {
		d++
	}
	if more > 3*less {
		d += 2
	}
	return d
}
