package qtgpu

import (
	"context"
	"fmt"
	"image"
	"math"

	"github.com/qtgpu/qtgpu/chroma"
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
	if src.W != r.Width || src.H != r.Height || src.Channels != r.Channels || src.Depth != r.Depth {
		return nil, fmt.Errorf("original of %dx%d with %d channels of %d bits, expected %dx%d with %d of %d",
			src.W, src.H, src.Channels, src.Depth, r.Width, r.Height, r.Channels, r.Depth)
	}
	w, err := r.decodeWindow(ctx, r.grid(), false)
	if err != nil {
		return nil, err
	}
	want := encoder{Options: &Options{Workers: r.opt.Workers}, layout: r.layout, src: src}
	if err := want.colour(ctx); err != nil {
		return nil, err
	}
	worst := make([]float64, r.Channels)
	for i := range worst {
		for _, l := range w.leaves(i) {
			worst[i] = max(worst[i], leafRMS(&w.planes[i], &want.planes[i], l))
		}
	}
	return worst, nil
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
