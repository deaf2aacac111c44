package pipeline

import (
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
)

// SameSamples says in what a raster differs from the format that is expected: size, type,
// full scale, roles of the bands, palette.
func SameSamples(f, want *raster.Format) error {
	role := func(a, b raster.Band) bool { return a.Role == b.Role }
	switch {
	case f.Width != want.Width || f.Height != want.Height:
		return fmt.Errorf("%d×%d pixels, expected %d×%d", f.Width, f.Height, want.Width, want.Height)
	case f.Type != want.Type || f.FullScale() != want.FullScale():
		return fmt.Errorf("samples of %s, expected %s", scaleOf(f), scaleOf(want))
	case len(f.Bands) != len(want.Bands):
		return fmt.Errorf("%d bands, expected %d", len(f.Bands), len(want.Bands))
	case !slices.EqualFunc(f.Bands, want.Bands, role):
		return fmt.Errorf("bands of other roles: %s, expected %s", roles(f), roles(want))
	case !slices.Equal(paletteBytes(f.Palette), paletteBytes(want.Palette)):
		return fmt.Errorf("another palette, of %d colours instead of %d", len(f.Palette), len(want.Palette))
	}
	return nil
}

// scaleOf is the type of samples with full scale, which floating point does not have.
func scaleOf(f *raster.Format) string {
	if f.Type.Float() {
		return f.Type.String()
	}
	return fmt.Sprintf("%v up to %d", f.Type, f.FullScale())
}

// roles names the roles of bands.
func roles(f *raster.Format) string {
	names := make([]raster.Role, len(f.Bands))
	for i, b := range f.Bands {
		names[i] = b.Role
	}
	return fmt.Sprint(names)
}
