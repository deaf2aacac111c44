package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

// segments reads what tiles need at the level of the call, all at once, but for those
// that are in the cache, and the details of a file that is near: what is read of it just
// before it is decoded takes no memory of its own. The error is one of reading, or of the
// first damaged tile unless damage is to be filled.
func (c *call) segments(ctx context.Context, indices []int) ([]stored, error) {
	out := make([]stored, len(indices))
	var wants []want
	details := c.level == 0 && c.file.Far()
	for i, tile := range indices {
		if c.cache != nil && c.level == 0 && c.cache.has(tile) {
			continue
		}
		wants = append(wants, want{i, container.Want{Tile: tile, Part: container.Front}})
		if details {
			wants = append(wants, want{i, container.Want{Tile: tile, Part: container.Body}})
		}
	}
	if err := c.fetch(ctx, out, wants); err != nil {
		return nil, err
	}
	if c.level == 0 && !details {
		if err := c.postpone(ctx, out, indices); err != nil {
			return nil, err
		}
	}
	wants = nil
	for i, tile := range indices {
		if c.level != 0 && out[i].err == nil && c.dec.NeedsDetail(out[i].Overview) {
			wants = append(wants, want{i, container.Want{Tile: tile, Part: container.Body}})
		}
	}
	if err := c.fetch(ctx, out, wants); err != nil {
		return nil, err
	}
	return out, c.hold(ctx, out, indices)
}

// postpone finds the sizes of details that are read later.
func (c *call) postpone(ctx context.Context, out []stored, indices []int) error {
	for i := range out {
		s := &out[i]
		if s.err != nil || s.Overview == nil {
			continue
		}
		size, err := c.file.Size(ctx, indices[i], container.Body)
		if err != nil {
			return err
		}
		s.later, s.size = true, size
	}
	return nil
}

// complete reads the detail of a tile that was postponed.
func (c *call) complete(ctx context.Context, tile int, s *stored) error {
	if !s.later {
		return nil
	}
	s.later = false
	one := []stored{*s}
	err := c.fetch(ctx, one, []want{{0, container.Want{Tile: tile, Part: container.Body}}})
	*s = one[0]
	return err
}

// read reads the segments of tiles, from one up to another.
func (c *call) read(ctx context.Context, from, to int) ([]stored, error) {
	out := make([]stored, to-from)
	var wants []want
	var indices []int
	for i := range out {
		indices = append(indices, from+i)
		for _, part := range []container.Part{container.Front, container.Body} {
			wants = append(wants, want{i, container.Want{Tile: from + i, Part: part}})
		}
	}
	if err := c.fetch(ctx, out, wants); err != nil {
		return nil, err
	}
	return out, c.hold(ctx, out, indices)
}

// want is a segment that is wanted for one of some tiles.
type want struct {
	i int
	container.Want
}

// fetch reads segments into the tiles that they are wanted for.
func (c *call) fetch(ctx context.Context, out []stored, wants []want) error {
	if len(wants) == 0 {
		return nil
	}
	list := make([]container.Want, len(wants))
	for k, w := range wants {
		list[k] = w.Want
	}
	segments, err := c.file.Segments(ctx, list)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && !c.Concealable(err) {
		return firstOf(err)
	}
	for k, w := range wants {
		s := &out[w.i]
		switch {
		case segments[k] == nil:
			s.err = errors.Join(s.err, damageOf(err, w.Want))
		case w.Part == container.Front:
			s.Overview = segments[k]
		default:
			s.Detail = segments[k]
		}
	}
	return nil
}

// firstOf gives the first of the tiles' errors that are joined in err.
func firstOf(err error) error {
	if first := (*container.TileError)(nil); errors.As(err, &first) {
		return first
	}
	return err
}

// damageOf finds the error of a segment in those that are joined in err.
func damageOf(err error, w container.Want) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if found := damageOf(e, w); found != nil {
				return found
			}
		}
		return nil
	}
	if e := (*container.TileError)(nil); errors.As(err, &e) && e.Tile == w.Tile && e.Part == w.Part {
		return e
	}
	return nil
}

// hold holds what was read of tiles against what they must take at least, before
// anything is allocated for their samples.
func (c *call) hold(ctx context.Context, out []stored, indices []int) error {
	length, pixels := int64(0), int64(0)
	for i := range out {
		s := &out[i]
		if s.err != nil || s.Overview == nil {
			continue
		}
		if s.err = c.justified(ctx, indices[i], s); s.err != nil && !c.opt.KeepGoing {
			return s.err
		}
		length += int64(len(s.Overview)+len(s.Detail)) + s.size
		pixels += engine.Pixels(c.grid.Tile(indices[i]))
	}
	if f := &c.plan.Format; pixels>>(2*c.level)*int64(f.Type.Size()*len(f.Bands)) <= suspicious*length {
		return nil
	}
	return c.doubt(ctx, out, indices)
}

// suspicious is the number of bytes of samples for one of a file from which on the
// overviews are decoded before anything is allocated for the samples.
const suspicious = 1 << 8

// doubt decodes the overviews of tiles.
func (c *call) doubt(ctx context.Context, out []stored, indices []int) error {
	return parallel.For(ctx, c.opt.Workers, len(out), func(i int) error {
		s := &out[i]
		if s.err != nil || s.Overview == nil || c.dec.NeedsDetail(s.Overview) {
			return nil
		}
		if err := c.dec.Check(indices[i], s.Segments, engine.OverviewLevel); err != nil {
			s.err = c.file.TileError(ctx, indices[i], container.Front, err)
		}
		if c.opt.KeepGoing {
			return nil
		}
		return s.err
	})
}

// justified tells why segments of a tile are too short for what they promise.
func (r *Reader) justified(ctx context.Context, tile int, s *stored) error {
	least, leastDetail := r.dec.Least(tile, s.Overview)
	part, found := container.Front, int64(len(s.Overview))
	if found >= least {
		if s.Detail == nil && !s.later {
			return nil // not wanted
		}
		part, found, least = container.Body, int64(len(s.Detail))+s.size, leastDetail
	}
	if found >= least {
		return nil
	}
	t := r.grid.Tile(tile)
	return r.file.TileError(ctx, tile, part, fmt.Errorf("%d bytes for %d×%d pixels, expected at least %d", found, t.Dx(), t.Dy(), least))
}
