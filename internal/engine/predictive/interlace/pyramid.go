package interlace

import (
	"slices"

	"github.com/qtgpu/qtgpu/internal/hugepages"
)

// Pyramid is a plane while it is coded.
type Pyramid struct {
	W, H     int // padded to MinSide
	Overview Level
	Levels   [Base + 1]Level
	Skip     SkipMap
}

// Reset prepares a pyramid for a plane of w×h samples.
func (p *Pyramid) Reset(w, h int) {
	p.W, p.H = max(w, MinSide), max(h, MinSide)
	p.Overview.Reset(Cells(p.W, Base), Cells(p.H, Base))
	for l := range p.Levels {
		p.Levels[l].Reset(Cells(p.W, l), Cells(p.H, l))
	}
	p.Skip.reset(p.Overview.W, p.Overview.H)
}

// Load fills all levels from a plane and its overview, repeating the last row and
// column where it is smaller than MinSide.
func (p *Pyramid) Load(src, overview *Plane) {
	p.Reset(src.W, src.H)
	for l := range p.Levels {
		p.Levels[l].load(src, l)
	}
	p.Overview.load(overview, 0)
	p.SetMask(src.Mask, src.W, src.H)
}

// load takes every 2^lg-th sample of a plane in both directions.
func (l *Level) load(src *Plane, lg int) {
	for y := range l.H {
		row := l.V[l.At(0, y):][:l.W]
		from := src.Pix[min(y<<lg, src.H-1)*src.W:][:src.W]
		n := min(l.W, Cells(src.W, lg))
		if lg == 0 {
			copy(row, from)
		} else {
			for x := range row[:n] {
				row[x] = from[x<<lg]
			}
		}
		for x := n; x < l.W; x++ {
			row[x] = from[src.W-1]
		}
	}
}

// Store writes the samples of a level to a plane that is not larger.
func (l *Level) Store(dst *Plane) {
	for y := range dst.H {
		copy(dst.Pix[y*dst.W:][:dst.W], l.V[l.At(0, y):])
	}
}

// Descend copies a finished level to the even samples of the one below.
func (p *Pyramid) Descend(l int) {
	src, dst := &p.Levels[l], &p.Levels[l-1]
	for y := range src.H {
		row, to := src.V[src.At(0, y):][:src.W], dst.V[dst.At(0, 2*y):]
		for x, v := range row {
			to[2*x] = v
		}
	}
}

// Pass is one of the three that complete a level: A fills odd columns of odd
// rows from the diagonals, B0 odd columns of even rows, B1 the rest.
type Pass int

const (
	PassA Pass = iota
	PassB0
	PassB1
	Passes
)

// Origin is the first sample of a pass.
func (p Pass) Origin() (x, y int) {
	switch p {
	case PassA:
		return 1, 1
	case PassB0:
		return 1, 0
	}
	return 0, 1
}

// RowLen is the number of samples that a pass fills in a row of a level.
func (l *Level) RowLen(p Pass) int {
	x0, _ := p.Origin()
	return (l.W - x0 + 1) / 2
}

// EachRow visits the rows of a level in coding order: n samples, every second from
// (x0,y) on.
func (l *Level) EachRow(f func(p Pass, x0, y, n int)) {
	for p := range Passes {
		x0, y0 := p.Origin()
		for y := y0; y < l.H; y += 2 {
			f(p, x0, y, l.RowLen(p))
		}
	}
}

// FindSkips marks the cells without residuals, coarse levels first: of most images
// they leave no cell for the fine ones to look at.
func (p *Pyramid) FindSkips() {
	s := &p.Skip
	for i := range s.cell {
		s.cell[i] = true
	}
	for lev := Base - 1; lev >= 0 && slices.Contains(s.cell, true); lev-- {
		l := &p.Levels[lev]
		l.EachRow(func(ps Pass, x0, y, n int) {
			cell := s.cell[y>>(Base-lev)*s.w:][:s.w]
			if !slices.Contains(cell, true) {
				return
			}
			for k, q := 0, l.Q[l.At(x0, y):]; k < n; k++ {
				if q[2*k] != 0 {
					cell[(x0+2*k)>>(Base-lev)] = false
				}
			}
		})
	}
}

// Margin is the reach of the taps beyond a level's edges.
const Margin = 3

// Slack is the number of samples beyond the last of a level that may be read,
// whatever they are: the reach of a vector kernel.
const Slack = 16

// Level holds every 2^l-th sample of a plane in both directions, with a margin
// that repeats samples of the same parity, so that a tap outside finds a
// sample of its own pass.
type Level struct {
	W, H, Stride int
	V            []int32 // samples
	Q            []int32 // their residuals, in steps, 0 in the margin
	Mask         []byte  // not 0 where a sample is not coded, nil where all are
}

// Reset prepares a level for w×h samples. Margins of Q stay 0, and no sample or
// residual is read before it is written: one of the same size is left as it is.
func (l *Level) Reset(w, h int) {
	l.Mask = nil
	if l.W == w && l.H == h {
		return
	}
	l.W, l.H, l.Stride = w, h, w+2*Margin
	n := l.Stride * (h + 2*Margin)
	if room := n + Slack; cap(l.V) < room {
		l.V, l.Q = hugepages.Make[int32](room)[:n], hugepages.Make[int32](room)[:n]
		return
	}
	l.V, l.Q = l.V[:n], l.Q[:n]
	clear(l.V)
	clear(l.Q)
}

// At is the index of a sample.
func (l *Level) At(x, y int) int { return (y+Margin)*l.Stride + x + Margin }

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

// Extend fills the margin from the samples.
func (l *Level) Extend() {
	for y := range l.H {
		row := l.Row(y)
		for m := 1; m <= Margin; m++ {
			row[Margin-m] = row[Margin+within(-m, l.W)]
			row[Margin+l.W-1+m] = row[Margin+within(l.W-1+m, l.W)]
		}
	}
	for m := 1; m <= Margin; m++ {
		copy(l.Row(-m), l.Row(within(-m, l.H)))
		copy(l.Row(l.H-1+m), l.Row(within(l.H-1+m, l.H)))
	}
}

// Row is row y with its margins.
func (l *Level) Row(y int) []int32 {
	i := (y + Margin) * l.Stride
	return l.V[i : i+l.Stride]
}
