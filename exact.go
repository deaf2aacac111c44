package qtgpu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"slices"
	"sync"
	"time"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/codestream/exact"
	"github.com/qtgpu/qtgpu/internal/codestream/layered"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/rans"
	"github.com/qtgpu/qtgpu/internal/raster"
)

// Tiles of the exact engine: patterns are learned anew in every tile, so tiles
// of labels are large.
const (
	exactTileLog2 = 10
	labelTileLog2 = 11
)

// newExactLayout is the layout of a lossless or bounded file.
func newExactLayout(src *raster.Image, o *Options, values []valueSet) layout {
	h := newHeader(src)
	h.Engine, h.Bound, h.TileLog2, h.T = container.Exact, container.BoundMax, exactTileLog2, int(o.T)
	few := src.Channels == 1 && len(values[0]) <= maxLabels
	if o.T == 0 {
		h.Palette = src.Palette != nil
		h.Labels = h.Palette || few && src.Max == 0 && !values[0].amounts(src.Depth)
	}
	if h.Palette {
		h.Channels, h.Alpha, h.Depth, h.Maximum = 1, container.NoAlpha, 8, 255
	}
	if h.Labels || few && o.T == 0 {
		h.TileLog2 = labelTileLog2
	}
	return layout{h}
}

// maxLabels is the number of different gray values up to which an image is
// taken for a map of classes, unless they look like amounts.
const maxLabels = 64

// amounts tells whether few values look like grays of few bits, which have means:
// 0 and 1, or some of 16 even steps, as text of one bit and scans of 4 are.
func (s valueSet) amounts(depth int) bool {
	const steps = 15
	step := (1<<depth - 1) / steps
	even := !slices.ContainsFunc(s, func(v uint16) bool { return int(v)%step != 0 })
	return even || s[len(s)-1] <= 1
}

// exactFormat is what the engine needs to know of the header.
func (l *layout) exactFormat() exact.Format {
	f := exact.Format{
		Channels: l.Channels, Alpha: l.Alpha == container.Straight, Depth: l.Depth, Maximum: int32(l.Maximum),
		Bound: int32(l.T), Labels: l.Labels,
	}
	if l.Merged {
		f.Bound, f.Merged = 0, f.Bound
	}
	return f
}

// runExact codes the image with the exact engine, in the way that makes the
// smallest file.
func (e *encoder) runExact(ctx context.Context, w io.Writer) error {
	start := time.Now()
	var err error
	if e.values, err = usedValues(ctx, e.Workers, e.src); err != nil {
		return err
	}
	if !slices.ContainsFunc(e.values, func(s valueSet) bool { return s.merges(int(e.T)) }) {
		e.Options.T = 0 // files without loss have more ways to be small
	}
	e.layout = newExactLayout(e.src, e.Options, e.values)
	e.rank()
	e.stats.stopwatch(&start, "values")
	e.stats.Backend = cpufallback.New(e.Workers).Name()
	file, err := e.smallest(ctx)
	if err != nil {
		return err
	}
	return e.write(w, file)
}

// predictedFile codes the image by prediction, or as patterns.
func (e *encoder) predictedFile(ctx context.Context) (*container.File, error) {
	start := time.Now()
	format := e.exactFormat()
	format.Values = e.coded()
	model, err := e.fit(ctx, &format)
	if err != nil {
		return nil, err
	}
	e.stats.stopwatch(&start, "fit")
	code := e.tileCoder(&format, model)
	order := e.tableTilesFirst()
	first := make([]*exact.Tile, min(len(order), tableTiles))
	err = cpufallback.For(ctx, e.Workers, len(first), func(k int) error {
		first[k] = code(order[k])
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.stats.stopwatch(&start, "predict")
	if len(first) == len(order) && !slices.ContainsFunc(first, (*exact.Tile).Predicted) {
		model = exact.DefaultModel(e.Channels) // costs nothing
	}
	tables := model.ChooseTables(first, e.putValues)
	file := e.newFile(append(e.palette(), tables.Payload...), len(order))
	err = e.fillTiles(ctx, file, tables, order, first, code)
	e.stats.stopwatch(&start, "entropy")
	return file, err
}

// fillTiles entropy-codes the tiles into the file: the first, which it lets go
// of, and those that it has code make.
func (e *encoder) fillTiles(ctx context.Context, f *container.File, tables *exact.Tables, order []int, first []*exact.Tile, code func(int) *exact.Tile) error {
	var mu sync.Mutex
	return cpufallback.For(ctx, e.Workers, len(order), func(k int) error {
		i := order[k]
		var t *exact.Tile
		if k < len(first) {
			t, first[k] = first[k], nil
		} else {
			t = code(i)
		}
		f.Fronts[i], f.Bodies[i] = tables.Segments(t)
		mu.Lock()
		defer mu.Unlock()
		raise(f.Header.Worst, t.Worst)
		return nil
	})
}

// tableTiles is the number of tiles that the tables are chosen for, all of which
// are held in memory as tokens.
const tableTiles = 8

// tableTilesFirst is the order of coding: tableTiles tiles that are spread over
// the image, then the others.
func (e *encoder) tableTilesFirst() []int {
	grid := e.grid()
	n := grid.Dx() * grid.Dy()
	order := make([]int, 0, n)
	chosen := make([]bool, n)
	for k := range min(n, tableTiles) {
		i := k * n / min(n, tableTiles)
		order, chosen[i] = append(order, i), true
	}
	for i := range n {
		if !chosen[i] {
			order = append(order, i)
		}
	}
	return order
}

// raise raises the errors of a file to the errors of a tile where these are larger.
func raise(worst []int, tile []int32) {
	for i, v := range tile {
		worst[i] = max(worst[i], int(v))
	}
}

// The predictors are fitted to at most fitTiles tiles, spread over the image,
// and of at most fitPixels pixels to every fourth row, of more to fewer.
const (
	fitTiles  = 6
	fitPixels = 1 << 19
)

// fit fits the predictors to the image.
func (e *encoder) fit(ctx context.Context, format *exact.Format) (*exact.Model, error) {
	if e.effort() < exact.EffortFitted {
		return exact.DefaultModel(e.Channels), nil
	}
	grid := e.grid()
	tiles := grid.Dx() * grid.Dy()
	n := min(tiles, fitTiles)
	pixels := min(e.Width*e.Height, n<<(2*e.TileLog2))
	step := 4 * max(1, pixels/fitPixels)
	sum := exact.NewFit(e.Channels, step)
	var mu sync.Mutex
	workers := sync.Pool{New: func() any { return new(exactEncoder) }}
	err := cpufallback.For(ctx, e.Workers, n, func(i int) error {
		w := workers.Get().(*exactEncoder)
		defer workers.Put(w)
		f := exact.NewFit(e.Channels, step)
		w.planes = e.channels(tile(grid, i*tiles/n), w.planes)
		f.Add(&w.Worker, format, w.planes)
		mu.Lock()
		defer mu.Unlock()
		sum.Merge(f)
		return nil
	})
	return sum.Model(), err
}

// exactEncoder is the memory of one goroutine.
type exactEncoder struct {
	exact.Worker
	planes []exact.Plane
}

// tileCoder codes tiles by their index, on any goroutine.
func (e *encoder) tileCoder(format *exact.Format, model *exact.Model) func(i int) *exact.Tile {
	workers := sync.Pool{New: func() any { return new(exactEncoder) }}
	grid := e.grid()
	return func(i int) *exact.Tile {
		w := workers.Get().(*exactEncoder)
		defer workers.Put(w)
		defer e.progress.step()
		w.planes = e.channels(tile(grid, i), w.planes)
		return model.Encode(&w.Worker, format, e.effort(), w.planes)
	}
}

// rank keeps the sets of values of sparse channels alone, and their ranks.
func (e *encoder) rank() {
	e.ranks = make([][]int32, len(e.values))
	for c, s := range e.values {
		if e.Palette || e.T > 0 || !s.sparse(e.Width*e.Height) {
			continue
		}
		e.ranks[c] = s.ranks(e.Depth)
	}
}

// coded are the sets of values of the channels that are coded as ranks.
func (e *encoder) coded() []exact.Values {
	out := make([]exact.Values, e.Channels)
	for c, r := range e.ranks {
		if r != nil {
			out[c] = exact.Values(e.values[c])
		}
	}
	return out
}

// putValues writes these sets.
func (e *encoder) putValues(w *rans.BitWriter) {
	for _, s := range e.coded() {
		valueSet(s).put(w)
	}
}

// channels copies the samples of a tile, or the indices of a paletted image,
// into planes, or new ones where these are of another size.
func (e *encoder) channels(t image.Rectangle, planes []exact.Plane) []exact.Plane {
	r := e.samples(t)[0]
	out := exact.Planes(planes, e.Channels, r.Dx(), r.Dy())
	size := e.src.Depth / 8
	for c := range out {
		for y := range r.Dy() {
			row := out[c].Pix[y*r.Dx():][:r.Dx()]
			switch {
			case e.Palette:
				for x, v := range e.src.Index[(r.Min.Y+y)*e.src.W+r.Min.X:][:len(row)] {
					row[x] = int32(v)
				}
			case e.Depth == 8:
				src := e.src.Pix[(r.Min.Y+y)*e.src.Stride+r.Min.X*e.src.Step+c:]
				for x := range row {
					row[x] = int32(src[x*e.src.Step])
				}
			default:
				src := e.src.Pix[(r.Min.Y+y)*e.src.Stride+r.Min.X*e.src.Step+c*size:]
				for x := range row {
					row[x] = int32(binary.BigEndian.Uint16(src[x*e.src.Step:]))
				}
			}
		}
		if c < len(e.ranks) && e.ranks[c] != nil {
			for i, v := range out[c].Pix {
				out[c].Pix[i] = e.ranks[c][v]
			}
		}
	}
	return out
}

// maxColours is the number that indices of 8 bits can tell apart.
const maxColours = 256

// palette is the number of colours and their straight RGBA, before the tables. Those
// that no index reaches are left out.
func (e *encoder) palette() []byte {
	if !e.Palette {
		return nil
	}
	colours := e.src.Palette[:min(len(e.src.Palette), maxColours)]
	p := []byte{byte(len(colours) - 1)}
	for _, c := range colours {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		p = append(p, n.R, n.G, n.B, n.A)
	}
	return p
}

// exactReader is the part of a Reader that decodes exact files.
type exactReader struct {
	engine  *exact.Decoder   // or
	layered *layered.Decoder // of a layered file
	palette color.Palette
}

func newExactReader(l *layout, tables []byte) (x exactReader, err error) {
	if l.Layered {
		x.layered, err = layered.NewDecoder(tables, l.layeredFormat())
		return x, err
	}
	if l.Palette {
		if len(tables) == 0 || len(tables) < 1+4*(int(tables[0])+1) {
			return x, &FormatError{What: "palette cut short"}
		}
		n := int(tables[0]) + 1
		for i := range n {
			c := tables[1+4*i:]
			x.palette = append(x.palette, color.NRGBA{R: c[0], G: c[1], B: c[2], A: c[3]})
		}
		tables = tables[1+4*n:]
	}
	x.engine, err = exact.NewDecoder(tables, l.exactFormat(), func(r *rans.BitReader, f *exact.Format) error {
		for range l.Channels {
			v, err := parseValues(r, l.Depth)
			if err != nil {
				return err
			}
			f.Values = append(f.Values, exact.Values(v))
		}
		return nil
	})
	return x, err
}

// exactPixels decodes a region of level 0 or of the overview.
func (r *Reader) exactPixels(ctx context.Context, rect image.Rectangle, level int) (*raster.Image, error) {
	full := image.Rectangle{rect.Min.Mul(1 << level), rect.Max.Mul(1 << level)}
	tiles := r.layout.tilesOver(full, 0)
	fronts, err := r.exactFronts(tiles)
	if err != nil {
		return nil, err
	}
	m := r.newImage(rect.Size())
	workers := sync.Pool{New: func() any { return new(exactWorker) }}
	progress := newProgress(r.opt.Progress, tiles.Dx()*tiles.Dy())
	err = cpufallback.For(ctx, r.opt.Workers, tiles.Dx()*tiles.Dy(), func(i int) error {
		w := workers.Get().(*exactWorker)
		defer workers.Put(w)
		t := tile(tiles, i)
		planes, err := r.exactTile(w, t, fronts[i], level)
		if err != nil {
			return err
		}
		origin := t.Min.Mul(1 << r.layout.TileLog2 >> level)
		place(m, planes, origin.Sub(rect.Min))
		progress.step()
		return nil
	})
	if err != nil || r.exact.palette == nil {
		return m, err
	}
	return raster.FromImage(&image.Paletted{Pix: m.Pix, Stride: m.Stride, Rect: m.Bounds(), Palette: r.exact.palette})
}

// exactFronts reads the front segments of tiles and holds each against what the
// tile must take at least, before anything is allocated for its samples. With
// KeepGoing it is nil where damaged.
func (r *Reader) exactFronts(tiles image.Rectangle) ([][]byte, error) {
	indices := r.layout.indices(tiles)
	fronts, err := r.file.Fronts(indices)
	if err != nil && !r.concealable(err) {
		return nil, firstOf(err)
	}
	for i, front := range fronts {
		if front == nil || r.exact.layered != nil {
			continue
		}
		size := r.layout.samples(tile(tiles, i))[0].Size()
		least, leastBody := exact.Least(front, r.layout.Channels, size.X, size.Y)
		part, found := container.Front, int64(len(front))
		if found >= least {
			part, found, least = container.Body, r.file.BodySize(indices[i]), leastBody
		}
		if found >= least {
			continue
		}
		err := fmt.Errorf("%d bytes for %d×%d pixels, expected at least %d", found, size.X, size.Y, least)
		if !r.opt.KeepGoing {
			return nil, r.file.TileError(indices[i], part, err)
		}
		if part == container.Front {
			fronts[i] = nil
		}
	}
	return fronts, nil
}

// firstOf gives the first of the tiles' errors that are joined in err.
func firstOf(err error) error {
	if first := (*TileError)(nil); errors.As(err, &first) {
		return first
	}
	return err
}

// exactTile decodes a tile or its overview. A damaged one is an error, or with
// KeepGoing what its overview gives; its front is nil where that is damaged.
func (r *Reader) exactTile(w *exactWorker, t image.Rectangle, front []byte, level int) ([]exact.Plane, error) {
	index := t.Min.Y*r.layout.grid().Dx() + t.Min.X
	size := r.layout.samples(t)[0].Size()
	planes, err := r.exactPlanes(w, index, front, size, level)
	if err == nil {
		return planes, nil
	}
	if !r.concealable(err) {
		return nil, err
	}
	r.lose(t)
	return r.exactConceal(w, front, size, level), nil
}

// exactPlanes decodes a tile or its overview. The error is a *TileError.
func (r *Reader) exactPlanes(w *exactWorker, index int, front []byte, size image.Point, level int) (planes []exact.Plane, err error) {
	var body []byte
	part := container.Front
	if front != nil && (level == 0 || r.exact.needsBody(front)) {
		part = container.Body
		if body, err = r.file.Body(index); err != nil {
			return nil, err
		}
	}
	if level == 0 {
		planes, err = r.exact.decode(w, front, body, size)
	} else {
		planes, err = r.exact.overview(w, front, body, size)
	}
	if err == nil && r.exact.palette != nil {
		err = checkIndices(&planes[0], len(r.exact.palette))
	}
	if err != nil {
		return nil, r.file.TileError(index, part, err)
	}
	return planes, nil
}

// checkIndices refuses an index beyond a palette of n colours.
func checkIndices(p *exact.Plane, n int) error {
	for i, v := range p.Pix {
		if int(v) >= n {
			return fmt.Errorf("x %d, y %d: palette index %d, expected less than %d", i%p.W, i/p.W, v, n)
		}
	}
	return nil
}

// Modes counts the tiles of a file of the exact engine by mode: "prediction",
// "labels", "patterns" and "slow", and "damaged" where the front image does not
// tell. It is empty for layered files and files of the lossy engine, whose tiles
// have no modes. The error is one of reading.
func (r *Reader) Modes() (map[string]int, error) {
	modes := map[string]int{}
	if r.exact.engine == nil {
		return modes, nil
	}
	for i := range r.file.Tiles() {
		front, err := r.file.Front(i)
		if err != nil && !errors.Is(err, container.ErrChecksum) {
			return nil, fmt.Errorf("qtgpu: %w", err)
		}
		name := exact.ModeName(front)
		if name == "" {
			name = "damaged"
		}
		modes[name]++
	}
	return modes, nil
}

// exactConceal enlarges a tile's overview, or is mid-scale without one, or the
// first colour.
func (r *Reader) exactConceal(w *exactWorker, front []byte, size image.Point, level int) []exact.Plane {
	var planes []exact.Plane
	known := !r.exact.needsBody(front)
	if known {
		var err error
		planes, err = r.exact.overview(w, front, nil, size)
		known = err == nil && (r.exact.palette == nil || checkIndices(&planes[0], len(r.exact.palette)) == nil)
	}
	unknown := int32(r.layout.Maximum+1) / 2
	if r.layout.Palette {
		unknown = 0
	}
	shift := overviewLevel - level
	size = image.Pt((size.X-1)>>level+1, (size.Y-1)>>level+1)
	out := make([]exact.Plane, r.layout.Channels)
	for c := range out {
		out[c] = exact.NewPlane(size.X, size.Y)
		for i := range out[c].Pix {
			if !known {
				out[c].Pix[i] = unknown
				continue
			}
			x, y := i%size.X>>shift, i/size.X>>shift
			out[c].Pix[i] = planes[c].Pix[y*planes[c].W+x]
		}
	}
	return out
}

// place copies the samples of a tile at (0,0)+at of m, where they lie inside.
func place(m *raster.Image, planes []exact.Plane, at image.Point) {
	size := m.Depth / 8
	r := image.Rect(0, 0, planes[0].W, planes[0].H).Add(at).Intersect(m.Bounds())
	for c := range planes {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			src := planes[c].Pix[(y-at.Y)*planes[c].W+r.Min.X-at.X:][:r.Dx()]
			dst := m.Pix[y*m.Stride+r.Min.X*m.Step+c*size:]
			for x, v := range src {
				if m.Depth == 8 {
					dst[x*m.Step] = byte(v)
				} else {
					binary.BigEndian.PutUint16(dst[x*m.Step:], uint16(v))
				}
			}
		}
	}
}
