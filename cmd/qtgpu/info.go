package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/raster"
)

// infoReport is what a file says about itself; sizes are in bytes, errors and the
// step in 8-bit levels.
type infoReport struct {
	File        string  `json:"file"`
	Version     int     `json:"version"`
	Width       int     `json:"width"`
	Height      int     `json:"height"`
	Bands       int     `json:"bands"`
	Alpha       string  `json:"alpha"` // of two or four channels: "straight", "premultiplied" or "none"
	Depth       int     `json:"depth"`
	Maximum     int     `json:"maximum"` // the sample of full scale
	Subsampling string  `json:"subsampling"`
	Engine      string  `json:"engine"`
	Promise     promise `json:"promise"`
	Step        float64 `json:"step"`   // of the transform engine, else 0
	Merged      bool    `json:"merged"` // values stand for all within the bound
	// The number of tiles in each mode of the predictive engine.
	Modes map[string]int `json:"modes"`

	Labels        bool     `json:"labels"`
	Colours       int      `json:"palette_colours"`
	TileSize      int      `json:"tile_size"`
	Tiles         int      `json:"tiles"`
	Levels        int      `json:"levels"`
	FileBytes     int64    `json:"file_bytes"`
	FrontBytes    int64    `json:"front_bytes"`
	BodyBytes     int64    `json:"body_bytes"`
	TableBytes    int64    `json:"table_bytes"`
	MetadataBytes int64    `json:"metadata_bytes"`
	OtherBytes    int64    `json:"other_bytes"`
	BitsPerPixel  float64  `json:"bits_per_pixel"`
	Metadata      []string `json:"metadata"`
}

// info prints the header of a file, of whose tiles it reads the modes at most.
func (a *app) info(args []string) error {
	f := newFlags()
	asJSON := f.Bool("json", false, "")
	limits := addLimits(f)
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return usagef("info with %d files: expected qtgpu info IN.qtg [--json]", f.NArg())
	}
	opt := limits.decode()
	in, r, err := a.open(f.Arg(0), &opt)
	if err != nil {
		return err
	}
	defer in.close()
	meta, err := r.Metadata(a.ctx)
	if err != nil {
		return at(in.name, err)
	}
	report := newInfoReport(in.name, r, &meta)
	if report.Modes, err = r.Modes(a.ctx); err != nil {
		return at(in.name, err)
	}
	if *asJSON {
		return writeJSON(a.stdout, report)
	}
	t := report.text()
	return t.write(a.stdout)
}

func newInfoReport(name string, r *qtgpu.Reader, meta *qtgpu.Metadata) *infoReport {
	i := r.Info()
	report := &infoReport{
		File: name, Version: i.Version,
		Width: i.Width, Height: i.Height, Bands: i.Bands, Alpha: alphaName(i.Alpha), Depth: i.Depth, Maximum: i.Maximum, Subsampling: i.Subsampling.String(),
		Engine: i.Engine.String(), Promise: newPromise(i.Bound.String(), i.T, i.MaxLeafRMS, i.MaxError), Step: i.Step,
		Merged: i.Merged, Labels: i.Labels, Colours: i.Colours,
		TileSize: i.TileSize, Tiles: i.Tiles, Levels: r.Levels(),
		FileBytes: i.FileBytes, FrontBytes: i.FrontBytes, BodyBytes: i.BodyBytes,
		TableBytes: i.TableBytes, MetadataBytes: i.MetadataBytes, OtherBytes: i.OtherBytes,
		BitsPerPixel: bitsPerPixel(i.FileBytes, i.Width, i.Height), Metadata: []string{},
	}
	for _, m := range []struct {
		name string
		p    []byte
	}{{"ICC", meta.ICC}, {"EXIF", meta.EXIF}, {"XMP", meta.XMP}, {"IPTC", meta.IPTC}, {"PNG", meta.PNG}} {
		if len(m.p) > 0 {
			report.Metadata = append(report.Metadata, m.name)
		}
	}
	return report
}

// alphaName names what a last channel is.
func alphaName(r raster.Role) string {
	switch r {
	case raster.Alpha:
		return "straight"
	case raster.Premultiplied:
		return "premultiplied"
	}
	return "none"
}

// samples says what is unusual about the samples.
func (r *infoReport) samples() (s string) {
	if r.Bands%2 == 0 && r.Alpha != "straight" {
		s = fmt.Sprintf(", alpha %s", r.Alpha)
	}
	if r.Maximum != 1<<r.Depth-1 {
		s += fmt.Sprintf(", samples up to %d", r.Maximum)
	}
	return s
}

func (r *infoReport) text() *text {
	var t text
	t.line("file", "%s: %s bytes, %.3f bits per pixel, format version %d", r.File, grouped(r.FileBytes), r.BitsPerPixel, r.Version)
	t.line("image", "%s, subsampling %s%s", picture(r.Width, r.Height, r.Bands, r.Depth), r.Subsampling, r.samples())
	switch {
	case r.Colours > 0:
		t.line("palette", "%s", count(r.Colours, "colour"))
	case r.Labels:
		t.line("labels", "overviews hold samples, not means")
	}
	engine := r.Engine
	if r.Step > 0 {
		engine = fmt.Sprintf("%s, step %g levels", r.Engine, r.Step)
	}
	if r.Merged {
		engine += ", merged values"
	}
	t.line("engine", "%s", engine)
	t.line("promise", "%v (bound %s); largest error %s", &r.Promise, r.Promise.Bound, r.Promise.values(r.Promise.Stated))
	t.line("tiles", "%d of %d×%d, %s of detail", r.Tiles, r.TileSize, r.TileSize, count(r.Levels, "level"))
	if len(r.Modes) > 0 {
		var modes []string
		for _, name := range slices.Sorted(maps.Keys(r.Modes)) {
			modes = append(modes, fmt.Sprintf("%s %d", name, r.Modes[name]))
		}
		t.line("modes", "%s", strings.Join(modes, ", "))
	}
	t.line("bytes", "front %s, body %s, tables %s, metadata %s, the rest %s",
		grouped(r.FrontBytes), grouped(r.BodyBytes), grouped(r.TableBytes), grouped(r.MetadataBytes), grouped(r.OtherBytes))
	if len(r.Metadata) > 0 {
		t.line("metadata", "%s", strings.Join(r.Metadata, ", "))
	}
	return &t
}
