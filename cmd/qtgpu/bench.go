package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/gpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// benchSizes is the number of sizes: the image, its upper left quarter, the quarter
// of that, and so on.
const benchSizes = 4

// benchFlags are the flags of qtgpu bench.
type benchFlags struct {
	set             *pflag.FlagSet
	in, t           string
	csv, plot       string
	runs, jobs      int
	noVerify, force bool
	limits          *limits
}

func (a *app) benchCommand() *cobra.Command {
	c := benchFlags{t: "4%", runs: 5}
	cmd := newCommand("bench -i IN [-t T] [--runs N] [--csv FILE] [--plot FILE]", "the GPU against the CPU, stage by stage", func([]string) error {
		return a.bench(&c)
	})
	cmd.Args = takes(0, 0, "")
	cmd.Long = `Encodes a photograph, its upper left quarter, the quarter of that and so on, on the CPU and on the
GPU in turn, and writes the median time of each stage.`
	f := cmd.Flags()
	f.VarP(&free{&c.in, "IN"}, "input", "i", "the photograph")
	f.VarP(&free{&c.t, "T"}, "threshold", "t", "the promise: the largest RMS error of a leaf")
	f.Var(atLeast(1, &c.runs), "runs", "that count, after one that does not")
	f.Var(&free{&c.csv, "FILE"}, "csv", "write every time that was taken")
	f.Var(&free{&c.plot, "FILE"}, "plot", "draw a chart, .svg or .png")
	f.BoolVar(&c.noVerify, "no-verify", false, "do not compare the files of the two")
	addForce(f, &c.force)
	isFile(f, "input", imageFiles...)
	isFile(f, "csv", "csv")
	isFile(f, "plot", "svg", "png")
	c.set = f
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	c.limits.addExpansion(f)
	return cmd
}

// check checks what does not depend on the input.
func (c *benchFlags) check() error {
	switch ext := strings.ToLower(filepath.Ext(c.plot)); {
	case c.in == "":
		return usagef("missing -i IN: expected qtgpu bench -i IN [-t T]; see qtgpu bench --help")
	case c.plot != "" && ext != ".svg" && ext != ".png":
		return usagef("--plot %s: extension %q: expected .svg or .png", c.plot, ext)
	}
	return refuseIdle(c.set, []idle{{"force", c.csv == "" && c.plot == "", "neither --csv nor --plot asks for a file"}})
}

// bench times the encoder on both backends.
func (a *app) bench(c *benchFlags) error {
	if err := c.check(); err != nil {
		return err
	}
	t, err := parseThreshold(c.t, c.in)
	if err != nil {
		return err
	}
	files, err := a.benchFiles(c)
	if err != nil {
		return err
	}
	in, err := openSource(c.in, a.stdin)
	if err != nil {
		return err
	}
	defer in.close()
	src, _, err := in.image(c.limits.read())
	if err != nil {
		return err
	}
	if !isPicture(src.Format()) {
		return at(in.name, fmt.Errorf("bench takes photographs, found %s", describe(src.Format())))
	}
	o := qtgpu.Options{Bound: qtgpu.BoundRMS}
	if err := a.prepare(&o, t, in.name, src, false); err != nil {
		return err
	}
	m, err := src.Image(a.ctx)
	if err != nil {
		return at(in.name, err)
	}
	b, err := newBenchmark(c, o.T)
	if err != nil {
		return err
	}
	defer b.close()
	if err := b.measure(a.ctx, m); err != nil {
		return at(in.name, err)
	}
	for i, write := range []func(io.Writer) error{b.csv, b.chart().writer(filepath.Ext(c.plot))} {
		if o := files[i]; o != nil {
			if err := write(o); err != nil {
				return o.blame(o.name, err)
			}
		}
	}
	return a.commit(b.table().write)
}

// benchFiles prepares the files for the samples and the chart, nil if not asked for.
func (a *app) benchFiles(c *benchFlags) (files [2]*output, err error) {
	for i, name := range []string{c.csv, c.plot} {
		if name == "" {
			continue
		}
		if files[i], err = a.create(name, c.force); err != nil {
			return files, err
		}
	}
	return files, nil
}

// timing is the time of one stage in one run.
type timing struct {
	size    image.Point
	backend string // cpu or gpu
	stage   string
	run     int
	took    time.Duration
}

// What a benchmark adds to the stages of an encode.
const (
	stageBuild    = "planes and pyramids" // all above the seam, allocation included
	stageTotal    = "total"
	stageDispatch = "  dispatch " // by the clock of the device
)

// benchmark holds what was measured.
type benchmark struct {
	t        float64
	jobs     int
	runs     int
	verify   bool
	backends []*backend
	noGPU    error
	samples  []timing
	sizes    []image.Point
}

// newBenchmark opens the backends. Without a GPU the CPU is measured alone.
func newBenchmark(c *benchFlags, t float64) (*benchmark, error) {
	b := &benchmark{t: t, jobs: c.jobs, runs: c.runs, verify: !c.noVerify}
	for _, kind := range []string{backendCPU, backendGPU} {
		one, err := newBackend(kind, b.jobs, gpu.Open, nil)
		switch {
		case err == nil:
			b.backends = append(b.backends, one)
		case kind == backendGPU:
			b.noGPU = err
		default:
			return nil, err
		}
	}
	return b, nil
}

func (b *benchmark) close() {
	for _, one := range b.backends {
		one.close()
	}
}

// measure measures the upper left part of m in all sizes.
func (b *benchmark) measure(ctx context.Context, m *imagefile.Image) error {
	for i := range benchSizes {
		r := image.Rect(0, 0, max(m.W>>i, 1), max(m.H>>i, 1))
		if err := b.size(ctx, &imagefile.Image{Interleaved: m.Sub(r)}); err != nil {
			return err
		}
	}
	return nil
}

// size measures one size on all backends in turn, after a run of each that is not
// counted.
func (b *benchmark) size(ctx context.Context, m *imagefile.Image) error {
	b.sizes = append(b.sizes, image.Pt(m.W, m.H))
	for run := range b.runs + 1 {
		var first []byte
		for i, one := range b.backends {
			file, err := b.run(ctx, m, one, run)
			switch {
			case err != nil:
				return err
			case i == 0:
				first = file
			case b.verify && !bytes.Equal(file, first):
				return fmt.Errorf("%d×%d: %s and %s make different files, see --backend both", m.W, m.H, one.name, b.backends[0].name)
			}
		}
	}
	return nil
}

// sums are times by name, in the order of the first of each.
type sums struct {
	names []string
	took  map[string]time.Duration
}

func newSums() *sums { return &sums{took: map[string]time.Duration{}} }

func (s *sums) add(name string, took time.Duration) {
	if _, ok := s.took[name]; !ok {
		s.names = append(s.names, name)
	}
	s.took[name] += took
}

// run encodes once. Run 0 warms up.
func (b *benchmark) run(ctx context.Context, m *imagefile.Image, on *backend, run int) ([]byte, error) {
	keep := func(stage string, took time.Duration) {
		if run > 0 {
			b.samples = append(b.samples, timing{image.Pt(m.W, m.H), on.kind, stage, run, took})
		}
	}
	dispatches := newSums()
	if on.gpu != nil {
		on.gpu.Trace(dispatches.add)
	}
	var stats qtgpu.Stats
	var file bytes.Buffer
	on.took = 0
	start := time.Now()
	err := qtgpu.Encode(ctx, &file, m, &qtgpu.Options{T: b.t, Bound: qtgpu.BoundRMS, Workers: b.jobs, Backend: on, Stats: &stats})
	keep(stageTotal, time.Since(start))
	for _, s := range stats.Stages {
		keep(s.Name, s.Duration)
	}
	keep(stageBuild, on.took)
	for _, name := range dispatches.names {
		keep(stageDispatch+name, dispatches.took[name])
	}
	return file.Bytes(), err
}
