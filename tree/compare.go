package tree

import (
	"fmt"

	"github.com/qtgpu/qtgpu/chroma"
)

// Compare reports the first difference between two results, in the order of the
// stages: stage, plane, level, field, place and both values. Times may differ.
func Compare(got, want *Prepared) error {
	if len(got.Planes) != len(want.Planes) || len(got.Pyramids) != len(want.Pyramids) {
		return fmt.Errorf("%d planes and %d pyramids, want %d and %d",
			len(got.Planes), len(got.Pyramids), len(want.Planes), len(want.Pyramids))
	}
	for i := range want.Planes {
		if err := comparePlanes(&got.Planes[i], &want.Planes[i]); err != nil {
			return fmt.Errorf("colour: plane %d: %w", i, err)
		}
	}
	for i := range want.Pyramids {
		if err := ComparePyramids(&got.Pyramids[i], &want.Pyramids[i]); err != nil {
			return fmt.Errorf("pyramid: plane %d: %w", i, err)
		}
	}
	return nil
}

func comparePlanes(got, want *chroma.Plane) error {
	if got.W != want.W || got.H != want.H || got.Stride != want.Stride {
		return fmt.Errorf("%d×%d in rows of %d, want %d×%d of %d", got.W, got.H, got.Stride, want.W, want.H, want.Stride)
	}
	return firstDifference(want.Stride, "level 0", got.Pix, want.Pix)
}

// ComparePyramids reports the first difference: level, field, place and both values.
func ComparePyramids(got, want *Pyramid) error {
	if got.W != want.W || got.H != want.H || len(got.Levels) != len(want.Levels) {
		return fmt.Errorf("%d levels of %d×%d, want %d of %d×%d",
			len(got.Levels), got.W, got.H, len(want.Levels), want.W, want.H)
	}
	for i := range want.Levels {
		if err := compareLevels(&got.Levels[i], &want.Levels[i]); err != nil {
			return fmt.Errorf("level %d %w", Base+i, err)
		}
	}
	return nil
}

func compareLevels(got, want *Level) error {
	if got.W != want.W || got.H != want.H {
		return fmt.Errorf("%d×%d nodes, want %d×%d", got.W, got.H, want.W, want.H)
	}
	if err := firstDifference(want.W, "Sum", got.Sum, want.Sum); err != nil {
		return err
	}
	if err := firstDifference(want.W, "SumSq", got.SumSq, want.SumSq); err != nil {
		return err
	}
	if err := firstDifference(want.W, "Min", got.Min, want.Min); err != nil {
		return err
	}
	return firstDifference(want.W, "Max", got.Max, want.Max)
}

// firstDifference compares a field of two rasters in rows of w.
func firstDifference[T uint16 | uint64](w int, field string, got, want []T) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d values, want %d", field, len(got), len(want))
	}
	for i, v := range want {
		if got[i] != v {
			return fmt.Errorf("%s (%d,%d): got %d, want %d", field, i%w, i/w, got[i], v)
		}
	}
	return nil
}
