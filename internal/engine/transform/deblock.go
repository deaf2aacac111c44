package transform

import "github.com/qtgpu/qtgpu/chroma"

// deblocker smooths the borders of leaves in a decoded plane (FORMAT.md, "Deblocking"):
// first all vertical borders, then all horizontal ones. Within one direction no filter
// reads what another writes, so rows of cells can be filtered in any order.
type deblocker struct {
	plane *chroma.Plane
	grid  *Grid
	table *betas
	betas []int16 // of cells, for one direction
}

// betas are the ones of a border by the step classes of its sides.
type betas [stepClasses][stepClasses]int16

// betasOf are the betas of steps by class.
func betasOf(base *[stepClasses]int32) (t betas) {
	for a := range t {
		for b := range t[a] {
			t[a][b] = beta(base[a], base[b])
		}
	}
	return t
}

// noBorder is in the place of a beta where no leaf begins: nothing is filtered.
const noBorder = -1

func newDeblocker(m *memory, s *steps, p *chroma.Plane, g *Grid) *deblocker {
	return &deblocker{plane: p, grid: g, table: &s.betas, betas: m.betas.piece(len(g.of))}
}

// beta is 0.15 steps, in plane samples, of the two sides of a border in the mean.
func beta(a, b int32) int16 { return int16(((a+b)*77 + 256) >> 9) }

// border tells whether a leaf of size lg that holds cell x (or y) begins there.
func border(x int, lg uint8) bool { return x&(1<<(lg-cellLog2)-1) == 0 }

// vertical filters across the vertical borders in row y of cells.
func (d *deblocker) vertical(y int) {
	cells := d.grid.of[y*d.grid.w:][:d.grid.w]
	betas := d.betas[y*d.grid.w:][:d.grid.w]
	for x := 1; x < len(cells); x++ {
		betas[x] = noBorder
		if border(x, cells[x].size) {
			betas[x] = d.table[cells[x].class][cells[x-1].class]
		}
	}
	stride := d.plane.Stride
	pix, x := d.plane.Pix[cell*y*stride:][:cell*stride], 1
	if n := (len(cells) - 1) / 2; vector && n > 0 {
		deblockLeft(&pix[cell/2], sampleBytes*stride, &betas[1], n)
		if x += 2 * n; x < len(cells) { // the last one with the one before again, which stays as it is
			last := [2]int16{noBorder, betas[x]}
			deblockLeft(&pix[cell*(x-1)-cell/2], sampleBytes*stride, &last[0], 1)
			x++
		}
	}
	for ; x < len(cells); x++ {
		for j := range cell {
			s := (*[6]uint16)(pix[j*stride+cell*x-3:])
			deblock(int32(betas[x]), &s[0], &s[1], &s[2], &s[3], &s[4], &s[5])
		}
	}
}

// horizontal filters across the horizontal borders at the top of row y of cells.
func (d *deblocker) horizontal(y int) {
	if y == 0 {
		return
	}
	above, cells := d.grid.of[(y-1)*d.grid.w:][:d.grid.w], d.grid.of[y*d.grid.w:][:d.grid.w]
	betas := d.betas[y*d.grid.w:][:d.grid.w]
	for x := range cells {
		betas[x] = noBorder
		if border(y, cells[x].size) {
			betas[x] = d.table[cells[x].class][above[x].class]
		}
	}
	stride := d.plane.Stride
	rows, x := d.plane.Pix[(cell*y-3)*stride:][:6*stride], 0
	if n := len(cells) / 2; vector && n > 0 {
		deblockAbove(&rows[0], sampleBytes*stride, &betas[0], n)
		x = 2 * n
	}
	for ; x < len(cells); x++ {
		for i := cell * x; i < cell*(x+1); i++ {
			deblock(int32(betas[x]), &rows[i], &rows[stride+i], &rows[2*stride+i], &rows[3*stride+i], &rows[4*stride+i], &rows[5*stride+i])
		}
	}
}

// deblock smooths p2 p1 p0 | q0 q1 q2.
func deblock(beta int32, pp2, pp1, pp0, qq0, qq1, qq2 *uint16) {
	p2, p1, p0 := int32(*pp2), int32(*pp1), int32(*pp0)
	q0, q1, q2 := int32(*qq0), int32(*qq1), int32(*qq2)
	a, b := p2-2*p1+p0, q2-2*q1+q0
	if max(a, -a)+max(b, -b) > beta {
		return
	}
	delta := (9*(q0-p0) - 3*(q1-p1) + 8) >> 4
	if delta == 0 || max(delta, -delta) > 10*beta {
		return
	}
	delta = clampTo(delta, beta)
	*pp0, *qq0 = clampSample(p0+delta), clampSample(q0-delta)
	*pp1 = clampSample(p1 + clampTo(((p0+p2+1)>>1-p1+delta)>>1, beta/2))
	*qq1 = clampSample(q1 + clampTo(((q0+q2+1)>>1-q1-delta)>>1, beta/2))
}
