// Package masked puts what has no data beside the tiles of an engine that knows of none: a
// mask of each tile, without loss, and in its place samples that cost that engine little.
package masked

import (
	"context"
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// Engine is another engine with masks; Log2 is of the side of its tiles.
type Engine struct {
	engine.Engine
	Log2 int
}

// without are the parameters that the other engine sees.
func without(p engine.Params) engine.Params {
	p.Format.Bands = slices.Clone(p.Format.Bands)
	for i := range p.Format.Bands {
		p.Format.Bands[i].NoData = nil
	}
	return p
}

// Accepts implements engine.Engine.
func (e Engine) Accepts(p *engine.Params) error {
	inner := without(*p)
	if err := e.Engine.Accepts(&inner); err != nil {
		return err
	}
	if p.Bound == engine.Max && !predictive.NewMasks(&p.Format).Ends() {
		return fmt.Errorf("no data within the range of the samples, expected an end of it")
	}
	return nil
}

// Cost implements engine.Engine: masks cost little, but tiles are coded again, since they
// are not held.
func (e Engine) Cost(p *engine.Params) engine.Cost {
	inner := without(*p)
	c := e.Engine.Cost(&inner)
	c.Kept = 0
	return c
}

// encoder implements engine.Encoder.
type encoder struct {
	engine.Encoder
	plan  *engine.Plan
	masks *predictive.Masks
}

// Train implements engine.Engine.
func (e Engine) Train(ctx context.Context, p engine.Params, src raster.Source, env *engine.Env) (engine.Encoder, error) {
	masks := predictive.NewMasks(&p.Format)
	filled := &filled{src, masks, without(p).Format, e.Log2}
	enc, err := e.Engine.Train(ctx, without(p), filled, env)
	if err != nil {
		return nil, err
	}
	return &encoder{enc, with(enc.Plan(), &p.Format), masks}, nil
}

// with is the plan of another engine for a format of masks.
func with(inner *engine.Plan, f *raster.Format) *engine.Plan {
	p := *inner
	p.Format = *f
	return &p
}

// NewEncoder implements engine.Engine.
func (e Engine) NewEncoder(p *engine.Plan, env *engine.Env) (engine.Encoder, error) {
	inner := *p
	inner.Params = without(p.Params)
	enc, err := e.Engine.NewEncoder(&inner, env)
	if err != nil {
		return nil, err
	}
	return &encoder{enc, p, predictive.NewMasks(&p.Format)}, nil
}

// Plan implements engine.Encoder.
func (e *encoder) Plan() *engine.Plan { return e.plan }

// Held implements engine.Encoder: masks are not held.
func (e *encoder) Held(int) bool { return false }

// slab is a slab of the other engine, and the samples as they were.
type slab struct {
	inner engine.Slab
	block *raster.Block
}

// Slab implements engine.Encoder.
func (e *encoder) Slab(ctx context.Context, in *raster.Block) (engine.Slab, error) {
	inner, err := e.Encoder.Slab(ctx, filledCopy(e.masks, e.plan.Grid(), in))
	return &slab{inner, in}, err
}

// Encode implements engine.Encoder.
func (e *encoder) Encode(ctx context.Context, s engine.Slab, tile int, work *progress.Work) (*engine.Tile, error) {
	from := s.(*slab)
	t, err := e.Encoder.Encode(ctx, from.inner, tile, work)
	if err != nil {
		return nil, err
	}
	mask := e.masks.Find(from.block.Sub(e.plan.Grid().Tile(tile)))
	overview, detail := e.masks.Append(mask, nil, nil)
	t.Overview, t.Detail = append(overview, t.Overview...), append(detail, t.Detail...)
	return t, nil
}

// filled is a raster in which samples have data where they had none: of whole tiles, for
// what stands in a sample's place depends on its tile alone.
type filled struct {
	src    raster.Source
	masks  *predictive.Masks
	format raster.Format
	log2   int
}

// Format implements raster.Source.
func (f *filled) Format() *raster.Format { return &f.format }

// ReadBlock implements raster.Source.
func (f *filled) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if err := f.src.ReadBlock(ctx, dst); err != nil {
		return err
	}
	fill(f.masks, tiles.Grid{W: f.format.Width, H: f.format.Height, Log2: f.log2}, dst)
	return nil
}

// fill fills whole tiles, each by itself.
func fill(m *predictive.Masks, grid tiles.Grid, b *raster.Block) {
	for _, tile := range grid.Indices(grid.Over(b.Rect, 0)) {
		if r := grid.Tile(tile).Intersect(b.Rect); !r.Empty() {
			part := b.Sub(r)
			m.Fill(part, m.Find(part))
		}
	}
}

// filledCopy is a block that is filled, in memory of its own and of the same step.
func filledCopy(m *predictive.Masks, grid tiles.Grid, b *raster.Block) *raster.Block {
	c := raster.NewBlock(b.Rect, b.Type, len(b.Planes))
	if b.Step > 1 {
		c = raster.NewInterleaved(b.Rect, b.Type, len(b.Planes), b.Step)
	}
	raster.Copy(c, b)
	fill(m, grid, c)
	return c
}
