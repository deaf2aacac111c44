//go:build !purego

package transform

// Leaves of 8 and 16 have diagonals of 8 and 16 magnitudes at most: kernels take the four leaves under a node of 16 side by
// side, and two of those under a node of 32, and decide of each by itself where it ends.

// noCoefs are of a leaf that is not wanted.
var noCoefs [maxN * maxN]int32

// besidePlaces are the places of packed leaves by size.
var besidePlaces = [sizes - 1][]int{{0, 2, 1, 3}, {0, 1}}

// ahead quantises four leaves of 8 or two of 16, where kernels can do it: what each comes to is known then.
func (t *levelTokens) ahead(r *rates, leaves []besideLeaf, lg, kind int) {
	if vector {
		t.diagonals.sideBySide(r, leaves, lg, kind)
	}
}

// sideBySide is ahead where there are kernels.
func (k *diagonals) sideBySide(r *rates, leaves []besideLeaf, lg, kind int) {
	var coefs [4]*int32
	lanes, top := 4/len(leaves), 0
	for i := range leaves {
		l := &leaves[i]
		coefs[i] = &noCoefs[0]
		if l.top > 0 {
			coefs[i] = &l.coefs[:1<<(2*lg)][0]
			top = max(top, l.top)
		}
		first := int64(group(l.top, lg))
		k.start[i*lanes], k.start[i*lanes+lanes-1] = first, first
	}
	p := r.pricesOf(kind, lg)
	if top == 0 || p == nil {
		return
	}
	k.begin(r, p, lg, group(top, lg), r.lastCosts(lastContext(kind, lg, typicalLast)), leaves[0].kept)
	packed := &k.sides[lg-cellLog2]
	most := k.layBeside(r, packed, &coefs, lg)
	if most >= mostMagnitude {
		return
	}
	for i, at := range besidePlaces[lg-cellLog2] {
		k.raise(r, packed[at*maxN<<lg:], maxN, lg, most, i*lanes, lanes)
	}
	switch {
	case p.bins.quantise(k, lg, most, true):
	case lg == cellLog2:
		quantiseFour(k)
	default:
		quantiseTwo(k)
	}
	for i := range leaves {
		if l := &leaves[i]; l.top > 0 {
			o := l.kept
			o.known, o.ahead, o.top, o.lane, o.from = true, true, int(k.start[i*lanes]), i*lanes, k.out
		}
	}
}

// layBeside lays the magnitudes of leaves out by diagonals, and packs them where some may be above escape.
func (k *diagonals) layBeside(r *rates, packed *[maxN * maxN]uint16, leaves *[4]*int32, lg int) (most int) {
	if lg > cellLog2 {
		return layTwo(k.row, &packed[0], leaves, int(k.highest))
	}
	if wide {
		if most = wideLayFour(k.row, leaves); int64(most) < r.escapes() {
			return most
		}
	}
	return layFour(k.row, &packed[0], leaves)
}

// takeAhead gives what a leaf comes to that was quantised ahead, once.
func (o *diagonalLevels) takeAhead(r *rates, lg, kind int) (q outcome, ok bool) {
	if !o.ahead {
		return q, false
	}
	o.ahead = false
	return o.comesTo(r.lastCosts(lastContext(kind, lg, typicalLast))), true
}

// layFour packs the magnitudes of four leaves of 8, lays them out by diagonals, and finds the largest one.
//
//go:noescape
func layFour(rows *diagonalRow, packed *uint16, leaves *[4]*int32) (most int)

// wideLayFour is layFour that packs nothing.
//
//go:noescape
func wideLayFour(rows *diagonalRow, leaves *[4]*int32) (most int)

// layTwo packs the magnitudes of two leaves of 16 likewise, up to diagonal top.
//
//go:noescape
func layTwo(rows *diagonalRow, packed *uint16, leaves *[4]*int32, top int) (most int)

// quantiseFour quantises four leaves of 8.
//
//go:noescape
func quantiseFour(k *diagonals)

// quantiseTwo quantises two leaves of 16.
//
//go:noescape
func quantiseTwo(k *diagonals)
