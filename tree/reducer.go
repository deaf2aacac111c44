package tree

import (
	"context"
	"fmt"

	"github.com/qtgpu/qtgpu/chroma"
)

// Samples is a plane as a Reducer sees it: W×H samples in rows of Stride.
type Samples struct {
	W, H, Stride int
	Pix          []uint16
}

// Padded views whole planes with their padding, Stride×Rows each: the engine
// codes the padded blocks, so its statistics run over them.
func Padded(planes []chroma.Plane) []Samples {
	s := make([]Samples, len(planes))
	for i := range planes {
		p := &planes[i]
		s[i] = Samples{W: p.Stride, H: p.Rows(), Stride: p.Stride, Pix: p.Pix}
	}
	return s
}

// Reducer is the seam between backends: it turns planes into the pyramids from
// which everything below is decided, so files are identical whatever made them.
//
// Reduce returns one Pyramid per plane, in order, as NewPyramid lays it out,
// each field exact in integers. Planes may differ in size; samples may use all
// 16 bits. It neither writes to Pix nor keeps it. When ctx ends it returns the
// context's error; with an error there are no pyramids. It may be called from
// several goroutines at once. Planes have passed Check: call it through the
// function Reduce.
type Reducer interface {
	// Name says what runs, for people: "cpu", or the device of a GPU.
	Name() string
	Reduce(ctx context.Context, planes []Samples) ([]Pyramid, error)
}

// Reduce checks the planes and has r reduce them.
func Reduce(ctx context.Context, r Reducer, planes []Samples) ([]Pyramid, error) {
	for i := range planes {
		if err := planes[i].Check(); err != nil {
			return nil, fmt.Errorf("plane %d: %w", i, err)
		}
	}
	pyramids, err := r.Reduce(ctx, planes)
	if err != nil {
		return nil, fmt.Errorf("reducing on %s: %w", r.Name(), err)
	}
	return pyramids, nil
}

// Check reports whether s has at least one and at most MaxSamples samples, and
// Pix holds them all.
func (s *Samples) Check() error {
	switch {
	case s.W < 1 || s.H < 1:
		return fmt.Errorf("size %d×%d, want at least 1×1", s.W, s.H)
	case s.Stride < s.W:
		return fmt.Errorf("stride %d, want at least the width %d", s.Stride, s.W)
	case len(s.Pix) < s.W || s.H-1 > (len(s.Pix)-s.W)/s.Stride:
		return fmt.Errorf("%d samples, too few for %d×%d in rows of %d", len(s.Pix), s.W, s.H, s.Stride)
	case uint64(s.W)*uint64(s.H) > MaxSamples:
		return fmt.Errorf("size %d×%d, want at most %d samples", s.W, s.H, uint64(MaxSamples))
	}
	return nil
}
