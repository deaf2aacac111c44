package qtgpu

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"sync"

	"github.com/qtgpu/qtgpu/chroma"
	cpufallback "github.com/qtgpu/qtgpu/cpu_fallback"
	"github.com/qtgpu/qtgpu/internal/raster"
)

// VerifyLeaves measures the promise: it decodes every plane, before deblocking
// and rounding to pixels, and returns each plane's largest RMS difference from
// the planes of the original over any leaf, in 8-bit levels.
func VerifyLeaves(r *Reader, original image.Image) ([]float64, error) {
	worst, err := r.verifyLeaves(context.Background(), original)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return worst, nil
}

func (r *Reader) verifyLeaves(ctx context.Context, original image.Image) ([]float64, error) {
	src, err := raster.FromImage(original)
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
func (r *Reader) sameShape(src *raster.Image) error {
	channels, depth := src.Channels, src.Depth
	if r.layout.Palette && src.Palette != nil {
		channels, depth = 1, 8
	}
	if src.W != r.layout.Width || src.H != r.layout.Height || channels != r.layout.Channels || depth != r.layout.Depth {
		return fmt.Errorf("original of %dx%d with %d channels of %d bits, expected %dx%d with %d of %d",
			src.W, src.H, channels, depth, r.layout.Width, r.layout.Height, r.layout.Channels, r.layout.Depth)
	}
	return nil
}

// leafRMS is the RMS difference of two planes over a leaf, in 8-bit levels.
func leafRMS(a, b *chroma.Plane, l Leaf) float64 {
	var s int64
	for y := l.Y; y < l.Y+l.Size; y++ {
		ra, rb := a.Pix[y*a.Stride+l.X:][:l.Size], b.Pix[y*b.Stride+l.X:][:l.Size]
		for i, v := range ra {
			d := int64(v) - int64(rb[i])
			s += d * d
		}
	}
	return math.Sqrt(float64(s)) / float64(l.Size<<chroma.FracBits)
}

// VerifySamples decodes a file of the exact engine and returns each channel's
// largest difference from the original, in steps of the samples; of a paletted
// file that of the indices.
func VerifySamples(r *Reader, original image.Image) ([]float64, error) {
	worst, err := r.verifySamples(context.Background(), original)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return worst, nil
}

func (r *Reader) verifySamples(ctx context.Context, original image.Image) ([]float64, error) {
	src, err := raster.FromImage(original)
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
	return worst, cpufallback.For(ctx, r.opt.Workers, tiles.Dx()*tiles.Dy(), func(i int) error {
		got, err := r.exactTile(new(exactWorker), tile(tiles, i), 0)
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
