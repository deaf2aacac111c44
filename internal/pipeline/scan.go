package pipeline

import (
	"context"
	"image"
	"math"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// Scan decodes level 0 from the top by bands of rows. It asks for tiles in their order, and
// decodes those that two bands need once, as far as the memory has room for them.
type Scan struct {
	r     *Reader
	cache *cache          // of what a band leaves to the next, nil where no band does
	room  int64           // what that takes, about
	rest  image.Rectangle // what is left
}

// Scan begins at the top.
func (r *Reader) Scan() *Scan {
	s := &Scan{r: r, rest: r.plan.Format.Bounds()}
	g := r.region(s.rest, 0, output{passed: true})
	if s.room = g.shared(); s.room == 0 {
		return s
	}
	limit := int64(math.MaxInt64) // keep is enough of one
	if share := r.opt.Memory / spareShare; share > 0 && share < s.room {
		s.room, limit = share, share
	}
	s.cache = newCache(limit)
	return s
}

// Begin reads what the next band is made of. There is none where Rest is empty.
func (s *Scan) Begin(ctx context.Context) (*Region, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	g := s.r.region(s.lowest(), 0, output{passed: true, kept: s.room})
	if _, err := g.divide(0); err != nil {
		return nil, err
	}
	g.bands = g.bands[:1]
	g.rect, g.fine = g.bands[0], g.bands[0]
	rest := s.rest
	rest.Min.Y = g.rect.Max.Y
	if g.cache = s.cache; !rest.Empty() {
		g.keep = g.neededFrom(rest)
	}
	var err error
	if g.first, err = g.segments(ctx, g.tilesOf(g.fine)); err == nil {
		s.rest = rest
	}
	return g, err
}

// lowest is the next band if the memory allows for it: as low as goroutines have enough in, so that rows come soon.
func (s *Scan) lowest() image.Rectangle {
	grid, band := s.r.grid, s.rest
	enough := engine.BandRows(grid, s.r.opt.Workers)
	if grid.Over(band, 0).Dy() > enough {
		band.Max.Y = min(s.r.edge(band.Min.Y, enough, 0), band.Max.Y)
	}
	return band
}

// Rest is what no band has been begun of.
func (s *Scan) Rest() image.Rectangle { return s.rest }

// Rect is where the samples of the region lie, in pixels of its level.
func (g *Region) Rect() image.Rectangle { return g.rect }

// NewBlock is a block for the samples of the region.
func (g *Region) NewBlock() *raster.Block {
	f := &g.plan.Format
	return raster.NewInterleaved(g.rect, f.Type, len(f.Bands), len(f.Bands))
}
