package qtgpu

import (
	"context"
	"errors"
	"fmt"
	"image"
	"sync"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine/transform"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// Check reads and decodes all that the file holds, the samples and the overview of
// every tile, and so finds any damage.
func (r *Reader) Check() error {
	err := r.file.CheckAncillary()
	if err == nil {
		err = r.checkTiles(context.Background())
	}
	if err != nil {
		return fmt.Errorf("qtgpu: %w", err)
	}
	return nil
}

func (r *Reader) checkTiles(ctx context.Context) error {
	tiles := r.layout.grid()
	if r.layout.Engine != container.Exact {
		_, err := r.decodeWindow(ctx, tiles, false)
		return err
	}
	fronts, err := r.exactFronts(tiles)
	if err != nil {
		return err
	}
	indices := r.layout.indices(tiles)
	progress := newProgress(r.opt.Progress, len(indices))
	return parallel.For(ctx, r.opt.Workers, len(indices), func(i int) error {
		defer progress.step()
		size := r.layout.samples(tile(tiles, i))[0].Size()
		w := new(exactWorker)
		for _, level := range []int{0, overviewLevel} {
			if _, err := r.exactPlanes(w, indices[i], fronts[i], size, level); err != nil {
				return err
			}
		}
		return nil
	})
}

// VerifyLeaves measures the promise: it decodes every plane, before deblocking
// and rounding to pixels, and returns each plane's largest RMS difference from
// the planes of the original over any leaf, as far as that lies in the image, in
// 8-bit levels. It is what the file states.
func VerifyLeaves(r *Reader, original image.Image) ([]float64, error) {
	worst, err := r.verifyLeaves(context.Background(), original)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return worst, nil
}

func (r *Reader) verifyLeaves(ctx context.Context, original image.Image) ([]float64, error) {
	src, err := imagefile.FromImage(original)
	if err != nil {
		return nil, err
	}
	if err := r.sameShape(src); err != nil {
		return nil, err
	}
	w, err := r.decodeWindow(ctx, r.layout.grid(), false)
	if err != nil {
		return nil, err
	}
	if src.Max != 0 {
		src = rescale(src, src.Max, 1<<src.Depth-1)
	}
	want, err := cpufallback.New(r.opt.Workers).Colour(ctx, &src.Interleaved, r.layout.sub420())
	if err != nil {
		return nil, err
	}
	worst := make([]float64, r.layout.Channels)
	for i := range worst {
		for _, l := range w.leaves(i) {
			worst[i] = max(worst[i], leafRMS(&w.planes[i], &want[i], l))
		}
	}
	return worst, nil
}

// sameShape holds an original against the header.
func (r *Reader) sameShape(src *imagefile.Image) error {
	channels, depth := src.Channels, src.Depth
	if r.layout.Palette && src.Palette != nil {
		channels, depth = 1, 8
	}
	if src.W != r.layout.Width || src.H != r.layout.Height || channels != r.layout.Channels || depth != r.layout.Depth {
		return fmt.Errorf("original of %dx%d with %d channels of %d bits, expected %dx%d with %d of %d",
			src.W, src.H, channels, depth, r.layout.Width, r.layout.Height, r.layout.Channels, r.layout.Depth)
	}
	if !r.layout.Palette && src.FullScale() != r.layout.Maximum {
		return fmt.Errorf("original with samples up to %d, expected up to %d", src.FullScale(), r.layout.Maximum)
	}
	return nil
}

// leafRMS is the RMS difference of two planes over the samples of a leaf that lie in
// the image, in 8-bit levels, rounded up to the unit of the header.
func leafRMS(a, b *chroma.Plane, l Leaf) float64 {
	w, h := min(l.Size, a.W-l.X), min(l.Size, a.H-l.Y)
	if w <= 0 || h <= 0 {
		return 0 // in the padding
	}
	var s uint64
	for y := l.Y; y < l.Y+h; y++ {
		ra, rb := a.Pix[y*a.Stride+l.X:][:w], b.Pix[y*b.Stride+l.X:][:w]
		for i, v := range ra {
			d := int64(v) - int64(rb[i])
			s += uint64(d * d)
		}
	}
	return float64(transform.RMS(s, w*h)) / container.ErrorUnit
}

// VerifySamples decodes a file of the exact engine and returns each channel's
// largest difference from the original, in steps of the samples, or of the indices
// for a paletted file.
func VerifySamples(r *Reader, original image.Image) ([]float64, error) {
	worst, err := r.verifySamples(context.Background(), original)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return worst, nil
}

func (r *Reader) verifySamples(ctx context.Context, original image.Image) ([]float64, error) {
	if r.layout.Engine != container.Exact {
		return nil, &UnsupportedError{What: "samples of a file of the lossy engine, expected one of the exact engine"}
	}
	src, err := imagefile.FromImage(original)
	if err != nil {
		return nil, err
	}
	if r.layout.Palette && src.Palette == nil {
		return nil, errors.New("original without a palette, expected one")
	}
	want := encoder{layout: r.layout, src: src}
	if err := r.sameShape(src); err != nil {
		return nil, err
	}
	worst := make([]float64, r.layout.Channels)
	var mu sync.Mutex
	tiles := r.layout.grid()
	fronts, err := r.exactFronts(tiles)
	if err != nil {
		return nil, err
	}
	return worst, parallel.For(ctx, r.opt.Workers, tiles.Dx()*tiles.Dy(), func(i int) error {
		got, err := r.exactTile(new(exactWorker), tile(tiles, i), fronts[i], 0)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		for c, p := range want.channels(tile(tiles, i), nil) {
			for k, v := range p.Pix {
				d := v - got[c].Pix[k]
				worst[c] = max(worst[c], float64(max(d, -d)))
			}
		}
		return nil
	})
}
