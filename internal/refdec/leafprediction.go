package refdec

// Constants of FORMAT.md, "Prediction of leaves".
var displacements = []int{
	32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26,
	-32, -26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32,
}

// Modes: none, planar, a direction, luma.
const (
	noMode        = 0
	planarMode    = 1
	directedMode  = 2
	lumaMode      = 35
	directions    = 33
	firstVertical = 16
)

// relations are what a part of a plane of chroma is predicted from.
type relations struct {
	luma, before *part
	half         bool // luma has twice the resolution
}

// relate tells the parts of a tile of each other.
func (h *Header) relate(parts []part) {
	for i := range parts {
		if parts[i].kind == 1 {
			parts[i].relations = relations{&parts[0], &parts[i-1], h.Subsampling > 0}
		}
	}
}

func isDirection(mode int) bool { return mode >= directedMode && mode < lumaMode }

// alphaOf is α.
func alphaOf(mode int) int {
	if k := mode - lumaMode; k < 8 {
		return k - 8
	}
	return mode - lumaMode - 7
}

// sortOf is the sort of a mode.
func sortOf(mode int) int {
	switch {
	case mode >= lumaMode:
		return 3
	case mode >= directedMode:
		return 2
	}
	return mode
}

// readMode reads the mode of a leaf whose first cell is (x,y).
func (t *part) readMode(s Symbols, lg, x, y int) int {
	context, likely := t.modeContext(lg, x, y)
	k := s.Symbol(context)
	switch {
	case k < 2:
		return k
	case k < 7:
		return directedMode + likely[k-2]
	case k == 14:
		return lumaMode + s.Symbol(t.alphaContext(lg, x, y))
	}
	var others []int
	for d := range directions {
		other := true
		for _, l := range likely {
			other = other && l != d
		}
		if other {
			others = append(others, d)
		}
	}
	return directedMode + others[4*(k-7)+int(s.Raw(2))]
}

// neighbours are the modes on the left and above.
func (t *part) neighbours(x, y int) (left, above int) {
	if x > 0 {
		left = t.mode[t.cell(x-1, y)]
	}
	if y > 0 {
		above = t.mode[t.cell(x, y-1)]
	}
	return left, above
}

// modeBefore is the mode in the plane before.
func (t *part) modeBefore(lg, x, y int) int {
	m := 1 << (lg - 3)
	b := t.before
	cx, cy := x+m/2, y+m/2
	if t.half && t.before == t.luma {
		cx, cy = 2*x+m, 2*y+m
	}
	return b.mode[b.cell(min(cx, b.w-1), min(cy, b.h-1))]
}

func (t *part) modeContext(lg, x, y int) (context int, likely []int) {
	left, above := t.neighbours(x, y)
	if t.before == nil {
		a, b := min(sortOf(left), sortOf(above)), max(sortOf(left), sortOf(above))
		class := map[[2]int]int{{0, 0}: 0, {0, 1}: 1, {0, 2}: 2, {1, 1}: 3, {1, 2}: 4, {2, 2}: 5}[[2]int{a, b}]
		if class == 5 && left == above {
			class = 6
		}
		return 526 + 7*(lg-3) + class, likelyDirections(left, above)
	}
	before := t.modeBefore(lg, x, y)
	class := sortOf(before)
	if t.before != t.luma {
		class += 3
	}
	around := 0
	for _, mode := range []int{left, above} {
		if mode >= lumaMode {
			around++
		}
	}
	return 547 + 21*(lg-3) + 3*class + around, likelyDirections(before, left, above)
}

func (t *part) alphaContext(lg, x, y int) int {
	before := t.modeBefore(lg, x, y)
	switch {
	case t.before == t.luma:
		return 610
	case before < lumaMode:
		return 611
	case alphaOf(before) < 0:
		return 612
	}
	return 613
}

// likelyDirections are five.
func likelyDirections(modes ...int) []int {
	var wanted []int
	for _, mode := range modes {
		if isDirection(mode) {
			wanted = append(wanted, mode-directedMode)
		}
	}
	for _, d := range wanted {
		wanted = append(wanted, d-1, d+1)
	}
	wanted = append(wanted, 24, 8, 16, 25, 23, 9, 7)
	var likely []int
	known := map[int]bool{}
	for _, d := range wanted {
		if d >= 0 && d < directions && !known[d] && len(likely) < 5 {
			known[d] = true
			likely = append(likely, d)
		}
	}
	return likely
}

// isDecoded tells whether cell (cx,cy) is decoded when the leaf at (x,y) is.
func (t *part) isDecoded(cx, cy, x, y int) bool {
	if cx < 0 || cy < 0 || cx >= t.w || cy >= t.h {
		return false
	}
	order := func(x, y int) int {
		return (y/4*t.w+x/4)*16 + y/2%2*8 + x/2%2*4 + y%2*2 + x%2
	}
	return order(cx, cy) < order(x, y)
}

// sampleOf is a sample of the tile.
func (t *part) sampleOf(x, y int) int { return t.at(8*t.x+x, 8*t.y+y) }

// border is R.
func (t *part) border(lg, x, y int) []int {
	n := 1 << lg
	r, known := make([]int, 4*n+1), make([]bool, 4*n+1)
	for k := range r {
		sx, sy := 8*x-1, 8*y+2*n-1-k
		if k > 2*n {
			sx, sy = 8*x+k-2*n-1, 8*y-1
		}
		if sx < 0 || sy < 0 || !t.isDecoded(sx/8, sy/8, x, y) {
			continue
		}
		r[k], known[k] = t.sampleOf(sx, sy), true
	}
	first := 0
	for first < len(r) && !known[first] {
		first++
	}
	for k := range r {
		switch {
		case first == len(r):
			r[k] = 2048
		case k < first:
			r[k] = r[first]
		case !known[k]:
			r[k] = r[k-1]
		}
	}
	if lg == 3 {
		return r
	}
	smooth := append([]int(nil), r...)
	for k := 1; k < len(r)-1; k++ {
		smooth[k] = (r[k-1] + 2*r[k] + r[k+1] + 2) >> 2
	}
	return smooth
}

// predictLeaf is P, [row][column].
func (t *part) predictLeaf(mode, lg, x, y int) block {
	n := 1 << lg
	p := newBlock(n)
	r := t.border(lg, x, y)
	for j := range n {
		for i := range n {
			switch {
			case mode >= lumaMode:
				p[j][i] = 2048 + (alphaOf(mode)*(t.lumaAt(8*x+i, 8*y+j)-2048)+4)>>3
			case mode == planarMode:
				v := (n-1-i)*r[2*n-1-j] + (i+1)*r[3*n+1] + (n-1-j)*r[2*n+1+i] + (j+1)*r[n-1]
				p[j][i] = (v + n) >> (lg + 1)
			case mode-directedMode >= firstVertical:
				p[j][i] = directed(r, displacements[mode-directedMode], n, 1, i, j)
			default:
				p[j][i] = directed(r, displacements[mode-directedMode], n, -1, j, i)
			}
		}
	}
	return p
}

// directed is sample i along the main side, in line j from it.
func directed(r []int, a, n, sign, i, j int) int {
	main := func(k int) int {
		if k >= 0 {
			return r[2*n+sign*k]
		}
		return r[2*n-sign*((-k*(8192/-a)+128)>>8)]
	}
	d := (j + 1) * a
	at, f := i+1+d>>5, d&31
	if f == 0 {
		return main(at)
	}
	return ((32-f)*main(at) + f*main(at+1) + 16) >> 5
}

// lumaAt is luma in the place of a sample of chroma.
func (t *part) lumaAt(x, y int) int {
	l := t.luma
	if !t.half {
		return l.sampleOf(x, y)
	}
	x, y = min(2*x, 8*l.w-2), min(2*y, 8*l.h-2)
	return (l.sampleOf(x, y) + l.sampleOf(x+1, y) + l.sampleOf(x, y+1) + l.sampleOf(x+1, y+1) + 2) >> 2
}

// takeLow takes the low block of a prediction from the low block of a leaf.
func takeLow(c, p block, lg int) {
	n := 1 << lg
	for v := range n / 8 {
		mid := make([]int, n)
		for x := range n {
			sum := 1 << (lg + 9)
			for y := range n {
				sum += (p[y][x] - 2048) * int(cosine(y, v, n))
			}
			mid[x] = sum >> (lg + 10)
		}
		for u := range n / 8 {
			sum := 1 << 13
			for x := range n {
				sum += mid[x] * int(cosine(x, u, n))
			}
			c[u][v] -= sum >> 14
		}
	}
}
