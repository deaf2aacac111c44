package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// encode writes the .qtg file of an image, after checking it with --verify.
func (a *app) encode(c *convertFlags, in *source) error {
	o := c.options()
	t, err := c.threshold()
	if err != nil {
		return err
	}
	name, err := c.encodedName()
	if err != nil {
		return err
	}
	out, exists := a.createPicture(name, c.force)
	if c.skipExisting && errors.Is(exists, errExists) {
		return a.skip(c, name)
	}
	if exists != nil && (t.percent || !errors.Is(exists, errExists)) {
		return exists
	}
	start := time.Now()
	opt := c.limits.read()
	opt.KeepGoing, opt.Page = c.keepGoing, c.page
	opt.Progress = a.surveying()
	src, size, err := in.image(opt)
	if err == nil {
		a.piece.is(src.Format().Width, src.Format().Height)
		err = a.prepare(&o, t, in.name, src, c.strict)
	}
	if err == nil && !a.many { // idleInAll looks for a use in others
		err = at(in.name, c.idleInEncoding(&o, src))
	}
	// That the threshold or a flag makes no sense comes before that there is a file already.
	if exists != nil && !errors.As(err, new(usageError)) {
		return exists
	}
	if err != nil {
		return err
	}
	b, err := a.backend(c.backend, c.jobs, in.name, pixelsIn(src.Format()))
	if err != nil {
		return err
	}
	o.Backend = b
	read := qtgpu.Stage{Name: "read", Duration: time.Since(start)}
	report, err := a.encodeTo(out, c, in, src, &o)
	if err != nil {
		return err
	}
	report.InputBytes, report.BackendReason = size(), b.why()
	report.Stages = append([]stageReport{newStageReport(read)}, report.Stages...)
	a.outcome.pixels, a.outcome.bytes = report.PixelBytes, report.OutputBytes
	if err := report.broken(); err != nil {
		a.outcome.bytes = 0
		return errors.Join(a.say(c, a.reports(), report), err)
	}
	return a.commit(func(w io.Writer) error { return a.say(c, w, report) })
}

// prepare completes the options for an image, and holds them against it.
func (a *app) prepare(o *qtgpu.Options, t threshold, name string, src *imagefile.File, strict bool) (err error) {
	if o.T, err = t.of(a.ctx, src); err != nil {
		return at(name, err)
	}
	if o.Metadata, err = carried(src); err == nil {
		o.ColourMetadata, err = ofColours(src)
	}
	if err != nil {
		return at(name, err)
	}
	if err := o.Check(src); err != nil {
		if err = at(name, err); errors.As(err, new(*qtgpu.ThresholdError)) {
			return usageError{err}
		}
		return err
	}
	if strict {
		return a.leave(name, strict, leftOut, src.Lost)
	}
	return nil
}

// leftOut begins what names what reading an image leaves out.
const leftOut = "left out"

// Thousandths of an encode: a look at the pixels of what is opened, or decoding it whole;
// decoding what was written; and bringing it to the disk.
const (
	openShare   = 100
	verifyShare = 300
	writeShare  = 20
)

// surveying is told of what opening or decoding an image whole takes, if it takes anything.
func (a *app) surveying() func(done, total int64) {
	if a.piece == nil {
		return nil
	}
	var tell func(done, total int64)
	return func(done, total int64) {
		if tell == nil {
			tell = telling(a.piece.part(openShare), 1)
		}
		tell(done, total)
	}
}

// encodeTo encodes an image to the output and verifies it there.
func (a *app) encodeTo(out *output, c *convertFlags, in *source, src *imagefile.File, o *qtgpu.Options) (*encodeReport, error) {
	a.bar.name("encoding")
	later := int64(writeShare)
	if c.verify {
		later += verifyShare
	}
	var stats qtgpu.Stats
	o.Stats, o.Progress, o.Memory = &stats, telling(a.piece.rest(later), 1), int64(c.limits.memory)
	err := qtgpu.EncodeRaster(a.ctx, out, src, o)
	if err != nil {
		return nil, out.blame(in.name, err)
	}
	becomeColours(src, &stats.Format)
	loseStatistics(src, stats.Bound == qtgpu.BoundMax && stats.T == 0)
	if err := a.tell(in.name, src, c); err != nil {
		return nil, err
	}
	report := newEncodeReport(in.name, out.name, &stats)
	if src.Format().Palette == nil || stats.Format.Palette != nil { // indices as they came
		report.SourceBits = src.Tags.Bits()
	}
	if c.verify {
		report.Verify, err = a.verifyOutput(out, c, in.name, src)
	}
	return report, err
}

// tell says what reading an image left out and, unless quiet, what it changed. Damage
// shows in the exit status.
func (a *app) tell(name string, f *imagefile.File, c *convertFlags) error {
	if f.Damage != "" {
		a.losePart(name, "%s", f.Damage)
	}
	if len(f.Notes) > 0 && !c.quiet {
		a.warn(name, "%s", strings.Join(f.Notes, "; "))
	}
	return a.leave(name, c.strict, leftOut, f.Lost)
}

// leave names what is left out in one line; where nothing may be, that is an error.
func (a *app) leave(name string, strict bool, what string, list []string) error {
	switch {
	case len(list) == 0:
		return nil
	case strict:
		return at(name, fmt.Errorf("%s: %s; --strict lets nothing be", what, strings.Join(list, ", ")))
	}
	a.warn(name, "%s: %s", what, strings.Join(list, ", "))
	return nil
}

// verifyOutput decodes what was written and holds it against the original.
func (a *app) verifyOutput(out *output, c *convertFlags, in string, src *imagefile.File) (*verifyReport, error) {
	r, size, err := out.content()
	if err != nil {
		return nil, at(out.name, err)
	}
	a.bar.name("verifying")
	work := a.piece.part(verifyShare)
	defer work.Finish()
	opt := c.limits.decode()
	decoding, quality := checking(work, true)
	opt.Workers, opt.Progress = c.jobs, decoding
	q, err := qtgpu.NewReader(a.ctx, r, size, &opt)
	if err != nil {
		return nil, at(out.name, err)
	}
	report, err := check(a.ctx, q, &original{src, in}, quality)
	return report, at(out.name, err)
}
