package refdec

// Constants of FORMAT.md, "Transform contexts".
var (
	lastBounds      = []int{1, 7, 15}
	frequencyBounds = []int{2, 3, 5, 8, 11}
	magnitudeBounds = []int{1, 2, 3, 4, 5, 7, 9, 12, 16, 23, 33, 48}
)

// readQuadtrees reads the quadtrees of a plane and fills in its samples.
func (t *part) readQuadtrees(s Symbols) {
	for y := 0; y < t.h; y += 4 {
		for x := 0; x < t.w; x += 4 {
			t.readNode(s, 5, x, y)
		}
	}
}

// readNode reads a node of side 2^lg whose first cell is (x,y).
func (t *part) readNode(s Symbols, lg, x, y int) {
	split := lg > 3 && s.Symbol(t.splitContext(lg, x, y)) == 1
	if t.multipliers != nil {
		t.readClass(s, lg, x, y, split)
	}
	if !split {
		t.readLeaf(s, lg, x, y)
		return
	}
	half := 1 << (lg - 4)
	t.readNode(s, lg-1, x, y)
	t.readNode(s, lg-1, x+half, y)
	t.readNode(s, lg-1, x, y+half)
	t.readNode(s, lg-1, x+half, y+half)
}

// splitContext is the context of a split flag.
func (t *part) splitContext(lg, x, y int) int {
	smaller := 0
	if x > 0 && t.leaf[t.cell(x-1, y)] < lg {
		smaller++
	}
	if y > 0 && t.leaf[t.cell(x, y-1)] < lg {
		smaller++
	}
	return 6*t.kind + 3*(5-lg) + smaller
}

// lastClass is c of the context of a last group.
func (t *part) lastClass(x, y int) int {
	sum := 0
	switch {
	case x > 0 && y > 0:
		sum = t.last[t.cell(x-1, y)] + t.last[t.cell(x, y-1)]
	case x > 0:
		sum = 2 * t.last[t.cell(x-1, y)]
	case y > 0:
		sum = 2 * t.last[t.cell(x, y-1)]
	default:
		return 2
	}
	return reached(sum, lastBounds)
}

// readLeaf reads a leaf and fills in its samples.
func (t *part) readLeaf(s Symbols, lg, x, y int) {
	mode := noMode
	if t.predicted {
		mode = t.readMode(s, lg, x, y)
	}
	last := s.Symbol(12 + 12*t.kind + 4*(lg-3) + t.lastClass(x, y))
	m := 1 << (lg - 3)
	for i := range m * m {
		at := t.cell(x+i%m, y+i/m)
		t.leaf[at], t.last[at], t.mode[at] = lg, last, mode
	}
	c := newBlock(8 * m)
	t.lowBlock(c, x, y)
	var predicted block
	if mode != noMode {
		predicted = t.predictLeaf(mode, lg, x, y)
		takeLow(c, predicted, lg)
	}
	var e *edges
	if t.predicted {
		e = t.edgesOf(c, predicted, x, y)
	}
	t.readLevels(s, c, e, last, t.class[t.cell(x, y)], t.predicted && t.whole(8*m, x, y))
	t.transform(c, predicted, lg, x, y)
	t.fillEnds(m, x, y)
}

// block is the coefficients of a leaf, [u][v].
type block [][]int

func newBlock(n int) block {
	b := make(block, n)
	for u := range b {
		b[u] = make([]int, n)
	}
	return b
}

// whole tells whether a leaf of n, whose first cell is (x,y), lies in the image.
func (t *part) whole(n, x, y int) bool {
	return 8*(t.x+x)+n <= t.plane.w && 8*(t.y+y)+n <= t.plane.h
}

// readLevels reads the AC levels of a leaf (FORMAT.md, "AC levels"); e is nil where signs are raw
// bits.
func (t *part) readLevels(s Symbols, c block, e *edges, last, class int, dependent bool) {
	n, m := len(c), len(c)/8
	lg := map[int]int{8: 3, 16: 4, 32: 5}[n]
	magnitudes := newBlock(n + 3) // one more row and column in front, two behind
	state := 0
	for d := 2*n - 2; d >= 1; d-- {
		if min(15, (8*d+n-1)/n) > last {
			continue
		}
		for u := max(0, d-n+1); u <= min(d, n-1); u++ {
			v := d - u
			if u < m && v < m {
				continue
			}
			context := 234*t.kind + 78*(lg-3) + 13*reached(8*d/n, frequencyBounds) + magnitudeClass(magnitudes, u, v)
			l := level{unit: t.stepOf(n, u, v, class), times: 1, most: 65520}
			if dependent {
				l = level{unit: max(1, 11*l.unit>>4), times: 2, less: state / 2, most: 32760}
			}
			if l.less == 0 {
				context += 58
			} else {
				context += 746
			}
			l.read(s, context, func(k int) bool {
				if e == nil {
					return s.Raw(1) == 1
				}
				return e.readSign(s, u, v, k, l.unit)
			})
			magnitudes[u+1][v+1] = min(l.magnitude, 40)
			c[u][v] = l.coefficient()
			if e != nil {
				e.take(u, v, c[u][v])
			}
			if dependent {
				state = [][2]int{{0, 2}, {2, 0}, {1, 3}, {3, 1}}[state][l.magnitude%2]
			}
		}
	}
}

// level is an AC level, of times·magnitude − less units.
type level struct {
	magnitude         int
	negative          bool
	unit, times, less int
	most              uint32 // of an Exp-Golomb code
}

// read reads the level; negative reads its sign, given the units of its symbol.
func (l *level) read(s Symbols, context int, negative func(k int) bool) {
	l.magnitude = s.Symbol(context)
	if l.magnitude == 0 {
		return
	}
	l.negative = negative(l.units())
	if l.magnitude == 15 {
		l.magnitude += int(min(s.ExpGolomb(), l.most))
	}
}

// units is how many units the level stands for.
func (l *level) units() int { return max(0, l.times*l.magnitude-l.less) }

// coefficient is what the level makes.
func (l *level) coefficient() int {
	c := min(l.units()*l.unit, 32767)
	if l.negative {
		return -c
	}
	return c
}

// magnitudeClass is the class of T; magnitudes begin at (−1,−1).
func magnitudeClass(magnitudes block, u, v int) int {
	a := func(u, v int) int { return magnitudes[u+1][v+1] }
	sum := 2*(a(u+1, v)+a(u, v+1)) + a(u+1, v+1) + a(u+2, v) + a(u, v+2) + a(u-1, v+2) + a(u+2, v-1)
	return reached(sum, magnitudeBounds)
}
