package transform

import "github.com/qtgpu/qtgpu/chroma"

// A leaf may be predicted from the decoded samples around it in its tile, which are neither
// smoothed nor deblocked: along one of 33 directions or as a plane; and one of chroma from luma
// at its place (FORMAT.md, "Prediction of leaves"). Its levels are of what is left.

// Modes of leaves.
const (
	modeNone = iota
	modePlanar
	modeAngle                       // the first of them, from down left over left and up to up right
	modeLuma  = modeAngle + nAngles // the first of nAlphas factors of luma
	nModes    = modeLuma + nAlphas  // whatever the plane
	nAngles   = 33
	vertical  = 16 // the first of the angles whose samples come from above
	nAlphas   = 16 // −8 … −1, 1 … 8 eighths
	alphaLog2 = 3
)

// angles are the displacements of directions for each row, or column, in 1/32 sample.
var angles = [nAngles]int{
	32, 26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26,
	-32, -26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32,
}

// isAngle tells whether a mode is a direction.
func isAngle(mode int) bool { return mode >= modeAngle && mode < modeLuma }

// alphaOf is the factor of a mode from luma, in 1/8.
func alphaOf(mode int) int32 {
	a := int32(mode - modeLuma - nAlphas/2)
	if a >= 0 {
		a++
	}
	return a
}

// modeOf is the mode of a factor other than 0.
func modeOf(alpha int32) int {
	if alpha > 0 {
		alpha--
	}
	return modeLuma + nAlphas/2 + int(alpha)
}

// predictor predicts the leaves of a plane of a tile.
type predictor struct {
	cells  *Cells
	pix    []uint16   // the decoded samples of the tile
	stride int        // of them
	luma   *predictor // of chroma
	before *predictor // the plane before it, of chroma
	half   bool       // whether luma has twice the resolution

	around, smoothed outline  // of the leaf at hand
	smooth           *outline // the one of them that it is predicted from
	beside           side     // the samples of it on the left, where turned is set
	turned           bool
	main             [3*maxN + 2]uint16 // what a direction continues, from beyond the corner on
	lines            [maxN * maxN]uint16
}

// newPredictor is the predictor of plane i, whose samples from the first one of the tile on are
// pix, after those of the planes before it.
func newPredictor(before []*predictor, planes []Plane, i int, c *Cells, pix []uint16, stride int) *predictor {
	c.modes = make([]uint8, len(c.size))
	p := &predictor{cells: c, pix: pix, stride: stride, half: planes[i].Half}
	if planes[i].Chroma {
		p.luma, p.before = before[0], before[i-1]
	}
	return p
}

// index is the one of the first sample of a node.
func (p *predictor) index(n node) int { return cell * (n.y*p.stride + n.x) }

// outline are the samples around a leaf of n, from the column on its left, bottom first, 2n
// samples, over the corner to the row above it, 2n samples. Kernels read and write beyond them.
type outline [4*maxN + 1 + 15]uint16

// side are samples of an outline from the corner on. Kernels read one more.
type side [2*maxN + 2]uint16

// available tells whether a cell is decoded when a node is.
func (c *Cells) available(n node, x, y int) bool {
	if x < 0 || y < 0 || x >= c.w || y >= c.h {
		return false
	}
	const in = rootCells - 1
	if dy, dx := y&^in-n.y&^in, x&^in-n.x&^in; dy != 0 || dx != 0 {
		return dy < 0 || dy == 0 && dx < 0
	}
	return zOrder(x&in, y&in) < zOrder(n.x&in, n.y&in)
}

// zOrder is the place of a cell in the order of the leaves of its root.
func zOrder(x, y int) int { return x&1 | y&1<<1 | x&2<<1 | y&2<<2 }

// gather takes the samples around a node: where a cell is not decoded yet or lies outside the
// tile, the nearest sample before it, and before the first one that one.
func (p *predictor) gather(n node) {
	size, m := 1<<n.lg, n.cells()
	known := -1 // the last index that is
	put := func(at, count int, from, step int, have bool) {
		switch {
		case have:
			if step == 1 {
				copy(p.around[at:at+count], p.pix[from:from+count])
			} else {
				for k := range count {
					p.around[at+k] = p.pix[from+k*step]
				}
			}
			if known < 0 {
				for k := range at {
					p.around[k] = p.around[at]
				}
			}
			known = at + count - 1
		case known >= 0:
			for k := range count {
				p.around[at+k] = p.around[known]
			}
		}
	}
	x, y := cell*n.x, cell*n.y
	for k := range 2 * m {
		cy := n.y + 2*m - 1 - k
		put(cell*k, cell, (cell*cy+cell-1)*p.stride+x-1, -p.stride, p.cells.available(n, n.x-1, cy))
	}
	put(2*size, 1, (y-1)*p.stride+x-1, 0, p.cells.available(n, n.x-1, n.y-1))
	for k := range 2 * m {
		put(2*size+1+cell*k, cell, (y-1)*p.stride+x+cell*k, 1, p.cells.available(n, n.x+k, n.y-1))
	}
	if known < 0 {
		for k := range 4*size + 1 {
			p.around[k] = chroma.Centre
		}
	}
	p.smoothen(4*size+1, n.lg)
}

// smoothen makes what larger leaves are predicted from.
func (p *predictor) smoothen(count, lg int) {
	p.turned, p.smooth = false, &p.around
	if lg == cellLog2 {
		return
	}
	p.smooth = &p.smoothed
	if vector {
		smoothOutline(&p.smoothed[1], &p.around[0], count/16)
	} else {
		for k := 1; k < count-1; k++ {
			p.smoothed[k] = (p.around[k-1] + 2*p.around[k] + p.around[k+1] + 2) >> 2
		}
	}
	p.smoothed[0], p.smoothed[count-1] = p.around[0], p.around[count-1]
}

// from gives the samples of a side of a leaf of n×n from the corner on, 2n and the corner.
func (p *predictor) from(above bool, n int) []uint16 {
	corner := 2 * n
	if above {
		return p.smooth[corner : 2*corner+1]
	}
	if !p.turned {
		p.turned = true
		for i := range corner + 1 {
			p.beside[i] = p.smooth[corner-i]
		}
	}
	return p.beside[:corner+1]
}

// predict writes what a mode other than none predicts of a node whose surroundings are
// gathered.
func (p *predictor) predict(dst []uint16, n node, mode int) {
	switch {
	case mode >= modeLuma:
		p.fromLuma(dst, n, alphaOf(mode))
	case mode == modePlanar:
		p.planar(dst, n.lg)
	default:
		p.directed(dst, n.lg, mode-modeAngle)
	}
}

// planar interpolates between the samples beside a leaf and the two corners beyond it.
func (p *predictor) planar(dst []uint16, lg int) {
	n := 1 << lg
	r := p.smooth
	above := r[2*n+1 : 3*n+2]
	right, below := int32(above[n]), int32(r[n-1])
	if vector {
		planarRows(&dst[:n*n][0], lg, &above[0], &r[2*n-1], right, below)
		return
	}
	for y := range n {
		left := int32(r[2*n-1-y])
		row := dst[y*n : y*n+n]
		for x := range row {
			v := int32(n-1-x)*left + int32(x+1)*right + int32(n-1-y)*int32(above[x]) + int32(y+1)*below
			row[x] = uint16((v + int32(n)) >> (lg + 1))
		}
	}
}

// directed continues the samples around a leaf in a direction.
func (p *predictor) directed(dst []uint16, lg, direction int) {
	n, a, above := 1<<lg, angles[direction], direction >= vertical
	main, corner := p.from(above, n), 0
	if a < 0 {
		main, corner = p.beyond(main, above, n, a), n
	}
	switch first := main[corner+1:]; {
	case vector && above:
		continueRows(&dst[:n*n][0], n, &first[0], a)
	case vector:
		continueRows(&p.lines[0], n, &first[0], a)
		transpose(&dst[:n*n][0], &p.lines[0], n)
	default:
		for j := range n {
			d := (j + 1) * a
			p.line(dst, j, n, main[corner+1+d>>5:], int32(d&31), above)
		}
	}
}

// beyond gives the samples of a side with n before the corner, for which samples of the other side stand.
func (p *predictor) beyond(main []uint16, above bool, n, a int) []uint16 {
	copy(p.main[n:], main[:n+1])
	other, inverse := p.from(!above, n), 8192/-a
	for i := 1; i <= n*-a>>5; i++ {
		p.main[n-i] = other[(i*inverse+128)>>8]
	}
	return p.main[:]
}

// line is row or column j of a leaf of n×n, continued from samples that lie f/32 before the ones of from.
func (p *predictor) line(dst []uint16, j, n int, from []uint16, f int32, above bool) {
	for i := range n {
		v := from[i]
		if f > 0 {
			v = uint16(((32-f)*int32(v) + f*int32(from[i+1]) + 16) >> 5)
		}
		if above {
			dst[j*n+i] = v
		} else {
			dst[i*n+j] = v
		}
	}
}

// fromLuma gives luma's distances from the centre, times α/8, around the centre.
func (p *predictor) fromLuma(dst []uint16, n node, alpha int32) {
	const centre = chroma.Centre
	size := 1 << n.lg
	p.lumaAt(dst, n)
	for i, v := range dst[:size*size] {
		dst[i] = uint16(centre + (alpha*(int32(v)-centre)+4)>>alphaLog2)
	}
}

// lumaAt gives luma in the place of a node of chroma.
func (p *predictor) lumaAt(dst []uint16, n node) {
	size := 1 << n.lg
	l := p.luma
	if !p.half {
		for y := range size {
			copy(dst[y*size:y*size+size], l.pix[(cell*n.y+y)*l.stride+cell*n.x:])
		}
		return
	}
	w, h := cell*l.cells.w, cell*l.cells.h
	for y := range size {
		at := min(2*(cell*n.y+y), h-2) * l.stride
		a, b := l.pix[at:at+w], l.pix[at+l.stride:at+l.stride+w]
		if x := 2 * cell * n.x; vector && x+2*size <= w {
			meansOfSquares(&dst[y*size:][:size][0], &a[x], &b[x], size/8)
			continue
		}
		for x := range size {
			i := min(2*(cell*n.x+x), w-2)
			dst[y*size+x] = (a[i] + a[i+1] + b[i] + b[i+1] + 2) >> 2
		}
	}
}
