package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/metrics"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// verifyReport is what decoding a file has shown.
type verifyReport struct {
	Promise  promise   `json:"promise"`
	Holds    bool      `json:"holds"`
	Measured *measures `json:"measured,omitempty"`
}

// measures compare what is decoded with the original.
type measures struct {
	Errors []float64 `json:"errors"` // of each band or plane, in the terms of the promise
	// The rest is of pictures alone, and null of other rasters.
	PSNR     number `json:"psnr"` // in dB; null where the pictures are equal
	PSNRLuma number `json:"psnr_luma"`
	SSIM     number `json:"ssim"`      // null for a side below 11 pixels
	MaxError []int  `json:"max_error"` // of each channel, in steps
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

// verifiedReport is what qtgpu verify says; docs/JSON.md describes it.
type verifiedReport struct {
	File  string `json:"file"`
	Tiles int    `json:"tiles"` // whose checksums hold
	verifyReport
}

// verifyFlags are the flags of qtgpu verify.
type verifyFlags struct {
	set    *pflag.FlagSet
	page   int
	jobs   int
	limits *limits
	access access
	saying
}

func (a *app) verifyCommand() *cobra.Command {
	var c verifyFlags
	cmd := newCommand("verify IN.qtg [ORIGINAL [--page N]] [--json]", "every checksum, and the promise", func(args []string) error {
		return a.verify(&c, args)
	})
	cmd.Args, cmd.ValidArgsFunction = takes(1, 2, "files"), fileArgs(qtgFiles, imageFiles)
	cmd.Long = `Decodes all of the file. The promise is held against the errors that the file states or, with
the original, against those that it has.`
	cmd.Example = `  qtgpu verify big.qtg
  qtgpu verify big.qtg big.tif`
	f := cmd.Flags()
	addPage(f, &c.page)
	c.addSaying(f)
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	c.access.add(f)
	c.limits.addExpansion(f)
	c.set = f
	return cmd
}

// verify checks every checksum of a file by decoding all of it, and the promise:
// by what the file states or, with the original, by measuring.
func (a *app) verify(c *verifyFlags, names []string) error {
	if err := c.checkSaying(); err != nil {
		return err
	}
	alone := len(names) == 1
	err := refuseIdle(c.set, []idle{{"page", alone, "there is no ORIGINAL"}, {"max-expansion", alone, "there is no ORIGINAL"}})
	if err = cmp.Or(err, c.access.idle(c.set, names[0])); err != nil {
		return err
	}
	if !c.quiet {
		a.bar.begin("verifying", 1, 1)
	}
	a.piece = a.bar.piece(1)
	decoding, quality := checking(a.piece.rest(0), !alone)
	opt := c.limits.decode()
	opt.Workers, opt.Progress = c.jobs, decoding
	in, r, err := a.open(names[0], &c.access, &opt)
	if err != nil {
		return err
	}
	defer in.close()
	var before *original
	if len(names) > 1 {
		of, err := openSource(names[1], a.stdin)
		if err != nil {
			return err
		}
		defer of.close()
		read := c.limits.read()
		read.Page = c.page
		m, _, err := of.image(read)
		if err != nil {
			return err
		}
		before = &original{m, names[1]}
	}
	a.piece.is(r.Format().Width, r.Format().Height)
	report, err := check(a.ctx, r, before, quality)
	a.bar.end()
	if err != nil {
		return at(in.name, err)
	}
	if err := c.report(a.stdout, &verifiedReport{in.name, r.Info().Tiles, *report}); err != nil {
		return err
	}
	return at(in.name, report.broken())
}

func (r *verifiedReport) text() *text {
	var t text
	t.line("file", "%s: all checksums of %s hold", r.File, count(r.Tiles, "tile"))
	r.addTo(&t)
	return &t
}

// original is an image file that a .qtg file is held against. Its errors bear its name.
type original struct {
	image *imagefile.File
	name  string
}

// Format implements raster.Source.
func (o *original) Format() *raster.Format { return o.image.Format() }

// ReadBlock implements raster.Source.
func (o *original) ReadBlock(ctx context.Context, dst *raster.Block) error {
	return at(o.name, o.image.ReadBlock(ctx, dst))
}

// checking divides the work of check among what decodes the file, which is for the checksums
// and, where there is an original, for the promise and for the quality of a picture; and what
// else the quality takes.
func checking(work *progress.Work, original bool) (decoding func(done, total int64), quality *progress.Work) {
	if !original {
		return telling(work, 1), nil
	}
	work = work.Of(3)
	return telling(work.Part(2), 3), work.Rest()
}

// picture reads all of it.
func (o *original) picture(ctx context.Context, work *progress.Work) (*imagefile.Image, error) {
	if o.image.Whole() {
		return o.image.Image(ctx)
	}
	return imagefile.FromRaster(ctx, pacedSource{o.image, work.Of(int64(o.Format().Height))})
}

// check decodes all of a file, overviews included, and holds it against the original,
// if there is one.
func check(ctx context.Context, r *qtgpu.Reader, before *original, quality *progress.Work) (*verifyReport, error) {
	report := &verifyReport{Promise: promiseOf(r)}
	if err := r.Check(ctx); err != nil {
		return nil, err
	}
	if before != nil {
		var err error
		if report.Measured, err = measure(ctx, r, before, quality); err != nil {
			return nil, err
		}
	}
	report.Holds = report.broken() == nil
	return report, nil
}

func measure(ctx context.Context, r *qtgpu.Reader, before *original, work *progress.Work) (*measures, error) {
	worst, err := r.Verify(ctx, before)
	if err != nil {
		return nil, err
	}
	none := number(math.NaN())
	all := &measures{Errors: worst, PSNR: none, PSNRLuma: none, SSIM: none}
	if !isPicture(before.Format()) {
		return all, nil
	}
	work = work.Of(2)
	m, err := before.picture(ctx, work.Part(1))
	if err != nil {
		return nil, at(before.name, err)
	}
	after, err := imagefile.FromRaster(ctx, r.Level(0))
	if err != nil {
		return nil, err
	}
	quality, err := metrics.Compare(m.Interleaved, after.Interleaved, before.Format().FullScale(), work.Rest())
	all.PSNR, all.PSNRLuma, all.SSIM, all.MaxError = number(quality.PSNR), number(quality.PSNRLuma), number(quality.SSIM), quality.MaxError
	return all, err
}

// isPicture tells whether samples are what an image shows: gray, colours or indices of a
// palette.
func isPicture(f *raster.Format) bool {
	return imagefile.Holds(f) == nil && f.Bands[0].Role != raster.Data
}

// broken returns the brokenPromise that the errors show, if any.
func (v *verifyReport) broken() error {
	err := v.Promise.check("states", v.Promise.Stated)
	if err != nil || v.Measured == nil {
		return err
	}
	return v.Promise.check("has", v.Measured.Errors)
}

func (v *verifyReport) addTo(t *text) {
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
	if m.MaxError == nil {
		return
	}
	largest := make([]float64, len(m.MaxError))
	for i, v := range m.MaxError {
		largest[i] = float64(v)
	}
	t.line("quality", "PSNR %s (luma %s), SSIM %s, largest error %s", m.PSNR.format("%.2f dB"), m.PSNRLuma.format("%.2f dB"),
		m.SSIM.format("%.4f"), listed(largest, "%v", colourNames(len(largest))))
}
