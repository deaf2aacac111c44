package gpu

import (
	"image"

	"github.com/qtgpu/qtgpu/tree"
)

// maxBlock bounds a buffer whatever the device allows: offsets fit 31 bits, and
// the device's memory has room for other programs.
const maxBlock = 1 << 30

// split is the way a raster of w×h is cut into windows that fit the device. Their
// side is 2^level, less where the raster ends, so each holds whole nodes up to
// that level.
type split struct{ w, h, level int }

// leastLevel is the level of the smallest window: one block of a plane at half the
// resolution.
const leastLevel = 6

// newSplit finds the largest level for which a window fits.
func newSplit(w, h int, fits func(w, h int) bool) split {
	level := leastLevel
	for 1<<level < max(w, h) {
		level++
	}
	for level > leastLevel && !fits(min(w, 1<<level), min(h, 1<<level)) {
		level--
	}
	return split{w, h, level}
}

// windows are the windows of the raster, row by row.
func (s split) windows() []image.Rectangle {
	side := 1 << s.level
	var list []image.Rectangle
	for y := 0; y < s.h; y += side {
		for x := 0; x < s.w; x += side {
			list = append(list, image.Rect(x, y, min(x+side, s.w), min(y+side, s.h)))
		}
	}
	return list
}

// whole tells whether there is only one window.
func (s split) whole() bool { return max(s.w, s.h) <= 1<<s.level }

// levels are the consecutive levels of a pyramid that lie in one buffer.
type levels struct {
	from  int
	grids []grid
	total int // nodes
}

// grid is one level: w×h nodes, beginning at node first of the buffer.
type grid struct{ w, h, first int }

// newLevels are the levels of w×h samples, from one to another.
func newLevels(w, h, from, to int) levels {
	l := levels{from: from}
	for level := from; level <= to; level++ {
		g := grid{w: (w-1)>>level + 1, h: (h-1)>>level + 1, first: l.total}
		l.grids = append(l.grids, g)
		l.total += g.w * g.h
	}
	return l
}

// nodeBytes is what a node takes: two pairs of words and one word.
const nodeBytes = 20

// bytes is the size of the buffer.
func (l *levels) bytes() int { return l.total * nodeBytes }

// top is the last level.
func (l *levels) top() int { return l.from + len(l.grids) - 1 }

// rowSamples is w rounded up to whole vectors of the shader's.
func rowSamples(w int) int { return (w + 1<<tree.Base - 1) &^ (1<<tree.Base - 1) }
