package transform

import (
	"context"
	"encoding/binary"
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
	var groups []restorers
	for n := range planes {
		i := (n + 1) % len(planes)
		p := d.planes[i]
		if p.Alpha || rects[i].Empty() {
			continue
		}
		r := newRestorer(m, d.restorations, d.steps[i], p, &planes[i], &planes[0], &grids[i], rects[i])
		if k := len(groups) - 1; k >= 0 && groups[k].goesWith(r) {
			groups[k] = append(groups[k], r)
		} else {
			groups = append(groups, restorers{r})
		}
	}
	for _, g := range groups {
		if err := g.run(ctx, workers, &m.bands); err != nil {
			return err
		}
	}
	return nil
}

// restorers are of planes that are restored side by side.
type restorers []*restorer

// goesWith tells whether a plane goes side by side with others: chroma, the same part of it.
func (r restorers) goesWith(one *restorer) bool {
	return r[0].def == one.def && one.def.Chroma && r[0].rect == one.rect
}

// run restores all bands.
func (r restorers) run(ctx context.Context, workers int, scratch *parallel.Pool[restoreScratch]) error {
	return parallel.For(ctx, workers, r[0].bands(), func(k int) error {
		s := scratch.Get()
		defer scratch.Put(s)
		r.band(s, k)
		return nil
	})
}

// band restores a band of all planes. What luma guides chroma by is taken once for all.
func (r restorers) band(s *restoreScratch, k int) {
	for len(s.windows) < len(r) {
		s.windows = append(s.windows, new(bandWindow))
	}
	for _, w := range s.windows {
		w.x = -1
	}
	rect := r[0].rect
	top := rect.Min.Y + k*windowSide
	height := min(windowSide, rect.Max.Y-top)
	for x := rect.Min.X; x < rect.Max.X; x += windowSide {
		width := min(windowSide, rect.Max.X-x)
		var guided *bandWindow
		for i, one := range r {
			least, most := one.strengths(x, top, width, height)
			if most == 0 {
				continue
			}
			w := s.windows[i]
			one.take(w, k, x, top, width, height)
			switch {
			case !one.def.Chroma:
			case guided == nil:
				w.takeGuide(one.plane, one.luma, one.def, x, top, width, height)
				guided = w
			default:
				w.guide = guided.guide
			}
			one.restore(s, &w.window, image.Rect(x, top, x+width, top+height), least, most)
		}
	}
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

// restoreScratch is the memory of a band: a window of each plane, and the blocks of one that are restored.
type restoreScratch struct {
	windows []*bandWindow
	blocks  [blocks * blocks]restoredBlock
}

// bandWindow is a window that goes along a band.
type bandWindow struct {
	window
	x int // where it begins, −1 before it has taken any samples of the band
}

// summedBlock is a block whose sums kernels find.
type summedBlock struct {
	weights *weighted // of which there are n, at least one
	n       int
	by      *restoration
	at      int // in its window
}

// restoredBlock is a block that is restored.
type restoredBlock struct {
	summedBlock
	dst      *uint16
	strength int32
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

// take takes the samples of the window at (x,y) as they were before any was restored: the ones above and below the
// band are saved, and those on the left are the last ones of the window before.
func (r *restorer) take(w *bandWindow, k, x, y, width, height int) {
	stride := r.plane.Stride
	row := func(j int) []uint16 {
		switch {
		case j < y:
			return r.saved[(2*k*windowRim+j-y+windowRim)*stride:][:stride]
		case j >= y+height:
			return r.saved[(2*(k+1)*windowRim+j-y-height+windowRim)*stride:][:stride]
		}
		return r.plane.Pix[j*stride:][:stride]
	}
	w.kind = r.def.kind()
	follows := w.x >= 0 && w.x == x-windowSide
	for j := range height + 2*windowRim {
		pix := w.pix[j*rowBytes:][:rowBytes]
		left := binary.LittleEndian.Uint64(pix[sampleBytes*windowSide:])
		takeRow(pix[:spanBytes(width)], row(y-windowRim+j), x-windowRim)
		if follows {
			binary.LittleEndian.PutUint64(pix, left)
		}
	}
	w.x = x
}

// restore restores the samples at of a window, whose strengths have numbers from least to most.
func (r *restorer) restore(s *restoreScratch, w *window, at image.Rectangle, least, most uint8) {
	x, y, width, height := at.Min.X, at.Min.Y, at.Dx(), at.Dy()
	w.uses(r.restorations, r.steps, r.grid, x, y, width/block, height/block)
	w.classify(width/block, height/block)
	weights, stride, n := &weightsOf()[w.kind], r.plane.Stride, 0
	strength := strengths[most]
	for by := range height / block {
		cells := r.grid.of[(y+block*by)/cell*r.grid.w:][:r.grid.w]
		dst := r.plane.Pix[(y+block*by)*stride:][:(block-1)*stride+r.rect.Max.X]
		for bx, class := range w.class[by][:width/block] {
			if class < 0 || len(weights[class]) == 0 {
				continue
			}
			if least != most {
				if strength = strengths[cells[(x+block*bx)/cell].strength]; strength == 0 {
					continue
				}
			}
			if vector {
				b := &s.blocks[n]
				b.take(w, weights[class], bx, by)
				b.dst, b.strength = &dst[x+block*bx], strength
				n++
				continue
			}
			var sums [block * block]int32
			w.sums(&sums, weights[class], bx, by)
			addSums(dst[x+block*bx:], stride, &sums, strength)
		}
	}
	switch {
	case n == 0:
	case w.kind == kindChroma:
		restoreGuided(&s.blocks[0], n, &w.pix[0], sampleBytes*stride, &w.guide[0])
	default:
		restorePlain(&s.blocks[0], n, &w.pix[0], sampleBytes*stride)
	}
}

// take takes up a block of a window, field by field: a literal is copied from where it is not written yet.
func (b *summedBlock) take(w *window, weights []weighted, bx, by int) {
	b.weights, b.n, b.by, b.at = &weights[0], len(weights), w.by[by][bx], w.at(block*bx, block*by)
}

// strengths are the least and the largest of the numbers of strengths of some samples.
func (r *restorer) strengths(x, y, width, height int) (least, most uint8) {
	least = uint8(len(strengths))
	for j := y / cell; j <= (y+height-1)/cell; j++ {
		for _, c := range r.grid.of[j*r.grid.w+x/cell : j*r.grid.w+(x+width-1)/cell+1] {
			least, most = min(least, c.strength), max(most, c.strength)
		}
	}
	return least, most
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
