package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// cacheShare is the share of the memory that a cache between bands may take.
const cacheShare = 4

// Options of a Reader.
type Options struct {
	Workers   int   // goroutines; 0 is one for each CPU
	KeepGoing bool  // render damaged tiles from what is left of them
	Memory    int64 // the most bytes that a call may hold, of samples and planes; 0 is no limit
	Cache     int64 // bytes of decoded tiles that are kept between calls
}

// Reader decodes regions of a file at any level. Its methods may be called from several
// goroutines.
type Reader struct {
	file   segments
	plan   *engine.Plan
	dec    engine.Decoder
	grid   tiles.Grid
	opt    Options
	cache  *cache // nil for none
	coarse coarse
	losses *losses
}

// losses are the tiles that KeepGoing rendered from what is left of them.
type losses struct {
	mu    sync.Mutex
	tiles []image.Rectangle // in pixels of level 0
}

// segments give the segments of tiles; *container.Reader is one.
type segments interface {
	Segments(ctx context.Context, wants []container.Want) ([][]byte, error)
	TileError(ctx context.Context, tile int, part container.Part, err error) error
	Size(ctx context.Context, tile int, part container.Part) (int64, error)
	// Far tells whether all segments of a request are best asked for at once.
	Far() bool
}

// ErrTooLarge reports a region that takes more memory than Options.Memory.
var ErrTooLarge = errors.New("region too large")

// NewReader decodes the tiles of a file. The error says what is wrong with its plan; of an
// engine that this version does not have it is a *container.UnsupportedError.
func NewReader(file *container.Reader, o Options) (*Reader, error) {
	plan := planOf(file.Header(), file.Plan())
	e, err := byID(plan.Engine)
	if err != nil {
		return nil, err
	}
	if err := e.Accepts(&plan.Params); err != nil {
		return nil, err
	}
	dec, err := e.NewDecoder(plan)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	r := newReader(file, plan, dec, o)
	r.coarse.file = file
	return r, nil
}

func newReader(file segments, plan *engine.Plan, dec engine.Decoder, o Options) *Reader {
	r := &Reader{file: file, plan: plan, dec: dec, grid: plan.Grid(), opt: o, losses: new(losses)}
	if o.Cache > 0 {
		r.cache = newCache(o.Cache)
	}
	return r
}

// Plan is the plan of the file.
func (r *Reader) Plan() *engine.Plan { return r.plan }

// Decoder is the decoder of the file's engine.
func (r *Reader) Decoder() engine.Decoder { return r.dec }

// Size is the size of a level.
func (r *Reader) Size(level int) image.Point { return tiles.Size(r.grid.W, r.grid.H, level) }

// baseOf is the level that is decoded for another one.
func baseOf(level int) int {
	if level >= engine.OverviewLevel {
		return engine.OverviewLevel
	}
	return 0
}

// Region is a rectangle of a level that is about to be decoded.
type Region struct {
	call
	at, base     int             // the level, and the one that it is made of
	rect, fine   image.Rectangle // of the level, and what it is made of
	bands        []image.Rectangle
	workers      int      // goroutines
	first        []stored // the tiles of the first band
	own          bool     // whether the cache holds no more than one band leaves to the next
	fromOverview *Region  // of a nested file, which has the level that it is made of
}

// Begin reads what a rectangle of a level is made of, or the first band of it where
// memory does not allow for all, and holds it against what it must take at least. What
// a file does not justify is refused before anything is allocated for its samples.
func (r *Reader) Begin(ctx context.Context, rect image.Rectangle, level int) (*Region, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if base := r.coarse.levelFor(level); base > 0 {
		if g, err := r.beginCoarse(ctx, rect, level, base); err == nil || !r.Concealable(err) {
			return g, err
		}
	}
	return r.beginTiles(ctx, rect, level)
}

// beginTiles begins a region that is made of the tiles.
func (r *Reader) beginTiles(ctx context.Context, rect image.Rectangle, level int) (*Region, error) {
	base := baseOf(level)
	g := &Region{call: call{Reader: r, cache: r.cache, level: base}, at: level, base: base, rect: rect}
	g.fine = r.finer(rect, level, base)
	var err error
	if g.bands, g.workers, err = r.divide(rect, g.fine, base); err != nil {
		return nil, err
	}
	g.keep = g.grid.Bounds()
	if g.own = len(g.bands) > 1 && r.sharesBands(base); g.own {
		g.cache = newCache(math.MaxInt64)
	}
	g.first, err = g.segments(ctx, g.tilesOf(g.bands[0]))
	return g, err
}

// Decode decodes the region, once, into dst of the same rectangle. It equals the crop of
// the whole level, byte for byte. decoded is told of the pixels of every tile.
func (g *Region) Decode(ctx context.Context, dst *raster.Block, decoded func(pixels int64)) error {
	g.decoded = decoded
	if g.fromOverview != nil {
		err := g.decodeCoarse(ctx, dst)
		if err == nil || !g.Concealable(err) {
			return err
		}
		tiles, err := g.beginTiles(ctx, g.rect, g.at)
		if err != nil {
			return err
		}
		return tiles.Decode(ctx, dst, decoded)
	}
	down := g.reducer(dst)
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
		if err := g.band(ctx, dst, down, band, segments); err != nil {
			return err
		}
	}
	return nil
}

// reducer makes dst of the level that it is made of, in steps that end at the levels
// that files can hold: so it does not matter whether they do. It is nil where there is
// nothing to do.
func (g *Region) reducer(dst *raster.Block) down {
	if g.at == g.base {
		return nil
	}
	if f := &g.plan.Format; !g.dec.Decimates() && byNumbers(f) {
		return g.numberReducer(dst)
	}
	var first *reducer
	bands := g.plan.Format.Bands
	for to := g.at; to > g.base; {
		from := max((to-1)/engine.OverviewLevel*engine.OverviewLevel, g.base)
		r := newReducer(bands, g.finer(g.rect, g.at, to), g.finer(g.rect, g.at, from), to-from, g.dec.Decimates())
		if r.next = first; first == nil {
			r.dst = dst
		}
		first, to = r, from
	}
	return first
}

// numberReducer is reducer by numbers.
func (g *Region) numberReducer(dst *raster.Block) *numberReducer {
	var first *numberReducer
	for to := g.at; to > g.base; {
		from := max((to-1)/engine.OverviewLevel*engine.OverviewLevel, g.base)
		r := newNumberReducer(&g.plan.Format, g.finer(g.rect, g.at, to), g.finer(g.rect, g.at, from), to-from)
		if r.next = first; first == nil {
			r.dst = dst
		}
		first, to = r, from
	}
	return first
}

// down takes rows of a level, from the top, and makes a coarser one of them.
type down interface{ add(b *raster.Block) }

// byNumbers tells whether levels are made of numbers of any size, some of which may be
// missing.
func byNumbers(f *raster.Format) bool {
	return !sample.Integers(f.Type) || slices.ContainsFunc(f.Bands, func(b raster.Band) bool { return b.NoData != nil })
}

// pass readies the region's own cache for a band: it lets go of what the band does not
// need, and is to keep what the next one does.
func (g *Region) pass(i int) {
	if !g.own {
		return
	}
	g.cache.retain(func(tile int) bool { return g.grid.At(tile).In(g.over(g.bands[i])) })
	g.keep = image.Rectangle{}
	if i+1 < len(g.bands) {
		g.keep = g.over(g.bands[i+1])
	}
}

// sharesBands tells whether bands of a base level need a cache of their own, for the
// tiles that more than one of them needs.
func (r *Reader) sharesBands(base int) bool {
	return r.cache == nil && base == 0 && r.dec.Margin(base) > 0
}

// over is the rectangle of tiles that a band needs.
func (g *Region) over(band image.Rectangle) image.Rectangle {
	return g.grid.Over(g.full(band, g.level), g.dec.Margin(g.level))
}

// tilesOf are the tiles that a band needs.
func (g *Region) tilesOf(band image.Rectangle) []int { return g.grid.Indices(g.over(band)) }

// finer is what a rectangle of a level is made of at a lower level.
func (r *Reader) finer(rect image.Rectangle, level, base int) image.Rectangle {
	down := level - base
	fine := image.Rectangle{Min: rect.Min.Mul(1 << down), Max: rect.Max.Mul(1 << down)}
	return fine.Intersect(image.Rectangle{Max: r.Size(base)})
}

// full is what a rectangle of a base level covers of the raster.
func (r *Reader) full(rect image.Rectangle, base int) image.Rectangle {
	return r.finer(rect, base, 0)
}

// Pixels is the number of pixels of the tiles that a rectangle of a level needs.
func (r *Reader) Pixels(rect image.Rectangle, level int) int64 {
	base := baseOf(level)
	over := r.grid.Over(r.full(r.finer(rect, level, base), base), r.dec.Margin(base))
	return engine.Pixels(r.grid.Pixels(over))
}

// divide divides a rectangle of a base level, which is decoded for dst, into bands for as
// many goroutines as the options say, or for fewer where the memory does not allow for
// one row of tiles with that many.
func (r *Reader) divide(dst, rect image.Rectangle, base int) (bands []image.Rectangle, workers int, err error) {
	for workers = r.workers(rect, base); ; workers /= 2 {
		if bands, err = r.bands(dst, rect, base, workers); err == nil || workers == 1 {
			return bands, workers, err
		}
	}
}

// workers is the number of goroutines that a rectangle of a base level has work for.
func (r *Reader) workers(rect image.Rectangle, base int) int {
	over := r.grid.Over(r.full(rect, base), r.dec.Margin(base))
	return int(min(int64(parallel.Workers(r.opt.Workers)), engine.Pixels(over)))
}

// bands divides a rectangle of a base level, which is decoded for dst, at the edges of
// tiles into as few bands as the memory allows for a number of goroutines.
func (r *Reader) bands(dst, rect image.Rectangle, base, workers int) ([]image.Rectangle, error) {
	f := &r.plan.Format
	limit := int64(math.MaxInt)
	if r.opt.Memory > 0 {
		limit = min(limit, r.opt.Memory)
	}
	whole := rect
	result := engine.Pixels(dst) * int64(f.Type.Size()*len(f.Bands))
	tooLarge := func(need int64) error {
		return fmt.Errorf("%w: a region of %d×%d takes %d bytes of memory, the limit is %d", ErrTooLarge, dst.Dx(), dst.Dy(), need, limit)
	}
	shared := int64(1)
	need := func(rect image.Rectangle) int64 {
		window, goroutine := r.dec.Memory(r.full(rect, base), base)
		if whole != dst { // which is reduced from a block of its own
			window += engine.Pixels(rect) * int64(f.Type.Size()*len(f.Bands))
		}
		return result + shared*window + int64(workers)*goroutine
	}
	fits := func(rect image.Rectangle) bool { return need(rect) <= limit }
	if result > limit {
		return nil, tooLarge(result)
	}
	if fits(rect) {
		return []image.Rectangle{rect}, nil
	}
	if r.sharesBands(base) {
		shared = 2 // the cache holds no more tiles than the window
	}
	side := 1 << r.grid.Log2 >> base
	var bands []image.Rectangle
	for rest := rect; !rest.Empty(); {
		band := rest
		for rows := (rest.Max.Y-1)/side - rest.Min.Y/side + 1; !fits(band); {
			if rows--; rows < 1 {
				return nil, tooLarge(need(band))
			}
			band.Max.Y = (rest.Min.Y/side + rows) * side
		}
		bands = append(bands, band)
		rest.Min.Y = band.Max.Y
	}
	return bands, nil
}

// call is one call of a Reader.
type call struct {
	*Reader
	cache   *cache
	keep    image.Rectangle // the tiles to keep in the cache
	level   int             // 0 or engine.OverviewLevel
	decoded func(pixels int64)
}

// band decodes a band of the base level into dst, or into what down makes of it.
func (g *Region) band(ctx context.Context, dst *raster.Block, down down, band image.Rectangle, segments []stored) error {
	if down == nil {
		return g.region(ctx, dst.Sub(band), segments)
	}
	fine := raster.NewBlock(band, dst.Type, len(dst.Planes))
	if err := g.region(ctx, fine, segments); err != nil {
		return err
	}
	down.add(fine)
	return nil
}

// region decodes a region of the base level.
func (g *Region) region(ctx context.Context, dst *raster.Block, segments []stored) error {
	indices := g.tilesOf(dst.Rect)
	w := g.dec.Window(dst, g.level)
	err := parallel.For(ctx, g.workers, len(indices), func(i int) error {
		defer g.decoded(engine.Pixels(g.grid.Tile(indices[i])))
		return g.tile(ctx, w, indices[i], segments[i])
	})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return w.Finish(ctx, g.opt.Workers)
}

// stored is what a file holds of a tile: the segments that can be read, and what is
// wrong with the others.
type stored struct {
	engine.Segments
	err   error
	later bool  // the detail is read before it is decoded
	size  int64 // of it
}

// tile decodes a tile into its place in a window, or takes it from the cache.
func (c *call) tile(ctx context.Context, w engine.Window, tile int, s stored) error {
	if c.cache == nil || c.level != 0 {
		_, err := c.decode(ctx, w, tile, s, false)
		return err
	}
	d, err := c.cache.get(ctx, tile)
	switch {
	case err != nil:
		return err
	case d != nil:
		w.Load(tile, d)
		return nil
	}
	defer func() { c.cache.put(tile, d) }()
	if s.Overview == nil && s.err == nil { // was in the cache when the others were read
		again, err := c.read(ctx, tile)
		if err != nil {
			return err
		}
		s = again
	}
	d, err = c.decode(ctx, w, tile, s, c.grid.At(tile).In(c.keep))
	return err
}

// decode decodes a tile. A damaged one is an error, or what is left of it.
func (c *call) decode(ctx context.Context, w engine.Window, tile int, s stored, keep bool) (engine.Decoded, error) {
	if err := c.complete(ctx, tile, &s); err != nil {
		return nil, err
	}
	part, err := container.Front, s.err
	if err == nil {
		var d engine.Decoded
		if d, err = w.Decode(tile, s.Segments, keep); err == nil {
			return d, nil
		}
		if c.level == 0 || s.Detail != nil {
			part = container.Body
		}
		err = c.file.TileError(ctx, tile, part, err)
	}
	if !c.Concealable(err) {
		return nil, err
	}
	c.lose(tile)
	w.Conceal(tile, s.Overview)
	return nil, nil
}

// Concealable tells whether damage is to be filled. Input that cannot be read says
// nothing of the file.
func (r *Reader) Concealable(err error) bool {
	return r.opt.KeepGoing && !errors.As(err, new(*container.ReadError)) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// Lost are the tiles that KeepGoing rendered from what is left of them so far, in pixels
// of level 0.
func (r *Reader) Lost() []image.Rectangle {
	r.losses.mu.Lock()
	defer r.losses.mu.Unlock()
	return slices.Clone(r.losses.tiles)
}

func (r *Reader) lose(tile int) {
	t, l := r.grid.Tile(tile), r.losses
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.tiles, t) {
		l.tiles = append(l.tiles, t)
		slices.SortFunc(l.tiles, func(a, b image.Rectangle) int {
			return cmp.Or(a.Min.Y-b.Min.Y, a.Min.X-b.Min.X)
		})
	}
}
