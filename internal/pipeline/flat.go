package pipeline

import (
	"context"
	"encoding/binary"
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
	equal, all, parts := int64(0), int64(0), partsOf(b, y)
	for from := 1; from < b.Rect.Dx(); {
		to := min(b.Rect.Dx(), (b.Rect.Min.X+from+flatRows-1)/flatRows*flatRows-b.Rect.Min.X)
		equal, all = equal+equalOf(parts, b.Step*b.Type.Size(), from, to), all+int64(to-from)
		from = to + 1 // what lies beside that may be in another block
	}
	f.equal.Add(equal)
	f.all.Add(all)
}

// rowPart is a row of words, as many bytes of which are of each pixel, and the one above.
type rowPart struct {
	row, above []byte
	bytes      int
}

// partsOf are the parts of a row: of all bands in one where their samples lie beside each other and fit a word.
func partsOf(b *raster.Block, y int) (parts []rowPart) {
	size := b.Type.Size()
	at, width := (y-b.Rect.Min.Y)*b.Stride*size, (b.Rect.Dx()-1)*b.Step*size
	for i, p := range b.Planes {
		if last := len(parts) - 1; last >= 0 {
			l, n := &parts[last], parts[last].bytes+size
			if n <= wordBytes && cap(l.row) >= width+n && &l.row[:n][l.bytes] == &p[at] {
				*l = rowPart{l.row[:width+n], l.above[:width+n], n}
				continue
			}
		}
		parts = append(parts, rowPart{p[at:][:width+size], b.Planes[i][at-b.Stride*size:][:width+size], size})
	}
	return parts
}

// equalOf counts the pixels, step bytes apart, from one up to another, that are as the ones beside or above.
func equalOf(parts []rowPart, step, from, to int) (equal int64) {
	for x := from; x < to; x++ {
		beside, up := uint64(0), uint64(0)
		for i := range parts {
			p := &parts[i]
			v, drop := word(p.row[x*step:]), uint(8*(wordBytes-p.bytes))
			beside |= (v ^ word(p.row[(x-1)*step:])) << drop
			up |= (v ^ word(p.above[x*step:])) << drop
		}
		if beside == 0 || up == 0 {
			equal++
		}
	}
	return equal
}

// wordBytes is how many bytes of a pixel are compared at once.
const wordBytes = 8

// word is the first bytes of p, zeros where it has fewer.
func word(p []byte) uint64 {
	if len(p) >= wordBytes {
		return binary.LittleEndian.Uint64(p)
	}
	var all [wordBytes]byte
	copy(all[:], p)
	return binary.LittleEndian.Uint64(all[:])
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
