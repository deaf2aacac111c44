package refdec

// smoothing interpolates the calm cells of a plane (FORMAT.md, "Smoothing").
type smoothing struct {
	*plane
	step int
}

// g is the mean of the cell at (x,y), or of the nearest one.
func (s *smoothing) g(x, y int) int64 { return int64(mean(s.q[s.nearest(x, y)], s.kind, s.step)) }

// nearest is the index of the cell at (x,y), or of the nearest one.
func (s *smoothing) nearest(x, y int) int {
	return clamp(y, 0, s.rows/8-1)*s.cells + clamp(x, 0, s.cells-1)
}

// calm tells whether a cell is calm.
func (s *smoothing) calm(x, y int) bool {
	at := s.nearest(x, y)
	if s.last[at] != 0 || s.mode[at] != noMode || endOf(s.q[at], s.kind, s.step) != 0 {
		return false
	}
	f, g := int64(frontStep(s.step, s.kind)), s.g(x, y)
	for i := range 9 {
		dx, dy := i%3-1, i/3-1
		one, opposite := s.g(x+dx, y+dy), s.g(x-dx, y-dy)
		if abs(one-g) > f || dx*dy == 0 && abs(one+opposite-2*g) > f {
			return false
		}
	}
	return true
}

// h is H of the cell at (x,y), or of the nearest one.
func (s *smoothing) h(x, y int) int64 {
	x, y = clamp(x, 0, s.cells-1), clamp(y, 0, s.rows/8-1)
	if !s.calm(x, y) {
		return 16 * s.g(x, y)
	}
	sum := int64(0)
	w := []int64{1, 2, 1}
	for j := range 3 {
		for i := range 3 {
			sum += w[i] * w[j] * s.g(x+i-1, y+j-1)
		}
	}
	return sum
}

// smooth smooths a plane.
func (p *plane) smooth(step int) {
	s := smoothing{p, step}
	for y := range p.rows {
		for x := range p.stride {
			if s.calm(x/8, y/8) {
				p.pix[y*p.stride+x] = s.sample(x, y)
			}
		}
	}
}

// sample is the sample at (x,y) of a calm cell.
func (s *smoothing) sample(x, y int) int32 {
	beside := func(i int) int { return i/8 + 1 - 2*((7-i%8)/4) }
	a, b := int64(abs(2*(x%8)-7)), int64(abs(2*(y%8)-7))
	row := func(y int) int64 { return (16-a)*s.h(x/8, y) + a*s.h(beside(x), y) }
	v := (16-b)*row(y/8) + b*row(beside(y))
	return int32(clamp((v+1<<13)>>14+2048, 0, 4095))
}
