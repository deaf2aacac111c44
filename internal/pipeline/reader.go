package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"sync"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/tiles"
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

// segments give the segments of tiles; *container.Reader and *container.Stream do.
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
	r, err := readerOf(file, file.Header(), file.Plan(), o)
	if err == nil {
		r.coarse.file = file
	}
	return r, err
}

// NewStream decodes the tiles of a file that comes as a stream, once and from the top: by
// Begin of all of level 0, or by Scan. Its errors are the ones of NewReader.
func NewStream(file *container.Stream, o Options) (*Reader, error) {
	return readerOf(file, file.Header(), file.Plan(), o)
}

func readerOf(file segments, h *container.Header, p *container.Plan, o Options) (*Reader, error) {
	plan := planOf(h, p)
	e, err := byID(plan.Engine, &plan.Format)
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
	return newReader(file, plan, dec, o), nil
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

// Pixels is the number of pixels of the raster that a rectangle of a level covers.
func (r *Reader) Pixels(rect image.Rectangle, level int) int64 {
	base := baseOf(level)
	return engine.Pixels(r.full(r.finer(rect, level, base), base))
}

// bytes is the memory of the samples of a rectangle.
func (r *Reader) bytes(rect image.Rectangle) int64 {
	f := &r.plan.Format
	return engine.Pixels(rect) * int64(f.Type.Size()*len(f.Bands))
}

// call is one call of a Reader.
type call struct {
	*Reader
	cache   *cache
	keep    image.Rectangle // the pixels of the raster that are needed again
	level   int             // 0 or engine.OverviewLevel
	decoded func(pixels int64)
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
		_, err := c.decode(ctx, w, tile, s, image.Rectangle{})
		return err
	}
	d, err := c.cache.get(ctx, tile)
	switch {
	case err != nil:
		return err
	case d != nil:
		w.Load(tile, d)
		if !c.grid.Tile(tile).Overlaps(c.keep) {
			c.cache.drop(tile)
		}
		return nil
	}
	defer func() { c.cache.put(tile, d) }()
	if s.Overview == nil && s.err == nil { // was in the cache when the others were read
		again, err := c.read(ctx, tile, tile+1)
		if err != nil {
			return err
		}
		s = again[0]
	}
	d, err = c.decode(ctx, w, tile, s, c.keep)
	return err
}

// decode decodes a tile. A damaged one is an error, or what is left of it.
func (c *call) decode(ctx context.Context, w engine.Window, tile int, s stored, keep image.Rectangle) (engine.Decoded, error) {
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

// Concealable tells whether damage is to be filled. Input that cannot be read, or that a
// limit does not allow for, says nothing of the file.
func (r *Reader) Concealable(err error) bool {
	return r.opt.KeepGoing && !errors.As(err, new(*container.ReadError)) && !errors.Is(err, container.ErrTooLarge) &&
		!errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
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
