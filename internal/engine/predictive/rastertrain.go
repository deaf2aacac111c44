package predictive

import (
	"cmp"
	"context"
	"maps"
	"math/bits"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive/linear"
	"github.com/qtgpu/qtgpu/internal/progress"
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
	merge   bool // values are to stand for all within t, of bands without a bound then
	workers int
	memory  int64
	work    *progress.Work
	found   []Values // of each band, of types that are not narrow
}

// each has f look at tiles: half of the work that is left, since the samples decide how often
// that is.
func (s *survey) each(ctx context.Context, list []int, f func(b *raster.Block) error) error {
	work := s.work.Half()
	return engine.Each(ctx, s.src, s.grid, list, 1, s.workers, work, func(_ int, b *raster.Block) error { return f(b) })
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
		if s.merge {
			r.bands[i].step = int32(2*min(s.t, MaxT) + 1)
		} else {
			r.bands[i].limit(f.Type, s.t)
		}
	}
	if r.mask = maskBand(f); r.mask > 0 {
		r.bands[r.mask-1].bound = 0
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
	rare     bool             // others were seen too
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
	if m := maskBand(f); m > 0 { // so that a cell has a class only where nothing counts
		clear(counts[m-1].frequent)
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
	c.prune()
	return c
}

// prune lets go of what no class can come of: values that are rare in a tile, and special
// ones that are more than classes can be.
func (c *census) prune() {
	for v, n := range c.frequent {
		if n*rareShare < c.n/(censusStep*censusStep) {
			c.rare = true
			delete(c.frequent, v)
			delete(c.beside, v)
		}
	}
	special := byCount(c.special)
	for _, v := range special[min(len(special), maxClasses):] {
		delete(c.special, v)
	}
}

func (c *census) merge(o *census) {
	c.n, c.rare = c.n+o.n, c.rare || o.rare
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
	rareShare     = 8 * frequentShare
	besideShare   = 8  // of so many one has another to its left, at most
	unusual       = 64 // times as frequent as the value after the most frequent ones
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
	frequent, usual := byCount(c.frequent), int64(0) // 0 where all values are frequent
	if len(frequent) > maxFrequent {
		usual = c.frequent[frequent[maxFrequent]]
	} else if c.rare {
		usual = max(counted/rareShare, 1)
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

// detectorBytes is about what a detector takes.
const detectorBytes = 8 << 20

// mappings finds the mapping of each band, of as many bands at a time as memory has room for.
func (s *survey) mappings(ctx context.Context, r *rasterPlan) error {
	if Narrow(r.kind) {
		for i := range r.bands {
			r.bands[i].mapping = sample.Mapping{Offset: offsetOf(r.kind)}
		}
		return nil
	}
	s.found = make([]Values, len(r.bands))
	group := int(max(s.memory/4/detectorBytes, 1))
	for first := 0; first < len(r.bands); first += group {
		if err := s.detect(ctx, r, first, min(first+group, len(r.bands))); err != nil {
			return err
		}
	}
	return nil
}

// detect finds the mappings of some bands, and the values that few enough have.
func (s *survey) detect(ctx context.Context, r *rasterPlan, first, end int) error {
	detectors := make([]*sample.Detector, end-first)
	for i := range detectors {
		detectors[i] = sample.NewDetector(r.kind)
	}
	for open := true; open; {
		err := s.each(ctx, s.list, func(b *raster.Block) error {
			for i, d := range detectors {
				r.bands[first+i].feed(d, b, first+i)
			}
			return nil
		})
		if err != nil {
			return err
		}
		open = false
		for i, d := range detectors {
			var done bool
			r.bands[first+i].mapping, done = d.Mapping()
			open = open || !done
		}
	}
	for i, d := range detectors {
		s.found[first+i] = r.bands[first+i].mapping.Lanes(r.kind, d.Words())
	}
	return nil
}

// feed hands the samples of a block that are in no class to a detector.
func (b *band) feed(d *sample.Detector, in *raster.Block, number int) {
	classes, w := b.classify(in, number), in.Rect.Dx()
	for y := range in.Rect.Dy() {
		d.Add(rowOf(classes, y, w), in, number, in.Rect.Min.Y+y)
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
		t := newRasterTile(r, 0, b, nil, true, nil)
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

// stepShift is log2 of what the noise of samples, by second differences, is in steps of means.
const stepShift = 3

// steps finds the steps of the means of wide bands: a share of the noise of samples, which
// means need not tell more exactly.
func (s *survey) steps(ctx context.Context, r *rasterPlan) error {
	if Narrow(r.kind) {
		return nil
	}
	sums, counts := make([]int64, len(r.bands)), make([]int64, len(r.bands))
	var mu sync.Mutex
	err := s.each(ctx, s.grid.Spread(fitTiles), func(b *raster.Block) error {
		t := newRasterTile(r, uint64(s.t), b, nil, true, nil)
		mu.Lock()
		defer mu.Unlock()
		for i := range t.planes {
			sum, n := t.planes[i].Roughness()
			sums[r.order[i]] += sum
			counts[r.order[i]] += n
		}
		return nil
	})
	for i := range r.bands {
		if mean := sums[i] / max(counts[i], 1); mean > 0 {
			r.bands[i].step = int32(min(1<<(bits.Len64(uint64(mean))-1)>>stepShift, maxStep))
		}
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
func (e *encoder) describeRaster(ctx context.Context, src raster.Source, merge bool, work *progress.Work) ([]byte, error) {
	f := &e.plan.Format
	for e.plan.TileLog2 > minTileLog2 && len(f.Bands)<<(2*e.plan.TileLog2) > maxTilePixels {
		e.plan.TileLog2--
	}
	e.Grid = e.plan.Grid()
	s := &survey{src: src, grid: e.Grid, list: e.Spread(engine.SampleTiles), t: e.plan.T, merge: merge, workers: e.env.Workers, memory: e.env.Memory, work: work}
	var err error
	if e.raster, err = s.plan(ctx); err != nil {
		return nil, err
	}
	if err := s.steps(ctx, e.raster); err != nil {
		return nil, err
	}
	e.format = e.raster.formatOf(f)
	if e.format.Values, err = s.values(ctx, e.raster); err != nil {
		return nil, err
	}
	e.format.refine()
	e.index()
	if e.model, err = e.fit(ctx, src, work.Half()); err != nil {
		return nil, err
	}
	if err := e.fitScales(ctx, src, work.Rest()); err != nil {
		return nil, err
	}
	return e.raster.append([]byte{flagRaster}), nil
}

// fitScales finds the scales of fine planes, on the tiles that predictors are fitted to.
func (e *encoder) fitScales(ctx context.Context, src raster.Source, work *progress.Work) error {
	list := e.Spread(fitTiles)
	trials := newTrials(&e.format)
	if !slices.ContainsFunc(trials, func(t *planeTrials) bool { return t != nil }) {
		return nil
	}
	var mu sync.Mutex
	err := engine.Each(ctx, src, e.Grid, list, 1, engine.WithinMemory(e.env.Workers, e.env.Memory, e.Memory()), work, func(_ int, b *raster.Block) error {
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

// values finds the values of planes that have so few that indices among them are worth it, or that
// are merged; none of planes with a bound.
func (s *survey) values(ctx context.Context, r *rasterPlan) ([]Values, error) {
	switch {
	case s.merge:
		return s.merged(ctx, r)
	case s.t > 0:
		return make([]Values, len(r.bands)), nil
	}
	values := s.found
	if Narrow(r.kind) {
		var err error
		if values, err = usedValues(ctx, s.src, s.grid, s.list, nil, s.workers, s.work.Half()); err != nil {
			return nil, err
		}
	}
	out := make([]Values, len(r.bands))
	for i, b := range r.order {
		if v := values[b]; len(v) > 0 && len(v) <= maxValues && v.sparse(int64(s.grid.W)*int64(s.grid.H)) {
			out[i] = v
		}
	}
	return out, nil
}
