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

// rows are the ones of a grid above and below row y, or y where there is none.
func (g *Grid) rows(y int) (above, below int) { return max(y-1, 0) * g.w, min(y+1, g.h-1) * g.w }

// means finds the calm cells of a row, and the means that it is interpolated between.
func (s *smoother) means(y int) {
	g := s.grid
	up, down := g.rows(y)
	above, own, below := g.of[up:][:g.w], g.of[y*g.w:][:g.w], g.of[down:][:g.w]
	calm, smooth, ends := s.calm[y*g.w:][:g.w], s.smooth[y*g.w:][:g.w], g.ends[y*g.w:][:g.w]
	for x := range own {
		mean := own[x].mean
		calm[x], smooth[x] = false, 16*mean
		if !own[x].bare || ends[x] != 0 {
			continue
		}
		l, r := max(x-1, 0), min(x+1, g.w-1)
		around := [9]int32{ // differences from the mean, row by row
			above[l].mean - mean, above[x].mean - mean, above[r].mean - mean,
			own[l].mean - mean, 0, own[r].mean - mean,
			below[l].mean - mean, below[x].mean - mean, below[r].mean - mean,
		}
		if s.slopes(&around) {
			calm[x] = true
			corners, sides := around[0]+around[2]+around[6]+around[8], around[1]+around[3]+around[5]+around[7]
			smooth[x] += corners + 2*sides
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

// mostSmooth is up to which a mean in smooth may be for sums of 32 bits: those around a calm cell differ from it by
// 32 steps at most, which is less than 2^17.
const mostSmooth = 1 << 19

// samples makes the samples of the calm cells of a row, by bilinear interpolation between the
// centres of cells.
func (s *smoother) samples(y int) {
	g := s.grid
	up, down := g.rows(y)
	above, own, below := s.smooth[up:][:g.w], s.smooth[y*g.w:][:g.w], s.smooth[down:][:g.w]
	stride := s.plane.Stride
	for x, calm := range s.calm[y*g.w:][:g.w] {
		switch {
		case !calm:
		case vector && abs(own[x]) <= mostSmooth:
			dst := s.plane.Pix[cell*(y*stride+x):][:(cell-1)*stride+cell]
			if x > 0 && x+1 < g.w {
				smoothCell(&dst[0], sampleBytes*stride, &above[x-1], &own[x-1], &below[x-1])
			} else {
				a, o, b := beside(above, x), beside(own, x), beside(below, x)
				smoothCell(&dst[0], sampleBytes*stride, &a[0], &o[0], &b[0])
			}
		default:
			s.cell(x, y, above, own, below)
		}
	}
}

// beside are the means on the left of a cell, there, and on the right, the nearest where there is none.
func beside(row []int32, x int) [3]int32 {
	return [3]int32{row[max(x-1, 0)], row[x], row[min(x+1, len(row)-1)]}
}

// cell makes the samples of a calm cell of the means of three rows.
func (s *smoother) cell(x, y int, up, own, down []int32) {
	var here, above, below [3]int64 // of the cells on the left, here, on the right
	ups, owns, downs := beside(up, x), beside(own, x), beside(down, x)
	for k := range here {
		here[k] = int64(owns[k])
		above[k], below[k] = int64(ups[k])-here[k], int64(downs[k])-here[k]
	}
	for i, d := range distances {
		s.row(x, cell*y+cell/2-1-i, &here, &above, d)
		s.row(x, cell*y+cell/2+i, &here, &below, d)
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
