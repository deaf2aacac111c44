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
		part := raster.NewBlock(image.Rectangle{Min: at, Max: at.Add(size)}, f.Type, len(f.Bands))
		if err := src.ReadBlock(ctx, part); err != nil {
			return nil, err
		}
		part.Rect = image.Rectangle{Max: size}.Add(image.Pt(x*size.X, y*size.Y))
		if err := pilot.WriteBlock(ctx, part); err != nil {
			return nil, err
		}
	}
	return pilot, nil
}

// spread is the place of number i of n that lie at even distances from 0 to last.
func spread(i, n, last int) int { return last * i / max(n-1, 1) }
