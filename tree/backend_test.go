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

func TestCheckSource(t *testing.T) {
	pix := make([]byte, 60)
	for _, c := range []struct {
		m    chroma.Interleaved
		want string // empty: valid
	}{
		{chroma.Interleaved{W: 5, H: 4, Channels: 3, Depth: 8, Step: 3, Stride: 15, Pix: pix}, ""},
		{chroma.Interleaved{W: 5, H: 3, Channels: 1, Depth: 16, Step: 4, Stride: 20, Pix: pix}, ""},
		{chroma.Interleaved{W: 1, H: 1, Channels: 1, Depth: 8, Step: math.MaxInt, Stride: 1, Pix: pix}, ""},
		{chroma.Interleaved{W: 1, H: 1, Channels: 1, Depth: 8, Step: 1, Stride: math.MaxInt, Pix: pix}, ""},
		{chroma.Interleaved{W: 0, H: 4, Channels: 3, Depth: 8, Step: 3, Stride: 15, Pix: pix}, "size 0×4, want at least 1×1"},
		{chroma.Interleaved{W: 5, H: 4, Channels: 5, Depth: 8, Step: 5, Stride: 25, Pix: pix}, "5 channels, want 1 to 4"},
		{chroma.Interleaved{W: 5, H: 4, Channels: 3, Depth: 12, Step: 6, Stride: 30, Pix: pix}, "depth 12, want 8 or 16 bits"},
		{chroma.Interleaved{W: 5, H: 4, Channels: 3, Depth: 16, Step: 5, Stride: 30, Pix: pix}, "step 5, want at least the 6 bytes of a pixel"},
		{chroma.Interleaved{W: 21, H: 1, Channels: 3, Depth: 8, Step: 3, Stride: 63, Pix: pix}, "60 bytes, too few for a row of 21 pixels of 3"},
		{chroma.Interleaved{W: math.MaxInt, H: 1, Channels: 3, Depth: 8, Step: 3, Stride: 63, Pix: pix}, fmt.Sprintf("60 bytes, too few for a row of %d pixels of 3", math.MaxInt)},
		{chroma.Interleaved{W: 5, H: 1, Channels: 1, Depth: 8, Step: 1, Stride: 5}, "0 bytes, too few for a row of 5 pixels of 1"},
		{chroma.Interleaved{W: 5, H: 4, Channels: 3, Depth: 8, Step: 3, Stride: 14, Pix: pix}, "stride 14, want at least the 15 bytes of a row"},
		{chroma.Interleaved{W: 5, H: 5, Channels: 3, Depth: 8, Step: 3, Stride: 15, Pix: pix}, "60 bytes, too few for 5 rows of 15"},
		{chroma.Interleaved{W: 5, H: math.MaxInt, Channels: 3, Depth: 8, Step: 3, Stride: math.MaxInt, Pix: pix}, fmt.Sprintf("60 bytes, too few for %d rows of %d", math.MaxInt, math.MaxInt)},
	} {
		err := CheckSource(&c.m)
		if c.want == "" {
			assert.NoError(t, err, "%+v", c.m)
			continue
		}
		assert.EqualError(t, err, c.want)
	}
}

// fakeBackend returns what it is told to.
type fakeBackend struct {
	fake
	prepared int
}

func (f *fakeBackend) Prepare(context.Context, *chroma.Interleaved, bool) (*Prepared, error) {
	f.prepared++
	return &Prepared{}, f.err
}

func TestPrepareChecksAndWraps(t *testing.T) {
	f := &fakeBackend{}
	_, err := Prepare(t.Context(), f, &chroma.Interleaved{}, false)
	assert.EqualError(t, err, "source: size 0×0, want at least 1×1")
	assert.Zero(t, f.prepared, "called with an invalid source")

	good := &chroma.Interleaved{W: 1, H: 1, Channels: 1, Depth: 8, Step: 1, Stride: 1, Pix: []byte{1}}
	p, err := Prepare(t.Context(), f, good, false)
	require.NoError(t, err)
	assert.NotNil(t, p)

	f.err = errors.New("out of memory")
	p, err = Prepare(t.Context(), f, good, false)
	assert.ErrorIs(t, err, f.err)
	assert.EqualError(t, err, "preparing on fake: out of memory")
	assert.Nil(t, p)
}

func (f *fakeBackend) Coder() Coder { return nil }

// prepared is a result of two planes with a value at every place.
func prepared() *Prepared {
	p := &Prepared{Planes: chroma.NewPlanes(70, 40, 2, false)}
	for i, s := range Padded(p.Planes) {
		for j := range s.Pix {
			s.Pix[j] = uint16(100*i + j)
		}
		p.Pyramids = append(p.Pyramids, NewPyramid(s.W, s.H))
	}
	return p
}

// TestCompareNamesTheFirst: equal results pass, and of several differences the
// first is named by stage, plane, level, field, place and values.
func TestCompareNamesTheFirst(t *testing.T) {
	require.NoError(t, Compare(prepared(), prepared()))
	got := prepared()
	for _, c := range []struct {
		want  string
		spoil func()
	}{
		{"pyramid: plane 1: level 4 Max (2,1): got 1, want 0", func() { got.Pyramids[1].At(4).Max[8]++ }},
		{"pyramid: plane 1: level 4 Min (0,3): got 5, want 0", func() { got.Pyramids[1].At(4).Min[18] = 5 }},
		{"pyramid: plane 1: level 4 SumSq (5,2): got 18446744073709551615, want 0", func() { got.Pyramids[1].At(4).SumSq[17]-- }},
		{"pyramid: plane 1: level 3 Sum (0,0): got 7, want 0", func() { got.Pyramids[1].At(3).Sum[0] = 7 }},
		{"pyramid: plane 1: level 3 7×8 nodes, want 12×8", func() { got.Pyramids[1].At(3).W = 7 }},
		{"pyramid: plane 0: 4 levels of 96×64, want 5 of 96×64", func() { got.Pyramids[0].Levels = got.Pyramids[0].Levels[:4] }},
		{"colour: plane 1: level 0 (95,63): got 0, want 6243", func() { got.Planes[1].Pix[96*64-1] = 0 }},
		{"colour: plane 1: level 0 (1,2): got 294, want 293", func() { got.Planes[1].Pix[2*96+1]++ }},
		{"colour: plane 0: level 0: 6143 values, want 6144", func() { got.Planes[0].Pix = got.Planes[0].Pix[1:] }},
		{"colour: plane 0: 71×40 in rows of 96, want 70×40 of 96", func() { got.Planes[0].W++ }},
		{"1 planes and 2 pyramids, want 2 and 2", func() { got.Planes = got.Planes[:1] }},
	} {
		c.spoil()
		assert.EqualError(t, Compare(got, prepared()), c.want)
	}
}
