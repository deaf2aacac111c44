package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/qtgpu/qtgpu/internal/container"
)

// TestVersion: one line, which ends with the format's version and the Go release.
func TestVersion(t *testing.T) {
	out := mustRun(t, "--version")
	assert.Regexp(t, fmt.Sprintf(`^qtgpu [^\n]*, format %d, %s\n$`, container.Version, runtime.Version()), out)
	qtgpuRun("--version", "x").fails(t, exitUsage, `unexpected argument "x"`, "argument")
}

// TestVersionLine: what a build knows of its origin is named, and no more.
func TestVersionLine(t *testing.T) {
	revision := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "-tags", Value: "gpu"}, {Key: "vcs.revision", Value: "5f51579"}, {Key: "vcs.modified", Value: modified}}
	}
	for _, c := range []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"", nil, "qtgpu"},
		{"(devel)", nil, "qtgpu (devel)"},
		{"v1.2.3", revision("false"), "qtgpu v1.2.3, revision 5f51579"},
		{"v1.2.4-0.20260101000000-5f51579", revision("true"), "qtgpu v1.2.4-0.20260101000000-5f51579, revision 5f51579 with changes"},
	} {
		got := versionLine(&debug.BuildInfo{GoVersion: "go1.25", Main: debug.Module{Version: c.version}, Settings: c.settings})
		want := c.want + fmt.Sprintf(", format %d, go1.25", container.Version)
		assert.Equal(t, want, got, "version %q, settings %v", c.version, c.settings)
	}
}
