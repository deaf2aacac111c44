package interlace

// SkipMap tells which cells of 8×8 samples have no residual but on the grid: a
// quadtree over blocks of 8×8 cells, whose leaves are nodes of which all cells are
// skipped, or cells.
type SkipMap struct {
	w, h   int
	cell   []bool // true: all residuals are 0
	masked []bool // true: no sample is coded; nil where some of each cell is
	Any    bool   // some cell is skipped
}

// SkipTop is the level of the map's roots above the cells: 64 samples.
const SkipTop = 3

// SkipContexts is the number of contexts of a flag: SkipTop+1 sizes of a node, with
// none, one or two of its neighbours skipped.
const SkipContexts = (SkipTop + 1) * 3

func (s *SkipMap) reset(w, h int) {
	s.w, s.h, s.masked, s.Any = w, h, nil, false
	if cap(s.cell) < w*h {
		s.cell = make([]bool, w*h)
	}
	s.cell = s.cell[:w*h]
	clear(s.cell)
}

// all tells whether all cells of a node inside the plane are marked.
func (s *SkipMap) all(cell []bool, lg, x, y int) bool {
	for j := y; j < min(y+1<<lg, s.h); j++ {
		for i := x; i < min(x+1<<lg, s.w); i++ {
			if !cell[j*s.w+i] {
				return false
			}
		}
	}
	return true
}

func (s *SkipMap) fill(lg, x, y int) {
	s.Any = true
	for j := y; j < min(y+1<<lg, s.h); j++ {
		for i := x; i < min(x+1<<lg, s.w); i++ {
			s.cell[j*s.w+i] = true
		}
	}
}

// context counts the skipped cells left and above of a node.
func (s *SkipMap) context(lg, x, y int) int {
	n := 0
	if x > 0 && s.cell[y*s.w+x-1] {
		n++
	}
	if y > 0 && s.cell[(y-1)*s.w+x] {
		n++
	}
	return lg*3 + n
}

// Encode hands put the flag of each node with its context, and leaves the map as a
// decoder will know it: cells are skipped only from their flag on.
func (s *SkipMap) Encode(put func(context int, skip bool)) {
	var known SkipMap
	known.reset(s.w, s.h)
	known.masked = s.masked
	known.walk(func(context, lg, x, y int) bool {
		skip := s.all(s.cell, lg, x, y)
		put(context, skip)
		return skip
	})
	*s = known
}

// Decode is the inverse of Encode for a map that was reset.
func (s *SkipMap) Decode(get func(context int) bool) {
	s.walk(func(context, _, _, _ int) bool { return get(context) })
}

// walk visits the roots in raster order, and lets flag say of each node whether it is
// skipped, unless none of its samples is coded; a node that is not is followed by its four
// children.
func (s *SkipMap) walk(flag func(context, lg, x, y int) bool) {
	var node func(lg, x, y int)
	node = func(lg, x, y int) {
		switch {
		case x >= s.w || y >= s.h:
		case s.masked != nil && s.all(s.masked, lg, x, y):
			s.fill(lg, x, y)
		case flag(s.context(lg, x, y), lg, x, y):
			s.fill(lg, x, y)
		case lg > 0:
			half := 1 << (lg - 1)
			for c := range 4 {
				node(lg-1, x+c&1*half, y+c>>1*half)
			}
		}
	}
	for y := 0; y < s.h; y += 1 << SkipTop {
		for x := 0; x < s.w; x += 1 << SkipTop {
			node(SkipTop, x, y)
		}
	}
}

// Runs visits the runs of the n samples of row y of a pass on a level, from
// column x0 on, that are not in skipped cells.
func (s *SkipMap) Runs(lev, x0, y, n int, f func(start, end int)) {
	start := 0
	if s.Any {
		shift := Base - lev
		row := s.cell[y>>shift*s.w:]
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
