package predictive

import (
	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/raster"
)

// maskBand is the band of a raster that tells where the others count, from 1 on: the last of
// alpha, if it is a mask. It is coded without loss, and means of other bands are
// of the samples beside which it is not 0. Where there is no such band it is 0.
func maskBand(f *raster.Format) int {
	for i := len(f.Bands) - 1; i >= 0; i-- {
		switch b := &f.Bands[i]; {
		case b.Mask():
			return i + 1
		case b.Role == raster.Alpha:
			return 0
		}
	}
	return 0
}

// weights are 1 where the samples of a tile count and 0 elsewhere, and the plane that tells,
// or nil where all of them do, or none.
func (t *rasterTile) weights() (mask int, weights *Plane) {
	for i, b := range t.plan.order {
		if b != t.plan.mask-1 {
			continue
		}
		classes := t.head.planes[i].classes
		for _, c := range t.without {
			if c.plane == i {
				classes = c.classes
			}
		}
		return i, t.countingOf(classes, t.plan.bands[b].classes)
	}
	return 0, nil
}

// countingOf are the weights of samples of some classes of a mask.
func (t *rasterTile) countingOf(samples []byte, classes []class) *Plane {
	if samples == nil {
		return nil
	}
	p := NewPlane(t.head.w, t.head.h)
	n := 0
	for k, c := range samples {
		if c == 0 || !classes[c-1].noData {
			p.Pix[k] = 1
			n++
		}
	}
	if n == 0 || n == len(samples) {
		return nil
	}
	return &p
}

// visible is a plane with the samples masked that have no weight, but for cells that have
// no others.
func visible(p Plane, weights *Plane) *Plane {
	if weights == nil {
		return &p
	}
	mask := make([]byte, len(p.Pix))
	for k := range mask {
		if weights.Pix[k] == 0 || p.Mask != nil && p.Mask[k] != 0 {
			mask[k] = 1
		}
	}
	cw := interlace.Cells(p.W, interlace.Base)
	for i := range cw * interlace.Cells(p.H, interlace.Base) {
		if x, y := i%cw, i/cw; interlace.CellMasked(mask, p.W, p.H, x, y) {
			unmask(mask, p, x<<interlace.Base, y<<interlace.Base)
		}
	}
	p.Mask = mask
	return &p
}

// unmask gives the samples of the cell at (x,y) the mask that they have in a plane.
func unmask(mask []byte, p Plane, x, y int) {
	for j := y; j < min(y+1<<interlace.Base, p.H); j++ {
		for k := j*p.W + x; k < j*p.W+min(x+1<<interlace.Base, p.W); k++ {
			mask[k] = 0
			if p.Mask != nil {
				mask[k] = p.Mask[k]
			}
		}
	}
}
