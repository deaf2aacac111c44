package tree

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/chroma"
)

func TestCheck(t *testing.T) {
	pix := make([]uint16, 20)
	for _, c := range []struct {
		s    Samples
		want string // empty: valid
	}{
		{Samples{4, 5, 4, pix}, ""},
		{Samples{3, 4, 5, pix}, ""},
		{Samples{5, 3, 7, pix}, ""},
		{Samples{6, 3, 7, pix}, ""},
		{Samples{20, 1, math.MaxInt, pix}, ""},
		{Samples{0, 5, 4, pix}, "size 0×5, want at least 1×1"},
		{Samples{4, -1, 4, pix}, "size 4×-1, want at least 1×1"},
		{Samples{4, 5, 3, pix}, "stride 3, want at least the width 4"},
		{Samples{4, 6, 4, pix}, "20 samples, too few for 4×6 in rows of 4"},
		{Samples{21, 1, 21, pix}, "20 samples, too few for 21×1 in rows of 21"},
		{Samples{1, 1, 1, nil}, "0 samples, too few for 1×1 in rows of 1"},
		{Samples{1, math.MaxInt, 1, pix}, fmt.Sprintf("20 samples, too few for 1×%d in rows of 1", math.MaxInt)},
		{Samples{4, math.MaxInt, math.MaxInt, pix}, fmt.Sprintf("20 samples, too few for 4×%d in rows of %d", math.MaxInt, math.MaxInt)},
	} {
		err := c.s.Check()
		if c.want == "" {
			assert.NoError(t, err, "%d×%d stride %d", c.s.W, c.s.H, c.s.Stride)
			continue
		}
		assert.EqualError(t, err, c.want)
	}
}

// fake is a Reducer that returns what it is told to.
type fake struct {
	got []Samples
	err error
}

func (f *fake) Name() string { return "fake" }

func (f *fake) Reduce(_ context.Context, planes []Samples) ([]Pyramid, error) {
	f.got = planes
	if f.err != nil {
		return nil, f.err
	}
	return make([]Pyramid, len(planes)), nil
}

func TestReduceChecksAndWraps(t *testing.T) {
	good := Samples{W: 1, H: 1, Stride: 1, Pix: []uint16{1}}
	f := &fake{}
	_, err := Reduce(t.Context(), f, []Samples{good, {W: 2, H: 1, Stride: 2, Pix: []uint16{1}}})
	assert.EqualError(t, err, "plane 1: 1 samples, too few for 2×1 in rows of 2")
	assert.Nil(t, f.got, "called with an invalid plane")

	p, err := Reduce(t.Context(), f, []Samples{good})
	require.NoError(t, err)
	assert.Len(t, p, 1)

	f.err = errors.New("out of memory")
	_, err = Reduce(t.Context(), f, []Samples{good})
	assert.ErrorIs(t, err, f.err)
	assert.EqualError(t, err, "reducing on fake: out of memory")
}

func TestPadded(t *testing.T) {
	planes := chroma.NewPlanes(33, 5, 3, true)
	s := Padded(planes)
	assert.Equal(t, [][3]int{{64, 32, 64}, {32, 32, 32}, {32, 32, 32}},
		[][3]int{{s[0].W, s[0].H, s[0].Stride}, {s[1].W, s[1].H, s[1].Stride}, {s[2].W, s[2].H, s[2].Stride}})
	for i := range s {
		require.NoError(t, s[i].Check())
	}
}
