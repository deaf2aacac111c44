package predictive

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// survey is what a plan for a raster is made from.
type survey struct {
	src     raster.Source
	grid    tiles.Grid
	list    []int // the sample of tiles
	t       int64
	workers int
}

// each has f look at the tiles of the sample.
func (s *survey) each(ctx context.Context, list []int, f func(b *raster.Block) error) error {
	return engine.Each(ctx, s.src, s.grid, list, 1, s.workers, func(_ int, b *raster.Block) error { return f(b) })
}

// plan finds how the bands of a raster become planes.
func (s *survey) plan(ctx context.Context) (*rasterPlan, error) {
	f := s.src.Format()
	r := &rasterPlan{kind: f.Type, bands: make([]band, len(f.Bands))}
	if err := s.classes(ctx, r); err != nil {
		return nil, err
	}
	if err := s.mappings(ctx, r); err != nil {
		return nil, err
	}
	for i := range r.bands {
		r.bands[i].parent, r.bands[i].scales = -1, linear.NoScales
		r.bands[i].limit(f.Type, s.t)
	}
	if err := s.relate(ctx, r); err != nil {
		return nil, err
	}
	return r, r.arrange()
}

// census counts the samples of a band by their bits.
type census struct {
	n        int64            // that were seen
	special  map[uint64]int64 // floats that are no numbers, infinite, or −0
	frequent map[uint64]int64 // a share of the others
	beside   map[uint64]int64 // how many of them have the same to their left
}

// Every censusStep-th sample of a row is counted, of every censusStep-th row.
const censusStep = 8

// classes finds the bit patterns that leave the planes: the value of no data, floats that
// are no finite numbers, and values that fill large areas.
func (s *survey) classes(ctx context.Context, r *rasterPlan) error {
	f := s.src.Format()
	counts := make([]census, len(f.Bands))
	for i := range counts {
		counts[i] = census{special: map[uint64]int64{}, frequent: map[uint64]int64{}, beside: map[uint64]int64{}}
	}
	if !Narrow(f.Type) {
		var mu sync.Mutex
		err := s.each(ctx, s.list, func(b *raster.Block) error {
			for i := range counts {
				c := takeCensus(b, i)
				mu.Lock()
				counts[i].merge(c)
				mu.Unlock()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for i := range r.bands {
		r.bands[i].classes = counts[i].classes(f, i)
	}
	return nil
}

func takeCensus(b *raster.Block, number int) *census {
	c := &census{special: map[uint64]int64{}, frequent: map[uint64]int64{}, beside: map[uint64]int64{}}
	words := make([]uint64, b.Rect.Dx())
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		sample.Words(words, b, number, y)
		for x, v := range words {
			if sample.Special(b.Type, v) {
				c.special[v]++
			} else if x%censusStep == 1 && y%censusStep == 0 {
				c.frequent[v]++
				if words[x-1] == v {
					c.beside[v]++
				}
			}
		}
		c.n += int64(len(words))
	}
	return c
}

func (c *census) merge(o *census) {
	c.n += o.n
	for _, m := range [][2]map[uint64]int64{{c.special, o.special}, {c.frequent, o.frequent}, {c.beside, o.beside}} {
		for v, n := range m[1] {
			m[0][v] += n
		}
	}
}

// A value is a class where it is frequent and has itself beside it so often that its areas
// are cheap to say, or is so much more frequent than usual ones that it is none of them. Of
// special patterns the most frequent ones are classes, of values few.
const (
	frequentShare = 300 // of so many samples one, at least
	besideShare   = 8   // of so many one has another to its left, at most
	unusual       = 64  // times as frequent as the value after the most frequent ones
	maxFrequent   = 15
)

// classes are the classes of a band, the sample of no data first.
func (c *census) classes(f *raster.Format, band int) (out []class) {
	add := func(word uint64, empty bool) {
		if len(out) < maxClasses && !slices.ContainsFunc(out, func(o class) bool { return o.word == word }) {
			out = append(out, class{word, empty})
		}
	}
	if word, ok := sample.NoData(f, band); ok {
		add(word, true)
	}
	for _, v := range byCount(c.special) {
		add(v, sample.NaN(f.Type, v))
	}
	counted := c.n / (censusStep * censusStep)
	frequent, usual := byCount(c.frequent), int64(0)
	if len(frequent) > maxFrequent {
		usual = c.frequent[frequent[maxFrequent]]
	}
	for _, v := range frequent[:min(len(frequent), maxFrequent)] {
		n := c.frequent[v]
		if n*frequentShare >= counted && ((n-c.beside[v])*besideShare <= n || usual > 0 && n >= unusual*usual) {
			add(v, false)
		}
	}
	return out
}

// byCount are the keys of a map, the largest counts first.
func byCount(m map[uint64]int64) []uint64 {
	return slices.SortedFunc(maps.Keys(m), func(a, b uint64) int {
		if m[a] != m[b] {
			return cmp.Compare(m[b], m[a])
		}
		return cmp.Compare(a, b)
	})
}

// mappings finds the mapping of each band.
func (s *survey) mappings(ctx context.Context, r *rasterPlan) error {
	if Narrow(r.kind) {
		for i := range r.bands {
			r.bands[i].mapping = sample.Mapping{Offset: offsetOf(r.kind)}
		}
		return nil
	}
	detectors := make([]*sample.Detector, len(r.bands))
	for i := range detectors {
		detectors[i] = sample.NewDetector(r.kind)
	}
	for open := true; open; {
		err := s.each(ctx, s.list, func(b *raster.Block) error {
			for i := range r.bands {
				r.bands[i].feed(detectors[i], b, i)
			}
			return nil
		})
		if err != nil {
			return err
		}
		open = false
		for i := range r.bands {
			var done bool
			r.bands[i].mapping, done = detectors[i].Mapping()
			open = open || !done
		}
	}
	return nil
}

// feed hands the samples of a block that are in no class to a detector.
func (b *band) feed(d *sample.Detector, in *raster.Block, number int) {
	classes, w := b.classify(in, number), in.Rect.Dx()
	for y := range in.Rect.Dy() {
		var row []byte
		if classes != nil {
			row = classes[y*w:][:w]
		}
		d.Add(row, in, number, in.Rect.Min.Y+y)
	}
}

// limit sets the bound of numbers that keeps a promise about samples, before any is looked
// at: where samples are not on a grid, or one much finer than the promise, they get another.
func (b *band) limit(t raster.Type, promise int64) {
	if promise == 0 {
		return
	}
	if t.Float() {
		b.mapping, b.bound = sample.Grid(b.mapping, t, uint64(promise))
		return
	}
	step := int64(1)
	if b.mapping.Kind == sample.Scaled {
		step = int64(b.mapping.N)
	}
	b.bound = int32(min(promise/step, maxBound))
}

// relatePixels is about the number of pixels that parents are found from.
const relatePixels = 1 << 14

// relate finds the parents of bands.
func (s *survey) relate(ctx context.Context, r *rasterPlan) error {
	f, n := s.src.Format(), len(r.bands)
	if n == 1 {
		return nil
	}
	if engine.CheckPicture(f) == nil {
		for i := range r.bands {
			r.bands[i].parent = pictureParent(i, n)
		}
		return nil
	}
	if err := r.arrange(); err != nil {
		return err
	}
	list := s.grid.Spread(fitTiles)
	sum := linear.NewRelation(n)
	var mu sync.Mutex
	err := s.each(ctx, list, func(b *raster.Block) error {
		t := newRasterTile(r, 0, b, nil, true)
		part := linear.NewRelation(n)
		step := max(engine.Pixels(b.Rect)*int64(len(list))/relatePixels, 1)
		d := make([]int32, n)
		for k := step; k < engine.Pixels(b.Rect); k += step {
			if t.differences(d, int(k)) {
				part.Add(d)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		sum.Merge(part)
		return nil
	})
	for i, p := range sum.Parents() {
		r.bands[i].parent = p
	}
	return err
}

// differences are the ones of the k-th sample from the sample before it in each band, while
// no band is related to another yet; ok is false where one of them has no number.
func (t *rasterTile) differences(d []int32, k int) (ok bool) {
	for i := range t.planes {
		p := &t.planes[i]
		if p.Mask != nil && (p.Mask[k] != 0 || p.Mask[k-1] != 0) {
			return false
		}
		d[i] = p.Pix[k] - p.Pix[k-1]
	}
	return true
}

// pictureParent is the parent of a band of a picture: three of colour stand in a row.
func pictureParent(i, n int) int {
	if n > 2 && i > 0 && i < 3 {
		return i - 1
	}
	return -1
}

// maxTilePixels is the number of samples of all bands that a tile may have, for what coding
// one takes, but for the smallest tiles.
const maxTilePixels = 4 << (2 * tileLog2)

// minTileLog2 is of the smallest tiles that a file may have.
const minTileLog2 = 6

// describeRaster is describe for a raster.
func (e *encoder) describeRaster(ctx context.Context, src raster.Source) ([]byte, error) {
	f := &e.plan.Format
	for e.plan.TileLog2 > minTileLog2 && len(f.Bands)<<(2*e.plan.TileLog2) > maxTilePixels {
		e.plan.TileLog2--
	}
	e.Grid = e.plan.Grid()
	s := &survey{src, e.Grid, e.Spread(engine.SampleTiles), e.plan.T, e.env.Workers}
	var err error
	if e.raster, err = s.plan(ctx); err != nil {
		return nil, err
	}
	e.format = e.raster.formatOf(f)
	e.format.Values = make([]Values, len(f.Bands))
	if e.plan.T == 0 {
		if e.format.Values, err = s.values(ctx, e.raster); err != nil {
			return nil, err
		}
	}
	e.format.refine()
	e.index()
	if e.model, err = e.fit(ctx, src); err != nil {
		return nil, err
	}
	if err := e.fitScales(ctx, src); err != nil {
		return nil, err
	}
	return e.raster.append([]byte{flagRaster}), nil
}

// fitScales finds the scales of fine planes, on the tiles that predictors are fitted to.
func (e *encoder) fitScales(ctx context.Context, src raster.Source) error {
	list := e.Spread(fitTiles)
	trials := newTrials(&e.format)
	if !slices.ContainsFunc(trials, func(t *planeTrials) bool { return t != nil }) {
		return nil
	}
	var mu sync.Mutex
	err := engine.Each(ctx, src, e.Grid, list, 1, engine.WithinMemory(e.env.Workers, e.env.Memory, e.Memory()), func(_ int, b *raster.Block) error {
		w := e.scratch.Get()
		defer e.scratch.Put(w)
		format := e.sampleOf(b, w)
		found := e.model.tryScales(&w.Scratch, format, w.planes)
		mu.Lock()
		defer mu.Unlock()
		for i, t := range trials {
			t.merge(found[i])
		}
		return nil
	})
	for i, t := range trials {
		if t != nil {
			e.raster.bands[e.raster.order[i]].scales = t.best()
			e.format.Lanes[i].Scales = t.best()
		}
	}
	return err
}

// values finds the values of bands that have so few that indices among them are worth it.
func (s *survey) values(ctx context.Context, r *rasterPlan) ([]Values, error) {
	seen := make([]map[int32]bool, len(r.bands))
	for i := range seen {
		seen[i] = map[int32]bool{}
	}
	var mu sync.Mutex
	err := s.each(ctx, s.list, func(b *raster.Block) error {
		t := newRasterTile(r, 0, b, nil, !Narrow(r.kind))
		for i := range t.planes {
			found := valuesOf(&t.planes[i])
			mu.Lock()
			if len(seen[i]) <= maxValues { // beyond, it makes no difference which
				maps.Copy(seen[i], found)
			}
			mu.Unlock()
		}
		return nil
	})
	out := make([]Values, len(r.bands))
	for i := range out {
		v := Values(slices.Sorted(maps.Keys(seen[i])))
		if n := len(v); n > 0 && n <= maxValues && v.sparse(int64(s.grid.W)*int64(s.grid.H)) {
			out[i] = v
		}
	}
	return out, err
}

// valuesOf are the values of a plane, or more than maxValues of them.
func valuesOf(p *Plane) map[int32]bool {
	seen := map[int32]bool{}
	last, none := int32(0), true
	for k, v := range p.Pix {
		if p.Mask != nil && p.Mask[k] != 0 || v == last && !none {
			continue
		}
		if last, none = v, false; !seen[v] {
			if seen[v] = true; len(seen) > maxValues {
				break
			}
		}
	}
	return seen
}
