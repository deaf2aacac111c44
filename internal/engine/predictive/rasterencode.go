package predictive

import (
	"bytes"
	"encoding/binary"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/engine/symbols"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// rasterTile is a tile of a raster on its way into planes of numbers.
type rasterTile struct {
	plan   *rasterPlan
	t      uint64 // the promise, as engine.Params has it
	block  *raster.Block
	head   *tileHead
	planes []Plane
	rest   [][]uint64 // remainders of each plane, nil where it has none
}

// newRasterTile finds the classes, the numbers and the bounds of a tile; planes is scratch
// memory.
func newRasterTile(r *rasterPlan, t uint64, b *raster.Block, planes []Plane) *rasterTile {
	w, h := b.Rect.Dx(), b.Rect.Dy()
	out := &rasterTile{plan: r, t: t, block: b, head: plainHead(len(r.bands), w, h), rest: make([][]uint64, len(r.bands))}
	out.planes = Planes(planes, len(r.bands), w, h)
	for i := range out.planes {
		out.planes[i].Mask = nil
		out.classify(i)
		out.number(i)
		out.planes[i].Fill()
	}
	return out
}

// classify finds the classes of a plane.
func (t *rasterTile) classify(i int) {
	p := &t.head.planes[i]
	p.classes = t.plan.bands[t.plan.order[i]].classify(t.block, t.plan.order[i])
	t.planes[i].Mask = p.classes
	switch c := p.classes; {
	case c == nil:
	case bytes.Count(c, c[:1]) == len(c) && c[0] != 0:
		p.state, p.class = everywhere, c[0]
	case i > 0 && t.head.planes[i-1].state&stateMask != everywhere && bytes.Equal(c, t.head.planes[i-1].classes):
		p.state, p.cells = asBefore, t.head.planes[i-1].cells
	default:
		p.state, p.cells = ownClasses, cellsOf(c, t.head.w, t.head.h)
	}
}

// number makes numbers of the samples of a plane, by the plan's mapping or by one that
// takes any sample.
func (t *rasterTile) number(i int) {
	band, p := &t.plan.bands[t.plan.order[i]], &t.head.planes[i]
	lossy := band.bound > 0 && t.plan.kind.Float()
	if !t.split(i, band.mapping, lossy) {
		p.state |= stateOrder
		t.split(i, sample.Mapping{Kind: sample.Ordered}, false)
		return
	}
	if band.bound == 0 {
		return
	}
	bound := t.holds(i, band)
	switch {
	case bound < 0: // not even the nearest numbers keep the promise
		p.state |= stateOrder
		t.split(i, sample.Mapping{Kind: sample.Ordered}, false)
	case bound < band.bound:
		p.state |= stateBound
		p.bound = bound
	}
}

// split makes numbers, the nearest ones or exact ones; ok is false where a mapping has none.
func (t *rasterTile) split(i int, m sample.Mapping, nearest bool) (ok bool) {
	number, w := t.plan.order[i], t.head.w
	pix, mask := t.planes[i].Pix, t.head.planes[i].classes
	var rest []uint64
	if m.Kind == sample.Fixed || m.Kind == sample.Ordered && t.plan.kind == raster.Float64 {
		rest = make([]uint64, len(pix))
	}
	for y := range t.head.h {
		at := y * w
		var row []byte
		if mask != nil {
			row = mask[at:][:w]
		}
		if nearest {
			ok = m.Nearest(pix[at:][:w], row, t.block, number, t.block.Rect.Min.Y+y)
		} else {
			var rem []uint64
			if rest != nil {
				rem = rest[at:][:w]
			}
			ok = m.Split(pix[at:][:w], rem, row, t.block, number, t.block.Rect.Min.Y+y)
		}
		if !ok {
			return false
		}
	}
	t.rest[i] = rest
	return true
}

// holds is the largest bound of numbers, at most the plan's, with which every sample keeps
// the promise, whatever the numbers within the bound come out as; −1 for none.
func (t *rasterTile) holds(i int, b *band) int32 {
	bound, w := b.bound, t.head.w
	mask, substitutes := t.head.planes[i].classes, b.substitutes(t.plan.kind, b.mapping)
	for y := 0; y < t.head.h && bound >= 0; y++ {
		var row []byte
		if mask != nil {
			row = mask[y*w:][:w]
		}
		bound = b.mapping.Bound(t.planes[i].Pix[y*w:][:w], row, t.block, t.plan.order[i], t.block.Rect.Min.Y+y, bound, t.t, substitutes)
	}
	return bound
}

// pack makes indices of numbers where the format has values, or says that they stay as
// they are.
func (t *rasterTile) pack(f *Format, indices []valueIndex) {
	for i, s := range f.Values {
		if s == nil || t.head.planes[i].state&stateOrder != 0 {
			continue
		}
		plane := &t.planes[i]
		packed := make([]int32, len(plane.Pix))
		for k, v := range plane.Pix {
			if plane.Mask != nil && plane.Mask[k] != 0 {
				continue
			}
			n := indices[i].of(v)
			if n < 0 {
				packed = nil
				break
			}
			packed[k] = n
		}
		if packed == nil {
			t.head.planes[i].state |= statePlain
			continue
		}
		copy(plane.Pix, packed)
		plane.Fill()
	}
}

// remainders is the string of bits of the remainders of all planes, nil where there are
// none.
func (t *rasterTile) remainders() []byte {
	var w rans.BitWriter
	for i, rest := range t.rest {
		if rest == nil {
			continue
		}
		m, mask := t.head.mapping(t.plan, i), t.planes[i].Mask
		bits := m.Remainders(t.plan.kind)
		for k, v := range rest {
			if mask != nil && mask[k] != 0 {
				continue
			}
			n := bits(t.planes[i].Pix[k])
			if n > 32 {
				w.Put(uint32(v>>32), uint(n-32))
				n = 32
			}
			w.Put(uint32(v)&uint32(1<<n-1), uint(n))
		}
	}
	return w.AppendReversed(nil)
}

// hasRemainders tells whether any plane of a tile has remainders.
func (t *tileHead) hasRemainders(r *rasterPlan) bool {
	for i := range t.planes {
		if m := t.mapping(r, i); m.Kind == sample.Fixed || m.Kind == sample.Ordered && r.kind == raster.Float64 {
			return true
		}
	}
	return false
}

// encode codes a tile in the mode that is smallest of those tried.
func (t *rasterTile) encode(m *Model, scratch *Scratch, f *Format, effort engine.Effort) *Tile {
	var bits []byte
	if t.head.hasRemainders(t.plan) {
		bits = t.remainders() // numbers change where there is a bound, but then there are none
	}
	f = t.head.apply(f)
	packed := t.symbols(m, scratch, f, effort)
	planes, overviews, rct := transform(f, t.planes)
	t.orderedMeans(overviews)
	best := t.predict(m, scratch, f, byte(rct), planes, overviews)
	if effort >= EffortMixing {
		mixed := t.predict(m, scratch, f, modeMixing+byte(rct), planes, overviews)
		if m.size(mixed, effort) < m.size(best, effort) {
			best = mixed
		}
	}
	size := m.size(best, effort)
	best.head, best.extra = t.head.append(nil, nil)
	if t.head.hasRemainders(t.plan) {
		best.extra = append(binary.AppendUvarint(best.extra, uint64(len(bits))), bits...)
	}
	if packed != nil && len(packed.grid)+len(packed.cells) < size+len(best.head)+len(best.extra) {
		return packed
	}
	return best
}

// predict is Model.predict, and measures what it makes.
func (t *rasterTile) predict(m *Model, scratch *Scratch, f *Format, mode byte, planes, overviews []Plane) *Tile {
	tile := m.predict(scratch, f, mode, planes, overviews)
	tile.worst = make([]uint64, len(planes))
	for i := range planes {
		if f.bound(i) > 0 {
			tile.worst[t.plan.order[i]] = t.worst(i, &scratch.planes[i])
		}
	}
	return tile
}

// worst is the largest error of a plane that has been coded.
func (t *rasterTile) worst(i int, p *linear.Predictor) (worst uint64) {
	number, w := t.plan.order[i], t.head.w
	b := &t.plan.bands[number]
	l, mask := &p.Levels[0], t.planes[i].Mask
	row, words, substitutes := make([]int32, w), make([]uint64, w), b.substitutes(t.plan.kind, b.mapping)
	decoded := raster.NewBlock(t.block.Rect, t.block.Type, 1)
	for y := range t.head.h {
		copy(row, l.V[l.At(0, y):])
		b.mapping.Join(decoded, 0, t.block.Rect.Min.Y+y, row, nil)
		substitute(decoded, 0, t.block.Rect.Min.Y+y, substitutes, words)
		var masked []byte
		if mask != nil {
			masked = mask[y*w:][:w]
		}
		worst = max(worst, sample.Worst(decoded, 0, t.block, number, t.block.Rect.Min.Y+y, masked))
	}
	return worst
}

// orderedMeans sets the means of planes whose numbers are not in proportion to samples.
func (t *rasterTile) orderedMeans(overviews []Plane) {
	if !t.plan.kind.Float() {
		return
	}
	for i := range overviews {
		m := t.head.mapping(t.plan, i)
		if m.Kind != sample.Ordered {
			continue
		}
		src := &t.planes[i]
		overviews[i] = src.OverviewBy(func(numbers []int32) int32 { return m.Mean(t.plan.kind, numbers) })
	}
}

// symbols codes a tile as symbols, where they are likely to win; nil where they are not.
func (t *rasterTile) symbols(m *Model, scratch *Scratch, f *Format, effort engine.Effort) *Tile {
	if !f.packable() || f.packed() {
		return nil
	}
	whole := make([]Plane, len(t.planes))
	for i := range whole {
		whole[i] = NewPlane(t.head.w, t.head.h)
		for y := range t.head.h {
			b := &t.plan.bands[t.plan.order[i]]
			b.mapping.Split(whole[i].Pix[y*t.head.w:][:t.head.w], nil, nil, t.block, t.plan.order[i], t.block.Rect.Min.Y+y)
		}
	}
	all := *f
	all.Apart = false
	if !likelySymbols(&all, whole) && (effort < EffortSymbols || !m.symbolsWin(scratch, &all, effort, whole)) {
		return nil
	}
	return t.symbolTile(&all, whole)
}

// symbolTile is Format.symbolTile, but for the means, of numbers alone.
func (t *rasterTile) symbolTile(f *Format, whole []Plane) *Tile {
	const share = 8
	cells := symbols.EncodeBody(pack(f, whole))
	for i := range whole {
		whole[i].Mask = t.head.planes[i].classes
	}
	means := t.plan.means(f, whole)
	grid := symbols.EncodeBody(pack(f, means))
	tile := &Tile{mode: modeSymbols, grid: grid, cells: cells, worst: make([]uint64, len(whole))}
	if len(grid) > len(cells)/share {
		tile.mode, tile.grid = modeWhole, nil
	}
	return tile
}

// means is the overview of a tile of symbols: means of the numbers that are no classes, and
// the numbers of classes where there are no others.
func (r *rasterPlan) means(f *Format, whole []Plane) []Plane {
	out := f.overview(whole)
	for i := range out {
		b := &r.bands[r.order[i]]
		for _, s := range b.substitutes(r.kind, b.mapping) {
			from, _ := b.mapping.Lane(r.kind, s.Word)
			by, _ := b.mapping.Lane(r.kind, s.By)
			for k, v := range out[i].Pix {
				if v == from {
					out[i].Pix[k] = by
				}
			}
		}
		for k, c := range cellsOf(whole[i].Mask, whole[i].W, whole[i].H) {
			if c > 0 {
				out[i].Pix[k], _ = b.mapping.Lane(r.kind, b.classes[c-1].word)
			}
		}
	}
	return out
}
