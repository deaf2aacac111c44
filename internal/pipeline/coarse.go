package pipeline

import (
	"context"
	"fmt"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
)

// coarse are the levels that a large file holds as files of their own.
type coarse struct {
	file *container.Reader // nil where there are none
	mu   sync.Mutex
	open map[int]*Reader // by level
}

// levelFor is the coarsest level that the file holds and from which a given one is made
// (see Region.down); 0 where it holds none.
func (c *coarse) levelFor(level int) int {
	at := 0
	if c.file == nil {
		return at
	}
	for _, info := range c.file.Overviews() {
		if info.Level == level || info.Level < level && info.Level%engine.OverviewLevel == 0 {
			at = max(at, info.Level)
		}
	}
	return at
}

// nested opens the file of a coarse level.
func (r *Reader) nested(ctx context.Context, level int) (*Reader, error) {
	c := &r.coarse
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.open[level]; n != nil {
		return n, nil
	}
	section, err := c.file.Overview(level)
	if err != nil {
		return nil, err
	}
	file, err := container.Open(ctx, section, section.Size(), container.Options{})
	if err != nil {
		return nil, err
	}
	o := r.opt
	o.KeepGoing = false // the overviews of tiles stand in
	n, err := NewReader(file, o)
	if err == nil {
		want := r.plan.Format
		size := r.Size(level)
		want.Width, want.Height = size.X, size.Y
		err = SameSamples(&n.plan.Format, &want)
	}
	if err != nil {
		return nil, err
	}
	if c.open == nil {
		c.open = map[int]*Reader{}
	}
	c.open[level] = n
	return n, nil
}

// inLevel is an error of a coarse level.
func inLevel(level int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("level %d: %w", level, err)
}

// beginCoarse begins a region that a coarse level of the file, base, is enough for.
func (r *Reader) beginCoarse(ctx context.Context, rect image.Rectangle, level, base int, o output) (*Region, error) {
	n, err := r.nested(ctx, base)
	if err != nil {
		return nil, inLevel(base, err)
	}
	g := &Region{call: call{Reader: r}, at: level, base: base, rect: rect, fine: r.finer(rect, level, base), output: o}
	o.passed = o.passed || level > base
	g.fromCoarse, err = n.begin(ctx, g.fine, 0, o)
	return g, inLevel(base, err)
}

// decodeCoarse decodes a region from a coarse level, which counts as if its tiles had been
// decoded.
func (g *Region) decodeCoarse(ctx context.Context, to sink) error {
	g.fromCoarse.decoded = func(int64) {}
	if err := g.fromCoarse.decode(ctx, to); err != nil {
		return inLevel(g.base, err)
	}
	g.decoded(g.Pixels(g.rect, g.at))
	return nil
}

// checkCoarse decodes the coarse levels.
func (r *Reader) checkCoarse(ctx context.Context) error {
	if r.coarse.file == nil {
		return nil
	}
	for _, info := range r.coarse.file.Overviews() {
		n, err := r.nested(ctx, info.Level)
		if err == nil {
			err = n.Check(ctx, func(int64) {})
		}
		if err != nil {
			return inLevel(info.Level, err)
		}
	}
	return nil
}
