package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/metrics"
)

// verifyReport is what decoding a file has shown; errors are in 8-bit levels.
type verifyReport struct {
	Promise  promise   `json:"promise"`
	Holds    bool      `json:"holds"`
	Measured *measures `json:"measured,omitempty"`
}

// measures compare the decoded picture with the original, in levels of its depth.
type measures struct {
	Errors   []float64 `json:"errors"` // of each plane, in the terms of the promise
	PSNR     number    `json:"psnr"`   // in dB; null where the pictures are equal
	PSNRLuma number    `json:"psnr_luma"`
	SSIM     number    `json:"ssim"`      // null for a side below 11 pixels
	MaxError []int     `json:"max_error"` // of each channel
}

// number is null in JSON where it is not finite.
type number float64

func (n number) finite() bool { return !math.IsInf(float64(n), 0) && !math.IsNaN(float64(n)) }

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) {
	if !n.finite() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

func (n number) format(layout string) string {
	if !n.finite() {
		return "none"
	}
	return fmt.Sprintf(layout, float64(n))
}

// verify checks every checksum of a file by decoding all of it, and the promise:
// by what the file states or, with the original, by measuring.
func (a *app) verify(args []string) error {
	f := newFlags()
	jobs := f.IntP("jobs", "j", 0, "")
	limits := addLimits(f)
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() < 1 || f.NArg() > 2 {
		return usagef("verify with %d files: expected qtgpu verify IN.qtg [ORIGINAL]", f.NArg())
	}
	bar := a.progress("verifying", false)
	opt := limits.decode()
	opt.Workers, opt.Progress = *jobs, bar.update
	in, r, err := a.open(f.Arg(0), &opt)
	if err != nil {
		return err
	}
	defer in.close()
	original, err := a.readOriginal(f.Arg(1), limits)
	if err != nil {
		return err
	}
	report, err := check(a.ctx, r, original)
	bar.clear()
	if err != nil {
		return at(in.name, err)
	}
	var t text
	t.line("file", "%s: all checksums of %s hold", in.name, count(r.Info().Tiles, "tile"))
	report.text(&t)
	if err := t.write(a.stdout); err != nil {
		return err
	}
	return at(in.name, report.broken())
}

// readOriginal reads a raster, nil for no name.
func (a *app) readOriginal(name string, limits *limits) (*imagefile.Image, error) {
	if name == "" {
		return nil, nil
	}
	in, err := openSource(name, a.stdin)
	if err != nil {
		return nil, err
	}
	defer in.close()
	m, err := in.raster(a.ctx, limits.read())
	return m, err
}

// check decodes all of a file, overviews included, and holds it against the original,
// if there is one.
func check(ctx context.Context, r *qtgpu.Reader, original *imagefile.Image) (*verifyReport, error) {
	info := r.Info()
	report := &verifyReport{Promise: newPromise(info.Bound.String(), info.T, info.MaxLeafRMS, info.MaxError)}
	if err := r.Check(ctx); err != nil {
		return nil, err
	}
	if original != nil {
		var err error
		if report.Measured, err = measure(ctx, r, original); err != nil {
			return nil, err
		}
	}
	report.Holds = report.broken() == nil
	return report, nil
}

func measure(ctx context.Context, r *qtgpu.Reader, original *imagefile.Image) (*measures, error) {
	src, err := qtgpu.FromImage(original)
	if err != nil {
		return nil, err
	}
	worst, err := r.Verify(ctx, src)
	if err != nil {
		return nil, err
	}
	decoded, err := imagefile.FromRaster(ctx, r.Level(0))
	if err != nil {
		return nil, err
	}
	m, err := metrics.Compare(original.Interleaved, decoded.Interleaved)
	return &measures{worst, number(m.PSNR), number(m.PSNRLuma), number(m.SSIM), m.MaxError}, err
}

// broken returns the brokenPromise that the errors show, if any.
func (v *verifyReport) broken() error {
	err := v.Promise.check("states", v.Promise.Stated)
	if err != nil || v.Measured == nil {
		return err
	}
	return v.Promise.check("has", v.Measured.Errors)
}

func (v *verifyReport) text(t *text) {
	verdict := "holds"
	if !v.Holds {
		verdict = "does not hold"
	}
	p := &v.Promise
	t.line("promise", "%s: %v; stated %s", verdict, p, p.values(p.Stated))
	m := v.Measured
	if m == nil {
		return
	}
	t.line("measured", "%s", p.values(m.Errors))
	t.line("quality", "PSNR %s (luma %s), SSIM %s, largest error %s",
		m.PSNR.format("%.2f dB"), m.PSNRLuma.format("%.2f dB"), m.SSIM.format("%.4f"), channelErrors(m.MaxError))
}

func channelErrors[T int | float64](v []T) string {
	parts := make([]string, len(v))
	for i, name := range channelNames(len(v)) {
		parts[i] = fmt.Sprintf("%s %v", name, v[i])
	}
	return strings.Join(parts, ", ")
}
