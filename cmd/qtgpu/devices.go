package main

import (
	"github.com/spf13/cobra"

	"github.com/qtgpu/qtgpu/gpu"
)

// deviceReport is a candidate for people and programs.
type deviceReport struct {
	Provider    string `json:"provider"`
	Name        string `json:"name"`
	Driver      string `json:"driver"`
	Version     string `json:"version"`
	Software    bool   `json:"software"`
	BlockBytes  int64  `json:"block_bytes"`
	Groups      [2]int `json:"groups"`
	Invocations int    `json:"invocations"`
	Error       string `json:"error,omitempty"`
}

func (a *app) devicesCommand() *cobra.Command {
	var asJSON bool
	cmd := newCommand("devices [--json]", "the OpenGL devices, or why they cannot be used", func([]string) error {
		return a.devices(asJSON)
	})
	cmd.Args = takes(0, 0, "")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, see docs/JSON.md")
	return cmd
}

// devices lists the OpenGL implementations, and why those that cannot be used
// cannot.
func (a *app) devices(asJSON bool) error {
	reports := []deviceReport{}
	for _, c := range gpu.Devices() {
		reports = append(reports, newDeviceReport(c))
	}
	if asJSON {
		return writeJSON(a.stdout, reports)
	}
	var t text
	for _, r := range reports {
		r.text(&t)
	}
	return t.write(a.stdout)
}

func newDeviceReport(c gpu.Candidate) deviceReport {
	r := deviceReport{
		Provider: c.Provider, Name: c.Name, Driver: c.Driver, Version: c.Version, Software: c.Software,
		BlockBytes: c.Limits.BlockBytes, Groups: c.Limits.Groups, Invocations: c.Limits.Invocations,
	}
	if c.Err != nil {
		r.Error = c.Err.Error()
	}
	return r
}

func (r *deviceReport) text(t *text) {
	if r.Name == "" {
		t.line(r.Provider, "not usable: %s", r.Error)
		return
	}
	kind := "hardware"
	if r.Software {
		kind = "software, taken only on request"
	}
	t.line(r.Provider, "%s (%s)", r.Name, kind)
	t.line("", "driver %s, OpenGL %s", r.Driver, r.Version)
	t.line("", "blocks of %s bytes, %d×%d groups of %d", grouped(r.BlockBytes), r.Groups[0], r.Groups[1], r.Invocations)
	if r.Error != "" {
		t.line("", "not usable: %s", r.Error)
	}
}
