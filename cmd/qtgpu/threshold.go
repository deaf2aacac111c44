package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// threshold is the value of -t: in units of the samples, or a percentage of their range.
type threshold struct {
	value   float64
	percent bool
	float   *threshold // of floating point, nil for the same
}

// parseThreshold parses -t; in is the input, for the text of an error.
func parseThreshold(text, in string) (t threshold, err error) {
	allowed := fmt.Sprintf("expected 0 for lossless, a largest error in units of the samples (of photographs of 8 bits %g to %g, the RMS of a leaf), or a percentage of their range, as 1%%",
		qtgpu.MinT, qtgpu.MaxT)
	if text == "" {
		return t, usagef("missing -t T: %s is no .qtg file, and encoding takes a threshold, a --preset, a --size or a --psnr: %s", in, allowed)
	}
	number, percent := strings.CutSuffix(text, "%")
	t.value, err = strconv.ParseFloat(number, 64)
	t.percent = percent
	switch {
	case err != nil || math.IsNaN(t.value):
		return t, usagef("-t %q is not a number: %s", text, allowed)
	case t.value < 0 || math.IsInf(t.value, 0) || percent && t.value > 100:
		return t, usagef("-t %s is out of range: %s", text, allowed)
	}
	return t, nil
}

// of is the threshold for the samples of src, in their units. A percentage is of the range
// of integers, or of the colours of indices, rounded down to whole steps; of floating point
// it is of the largest less the least sample of all bands, for which src is read.
func (t threshold) of(ctx context.Context, src raster.Source) (float64, error) {
	f := src.Format()
	switch {
	case t.float != nil && f.Type.Float():
		return t.float.of(ctx, src)
	case !t.percent:
		return t.value, nil
	case len(f.Palette) > 0:
		return math.Floor(math.MaxUint8 * t.value / 100), nil
	case !f.Type.Float():
		return math.Floor(float64(f.Range()) * t.value / 100), nil
	}
	s := newStatistics(f)
	if err := scan(ctx, src, s); err != nil {
		return 0, err
	}
	least, most := s.all()
	return max(most-least, 0) * t.value / 100, nil
}

// likely is of with a look at the format alone: a percentage of floating point, for which
// src would be read, is any value that may be.
func (t threshold) likely(src raster.Source) float64 {
	float := src.Format().Type.Float()
	if t.float != nil && float {
		t = *t.float
	}
	if t.percent && float {
		return 1
	}
	v, _ := t.of(context.Background(), src)
	return v
}
