package tree

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// someRecord is of a leaf of 16: two variants, of which the second is class 2's, and plain rounding.
func someRecord() Record {
	return AppendRecord(nil, []int32{1, -2, 3, -4}, []Variant{
		{Last: 2, Error: 1<<40 + 5, Levels: []uint32{7, 1<<16 | 3}},
		{Last: 0, Error: 9},
		{Last: 15, Error: 1, Levels: []uint32{5}},
	}, [LastClasses]int{2: 1}, 2)
}

func TestRecord(t *testing.T) {
	r := someRecord()
	minus := int32(-4)
	assert.Equal(t, []uint32{1, ^uint32(1), 3, uint32(minus)}, r.Means(4))
	for class, want := range []Variant{{2, 1<<40 + 5, []uint32{7, 1<<16 | 3}}, {2, 1<<40 + 5, []uint32{7, 1<<16 | 3}}, {0, 9, []uint32{}}, {2, 1<<40 + 5, []uint32{7, 1<<16 | 3}}} {
		assert.Equal(t, want, r.By(4, class), "class %d", class)
	}
	plain, ok := r.Plain(4)
	assert.True(t, ok)
	assert.Equal(t, Variant{15, 1, []uint32{5}}, plain)
	second := Record(AppendRecord([]uint32{1}, []int32{1}, []Variant{{}}, [LastClasses]int{}, NoVariant)[1:])
	_, ok = second.Plain(3)
	assert.False(t, ok)
}

// stored is a Coder that has its results.
type stored struct {
	coefs   []int32
	costs   []Cost
	records Outcomes
	err     error
}

func (s *stored) Transform(context.Context, *Prepared, []Work) ([][]int32, error) {
	return [][]int32{s.coefs}, s.err
}

func (s *stored) Costs(context.Context, *Prepared, []Work) ([][]Cost, error) {
	return [][]Cost{s.costs}, s.err
}

func (s *stored) Quantise(context.Context, *Prepared, []Work) ([]Outcomes, error) {
	return []Outcomes{s.records}, s.err
}

func newStored() *stored {
	return &stored{coefs: make([]int32, 512), costs: []Cost{{5, 4}, {-6, 7}}, records: Outcomes{someRecord(), someRecord()}}
}

// TestBothNamesTheFirst: equal results pass, and of others the first difference is named by stage,
// plane, level, node and both values.
func TestBothNamesTheFirst(t *testing.T) {
	p := prepared()
	works := []Work{{Plane: 1, Level: 4, Numbers: []uint32{1, 9}}} // 6 nodes across
	word := func(i int) func(*stored) { return func(s *stored) { s.records[1][i]++ } }
	for _, c := range []struct {
		spoil func(*stored)
		want  string // empty: equal
	}{
		{func(*stored) {}, ""},
		{func(s *stored) { s.coefs[256+2*16+3] = 8 }, "transform: plane 1: level 4 node (3,1): coefficient u 2 v 3: got 8, want 0"},
		{func(s *stored) { s.coefs = nil }, "transform: plane 1: level 4: 0 coefficients, want 512"},
		{func(s *stored) { s.costs[1].J-- }, "cost: plane 1: level 4 node (3,1): J: got -7, want -6"},
		{func(s *stored) { s.costs[1].Forecast++ }, "cost: plane 1: level 4 node (3,1): forecast: got 8, want 7"},
		{func(s *stored) { s.costs = s.costs[1:] }, "cost: plane 1: level 4: 1 nodes, want 2"},
		{func(s *stored) { s.records = nil }, "quantise: plane 1: level 4: 0 leaves, want 2"},
		{func(s *stored) { s.records[0] = nil }, "quantise: plane 1: level 4 node (1,0): variants by class: got nothing, want 3277056"},
		{word(0), "quantise: plane 1: level 4 node (3,1): variants by class: got 0x320101, want 0x320100"},
		{word(4), "quantise: plane 1: level 4 node (3,1): mean of cell 3: got -3, want -4"},
		{word(5), "quantise: plane 1: level 4 node (3,1): variant 0: last group and number of levels: got 0x203, want 0x202"},
		{word(7), "quantise: plane 1: level 4 node (3,1): variant 0: word 1 of the error: got 0x101, want 0x100"},
		{word(9), "quantise: plane 1: level 4 node (3,1): variant 0: level 1: got 0x10004, want 0x10003"},
		{word(16), "quantise: plane 1: level 4 node (3,1): variant 2: level 0: got 0x6, want 0x5"},
		{func(s *stored) { s.records[1] = append(s.records[1], 0) }, "quantise: plane 1: level 4 node (3,1): 18 words, want 17"},
	} {
		got := newStored()
		c.spoil(got)
		both := Both{got, newStored()}
		_, err := both.Costs(t.Context(), p, works)
		if err == nil {
			_, err = both.Quantise(t.Context(), p, works)
		}
		if c.want == "" {
			require.NoError(t, err)
			continue
		}
		assert.EqualError(t, err, c.want)
	}
	lost := errors.New("lost")
	for _, both := range []Both{{newStored(), &stored{err: lost}}, {&stored{err: lost}, newStored()}} {
		_, err := both.Quantise(t.Context(), p, works)
		assert.ErrorIs(t, err, lost)
	}
}

func TestWorkCheck(t *testing.T) {
	p := prepared() // two planes of 96×64
	for _, c := range []struct {
		w    Work
		want string // empty: valid
	}{
		{Work{Plane: 1, Level: 5, Numbers: []uint32{0, 5}}, ""},
		{Work{Plane: 0, Level: 3}, ""},
		{Work{Plane: 2, Level: 3}, "plane 2 of 2"},
		{Work{Plane: -1, Level: 3}, "plane -1 of 2"},
		{Work{Plane: 1, Level: 2}, "level 2, want 3 to 5"},
		{Work{Plane: 1, Level: 6}, "level 6, want 3 to 5"},
		{Work{Plane: 1, Level: 5, Numbers: []uint32{5, 6}}, "node 6 of 6"},
	} {
		err := c.w.Check(p)
		if c.want == "" {
			assert.NoError(t, err)
			continue
		}
		assert.EqualError(t, err, c.want)
	}
}
