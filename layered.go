package qtgpu

import (
	"context"
	"image"
	"sync"
	"time"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
)

// layerable tells whether a bounded file can be layered.
func (l *layout) layerable() bool {
	return l.Channels >= 3 && l.Depth == 8 && l.Maximum == 255 && l.T >= 1 && l.T <= layered.MaxBound
}

// way names how the tiles of an exact file are coded.
func (l *layout) way() string {
	switch {
	case l.Engine != container.Exact:
		return ""
	case l.Layered:
		return "layered"
	case l.Merged:
		return "merged"
	}
	return "predicted"
}

func (l *layout) layeredFormat() layered.Format {
	return layered.Format{Planes: l.planes(), Bound: l.T}
}

// layeredFile codes the image in layers.
func (e *encoder) layeredFile(ctx context.Context) (*container.File, error) {
	start := time.Now()
	tiles, err := e.layeredTiles(ctx)
	if err != nil {
		return nil, err
	}
	tables := layered.ChooseTables(tiles)
	file := e.newFile(tables.Payload, len(tiles))
	file.Header.Layered = true
	for _, t := range tiles {
		raise(file.Header.Worst, t.Worst)
	}
	err = fill(ctx, e.Workers, file, tiles, tables.Segments)
	e.stats.stopwatch(&start, "layers")
	return file, err
}

func (e *encoder) layeredTiles(ctx context.Context) ([]*layered.Tile, error) {
	engine := layered.NewEncoder(e.layeredFormat(), cpufallback.New(1), transform.Split(e.Split))
	workers := sync.Pool{New: func() any { return new(layered.Worker) }}
	grid := e.grid()
	tiles := make([]*layered.Tile, grid.Dx()*grid.Dy())
	return tiles, cpufallback.For(ctx, e.Workers, len(tiles), func(i int) (err error) {
		w := workers.Get().(*layered.Worker)
		defer workers.Put(w)
		src := e.src.Sub(e.samples(tile(grid, i))[0])
		tiles[i], err = engine.Tile(ctx, w, &src)
		e.progress.step()
		return err
	})
}

// exactWorker is the memory of a goroutine that decodes exact files.
type exactWorker struct {
	exact   predictive.Scratch
	layered layered.Worker
}

// needsBody tells whether the overview of a tile is made of its body too.
func (x *exactReader) needsBody(front []byte) bool {
	return x.layered == nil && predictive.NeedsBody(front)
}

// overview decodes the overview of a tile of a given size; body may be nil unless
// needsBody.
func (x *exactReader) overview(w *exactWorker, front, body []byte, size image.Point) ([]predictive.Plane, error) {
	if x.layered == nil {
		return x.engine.Overview(&w.exact, front, body, size.X, size.Y)
	}
	m, err := x.layered.Front(front, size.X, size.Y)
	if err != nil {
		return nil, err
	}
	return separate(m), nil
}

// decode decodes a tile of a given size.
func (x *exactReader) decode(w *exactWorker, front, body []byte, size image.Point) ([]predictive.Plane, error) {
	if x.layered == nil {
		return x.engine.Decode(&w.exact, front, body, size.X, size.Y)
	}
	m, err := x.layered.Decode(&w.layered, front, body, size.X, size.Y)
	if err != nil {
		return nil, err
	}
	return separate(m), nil
}

// separate divides pixels of 8 bits into planes.
func separate(m *chroma.Interleaved) []predictive.Plane {
	planes := make([]predictive.Plane, m.Channels)
	for c := range planes {
		planes[c] = predictive.NewPlane(m.W, m.H)
		for y := range m.H {
			src := m.Pix[y*m.Stride+c:]
			for x := range m.W {
				planes[c].Pix[y*m.W+x] = int32(src[x*m.Step])
			}
		}
	}
	return planes
}
