package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/qtgpu/qtgpu/internal/container"
)

// release is the version of a release, which the linker sets.
var release string

// version prints what this program was built from.
func (a *app) version() error {
	_, err := fmt.Fprintln(a.stdout, versionLine(buildInfo()))
	return err
}

// buildInfo is what this program was built from.
func buildInfo() *debug.BuildInfo {
	build, ok := debug.ReadBuildInfo()
	if !ok { // built without modules
		build = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	if release != "" {
		build.Main.Version = release
	}
	return build
}

// versionLine names the module's version, the revision where the build knows it, the
// version of the format and the Go release.
func versionLine(build *debug.BuildInfo) string {
	parts := []string{strings.TrimSpace("qtgpu " + build.Main.Version)}
	settings := map[string]string{}
	for _, s := range build.Settings {
		settings[s.Key] = s.Value
	}
	if revision := settings["vcs.revision"]; revision != "" {
		if settings["vcs.modified"] == "true" {
			revision += " with changes"
		}
		parts = append(parts, "revision "+revision)
	}
	parts = append(parts, fmt.Sprintf("format %d", container.Version), build.GoVersion)
	return strings.Join(parts, ", ")
}

// shortVersion is the module's version, or the beginning of the revision where it has none.
func shortVersion(build *debug.BuildInfo) string {
	version := strings.Trim(build.Main.Version, "()")
	for _, s := range build.Settings {
		if s.Key == "vcs.revision" && release == "" {
			version = s.Value[:min(len(s.Value), 8)]
		}
	}
	return "qtgpu " + version
}
