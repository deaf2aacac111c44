package residual

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive/interlace"
	"github.com/qtgpu/qtgpu/internal/rans"
)

// Classes rise with the expectation, and beyond the last one repeat its octave with
// more raw bits.
func TestClasses(t *testing.T) {
	class := Classes.Of(0)
	require.Zero(t, class)
	for e := int32(1); e < 1<<30; e += 1 + e/64 {
		c := Classes.Of(e)
		require.Less(t, int(c.Context), NClasses)
		require.GreaterOrEqual(t, c.Raw, class.Raw, "raw bits at expectation %d", e)
		if c.Context < class.Context {
			require.Greater(t, c.Raw, class.Raw, "class falls at expectation %d without more raw bits", e)
		}
		class = c
	}
	require.Greater(t, class.Raw, uint8(10))
}

// Every stage of every kind of plane has contexts of its own, and so have the flags of
// skip maps, with two symbols.
func TestContextsAreDisjoint(t *testing.T) {
	seen := map[int]bool{}
	take := func(context, symbols int) {
		require.False(t, seen[context], "context %d", context)
		require.Less(t, context, NContexts)
		require.Equal(t, symbols, Alphabet(context), "context %d", context)
		seen[context] = true
	}
	for kind := range Kinds {
		all := []int{StageGrid, StageOverview}
		for lev := range interlace.Base {
			for ps := range interlace.Passes {
				all = append(all, StageOf(lev, ps))
			}
		}
		for _, stage := range all {
			for class := range NClasses {
				take(Context(kind, stage)+class, rans.Symbols)
			}
		}
		for c := range interlace.SkipContexts {
			take(SkipContext(kind, c), 2)
		}
	}
	require.Len(t, seen, NContexts)
}
