package conformance

// Constants of FORMAT.md, "Contexts", "Front image" and "Transform".
var (
	gradientBounds  = []int{1, 2, 3, 5, 8, 12, 18, 27, 40, 70}
	magnitudeBounds = []int{1, 2, 3, 4, 5, 7, 9, 12, 16, 23, 33, 48}
	lowMatrix       = map[int][][]int64{
		1: {{4096}},
		2: {{2896, 2896}, {3212, -3212}},
		4: {{2048, 2048, 2048, 2048}, {2745, 1137, -1137, -2745}, {2271, -2271, -2271, 2271}, {1408, -3400, 3400, -1408}},
	}
	quarterTurn = []int32{4096, 4091, 4076, 4052, 4017, 3973, 3920, 3857, 3784, 3703, 3612, 3513, 3406, 3290, 3166, 3035,
		2896, 2751, 2598, 2440, 2276, 2106, 1931, 1751, 1567, 1380, 1189, 995, 799, 601, 401, 201, 0}
)

// plane is a plane with its padding; leaf, last and front are by cell.
type plane struct {
	kind, w, h    int // without the padding
	stride, rows  int
	pix           []int
	cells         int // across
	leaf, last, q []int
	shown         []int // what level 3 has for q
}

func newPlane(kind, w, h int) *plane {
	p := &plane{kind: kind, w: w, h: h, stride: (w + 31) / 32 * 32, rows: (h + 31) / 32 * 32}
	p.pix = make([]int, p.stride*p.rows)
	p.cells = p.stride / 8
	n := len(p.pix) / 64
	p.leaf, p.last, p.q, p.shown = make([]int, n), make([]int, n), make([]int, n), make([]int, n)
	return p
}

// tile is what a tile covers of a plane; x, y, w, h are in cells.
type tile struct {
	*plane
	step       int
	x, y, w, h int
}

func (p *plane) tile(tx, ty, side, step int) tile {
	t := tile{plane: p, step: step, x: tx * side / 8, y: ty * side / 8}
	t.w = min(side/8, p.cells-t.x)
	t.h = min(side/8, p.rows/8-t.y)
	return t
}

// at is the index of cell (x,y) of the tile.
func (t *tile) at(x, y int) int { return (t.y+y)*t.cells + t.x + x }

func (t *tile) frontStep() int { return (218*t.step + 128) >> 8 }

func (t *tile) readFront(s source) {
	for y := range t.h {
		for x := range t.w {
			p, gradient := t.predict(x, y)
			r := readResidual(s, 36+11*t.kind+reached(gradient, gradientBounds))
			t.q[t.at(x, y)] = clamp(p+r, -32767, 32767)
			t.shown[t.at(x, y)] = t.q[t.at(x, y)]
		}
	}
}

// readResidual reads a residual of the front image.
func readResidual(s source, context int) int {
	k := s.symbol(context)
	mag := k
	switch {
	case k == 15:
		mag = 1024 + int(min(s.expGolomb(), 1<<30))
	case k >= 8:
		mag = 8<<(k-8) + s.bits(k-5)
	}
	if mag != 0 && s.bits(1) == 1 {
		mag = -mag
	}
	return mag
}

// levelThree is the sample of level 3 for a value of the front image.
func (t *tile) levelThree(q int) int { return levelThree(q, t.frontStep()) }

func levelThree(q, frontStep int) int { return clamp((q*frontStep+2)>>2+2048, 0, 4095) }

func (t *tile) predict(x, y int) (p, gradient int) {
	q := func(dx, dy int) int { return t.q[t.at(x+dx, y+dy)] }
	switch {
	case x == 0 && y == 0:
		return 0, 1 << 20
	case y == 0:
		return q(-1, 0), 12
	case x == 0:
		return q(0, -1), 12
	}
	l, top, tl := q(-1, 0), q(0, -1), q(-1, -1)
	tr := top
	if x+1 < t.w {
		tr = q(1, -1)
	}
	med := min(max(l, top), max(min(l, top), l+top-tl))
	return (2*med + l + top + 2) >> 2, abs(l-tl) + abs(tl-top) + abs(top-tr)
}

// readBody reads the quadtrees and fills in the samples.
func (t *tile) readBody(s source) {
	for y := 0; y < t.h; y += 4 {
		for x := 0; x < t.w; x += 4 {
			t.node(s, 5, x, y)
		}
	}
}

func (t *tile) node(s source, lg, x, y int) {
	if lg > 3 {
		smaller := 0
		if x > 0 && t.leaf[t.at(x-1, y)] < lg {
			smaller++
		}
		if y > 0 && t.leaf[t.at(x, y-1)] < lg {
			smaller++
		}
		if s.symbol(6*t.kind+3*(5-lg)+smaller) == 1 {
			half := 1 << (lg - 4)
			t.node(s, lg-1, x, y)
			t.node(s, lg-1, x+half, y)
			t.node(s, lg-1, x, y+half)
			t.node(s, lg-1, x+half, y+half)
			return
		}
	}
	last := s.symbol(12 + 12*t.kind + 4*(lg-3) + t.lastClass(x, y))
	m := 1 << (lg - 3)
	for i := range m * m {
		t.leaf[t.at(x+i%m, y+i/m)], t.last[t.at(x+i%m, y+i/m)] = lg, last
	}
	c := newBlock(8 * m)
	t.lowBlock(c, x, y)
	t.readLevels(s, c, lg, last)
	t.transform(c, lg, x, y)
}

func (t *tile) lastClass(x, y int) int {
	sum := 0
	switch {
	case x > 0 && y > 0:
		sum = t.last[t.at(x-1, y)] + t.last[t.at(x, y-1)]
	case x > 0:
		sum = 2 * t.last[t.at(x-1, y)]
	case y > 0:
		sum = 2 * t.last[t.at(x, y-1)]
	default:
		return 2
	}
	return reached(sum, []int{1, 7, 15})
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

func (t *tile) lowBlock(c block, x, y int) {
	m := len(c) / 8
	mat := lowMatrix[m]
	for u := range m {
		for v := range m {
			sum := int64(1) << 23
			for i := range m {
				for j := range m {
					sum += mat[u][i] * mat[v][j] * int64(t.frontStep()*t.q[t.at(x+i, y+j)])
				}
			}
			c[u][v] = clamp(int(sum>>24), -32768, 32767)
		}
	}
}

func (t *tile) readLevels(s source, c block, lg, last int) {
	n, m := len(c), len(c)/8
	mags := newBlock(n + 3) // one more row and column in front, two behind
	a := func(u, v int) int { return mags[u+1][v+1] }
	for d := 2*n - 2; d >= 1; d-- {
		if min(15, (8*d+n-1)/n) > last {
			continue
		}
		freq := reached(8*d/n, []int{2, 3, 5, 8, 11})
		for u := max(0, d-n+1); u <= min(d, n-1); u++ {
			v := d - u
			if u < m && v < m {
				continue
			}
			sum := 2*(a(u+1, v)+a(u, v+1)) + a(u+1, v+1) + a(u+2, v) + a(u, v+2) + a(u-1, v+2) + a(u+2, v-1)
			mag := s.symbol(58 + 234*t.kind + 78*(lg-3) + 13*freq + reached(sum, magnitudeBounds))
			if mag == 0 {
				continue
			}
			negative := s.bits(1) == 1
			if mag == 15 {
				mag += int(min(s.expGolomb(), 65520))
			}
			mags[u+1][v+1] = min(mag, 40)
			c[u][v] = min(mag*t.step, 32767)
			if negative {
				c[u][v] = -c[u][v]
			}
		}
	}
}

func cosine(n, k, size int) int32 {
	if k == 0 {
		return 2896
	}
	a := (2*n + 1) * k * (32 / size) % 128
	b := min(a, 128-a)
	if b > 32 {
		return -quarterTurn[64-b]
	}
	return quarterTurn[b]
}

func (t *tile) transform(c block, lg, x, y int) {
	n := len(c)
	mid := newBlock(n)
	for u := range n {
		for j := range n {
			sum := int32(1 << 11)
			for v := range n {
				sum += int32(c[u][v]) * cosine(j, v, n)
			}
			mid[u][j] = int(sum >> 12)
		}
	}
	shift := lg + 10
	for j := range n {
		for i := range n {
			sum := int32(2048<<shift + 1<<(shift-1))
			for u := range n {
				sum += int32(mid[u][j]) * cosine(i, u, n)
			}
			t.pix[((t.y+y)*8+j)*t.stride+(t.x+x)*8+i] = clamp(int(sum>>shift), 0, 4095)
		}
	}
}
