package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestDistance: known distances, and the same both ways.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"chroma", "chroma", 0}, {"chrma", "chroma", 1}, {"chromma", "chroma", 1},
		{"chrima", "chroma", 1}, {"inof", "info", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3},
	} {
		assert.Equal(t, c.want, distance(c.a, c.b), "%q to %q", c.a, c.b)
		assert.Equal(t, c.want, distance(c.b, c.a), "%q to %q", c.b, c.a)
	}
}

// TestSuggestions: a flag, a value or a command that is nearly right brings up the right
// one; one that is like nothing brings up none.
func TestSuggestions(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--chrma", "420"}, "unknown flag: --chrma: did you mean --chroma?"},
		{[]string{"--thresh", "5"}, "unknown flag: --thresh: did you mean --threshold?"},
		{[]string{"--keepgoing"}, "did you mean --keep-going?"},
		{[]string{"-level", "2"}, "unknown shorthand flag: 'l' in -level: did you mean --level?"},
		{[]string{"--zzz"}, "unknown flag: --zzz: see qtgpu --help"},
		{[]string{"info", "--sats"}, "did you mean --stats?"},
		{[]string{"info", "--chroma", "420"}, "unknown flag: --chroma: see qtgpu info --help"},
		{[]string{"--split", "hybird"}, `--split "hybird": expected pyramid, hybrid, cost; did you mean hybrid?`},
		{[]string{"--split", "tree"}, `--split "tree": expected pyramid, hybrid, cost`},
		{[]string{"--bound", "MAX"}, `--bound "MAX": expected auto, rms, max; did you mean max?`},
		{[]string{"--chroma", "422"}, `--chroma "422": expected 420, 444`},
		{[]string{"inof", "x.qtg"}, `unknown command "inof": did you mean qtgpu info?`},
		{[]string{"verfy", "x.qtg"}, `unknown command "verfy": did you mean qtgpu verify?`},
		{[]string{"help", "verfy"}, `unknown command "verfy": did you mean qtgpu verify?`},
	} {
		r := qtgpuRun(c.args...)
		r.fails(t, exitUsage, c.want, c.args)
		if !strings.Contains(c.want, "did you mean") {
			assert.NotContains(t, r.stderr, "did you mean", "%v", c.args)
		}
	}
}
