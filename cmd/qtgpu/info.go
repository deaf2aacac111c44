package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/geo"
	"github.com/qtgpu/qtgpu/raster"
)

// infoReport is what a file says about itself; docs/JSON.md describes it.
type infoReport struct {
	File    string `json:"file"`
	Version int    `json:"version"`
	rasterReport
	Subsampling string  `json:"subsampling"`
	Engine      string  `json:"engine"`
	Promise     promise `json:"promise"`
	Step        float64 `json:"step"`   // of the transform engine in levels of 8 bits, else 0
	Merged      bool    `json:"merged"` // values stand for all within the bound
	// The number of tiles in each mode of the predictive engine.
	Modes map[string]int `json:"modes"`
	// Where the pixels lie; null where nothing says it.
	Georeference *geoReport `json:"georeference"`

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

	about string // the samples, in words
}

// infoFlags are the flags of qtgpu info.
type infoFlags struct {
	set         *pflag.FlagSet
	json, stats bool
	jobs        int
	limits      *limits
	access      access
}

func (a *app) infoCommand() *cobra.Command {
	var c infoFlags
	cmd := newCommand("info IN.qtg [--json] [--stats]", "what a file says about itself", func(args []string) error {
		return a.info(&c, args[0])
	})
	cmd.Args, cmd.ValidArgsFunction = takes(1, 1, "files"), fileArgs(qtgFiles)
	cmd.Long = `Without --stats, info reads no more than the header and, of a lossless file, the first bytes of
its tiles.`
	cmd.Example = `  qtgpu info elevation.qtg
  qtgpu info elevation.qtg --stats --json`
	f := cmd.Flags()
	f.BoolVar(&c.json, "json", false, "as JSON, see docs/JSON.md")
	f.BoolVar(&c.stats, "stats", false, "minimum, maximum, mean, standard deviation and number of samples that have data, of each band; that decodes all of the file")
	addJobs(f, &c.jobs)
	c.limits = newLimits()
	c.limits.add(f)
	c.access.add(f)
	c.set = f
	return cmd
}

// info prints the header of a file, of whose tiles it reads the modes at most; --stats
// decodes all of it.
func (a *app) info(c *infoFlags, name string) error {
	err := refuseIdle(c.set, []idle{{"jobs", !c.stats, "only --stats decodes"}})
	if err = cmp.Or(err, c.access.idle(c.set, name)); err != nil {
		return err
	}
	a.bar.begin("decoding", 1, 1)
	a.piece = a.bar.piece(1)
	opt := c.limits.decode()
	opt.Workers, opt.Progress = c.jobs, telling(a.piece.rest(0), 1)
	in, r, err := a.open(name, &c.access, &opt)
	if err != nil {
		return err
	}
	defer in.close()
	report, err := a.newInfoReport(in.name, r)
	if err != nil {
		return err
	}
	if c.stats {
		format := r.Format()
		s := newStatistics(&format)
		a.piece.is(format.Width, format.Height)
		if err := r.Copy(a.ctx, s, format.Bounds(), 0); err != nil {
			return at(in.name, err)
		}
		report.add(s)
	}
	a.bar.end()
	if c.json {
		return writeJSON(a.stdout, report)
	}
	return report.text().write(a.stdout)
}

// noSubsampling is what is said of files without colours.
const noSubsampling = "none"

// subsampling names the subsampling of a file.
func subsampling(c qtgpu.Chroma) string {
	if c == qtgpu.ChromaAuto {
		return noSubsampling
	}
	return c.String()
}

func (a *app) newInfoReport(name string, r *qtgpu.Reader) (*infoReport, error) {
	i, f := r.Info(), r.Format()
	report := &infoReport{
		File: name, Version: i.Version, rasterReport: newRasterReport(&f), Subsampling: subsampling(i.Subsampling),
		Engine: i.Engine.String(), Promise: promiseOf(r), Step: i.Step,
		Merged: i.Merged, Labels: i.Labels, Colours: len(f.Palette),
		TileSize: i.TileSize, Tiles: i.Tiles, Levels: r.Levels(),
		FileBytes: i.FileBytes, FrontBytes: i.FrontBytes, BodyBytes: i.BodyBytes,
		TableBytes: i.TableBytes, MetadataBytes: i.MetadataBytes, OtherBytes: i.OtherBytes,
		BitsPerPixel: bitsPerPixel(i.FileBytes, f.Width, f.Height), Metadata: []string{},
		about: describe(&f),
	}
	meta, err := a.readMetadata(name, r, false)
	if err != nil {
		return nil, err
	}
	for _, m := range []struct {
		name string
		is   bool
	}{{"ICC", meta.ICC != nil}, {"EXIF", meta.EXIF != nil}, {"XMP", meta.XMP != nil}, {"IPTC", meta.IPTC != nil}, {"PNG", meta.PNG != nil}, {"TIFF", meta.tags != nil}} {
		if m.is {
			report.Metadata = append(report.Metadata, m.name)
		}
	}
	report.SourceBits = meta.tags.Bits()
	g, err := georeference(meta.tags)
	if err != nil {
		a.warn(name, "georeference that cannot be read: %w", err)
	} else if g != nil {
		report.Georeference = newGeoReport(g, &f)
	}
	if report.Modes, err = r.Modes(a.ctx); err != nil {
		return nil, at(name, err)
	}
	return report, nil
}

// geoReport says where the pixels lie.
type geoReport struct {
	CRS crsReport `json:"crs"`
	// Extent is west, south, east and north; with PixelSize and Transform it is null where
	// no affine transform places the pixels.
	Extent    []float64 `json:"extent"`
	PixelSize []float64 `json:"pixel_size"` // of a column and of a row, in units of the CRS
	// Transform gives x = [0] + [1]·column + [2]·row and y = [3] + [4]·column + [5]·row.
	Transform []float64 `json:"transform"`
	Tiepoints int       `json:"tie_points"` // where they alone place the raster
	Point     bool      `json:"pixel_is_point"`
}

// crsReport is a coordinate reference system.
type crsReport struct {
	Name string `json:"name"`
	EPSG int    `json:"epsg"` // 0 where it is none of the register
	Kind string `json:"kind"`
	Unit string `json:"unit"`

	text string
}

func newGeoReport(g *geo.Georeference, f *raster.Format) *geoReport {
	r := &geoReport{
		CRS:       crsReport{g.CRS.Name, g.CRS.EPSG, g.CRS.Kind.String(), g.CRS.Unit.Name, g.CRS.String()},
		Tiepoints: g.Tiepoints, Point: g.PixelIsPoint,
	}
	if box, err := g.Extent(f.Width, f.Height); err == nil {
		column, row := g.Transform.PixelSize()
		r.Extent, r.PixelSize, r.Transform = []float64{box.MinX, box.MinY, box.MaxX, box.MaxY}, []float64{column, row}, g.Transform[:]
	}
	return r
}

func (g *geoReport) write(t *text) {
	t.line("crs", "%s", g.CRS.text)
	switch {
	case g.Extent != nil:
		t.line("extent", "%s (west, south, east, north)", numbers(g.Extent, ","))
		size := numbers(g.PixelSize, " × ") + " " + g.CRS.Unit
		if g.Point {
			size += ", samples are points"
		}
		t.line("pixel", "%s", strings.TrimSpace(size))
	case g.Tiepoints > 0:
		t.line("extent", "by %s, no affine transform", count(g.Tiepoints, "tie point"))
	}
}

// numbers writes coordinates, which are never of a size that needs an exponent.
func numbers(v []float64, between string) string {
	parts := make([]string, len(v))
	for i := range v {
		parts[i] = strconv.FormatFloat(v[i], 'f', -1, 64)
	}
	return strings.Join(parts, between)
}

// samples says what is unusual about a picture's samples.
func (r *infoReport) samples() (s string) {
	if r.Subsampling != noSubsampling {
		s = ", subsampling " + r.Subsampling
	}
	if last := r.Bands[len(r.Bands)-1].Role; last == raster.Premultiplied.String() {
		s += ", " + last
	}
	switch t := r.Type; {
	case t == raster.Uint8.String() && r.Maximum != math.MaxUint8, t == raster.Uint16.String() && r.Maximum != math.MaxUint16,
		t == raster.Uint32.String() && r.Maximum != math.MaxUint32:
		s += fmt.Sprintf(", samples up to %d", r.Maximum)
	}
	return s
}

func (r *infoReport) text() *text {
	var t text
	t.line("file", "%s: %s bytes, %.3f bits per pixel, format version %d", r.File, grouped(r.FileBytes), r.BitsPerPixel, r.Version)
	t.line("image", "%s%s", r.about, r.samples())
	r.came(&t, &r.Promise)
	if g := r.Georeference; g != nil {
		g.write(&t)
	}
	r.rasterReport.text(&t)
	if r.Labels {
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
	t.line("promise", "%v; largest error %s", &r.Promise, r.Promise.values(r.Promise.Stated))
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
