package linear

import (
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
)

// Offsets of the taps of each pass, the four nearest first.
var Offsets = [interlace.Passes][Neighbours][2]int{
	interlace.PassA: {
		{-1, -1}, {1, -1}, {-1, 1}, {1, 1},
		{-3, -1}, {-3, 1}, {3, -1}, {3, 1}, {-1, -3}, {1, -3}, {-1, 3}, {1, 3},
	},
	interlace.PassB0: {
		{-1, 0}, {1, 0}, {0, -1}, {0, 1},
		{-2, -1}, {2, -1}, {-2, 1}, {2, 1}, {-1, -2}, {1, -2}, {-1, 2}, {1, 2},
	},
	interlace.PassB1: {
		{-1, 0}, {1, 0}, {0, -1}, {0, 1},
		{-1, -1}, {1, -1}, {-1, 1}, {1, 1}, {-2, -1}, {2, -1}, {-2, 1}, {2, 1},
	},
}

// energies are e1 and e2 as predictRow finds them.
func energies(t *[taps]int32, ps interlace.Pass) (e1, e2 int32) {
	switch ps {
	case interlace.PassA:
		e1 = 4*arith.AbsDiff(t[0], t[3]) + arith.AbsDiff(t[4], t[2]) + arith.AbsDiff(t[1], t[7]) + arith.AbsDiff(t[8], t[1]) + arith.AbsDiff(t[2], t[11])
		e2 = 4*arith.AbsDiff(t[1], t[2]) + arith.AbsDiff(t[6], t[3]) + arith.AbsDiff(t[0], t[5]) + arith.AbsDiff(t[9], t[0]) + arith.AbsDiff(t[3], t[10])
	case interlace.PassB0:
		e1 = 2*arith.AbsDiff(t[0], t[1]) + arith.AbsDiff(t[4], t[2]) + arith.AbsDiff(t[3], t[7])
		e2 = 2*arith.AbsDiff(t[2], t[3]) + arith.AbsDiff(t[8], t[0]) + arith.AbsDiff(t[1], t[11])
	default:
		e1 = 2*arith.AbsDiff(t[0], t[1]) + arith.AbsDiff(t[4], t[2]) + arith.AbsDiff(t[2], t[5]) + arith.AbsDiff(t[6], t[3]) + arith.AbsDiff(t[3], t[7])
		e2 = 2*arith.AbsDiff(t[2], t[3]) + arith.AbsDiff(t[4], t[0]) + arith.AbsDiff(t[0], t[6]) + arith.AbsDiff(t[5], t[1]) + arith.AbsDiff(t[1], t[7])
	}
	return e1, e2
}

// meanTap is the mean of the cell that a sample of level Base-1 is the centre
// of, or of the two cells beside it.
func (p *Predictor) meanTap(ps interlace.Pass, x, y int) int32 {
	m := &p.Overview
	i := m.At(x>>1, y>>1)
	v := int64(m.V[i])
	switch {
	case ps == interlace.PassB0 && y > 0:
		v = (v + int64(m.V[i-m.Stride])) >> 1
	case ps == interlace.PassB1 && x > 0:
		v = (v + int64(m.V[i-1])) >> 1
	}
	return int32(v)
}

// terms reads a sample, its taps and energies; used is the number of taps.
func (p *Predictor) terms(t *[taps]int32, lev int, ps interlace.Pass, x, y int) (v, e1, e2 int32, used int) {
	l := &p.Levels[lev]
	i := l.At(x, y)
	for k, o := range Offsets[ps] {
		t[k] = l.V[i+o[1]*l.Stride+o[0]]
	}
	used = Neighbours
	if lev == interlace.Base-1 {
		t[Neighbours], used = p.meanTap(ps, x, y), taps
	}
	e1, e2 = energies(t, ps)
	return l.V[i], e1, e2, used
}

// ownTerms are the sums of the level's own residuals around the sample at index i that
// are terms.
func ownTerms(l *interlace.Level, ps interlace.Pass, i int) (above, corners, near int32) {
	q, s := l.Q, l.Stride
	switch ps {
	case interlace.PassB0:
		near = q[i-s] + q[i+s]
	case interlace.PassB1:
		near = q[i-s-1] + q[i-s+1] + q[i+s-1] + q[i+s+1]
	}
	return q[i-2*s], q[i-2*s-2] + q[i-2*s+2], near
}

// A texture is a class of the energies of a sample's neighbourhood: 0 and 1, 6
// and 7 say that one direction has less, the others in between how much both have.
const (
	textures   = 8
	firstFlat  = 2
	lastFlat   = 5
	Directions = textures - (lastFlat - firstFlat)
)

// The sums of both energies below which textures without a direction differ.
const (
	flat1 = 12
	flat2 = 32
	flat3 = 80
)

// leastEnergy is what one direction's energy has more than 4/3 of the other's by, in
// thirds, where it counts as larger; twice that where it counts as much larger.
const leastEnergy = 16

// textureOf compares the energy e1 along the first direction (the falling
// diagonal, or the horizontal) with e2 along the second.
func textureOf(e1, e2 int32) int32 {
	d := direction(e1, e2)
	if d > firstFlat {
		return d + lastFlat - firstFlat
	}
	if d < firstFlat {
		return d
	}
	switch e := e1 + e2; {
	case e < flat1:
		return firstFlat
	case e < flat2:
		return firstFlat + 1
	case e < flat3:
		return firstFlat + 2
	}
	return lastFlat
}

func direction(e1, e2 int32) int32 {
	d := int32(firstFlat)
	if 3*e1 >= 4*e2+leastEnergy {
		d++
	}
	if 3*e1 >= 2*(4*e2+leastEnergy) {
		d++
	}
	if 3*e2 >= 4*e1+leastEnergy {
		d--
	}
	if 3*e2 >= 2*(4*e1+leastEnergy) {
		d--
	}
	return d
}

// directionOf is the direction of a texture, 0 to Directions-1.
func directionOf(texture int32) int {
	return int(texture - min(max(texture-firstFlat, 0), lastFlat-firstFlat))
}
