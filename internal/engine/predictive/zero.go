package predictive

// zeroTree tells which cells of 8×8 samples have no residual but on the grid:
// a quadtree over blocks of 8×8 cells whose leaves are all zero or a cell.
type zeroTree struct {
	w, h int
	cell []bool // true: all residuals are 0
	any  bool
}

// zeroTop is the level of the tree's roots above the cells: 64 samples.
const zeroTop = 3

func (z *zeroTree) reset(w, h int) {
	z.w, z.h, z.any = w, h, false
	if cap(z.cell) < w*h {
		z.cell = make([]bool, w*h)
	}
	z.cell = z.cell[:w*h]
	clear(z.cell)
}

// all tells whether the cells of a node inside the plane are zero.
func (z *zeroTree) all(lg, x, y int) bool {
	for j := y; j < min(y+1<<lg, z.h); j++ {
		for i := x; i < min(x+1<<lg, z.w); i++ {
			if !z.cell[j*z.w+i] {
				return false
			}
		}
	}
	return true
}

func (z *zeroTree) fill(lg, x, y int) {
	z.any = true
	for j := y; j < min(y+1<<lg, z.h); j++ {
		for i := x; i < min(x+1<<lg, z.w); i++ {
			z.cell[j*z.w+i] = true
		}
	}
}

// context counts the zero cells left and above of a node.
func (z *zeroTree) context(kind, lg, x, y int) int {
	n := 0
	if x > 0 && z.cell[y*z.w+x-1] {
		n++
	}
	if y > 0 && z.cell[(y-1)*z.w+x] {
		n++
	}
	return ctxZero + (kind*(zeroTop+1)+lg)*3 + n
}

// runs visits the runs of the n samples of row y of a pass on a level, from
// column x0 on, that are not in zero cells.
func (z *zeroTree) runs(lev, x0, y, n int, f func(start, end int)) {
	start := 0
	if z.any {
		shift := Base - lev
		row := z.cell[y>>shift*z.w:]
		for x, k := 0, 0; k < n; x++ {
			end := min(((x+1)<<shift-x0+1)/2, n)
			if row[x] {
				if k > start {
					f(start, k)
				}
				start = end
			}
			k = end
		}
	}
	if n > start {
		f(start, n)
	}
}

// walk visits the roots in raster order and lets f say of every node whether
// it is zero; a node that is not is followed by its four children.
func (z *zeroTree) walk(f func(lg, x, y int) bool) {
	var node func(lg, x, y int)
	node = func(lg, x, y int) {
		if x >= z.w || y >= z.h || f(lg, x, y) || lg == 0 {
			return
		}
		half := 1 << (lg - 1)
		for c := range 4 {
			node(lg-1, x+c&1*half, y+c>>1*half)
		}
	}
	for y := 0; y < z.h; y += 1 << zeroTop {
		for x := 0; x < z.w; x += 1 << zeroTop {
			node(zeroTop, x, y)
		}
	}
}
