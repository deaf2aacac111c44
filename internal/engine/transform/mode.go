package transform

import "github.com/qtgpu/qtgpu/internal/rans"

// The mode of a leaf is a symbol, and what completes it (FORMAT.md, "Prediction of leaves").
const (
	symbolNone = iota
	symbolPlanar
	symbolLikely                                                // the first of the likely directions
	symbolOther   = symbolLikely + nLikely                      // the first of the buckets of others
	symbolLuma    = symbolOther + (nAngles-nLikely)>>bucketLog2 // of chroma
	nLikely       = 5
	bucketLog2    = 2
	modeAlphabet  = symbolLuma
	modeAlphabetC = symbolLuma + 1
)

// Contexts of predicted files, behind those of all.
const (
	ctxMode       = nContexts                             // of planes without luma × size × pair of neighbours
	ctxModeChroma = ctxMode + sizes*pairClasses           // × size × the mode in the plane before × neighbours from luma
	ctxAlpha      = ctxModeChroma + sizes*beforeClasses*3 // × the mode in the plane before
	ctxSign       = ctxAlpha + alphaClasses               // × what is missing × how both sides agree
	ctxDependent  = ctxSign + missingClasses*agreeClasses // as ctxAC, in states 2 and 3
	nPredicted    = ctxDependent + nContexts - ctxAC

	pairClasses   = 7
	beforeClasses = 3 + 4 // of Cb, of Cr
	alphaClasses  = 4
)

// Sorts of modes.
const (
	sortNone = iota
	sortPlanar
	sortAngle
	sortLuma
)

func sortOf(mode int) int {
	switch {
	case mode >= modeLuma:
		return sortLuma
	case mode >= modeAngle:
		return sortAngle
	}
	return mode
}

// modeContext is what is known of the mode of a leaf: its context, the one of α, and the likely directions.
type modeContext struct {
	ctx, alpha int
	likely     [nLikely]int
}

// pairClass is the class of a pair of neighbours, by their sorts; two of the same direction have
// the class behind it.
var pairClass = [3][3]int{{0, 1, 2}, {1, 3, 4}, {2, 4, 5}}

// modeContext is the context of the mode of a leaf whose neighbours are decoded.
func (p *predictor) modeContext(n node) (m modeContext) {
	c := p.cells
	left, above := modeNone, modeNone
	at := c.index(n.x, n.y)
	if n.x > 0 {
		left = int(c.modes[at-1])
	}
	if n.y > 0 {
		above = int(c.modes[at-c.w])
	}
	size := n.lg - cellLog2
	if p.before == nil {
		pair := pairClass[sortOf(left)][sortOf(above)]
		if left == above && isAngle(left) {
			pair++
		}
		m.ctx = ctxMode + size*pairClasses + pair
		m.likely = likelyDirections(left, above, left)
		return m
	}
	before := p.before.modeAt(n, p.half && p.before == p.luma)
	class := sortOf(before)
	m.alpha = ctxAlpha
	if p.before != p.luma {
		class += 3
		m.alpha++
		if before >= modeLuma {
			m.alpha++
			if alphaOf(before) > 0 {
				m.alpha++
			}
		}
	}
	around := 0
	for _, mode := range [2]int{left, above} {
		if mode >= modeLuma {
			around++
		}
	}
	m.ctx = ctxModeChroma + (size*beforeClasses+class)*3 + around
	m.likely = likelyDirections(before, left, above)
	return m
}

// modeAt is the mode at the centre of a node of a plane of the same resolution or half of it.
func (p *predictor) modeAt(n node, double bool) int {
	x, y := n.x+n.cells()/2, n.y+n.cells()/2
	if double {
		x, y = 2*n.x+n.cells(), 2*n.y+n.cells()
	}
	return int(p.cells.modes[p.cells.index(min(x, p.cells.w-1), min(y, p.cells.h-1))])
}

// usual are the directions that are likely whatever is around: up, left, up left, and beside.
var usual = [...]int{24, 8, 16, 25, 23, 9, 7}

// likelyDirections are the ones of modes, then the ones beside these, then the usual ones.
func likelyDirections(modes ...int) (likely [nLikely]int) {
	count := 0
	add := func(d int) {
		if d < 0 || d >= nAngles || count == nLikely {
			return
		}
		for _, l := range likely[:count] {
			if l == d {
				return
			}
		}
		likely[count] = d
		count++
	}
	for _, mode := range modes {
		if isAngle(mode) {
			add(mode - modeAngle)
		}
	}
	for _, d := range likely[:count] {
		add(d - 1)
		add(d + 1)
	}
	for _, d := range usual {
		add(d)
	}
	return likely
}

// symbolOf is the symbol of a mode and the raw bits behind it, of bucketLog2 where raw is not
// negative.
func (m *modeContext) symbolOf(mode int) (symbol, raw int) {
	switch {
	case mode >= modeLuma:
		return symbolLuma, -1
	case mode < modeAngle:
		return mode, -1
	}
	d := mode - modeAngle
	other := d
	for i, l := range m.likely {
		if l == d {
			return symbolLikely + i, -1
		}
		if l < d {
			other--
		}
	}
	return symbolOther + other>>bucketLog2, other & (1<<bucketLog2 - 1)
}

// put writes a mode.
func (m *modeContext) put(s *segment, mode int) {
	symbol, raw := m.symbolOf(mode)
	s.put(m.ctx, symbol)
	if raw >= 0 {
		s.raw.Put(uint32(raw), bucketLog2)
	}
	if symbol == symbolLuma {
		s.put(m.alpha, mode-modeLuma)
	}
}

// cost is what writing a mode costs.
func (m *modeContext) cost(r *rates, mode int) int64 {
	symbol, raw := m.symbolOf(mode)
	cost := r.cost(m.ctx, symbol)
	if raw >= 0 {
		cost += bucketLog2 * r.bit
	}
	if symbol == symbolLuma {
		cost += r.cost(m.alpha, mode-modeLuma)
	}
	return cost
}

// get reads a mode.
func (m *modeContext) get(r *rans.Decoder, tables []rans.DecTable) int {
	symbol := r.Symbol(&tables[m.ctx])
	switch {
	case symbol < symbolLikely:
		return symbol
	case symbol < symbolOther:
		return modeAngle + m.likely[symbol-symbolLikely]
	case symbol == symbolLuma:
		return modeLuma + r.Symbol(&tables[m.alpha])
	}
	other := (symbol-symbolOther)<<bucketLog2 + int(r.Bits(bucketLog2))
	for d := range nAngles {
		if m.isLikely(d) {
			continue
		}
		if other == 0 {
			return modeAngle + d
		}
		other--
	}
	panic("transform: more directions than there are") // the alphabet has as many
}

func (m *modeContext) isLikely(d int) bool {
	for _, l := range m.likely {
		if l == d {
			return true
		}
	}
	return false
}
