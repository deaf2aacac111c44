package conformance

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/qtgpu/qtgpu/internal/engine/predictive"
	"github.com/qtgpu/qtgpu/internal/refdec"
)

// features are what a file of the predictive engine has.
func features(f *refdec.File) (names []string) {
	note := func(is bool, name string) {
		if is {
			names = append(names, name)
		}
	}
	note(f.Colours != nil, "palette")
	note(f.Has(refdec.Merged), "merged")
	note(f.Groups() > 1, "groups")
	note(f.T > 0 && !f.Has(refdec.Merged), "bound")
	note(len(f.Fronts) > 1, "tiles")
	note(f.Depth() == 16, "16 bits")
	note(f.NumBands() == 4, "alpha")
	if f.Engine == refdec.Layered {
		return append(names, "layered", fmt.Sprint("bound ", f.T))
	}
	plain, listed := false, false // tiles whose samples are as they are, and others
	for _, front := range f.Fronts {
		names = append(names, fmt.Sprint("mode ", front[0]))
		note(front[0]%plainFlag >= slowMode, "slow")
		plain, listed = plain || front[0] >= plainFlag, listed || front[0] < plainFlag
	}
	note(plain && listed, "plain")
	note(plain && listed && f.Has(refdec.Merged), "plain merged")
	note(slices.Contains(f.Fitted, true), "weights")
	note(slices.ContainsFunc(f.Values, func(v []int64) bool { return v != nil }), "values")
	return names
}

// TestPlansOfPatterns: a plan that was made of tiles of patterns alone makes right files of
// others, too.
func TestPlansOfPatterns(t *testing.T) {
	for _, bound := range []int64{0, 2} {
		p := plainFile(synthetic(100, 140, 1, 8), bound, predictive.EffortFitted)(t)
		f, err := parse(p)
		require.NoError(t, err)
		require.NotContains(t, f.Fitted, true, "the weights of the plan")
		compareLevels(t, p)
	}
}

// TestExactVectorsCover: the vectors have what they are there for.
func TestExactVectorsCover(t *testing.T) {
	seen := map[string]bool{}
	for _, v := range exactVectors {
		f, err := parse(readFile(t, filepath.Join(vectorDir, v.name+".qtg")))
		require.NoError(t, err)
		require.NotEqual(t, refdec.Transform, f.Engine, v.name)
		names := features(f)
		for _, name := range names {
			seen[name] = true
			for _, kind := range []string{"slow", "layered"} {
				if slices.Contains(names, kind) {
					seen[kind+" "+name] = true
				}
			}
		}
	}
	for _, what := range []string{
		"mode 0", "mode 1", "mode 2", "mode 9", "mode 16", "mode 17", "mode 32", "mode 35",
		"palette", "merged", "bound", "tiles", "weights", "values", "plain", "plain merged", "groups",
		"slow merged", "slow bound", "slow tiles", "slow weights", "slow values", "slow 16 bits", "slow alpha",
		"layered alpha", "layered tiles", "layered bound 1", "layered bound 2", "layered bound 7",
	} {
		assert.True(t, seen[what], "no vector has %s", what)
	}
}
