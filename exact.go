package qtgpu

import (
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"slices"
	"sync"
	"time"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Tiles of the exact engine: patterns are learned anew in every tile, so tiles
// of labels are large.
const (
	exactTileLog2 = 10
	labelTileLog2 = 11
)

// newExactLayout is the layout of a lossless or bounded file.
func newExactLayout(src *imagefile.Image, o *Options, values []valueSet) layout {
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
func (l *layout) exactFormat() predictive.Format {
	f := predictive.Format{
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
	first := make([]*predictive.Tile, min(len(order), tableTiles))
	err = cpufallback.For(ctx, e.Workers, len(first), func(k int) error {
		first[k] = code(order[k])
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.stats.stopwatch(&start, "predict")
	if len(first) == len(order) && !slices.ContainsFunc(first, (*predictive.Tile).Predicted) {
		model = predictive.DefaultModel(e.Channels) // costs nothing
	}
	tables := model.ChooseTables(first, e.putValues)
	file := e.newFile(append(e.palette(), tables.Payload...), len(order))
	err = e.fillTiles(ctx, file, tables, order, first, code)
	e.stats.stopwatch(&start, "entropy")
	return file, err
}

// fillTiles entropy-codes the tiles into the file: the first, which it lets go
// of, and those that it has code make.
func (e *encoder) fillTiles(ctx context.Context, f *container.File, tables *predictive.Tables, order []int, first []*predictive.Tile, code func(int) *predictive.Tile) error {
	var mu sync.Mutex
	return cpufallback.For(ctx, e.Workers, len(order), func(k int) error {
		i := order[k]
		var t *predictive.Tile
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
func (e *encoder) fit(ctx context.Context, format *predictive.Format) (*predictive.Model, error) {
	if e.effort() < predictive.EffortFitted {
		return predictive.DefaultModel(e.Channels), nil
	}
	grid := e.grid()
	tiles := grid.Dx() * grid.Dy()
	n := min(tiles, fitTiles)
	pixels := min(e.Width*e.Height, n<<(2*e.TileLog2))
	step := 4 * max(1, pixels/fitPixels)
	sum := predictive.NewFit(e.Channels, step)
	var mu sync.Mutex
	workers := sync.Pool{New: func() any { return new(exactEncoder) }}
	err := cpufallback.For(ctx, e.Workers, n, func(i int) error {
		w := workers.Get().(*exactEncoder)
		defer workers.Put(w)
		f := predictive.NewFit(e.Channels, step)
		w.planes = e.channels(tile(grid, i*tiles/n), w.planes)
		f.Add(&w.Scratch, format, w.planes)
		mu.Lock()
		defer mu.Unlock()
		sum.Merge(f)
		return nil
	})
	return sum.Model(), err
}

// exactEncoder is the memory of one goroutine.
type exactEncoder struct {
	predictive.Scratch
	planes []predictive.Plane
}

// tileCoder codes tiles by their index, on any goroutine.
func (e *encoder) tileCoder(format *predictive.Format, model *predictive.Model) func(i int) *predictive.Tile {
	workers := sync.Pool{New: func() any { return new(exactEncoder) }}
	grid := e.grid()
	return func(i int) *predictive.Tile {
		w := workers.Get().(*exactEncoder)
		defer workers.Put(w)
		defer e.progress.step()
		w.planes = e.channels(tile(grid, i), w.planes)
		return model.Encode(&w.Scratch, format, e.effort(), w.planes)
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
func (e *encoder) coded() []predictive.Values {
	out := make([]predictive.Values, e.Channels)
	for c, r := range e.ranks {
		if r != nil {
			out[c] = predictive.Values(e.values[c])
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
func (e *encoder) channels(t image.Rectangle, planes []predictive.Plane) []predictive.Plane {
	r := e.samples(t)[0]
	out := predictive.Planes(planes, e.Channels, r.Dx(), r.Dy())
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
