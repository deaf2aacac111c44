package engine

import (
	"context"
	"fmt"

	"github.com/qtgpu/qtgpu/raster"
)

// InScale gives the samples of a source, or an error where one is above the full scale that
// its format states: of what is in memory at once, else when it is read.
func InScale(src raster.Source) (raster.Source, error) {
	f := src.Format()
	if f.Max == 0 || f.Max >= f.Type.Max() {
		return src, nil
	}
	if m, ok := src.(*raster.Memory); ok {
		return src, checkScale(f, m.View(f.Bounds()))
	}
	return &inScale{src}, nil
}

type inScale struct{ raster.Source }

// ReadBlock implements raster.Source.
func (s *inScale) ReadBlock(ctx context.Context, dst *raster.Block) error {
	if err := s.Source.ReadBlock(ctx, dst); err != nil {
		return err
	}
	return checkScale(s.Format(), dst)
}

// checkScale is an error where a sample of a block is above the full scale that its format
// states, and is not the one of no data: engines have no code for it.
func checkScale(f *raster.Format, b *raster.Block) error {
	switch f.Type {
	case raster.Uint8:
		return checkRows[uint8](f, b)
	case raster.Uint16:
		return checkRows[uint16](f, b)
	}
	return checkRows[uint32](f, b)
}

func checkRows[T uint8 | uint16 | uint32](f *raster.Format, b *raster.Block) error {
	full := T(f.Max)
	for band := range f.Bands {
		none, has := T(0), false
		if v := f.Bands[band].NoData; v != nil && *v >= 0 && *v <= float64(f.Type.Max()) {
			none = T(*v)
			has = float64(none) == *v
		}
		for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
			row := raster.Row[T](b, band, y)
			for x := 0; x < len(row); x += b.Step {
				if v := row[x]; v > full && !(has && v == none) {
					return fmt.Errorf("band %d, pixel %d,%d: sample %d, expected at most %d, which the format states as full scale", band, b.Rect.Min.X+x/b.Step, y, v, full)
				}
			}
		}
	}
	return nil
}
