package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// Check decodes all that every tile holds, the samples and the overview, and the coarse
// levels. decoded is told of the pixels of every tile. Damage is an error, whatever the
// options say.
func (r *Reader) Check(ctx context.Context, decoded func(pixels int64)) error {
	if err := r.checkCoarse(ctx); err != nil {
		return err
	}
	return r.each(ctx, func(tile int, s engine.Segments) error {
		if err := r.dec.Check(tile, s, engine.OverviewLevel); err != nil {
			part := container.Front
			if r.dec.NeedsDetail(s.Overview) {
				part = container.Body
			}
			return r.file.TileError(ctx, tile, part, err)
		}
		if err := r.dec.Check(tile, s, 0); err != nil {
			return r.file.TileError(ctx, tile, container.Body, err)
		}
		decoded(engine.Pixels(r.grid.Tile(tile)))
		return nil
	})
}

// Measure decodes every tile, compares the samples with the original ones and gives the
// largest errors. decoded and damage are as with Check.
func (r *Reader) Measure(ctx context.Context, original raster.Source, decoded func(pixels int64)) ([]uint64, error) {
	worst := make([]uint64, len(r.plan.Format.Bands))
	var mu sync.Mutex
	err := r.each(ctx, func(tile int, s engine.Segments) error {
		b, err := engine.Read(ctx, original, r.grid.Tile(tile), engine.Interleave(&r.plan.Params), nil)
		if err != nil {
			return err
		}
		found, err := r.dec.Measure(ctx, tile, s, b)
		if err != nil {
			return r.file.TileError(ctx, tile, container.Body, err)
		}
		decoded(engine.Pixels(b.Rect))
		mu.Lock()
		defer mu.Unlock()
		for i, v := range found {
			worst[i] = max(worst[i], v)
		}
		return nil
	})
	return worst, err
}

// each reads the segments of every tile, holds them against what they must take, and
// has f look at them. Of a far file it reads those of many tiles at once.
func (r *Reader) each(ctx context.Context, f func(tile int, s engine.Segments) error) error {
	workers, err := r.tileWorkers()
	if err != nil {
		return err
	}
	c := call{Reader: r}
	look := func(tile int, s stored) error {
		if s.err != nil {
			return s.err
		}
		return f(tile, s.Segments)
	}
	if r.file.Far() {
		err = c.eachAhead(ctx, workers, look)
	} else {
		err = parallel.For(ctx, workers, r.grid.N(), func(tile int) error {
			s, err := c.read(ctx, tile, tile+1)
			if err != nil {
				return err
			}
			return look(tile, s[0])
		})
	}
	if err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// eachAhead reads the segments of many tiles at once, and then has look look at them.
func (c *call) eachAhead(ctx context.Context, workers int, look func(tile int, s stored) error) error {
	for from, to := 0, 0; from < c.grid.N(); from = to {
		var err error
		if to, err = c.ahead(ctx, from); err != nil {
			return err
		}
		read, err := c.read(ctx, from, to)
		if err != nil {
			return err
		}
		err = parallel.For(ctx, workers, to-from, func(i int) error { return look(from+i, read[i]) })
		if err != nil {
			return err
		}
	}
	return nil
}

// aheadBytes is about how much is read at once of a far file, aheadTiles of how many tiles.
const (
	aheadBytes = 4 << 20
	aheadTiles = 256
)

// ahead is the end of the tiles from a first one on whose segments are read at once.
func (r *Reader) ahead(ctx context.Context, from int) (to int, err error) {
	end := min(from+aheadTiles, r.grid.N())
	for to, sum := from, int64(0); to < end; to++ {
		for _, part := range []container.Part{container.Front, container.Body} {
			n, err := r.file.Size(ctx, to, part)
			if err != nil {
				return 0, err
			}
			sum += n
		}
		if sum > aheadBytes && to > from {
			return to, nil
		}
	}
	return end, nil
}

// tileWorkers is the number of goroutines that may each hold a decoded tile, its original
// and what decoding takes.
func (r *Reader) tileWorkers() (int, error) {
	workers, limit := parallel.Workers(r.opt.Workers), r.opt.Memory
	if limit == 0 {
		return workers, nil
	}
	tile := r.grid.Tile(0)
	middle := tile.Min.Add(tile.Size().Div(2)) // no filter reaches from there to a neighbour
	window, goroutine := r.dec.Memory(image.Rectangle{Min: middle, Max: middle.Add(image.Pt(1, 1))}, 0)
	samples := engine.Pixels(tile) * int64(r.plan.Format.Type.Size()*len(r.plan.Format.Bands))
	each := window + goroutine + samples
	if each > limit {
		return 0, fmt.Errorf("%w: a tile of %d×%d takes %d bytes of memory, the limit is %d", ErrTooLarge, tile.Dx(), tile.Dy(), each, limit)
	}
	return int(min(int64(workers), limit/each)), nil
}

// Leaves are the leaves of a plane, tile by tile; ok is false of an engine that has none.
func (r *Reader) Leaves(ctx context.Context, plane int, f func(engine.Leaf)) (ok bool, err error) {
	l, ok := r.dec.(interface {
		Leaves(tile int, s engine.Segments, plane int, f func(engine.Leaf)) error
	})
	if !ok {
		return false, nil
	}
	var mu sync.Mutex
	return true, r.each(ctx, func(tile int, s engine.Segments) error {
		return l.Leaves(tile, s, plane, func(leaf engine.Leaf) {
			mu.Lock()
			defer mu.Unlock()
			f(leaf)
		})
	})
}

// Modes counts the tiles by the mode that their engine names; "damaged" where the
// overview does not tell. It is empty of engines without modes.
func (r *Reader) Modes(ctx context.Context) (map[string]int, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	modes := map[string]int{}
	if r.plan.Engine != engine.Predictive {
		return modes, nil
	}
	for from := 0; from < r.grid.N(); from += aheadTiles {
		var wants []container.Want
		for tile := from; tile < min(from+aheadTiles, r.grid.N()); tile++ {
			wants = append(wants, container.Want{Tile: tile, Part: container.Front})
		}
		got, err := r.file.Segments(ctx, wants)
		if got == nil {
			return nil, err
		}
		for i, overview := range got {
			if overview == nil {
				if lost := damageOf(err, wants[i]); !errors.Is(lost, container.ErrChecksum) {
					return nil, lost
				}
			}
			modes[cmp.Or(r.dec.Mode(overview), "damaged")]++
		}
	}
	return modes, nil
}
