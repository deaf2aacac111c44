package predictive

// Base is the level of the grid and of the means: cells of 8×8 samples.
const Base = 3

// minSide is the least side of a coded plane: below it, a level might have a
// single row or column and a tap no sample of its own pass.
const minSide = 2 << Base

// SampleBytes is about the memory that a decoder needs for a sample of a tile: two
// numbers on each level of a plane, and the plane itself.
const SampleBytes = 2*4*4/3 + 4

// Plane is one component of a tile, W×H samples.
type Plane struct {
	W, H int
	Pix  []int32
}

// NewPlane returns a plane of zeros.
func NewPlane(w, h int) Plane { return Plane{w, h, make([]int32, w*h)} }

// Planes returns n planes of w×h samples of any value: old, if it is such.
func Planes(old []Plane, n, w, h int) []Plane {
	if len(old) == n && old[0].W == w && old[0].H == h {
		return old
	}
	planes := make([]Plane, n)
	for i := range planes {
		planes[i] = NewPlane(w, h)
	}
	return planes
}

// margin is the reach of the taps beyond a level's edges.
const margin = 3

// level holds every 2^l-th sample of a plane in both directions, with a margin
// that repeats samples of the same parity, so that a tap outside finds a
// sample of its own pass.
type level struct {
	w, h, stride int
	v            []int32 // samples
	q            []int32 // their residuals, in steps, 0 in the margin
}

// reset prepares a level for w×h samples. Margins of q stay 0, and no sample or
// residual is read before it is written: one of the same size is left as it is.
func (l *level) reset(w, h int) {
	if l.w == w && l.h == h {
		return
	}
	l.w, l.h, l.stride = w, h, w+2*margin
	n := l.stride * (h + 2*margin)
	if room := n + 2*vectorLen; cap(l.v) < room {
		l.v, l.q = make([]int32, n, room), make([]int32, n, room)
	}
	l.v, l.q = l.v[:n], l.q[:n]
	clear(l.v)
	clear(l.q)
}

// at is the index of a sample.
func (l *level) at(x, y int) int { return (y+margin)*l.stride + x + margin }

// within moves a coordinate to one of the same parity in [0,n), n ≥ 2.
func within(x, n int) int {
	for x < 0 {
		x += 2
	}
	for x >= n {
		x -= 2
	}
	return x
}

// extend fills the margin from the samples.
func (l *level) extend() {
	for y := range l.h {
		row := l.row(y)
		for m := 1; m <= margin; m++ {
			row[margin-m] = row[margin+within(-m, l.w)]
			row[margin+l.w-1+m] = row[margin+within(l.w-1+m, l.w)]
		}
	}
	for m := 1; m <= margin; m++ {
		copy(l.row(-m), l.row(within(-m, l.h)))
		copy(l.row(l.h-1+m), l.row(within(l.h-1+m, l.h)))
	}
}

// row is row y with its margins.
func (l *level) row(y int) []int32 {
	i := (y + margin) * l.stride
	return l.v[i : i+l.stride]
}

// pyramid is a plane while it is coded.
type pyramid struct {
	w, h int   // padded to minSide
	step int32 // 2·bound + 1
	wide bool  // samples of more than 16 bits
	limits
	meanStep int32 // at least step
	means    level
	levels   [Base + 1]level
	zero     zeroTree
	rows     rows
}

func cells(n, l int) int { return (n + 1<<l - 1) >> l }

func (p *pyramid) reset(w, h int) {
	p.w, p.h = max(w, minSide), max(h, minSide)
	p.means.reset(cells(p.w, Base), cells(p.h, Base))
	for l := range p.levels {
		p.levels[l].reset(cells(p.w, l), cells(p.h, l))
	}
	p.zero.reset(p.means.w, p.means.h)
	p.rows.reset(p.w)
}

// load fills all levels from a plane and its means, repeating the last row and
// column where it is smaller than minSide.
func (p *pyramid) load(src, means *Plane) {
	p.reset(src.W, src.H)
	for l := range p.levels {
		lv := &p.levels[l]
		for y := range lv.h {
			row := lv.v[lv.at(0, y):][:lv.w]
			from := src.Pix[min(y<<l, src.H-1)*src.W:][:src.W]
			for x := range row {
				row[x] = from[min(x<<l, src.W-1)]
			}
		}
	}
	for y := range p.means.h {
		row := p.means.v[p.means.at(0, y):][:p.means.w]
		from := means.Pix[min(y, means.H-1)*means.W:][:means.W]
		for x := range row {
			row[x] = from[min(x, means.W-1)]
		}
	}
}

// means are the means of the plane's cells; weights, if there are any, are another
// plane, and count nowhere where all of a cell are 0.
func (p *Plane) means(weights *Plane) Plane {
	out := NewPlane(cells(p.W, Base), cells(p.H, Base))
	for i := range out.Pix {
		x, y := i%out.W<<Base, i/out.W<<Base
		out.Pix[i] = p.mean(x, y)
		if weights != nil {
			out.Pix[i] = p.weightedMean(weights, x, y, out.Pix[i])
		}
	}
	return out
}

// weightedMean is the mean of the cell at (x,y) by not negative weights, halves
// rounded up, or plain where these are all 0.
func (p *Plane) weightedMean(weights *Plane, x, y int, plain int32) int32 {
	w, h := min(1<<Base, p.W-x), min(1<<Base, p.H-y)
	s, n := int64(0), int64(0)
	for j := range h {
		of := weights.Pix[(y+j)*p.W+x:][:w]
		for i, v := range p.Pix[(y+j)*p.W+x:][:w] {
			s += int64(v) * int64(of[i])
			n += int64(of[i])
		}
	}
	if n == 0 {
		return plain
	}
	return int32(floorDiv(2*s+n, 2*n))
}

// mean is the mean of the cell at (x,y), clipped to the plane, halves rounded up.
func (p *Plane) mean(x, y int) int32 {
	w, h := min(1<<Base, p.W-x), min(1<<Base, p.H-y)
	s := int64(0)
	for j := range h {
		for _, v := range p.Pix[(y+j)*p.W+x:][:w] {
			s += int64(v)
		}
	}
	n := int64(w * h)
	return int32(floorDiv(2*s+n, 2*n))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// store writes level 0 to a plane.
func (p *pyramid) store(dst *Plane) {
	l := &p.levels[0]
	for y := range dst.H {
		copy(dst.Pix[y*dst.W:][:dst.W], l.v[l.at(0, y):])
	}
}

// descend copies a finished level to the even samples of the one below.
func (p *pyramid) descend(l int) {
	src, dst := &p.levels[l], &p.levels[l-1]
	for y := range src.h {
		row, to := src.v[src.at(0, y):][:src.w], dst.v[dst.at(0, 2*y):]
		for x, v := range row {
			to[2*x] = v
		}
	}
}

// pass is one of the three that complete a level: A fills odd columns of odd
// rows from the diagonals, B0 odd columns of even rows, B1 the rest.
type pass int

const (
	passA pass = iota
	passB0
	passB1
	passes
)

// origin is the first sample of a pass.
func (p pass) origin() (x, y int) {
	switch p {
	case passA:
		return 1, 1
	case passB0:
		return 1, 0
	}
	return 0, 1
}
