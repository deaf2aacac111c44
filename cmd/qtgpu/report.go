package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/figures"
)

// stageReport is the time of one stage.
type stageReport struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// trial is what a way to code takes.
type trial struct {
	Engine string  `json:"engine"`
	Bound  string  `json:"bound"`
	T      float64 `json:"t"`
	Bytes  int64   `json:"bytes"` // without metadata
}

// encodeReport is what an encode says about itself; docs/JSON.md describes it.
type encodeReport struct {
	Input        string  `json:"input"`
	Output       string  `json:"output"`
	InputBytes   int64   `json:"input_bytes"`
	PixelBytes   int64   `json:"pixel_bytes"`
	OutputBytes  int64   `json:"output_bytes"`
	Ratio        float64 `json:"ratio"` // of pixels to output
	BitsPerPixel float64 `json:"bits_per_pixel"`
	rasterReport
	Promise       promise       `json:"promise"`
	Engine        string        `json:"engine"`
	Tried         []trial       `json:"tried"`
	OnPilot       bool          `json:"on_pilot"`
	Search        *searchReport `json:"search,omitempty"`
	Nodes         int           `json:"nodes"`
	Leaves        int           `json:"leaves"`
	LeavesBySize  map[int]int   `json:"leaves_by_size"`
	TreeDepth     int           `json:"tree_depth"`
	Backend       string        `json:"backend"`
	BackendReason string        `json:"backend_reason"`
	Stages        []stageReport `json:"stages"`
	Verify        *verifyReport `json:"verify,omitempty"`

	about string // the samples, in words
}

func newEncodeReport(in, out string, s *qtgpu.Stats) *encodeReport {
	f := &s.Format
	r := &encodeReport{
		Input: in, Output: out, PixelBytes: s.InputBytes, OutputBytes: s.OutputBytes,
		Ratio:        float64(s.InputBytes) / float64(s.OutputBytes),
		BitsPerPixel: bitsPerPixel(s.OutputBytes, f.Width, f.Height),
		rasterReport: newRasterReport(f),
		Promise:      newPromise(s.Bound, s.T, s.Tune, s.MaxLeafRMS, s.MaxError, f),
		Nodes:        s.Nodes, Leaves: s.Leaves, LeavesBySize: s.LeavesBySize, TreeDepth: s.TreeDepth,
		Engine: s.Engine.String(), OnPilot: s.OnPilot, Search: newSearchReport(s.Search), Backend: s.Backend, about: describe(f),
	}
	for _, t := range s.Tried {
		r.Tried = append(r.Tried, trial{t.Engine.String(), t.Bound.String(), t.T, t.Bytes})
	}
	for _, stage := range s.Stages {
		r.Stages = append(r.Stages, newStageReport(stage))
	}
	return r
}

func newStageReport(s qtgpu.Stage) stageReport { return stageReport{s.Name, s.Duration.Seconds()} }

func bitsPerPixel(bytes int64, w, h int) float64 {
	return float64(bytes) * 8 / (float64(w) * float64(h))
}

// broken returns the brokenPromise that --verify found, if any.
func (r *encodeReport) broken() error {
	if r.Verify == nil {
		return nil
	}
	return at(r.Output, r.Verify.broken())
}

func (r *encodeReport) text() *text {
	var t text
	t.line("input", "%s: %s bytes, %s of pixels", r.Input, grouped(r.InputBytes), grouped(r.PixelBytes))
	t.line("output", "%s: %s bytes, ratio %.2f, %.3f bits per pixel", r.Output, grouped(r.OutputBytes), r.Ratio, r.BitsPerPixel)
	t.line("image", "%s", r.about)
	r.came(&t, &r.Promise)
	t.line("promise", "%v; largest error %s", &r.Promise, r.Promise.values(r.Promise.Stated))
	if r.Search != nil {
		t.line("search", "%v", r.Search)
	}
	t.line("engine", "%s", r.chosen())
	if r.Leaves > 0 {
		t.line("tree", "%s nodes, %s leaves (%s), depth %d", grouped(int64(r.Nodes)), grouped(int64(r.Leaves)), bySize(r.LeavesBySize), r.TreeDepth)
	}
	reason := r.BackendReason
	if reason == "" {
		reason = "only the transform engine has others"
	}
	t.line("backend", "%s (%s)", r.Backend, reason)
	t.line("time", "%s", stages(r.Stages))
	if r.Verify != nil {
		r.Verify.addTo(&t)
	}
	return &t
}

// chosen tells the engine and why it is that one.
func (r *encodeReport) chosen() string {
	if len(r.Tried) == 0 {
		return r.Engine
	}
	of := "all"
	if r.OnPilot {
		of = "a sample"
	}
	ways := make([]string, len(r.Tried))
	for i, t := range r.Tried {
		ways[i] = fmt.Sprintf("%s, %s: %s", t.Engine, (&promise{Bound: t.Bound, T: t.T}).short(), grouped(t.Bytes))
	}
	return fmt.Sprintf("%s, the smallest of %d by bytes of %s (%s)", r.Engine, len(ways), of, strings.Join(ways, "; "))
}

// saying are the flags that say how a command reports.
type saying struct{ json, quiet bool }

func (s *saying) addSaying(f *pflag.FlagSet) {
	f.BoolVar(&s.json, "json", false, "the report as JSON, see docs/JSON.md; errors too")
	f.BoolVarP(&s.quiet, "quiet", "q", false, "no report, no progress bar")
}

func (s *saying) checkSaying() error {
	if s.json && s.quiet {
		return usagef("--json and -q: expected one of them")
	}
	return nil
}

// report writes a report, if it is asked for.
func (s *saying) report(w io.Writer, report interface{ text() *text }) error {
	switch {
	case s.quiet:
		return nil
	case s.json:
		return writeJSON(w, report)
	}
	return report.text().write(w)
}

// say writes the report of an encode: of one of several in a line.
func (a *app) say(c *convertFlags, w io.Writer, r *encodeReport) error {
	switch {
	case !a.many || c.quiet:
		return c.report(w, r)
	case c.json:
		return writeLine(w, r)
	}
	more := ""
	if r.Search != nil {
		more = r.Search.beside()
		if r.Search.PSNR.finite() {
			more += r.Search.PSNR.format(", PSNR %.2f dB")
		}
	}
	if r.Verify != nil {
		more += ", verified"
	}
	_, err := fmt.Fprintf(w, "%s: %s bytes, ratio %.2f, %.3f bits per pixel, %v%s\n",
		r.Output, grouped(r.OutputBytes), r.Ratio, r.BitsPerPixel, &r.Promise, more)
	return bare(err)
}

// skipReport is of an input whose output exists; docs/JSON.md describes it.
type skipReport struct {
	Input   string `json:"input"`
	Output  string `json:"output"`
	Skipped bool   `json:"skipped"` // true
}

// skip leaves the input out.
func (a *app) skip(c *convertFlags, out string) error {
	a.outcome.skipped = true
	return a.commit(func(w io.Writer) error {
		switch {
		case c.quiet:
			return nil
		case c.json:
			return writeLine(w, &skipReport{c.in, out, true})
		}
		_, err := fmt.Fprintf(w, "%s: skipped, %s exists already\n", c.in, out)
		return bare(err)
	})
}

// text is a report for people: a label and a value a line.
type text struct{ strings.Builder }

func (t *text) line(label, format string, args ...any) {
	fmt.Fprintf(t, "%-10s %s\n", label, fmt.Sprintf(format, args...))
}

func (t *text) write(w io.Writer) error {
	_, err := io.WriteString(w, t.String())
	return bare(err)
}

// writeLine writes JSON in a line.
func writeLine(w io.Writer, v any) error {
	p, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(p, '\n'))
	return bare(err)
}

func writeJSON(w io.Writer, v any) error {
	p, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(p, '\n'))
	return bare(err)
}

// grouped writes n with a comma between groups of three digits.
func grouped(n int64) string { return figures.Grouped(n) }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", grouped(int64(n)), noun)
}

func bySize(leaves map[int]int) string {
	var parts []string
	for _, size := range slices.Sorted(maps.Keys(leaves)) {
		parts = append(parts, fmt.Sprintf("%s of %d", grouped(int64(leaves[size])), size))
	}
	return strings.Join(parts, ", ")
}

func stages(s []stageReport) string {
	var total float64
	parts := make([]string, len(s))
	for i, stage := range s {
		total += stage.Seconds
		parts[i] = fmt.Sprintf("%s %s", stage.Name, duration(stage.Seconds))
	}
	return fmt.Sprintf("%s: %s", duration(total), strings.Join(parts, ", "))
}

func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
