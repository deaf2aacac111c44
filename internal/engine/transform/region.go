package transform

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/chroma"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// decoder implements engine.Decoder.
type decoder struct {
	geometry
	coder   *Decoder
	scratch parallel.Pool[DecoderScratch]
}

// NewDecoder implements engine.Engine.
func (Engine) NewDecoder(p *engine.Plan) (engine.Decoder, error) {
	g, tables, err := parse(p)
	if err != nil {
		return nil, err
	}
	coder, err := newDecoder(g.step, g.planes, tables, g.predicts)
	if err != nil {
		return nil, err
	}
	if g.restores {
		coder = coder.Restoring()
	}
	if g.guides {
		coder = coder.Guiding()
	}
	if g.visual {
		coder = coder.Tuning()
	}
	return &decoder{geometry: g, coder: coder}, nil
}

// About implements engine.Decoder.
func (d *decoder) About() engine.About {
	return engine.About{Sub420: d.sub420, Step: d.step, Visual: d.visual}
}

// Least implements engine.Decoder.
func (d *decoder) Least(tile int, _ []byte) (overview, detail int64) {
	cells := int64(0)
	for _, s := range d.samples(d.grid.Tile(tile)) {
		cells += engine.Pixels(s) / (cell * cell)
	}
	return cells / CellsPerByte, 0
}

// NeedsDetail implements engine.Decoder.
func (d *decoder) NeedsDetail([]byte) bool { return false }

// Mode implements engine.Decoder: tiles have no modes.
func (d *decoder) Mode([]byte) string { return "" }

// Decimates implements engine.Decoder.
func (d *decoder) Decimates() bool { return false }

// What lies beyond a border of tiles reaches this far, in samples: at full resolution over two
// cells, which are smoothed, four samples that deblocking reads and writes, those that the class
// of a block or a sum of restoration reads, one where chroma is upsampled, and one around it that
// a slope along luma reads; in the overview, in pixels, one sample of chroma, and another where
// hidden ones take after their neighbours.
const (
	filterMargin   = 2*cell + 4 + 1
	restoreMargin  = block - 1 + 3
	guideMargin    = 1
	overviewMargin = 2 << engine.OverviewLevel
)

// Margin implements engine.Decoder.
func (d *decoder) Margin(level int) int {
	if level > 0 {
		if d.hidesChroma() {
			return 2 * overviewMargin
		}
		return overviewMargin
	}
	n := filterMargin
	if d.guides {
		n += guideMargin
	}
	if d.restores {
		n += restoreMargin
	}
	if d.sub420 {
		return 2 * n
	}
	return n
}

// Memory implements engine.Decoder: planes, padding included, and their grids,
// twice while a plane is smoothed; and what guides chroma. A tile of which a window needs a part has
// planes of its own until it is there.
func (d *decoder) Memory(rect image.Rectangle, level int) (window, goroutine int64) {
	needed := d.needed(rect, level)
	if level == 0 && needed != d.grid.Pixels(d.grid.Over(rect, d.Margin(0))) {
		goroutine = d.memory(d.grid.Tile(0), 0)
	}
	return d.memory(needed, level), goroutine
}

func (d *decoder) memory(pixels image.Rectangle, level int) (n int64) {
	for _, r := range d.padded(pixels) {
		cells := engine.Pixels(r) / (cell * cell)
		if level > 0 {
			n += cells * (sampleBytes + 1)
		} else {
			n += engine.Pixels(r)*d.planeBytes() + cells*2*(traitBytes+1)
		}
	}
	return n
}

// needed is what a window has of its tiles for pixels of level 0 that it shows: all at coarser levels, else
// whole roots, also of chroma of half the resolution.
func (d *decoder) needed(rect image.Rectangle, level int) image.Rectangle {
	tiles := d.grid.Pixels(d.grid.Over(rect, d.Margin(level)))
	if level > 0 || rect.Empty() {
		return tiles
	}
	return roots(rect.Inset(-d.Margin(0))).Intersect(tiles)
}

// roots are the pixels of whole roots, also of chroma of half the resolution, that some lie in.
func roots(r image.Rectangle) image.Rectangle {
	const side = 2 * maxN
	r.Min = image.Pt(r.Min.X&^(side-1), r.Min.Y&^(side-1))
	r.Max = image.Pt((r.Max.X+side-1)&^(side-1), (r.Max.Y+side-1)&^(side-1))
	return r
}

// sampleBytes is the memory of a sample in its plane.
const sampleBytes = 2

// planeBytes is the memory of a sample at level 0.
func (d *decoder) planeBytes() int64 {
	n := int64(sampleBytes)
	if d.guides { // three planes of chroma's size
		n += sampleBytes / 2
	}
	return n
}

// Check implements engine.Decoder.
func (d *decoder) Check(tile int, s engine.Segments, level int) error {
	_, err := d.region(d.grid.Tile(tile), level, nil).Decode(tile, s, image.Rectangle{})
	return err
}

// Measure implements engine.Decoder: the errors of leaves, before filtering and
// rounding to samples.
func (d *decoder) Measure(_ context.Context, tile int, s engine.Segments, original *raster.Block) ([]uint64, error) {
	r := d.region(d.grid.Tile(tile), 0, nil)
	if _, err := r.Decode(tile, s, image.Rectangle{}); err != nil {
		return nil, err
	}
	want := chroma.NewPlanes(original.Rect.Dx(), original.Rect.Dy(), len(original.Planes), d.sub420)
	chroma.Forward(want, Interleaved(original, d.format), d.sub420, 0, original.Rect.Dy())
	worst := make([]uint64, len(want))
	for i := range want {
		a, b := &r.planes[i], &want[i]
		r.leaves(i, func(l engine.Leaf) {
			rms := rmsOf(a.Pix[l.Y*a.Stride+l.X:], a.Stride, b.Pix[l.Y*b.Stride+l.X:], b.Stride, min(l.Size, a.W-l.X), min(l.Size, a.H-l.Y))
			worst[i] = max(worst[i], uint64(counted(rms, int32(l.Multiplier))))
		})
	}
	return worst, nil
}

// Leaves tells f of the leaves of a tile's plane, in samples of the whole plane.
func (d *decoder) Leaves(tile int, s engine.Segments, plane int, f func(engine.Leaf)) error {
	r := d.region(d.grid.Tile(tile), 0, nil)
	if _, err := r.Decode(tile, s, image.Rectangle{}); err != nil {
		return err
	}
	at := r.at[plane].Min
	r.leaves(plane, func(l engine.Leaf) {
		l.X, l.Y = at.X+l.X, at.Y+l.Y
		f(l)
	})
	return nil
}

// region implements engine.Window: planes of a rectangle of tiles, or of whole roots of them.
type region struct {
	decoder *decoder
	dst     *raster.Block
	level   int
	pixels  image.Rectangle   // what it covers
	at      []image.Rectangle // what it covers of each plane, padded
	planes  []chroma.Plane    // scaled down by 1<<level
	grids   []Grid            // of the planes
	memory  *memory
}

// Window implements engine.Decoder.
func (d *decoder) Window(dst *raster.Block, level int, finished engine.Window) engine.Window {
	full := image.Rectangle{Min: dst.Rect.Min.Mul(1 << level), Max: dst.Rect.Max.Mul(1 << level)}
	m := new(memory)
	if last, ok := finished.(*region); ok {
		m = last.memory.again()
	}
	needed := d.needed(full, level)
	if m.spare = 0; level == 0 && needed.Max.Y < d.grid.H {
		m.spare = 4 * maxN
	}
	r := d.region(needed, level, m)
	r.dst = dst
	return r
}

// region is one of pixels, in new memory where there is none for it.
func (d *decoder) region(pixels image.Rectangle, level int, m *memory) *region {
	if m == nil {
		m = new(memory)
	}
	r := &region{decoder: d, level: level, pixels: pixels, at: d.padded(pixels), memory: m}
	for _, s := range d.samples(pixels) {
		up := 1<<level - 1
		p := m.plane((s.Dx()+up)>>level, (s.Dy()+up)>>level)
		r.planes = append(r.planes, p)
		r.grids = append(r.grids, m.grid(p.Stride/r.side(), p.Rows()/r.side(), level))
	}
	return r
}

// side is how many pixels a cell has along a side.
func (r *region) side() int { return cell >> r.level }

// Decode implements engine.Window.
func (r *region) Decode(tile int, s engine.Segments, keep image.Rectangle) (engine.Decoded, error) {
	if alone := r.alone(tile); alone != nil {
		if _, err := alone.Decode(tile, s, image.Rectangle{}); err != nil {
			return nil, err
		}
		r.Load(tile, alone.decoded())
		return alone.save(tile, keep), nil
	}
	p := r.place(tile)
	cells, err := r.decoder.coder.Overview(s.Overview, p.rects)
	if err != nil {
		return nil, err
	}
	if r.level > 0 {
		r.level3(cells, p)
		return nil, nil
	}
	scratch := r.decoder.scratch.Get()
	defer r.decoder.scratch.Put(scratch)
	if err := r.decoder.coder.Detail(scratch, s.Detail, cells, r.planes, p.at); err != nil {
		return nil, err
	}
	r.putCells(cells, p)
	return r.save(tile, keep), nil
}

// Conceal implements engine.Window.
func (r *region) Conceal(tile int, overview []byte) {
	if alone := r.alone(tile); alone != nil {
		alone.Conceal(tile, overview)
		r.Load(tile, alone.decoded())
		return
	}
	p := r.place(tile)
	cells, err := r.decoder.coder.Overview(overview, p.rects)
	if err != nil {
		cells = r.decoder.coder.blankCells(p.rects)
	}
	if r.level > 0 {
		r.level3(cells, p)
		return
	}
	scratch := r.decoder.scratch.Get()
	defer r.decoder.scratch.Put(scratch)
	r.decoder.coder.Conceal(scratch, cells, r.planes, p.at)
	r.putCells(cells, p)
}

// alone is a region for a tile of which r has but a part; nil where r has all of it.
func (r *region) alone(tile int) *region {
	pixels := r.decoder.grid.Tile(tile)
	if r.level > 0 || pixels.In(r.pixels) {
		return nil
	}
	return r.decoder.region(pixels, 0, nil)
}

// place is where a tile lies: what it covers of each plane, and where that begins in the planes
// of a region.
type place struct {
	rects []image.Rectangle
	at    []image.Point
}

func (r *region) place(tile int) place {
	p := place{rects: r.decoder.samples(r.decoder.grid.Tile(tile)), at: make([]image.Point, len(r.at))}
	for i := range p.at {
		p.at[i] = p.rects[i].Min.Sub(r.at[i].Min)
	}
	return p
}

// level3 writes the overview of a tile.
func (r *region) level3(cells []Cells, p place) {
	for i, at := range p.at {
		r.decoder.coder.Level3(&r.planes[i], at.X/cell, at.Y/cell, &cells[i])
	}
	r.putCells(cells, p)
}

// putCells writes what is known of the cells of a tile that the region has all of.
func (r *region) putCells(cells []Cells, p place) {
	for i, at := range p.at {
		r.grids[i].take(&cells[i], cells[i].bounds(), at.X/cell, at.Y/cell)
	}
}

// leaves tells f of the leaves of a plane at level 0.
func (r *region) leaves(plane int, f func(engine.Leaf)) {
	g, multipliers := &r.grids[plane], &r.decoder.coder.steps[plane].multipliers
	for i := range g.of {
		lg := g.of[i].size
		if x, y := i%g.w, i/g.w; border(x, lg) && border(y, lg) {
			f(engine.Leaf{X: cell * x, Y: cell * y, Size: 1 << lg, Multiplier: int(multipliers[g.of[i].class])})
		}
	}
}

// decoded implements engine.Decoded: some of a tile's planes before they are filtered.
type decoded struct {
	at    []image.Rectangle // of each plane, padded
	grids []Grid
	pix   [][]uint16
}

// Bytes implements engine.Decoded.
func (d *decoded) Bytes() (n int64) {
	for i := range d.pix {
		n += int64(2*len(d.pix[i])) + d.grids[i].bytes()
	}
	return n
}

// save copies what is kept of a tile out of the planes, nil where nothing is, and Load copies it back.
func (r *region) save(tile int, keep image.Rectangle) engine.Decoded {
	pixels := r.decoder.grid.Tile(tile)
	if !pixels.Overlaps(keep) {
		return nil
	}
	d := &decoded{at: r.decoder.padded(roots(keep).Intersect(pixels))}
	for i, rect := range d.at {
		at, plane := rect.Sub(r.at[i].Min), &r.planes[i]
		pix := make([]uint16, 0, at.Dx()*at.Dy())
		for y := at.Min.Y; y < at.Max.Y; y++ {
			pix = append(pix, plane.Pix[y*plane.Stride+at.Min.X:][:at.Dx()]...)
		}
		d.pix = append(d.pix, pix)
		d.grids = append(d.grids, r.grids[i].part(cellsOf(at)))
	}
	return d
}

// cellsOf are the cells of samples.
func cellsOf(r image.Rectangle) image.Rectangle {
	return image.Rectangle{Min: r.Min.Div(cell), Max: r.Max.Div(cell)}
}

// decoded is all of a region of a tile, which it does not own any more.
func (r *region) decoded() *decoded {
	d := &decoded{at: r.at, grids: r.grids}
	for i := range r.planes {
		d.pix = append(d.pix, r.planes[i].Pix)
	}
	return d
}

// Load implements engine.Window: of a tile that reaches out of the region, it takes the part within.
func (r *region) Load(_ int, from engine.Decoded) {
	d := from.(*decoded)
	for i, rect := range d.at {
		within, plane := rect.Intersect(r.at[i]), &r.planes[i]
		for y := within.Min.Y; y < within.Max.Y; y++ {
			row := d.pix[i][(y-rect.Min.Y)*rect.Dx()+within.Min.X-rect.Min.X:]
			copy(plane.Pix[(y-r.at[i].Min.Y)*plane.Stride+within.Min.X-r.at[i].Min.X:][:within.Dx()], row)
		}
		at := cellsOf(rect.Sub(r.at[i].Min)).Min
		r.grids[i].put(&d.grids[i], at.X, at.Y)
	}
}

// colourBand is the number of rows of a job that converts colour.
const colourBand = 64

// Finish implements engine.Window: it filters across the edges of leaves and tiles, restores what
// is shown, and converts colour.
func (r *region) Finish(ctx context.Context, workers int) error {
	var guide *chroma.Guide
	switch {
	case r.level == 0:
		var err error
		if guide, err = r.filter(ctx, workers); err != nil {
			return err
		}
	case r.decoder.hidesChroma():
		for i := 1; i <= 2; i++ {
			bleed(&r.planes[i], &r.planes[3])
		}
	}
	rect := r.dst.Rect
	return inBands(ctx, workers, rect.Dy(), func(from, to int) {
		band := rect
		band.Min.Y, band.Max.Y = rect.Min.Y+from, rect.Min.Y+to
		r.colour(guide, band)
	})
}

// inBands calls do for all rows of n, some at a time.
func inBands(ctx context.Context, workers, n int, do func(from, to int)) error {
	return parallel.For(ctx, workers, (n+colourBand-1)/colourBand, func(i int) error {
		do(i*colourBand, min((i+1)*colourBand, n))
		return nil
	})
}

// filter filters and restores the planes of level 0, and gives what guides their chroma.
func (r *region) filter(ctx context.Context, workers int) (*chroma.Guide, error) {
	d, c := r.decoder, r.decoder.coder
	if err := c.filter(ctx, workers, r.memory, r.planes, r.grids); err != nil {
		return nil, err
	}
	// Besides the pixels that are shown, what upsampling and slopes read around them.
	const around = 6
	rects := d.samples(r.dst.Rect.Sub(r.pixels.Min).Inset(-around))
	for i := range rects {
		rects[i] = rects[i].Intersect(image.Rect(0, 0, r.planes[i].W, r.planes[i].H))
	}
	if d.restores {
		if err := c.restore(ctx, workers, r.memory, r.planes, r.grids, rects); err != nil {
			return nil, err
		}
	}
	if !d.guides {
		return nil, nil
	}
	r.memory.guide = r.memory.guide.Renewed(r.planes, d.step, func(plane, x, y int) int32 {
		grid := &r.grids[1+plane]
		return guideWeights[grid.of[y/cell*grid.w+x/cell].guide]
	})
	g := r.memory.guide
	from := rects[1].Min.Y
	for _, rows := range []func(from, to int){g.Low, g.Rows} {
		err := inBands(ctx, workers, rects[1].Dy(), func(y0, y1 int) { rows(from+y0, from+y1) })
		if err != nil {
			return nil, err
		}
	}
	return g, nil
}

// colour makes pixels of planes.
func (r *region) colour(guide *chroma.Guide, rect image.Rectangle) {
	d, dst := r.decoder, r.dst.Sub(rect)
	m, viewed := view(dst, d.format)
	if !viewed {
		m = newInterleaved(rect.Dx(), rect.Dy(), d.format)
	}
	origin := r.pixels.Min.Div(1 << r.level)
	chroma.InverseGuided(m, r.planes, d.sub420, guide, origin, rect)
	d.coder.PutEnds(m, rect.Sub(origin), r.grids, r.side())
	if !viewed {
		store(dst, m, d.format)
	}
}
