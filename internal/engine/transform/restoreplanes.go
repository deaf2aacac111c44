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
	restoring.restorations = new(restorations)
	return &restoring
}

// Guiding returns a decoder of tiles that say how much luma guides chroma.
func (d *Decoder) Guiding() *Decoder {
	guiding := *d
	guiding.guides = true
	return &guiding
}

// Restore restores the samples rects[i] of planes that Filter has gone over, and may restore some
// around them. Luma comes last: chroma is restored by what it was.
func (d *Decoder) Restore(ctx context.Context, workers int, planes []chroma.Plane, grids []Grid, rects []image.Rectangle) error {
	return d.restore(ctx, workers, new(memory), planes, grids, rects)
}

// restore is Restore in memory.
func (d *Decoder) restore(ctx context.Context, workers int, m *memory, planes []chroma.Plane, grids []Grid, rects []image.Rectangle) error {
	var others, luma restorers
	for i, p := range d.planes {
		if p.Alpha || rects[i].Empty() {
			continue
		}
		r := newRestorer(m, d.restorations, d.steps[i], p, &planes[i], &planes[0], &grids[i], rects[i])
		if i == 0 {
			luma = restorers{r}
		} else {
			others = append(others, r)
		}
	}
	if err := others.run(ctx, workers, &m.bands); err != nil {
		return err
	}
	return luma.run(ctx, workers, &m.bands)
}

// restorers are of planes that are restored side by side.
type restorers []*restorer

// run restores all bands.
func (r restorers) run(ctx context.Context, workers int, scratch *parallel.Pool[restoreScratch]) error {
	bands := 0
	for _, one := range r {
		bands += one.bands()
	}
	return parallel.For(ctx, workers, bands, func(k int) error {
		s := scratch.Get()
		defer scratch.Put(s)
		i := 0
		for ; k >= r[i].bands(); i++ {
			k -= r[i].bands()
		}
		r[i].band(s, k)
		return nil
	})
}

// restorer restores a part of a plane in place, in bands of windows. What a band reads beyond its
// borders is saved before any band is restored.
type restorer struct {
	restorations *restorations
	steps        *steps
	def          Plane
	plane, luma  *chroma.Plane
	grid         *Grid
	rect         image.Rectangle // in whole blocks
	saved        []uint16        // windowRim rows above and below the top of each band
}

// restoreScratch is the memory of a band: its rows as they were, with windowRim more on both sides.
type restoreScratch struct {
	rows   []uint16
	window window
}

func newRestorer(m *memory, r *restorations, steps *steps, def Plane, p, luma *chroma.Plane, g *Grid, rect image.Rectangle) *restorer {
	rect.Min = image.Pt(rect.Min.X/block*block, rect.Min.Y/block*block)
	rect.Max = image.Pt(wholeBlocks(rect.Max.X), wholeBlocks(rect.Max.Y))
	s := &restorer{restorations: r, steps: steps, def: def, plane: p, luma: luma, grid: g, rect: rect}
	s.saved = m.samples.piece((s.bands() + 1) * 2 * windowRim * p.Stride)
	rows := s.saved
	for k := range s.bands() + 1 {
		y := min(rect.Min.Y+k*windowSide, rect.Max.Y)
		for j := y - windowRim; j < y+windowRim; j++ {
			rows = rows[copy(rows, rowOf(p, j)):]
		}
	}
	return s
}

// wholeBlocks rounds a number of samples up to whole blocks.
func wholeBlocks(n int) int { return (n + block - 1) &^ (block - 1) }

func (r *restorer) bands() int { return (r.rect.Dy() + windowSide - 1) / windowSide }

// band restores a band.
func (r *restorer) band(s *restoreScratch, k int) {
	top := r.rect.Min.Y + k*windowSide
	height := min(windowSide, r.rect.Max.Y-top)
	stride := r.plane.Stride
	if n := (height + 2*windowRim) * stride; cap(s.rows) < n {
		s.rows = make([]uint16, n)
	}
	const edge = 2 * windowRim
	rows := s.rows[:(height+2*windowRim)*stride]
	copy(rows, r.saved[k*edge*stride:][:edge*stride])
	copy(rows[edge*stride:], r.plane.Pix[(top+windowRim)*stride:][:max(height-edge, 0)*stride])
	copy(rows[height*stride:], r.saved[(k+1)*edge*stride:][:edge*stride])
	row := func(y int) []uint16 { return rows[(y-top+windowRim)*stride:][:stride] }
	for x := r.rect.Min.X; x < r.rect.Max.X; x += windowSide {
		if width := min(windowSide, r.rect.Max.X-x); r.any(x, top, width, height) {
			s.window.take(row, r.plane, r.luma, r.def, x, top, height)
			r.restore(&s.window, x, top, width, height)
		}
	}
}

// restore restores the samples of the window at (x,y).
func (r *restorer) restore(w *window, x, y, width, height int) {
	w.uses(r.restorations, r.steps, r.grid, x, y, width/block, height/block)
	w.classify(width/block, height/block)
	var sums [block * block]int32
	for by := range height / block {
		for bx := range width / block {
			strength := strengths[r.strength(x+block*bx, y+block*by)]
			if strength == 0 || w.class[by][bx] < 0 {
				continue
			}
			w.by[by][bx].sums(&sums, w, bx, by)
			addSums(r.plane.Pix[(y+block*by)*r.plane.Stride+x+block*bx:], r.plane.Stride, &sums, strength)
		}
	}
}

// strength is the number of the strength at a sample.
func (r *restorer) strength(x, y int) uint8 { return r.grid.of[y/cell*r.grid.w+x/cell].strength }

// any tells whether any of some samples are restored.
func (r *restorer) any(x, y, width, height int) bool {
	for j := y / cell; j <= (y+height-1)/cell; j++ {
		for i := x / cell; i <= (x+width-1)/cell; i++ {
			if r.grid.of[j*r.grid.w+i].strength != 0 {
				return true
			}
		}
	}
	return false
}

// addSums adds sums to a block, in rows stride apart.
func addSums(dst []uint16, stride int, sums *[block * block]int32, strength int32) {
	dst = dst[:(block-1)*stride+block]
	if vector {
		blockRestored(&dst[0], stride, sums, strength)
		return
	}
	genericAddSums(dst, stride, sums, strength)
}

func genericAddSums(dst []uint16, stride int, sums *[block * block]int32, strength int32) {
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
