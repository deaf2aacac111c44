package main

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/compare"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/parallel"
	"github.com/qtgpu/qtgpu/raster"
)

// compareFlags are the flags of qtgpu compare.
type compareFlags struct {
	set                *pflag.FlagSet
	in, t              string
	against            []string
	report, plot       string
	csv, json, batches string
	page, jobs         int
	force              bool
	limits             *limits
	files              [4]*output // of report, plot, csv and json, nil where not asked for
	index              *output    // of the batches
}

func (a *app) compareCommand() *cobra.Command {
	var c compareFlags
	cmd := newCommand("compare -i IN [-t T1,T2,…] [--against jpeg,avif,…] [--report FILE.html]", "qtgpu beside other codecs, at equal PSNR and at equal bytes", func([]string) error {
		return a.compare(&c)
	})
	cmd.Args = takes(0, 0, "")
	cmd.Long = compareText
	cmd.Example = compareExamples
	f := cmd.Flags()
	f.VarP(&free{&c.in, "IN"}, "input", "i", "the image or raster")
	f.VarP(&free{&c.t, "T1,T2,…"}, "threshold", "t", "thresholds as encoding takes them, 0 for a table without loss; default 4% of photographs, 0 of all else")
	f.Var(&someOf{&c.against, compare.Families}, "against", "the codecs; default all")
	f.Var(&free{&c.report, "FILE.html"}, "report", "write a page with tables, curves, crops and error maps: one file that loads nothing else")
	f.Var(&free{&c.plot, "FILE.svg"}, "plot", "draw PSNR over bits per pixel of a photograph")
	f.Var(&free{&c.csv, "FILE"}, "csv", "write a line for each row of the tables")
	f.Var(&free{&c.json, "FILE"}, "json", "write all figures as JSON, see docs/JSON.md")
	f.Var(&free{&c.batches, "DIR"}, "batches", "write a batch for each codec, and batches.json, which lists them, as codec-compare's page loads them")
	isFile(f, "input", imageFiles...)
	isFile(f, "report", "html")
	isFile(f, "plot", "svg")
	isFile(f, "csv", "csv")
	isFile(f, "json", "json")
	isDirectory(f, "batches")
	addForce(f, &c.force)
	addPage(f, &c.page)
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	c.limits.addExpansion(f)
	c.set = f
	return cmd
}

const compareText = `
Of a photograph of 8 bits each codec's setting is searched twice for every T: until its PSNR is
that of qtgpu within 0.05 dB, and until its file has the bytes of qtgpu's within 1%. Where its
settings come no nearer, the nearest one stands in the table, marked, with how far off it is.
Codecs without loss stand beside -t 0, and those that bound the error of every sample beside the
same bound, with the error that they really made.

JPEG and PNG are Go's own. cjpeg and djpeg, cwebp and dwebp, avifenc and avifdec, cjxl and djxl,
and gdal_translate, for JPEG 2000, LERC and TIFF, take part where they are on PATH; what does not,
and why, is said. They run in a temporary folder, one at a time, and are ended where they take
more than a minute and 25 seconds for each million of pixels. No file holds metadata, but for the
tags of rasters, which qtgpu and GDAL both keep.

Times are medians of three runs, of a single one where the table says so. They are those of whole
processes, with reading and writing of samples that are not compressed.`

const compareExamples = `
  qtgpu compare -i photo.png -t 5,10,20,0 --report photo.html
  qtgpu compare -i photo.png --against webp,avif --csv -
  qtgpu compare -i elevation.tif -t 0,0.01,0.1`

// check checks what does not depend on the input.
func (c *compareFlags) check() error {
	switch {
	case c.in == "":
		return usagef("missing -i IN: expected qtgpu compare -i IN [-t T1,T2,…]; see qtgpu compare --help")
	case c.plot != "" && !isStream(c.plot) && !strings.EqualFold(filepath.Ext(c.plot), ".svg"):
		return usagef("--plot %s: extension %q: expected .svg", c.plot, filepath.Ext(c.plot))
	case c.report != "" && !isStream(c.report) && !slices.Contains([]string{".html", ".htm"}, strings.ToLower(filepath.Ext(c.report))):
		return usagef("--report %s: extension %q: expected .html", c.report, filepath.Ext(c.report))
	}
	none := c.report == "" && c.plot == "" && c.csv == "" && c.json == "" && c.batches == ""
	return refuseIdle(c.set, []idle{{"force", none, "no file is asked for"}})
}

// compare holds an image against other codecs.
func (a *app) compare(c *compareFlags) error {
	if err := c.check(); err != nil {
		return err
	}
	in, err := openSource(c.in, a.stdin)
	if err != nil {
		return err
	}
	defer in.close()
	read := c.limits.read()
	read.Page = c.page
	src, _, err := in.image(read)
	if err != nil {
		return err
	}
	thresholds, err := a.thresholds(c, in.name, src)
	if err != nil {
		return err
	}
	err = refuseIdle(c.set, []idle{
		{"page", src.Name != "tif", "the image is no TIFF file, which alone has pages"},
		{"plot", !isPhotograph(src) || slices.Max(thresholds) == 0, "curves are of photographs of 8 bits, and of loss"},
	})
	if err != nil {
		return err
	}
	// The original, what is decoded of a file, and what is reckoned from both.
	if need := 3 * src.Format().Bytes(); need > int64(c.limits.memory) {
		return at(in.name, fmt.Errorf("comparing takes about %s bytes, --memory allows %s", grouped(need), grouped(int64(c.limits.memory))))
	}
	if err := a.compareFiles(c); err != nil {
		return err
	}
	report, err := a.comparison(c, in.name, src, thresholds)
	if err != nil {
		return at(in.name, err)
	}
	return a.writeComparison(c, report)
}

// thresholds are the values of -t, each of which is one that encoding takes.
func (a *app) thresholds(c *compareFlags, name string, src *imagefile.File) (all []float64, err error) {
	text := c.t
	switch {
	case c.set.Changed("threshold"):
	case isPhotograph(src) && len(src.Format().Palette) == 0:
		text = "4%"
	default:
		text = "0"
	}
	for word := range strings.SplitSeq(text, ",") {
		t, err := parseThreshold(strings.TrimSpace(word), c.in)
		if err != nil {
			return nil, err
		}
		var o qtgpu.Options
		if err := a.prepare(&o, t, name, src, false); err != nil {
			return nil, err
		}
		if !slices.Contains(all, o.T) {
			all = append(all, o.T)
		}
	}
	return all, nil
}

// isPhotograph tells whether a raster is compared as a photograph.
func isPhotograph(src *imagefile.File) bool {
	return isPicture(src.Format()) && src.Format().Type == raster.Uint8
}

// compareFiles prepares the files that are asked for.
func (a *app) compareFiles(c *compareFlags) (err error) {
	for i, name := range []string{c.report, c.plot, c.csv, c.json} {
		if name == "" {
			continue
		}
		if c.files[i], err = a.create(name, c.force); err != nil {
			return err
		}
	}
	if c.batches == "" {
		return nil
	}
	if err := os.MkdirAll(c.batches, 0o777); err != nil {
		return at(c.batches, err)
	}
	c.index, err = a.create(filepath.Join(c.batches, "batches.json"), c.force)
	return err
}

// comparison runs the programs.
func (a *app) comparison(c *compareFlags, name string, src *imagefile.File, thresholds []float64) (*compare.Report, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	shop, err := compare.OpenWorkshop()
	if err != nil {
		return nil, err
	}
	defer shop.Close()
	if err := a.outs.endToo(func() { shop.Close() }); err != nil {
		return nil, err
	}
	a.bar.begin("comparing", 1, 1)
	defer a.bar.end()
	piece := a.bar.piece(1)
	return compare.Run(a.ctx, filepath.Base(name), src, &compare.Options{
		T: thresholds, Against: c.families(), Self: self, Version: shortVersion(buildInfo()), Jobs: parallel.Workers(c.jobs),
		Shop: shop, Own: &ownFiles{a, c}, Curves: c.report != "" || c.plot != "" || c.json != "", Crops: c.report != "",
		Progress: piece.rest(0), Say: a.bar.name,
	})
}

// families are the codecs that are asked for.
func (c *compareFlags) families() []string {
	if len(c.against) == 0 {
		return compare.Families
	}
	return c.against
}

// writeComparison writes the files and the table.
func (a *app) writeComparison(c *compareFlags, report *compare.Report) error {
	for i, write := range []func(io.Writer) error{report.HTML, report.Plot, report.CSV, func(w io.Writer) error { return writeJSON(w, report) }} {
		if o := c.files[i]; o != nil {
			if err := write(o); err != nil {
				return o.blame(o.name, err)
			}
		}
	}
	if c.index != nil {
		batches := report.Batches()
		var names [][]string
		for _, b := range batches {
			o, err := a.create(filepath.Join(c.batches, b.Name+".json"), c.force)
			if err != nil {
				return err
			}
			if err := writeJSON(o, b.Content); err != nil {
				return o.blame(o.name, err)
			}
			names = append(names, []string{b.Name + ".json"})
		}
		if err := writeJSON(c.index, names); err != nil {
			return c.index.blame(c.index.name, err)
		}
	}
	return a.commit(func(w io.Writer) error { return bare(report.Text(w)) })
}

// ownFiles tells of .qtg files.
type ownFiles struct {
	a *app
	c *compareFlags
}

// Promise implements compare.Own.
func (o *ownFiles) Promise(ctx context.Context, file, original string) (promise string, holds bool, err error) {
	opt := o.c.limits.decode()
	opt.Workers = o.c.jobs
	in, r, err := o.a.open(file, &access{}, &opt)
	if err != nil {
		return "", false, err
	}
	defer in.close()
	of, err := openSource(original, nil)
	if err != nil {
		return "", false, err
	}
	defer of.close()
	src, _, err := of.image(o.c.limits.read())
	if err != nil {
		return "", false, err
	}
	worst, err := r.Verify(ctx, src)
	if err != nil {
		return "", false, err
	}
	p := promiseOf(r)
	return p.short(), cmp.Or(p.check("states", p.Stated), p.check("has", worst)) == nil, nil
}

// Leaves implements compare.Own.
func (o *ownFiles) Leaves(ctx context.Context, file string) (all []image.Rectangle, err error) {
	opt := o.c.limits.decode()
	in, r, err := o.a.open(file, &access{}, &opt)
	if err != nil {
		return nil, err
	}
	defer in.close()
	if r.Info().Engine != qtgpu.Transform {
		return nil, nil
	}
	leaves, err := r.Leaves(ctx, 0)
	for _, l := range leaves {
		all = append(all, image.Rect(l.X, l.Y, l.X+l.Size, l.Y+l.Size))
	}
	return all, err
}
