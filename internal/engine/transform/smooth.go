package transform

import "github.com/qtgpu/qtgpu/chroma"

// A slope that is less than a step of the overview from cell to cell, a sky, decodes to flats
// with steps between, where leaves meet. A cell that has no AC levels, and whose neighbours are
// within a step of it and of a slope through it, as roundings leave them, is calm: its samples
// are interpolated anew, between smoothed means, across the borders of leaves and tiles
// (FORMAT.md, "Smoothing").

// smoother interpolates the calm cells of a plane.
type smoother struct {
	step   int32 // of the overview
	plane  *chroma.Plane
	grid   *Grid
	calm   []bool
	smooth []int32 // 16 times a mean: the binomial one of 3×3 cells in calm cells
}

func newSmoother(m *memory, step int32, p *chroma.Plane, g *Grid) *smoother {
	return &smoother{step: step, plane: p, grid: g, calm: m.calm.piece(len(g.of)), smooth: m.means.piece(len(g.of))}
}

// means finds the calm cells of a row, and the means that it is interpolated between.
func (s *smoother) means(y int) {
	g := s.grid
	for x := range g.w {
		i := g.at(x, y)
		s.calm[i], s.smooth[i] = false, 16*g.of[i].mean
		if !g.of[i].bare || g.ends[i] != 0 {
			continue
		}
		var around [9]int32 // differences from the mean, row by row
		sum := int32(0)
		for k, weight := range [9]int32{1, 2, 1, 2, 4, 2, 1, 2, 1} {
			around[k] = g.of[g.at(x+k%3-1, y+k/3-1)].mean - g.of[i].mean
			sum += weight * around[k]
		}
		if s.slopes(&around) {
			s.calm[i] = true
			s.smooth[i] += sum
		}
	}
}

// slopes tells whether a cell with such cells around it lies on a slope: along rows and columns,
// as the corner of a step has two more across.
func (s *smoother) slopes(around *[9]int32) bool {
	for _, d := range around {
		if max(d, -d) > s.step {
			return false
		}
	}
	across, down := around[3]+around[5], around[1]+around[7]
	return max(across, -across, down, -down) <= s.step
}

// distances of the samples of half a cell from its centre, towards its border, in 1/16 of a cell.
var distances = [cell / 2]int64{1, 3, 5, 7}

// samples makes the samples of the calm cells of a row, by bilinear interpolation between the
// centres of cells.
func (s *smoother) samples(y int) {
	g := s.grid
	for x := range g.w {
		if !s.calm[g.at(x, y)] {
			continue
		}
		var here, above, below [3]int64 // of the cells on the left, here, on the right
		for k := range here {
			here[k] = int64(s.smooth[g.at(x+k-1, y)])
			above[k] = int64(s.smooth[g.at(x+k-1, y-1)]) - here[k]
			below[k] = int64(s.smooth[g.at(x+k-1, y+1)]) - here[k]
		}
		for i, d := range distances {
			s.row(x, cell*y+cell/2-1-i, &here, &above, d)
			s.row(x, cell*y+cell/2+i, &here, &below, d)
		}
	}
}

// row makes row y of the samples of a cell, a distance away from its centre. beside is what the
// cells on that side are more.
func (s *smoother) row(x, y int, here, beside *[3]int64, distance int64) {
	var v [3]int64
	for k := range v {
		v[k] = 16*here[k] + distance*beside[k]
	}
	row := (*[cell]uint16)(s.plane.Pix[y*s.plane.Stride+cell*x:])
	middle, left, right := 16*v[1]+1<<13, v[0]-v[1], v[2]-v[1]
	for i, d := range distances {
		row[cell/2-1-i] = clampSample(int32((middle+d*left)>>14) + chroma.Centre)
		row[cell/2+i] = clampSample(int32((middle+d*right)>>14) + chroma.Centre)
	}
}
