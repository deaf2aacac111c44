package pipeline

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/raster"
)

// Region is a rectangle of a level that is about to be decoded, by bands of rows from the
// top.
type Region struct {
	call
	at, base   int             // the level, and the one that it is made of
	rect, fine image.Rectangle // of the level, and what it is made of
	output     output
	bands      []image.Rectangle // of fine
	workers    int               // goroutines
	first      []stored          // the tiles of the first band
	own        bool              // whether the cache holds what one band leaves to the next
	window     engine.Window     // of the last band, whose memory serves the next
	fromCoarse *Region           // of a file in the file, which has the base level
}

// output is where the samples of a region go, as far as memory is concerned.
type output struct {
	held   int64 // the bytes of a block that takes all of them
	passed bool  // whether the rows of each band have a block of their own
	kept   int64 // the bytes of a cache that outlives the region
	rows   int   // the most rows of tiles of a band; 0 for no limit
}

// sink takes the samples of a region as they come: block gives memory for some rows, done
// takes it back when they are there.
type sink struct {
	block func(rows image.Rectangle) *raster.Block
	done  func(b *raster.Block) error
}

// Begin reads what a rectangle of a level is made of, or the first band of it where
// memory does not allow for all, and holds it against what it must take at least. What
// a file does not justify is refused before anything is allocated for its samples.
func (r *Reader) Begin(ctx context.Context, rect image.Rectangle, level int) (*Region, error) {
	return r.begin(ctx, rect, level, output{held: r.bytes(rect)})
}

func (r *Reader) begin(ctx context.Context, rect image.Rectangle, level int, o output) (*Region, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if base := r.coarse.levelFor(level); base > 0 {
		if g, err := r.beginCoarse(ctx, rect, level, base, o); err == nil || !r.Concealable(err) {
			return g, err
		}
	}
	return r.beginTiles(ctx, rect, level, o)
}

// beginTiles begins a region that is made of the tiles.
func (r *Reader) beginTiles(ctx context.Context, rect image.Rectangle, level int, o output) (*Region, error) {
	g := r.region(rect, level, o)
	shared := g.shared()
	if shared == 0 && g.dec.Margin(g.base) > 0 {
		g.output.rows = 0 // each border between bands would be decoded twice
	}
	room, err := g.divide(shared)
	if err != nil {
		return nil, err
	}
	g.keep = r.plan.Format.Bounds()
	if g.own = shared > 0 && len(g.bands) > 1; g.own {
		g.cache = newCache(room)
	}
	g.first, err = g.segments(ctx, g.tilesOf(g.bands[0]))
	return g, err
}

// region is a rectangle of a level that is made of the tiles.
func (r *Reader) region(rect image.Rectangle, level int, o output) *Region {
	base := baseOf(level)
	return &Region{
		call: call{Reader: r, cache: r.cache, level: base}, at: level, base: base,
		rect: rect, fine: r.finer(rect, level, base), output: o,
	}
}

// Decode decodes the region, once, into dst of the same rectangle. It equals the crop of
// the whole level, byte for byte. decoded is told of the pixels that every tile gives, of the
// raster.
func (g *Region) Decode(ctx context.Context, dst *raster.Block, decoded func(pixels int64)) error {
	g.decoded = decoded
	return g.decode(ctx, sink{block: dst.Sub, done: func(*raster.Block) error { return nil }})
}

// Stream decodes a rectangle of a level and passes it on by bands of rows, from the top: one while
// the next is decoded, where there is more than one goroutine. Tiles that filters reach from one band
// to the next are decoded once, as far as the memory has room for them.
func (r *Reader) Stream(ctx context.Context, dst raster.Sink, rect image.Rectangle, level int, decoded func(pixels int64)) error {
	o := output{passed: true}
	if level == 0 && !r.file.Far() { // what is far is asked for at once
		o.rows = engine.BandRows(r.grid, r.opt.Workers)
	}
	g, err := r.begin(ctx, rect, level, o)
	if err != nil {
		return err
	}
	g.decoded = decoded
	l := relay{dst: dst, origin: rect.Min, format: &r.plan.Format, workers: r.opt.Workers, rows: g.tallest()}
	return l.run(ctx, g.decode)
}

// tallest is the most rows of the level that a band completes.
func (g *Region) tallest() (rows int) {
	for _, band := range g.bands {
		rows = max(rows, g.rows(band).Dy())
	}
	return rows
}

// decode passes on the rows of the region. Where a coarse level is damaged, the tiles stand
// in from the first row that it has not given.
func (g *Region) decode(ctx context.Context, to sink) error {
	if g.fromCoarse == nil {
		return g.decodeTiles(ctx, g.reduced(to))
	}
	rest := g.rect
	var failed error // of the sink
	err := g.decodeCoarse(ctx, g.reduced(sink{to.block, func(b *raster.Block) error {
		rest.Min.Y = b.Rect.Max.Y
		failed = to.done(b)
		return failed
	}}))
	if failed != nil {
		return failed
	}
	if err == nil || !g.Concealable(err) {
		return err
	}
	tiles, err := g.beginTiles(ctx, rest, g.at, g.output)
	if err != nil {
		return err
	}
	tiles.decoded = g.decoded
	return tiles.decode(ctx, to)
}

// reduced is a sink of the base level of a region whose level goes to another sink.
func (g *Region) reduced(to sink) sink {
	if g.at == g.base {
		return to
	}
	down := g.down()
	return sink{
		block: func(rows image.Rectangle) *raster.Block {
			return raster.NewBlock(rows, g.plan.Format.Type, len(g.plan.Format.Bands))
		},
		done: func(b *raster.Block) error {
			rows := g.rows(b.Rect)
			if rows.Empty() { // the band ends within the first of them
				down.add(b)
				return nil
			}
			dst := to.block(rows)
			down.into(dst)
			down.add(b)
			return to.done(dst)
		},
	}
}

// downsampler takes rows of a level, from the top, and makes a coarser one of them in the block
// that into has given last.
type downsampler interface {
	add(b *raster.Block)
	into(dst *raster.Block)
}

// down makes the level of the base, in steps that end at the levels that files can
// hold: so it does not matter whether they do.
func (g *Region) down() downsampler {
	f := &g.plan.Format
	if !g.dec.Decimates() && byNumbers(f) {
		return chained(g.steps(), func(s step) *cascade[uint64] { return newNumbers(f, s) })
	}
	return chained(g.steps(), func(s step) *cascade[int32] { return newLanes(f, s, g.dec.Decimates()) })
}

// chained is the first of some steps, each of which passes its rows on to the one before.
func chained[T int32 | uint64](steps []step, of func(s step) *cascade[T]) (first *cascade[T]) {
	for _, s := range steps {
		c := of(s)
		c.next, first = first, c
	}
	return first
}

// byNumbers tells whether levels are made of numbers of any size, some of which may be
// missing.
func byNumbers(f *raster.Format) bool {
	return !sample.Integers(f.Type) || engine.HasNoData(f)
}

// step is a step from one level to a coarser one, of 1<<shift pixels to one.
type step struct {
	rect, fine image.Rectangle
	shift      int
}

// steps are the steps from the base to the level, the last one first.
func (g *Region) steps() (steps []step) {
	for to := g.at; to > g.base; {
		from := max((to-1)/engine.OverviewLevel*engine.OverviewLevel, g.base)
		steps = append(steps, step{g.finer(g.rect, g.at, to), g.finer(g.rect, g.at, from), to - from})
		to = from
	}
	return steps
}

// rows are the rows of the level that a band of the base level completes.
func (g *Region) rows(band image.Rectangle) image.Rectangle {
	rows, down := g.rect, g.at-g.base
	complete := func(y int) int {
		switch {
		case y == g.fine.Max.Y:
			return g.rect.Max.Y
		case g.dec.Decimates(): // the first of several is enough
			return (y + 1<<down - 1) >> down
		}
		return y >> down
	}
	rows.Min.Y, rows.Max.Y = complete(band.Min.Y), complete(band.Max.Y)
	return rows
}

// decodeTiles decodes the base level from the tiles.
func (g *Region) decodeTiles(ctx context.Context, to sink) error {
	for i, band := range g.bands {
		g.pass(i)
		segments := g.first
		g.first = nil
		if i > 0 {
			var err error
			if segments, err = g.segments(ctx, g.tilesOf(band)); err != nil {
				return err
			}
		}
		b := to.block(band)
		if err := g.band(ctx, b, segments); err != nil {
			return err
		}
		if err := to.done(b); err != nil {
			return err
		}
	}
	return nil
}

// pass readies the region's own cache for a band: it is to keep what the next one needs.
func (g *Region) pass(i int) {
	if !g.own {
		return
	}
	g.keep = image.Rectangle{}
	if i+1 < len(g.bands) {
		g.keep = g.neededFrom(g.bands[i+1])
	}
}

// band decodes a band of the base level.
func (g *Region) band(ctx context.Context, dst *raster.Block, segments []stored) error {
	indices := g.tilesOf(dst.Rect)
	w, here := g.dec.Window(dst, g.level, g.window), g.full(dst.Rect, g.level)
	g.window = nil
	err := parallel.For(ctx, g.workers, len(indices), func(i int) error {
		defer g.decoded(engine.Pixels(g.grid.Tile(indices[i]).Intersect(here)))
		return g.tile(ctx, w, indices[i], segments[i])
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err = w.Finish(ctx, g.opt.Workers); err == nil {
		g.window = w
	}
	return err
}

// neededFrom are the pixels of the raster that a band and all below it need.
func (r *Reader) neededFrom(band image.Rectangle) image.Rectangle {
	from := band.Inset(-r.dec.Margin(0)).Intersect(r.plan.Format.Bounds())
	from.Max.Y = r.plan.Format.Height
	return from
}

// over is the rectangle of tiles that a band needs.
func (g *Region) over(band image.Rectangle) image.Rectangle {
	return g.grid.Over(g.full(band, g.level), g.dec.Margin(g.level))
}

// tilesOf are the tiles that a band needs.
func (g *Region) tilesOf(band image.Rectangle) []int { return g.grid.Indices(g.over(band)) }

const (
	// spareShare is the share of the memory that a cache between bands takes where there
	// is none for all that it could hold, and that is left to who takes rows that are
	// passed on.
	spareShare = 4
	// rowsShare is the share that the rows of a band may take which are passed on at once,
	// if these are not of a single row of tiles.
	rowsShare = 6
)

// divide divides the region into bands, for as many goroutines as the options say, or for
// fewer where the memory does not allow for one row of tiles with that many. Their cache
// holds what is shared without a limit or, where there is no memory for that, some of it.
func (g *Region) divide(shared int64) (room int64, err error) {
	limit := int64(math.MaxInt)
	if g.opt.Memory > 0 {
		limit = min(limit, g.opt.Memory)
	}
	over := engine.Pixels(g.over(g.fine))
	for g.workers = int(min(int64(parallel.Workers(g.opt.Workers)), over)); ; g.workers /= 2 {
		if g.bands, err = g.cut(limit, shared); err == nil {
			return math.MaxInt64, nil
		}
		room = min(shared, limit/spareShare)
		if g.bands, err = g.cut(limit, room); err == nil || g.workers == 1 {
			return room, err
		}
	}
}

// shared is the memory of what two neighbouring bands need of tiles; 0 where the region has no use
// for a cache of its own.
func (g *Region) shared() int64 {
	if g.cache != nil || g.base != 0 || g.dec.Margin(g.base) == 0 {
		return 0
	}
	edge := g.fine
	edge.Min.Y = g.edge(g.fine.Min.Y, 1, g.base) - 1
	edge.Max.Y = min(edge.Min.Y+2, g.fine.Max.Y)
	if edge.Empty() {
		return 0
	}
	bytes, _ := g.dec.Memory(edge, 0)
	return bytes
}

// lead is how far above the edges of tiles bands end, in rows of a base level: what filters reach below a
// band lies in the tiles that it has anyway.
func (r *Reader) lead(base int) int {
	const unit = 1 << engine.OverviewLevel
	if n := (r.dec.Margin(0) + unit - 1) &^ (unit - 1); base == 0 && n < 1<<r.grid.Log2 {
		return n
	}
	return 0
}

// edge is where a band from row y on may end, so that it reaches to the end of n rows of tiles below y and the lead.
func (r *Reader) edge(y, n, base int) int {
	side, lead := 1<<r.grid.Log2>>base, r.lead(base)
	return ((y+lead)/side+n)*side - lead
}

// cut divides the region above the edges of tiles into as few bands as the memory allows
// besides a cache of a number of bytes.
func (g *Region) cut(limit, room int64) ([]image.Rectangle, error) {
	if g.output.held > limit {
		return nil, g.tooLarge(g.output.held, limit)
	}
	spare := int64(0)
	if g.output.passed {
		spare = limit / spareShare
	}
	need := func(band image.Rectangle, room int64) int64 { return g.need(band) + max(room, spare) }
	fits := func(band image.Rectangle, room int64) bool {
		return need(band, room) <= limit && (!g.output.passed || g.bytes(g.rows(band)) <= limit/rowsShare)
	}
	side := 1 << g.grid.Log2 >> g.base
	most := g.output.rows
	if most == 0 {
		most = math.MaxInt
	}
	if (g.fine.Max.Y-1)/side-g.fine.Min.Y/side < most && fits(g.fine, 0) {
		return []image.Rectangle{g.fine}, nil
	}
	var bands []image.Rectangle
	for rest := g.fine; !rest.Empty(); {
		rows := max((rest.Max.Y-1)/side-(rest.Min.Y+g.lead(g.base))/side+1, 1)
		n := rows + 1 // for all that is left
		if rows > most {
			n = most
		}
		band := rest
		for ; ; n-- {
			if n <= rows {
				band.Max.Y = min(g.edge(rest.Min.Y, n, g.base), rest.Max.Y)
			}
			if n == 1 || fits(band, room) {
				break
			}
		}
		if n := need(band, room); n > limit {
			return nil, g.tooLarge(n, limit)
		}
		bands = append(bands, band)
		rest.Min.Y = band.Max.Y
	}
	return bands, nil
}

// need is the memory that a band of the base level takes.
func (g *Region) need(band image.Rectangle) int64 {
	window, goroutine := g.dec.Memory(g.full(band, g.base), g.base)
	bytes := g.output.held + g.output.kept + window + int64(g.workers)*goroutine
	if g.at > g.base {
		bytes += g.bytes(band)
	}
	if g.output.passed {
		bytes += g.bytes(g.rows(band))
	}
	return bytes
}

// Need is about how many bytes Stream takes with one goroutine, where Options.Memory does not
// bound it.
func (r *Reader) Need(rect image.Rectangle, level int) int64 {
	base := baseOf(level)
	g := &Region{
		call: call{Reader: r, level: base}, at: level, base: base, rect: rect, fine: r.finer(rect, level, base),
		output: output{passed: true}, workers: 1,
	}
	return g.need(g.fine)
}

func (g *Region) tooLarge(need, limit int64) error {
	return fmt.Errorf("%w: a region of %d×%d takes %d bytes of memory, the limit is %d", ErrTooLarge, g.rect.Dx(), g.rect.Dy(), need, limit)
}
