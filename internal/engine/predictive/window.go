package predictive

import (
	"context"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/engine/arith"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/sample"
	"github.com/qtgpu/qtgpu/internal/tiles"
	"github.com/qtgpu/qtgpu/raster"
)

// decoder implements engine.Decoder.
type decoder struct {
	tiles.Grid
	engine  *Decoder
	raster  *rasterDecoder // nil of a picture
	kind    raster.Type
	colours int // of a palette, or 0
	merged  bool
	scratch parallel.Pool[Scratch]
}

// NewDecoder implements engine.Engine.
func (Engine) NewDecoder(p *engine.Plan) (engine.Decoder, error) {
	return newDecoder(p)
}

func newDecoder(p *engine.Plan) (*decoder, error) {
	flags, err := flagsOf(p)
	if err != nil {
		return nil, err
	}
	r, format, payload, err := parseDescription(p, flags)
	if err != nil {
		return nil, err
	}
	d := &decoder{Grid: p.Grid(), kind: p.Format.Type, colours: len(p.Format.Palette)}
	if d.engine, err = NewDecoder(payload, format); r != nil {
		d.raster = &rasterDecoder{d.engine, r}
	}
	d.merged = err == nil && (format.Merged > 0 || r != nil && p.T > 0 && d.engine.format.packed())
	return d, err
}

// parseDescription is the inverse of encoder.describe; it returns what follows. r is nil
// of a picture.
func parseDescription(p *engine.Plan, flags byte) (r *rasterPlan, f Format, payload []byte, err error) {
	if flags&flagRaster == 0 {
		return nil, formatOf(p, flags), p.Payload[1:], nil
	}
	if r, payload, err = parseRaster(p.Payload[1:], p.Format.Type, len(p.Format.Bands)); err != nil {
		return nil, f, nil, err
	}
	if n := int64(len(r.bands)) << (2 * p.TileLog2); n > maxTilePixels && p.TileLog2 > minTileLog2 {
		return nil, f, nil, fmt.Errorf("tiles of %d samples, expected at most %d, or sides of %d", n, maxTilePixels, 1<<minTileLog2)
	}
	return r, r.formatOf(&p.Format), payload, nil
}

// flagsOf are the flags of a plan.
func flagsOf(p *engine.Plan) (byte, error) {
	if len(p.Payload) == 0 {
		return 0, fmt.Errorf("flags: %w", rans.ErrCorrupt)
	}
	flags := p.Payload[0]
	role := p.Format.Bands[0].Role
	named := role == raster.Index || role == raster.Label
	switch {
	case flags&^(flagDecimate|flagMerged) != 0 && flags != flagRaster:
		return 0, fmt.Errorf("flags %d, expected sums of %d and %d, or %d", flags, flagDecimate, flagMerged, flagRaster)
	case flags == flagRaster && !IsRaster(&p.Format), flags != flagRaster && IsRaster(&p.Format):
		return 0, fmt.Errorf("flags %d of %d bands of %v", flags, len(p.Format.Bands), p.Format.Type)
	case flags&flagDecimate == 0 && named, flags&flagDecimate != 0 && (len(p.Format.Bands) > 1 || p.T > 0):
		return 0, fmt.Errorf("flags %d of %d bands, the first of role %v, and threshold %d", flags, len(p.Format.Bands), role, p.T)
	case flags&flagMerged != 0 && p.T == 0:
		return 0, fmt.Errorf("flags %d with threshold %d, expected one from 1 on", flags, p.T)
	}
	return flags, nil
}

// About implements engine.Decoder.
func (d *decoder) About() engine.About {
	return engine.About{Merged: d.merged}
}

// Least implements engine.Decoder.
func (d *decoder) Least(tile int, overview []byte) (overviewBytes, detailBytes int64) {
	size := d.Tile(tile).Size()
	if d.raster != nil {
		return d.raster.least(overview, size.X, size.Y)
	}
	return Least(overview, d.engine.format.Channels, size.X, size.Y)
}

// NeedsDetail implements engine.Decoder.
func (d *decoder) NeedsDetail(overview []byte) bool { return NeedsBody(overview) }

// Mode implements engine.Decoder.
func (d *decoder) Mode(overview []byte) string { return ModeName(overview) }

// Decimates implements engine.Decoder.
func (d *decoder) Decimates() bool { return d.engine.format.Labels }

// Margin implements engine.Decoder: a tile is decoded on its own.
func (d *decoder) Margin(int) int { return 0 }

// Memory implements engine.Decoder.
func (d *decoder) Memory(region image.Rectangle, level int) (window, goroutine int64) {
	f := &d.engine.format
	over := d.Over(region, 0)
	tile := engine.Pixels(d.Pixels(image.Rectangle{Min: over.Min, Max: over.Min.Add(image.Pt(1, 1))}))
	bytes := int64(SampleBytes)
	if d.raster != nil {
		bytes += 1 + 2*int64(d.kind.Size()) // a class, the sample, and at most as much of a remainder
	}
	return 0, tile * int64(f.Channels) * bytes >> (2 * level)
}

// region implements engine.Window.
type region struct {
	*decoder
	dst   *raster.Block
	level int
}

// Window implements engine.Decoder.
func (d *decoder) Window(dst *raster.Block, level int, _ engine.Window) engine.Window {
	return &region{d, dst, level}
}

// Decode implements engine.Window.
func (w *region) Decode(tile int, s engine.Segments, keep image.Rectangle) (engine.Decoded, error) {
	scratch := w.scratch.Get()
	defer w.scratch.Put(scratch)
	if w.raster != nil {
		b, err := w.block(scratch, tile, s, w.level)
		if err != nil {
			return nil, err
		}
		raster.Copy(w.dst, b)
		if !w.Tile(tile).Overlaps(keep) {
			return nil, nil
		}
		return (*decoded)(b), nil
	}
	at := w.Tile(tile)
	size := tiles.Size(at.Dx(), at.Dy(), w.level)
	take := into(w.dst, at.Min.Div(1<<w.level), size)
	if !at.Overlaps(keep) {
		return nil, w.rows(scratch, tile, s, w.level, take)
	}
	b := raster.NewBlock(at, w.dst.Type, w.engine.format.Channels)
	takeToo := into(b, at.Min, size)
	err := w.rows(scratch, tile, s, w.level, func(y int, channels []Plane) {
		take(y, channels)
		takeToo(y, channels)
	})
	if err != nil {
		return nil, err
	}
	return (*decoded)(b), nil
}

// rows decodes a tile of a picture, or its overview, row by row.
func (d *decoder) rows(scratch *Scratch, tile int, s engine.Segments, level int, take takeRow) error {
	if level == 0 && d.colours == 0 {
		size := d.Tile(tile).Size()
		return d.engine.Rows(scratch, s.Overview, s.Detail, size.X, size.Y, take)
	}
	planes, err := d.planes(scratch, tile, s, level)
	if err == nil {
		eachRow(planes, take)
	}
	return err
}

// block decodes a tile of a raster, or its overview.
func (d *decoder) block(scratch *Scratch, tile int, s engine.Segments, level int) (*raster.Block, error) {
	r := d.Tile(tile)
	at := r.Min.Div(1 << level)
	size := tiles.Size(r.Dx(), r.Dy(), level)
	b := raster.NewBlock(image.Rectangle{Min: at, Max: at.Add(size)}, d.kind, d.engine.format.Channels)
	if level > 0 {
		return b, d.raster.overviewOf(scratch, s.Overview, s.Detail, r.Dx(), r.Dy(), b)
	}
	return b, d.raster.decode(scratch, s.Overview, s.Detail, b)
}

// planes decodes a tile of a picture, or its overview.
func (d *decoder) planes(scratch *Scratch, tile int, s engine.Segments, level int) ([]Plane, error) {
	decode := d.engine.Decode
	if level > 0 {
		decode = d.engine.Overview
	}
	size := d.Tile(tile).Size()
	planes, err := decode(scratch, s.Overview, s.Detail, size.X, size.Y)
	if err == nil && d.colours > 0 {
		err = checkIndices(&planes[0], d.colours)
	}
	return planes, err
}

// checkIndices refuses an index beyond a palette of n colours.
func checkIndices(p *Plane, n int) error {
	for i, v := range p.Pix {
		if int(v) >= n {
			return fmt.Errorf("x %d, y %d: palette index %d, expected less than %d", i%p.W, i/p.W, v, n)
		}
	}
	return nil
}

// into gives what takes the rows of size samples, the first at a given pixel, as far as they lie in dst.
func into(dst *raster.Block, at, size image.Point) takeRow {
	r := image.Rectangle{Min: at, Max: at.Add(size)}.Intersect(dst.Rect)
	if r.Empty() {
		return func(int, []Plane) {}
	}
	dst = dst.Sub(r)
	return func(y int, channels []Plane) {
		if y += at.Y; r.Min.Y <= y && y < r.Max.Y {
			for c, p := range channels {
				sample.Store(dst, c, y, p.Pix[r.Min.X-at.X:][:r.Dx()])
			}
		}
	}
}

// decoded implements engine.Decoded.
type decoded raster.Block

// Bytes implements engine.Decoded.
func (d *decoded) Bytes() (n int64) {
	for _, p := range d.Planes {
		n += int64(len(p))
	}
	return n
}

// Load implements engine.Window.
func (w *region) Load(_ int, d engine.Decoded) { raster.Copy(w.dst, (*raster.Block)(d.(*decoded))) }

// Conceal implements engine.Window: it enlarges the overview of a tile, or is
// mid-scale without one, or the first colour.
func (w *region) Conceal(tile int, overview []byte) {
	scratch := w.scratch.Get()
	defer w.scratch.Put(scratch)
	if w.raster != nil {
		w.concealRaster(scratch, tile, overview)
		return
	}
	f := &w.engine.format
	var known []Plane
	if !NeedsBody(overview) {
		known, _ = w.planes(scratch, tile, engine.Segments{Overview: overview}, engine.OverviewLevel)
	}
	unknown := (f.Maximum + 1) / 2
	if w.colours > 0 {
		unknown = 0
	}
	size := tiles.Size(w.Tile(tile).Dx(), w.Tile(tile).Dy(), w.level)
	shift := engine.OverviewLevel - w.level
	out := make([]Plane, f.Channels)
	for c := range out {
		out[c] = NewPlane(size.X, size.Y)
		for i := range out[c].Pix {
			out[c].Pix[i] = unknown
			if known != nil {
				out[c].Pix[i] = known[c].Pix[(i/size.X>>shift)*known[c].W+i%size.X>>shift]
			}
		}
	}
	eachRow(out, into(w.dst, w.Tile(tile).Min.Div(1<<w.level), size))
}

// Finish implements engine.Window.
func (w *region) Finish(context.Context, int) error { return nil }

// Check implements engine.Decoder.
func (d *decoder) Check(tile int, s engine.Segments, level int) error {
	scratch := d.scratch.Get()
	defer d.scratch.Put(scratch)
	if d.raster != nil {
		_, err := d.block(scratch, tile, s, level)
		return err
	}
	_, err := d.planes(scratch, tile, s, level)
	return err
}

// Measure implements engine.Decoder.
func (d *decoder) Measure(_ context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	scratch := d.scratch.Get()
	defer d.scratch.Put(scratch)
	if d.raster != nil {
		return d.measure(scratch, tile, s, original)
	}
	planes, err := d.planes(scratch, tile, s, 0)
	if err != nil {
		return nil, err
	}
	worst := make([]uint64, len(planes))
	for c, want := range loadPlanes(original, nil) {
		for i, v := range want.Pix {
			worst[c] = max(worst[c], uint64(arith.AbsDiff(v, planes[c].Pix[i])))
		}
	}
	return worst, nil
}

// measure compares a tile of a raster with the original.
func (d *decoder) measure(scratch *Scratch, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	b, err := d.block(scratch, tile, s, 0)
	if err != nil {
		return nil, err
	}
	worst := make([]uint64, len(b.Planes))
	for i := range worst {
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			worst[i] = max(worst[i], sample.Worst(b, i, original, i, y, nil))
		}
	}
	return worst, nil
}

// concealRaster enlarges the overview of a tile, or leaves no data, or 0.
func (w *region) concealRaster(scratch *Scratch, tile int, overview []byte) {
	var known *raster.Block
	if !NeedsBody(overview) {
		if b, err := w.block(scratch, tile, engine.Segments{Overview: overview}, engine.OverviewLevel); err == nil {
			known = b
		}
	}
	at := w.Tile(tile)
	r := image.Rectangle{Min: at.Min.Div(1 << w.level)}
	r.Max = r.Min.Add(tiles.Size(at.Dx(), at.Dy(), w.level))
	out := raster.NewBlock(r, w.kind, len(w.raster.plan.bands))
	words, from := make([]uint64, r.Dx()), make([]uint64, tiles.Size(at.Dx(), at.Dy(), engine.OverviewLevel).X)
	shift := engine.OverviewLevel - w.level
	for i := range out.Planes {
		for y := range r.Dy() {
			if known != nil {
				sample.Words(from, known, i, known.Rect.Min.Y+y>>shift)
			}
			for x := range words {
				words[x] = w.raster.plan.bands[i].unknown()
				if known != nil {
					words[x] = from[x>>shift]
				}
			}
			sample.SetWords(out, i, r.Min.Y+y, words)
		}
	}
	raster.Copy(w.dst, out)
}
