package pipeline

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/raster"
)

// streamShare is the share of the memory that the samples of a band may take which is
// passed on at once.
const streamShare = 4

// Stream decodes a rectangle of a level and passes it on by bands of rows, from the top.
// Tiles that filters reach from one band to the next are decoded once.
func (r *Reader) Stream(ctx context.Context, dst raster.Sink, rect image.Rectangle, level int, decoded func(pixels int64)) error {
	own := r
	if r.cache == nil && r.opt.Memory > 0 {
		o := r.opt
		o.Cache = o.Memory / cacheShare
		o.Memory -= o.Cache
		own = newReader(r.file, r.plan, r.dec, o)
		own.coarse.file = r.coarse.file
		own.losses = r.losses
	}
	for y := rect.Min.Y; y < rect.Max.Y; {
		band := own.streamBand(rect, y, level)
		g, err := own.Begin(ctx, band, level)
		if err != nil {
			return err
		}
		b := raster.NewInterleaved(band, r.plan.Format.Type, len(r.plan.Format.Bands), len(r.plan.Format.Bands))
		if err := g.Decode(ctx, b, decoded); err != nil {
			return err
		}
		b.Rect = b.Rect.Sub(rect.Min)
		if err := dst.WriteBlock(ctx, b); err != nil {
			return err
		}
		y = band.Max.Y
	}
	return nil
}

// streamBand is the band that begins at row y: all that is left, or as many whole rows of
// tiles as memory allows, one at least.
func (r *Reader) streamBand(rect image.Rectangle, y, level int) image.Rectangle {
	band := image.Rect(rect.Min.X, y, rect.Max.X, rect.Max.Y)
	f := &r.plan.Format
	row := int64(band.Dx()) * int64(f.Type.Size()*len(f.Bands))
	fits := func() bool {
		if r.opt.Memory <= 0 {
			return true
		}
		fine := r.finer(band, level, baseOf(level))
		bands, err := r.bands(band, fine, baseOf(level), r.workers(fine, baseOf(level)))
		return row*int64(band.Dy()) <= r.opt.Memory/streamShare && err == nil && len(bands) == 1
	}
	side := max(1<<r.grid.Log2>>level, 1)
	for n := (band.Max.Y-1)/side - y/side; n > 0 && !fits(); n /= 2 {
		band.Max.Y = min((y/side+n)*side, rect.Max.Y)
	}
	return band
}
