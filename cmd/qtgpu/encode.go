package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/gpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
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
	out, err := a.createPicture(name, c.force)
	if err != nil {
		return err
	}
	report, err := a.encodeTo(out, c, in, &o)
	if err != nil {
		return err
	}
	report.BackendReason = b.reason
	if err := report.broken(); err != nil {
		return errors.Join(report.write(a.reports(), c), err)
	}
	return a.commit(func(w io.Writer) error { return report.write(w, c) })
}

// encodeTo reads the image, encodes it to the output and verifies it there.
func (a *app) encodeTo(out *output, c *convertFlags, in *source, o *qtgpu.Options) (*encodeReport, error) {
	start := time.Now()
	opt := c.limits.read()
	opt.KeepGoing, opt.Page = c.keepGoing, c.page
	src, size, err := in.image(opt)
	if err != nil {
		return nil, err
	}
	read := qtgpu.Stage{Name: "read", Duration: time.Since(start)}
	bar := a.progress("encoding", c.quiet)
	var stats qtgpu.Stats
	o.Stats, o.Progress = &stats, bar.update
	o.Memory, o.Metadata = int64(c.limits.memory), qtgpu.Metadata(src.Meta)
	err = qtgpu.EncodeRaster(a.ctx, out, src, o)
	bar.clear()
	if errors.As(err, new(*qtgpu.ThresholdError)) {
		return nil, usageError{at(in.name, err)}
	}
	if err != nil {
		return nil, out.blame(in.name, err)
	}
	a.tell(in.name, src, c.quiet)
	stats.Stages = append([]qtgpu.Stage{read}, stats.Stages...)
	report := newEncodeReport(in.name, out.name, size(), &stats)
	if c.verify {
		report.Verify, err = a.verifyOutput(out, c, src)
	}
	return report, err
}

// tell says what reading an image left out and, unless quiet, what it changed. Damage
// shows in the exit status.
func (a *app) tell(name string, f *imagefile.File, quiet bool) {
	if f.Damage != "" {
		a.losePart(name, "%s", f.Damage)
	}
	if lost := slices.Concat(f.Lost, f.Tags.Names()); len(lost) > 0 {
		a.warn(name, "left out: %s", strings.Join(lost, ", "))
	}
	if len(f.Notes) > 0 && !quiet {
		a.warn(name, "%s", strings.Join(f.Notes, "; "))
	}
}

// verifyOutput decodes what was written and holds it against the original.
func (a *app) verifyOutput(out *output, c *convertFlags, src *imagefile.File) (*verifyReport, error) {
	r, size, err := out.content()
	if err != nil {
		return nil, at(out.name, err)
	}
	bar := a.progress("verifying", c.quiet)
	defer bar.clear()
	opt := c.limits.decode()
	opt.Workers, opt.Progress = c.jobs, bar.update
	q, err := qtgpu.NewReader(a.ctx, r, size, &opt)
	if err != nil {
		return nil, at(out.name, err)
	}
	original, err := src.Image(a.ctx)
	if err != nil {
		return nil, err
	}
	report, err := check(a.ctx, q, original)
	return report, at(out.name, err)
}

// write writes the report that the flags ask for.
func (r *encodeReport) write(w io.Writer, c *convertFlags) error {
	switch {
	case c.quiet:
		return nil
	case c.json:
		return writeJSON(w, r)
	}
	return r.writeText(w)
}
