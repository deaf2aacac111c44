package predictive

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
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
	bits   []byte     // of all of them
	merged []uint64   // the largest errors of bands whose values stand for others

	without []classesOf // of planes that have numbers for them, for all or for some
}

// newRasterTile finds the classes, the numbers and the bounds of a tile; planes is scratch
// memory. With masked, classes leave the planes; else they are numbers like others, which
// the mapping must have for them, and only the overview tells them apart. Where shared is not nil, the
// classes that it has leave all planes, and others are numbers.
func newRasterTile(r *rasterPlan, t uint64, b *raster.Block, planes []Plane, masked bool, shared []byte) *rasterTile {
	w, h := b.Rect.Dx(), b.Rect.Dy()
	out := &rasterTile{plan: r, t: t, block: b, head: plainHead(len(r.bands), w, h), rest: make([][]uint64, len(r.bands)), merged: make([]uint64, len(r.bands))}
	out.planes = Planes(planes, len(r.bands), w, h)
	for i := range out.planes {
		out.planes[i].Mask = nil
		out.classify(i, masked, shared)
		out.number(i)
		out.planes[i].Fill()
	}
	return out
}

// classify finds the classes of a plane.
func (t *rasterTile) classify(i int, masked bool, shared []byte) {
	p := &t.head.planes[i]
	p.classes = t.plan.bands[t.plan.order[i]].classify(t.block, t.plan.order[i])
	if p.classes == nil {
		return
	}
	if !masked {
		t.classifyCells(i)
		return
	}
	own := p.classes
	if shared != nil {
		t.without, p.classes = append(t.without, classesOf{i, own}), shared
	}
	t.planes[i].Mask = p.classes
	switch c := p.classes; {
	case bytes.Count(c, c[:1]) == len(c) && c[0] != 0:
		p.state, p.class = everywhere, c[0]
	case i > 0 && t.head.planes[i-1].state&stateMask != everywhere && bytes.Equal(c, t.head.planes[i-1].classes):
		p.state, p.masked = asBefore, t.head.planes[i-1].masked
	default:
		p.state, p.masked = ownClasses, cellsOf(c, t.head.w, t.head.h)
	}
	if besides := cellsOf(own, t.head.w, t.head.h); shared != nil && !bytes.Equal(besides, p.masked) {
		for k, c := range p.masked {
			besides[k] &^= c // which has this one, if any
		}
		p.state, p.besides = p.state+ownBesides-ownClasses, besides
	}
}

// classifyCells leaves the classes of a plane to its overview.
func (t *rasterTile) classifyCells(i int) {
	p := &t.head.planes[i]
	cells := cellsOf(p.classes, t.head.w, t.head.h)
	switch {
	case bytes.Count(cells, []byte{0}) == len(cells):
	case i > 0 && bytes.Equal(cells, t.head.planes[i-1].besides):
		p.state, p.besides = sameCells, cells
	default:
		p.state, p.besides = ownCells, cells
	}
	t.without, p.classes = append(t.without, classesOf{i, p.classes}), nil
}

// classesOf are the classes of a plane that has numbers for them.
type classesOf struct {
	plane   int
	classes []byte
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
	if m.HasRemainders(t.plan.kind) {
		rest = make([]uint64, len(pix))
	}
	for y := range t.head.h {
		at, row := y*w, rowOf(mask, y, w)
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
	mask, substitutes := t.head.planes[i].classes, b.substitutes(t.plan.kind)
	for y := 0; y < t.head.h && bound >= 0; y++ {
		bound = b.mapping.Bound(t.planes[i].Pix[y*w:][:w], rowOf(mask, y, w), t.block, t.plan.order[i], t.block.Rect.Min.Y+y, bound, t.t, substitutes)
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
		packed, worst := make([]int32, len(plane.Pix)), int32(0)
		for k, v := range plane.Pix {
			if plane.Mask != nil && plane.Mask[k] != 0 {
				continue
			}
			n := indices[i].of(v)
			if n < 0 {
				packed = nil
				break
			}
			packed[k], worst = n, max(worst, arith.AbsDiff(v, s[n]))
		}
		if packed == nil {
			t.head.planes[i].state |= statePlain
			continue
		}
		copy(plane.Pix, packed)
		plane.Fill()
		t.merged[t.plan.order[i]] = uint64(worst)
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
		if t.mapping(r, i).HasRemainders(r.kind) {
			return true
		}
	}
	return false
}

// encode codes a tile in the mode that is smallest of those tried.
func (t *rasterTile) encode(m *Model, scratch *Scratch, f *Format, effort engine.Effort) *Tile {
	f = t.head.apply(f)
	packed := t.symbols(m, scratch, f, effort)
	planes, overviews, rct := transformBeside(f, t.planes, t.means(f))
	best := t.predict(m, scratch, f, byte(rct), planes, overviews)
	if effort >= EffortMixing {
		mixed := t.predict(m, scratch, f, modeMixing+byte(rct), planes, overviews)
		if m.size(mixed, effort) < m.size(best, effort) {
			best = mixed
		}
	}
	best.bytes = m.size(best, effort)
	best.head, best.extra = t.head.append(nil, nil)
	if t.head.hasRemainders(t.plan) {
		best.extra = append(binary.AppendUvarint(best.extra, uint64(len(t.bits))), t.bits...)
	}
	best.bytes += len(best.head) + len(best.extra)
	if packed != nil && packed.bytes < best.bytes {
		return packed
	}
	return best
}

// means are the overviews of planes that are not just means of their numbers, all of them,
// or nil where there is no such plane.
func (t *rasterTile) means(f *Format) []Plane {
	special := len(t.without) > 0 || f.packed() || f.weighs(t.planes)
	counted := slices.Clone(t.planes)
	mask, weights := t.weights()
	if weights != nil {
		counted = f.unpacked(counted)
	}
	for i := range t.planes {
		if weights != nil {
			t.count(&counted[i], i)
		} else {
			special = special || t.ordered(i) || f.values(i) == nil && t.count(&counted[i], i)
		}
	}
	if !special && weights == nil {
		return nil
	}
	for _, c := range t.without {
		counted[c.plane].Mask = c.classes
	}
	var out []Plane
	if weights != nil {
		out = overviewsBy(counted, mask, weights)
	} else {
		out = f.overview(counted)
	}
	t.orderedMeans(out, counted, weights)
	for _, c := range t.without {
		b := &t.plan.bands[t.plan.order[c.plane]]
		for k, class := range t.head.planes[c.plane].besides {
			if class > 0 {
				out[c.plane].Pix[k], _ = b.mapping.Lane(t.plan.kind, b.classes[class-1].word)
			}
		}
	}
	return out
}

// ordered tells whether the numbers of a plane are the order of bits, so that their mean is
// not the mean of samples.
func (t *rasterTile) ordered(i int) bool {
	return t.plan.kind.Float() && t.head.mapping(t.plan, i).Kind == sample.Ordered
}

// orderedMeans sets the means of planes in the order of bits.
func (t *rasterTile) orderedMeans(out, counted []Plane, weights *Plane) {
	for i := range out {
		if m := t.head.mapping(t.plan, i); t.ordered(i) {
			out[i] = visible(counted[i], weights).OverviewBy(func(numbers []int32) int32 { return m.Mean(t.plan.kind, numbers) })
		}
	}
}

// count lets samples of classes that are numbers, such as the level of the sea, count in the
// means of a plane, and tells whether there are such classes.
func (t *rasterTile) count(p *Plane, i int) (any bool) {
	b, m := &t.plan.bands[t.plan.order[i]], t.head.mapping(t.plan, i)
	for c := range b.classes {
		lane, ok := m.Lane(t.plan.kind, b.classes[c].word)
		if !ok || b.classes[c].noData || sample.Special(t.plan.kind, b.classes[c].word) || p.Mask == nil {
			continue
		}
		if !any {
			p.Pix, p.Mask, any = slices.Clone(p.Pix), slices.Clone(p.Mask), true
		}
		for k, class := range p.Mask {
			if int(class) == c+1 {
				p.Pix[k], p.Mask[k] = lane, 0
			}
		}
	}
	return any
}

// predict is Model.predict, and measures what it makes.
func (t *rasterTile) predict(m *Model, scratch *Scratch, f *Format, mode byte, planes, overviews []Plane) *Tile {
	tile := m.predict(scratch, f, mode, planes, overviews)
	tile.worst = slices.Clone(t.merged)
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
	row, words, substitutes := make([]int32, w), make([]uint64, w), b.substitutes(t.plan.kind)
	decoded := raster.NewBlock(t.block.Rect, t.block.Type, 1)
	for y := range t.head.h {
		copy(row, l.V[l.At(0, y):])
		b.mapping.Join(decoded, 0, t.block.Rect.Min.Y+y, row, nil)
		substitute(decoded, 0, t.block.Rect.Min.Y+y, substitutes, words)
		worst = max(worst, sample.Worst(decoded, 0, t.block, number, t.block.Rect.Min.Y+y, rowOf(mask, y, w)))
	}
	return worst
}

// symbols codes a tile as symbols, where they are likely to win; nil where they are not,
// or samples are no numbers.
func (t *rasterTile) symbols(m *Model, scratch *Scratch, f *Format, effort engine.Effort) *Tile {
	if !f.packable() {
		return nil
	}
	for i := range t.head.planes {
		p := &t.head.planes[i]
		if p.classes != nil || p.state&statePlain != 0 {
			return nil
		}
	}
	if !likelySymbols(f, t.planes) && (effort < EffortSymbols || !m.symbolsWin(scratch, f, effort, t.planes)) {
		return nil
	}
	packed := pack(f, t.planes)
	packed.Work = scratch.work.Half()
	tile := symbolTile(f, packed, func(whole []Plane) []Plane {
		f.unpack(whole)
		for _, c := range t.without {
			whole[c.plane].Mask = c.classes
		}
		return t.plan.means(f, whole)
	})
	tile.worst, tile.bytes = slices.Clone(t.merged), len(tile.grid)+len(tile.cells)
	return tile
}

// means is the overview of a tile of symbols, of numbers whose classes are masked: means of
// the others, and the numbers of classes where there are no others.
func (r *rasterPlan) means(f *Format, whole []Plane) []Plane {
	numbers := *f
	numbers.Values = nil
	out := numbers.overview(whole)
	for i := range out {
		b := &r.bands[r.order[i]]
		for _, s := range b.substitutes(r.kind) {
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

// rasterTile brings a tile of a raster into planes, which are w's.
func (e *encoder) rasterTile(b *raster.Block, w *encoderScratch, masked bool, shared []byte) *rasterTile {
	t := newRasterTile(e.raster, uint64(e.plan.T), b, w.planes, masked, shared)
	t.bits = t.remainders() // whose lengths the numbers tell, not their indices
	t.pack(&e.format, e.indices)
	w.planes = t.planes
	return t
}

// codeRaster codes a tile of a raster. Classes that have numbers are coded as these, and
// where they fill areas that all planes share, without them too, to see which is smaller.
func (e *encoder) codeRaster(m *Model, b *raster.Block, w *encoderScratch) *Tile {
	if e.masksClasses() {
		return e.rasterTile(b, w, true, nil).encode(m, &w.Scratch, &e.format, e.plan.Effort)
	}
	t := e.rasterTile(b, w, false, nil)
	masks := t.without
	best := t.encode(m, &w.Scratch, &e.format, e.plan.Effort)
	shared, worth := sharedMask(masks, t.head)
	if !worth {
		return best
	}
	if masked := e.rasterTile(b, w, true, shared).encode(m, &w.Scratch, &e.format, e.plan.Effort); masked.bytes < best.bytes {
		return masked
	}
	return best
}

// masksClasses tells whether classes leave the planes in every tile: where samples are coded
// with loss, or are wide, and where the number of a class is beyond the limits of samples, as
// no data above full scale is.
func (e *encoder) masksClasses() bool {
	if !Narrow(e.raster.kind) || e.raster.lossy() {
		return true
	}
	for i, number := range e.raster.order {
		band := &e.raster.bands[number]
		least, most := e.format.numbers(i)
		for _, c := range band.classes {
			if lane, ok := band.mapping.Lane(e.raster.kind, c.word); ok && (lane < least || lane > most) {
				return true
			}
		}
	}
	return false
}

// maskShare is the least share of a plane that classes must have to be worth a mask.
const maskShare = 32

// sharedMask tells whether all planes have the same classes in most places, and enough of them: shared are
// these, nil where there are no others.
func sharedMask(masks []classesOf, head *tileHead) (shared []byte, worth bool) {
	if len(masks) != len(head.planes) {
		return nil, false
	}
	common, same := slices.Clone(masks[0].classes), true
	for _, m := range masks[1:] {
		for k, c := range m.classes {
			if c != common[k] {
				common[k], same = 0, false
			}
		}
	}
	if (len(common)-bytes.Count(common, []byte{0}))*maskShare < len(common) {
		return nil, false
	}
	if same {
		return nil, true
	}
	return common, true
}
