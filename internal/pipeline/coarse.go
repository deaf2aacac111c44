package pipeline

import (
	"context"
	"fmt"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/raster"
)

// coarse are the levels that a large file holds as files of their own.
type coarse struct {
	file *container.Reader // nil where there are none
	mu   sync.Mutex
	open map[int]*Reader // by level
}

// reader opens the file of the coarsest level from which a given one can be made, in the
// steps of Region.reducer; nil where the file holds none.
func (c *coarse) reader(ctx context.Context, level int, o Options) (*Reader, int, error) {
	if c.file == nil {
		return nil, 0, nil
	}
	at := 0
	for _, info := range c.file.Overviews() {
		if info.Level == level || info.Level < level && info.Level%engine.OverviewLevel == 0 {
			at = max(at, info.Level)
		}
	}
	if at == 0 {
		return nil, 0, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.open[at]; r != nil {
		return r, at, nil
	}
	r, err := c.openLevel(ctx, at, o)
	if err != nil {
		return nil, 0, fmt.Errorf("level %d: %w", at, err)
	}
	if c.open == nil {
		c.open = map[int]*Reader{}
	}
	c.open[at] = r
	return r, at, nil
}

func (c *coarse) openLevel(ctx context.Context, level int, o Options) (*Reader, error) {
	section, err := c.file.Overview(level)
	if err != nil {
		return nil, err
	}
	file, err := container.Open(ctx, section, section.Size(), container.Options{})
	if err != nil {
		return nil, err
	}
	return NewReader(file, o)
}

// beginCoarse begins a region that a coarser level of the file is enough for; nil where
// there is none, or it is damaged and the overviews of tiles can stand in for it.
func (r *Reader) beginCoarse(ctx context.Context, rect image.Rectangle, level int) (*Region, error) {
	o := r.opt
	o.KeepGoing = false
	nested, base, err := r.coarse.reader(ctx, level, o)
	if nested == nil && err == nil {
		return nil, nil
	}
	g := &Region{call: call{Reader: r}, at: level, base: base, rect: rect}
	if err == nil {
		g.fine = r.finer(rect, level, base)
		if nested.Size(0) != r.Size(base) || nested.plan.Format.Type != r.plan.Format.Type || len(nested.plan.Format.Bands) != len(r.plan.Format.Bands) {
			err = fmt.Errorf("level %d: %v of %v, expected %v of %v", base, nested.Size(0), nested.plan.Format.Type, r.Size(base), r.plan.Format.Type)
		} else {
			g.fromOverview, err = nested.Begin(ctx, g.fine, 0)
		}
	}
	if err != nil && r.Concealable(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// decodeCoarse decodes a region from a coarser level.
func (g *Region) decodeCoarse(ctx context.Context, dst *raster.Block, down *reducer) error {
	if down == nil {
		return g.fromOverview.Decode(ctx, dst, g.decoded)
	}
	fine := raster.NewBlock(g.fine, dst.Type, len(dst.Planes))
	if err := g.fromOverview.Decode(ctx, fine, g.decoded); err != nil {
		return err
	}
	down.add(fine)
	return nil
}

// checkCoarse decodes the coarse levels.
func (r *Reader) checkCoarse(ctx context.Context) error {
	if r.coarse.file == nil {
		return nil
	}
	for _, info := range r.coarse.file.Overviews() {
		nested, _, err := r.coarse.reader(ctx, info.Level, r.opt)
		if err == nil {
			err = nested.Check(ctx, func(int64) {})
		}
		if err != nil {
			return fmt.Errorf("level %d: %w", info.Level, err)
		}
	}
	return nil
}
