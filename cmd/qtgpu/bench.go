package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/gpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/parallel"
)

// benchSizes is the number of sizes: the image, its upper left quarter, the quarter
// of that, and so on.
const benchSizes = 4

// benchFlags are the flags of qtgpu bench.
type benchFlags struct {
	set             *pflag.FlagSet
	in, t           string
	csv, plot       string
	runs, row, jobs int
	noVerify, force bool
	limits          *limits
}

func (a *app) benchCommand() *cobra.Command {
	c := benchFlags{t: "4%", runs: 5, row: 1}
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
	f.Var(atLeast(1, &c.row), "in-a-row", "times that a run encodes the photograph, two at a time")
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
	row      int // images of a run
	verify   bool
	backends []*backend
	noGPU    error
	samples  []timing
	sizes    []image.Point
}

// newBenchmark opens the backends. Without a GPU the CPU is measured alone.
func newBenchmark(c *benchFlags, t float64) (*benchmark, error) {
	b := &benchmark{t: t, jobs: c.jobs, runs: c.runs, row: c.row, verify: !c.noVerify}
	for _, kind := range []string{backendCPU, backendGPU} {
		one, err := newBackend(kind, b.jobs, 0, gpu.Open, nil)
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

// device is what a backend runs on.
func (b *backend) device() string {
	if b.gpu != nil {
		return b.gpu.Name()
	}
	return b.cpu.Name()
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
				return fmt.Errorf("%d×%d: %s and %s make different files, see --backend both", m.W, m.H, one.device(), b.backends[0].device())
			}
		}
	}
	return nil
}

// sums are times by name, in the order of the first of each.
type sums struct {
	mu    sync.Mutex
	names []string
	took  map[string]time.Duration
}

func newSums() *sums { return &sums{took: map[string]time.Duration{}} }

func (s *sums) add(name string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.took[name]; !ok {
		s.names = append(s.names, name)
	}
	s.took[name] += took
}

// run encodes a row of images, two at a time, so that a device has the next one while the CPU makes a
// file of the last. Times of stages are of all of them together. Run 0 warms up.
func (b *benchmark) run(ctx context.Context, m *imagefile.Image, on *backend, run int) ([]byte, error) {
	stages, dispatches := newSums(), newSums()
	if on.gpu != nil {
		on.gpu.Trace(dispatches.add)
	}
	start := time.Now()
	files := make([][]byte, b.row)
	err := parallel.For(ctx, 2, b.row, func(i int) (err error) {
		files[i], err = b.encode(ctx, m, on, stages)
		return err
	})
	stages.add(stageTotal, time.Since(start))
	for _, file := range files {
		if b.verify && err == nil && !bytes.Equal(file, files[0]) {
			return nil, fmt.Errorf("%d×%d: %s makes different files of the same image", m.W, m.H, on.device())
		}
	}
	if run == 0 {
		return files[0], err
	}
	for _, name := range stages.names {
		b.samples = append(b.samples, timing{image.Pt(m.W, m.H), on.kind, name, run, stages.took[name]})
	}
	for _, name := range dispatches.names {
		b.samples = append(b.samples, timing{image.Pt(m.W, m.H), on.kind, stageDispatch + name, run, dispatches.took[name]})
	}
	return files[0], err
}

// encode encodes an image, on the device of a backend.
func (b *benchmark) encode(ctx context.Context, m *imagefile.Image, on *backend, stages *sums) ([]byte, error) {
	one, err := newBackend(on.kind, b.jobs, 0, func(bool) (gpu.Backend, error) { return on.gpu, nil }, nil)
	if err != nil {
		return nil, err
	}
	var stats qtgpu.Stats
	var file bytes.Buffer
	if err := qtgpu.Encode(ctx, &file, m, &qtgpu.Options{T: b.t, Bound: qtgpu.BoundRMS, Workers: b.jobs, Backend: one, Stats: &stats}); err != nil {
		return nil, err
	}
	for _, s := range stats.Stages {
		stages.add(s.Name, s.Duration)
	}
	stages.add(stageBuild, time.Duration(one.took.Load()))
	return file.Bytes(), nil
}
