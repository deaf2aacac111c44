package imagefile

import (
	"context"
	"sync"

	"github.com/qtgpu/qtgpu/raster"
)

// whole is a picture that is decoded at once, when it is first asked for.
type whole struct {
	load func() (*Image, error)
}

// newWhole returns the picture that load gives; load is called once.
func newWhole(load func() (*Image, error)) *whole {
	return &whole{sync.OnceValues(func() (m *Image, err error) {
		err = guard(func() error {
			m, err = load()
			return err
		})
		return m, err
	})}
}

// readBlock implements pixels.
func (w *whole) readBlock(_ context.Context, dst *raster.Block) error {
	m, err := w.load()
	if err != nil {
		return err
	}
	format := m.format()
	if err := raster.Check(&format, dst); err != nil {
		return err // the file has changed since it was opened
	}
	raster.Copy(dst, m.Block())
	if m.Depth == 16 {
		for band := range dst.Planes {
			for y := dst.Rect.Min.Y; y < dst.Rect.Max.Y; y++ {
				toNative(dst.RowBytes(band, y), 2*dst.Step)
			}
		}
	}
	return nil
}
