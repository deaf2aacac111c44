package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// problemReport is a line of standard error with --json; docs/JSON.md describes it.
type problemReport struct {
	Error   *errorReport   `json:"error,omitempty"`
	Warning *warningReport `json:"warning,omitempty"`
}

// errorReport is what ended a command.
type errorReport struct {
	File    string `json:"file"` // "" where it is about none
	Message string `json:"message"`
	Kind    string `json:"kind"`
}

// warningReport is what did not.
type warningReport struct {
	File    string `json:"file"`
	Message string `json:"message"`
}

// asksForJSON tells whether args do, before anything is known to be right with them. The flag
// of qtgpu compare names a file.
func asksForJSON(args []string) bool {
	if len(args) > 0 && args[0] == "compare" {
		return false
	}
	return slices.ContainsFunc(args, func(arg string) bool { return arg == "--json" || arg == "--json=true" })
}

// status reports err in one line and maps it to an exit status.
func (a *app) status(err error) int {
	switch {
	case err == nil && a.lost:
		return exitPartial
	case err == nil:
		return exitOK
	}
	status, kind := exitFailure, "failure"
	var several *batchError
	switch {
	case errors.As(err, &several) && several.status == exitFailure:
	case errors.As(err, &several):
		status, kind = several.status, "promise"
	case errors.As(err, new(usageError)):
		status, kind = exitUsage, "usage"
	case errors.As(err, new(brokenPromise)):
		status, kind = exitVerification, "promise"
	}
	a.tellProblem(err.Error(), problemReport{Error: &errorReport{fileOf(err), oneLine(message(err)), kind}})
	return status
}

// warn reports what does not stop the work.
func (a *app) warn(name, format string, args ...any) {
	err := at(name, fmt.Errorf(format, args...))
	text := at(name, fmt.Errorf("warning: "+format, args...)).Error()
	a.tellProblem(text, problemReport{Warning: &warningReport{fileOf(err), oneLine(err.Error())}})
}

// tellProblem writes a line of standard error, of JSON where that is asked for.
func (a *app) tellProblem(text string, r problemReport) {
	if a.json {
		if line, err := json.Marshal(r); err == nil {
			fmt.Fprintf(a.stderr, "%s\n", line)
			return
		}
	}
	fmt.Fprintf(a.stderr, "qtgpu: %s\n", oneLine(text))
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "; ") }

// fileOf is the name of the file that an error is about.
func fileOf(err error) string {
	if e := (*fileError)(nil); errors.As(err, &e) {
		return e.name
	}
	return ""
}
