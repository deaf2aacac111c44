package transform

import (
	"context"
	"image"
	"slices"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// decoder implements engine.Decoder.
type decoder struct {
	geometry
	engine  *Decoder
	scratch parallel.Pool[DecoderScratch]
}

// NewDecoder implements engine.Engine.
func (Engine) NewDecoder(p *engine.Plan) (engine.Decoder, error) {
	g, tables, err := parse(p)
	if err != nil {
		return nil, err
	}
	d := &decoder{geometry: g}
	d.engine, err = NewDecoder(g.step, g.planes(), tables)
	return d, err
}

// About implements engine.Decoder.
func (d *decoder) About() engine.About {
	return engine.About{Sub420: d.sub420, Step: d.step}
}

// Least implements engine.Decoder.
func (d *decoder) Least(tile int, _ []byte) (overview, detail int64) {
	cells := int64(0)
	for _, s := range d.samples(d.Tile(tile)) {
		cells += engine.Pixels(s) / 64
	}
	return cells / CellsPerByte, 0
}

// NeedsDetail implements engine.Decoder.
func (d *decoder) NeedsDetail([]byte) bool { return false }

// Mode implements engine.Decoder: tiles have no modes.
func (d *decoder) Mode([]byte) string { return "" }

// Decimates implements engine.Decoder.
func (d *decoder) Decimates() bool { return false }

// Filters reach this far: three samples of a chroma plane and one for its
// upsampling, in pixels, at full resolution; one sample of chroma in the overview, and
// another where hidden ones take after their neighbours.
const (
	filterMargin   = 8
	overviewMargin = 2 << engine.OverviewLevel
)

// Margin implements engine.Decoder.
func (d *decoder) Margin(level int) int {
	switch {
	case level == 0:
		return filterMargin
	case d.hidesChroma():
		return 2 * overviewMargin
	}
	return overviewMargin
}

// sampleBytes is the memory of a sample: in its plane, padding included.
const sampleBytes = 2

// Memory implements engine.Decoder.
func (d *decoder) Memory(region image.Rectangle, level int) (window, goroutine int64) {
	n := int64(0)
	for _, r := range d.padded(d.Pixels(d.Over(region, d.Margin(level)))) {
		n += engine.Pixels(r) * sampleBytes >> (2 * level)
	}
	return n, 0
}

// window implements engine.Window: planes of a rectangle of tiles.
type window struct {
	*decoder
	dst    *raster.Block
	level  int
	pixels image.Rectangle   // of the tiles
	at     []image.Rectangle // what it covers of each plane, padded
	planes []chroma.Plane    // scaled down by 1<<level
	sizes  [][]uint8         // log2 of the leaf's side by cell, per plane, at level 0
}

// Window implements engine.Decoder.
func (d *decoder) Window(dst *raster.Block, level int) engine.Window {
	full := image.Rectangle{Min: dst.Rect.Min.Mul(1 << level), Max: dst.Rect.Max.Mul(1 << level)}
	w := d.window(d.Pixels(d.Over(full, d.Margin(level))), level)
	w.dst = dst
	return w
}

// window is one of the pixels of whole tiles.
func (d *decoder) window(pixels image.Rectangle, level int) *window {
	w := &window{decoder: d, level: level, pixels: pixels, at: d.padded(pixels)}
	for _, s := range d.samples(pixels) {
		up := 1<<level - 1
		p := chroma.NewPlane((s.Dx()+up)>>level, (s.Dy()+up)>>level)
		w.planes = append(w.planes, p)
		if level == 0 {
			w.sizes = append(w.sizes, make([]uint8, len(p.Pix)/64))
		}
	}
	return w
}

// Decode implements engine.Window.
func (w *window) Decode(tile int, s engine.Segments, keep bool) (engine.Decoded, error) {
	rects := w.padded(w.Tile(tile))
	cells, err := w.engine.Front(s.Overview, rects)
	if err != nil {
		return nil, err
	}
	if w.level > 0 {
		w.overview(cells, rects)
		return nil, nil
	}
	scratch := w.scratch.Get()
	defer w.scratch.Put(scratch)
	if err := w.engine.Body(scratch, s.Detail, cells, w.planes, w.origins(rects)); err != nil {
		return nil, err
	}
	w.putSizes(cells, rects)
	if !keep {
		return nil, nil
	}
	return w.save(cells, rects), nil
}

// origins are the places of rectangles in the planes.
func (w *window) origins(rects []image.Rectangle) []image.Point {
	at := make([]image.Point, len(rects))
	for i := range at {
		at[i] = rects[i].Min.Sub(w.at[i].Min)
	}
	return at
}

// overview writes the overview of a tile.
func (w *window) overview(cells []Cells, rects []image.Rectangle) {
	for i, at := range w.origins(rects) {
		w.engine.Overview(&w.planes[i], at.X/8, at.Y/8, &cells[i])
	}
}

// putSizes writes the sizes of the leaves of a tile.
func (w *window) putSizes(cells []Cells, rects []image.Rectangle) {
	at := w.origins(rects)
	for i := range cells {
		size, cw := cells[i].Sizes()
		stride := w.planes[i].Stride / 8
		for y := 0; y*cw < len(size); y++ {
			copy(w.sizes[i][(at[i].Y/8+y)*stride+at[i].X/8:], size[y*cw:][:cw])
		}
	}
}

// decoded implements engine.Decoded: a tile's planes before they are filtered.
type decoded struct {
	cells []Cells
	pix   [][]uint16
}

// Bytes implements engine.Decoded.
func (d *decoded) Bytes() (n int64) {
	for i := range d.pix {
		size, _ := d.cells[i].Sizes()
		n += int64(2*len(d.pix[i]) + 6*len(size))
	}
	return n
}

// save copies a tile out of the planes, and Load copies it back.
func (w *window) save(cells []Cells, rects []image.Rectangle) *decoded {
	d := &decoded{cells: cells}
	for i, at := range w.origins(rects) {
		r, p := rects[i], &w.planes[i]
		pix := make([]uint16, 0, r.Dx()*r.Dy())
		for y := range r.Dy() {
			pix = append(pix, p.Pix[(at.Y+y)*p.Stride+at.X:][:r.Dx()]...)
		}
		d.pix = append(d.pix, pix)
	}
	return d
}

// Load implements engine.Window.
func (w *window) Load(tile int, from engine.Decoded) {
	d, rects := from.(*decoded), w.padded(w.Tile(tile))
	for i, at := range w.origins(rects) {
		r, p := rects[i], &w.planes[i]
		for y := range r.Dy() {
			copy(p.Pix[(at.Y+y)*p.Stride+at.X:][:r.Dx()], d.pix[i][y*r.Dx():])
		}
	}
	w.putSizes(d.cells, rects)
}

// Conceal implements engine.Window.
func (w *window) Conceal(tile int, overview []byte) {
	rects := w.padded(w.Tile(tile))
	cells, err := w.engine.Front(overview, rects)
	if err != nil {
		cells = BlankCells(rects)
	}
	if w.level > 0 {
		w.overview(cells, rects)
		return
	}
	s := w.scratch.Get()
	defer w.scratch.Put(s)
	w.putSizes(w.engine.Conceal(s, cells, w.planes, rects, w.origins(rects)), rects)
}

// colourBand is the number of rows of a job that converts colour.
const colourBand = 64

// Finish implements engine.Window: it filters across the edges of leaves and tiles, and
// converts colour.
func (w *window) Finish(ctx context.Context, workers int) error {
	switch {
	case w.level == 0:
		if err := w.deblock(ctx, workers); err != nil {
			return err
		}
	case w.hidesChroma():
		for i := 1; i <= 2; i++ {
			bleed(&w.planes[i], &w.planes[3])
		}
	}
	origin := w.pixels.Min.Div(1 << w.level)
	rect := w.dst.Rect
	bands := (rect.Dy() + colourBand - 1) / colourBand
	return parallel.For(ctx, workers, bands, func(i int) error {
		band := rect
		band.Min.Y += i * colourBand
		band.Max.Y = min(band.Min.Y+colourBand, rect.Max.Y)
		dst := w.dst.Sub(band)
		if m, ok := view(dst, w.format); ok {
			chroma.Inverse(m, w.planes, w.sub420, origin, band)
			return nil
		}
		m := newInterleaved(band.Dx(), band.Dy(), w.format)
		chroma.Inverse(m, w.planes, w.sub420, origin, band)
		store(dst, m, w.format)
		return nil
	})
}

// deblock filters all planes but alpha, whose full and no opacity it would touch.
func (w *window) deblock(ctx context.Context, workers int) error {
	for i, plane := range w.decoder.planes() {
		if plane.Alpha {
			continue
		}
		d := NewDeblocker(w.step, &w.planes[i], w.sizes[i])
		for _, pass := range []func(int){d.Vertical, d.Horizontal} {
			err := parallel.For(ctx, workers, d.Rows(), func(y int) error {
				pass(y)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// bleed gives each hidden sample of a chroma plane of half the resolution of alpha the
// mean of those around it that are shown, if there are any, so that upsampling mixes
// nothing hidden into what is shown.
func bleed(p, alpha *chroma.Plane) {
	shown := func(x, y int) bool {
		for i := range 4 {
			ax, ay := 2*x+i%2, 2*y+i/2
			if ax < alpha.W && ay < alpha.H && alpha.Pix[ay*alpha.Stride+ax] > 0 {
				return true
			}
		}
		return false
	}
	was := slices.Clone(p.Pix)
	for y := range p.H {
		for x := range p.W {
			if shown(x, y) {
				continue
			}
			sum, n := 0, 0
			for j := max(y-1, 0); j < min(y+2, p.H); j++ {
				for i := max(x-1, 0); i < min(x+2, p.W); i++ {
					if shown(i, j) {
						sum, n = sum+int(was[j*p.Stride+i]), n+1
					}
				}
			}
			if n > 0 {
				p.Pix[y*p.Stride+x] = uint16((sum + n/2) / n)
			}
		}
	}
}
