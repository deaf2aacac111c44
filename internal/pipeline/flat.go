package pipeline

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// flatness counts how many pixels are as the one beside or above them: at most 3 in 8 of
// photographs, but of those with a blank background, and 7 in 10 at least of drawings, text,
// masks and screens (docs/bench/choice.md). It looks at a row of flatRows, and at no pixel whose
// neighbours may lie in another block, so that the count does not depend on how blocks are cut.
type flatness struct{ equal, all atomic.Int64 }

// flatRows is the distance of the rows that are looked at; it divides the side of tiles.
const flatRows = 64

// flat tells whether half of the pixels are as others.
func (f *flatness) flat() bool { return 2*f.equal.Load() > f.all.Load() }

// look counts pixels of whole tiles.
func (f *flatness) look(b *raster.Block) {
	first := (b.Rect.Min.Y/flatRows)*flatRows + 1
	for y := first; y < b.Rect.Max.Y; y += flatRows {
		if y > b.Rect.Min.Y {
			f.lookAtRow(b, y)
		}
	}
}

func (f *flatness) lookAtRow(b *raster.Block, y int) {
	if b.Rect.Dx() < 2 {
		return
	}
	// What bytes of each pixel differ in from the ones beside and above.
	beside, up := make([]byte, b.Rect.Dx()), make([]byte, b.Rect.Dx())
	size := b.Type.Size()
	step := b.Step * size
	for band := range b.Planes {
		row, above := b.RowBytes(band, y), b.RowBytes(band, y-1)
		for i := range size {
			addDifferences(beside[1:], row[i:], row[i+step:], step)
			addDifferences(up[1:], above[i+step:], row[i+step:], step)
		}
	}
	equal, all := int64(0), int64(0)
	for x := 1; x < len(beside); x++ {
		if (b.Rect.Min.X+x)%flatRows == 0 {
			continue
		}
		if all++; beside[x] == 0 || up[x] == 0 {
			equal++
		}
	}
	f.equal.Add(equal)
	f.all.Add(all)
}

// addDifferences adds what bytes of v, that are step apart, differ in from others.
func addDifferences(sums, others, v []byte, step int) {
	i := 0
	for x := range sums {
		sums[x] |= v[i] ^ others[i]
		i += step
	}
}

// watched is a source of which a sample of the tiles is looked at as they are read, as isFlat does.
type watched struct {
	raster.Source
	grid   tiles.Grid
	sample []bool
	seen   flatness
}

func newWatched(src raster.Source) *watched {
	grid := sampleGrid(src.Format())
	return &watched{Source: src, grid: grid, sample: grid.InSpread(engine.SampleTiles)}
}

// ReadBlock implements raster.Source.
func (w *watched) ReadBlock(ctx context.Context, dst *raster.Block) error {
	asked := *dst // a source may change the fields of dst, which is for the caller to refuse
	asked.Planes = slices.Clone(dst.Planes)
	if err := w.Source.ReadBlock(ctx, dst); err != nil {
		return err
	}
	for _, tile := range w.grid.Indices(w.grid.Over(asked.Rect, 0)) {
		if r := asked.Rect.Intersect(w.grid.Tile(tile)); w.sample[tile] {
			w.seen.look(asked.Sub(r))
		}
	}
	return nil
}

// sampleGrid has the tiles that a sample is taken of.
func sampleGrid(f *raster.Format) tiles.Grid {
	return tiles.Grid{W: f.Width, H: f.Height, Log2: transform.TileLog2}
}

// isFlat looks at a sample of the tiles of a raster.
func isFlat(ctx context.Context, src raster.Source, workers int) (bool, error) {
	grid, seen := sampleGrid(src.Format()), flatness{}
	err := engine.Each(ctx, src, grid, grid.Spread(engine.SampleTiles), 1, workers, nil, func(_ int, b *raster.Block) error {
		seen.look(b)
		return nil
	})
	return seen.flat(), err
}

// trainLooking trains the transform engine, and tells whether the raster is flat. What it reads
// for that it reads once: the sample of isFlat is the engine's.
func (w *way) trainLooking(ctx context.Context, src raster.Source, env *engine.Env) (enc engine.Encoder, flat bool, err error) {
	if _, ok := src.(*raster.Memory); ok {
		if flat, err = isFlat(ctx, src, env.Workers); err == nil {
			enc, err = w.train(ctx, src, env)
		}
		return enc, flat, err
	}
	seen := newWatched(src)
	enc, err = w.train(ctx, seen, env)
	return enc, seen.seen.flat(), err
}
