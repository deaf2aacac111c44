package layered

import (
	"context"
	"fmt"
	"image"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// Engine is the engine of a base and its corrections.
type Engine struct{}

// TileLog2 is the side of a tile that the engine makes.
const TileLog2 = 10

// ID implements engine.Engine.
func (Engine) ID() engine.ID { return engine.Layered }

// Accepts implements engine.Engine.
func (Engine) Accepts(p *engine.Params) error {
	f := &p.Format
	switch {
	case p.Bound != engine.Max || p.T < 1 || p.T > MaxBound:
		return fmt.Errorf("threshold %d, expected a bound of every sample of 1 to %d", p.T, MaxBound)
	case f.Type != raster.Uint8 || f.FullScale() != f.Type.Max():
		return fmt.Errorf("samples of %v up to %d, expected uint8", f.Type, f.FullScale())
	case f.Colour() != 0:
		return fmt.Errorf("%d bands, expected red, green and blue, and at most one more", len(f.Bands))
	}
	return engine.CheckPicture(f)
}

// pixelCost is the cost of coding a pixel, about, as measured.
const pixelCost = 40

// Cost implements engine.Engine.
func (Engine) Cost(p *engine.Params) engine.Cost {
	kept := engine.Sampled(&p.Format, engine.SampleTiles, TileLog2)
	memory := engine.Sampled(&p.Format, 1, TileLog2) * int64(len(p.Format.Bands)) * encodeBytes
	return engine.Cost{Train: kept * pixelCost, Pixel: pixelCost, Kept: kept, Memory: memory}
}

// formatOf is what coding a tile needs to know of a plan.
func formatOf(p *engine.Plan) Format {
	return Format{Planes: transform.PlanesOf(&p.Format, false), Bound: int(p.T)}
}

// encoder implements engine.Encoder.
type encoder struct {
	tiles.Grid
	plan    *engine.Plan
	env     *engine.Env
	coder   *Encoder
	tables  *Tables
	scratch parallel.Pool[Scratch]
	*engine.Store[Tile]
}

func newEncoder(p *engine.Plan, env *engine.Env) *encoder {
	coder := NewEncoder(formatOf(p), env.Reducer, p.Split)
	return &encoder{Grid: p.Grid(), plan: p, env: env, coder: coder, Store: engine.NewStore[Tile](env.Memory / 4)}
}

// Train implements engine.Engine: the tables are the ones that suit the sample best.
func (Engine) Train(ctx context.Context, p engine.Params, src raster.Source, env *engine.Env) (engine.Encoder, error) {
	e := newEncoder(&engine.Plan{Engine: engine.Layered, Params: p, TileLog2: TileLog2}, env)
	list := e.Spread(engine.SampleTiles)
	counts := newCounts()
	var mu sync.Mutex
	err := engine.Each(ctx, src, e.Grid, list, engine.Interleave(&p), engine.WithinMemory(env.Workers, env.Memory, e.Memory()), env.Work, func(i int, b *raster.Block) error {
		t, err := e.code(ctx, b)
		if err != nil {
			return err
		}
		e.Hold(list[i], t, t.bytes())
		mu.Lock()
		defer mu.Unlock()
		counts.add(t)
		return nil
	})
	e.tables = counts.tables()
	e.plan.Payload = e.tables.Payload
	return e, err
}

// NewEncoder implements engine.Engine.
func (Engine) NewEncoder(p *engine.Plan, env *engine.Env) (engine.Encoder, error) {
	e := newEncoder(p, env)
	var err error
	e.tables, err = parseTables(p.Payload)
	return e, err
}

// Plan implements engine.Encoder.
func (e *encoder) Plan() *engine.Plan { return e.plan }

// encodeBytes is about what a goroutine takes for a sample of a tile while it encodes it,
// as measured (docs/bench/pipeline.md).
const encodeBytes = 9

// Memory implements engine.Encoder.
func (e *encoder) Memory() int64 {
	return e.TilePixels() * int64(len(e.plan.Format.Bands)) * encodeBytes
}

// Slab implements engine.Encoder: there is nothing to prepare.
func (e *encoder) Slab(_ context.Context, in *raster.Block) (engine.Slab, error) { return in, nil }

// Encode implements engine.Encoder.
func (e *encoder) Encode(ctx context.Context, s engine.Slab, tile int, _ *progress.Work) (*engine.Tile, error) {
	t := e.Take(tile)
	if t == nil {
		var err error
		if t, err = e.code(ctx, s.(*raster.Block).Sub(e.Tile(tile))); err != nil {
			return nil, err
		}
	}
	return &engine.Tile{Segments: e.tables.Segments(t), Worst: engine.Errors(t.Worst)}, nil
}

// code makes the tokens of a tile.
func (e *encoder) code(ctx context.Context, b *raster.Block) (*Tile, error) {
	start := time.Now()
	scratch := e.scratch.Get()
	defer e.scratch.Put(scratch)
	t, err := e.coder.Tile(ctx, scratch, transform.Interleaved(b, &e.plan.Format))
	e.env.Took("layers", time.Since(start)/time.Duration(parallel.Workers(e.env.Workers)))
	return t, err
}

// decoder implements engine.Decoder.
type decoder struct {
	tiles.Grid
	format  *raster.Format
	coder   *Decoder
	scratch parallel.Pool[Scratch]
}

// NewDecoder implements engine.Engine.
func (Engine) NewDecoder(p *engine.Plan) (engine.Decoder, error) {
	d := &decoder{Grid: p.Grid(), format: &p.Format}
	var err error
	d.coder, err = NewDecoder(p.Payload, formatOf(p))
	return d, err
}

// About implements engine.Decoder.
func (d *decoder) About() engine.About { return engine.About{} }

// Least implements engine.Decoder.
func (d *decoder) Least(tile int, _ []byte) (overview, detail int64) {
	cells := engine.Pixels(d.Tile(tile)) / 64 * int64(len(d.format.Bands))
	return cells / transform.CellsPerByte, 0
}

// NeedsDetail implements engine.Decoder.
func (d *decoder) NeedsDetail([]byte) bool { return false }

// Mode implements engine.Decoder: tiles have no modes.
func (d *decoder) Mode([]byte) string { return "" }

// Decimates implements engine.Decoder.
func (d *decoder) Decimates() bool { return false }

// Margin implements engine.Decoder: a tile is decoded on its own.
func (d *decoder) Margin(int) int { return 0 }

// sampleBytes is about the memory that a sample takes while its tile is decoded.
const sampleBytes = 16

// Memory implements engine.Decoder.
func (d *decoder) Memory(region image.Rectangle, level int) (window, goroutine int64) {
	bands := int64(len(d.format.Bands))
	over := d.Over(region, 0)
	tile := engine.Pixels(d.Pixels(image.Rectangle{Min: over.Min, Max: over.Min.Add(image.Pt(1, 1))}))
	return 0, tile * bands * sampleBytes >> (2 * level)
}

// region implements engine.Window.
type region struct {
	decoder *decoder
	dst     *raster.Block
	level   int
}

// Window implements engine.Decoder.
func (d *decoder) Window(dst *raster.Block, level int, _ engine.Window) engine.Window {
	return &region{d, dst, level}
}

// Decode implements engine.Window.
func (r *region) Decode(tile int, s engine.Segments, keep image.Rectangle) (engine.Decoded, error) {
	m, err := r.decoder.pixels(tile, s, r.level)
	if err != nil {
		return nil, err
	}
	b := block(m, r.decoder.Tile(tile).Min.Div(1<<r.level))
	raster.Copy(r.dst, b)
	if !r.decoder.Tile(tile).Overlaps(keep) {
		return nil, nil
	}
	return (*decoded)(b), nil
}

// pixels decodes a tile, or its overview.
func (d *decoder) pixels(tile int, s engine.Segments, level int) (*chroma.Interleaved, error) {
	size := d.Tile(tile).Size()
	if level > 0 {
		return d.coder.Overview(s.Overview, size.X, size.Y)
	}
	scratch := d.scratch.Get()
	defer d.scratch.Put(scratch)
	return d.coder.Decode(scratch, s, size.X, size.Y)
}

// block is the block of interleaved samples of 8 bits, the first at a given pixel.
func block(m *chroma.Interleaved, at image.Point) *raster.Block {
	b := &raster.Block{
		Rect: image.Rect(0, 0, m.W, m.H).Add(at), Type: raster.Uint8, Step: m.Step, Stride: m.Stride,
		Planes: make([][]byte, m.Channels),
	}
	for i := range b.Planes {
		b.Planes[i] = m.Pix[i:]
	}
	return b
}

// decoded implements engine.Decoded.
type decoded raster.Block

// Bytes implements engine.Decoded.
func (d *decoded) Bytes() int64 { return int64(len(d.Planes[0])) }

// Load implements engine.Window.
func (r *region) Load(_ int, d engine.Decoded) { raster.Copy(r.dst, (*raster.Block)(d.(*decoded))) }

// Conceal implements engine.Window: it enlarges the overview of a tile, or is mid-scale
// without one.
func (r *region) Conceal(tile int, overview []byte) {
	t := r.decoder.Tile(tile)
	t.Min, t.Max = t.Min.Div(1<<r.level), t.Max.Add(image.Pt(1<<r.level-1, 1<<r.level-1)).Div(1<<r.level)
	m, err := r.decoder.pixels(tile, engine.Segments{Overview: overview}, engine.OverviewLevel)
	shift := engine.OverviewLevel - r.level
	rect := t.Intersect(r.dst.Rect)
	for c := range r.dst.Planes {
		for y := rect.Min.Y; y < rect.Max.Y; y++ {
			row := raster.Row[uint8](r.dst, c, y)[(rect.Min.X-r.dst.Rect.Min.X)*r.dst.Step:]
			for x := rect.Min.X; x < rect.Max.X; x++ {
				v := byte(1 << 7)
				if err == nil {
					v = m.Pix[((y-t.Min.Y)>>shift)*m.Stride+((x-t.Min.X)>>shift)*m.Step+c]
				}
				row[(x-rect.Min.X)*r.dst.Step] = v
			}
		}
	}
}

// Finish implements engine.Window.
func (r *region) Finish(context.Context, int) error { return nil }

// Check implements engine.Decoder.
func (d *decoder) Check(tile int, s engine.Segments, level int) error {
	_, err := d.pixels(tile, s, level)
	return err
}

// Measure implements engine.Decoder.
func (d *decoder) Measure(_ context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	m, err := d.pixels(tile, s, 0)
	if err != nil {
		return nil, err
	}
	out := make([]uint64, m.Channels)
	src := transform.Interleaved(original, d.format)
	for i := range out {
		out[i] = uint64(worst(src, m, i))
	}
	return out, nil
}
