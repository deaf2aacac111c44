package pipeline

import (
	"context"
	"image"

	"github.com/qtgpu/qtgpu/raster"
)

// The pilot of a raster is pilotParts rectangles of partPixels, spread over it and joined:
// 4×4 squares of 256, where it is not narrower.
const (
	pilotParts = 16
	partSide   = 256
	partPixels = partSide * partSide
)

// worthPilot tells whether a raster is large enough for a pilot.
func worthPilot(f *raster.Format) bool {
	return int64(f.Width)*int64(f.Height) >= 4*pilotParts*partPixels
}

// pilotShape is the size of a part of the pilot of w×h pixels, and how many there are
// across and down.
func pilotShape(w, h int) (part, n image.Point) {
	if h < w {
		part, n = pilotShape(h, w)
		return image.Pt(part.Y, part.X), image.Pt(n.Y, n.X)
	}
	part.X = min(partSide, w)
	n.X = min(w/part.X, 4)
	part.Y, n.Y = partPixels/part.X, pilotParts/n.X
	return part, n
}

// pilotFormat is the pilot's for a raster of a format.
func pilotFormat(f *raster.Format) raster.Format {
	size, n := pilotShape(f.Width, f.Height)
	pilot := *f
	pilot.Width, pilot.Height = n.X*size.X, n.Y*size.Y
	return pilot
}

func newPilot(ctx context.Context, src raster.Source) (*raster.Memory, error) {
	w, h := src.Format().Width, src.Format().Height
	size, n := pilotShape(w, h)
	f := pilotFormat(src.Format())
	pilot, err := raster.NewMemory(f)
	if err != nil {
		return nil, err
	}
	for i := range n.X * n.Y {
		x, y := i%n.X, i/n.X
		at := image.Pt(spread(x, n.X, w-size.X), spread(y, n.Y, h-size.Y))
		if err := copyPart(ctx, pilot, image.Pt(x*size.X, y*size.Y), src, image.Rectangle{Min: at, Max: at.Add(size)}); err != nil {
			return nil, err
		}
	}
	return pilot, nil
}

// quarterParts are the parts that are a quarter of a pilot, one of each row and column, from its top.
var quarterParts = [...]int{1, 3, 0, 2}

// quarterOf is a quarter of a pilot of a raster of some size, 2×2 of its parts; nil where
// that is too narrow for 4×4.
func quarterOf(ctx context.Context, pilot *raster.Memory, w, h int) (*raster.Memory, error) {
	size, n := pilotShape(w, h)
	if n != image.Pt(len(quarterParts), len(quarterParts)) {
		return nil, nil
	}
	f := *pilot.Format()
	f.Width, f.Height = 2*size.X, 2*size.Y
	quarter, err := raster.NewMemory(f)
	if err != nil {
		return nil, err
	}
	for y, x := range quarterParts {
		at := image.Pt(x*size.X, y*size.Y)
		if err := copyPart(ctx, quarter, image.Pt(y%2*size.X, y/2*size.Y), pilot, image.Rectangle{Min: at, Max: at.Add(size)}); err != nil {
			return nil, err
		}
	}
	return quarter, nil
}

// copyPart copies a part of a raster to where it begins in another one.
func copyPart(ctx context.Context, dst *raster.Memory, at image.Point, src raster.Source, r image.Rectangle) error {
	f := src.Format()
	part := raster.NewBlock(r, f.Type, len(f.Bands))
	if err := src.ReadBlock(ctx, part); err != nil {
		return err
	}
	part.Rect = r.Sub(r.Min).Add(at)
	return dst.WriteBlock(ctx, part)
}

// spread is the place of number i of n that lie at even distances from 0 to last.
func spread(i, n, last int) int { return last * i / max(n-1, 1) }
