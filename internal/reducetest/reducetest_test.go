package reducetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/tree"
)

// small is a 9×1 plane and its right pyramid, written out by hand.
func small() (tree.Samples, tree.Pyramid) {
	s := tree.Samples{W: 9, H: 1, Stride: 9, Pix: []uint16{1, 2, 3, 4, 5, 6, 7, 8, 65535}}
	return s, tree.Pyramid{W: 9, H: 1, Levels: []tree.Level{
		{W: 2, H: 1, Sum: []uint64{36, 65535}, SumSq: []uint64{204, 4294836225}, Min: []uint16{1, 65535}, Max: []uint16{8, 65535}},
		{W: 1, H: 1, Sum: []uint64{65571}, SumSq: []uint64{4294836429}, Min: []uint16{1}, Max: []uint16{65535}},
	}}
}

// TestCompareFindsFaults: the suite accepts the right pyramid and names the
// place of every kind of fault.
func TestCompareFindsFaults(t *testing.T) {
	s, right := small()
	require.NoError(t, Compare(&s, &right))
	for _, c := range []struct {
		want  string
		spoil func(p *tree.Pyramid)
	}{
		{"level 3 (1,0): Sum: got 65536, want 65535", func(p *tree.Pyramid) { p.Levels[0].Sum[1]++ }},
		{"level 4 (0,0): SumSq: got 4294836428, want 4294836429", func(p *tree.Pyramid) { p.Levels[1].SumSq[0]-- }},
		{"level 3 (0,0): Min: got 0, want 1", func(p *tree.Pyramid) { p.Levels[0].Min[0] = 0 }},
		{"level 3 (0,0): Max: got 9, want 8", func(p *tree.Pyramid) { p.Levels[0].Max[0] = 9 }},
		{"level 3 is 1×1: false, is the last: true", func(p *tree.Pyramid) { p.Levels = p.Levels[:1] }},
		{"level 4 is 1×1: true, is the last: false", func(p *tree.Pyramid) { p.Levels = append(p.Levels, p.Levels[1]) }},
		{"no levels", func(p *tree.Pyramid) { p.Levels = nil }},
		{"pyramid for 9×2, want 9×1", func(p *tree.Pyramid) { p.H = 2 }},
		{"level 3: 2×1 nodes (2 sums, 2 sums of squares, 2 minima, 1 maxima), want 2×1", func(p *tree.Pyramid) { p.Levels[0].Max = p.Levels[0].Max[:1] }},
	} {
		_, p := small()
		c.spoil(&p)
		assert.EqualError(t, Compare(&s, &p), c.want)
	}
}
