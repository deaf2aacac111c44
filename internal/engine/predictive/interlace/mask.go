package interlace

import "github.com/qtgpu/qtgpu/internal/engine/arith"

// maskedMean is mean beside a mask.
func (p *Plane) maskedMean(x, y int) int32 {
	s, n := int64(0), int64(0)
	for j := y; j < min(y+1<<Base, p.H); j++ {
		for i := j*p.W + x; i < j*p.W+min(x+1<<Base, p.W); i++ {
			if p.Mask[i] == 0 {
				s += int64(p.Pix[i])
				n++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return int32(arith.FloorDiv(2*s+n, 2*n))
}

// Roughness sums the magnitudes of the second differences along every eighth row, of samples
// that are coded, and counts them.
func (p *Plane) Roughness() (sum, n int64) {
	for y := 0; y < p.H; y += 8 {
		for i := y*p.W + 1; i < (y+1)*p.W-1; i++ {
			if p.masked(i-1) || p.masked(i) || p.masked(i+1) {
				continue
			}
			d := int64(p.Pix[i-1]) - 2*int64(p.Pix[i]) + int64(p.Pix[i+1])
			sum, n = sum+max(d, -d), n+1
		}
	}
	return sum, n
}

// Fill gives the samples that are not coded values that look as if they were: what is
// found on the way to them, from the left or from above. An encoder looks at these where
// it chooses; no decoder sees them.
func (p *Plane) Fill() {
	if p.Mask == nil {
		return
	}
	last := int32(0)
	for i, m := range p.Mask {
		if m == 0 {
			last = p.Pix[i]
			break
		}
	}
	for y := range p.H {
		if y > 0 {
			last = p.Pix[(y-1)*p.W]
		}
		for i := y * p.W; i < (y+1)*p.W; i++ {
			if p.Mask[i] != 0 {
				p.Pix[i] = last
			}
			last = p.Pix[i]
		}
	}
}

// SetMask says which samples of a plane of w×h are not coded, where mask is not 0, or that
// all are, for nil. Reset takes it back.
func (p *Pyramid) SetMask(mask []byte, w, h int) {
	if mask == nil {
		return
	}
	for l := range p.Levels {
		p.Levels[l].setMask(mask, w, h, l)
	}
	o := &p.Overview
	o.Mask = make([]byte, len(o.V))
	p.Skip.masked = make([]bool, p.Skip.w*p.Skip.h)
	for y := range o.H {
		for x := range o.W {
			if CellMasked(mask, w, h, x, y) {
				o.Mask[o.At(x, y)] = 1
				p.Skip.masked[y*o.W+x] = true
			}
		}
	}
}

// setMask takes every 2^lg-th sample of a mask in both directions, as load does of samples.
func (l *Level) setMask(mask []byte, w, h, lg int) {
	l.Mask = make([]byte, len(l.V))
	for y := range l.H {
		row := l.Mask[l.At(0, y):][:l.W]
		from := mask[min(y<<lg, h-1)*w:][:w]
		for x := range row {
			row[x] = from[min(x<<lg, w-1)]
		}
	}
}

// CellMasked tells whether no sample of a cell is coded. A cell beyond the plane is the one
// at its edge.
func CellMasked(mask []byte, w, h, x, y int) bool {
	x0, y0 := min(x<<Base, (w-1)>>Base<<Base), min(y<<Base, (h-1)>>Base<<Base)
	for j := y0; j < min(y0+1<<Base, h); j++ {
		for _, m := range mask[j*w+x0 : j*w+min(x0+1<<Base, w)] {
			if m == 0 {
				return false
			}
		}
	}
	return true
}

// Runs visits the runs of the n samples of row y of a pass on a level, from column x0 on,
// that are coded.
func (p *Pyramid) Runs(lev, x0, y, n int, f func(start, end int)) {
	l := &p.Levels[lev]
	if l.Mask == nil {
		p.Skip.Runs(lev, x0, y, n, f)
		return
	}
	mask := l.Mask[l.At(x0, y):]
	p.Skip.Runs(lev, x0, y, n, func(start, end int) { runs(mask, 2, start, end, f) })
}

// GridRuns visits the runs of row y of the grid that are coded.
func (p *Pyramid) GridRuns(y int, f func(start, end int)) {
	l := &p.Levels[Base]
	if l.Mask == nil {
		f(0, l.W)
		return
	}
	runs(l.Mask[l.At(0, y):], 1, 0, l.W, f)
}

// runs visits the runs of samples from start to end whose mask, every step-th of it, is 0.
func runs(mask []byte, step, start, end int, f func(start, end int)) {
	for k := start; k < end; {
		for k < end && mask[k*step] != 0 {
			k++
		}
		first := k
		for k < end && mask[k*step] == 0 {
			k++
		}
		if k > first {
			f(first, k)
		}
	}
}

// Coded is the number of samples that are coded.
func (p *Pyramid) Coded() int {
	l := &p.Levels[0]
	n := p.W * p.H
	if l.Mask == nil {
		return n
	}
	for y := range l.H {
		for _, m := range l.Mask[l.At(0, y):][:l.W] {
			if m != 0 {
				n--
			}
		}
	}
	return n
}

// Sparse tells whether samples of a row may be without a residual of their own.
func (p *Pyramid) Sparse(lev int) bool { return p.Skip.Any || p.Levels[lev].Mask != nil }

// SetCells is SetMask where only the overview is wanted: cells of w×h are not coded where
// mask is not 0.
func (p *Pyramid) SetCells(mask []byte, w, h int) {
	if mask == nil {
		return
	}
	o := &p.Overview
	o.Mask = make([]byte, len(o.V))
	for y := range o.H {
		for x := range o.W {
			o.Mask[o.At(x, y)] = mask[min(y, h-1)*w+min(x, w-1)]
		}
	}
}
