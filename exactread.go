package qtgpu

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"sync"

	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/layered"
	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// exactReader is the part of a Reader that decodes exact files.
type exactReader struct {
	engine  *predictive.Decoder // or
	layered *layered.Decoder    // of a layered file
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
	x.engine, err = predictive.NewDecoder(tables, l.exactFormat(), func(r *rans.BitReader, f *predictive.Format) error {
		for range l.Channels {
			v, err := parseValues(r, l.Depth)
			if err != nil {
				return err
			}
			f.Values = append(f.Values, predictive.Values(v))
		}
		return nil
	})
	return x, err
}

// exactPixels decodes a region of level 0 or of the overview.
func (r *Reader) exactPixels(ctx context.Context, rect image.Rectangle, level int) (*imagefile.Image, error) {
	full := image.Rectangle{rect.Min.Mul(1 << level), rect.Max.Mul(1 << level)}
	tiles := r.layout.tilesOver(full, 0)
	fronts, err := r.exactFronts(tiles)
	if err != nil {
		return nil, err
	}
	m := r.newImage(rect.Size())
	workers := sync.Pool{New: func() any { return new(exactWorker) }}
	progress := newProgress(r.opt.Progress, tiles.Dx()*tiles.Dy())
	err = parallel.For(ctx, r.opt.Workers, tiles.Dx()*tiles.Dy(), func(i int) error {
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
	return imagefile.FromImage(&image.Paletted{Pix: m.Pix, Stride: m.Stride, Rect: m.Bounds(), Palette: r.exact.palette})
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
		least, leastBody := predictive.Least(front, r.layout.Channels, size.X, size.Y)
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
func (r *Reader) exactTile(w *exactWorker, t image.Rectangle, front []byte, level int) ([]predictive.Plane, error) {
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
func (r *Reader) exactPlanes(w *exactWorker, index int, front []byte, size image.Point, level int) (planes []predictive.Plane, err error) {
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
func checkIndices(p *predictive.Plane, n int) error {
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
		name := predictive.ModeName(front)
		if name == "" {
			name = "damaged"
		}
		modes[name]++
	}
	return modes, nil
}

// exactConceal enlarges a tile's overview, or is mid-scale without one, or the
// first colour.
func (r *Reader) exactConceal(w *exactWorker, front []byte, size image.Point, level int) []predictive.Plane {
	var planes []predictive.Plane
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
	out := make([]predictive.Plane, r.layout.Channels)
	for c := range out {
		out[c] = predictive.NewPlane(size.X, size.Y)
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
func place(m *imagefile.Image, planes []predictive.Plane, at image.Point) {
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
