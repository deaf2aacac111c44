package engine

import (
	"fmt"
	"slices"

	"github.com/qtgpu/qtgpu/raster"
)

// CheckPicture says why bands are not those of a picture of 8 or 16 bits: gray or red, green
// and blue, alone or with one more, of alpha or data.
func CheckPicture(f *raster.Format) error {
	if f.Type != raster.Uint8 && f.Type != raster.Uint16 {
		return fmt.Errorf("samples of %v, expected uint8 or uint16", f.Type)
	}
	n := len(f.Bands)
	if n > 4 || n >= 3 && f.Colour() != 0 || n < 3 && f.Bands[0].Role != raster.Gray {
		return fmt.Errorf("%d bands, the first of role %v, expected gray or red, green and blue, and at most one more", n, f.Bands[0].Role)
	}
	if role := f.Bands[n-1].Role; n%2 == 0 && role != raster.Alpha && role != raster.Premultiplied && role != raster.Data {
		return fmt.Errorf("a last band of role %v, expected alpha or data", role)
	}
	return nil
}

// HasNoData tells whether any band states a sample of no data.
func HasNoData(f *raster.Format) bool {
	return slices.ContainsFunc(f.Bands, func(b raster.Band) bool { return b.NoData != nil })
}

// Errors are the largest errors of a tile as files count them.
func Errors[T ~int32 | ~uint32](worst []T) []uint64 {
	out := make([]uint64, len(worst))
	for i, v := range worst {
		out[i] = uint64(v)
	}
	return out
}
