package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	quoted = regexp.MustCompile("`([^`\n]+)`")
	// aPath is a path below the root, with a slash or as a file of a known kind. It has
	// nothing of what commands, tags, URLs and paths to elsewhere have.
	aPath = regexp.MustCompile(`^\.?\w[\w.-]*(/[\w./-]*|\.(go|s|md|mod|comp|bin))$`)
)

// missingPaths are the paths in backticks of a text that are not there, and the number of
// all. NAME in a path stands for any name; NAME_amd64.go, without a folder, is no path.
func missingPaths(text string) (found int, missing []string) {
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		p := m[1]
		if !aPath.MatchString(p) || strings.HasPrefix(p, "NAME") {
			continue
		}
		found++
		there, err := filepath.Glob(filepath.Join(rootDir, strings.ReplaceAll(p, "NAME", "*")))
		if err != nil || len(there) == 0 {
			missing = append(missing, p)
		}
	}
	return found, missing
}

// TestDocumentsNameWhatExists: every path that a document names is there.
func TestDocumentsNameWhatExists(t *testing.T) {
	for _, name := range []string{"CONTRIBUTING.md", "docs/ADDING.md", "docs/ARCHITECTURE.md"} {
		text, err := os.ReadFile(filepath.Join(rootDir, name))
		require.NoError(t, err)
		found, missing := missingPaths(string(text))
		assert.Positive(t, found, "paths in %s", name)
		assert.Empty(t, missing, "paths in %s that do not exist", name)
	}
}

// TestMissingPathsBite: paths are told from other things in backticks, and one that is
// not there is found.
func TestMissingPathsBite(t *testing.T) {
	for text, want := range map[string]struct {
		found   int
		missing []string
	}{
		"see `internal/arch`, `go.mod`, `.ci/run` and `gpu/shaders/NAME.comp`":                            {found: 4},
		"`make test`, `tree.Backend`, `NAME_amd64.go`, `gpu,egl`, `../shared`, `//go:build x`, `-update`": {},
		"`internal/nowhere` and `tree/nothing.go`":                                                        {2, []string{"internal/nowhere", "tree/nothing.go"}},
		"`cpu_fallback/NAME.comp`, `nothing.md`":                                                          {2, []string{"cpu_fallback/NAME.comp", "nothing.md"}},
	} {
		found, missing := missingPaths(text)
		assert.Equal(t, want.found, found, "paths in %s", text)
		assert.Equal(t, want.missing, missing, "paths in %s that do not exist", text)
	}
}
