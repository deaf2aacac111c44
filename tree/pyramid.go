// Package tree builds the quadtree of a plane from the statistics of its nodes.
package tree

import (
	"math/bits"

	"github.com/qtgpu/qtgpu/internal/hugepages"
)

const (
	// Base is the lowest level of a pyramid: its nodes are 8×8 samples, the
	// smallest leaf. A node of level l is 2^l × 2^l samples.
	Base = 3
	// MaxSamples is the largest plane a pyramid may stand on. Up to it no field
	// overflows: Sum ≤ 2^32·(2^16-1) < 2^48 and SumSq ≤ 2^32·(2^16-1)² < 2^64.
	MaxSamples = 1 << 32
)

// Level holds the statistics of the nodes of one level, W×H of them, row-major.
type Level struct {
	W, H     int
	Sum      []uint64 // of the samples
	SumSq    []uint64 // of their squares
	Min, Max []uint16
}

// Pyramid holds the exact statistics of a plane of W×H samples. Levels[0] is
// level Base; the last level is the first of a single node. Level l has
// ceil(W/2^l) × ceil(H/2^l) nodes; those at the right and bottom edges are
// clipped to the plane and cover only the samples inside.
type Pyramid struct {
	W, H   int
	Levels []Level
}

// NewPyramid returns a pyramid for w×h samples, both at least 1 and their
// product at most MaxSamples, with all levels allocated and zero.
func NewPyramid(w, h int) Pyramid { return new(Pyramid).Renewed(w, h) }

// Renewed is NewPyramid of statistics that are whatever was there, in the memory of p as far as that is enough.
func (p *Pyramid) Renewed(w, h int) Pyramid {
	q := Pyramid{W: w, H: h, Levels: p.Levels[:0]}
	for l := Base; ; l++ {
		var of Level
		if i := len(q.Levels); i < cap(q.Levels) {
			of = q.Levels[:i+1][i]
		}
		lw, lh := nodes(w, l), nodes(h, l)
		q.Levels = append(q.Levels, of.renewed(lw, lh))
		if lw == 1 && lh == 1 {
			return q
		}
	}
}

// nodes is the number of nodes of level l along n samples.
func nodes(n, l int) int { return (n-1)>>l + 1 }

// renewed is a level of w×h nodes, in memory as Renewed says.
func (l *Level) renewed(w, h int) Level {
	n := w * h
	return Level{W: w, H: h, Sum: hugepages.Sized(l.Sum, n), SumSq: hugepages.Sized(l.SumSq, n), Min: hugepages.Sized(l.Min, n), Max: hugepages.Sized(l.Max, n)}
}

// Top is the level of the single node.
func (p *Pyramid) Top() int { return Base + len(p.Levels) - 1 }

// At returns a level, Base ≤ level ≤ Top.
func (p *Pyramid) At(level int) *Level { return &p.Levels[level-Base] }

// Count is the number of samples that node (x,y) of a level covers.
func (p *Pyramid) Count(level, x, y int) uint64 {
	w := min(1<<level, p.W-x<<level)
	h := min(1<<level, p.H-y<<level)
	return uint64(w) * uint64(h)
}

// ScaledVariance returns n·sumSq − sum², that is n² times the variance of n
// samples, in 128 bits: below 2^94 for any node of a Pyramid. For nodes of at
// most 2^16 samples, hi is 0.
func ScaledVariance(n, sum, sumSq uint64) (hi, lo uint64) {
	qHi, qLo := bits.Mul64(n, sumSq)
	sHi, sLo := bits.Mul64(sum, sum)
	lo, borrow := bits.Sub64(qLo, sLo, 0)
	hi, _ = bits.Sub64(qHi, sHi, borrow)
	return hi, lo
}

// Variance returns the variance of n samples, n at least 1, rounded down; at
// most 2^30 for 16-bit samples.
func Variance(n, sum, sumSq uint64) uint64 {
	hi, lo := ScaledVariance(n, sum, sumSq)
	// hi < n, for the scaled variance is at most n·sumSq with sumSq < 2^64.
	q, _ := bits.Div64(hi, lo, n)
	return q / n
}
