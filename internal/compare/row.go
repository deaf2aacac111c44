package compare

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/qtgpu/qtgpu/internal/imagefile"
)

// measured is a row with what is no part of a report: where errors lie, and pixels.
type measured struct {
	Row
	coding *coding
	probe  *probe
	cells  *cells
}

// pixels decodes the picture of a row once more.
func (m *measured) pixels(ctx context.Context) (*imagefile.Image, error) {
	d, err := m.coding.decode(ctx, m.probe)
	if err != nil {
		return nil, err
	}
	return d.picture, nil
}

// row is the row of a setting. runs says how often it is run, nil for as often as a table
// needs that is about times. The error ends the comparison; one of the peer is in the row.
func (c *coding) row(ctx context.Context, setting string, runs func(p *probe) int) (*measured, error) {
	m := &measured{coding: c, Row: Row{Codec: c.peer.name, ID: c.peer.id, Program: c.version(), Setting: c.setting(setting)}}
	err := c.fill(ctx, m, setting, runs)
	return m, c.settle(ctx, m, err)
}

// ends is the error that ends the comparison, if err is one, nil of what a row tells of.
func ends(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errClosed):
		return err
	}
	return nil
}

// settle puts the error of a peer into its row.
func (c *coding) settle(ctx context.Context, m *measured, err error) error {
	if end := ends(ctx, err); err == nil || end != nil {
		return end
	}
	m.Row = Row{Codec: m.Codec, ID: m.ID, Program: m.Program, Setting: m.Setting, Error: printable(err.Error())}
	m.cells = nil
	return nil
}

// fill measures a setting.
func (c *coding) fill(ctx context.Context, m *measured, setting string, runs func(p *probe) int) error {
	p, err := c.probe(ctx, setting)
	if err != nil {
		return err
	}
	f, e, err := c.measure(ctx, p)
	if err != nil {
		return err
	}
	n := mostRuns
	if runs != nil {
		n = runs(p)
	} else if p.encodes[0]+p.decodes[0] > slow*10 {
		n = 1
	}
	if err := c.again(ctx, p, n); err != nil {
		return err
	}
	m.probe, m.cells = p, e
	m.Bytes, m.Ratio = p.bytes, float64(c.report.PixelBytes)/float64(p.bytes)
	m.BitsPerPixel = bitsPerPixel(p.bytes, c.of)
	m.EncodeSeconds, m.DecodeSeconds = median(p.encodes), median(p.decodes)
	m.Runs = min(len(p.encodes), len(p.decodes))
	m.PSNR, m.SSIM, m.RMS, m.MaxError = finite(f.psnr), finite(f.ssim), finite(f.rms), finite(f.max)
	m.EncodeCommand, m.DecodeCommand = c.commands(p)
	return c.promise(ctx, m, &f)
}

// promise fills in what is promised, and whether it holds.
func (c *coding) promise(ctx context.Context, m *measured, f *measures) error {
	holds := f.max <= c.t
	switch {
	case c.peer.id == "qtgpu":
		in, err := c.input(c.of, c.peer.in, !c.lossless())
		if err != nil {
			return err
		}
		m.Promise, holds, err = c.opt.Own.Promise(ctx, c.opt.Shop.path(m.probe.out), c.opt.Shop.path(in))
		if err != nil {
			return err
		}
	case c.peer.class == bounded:
		m.Promise = "max " + number(c.t)
	case c.peer.class == lossless:
		m.Promise, holds = "lossless", f.max == 0
	default:
		return nil
	}
	m.Holds = &holds
	return nil
}

// version is the program of a peer.
func (c *coding) version() string {
	switch {
	case c.peer.go_ != nil:
		return goVersion()
	case c.peer.id == "qtgpu":
		return c.opt.Version
	}
	f := c.tools.cache[c.peer.encoder.name]
	if f == nil || f.version == "" {
		return c.peer.encoder.name
	}
	return f.version
}

// setting is a setting in words.
func (c *coding) setting(q string) string {
	switch {
	case c.peer.id == "qtgpu" && c.peer.class == bounded && c.of.photo:
		return "-t " + q + " --bound max"
	case c.peer.id == "qtgpu":
		return "-t " + q
	case c.peer.class == bounded:
		return "MAX_Z_ERROR=" + number(c.t)
	case c.peer.class == lossless:
		return ""
	}
	return fmt.Sprintf(c.peer.knob.form, q)
}

func bitsPerPixel(bytes int64, o *original) float64 { return float64(bytes) * 8 / float64(o.pixels()) }

// match fills in how far a row is from a target.
func (m *measured) match(off, within float64) {
	if m.Error == "" {
		m.Off, m.Matched = finite(off), math.Abs(off) <= within
	}
}
