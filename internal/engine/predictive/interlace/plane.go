// Package interlace holds planes in the order in which the predictive engine codes
// them (FORMAT.md, "Prediction"): the overview, the grid of every eighth sample,
// and three levels, each of which three passes complete from the one above.
package interlace

import (
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/hugepages"
)

// Base is the level of the grid and of the overview: cells of 8×8 samples.
const Base = 3

// MinSide is the least side of a coded plane: below it, a level might have a
// single row or column and a tap no sample of its own pass.
const MinSide = 2 << Base

// SampleBytes is about the memory that a decoder needs for a sample of a tile: two
// numbers on each level of a plane, and the plane itself.
const SampleBytes = 2*4*4/3 + 4

// Plane is one component of a tile, W×H samples.
type Plane struct {
	W, H int
	Pix  []int32
	Mask []byte // not 0 where a sample is not coded; nil where all are
}

// NewPlane returns a plane of zeros.
func NewPlane(w, h int) Plane { return Plane{W: w, H: h, Pix: hugepages.Make[int32](w * h)} }

// Planes returns n planes of w×h samples of any value, in the memory of old ones where these are
// as large.
func Planes(old []Plane, n, w, h int) []Plane {
	planes := make([]Plane, n)
	for i := range planes {
		if i < len(old) && cap(old[i].Pix) >= w*h {
			planes[i] = Plane{W: w, H: h, Pix: old[i].Pix[:w*h]}
		} else {
			planes[i] = NewPlane(w, h)
		}
	}
	return planes
}

// Cells is the number of cells of 2^l samples that cover n samples.
func Cells(n, l int) int { return (n + 1<<l - 1) >> l }

// Overview holds the means of the plane's cells, of the samples that are coded; weights,
// if there are any, are another plane, and count nowhere where all of a cell are 0.
func (p *Plane) Overview(weights *Plane) Plane {
	out := NewPlane(Cells(p.W, Base), Cells(p.H, Base))
	for i := range out.Pix {
		x, y := i%out.W<<Base, i/out.W<<Base
		out.Pix[i] = p.mean(x, y)
		if weights != nil {
			out.Pix[i] = p.weightedMean(weights, x, y, out.Pix[i])
		}
	}
	return out
}

// OverviewBy is Overview with another mean of the samples of a cell that are coded.
func (p *Plane) OverviewBy(mean func(samples []int32) int32) Plane {
	out := NewPlane(Cells(p.W, Base), Cells(p.H, Base))
	samples := make([]int32, 0, 1<<(2*Base))
	for i := range out.Pix {
		x, y := i%out.W<<Base, i/out.W<<Base
		samples = samples[:0]
		for j := y; j < min(y+1<<Base, p.H); j++ {
			for k := j*p.W + x; k < j*p.W+min(x+1<<Base, p.W); k++ {
				if !p.masked(k) {
					samples = append(samples, p.Pix[k])
				}
			}
		}
		out.Pix[i] = mean(samples)
	}
	return out
}

// weightedMean is the mean of the cell at (x,y) by not negative weights, halves
// rounded up, or plain where these are all 0.
func (p *Plane) weightedMean(weights *Plane, x, y int, plain int32) int32 {
	w, h := min(1<<Base, p.W-x), min(1<<Base, p.H-y)
	s, n := int64(0), int64(0)
	for j := range h {
		at := (y+j)*p.W + x
		of := weights.Pix[at:][:w]
		for i, v := range p.Pix[at:][:w] {
			if p.masked(at + i) {
				continue
			}
			s += int64(v) * int64(of[i])
			n += int64(of[i])
		}
	}
	if n == 0 {
		return plain
	}
	return int32(arith.FloorDiv(2*s+n, 2*n))
}

func (p *Plane) masked(i int) bool { return p.Mask != nil && p.Mask[i] != 0 }

// mean is the mean of the cell at (x,y), clipped to the plane, halves rounded up; 0 where
// no sample of it is coded.
func (p *Plane) mean(x, y int) int32 {
	if p.Mask != nil {
		return p.maskedMean(x, y)
	}
	w, h := min(1<<Base, p.W-x), min(1<<Base, p.H-y)
	s := int64(0)
	for j := range h {
		row := p.Pix[(y+j)*p.W+x:][:w]
		if w == 1<<Base {
			r := (*[1 << Base]int32)(row)
			s += int64(r[0]) + int64(r[1]) + int64(r[2]) + int64(r[3]) + int64(r[4]) + int64(r[5]) + int64(r[6]) + int64(r[7])
			continue
		}
		for _, v := range row {
			s += int64(v)
		}
	}
	n := int64(w * h)
	return int32(arith.FloorDiv(2*s+n, 2*n))
}
