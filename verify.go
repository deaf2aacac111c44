package qtgpu

import (
	"context"
	"fmt"

	"github.com/qtgpu/qtgpu/internal/engine"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Check reads and decodes all that the file holds, the samples and the overview of
// every tile, and so finds any damage.
func (r *Reader) Check(ctx context.Context) error {
	err := r.file.Check(ctx)
	if err == nil {
		err = r.tiles.Check(ctx, r.wholeWork().Add)
	}
	return public(err)
}

// wholeWork is something that is done for all pixels.
func (r *Reader) wholeWork() *progress.Work {
	f := &r.plan.Format
	return progress.New(int64(f.Width)*int64(f.Height), r.opt.Progress)
}

// Verify measures the promise against the original samples and returns the largest error
// of each band or plane, in the terms of the file's bound: of BoundRMS it decodes every
// plane, before deblocking and rounding to pixels, and returns the largest RMS difference
// from the planes of the original over any leaf, as far as that lies in the image, of
// TuneVisual divided by the multiplier of the leaf's step class; of BoundMax the largest difference of a sample, or of an index of a
// palette, in its own steps. None is above what the file states.
func (r *Reader) Verify(ctx context.Context, original raster.Source) ([]float64, error) {
	if r.plan.Format.Palette == nil {
		original = pipeline.Colours(original)
	}
	if err := pipeline.SameSamples(original.Format(), &r.plan.Format); err != nil {
		return nil, public(fmt.Errorf("original: %w", err))
	}
	worst, err := r.tiles.Measure(ctx, original, r.wholeWork().Add)
	if err != nil {
		return nil, public(err)
	}
	leafRMS, maxError := errorsOf(&r.plan.Params, worst)
	if r.plan.Bound == engine.RMS {
		return leafRMS, nil
	}
	return maxError, nil
}
