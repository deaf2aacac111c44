package transform

import (
	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

// memory is what windows work in, one after the other: pieces of it are given in the order in which each
// asks for them, which is the same for all windows of a decoder.
type memory struct {
	spare   int // rows that planes of windows to come may have besides: the first one has none above it
	samples pieces[uint16]
	ends    pieces[int8]
	traits  pieces[trait]
	calm    pieces[bool]
	means   pieces[int32]
	betas   pieces[int16]
	guide   *chroma.Guide
	bands   parallel.Pool[restoreScratch]
}

// again is the memory of a window that is finished, for the next.
func (m *memory) again() *memory {
	m.samples.given, m.ends.given, m.traits.given, m.calm.given, m.means.given, m.betas.given = 0, 0, 0, 0, 0, 0
	return m
}

// plane is a plane of w×h samples that are whatever was there.
func (m *memory) plane(w, h int) chroma.Plane {
	stride := chroma.PadUp(w)
	n := stride * chroma.PadUp(h)
	return chroma.Plane{W: w, H: h, Stride: stride, Pix: m.samples.roomy(n, n+stride*m.spare)}
}

// grid is newGrid of cells that are whatever was there.
func (m *memory) grid(w, h, level int) Grid {
	g := Grid{w: w, h: h, ends: m.ends.piece(w * h)}
	if level == 0 {
		g.of = m.traits.piece(w * h)
	}
	return g
}

// pieces are slices of memory.
type pieces[T any] struct {
	all   [][]T
	given int
}

// piece is the next one, of n elements that are whatever was there.
func (p *pieces[T]) piece(n int) []T { return p.roomy(n, n) }

// roomy is a piece of n elements with room for more, where it is new.
func (p *pieces[T]) roomy(n, room int) []T {
	if p.given == len(p.all) {
		p.all = append(p.all, nil)
	}
	s := &p.all[p.given]
	p.given++
	if cap(*s) < n {
		*s = make([]T, room)
	}
	return (*s)[:n]
}
