package transform

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

// Restoring returns a decoder of tiles that say how strongly they are restored.
func (d *Decoder) Restoring() *Decoder {
	restoring := *d
	restoring.restoration = newRestoration(int(d.step))
	return &restoring
}

// Guiding returns a decoder of tiles that say how much luma guides chroma.
func (d *Decoder) Guiding() *Decoder {
	guiding := *d
	guiding.guides = true
	return &guiding
}

// Restore gives the samples rects[i] of planes that Filter has gone over, all on multiples of
// blocks where they begin, restored. Planes that are not restored are shared.
func (d *Decoder) Restore(ctx context.Context, workers int, planes []chroma.Plane, grids []Grid, rects []image.Rectangle) ([]chroma.Plane, error) {
	out := make([]chroma.Plane, len(planes))
	var scratch parallel.Pool[window]
	for i, rect := range rects {
		if d.planes[i].Alpha || d.restoration == nil {
			out[i] = planes[i]
			out[i].W, out[i].H = rect.Dx(), rect.Dy()
			out[i].Pix = out[i].Pix[rect.Min.Y*out[i].Stride+rect.Min.X:]
			continue
		}
		out[i] = chroma.NewPlane(rect.Dx(), rect.Dy())
		p := restorer{d.restoration, &planes[i], &planes[0], &grids[i], d.planes[i], &out[i], rect.Min}
		across, down := (rect.Dx()+windowSide-1)/windowSide, (rect.Dy()+windowSide-1)/windowSide
		err := parallel.For(ctx, workers, across*down, func(k int) error {
			w := scratch.Get()
			defer scratch.Put(w)
			p.restore(w, k%across*windowSide, k/across*windowSide)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// guideOf is the guide of chroma of planes that begin at sample at of the grids'.
func guideOf(planes []chroma.Plane, grids []Grid, step int, at image.Point) *chroma.Guide {
	return chroma.NewGuide(planes, step, func(plane, x, y int) int32 {
		g := &grids[1+plane]
		return guideWeights[g.of[(at.Y+y)/cell*g.w+(at.X+x)/cell].guide]
	})
}

// restorer restores a part of a plane.
type restorer struct {
	restoration *restoration
	src, luma   *chroma.Plane
	grid        *Grid
	plane       Plane
	dst         *chroma.Plane
	at          image.Point // of dst in src
}

// restore restores the window that begins at (x,y) of dst.
func (p *restorer) restore(w *window, x, y int) {
	width, height := min(windowSide, wholeBlocks(p.dst.W)-x), min(windowSide, wholeBlocks(p.dst.H)-y)
	for j := range height {
		copy(p.dst.Pix[(y+j)*p.dst.Stride+x:][:width], p.src.Pix[(p.at.Y+y+j)*p.src.Stride+p.at.X+x:])
	}
	if !p.any(p.at.X+x, p.at.Y+y, width, height) {
		return
	}
	w.take(p.src, p.luma, p.plane, p.at.X+x, p.at.Y+y)
	w.classify(p.restoration.step, width/block, height/block)
	var sums [block * block]int32
	for by := range height / block {
		for bx := range width / block {
			strength := strengths[p.strength(p.at.X+x+block*bx, p.at.Y+y+block*by)]
			if strength == 0 || w.class[by][bx] < 0 {
				continue
			}
			p.restoration.sums(&sums, w, bx, by)
			addSums(p.dst.Pix[(y+block*by)*p.dst.Stride+x+block*bx:], p.dst.Stride, &sums, strength)
		}
	}
}

// wholeBlocks rounds a number of samples up to whole blocks.
func wholeBlocks(n int) int { return (n + block - 1) &^ (block - 1) }

// strength is the number of the strength at a sample.
func (p *restorer) strength(x, y int) uint8 { return p.grid.of[y/cell*p.grid.w+x/cell].strength }

// any tells whether any of some samples are restored.
func (p *restorer) any(x, y, width, height int) bool {
	for j := y / cell; j <= (y+height-1)/cell; j++ {
		for i := x / cell; i <= (x+width-1)/cell; i++ {
			if p.grid.of[j*p.grid.w+i].strength != 0 {
				return true
			}
		}
	}
	return false
}

// addSums adds sums to a block, in rows stride apart.
func addSums(dst []uint16, stride int, sums *[block * block]int32, strength int32) {
	for j := range block {
		row := dst[j*stride:][:block]
		for i := range row {
			row[i] = restored(row[i], sums[block*j+i], strength)
		}
	}
}

// restored is a sample with a sum in 1/1024 and a strength in 1/16.
func restored(v uint16, sum, strength int32) uint16 {
	return clampSample(int32(v) + (sum*strength+1<<13)>>14)
}
