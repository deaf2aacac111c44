//go:build !purego

package transform

// Leaves of 8 have diagonals of 8 magnitudes at most, each of which is a group: the kernel takes the four leaves under a
// node of 16 side by side, and decides of each by itself where it ends.

// fourLeaves is the memory of that kernel.
type fourLeaves struct {
	coefs [4]*int32 // of each leaf
	//lint:ignore U1000 memory of the kernel
	packed [4 * cell][maxN]uint16 // magnitudes [u][v] of the leaves 0, 2, 1, 3, among zeros
	//lint:ignore U1000 memory of the kernel
	rows  [2 * cell]diagonalRow // by diagonal, of u from 0 to 7 of the leaves 0, 2, 1, 3
	start [4]int64              // the first group of each leaf

	prices     *frequencyLimits
	bias, step int64
	scan       *diagonalScan
	last       *int32 // costs of the last group
	top        int64  // the first group of any
	out        *diagonalLevels
}

// noCoefs are of a leaf that is not wanted.
var noCoefs [cell * cell]int32

// ahead quantises four leaves, if the kernel can do it: what each comes to is known then.
func (t *levelTokens) ahead(r *rates, leaves *[4]aheadLeaf, kind int) {
	if !vector {
		return
	}
	k := &t.diagonals.four
	k.top, k.out = 0, leaves[0].kept
	for i := range leaves {
		l := &leaves[i]
		k.coefs[i], k.start[i] = &noCoefs[0], int64(l.top)
		if l.top > 0 {
			k.coefs[i] = &l.coefs[:cell*cell][0]
			k.top = max(k.top, int64(l.top))
		}
	}
	p := r.pricesOf(kind, cellLog2)
	if k.top == 0 || p == nil || int64(layFour(k)) >= min(r.escapes(), mostMagnitude) {
		return
	}
	last := r.lastCosts(lastContext(kind, cellLog2, typicalLast))
	k.prices, k.bias, k.step, k.scan, k.last = &p.frequencies[0], p.bias, r.step, &diagonalScans[0], &last[0]
	quantiseFour(k)
	for i := range leaves {
		if l := &leaves[i]; l.top > 0 {
			o := l.kept
			o.known, o.ahead, o.top, o.lane, o.from = true, true, l.top, i, k.out
		}
	}
}

// takeAhead gives what a leaf comes to that was quantised ahead, once.
func (o *diagonalLevels) takeAhead(r *rates, kind int) (q outcome, ok bool) {
	if !o.ahead {
		return q, false
	}
	o.ahead = false
	return o.comesTo(r.lastCosts(lastContext(kind, cellLog2, typicalLast))), true
}

// layFour packs the magnitudes of four leaves, lays them out by diagonals, and finds the largest one.
//
//go:noescape
func layFour(k *fourLeaves) (most int)

// quantiseFour quantises four leaves.
//
//go:noescape
func quantiseFour(k *fourLeaves)
