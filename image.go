package qtgpu

import (
	"context"
	"fmt"
	"image"

	"github.com/qtgpu/qtgpu/internal/container"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/pipeline"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// FromImage gives the samples of an image as Encode takes them: indices of an
// *image.Paletted, others as Encode says. It shares samples of 8 bits with m.
func FromImage(m image.Image) (raster.Source, error) {
	src, err := fromImage(m)
	if err != nil {
		return nil, fmt.Errorf("qtgpu: %w", err)
	}
	return src.Source(), nil
}

func fromImage(m image.Image) (*imagefile.Image, error) {
	if err := checkBounds(m.Bounds()); err != nil {
		return nil, err
	}
	return imagefile.FromImage(m)
}

// DecodeRegion decodes the pixels of rect, in pixels of the level, which must
// lie inside the level and not be empty. The result's bounds begin at (0,0);
// its type is *image.Gray, Gray16, RGBA, RGBA64, NRGBA, NRGBA64 or Paletted, or one of
// this module where package image has none: for samples of another maximum than their
// depth has, for a last channel that is no alpha and for gray with premultiplied alpha.
// It equals the crop of the whole level, byte for byte. Samples of other types than uint8
// and uint16, more than four bands and roles that no image has are an *UnsupportedError:
// ReadBlock and Copy give them.
//
// Levels 1 and 2 are means of the decoded pixels; level 3 is the front image
// of the file, the lowest frequencies of each leaf at 1/8 of the size, and
// coarser ones are means, by steps of three levels: of level 3 up to level 6, of
// level 6 up to 9. They read no more than the front image; a large file holds every
// third level from 6 on besides, and coarser levels read no more than one of these. Of
// [Predictive] files the front image holds means of 8×8 pixels to within the largest of
// 2 steps, the bound and, where a channel leaves out many values, the mean
// distance of the others or 1/128 of their range; colours to within three times as much.
// [Layered] files have a front image as [Transform] files do. Where samples are labels,
// each level has every 2^level-th sample.
func (r *Reader) DecodeRegion(ctx context.Context, rect image.Rectangle, level int) (image.Image, error) {
	m, err := r.decodeRegion(ctx, rect, level)
	if err != nil {
		return nil, public(err)
	}
	return std(m), nil
}

// std is an image as a type of package image, if that has one for it.
func std(m image.Image) image.Image {
	own, ok := m.(*imagefile.Image)
	if !ok || own.Max != 0 || own.Channels%2 == 0 && (own.Alpha == imagefile.NoAlpha || own.Channels == 2 && own.Alpha == imagefile.Premultiplied) {
		return m
	}
	return own.Std()
}

// checkImage is an error that names the way out where no image holds the samples.
func checkImage(f *raster.Format) error {
	if err := imagefile.Holds(f); err != nil {
		return &container.UnsupportedError{What: err.Error() + "; Reader.ReadBlock and Copy give the samples, and qtgpu -o x.tif a file of them"}
	}
	return nil
}

// decodeRegion is DecodeRegion, with an *imagefile.Image for what has no palette.
func (r *Reader) decodeRegion(ctx context.Context, rect image.Rectangle, level int) (image.Image, error) {
	if err := r.checkRegion(rect, level); err != nil {
		return nil, err
	}
	if err := checkImage(&r.plan.Format); err != nil {
		return nil, err
	}
	region, err := r.tiles.Begin(ctx, rect, level)
	if err != nil {
		return nil, err
	}
	return decodeImage(ctx, region, r.plan.Format, progress.New(r.tiles.Pixels(rect, level), r.opt.Progress))
}

// decodeImage decodes a region of a raster as an image, an *imagefile.Image where there is
// no palette.
func decodeImage(ctx context.Context, g *pipeline.Region, f raster.Format, work *progress.Work) (image.Image, error) {
	f.Width, f.Height = g.Rect().Dx(), g.Rect().Dy()
	m := imagefile.NewFor(&f, true)
	b := m.Block()
	b.Rect = g.Rect()
	if err := g.Decode(ctx, b, work.Add); err != nil {
		return nil, err
	}
	if f.Palette != nil {
		return &image.Paletted{Pix: m.Pix, Stride: m.Stride, Rect: m.Bounds(), Palette: f.Palette}, nil
	}
	m.ToBigEndian()
	return m, nil
}
