package pipeline

import (
	"context"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/metrics"
	"github.com/qtgpu/qtgpu/raster"
)

// gauge decodes tiles as they come, from the top, and measures the errors of the colours. It
// holds the tiles that are still needed, and what they were coded from.
type gauge struct {
	tiles   held
	scan    *Scan
	reader  *Reader
	blocks  []*raster.Block // from the top
	squares uint64          // the sum of the squared errors
}

// newGauge measures what is coded by a plan.
func newGauge(p *engine.Plan, env *engine.Env) (*gauge, error) {
	e, err := byID(p.Engine, &p.Format)
	if err != nil {
		return nil, err
	}
	dec, err := e.NewDecoder(p)
	if err != nil {
		return nil, err
	}
	g := &gauge{tiles: held{}}
	rows := p.Grid().Pixels(image.Rect(0, 0, p.Grid().Across(), 1))
	least := 3 * newReader(g.tiles, p, dec, Options{}).Need(rows, 0) // a row of tiles, and those beside it
	g.reader = newReader(g.tiles, p, dec, Options{Workers: env.Workers, Memory: max(env.Memory/4, least)})
	g.scan = g.reader.Scan()
	return g, nil
}

// look takes the samples, b, of the tiles up to a row. It measures as many rows as can be decoded.
func (g *gauge) look(ctx context.Context, b *raster.Block, end int) error {
	grid := g.reader.grid
	g.blocks = append(g.blocks, b)
	for !g.scan.Rest().Empty() {
		next := g.scan.lowest()
		if grid.Over(next, g.reader.dec.Margin(0)).Max.Y > end {
			break
		}
		if err := g.band(ctx); err != nil {
			return err
		}
	}
	return nil
}

// band decodes and measures the next band.
func (g *gauge) band(ctx context.Context) error {
	region, err := g.scan.Begin(ctx)
	if err != nil {
		return err
	}
	decoded := region.NewBlock()
	if err := region.Decode(ctx, decoded, func(int64) {}); err != nil {
		return err
	}
	for _, b := range g.blocks {
		if rect := b.Rect.Intersect(decoded.Rect); !rect.Empty() {
			g.squares += squaredErrors(b.Sub(rect), decoded.Sub(rect))
		}
	}
	g.forget()
	return nil
}

// forget lets go of what no band needs any more.
func (g *gauge) forget() {
	rest, grid := g.scan.Rest(), g.reader.grid
	for len(g.blocks) > 0 && (rest.Empty() || g.blocks[0].Rect.Max.Y <= rest.Min.Y) {
		g.blocks = g.blocks[1:]
	}
	needed := grid.Over(rest, g.reader.dec.Margin(0))
	for want := range g.tiles {
		if !grid.At(want.Tile).In(needed) {
			delete(g.tiles, want)
		}
	}
}

// squaredErrors is the sum of the squared differences of the colours of two blocks of the same
// rectangle, of integers of 8 or 16 bits.
func squaredErrors(a, b *raster.Block) (sum uint64) {
	for band := range metrics.ColourChannels(len(a.Planes)) {
		for y := a.Rect.Min.Y; y < a.Rect.Max.Y; y++ {
			if a.Type == raster.Uint8 {
				sum += rowSquares(raster.Row[uint8](a, band, y), raster.Row[uint8](b, band, y), a.Step, b.Step)
			} else {
				sum += rowSquares(raster.Row[uint16](a, band, y), raster.Row[uint16](b, band, y), a.Step, b.Step)
			}
		}
	}
	return sum
}

func rowSquares[T uint8 | uint16](a, b []T, stepA, stepB int) (sum uint64) {
	for i, k := 0, 0; i < len(a); i, k = i+stepA, k+stepB {
		d := int64(a[i]) - int64(b[k])
		sum += uint64(d * d)
	}
	return sum
}

// held are segments in memory.
type held map[container.Want][]byte

// take takes the segments of a tile.
func (h held) take(tile int, s engine.Segments) {
	h[container.Want{Tile: tile, Part: container.Front}] = s.Overview
	h[container.Want{Tile: tile, Part: container.Body}] = s.Detail
}

// Segments implements segments.
func (h held) Segments(_ context.Context, wants []container.Want) ([][]byte, error) {
	out := make([][]byte, len(wants))
	for i, w := range wants {
		out[i] = h[w]
	}
	return out, nil
}

// Size implements segments.
func (h held) Size(_ context.Context, tile int, part container.Part) (int64, error) {
	return int64(len(h[container.Want{Tile: tile, Part: part}])), nil
}

// Far implements segments.
func (h held) Far() bool { return true }

// TileError implements segments.
func (h held) TileError(_ context.Context, tile int, part container.Part, err error) error {
	return fmt.Errorf("tile %d, %s: %w", tile, part, err)
}
