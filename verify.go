package qtgpu

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// Check reads and decodes all that the file holds, the samples and the overview of
// every tile, and so finds any damage.
func (r *Reader) Check() error {
	err := r.file.Check(context.Background())
	if err == nil {
		err = r.tiles.Check(context.Background(), r.wholeProgress().add)
	}
	return public(err)
}

// wholeProgress is the progress of something that is done for all pixels.
func (r *Reader) wholeProgress() *progress {
	f := &r.plan.Format
	return newProgress(r.opt.Progress, int64(f.Width)*int64(f.Height))
}

// VerifyLeaves measures the promise: it decodes every plane, before deblocking
// and rounding to pixels, and returns each plane's largest RMS difference from
// the planes of the original over any leaf, as far as that lies in the image, in
// 8-bit levels. It is what the file states.
func VerifyLeaves(r *Reader, original image.Image) ([]float64, error) {
	if r.plan.Bound != engine.RMS {
		return nil, public(&container.UnsupportedError{What: "leaves of a file of the exact engine, expected one of the lossy engine"})
	}
	worst, err := r.verify(context.Background(), original)
	leaves, _ := errorsOf(engine.RMS, worst)
	return leaves, public(err)
}

// VerifySamples decodes a file of the exact engine and returns each channel's
// largest difference from the original, in steps of the samples, or of the indices
// for a paletted file.
func VerifySamples(r *Reader, original image.Image) ([]float64, error) {
	if r.plan.Bound != engine.Max {
		return nil, public(&container.UnsupportedError{What: "samples of a file of the lossy engine, expected one of the exact engine"})
	}
	worst, err := r.verify(context.Background(), original)
	_, samples := errorsOf(engine.Max, worst)
	return samples, public(err)
}

func (r *Reader) verify(ctx context.Context, original image.Image) ([]uint64, error) {
	m, err := imagefile.FromImage(original)
	if err != nil {
		return nil, err
	}
	src := sourceOf(m)
	if r.plan.Format.Palette != nil {
		if src = indexSource(m); src == nil {
			return nil, errors.New("original without a palette, expected one")
		}
	}
	if err := r.sameShape(src.Format()); err != nil {
		return nil, err
	}
	return r.tiles.Measure(ctx, src, r.wholeProgress().add)
}

// sameShape holds the format of an original against the file's.
func (r *Reader) sameShape(f *raster.Format) error {
	own := &r.plan.Format
	if f.Width != own.Width || f.Height != own.Height || len(f.Bands) != len(own.Bands) || f.Type != own.Type {
		return fmt.Errorf("original of %dx%d with %d channels of %d bits, expected %dx%d with %d of %d",
			f.Width, f.Height, len(f.Bands), 8*f.Type.Size(), own.Width, own.Height, len(own.Bands), 8*own.Type.Size())
	}
	if f.FullScale() != own.FullScale() {
		return fmt.Errorf("original with samples up to %d, expected up to %d", f.FullScale(), own.FullScale())
	}
	return nil
}
