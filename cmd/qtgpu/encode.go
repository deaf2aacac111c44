package main

import (
	"errors"
	"time"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/gpu"
	"github.com/qtgpu/qtgpu/internal/raster"
)

// encode writes the .qtg file of an image, after checking it with --verify.
func (a *app) encode(c *convertFlags, in *source) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	name, err := c.encodedName()
	if err != nil {
		return err
	}
	b, err := newBackend(c.backend, c.jobs, gpu.Open, func(err error) { a.warn(in.name, "%w", err) })
	if err != nil {
		return err
	}
	defer b.close()
	o.Backend = b
	defer a.out.discard()
	if err := a.out.create(name, c.force, a.stdout); err != nil {
		return err
	}
	report, err := a.encodeTo(c, in, &o)
	if err != nil {
		return err
	}
	report.BackendReason = b.reason
	if err := report.broken(); err != nil {
		return errors.Join(a.print(c, report), err)
	}
	if err := a.out.commit(); err != nil {
		return err
	}
	return a.print(c, report)
}

// encodeTo reads the image, encodes it to the output and verifies it there.
func (a *app) encodeTo(c *convertFlags, in *source, o *qtgpu.Options) (*encodeReport, error) {
	start := time.Now()
	m, size, err := in.raster(c.maxPixels)
	if err != nil {
		return nil, err
	}
	read := qtgpu.Stage{Name: "read", Duration: time.Since(start)}

	bar := a.progress("encoding", c.quiet)
	var stats qtgpu.Stats
	o.Stats, o.Progress = &stats, bar.update
	o.Metadata = qtgpu.Metadata(m.Meta)
	err = qtgpu.Encode(&a.out, m, o)
	bar.clear()
	if errors.As(err, new(*qtgpu.ThresholdError)) {
		return nil, usageError{at(in.name, err)}
	}
	if err != nil {
		return nil, a.out.blame(in.name, err)
	}
	stats.Stages = append([]qtgpu.Stage{read}, stats.Stages...)
	report := newEncodeReport(in.name, a.out.name, size, c.boundOf(o), o.T, &stats)
	if c.verify {
		report.Verify, err = a.verifyOutput(c, m)
	}
	return report, err
}

// verifyOutput decodes what was written and holds it against the original.
func (a *app) verifyOutput(c *convertFlags, original *raster.Image) (*verifyReport, error) {
	r, size, err := a.out.content()
	if err != nil {
		return nil, at(a.out.name, err)
	}
	bar := a.progress("verifying", c.quiet)
	defer bar.clear()
	q, err := qtgpu.NewReader(r, size, &qtgpu.DecodeOptions{MaxPixels: c.maxPixels, Workers: c.jobs, Progress: bar.update})
	if err != nil {
		return nil, at(a.out.name, err)
	}
	report, err := check(q, original)
	return report, at(a.out.name, err)
}

// print reports an encode, on standard error where the file took standard output.
func (a *app) print(c *convertFlags, report *encodeReport) error {
	w := a.stdout
	if c.out == "-" {
		w = a.stderr
	}
	switch {
	case c.quiet:
		return nil
	case c.json:
		return writeJSON(w, report)
	}
	return report.writeText(w)
}
