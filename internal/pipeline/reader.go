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
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

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
	file  *container.Reader
	plan  *engine.Plan
	dec   engine.Decoder
	grid  tiles.Grid
	opt   Options
	cache *cache // nil for none

	mu   sync.Mutex
	lost []image.Rectangle
}

// ErrTooLarge reports a region that takes more memory than Options.Memory.
var ErrTooLarge = errors.New("region too large")

// NewReader decodes the tiles of a file by its plan.
func NewReader(file *container.Reader, plan *engine.Plan, o Options) (*Reader, error) {
	e, err := byID(plan.Engine)
	if err != nil {
		return nil, err
	}
	if err := e.Accepts(&plan.Params); err != nil {
		return nil, err
	}
	r := &Reader{file: file, plan: plan, grid: plan.Grid(), opt: o}
	if r.dec, err = e.NewDecoder(plan); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	if o.Cache > 0 {
		r.cache = newCache(o.Cache)
	}
	return r, nil
}

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

// Read decodes dst.Rect, in pixels of a level, which lies inside it. It equals the crop
// of the whole level, byte for byte. decoded is told of every tile that is decoded, of
// Tiles of the same rectangle.
func (r *Reader) Read(ctx context.Context, dst *raster.Block, level int, decoded func()) error {
	base := baseOf(level)
	c := call{Reader: r, cache: r.cache, level: base, decoded: decoded}
	fine := r.finer(dst.Rect, level, base)
	bands, err := r.bands(fine, base)
	if err != nil {
		return err
	}
	if len(bands) > 1 && c.cache == nil {
		c.cache = newCache(math.MaxInt64) // for what one band leaves to the next
		defer func() { c.cache = nil }()
	}
	down := newReducer(dst, r.plan.Format.Bands, fine, level-base, r.dec.Decimates())
	for _, band := range bands {
		if err := c.band(ctx, dst, down, band); err != nil {
			return err
		}
	}
	return nil
}

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

// Tiles is the number of tiles that a rectangle of a level needs.
func (r *Reader) Tiles(rect image.Rectangle, level int) int {
	base := baseOf(level)
	over := r.grid.Over(r.full(r.finer(rect, level, base), base), r.dec.Margin(base))
	return over.Dx() * over.Dy()
}

// bands divides a rectangle of a base level at the edges of tiles into as few bands as
// the memory allows.
func (r *Reader) bands(rect image.Rectangle, base int) ([]image.Rectangle, error) {
	fits := func(rect image.Rectangle) bool {
		window, goroutine := r.dec.Memory(r.full(rect, base), base)
		return r.opt.Memory <= 0 || window+int64(parallel.Workers(r.opt.Workers))*goroutine <= r.opt.Memory
	}
	if fits(rect) {
		return []image.Rectangle{rect}, nil
	}
	side := 1 << r.grid.Log2 >> base
	var bands []image.Rectangle
	for rest := rect; !rest.Empty(); {
		band := rest
		for rows := (rest.Max.Y-1)/side - rest.Min.Y/side + 1; !fits(band); {
			if rows--; rows < 1 {
				return nil, fmt.Errorf("%w: %d×%d pixels take more than %d bytes of memory", ErrTooLarge, band.Dx(), band.Dy(), r.opt.Memory)
			}
			band.Max.Y = (rest.Min.Y/side + rows) * side
		}
		bands = append(bands, band)
		rest.Min.Y = band.Max.Y
	}
	return bands, nil
}

// call is one call of Read.
type call struct {
	*Reader
	cache   *cache
	level   int // 0 or that of overviews
	decoded func()
}

// band decodes a band of a base level into dst, or into what down makes of it.
func (c *call) band(ctx context.Context, dst *raster.Block, down *reducer, band image.Rectangle) error {
	if down == nil {
		return c.region(ctx, dst.Sub(band))
	}
	fine := raster.NewBlock(band, dst.Type, len(dst.Planes))
	if err := c.region(ctx, fine); err != nil {
		return err
	}
	down.add(fine)
	return nil
}

// region decodes a region of a base level.
func (c *call) region(ctx context.Context, dst *raster.Block) error {
	over := c.grid.Over(c.full(dst.Rect, c.level), c.dec.Margin(c.level))
	indices := c.grid.Indices(over)
	segments, err := c.segments(ctx, indices)
	if err != nil {
		return err
	}
	w := c.dec.Window(dst, c.level)
	err = parallel.For(ctx, c.opt.Workers, len(indices), func(i int) error {
		defer c.decoded()
		return c.tile(ctx, w, indices[i], segments[i])
	})
	if err != nil {
		return err
	}
	return w.Finish(ctx, c.opt.Workers)
}

// stored is what a file holds of a tile: the segments that can be read, and what is
// wrong with the others.
type stored struct {
	engine.Segments
	err error
}

// tile decodes a tile into its place in a window, or takes it from the cache.
func (c *call) tile(ctx context.Context, w engine.Window, tile int, s stored) error {
	if c.cache == nil || c.level != 0 {
		_, err := c.decode(w, tile, s, false)
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
	d, err = c.decode(w, tile, s, true)
	return err
}

// decode decodes a tile. A damaged one is an error, or what is left of it.
func (c *call) decode(w engine.Window, tile int, s stored, keep bool) (engine.Decoded, error) {
	part, err := container.Front, s.err
	if err == nil {
		var d engine.Decoded
		if d, err = w.Decode(tile, s.Segments, keep); err == nil {
			return d, nil
		}
		if c.level == 0 || s.Detail != nil {
			part = container.Body
		}
		err = c.file.TileError(tile, part, err)
	}
	if !c.concealable(err) {
		return nil, err
	}
	c.lose(tile)
	w.Conceal(tile, s.Overview)
	return nil, nil
}

// concealable tells whether damage is to be filled. Input that cannot be read says
// nothing of the file.
func (r *Reader) concealable(err error) bool {
	return r.opt.KeepGoing && !errors.As(err, new(*container.ReadError)) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// Lost are the tiles that KeepGoing rendered from what is left of them so far, in pixels
// of level 0.
func (r *Reader) Lost() []image.Rectangle {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lost)
}

func (r *Reader) lose(tile int) {
	t := r.grid.Tile(tile)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.lost, t) {
		r.lost = append(r.lost, t)
		slices.SortFunc(r.lost, func(a, b image.Rectangle) int {
			return cmp.Or(a.Min.Y-b.Min.Y, a.Min.X-b.Min.X)
		})
	}
}
