// Package compare holds qtgpu against other codecs: at equal PSNR, at equal bytes, within the
// same bound, and without loss. All of them, qtgpu too, are programs that read and write files
// in a temporary folder, but for JPEG and PNG of Go's library.
package compare

import (
	"context"
	"fmt"
	"image"
	"math"
	"time"

	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/progress"
)

// Options are what is compared, and how.
type Options struct {
	T       []float64 // thresholds of qtgpu; 0 is lossless
	Against []string  // of Families
	Self    string    // where qtgpu's program is
	Version string    // of it
	Jobs    int       // threads of each program that lets them be chosen
	Shop    *Workshop
	Own     Own
	// Curves has pictures coded at more settings, Crops has parts of them cut out.
	Curves, Crops bool
	Progress      *progress.Work
	Say           func(what string) // told what is done next
}

// Own is what qtgpu's library tells of its files.
type Own interface {
	// Promise says what a file promises, as "lossless", "max 10" or "rms 10", and whether
	// that holds of an original, which is an image file.
	Promise(ctx context.Context, file, original string) (promise string, holds bool, err error)
	// Leaves are the leaves of the quadtree of the first plane, none where there is no tree.
	Leaves(ctx context.Context, file string) ([]image.Rectangle, error)
}

// runner is a comparison at work.
type runner struct {
	opt      *Options
	original *original
	pilot    *original // the original where it is small
	tools    *tools
	limits   limits
	report   *Report
	inputs   map[string]bool
	fine     bool // colours at full resolution, as qtgpu has them below T = 2
	peers    []*peer
	codings  map[string]*coding // of photographs, by prefix and peer
	curves   []*curve
}

// What a program may take: a minute, and for each million of pixels 25 seconds, which is five
// times what the slowest takes on two cores; and four times the samples on the disk.
const (
	leastTime    = time.Minute
	timePerPixel = 25 * time.Microsecond
	leastDisk    = 64 << 20
)

// Run compares the raster of a file. A program that fails is a row that says so; the error is
// of the original, of the folder, or the cause of ctx's end.
func Run(ctx context.Context, name string, f *imagefile.File, opt *Options) (*Report, error) {
	o, err := newOriginal(ctx, name, f)
	if err != nil {
		return nil, err
	}
	r := &runner{
		opt: opt, original: o, pilot: o.pilot(), inputs: map[string]bool{}, codings: map[string]*coding{},
		tools:  &tools{shop: opt.Shop, self: &found{opt.Self, opt.Version}, cache: map[string]*found{}},
		limits: limits{leastTime + time.Duration(o.pixels())*timePerPixel, leastDisk + 4*o.format.Bytes()},
		report: &Report{
			Input: name, Width: o.format.Width, Height: o.format.Height, Bands: len(o.format.Bands), Type: o.format.Type.String(),
			PixelBytes: o.format.Bytes(), Photograph: o.photo, Version: opt.Version, Machine: machine(), Date: time.Now().UTC().Truncate(time.Second),
		},
	}
	if o.photo {
		r.report.PixelBytes = o.pixels() * int64(o.image.Channels)
	}
	r.say("asking programs for their versions")
	if r.peers, r.report.Missing, err = r.tools.choose(ctx, opt.Against, o); err != nil {
		return nil, err
	}
	work := opt.Progress.Of(int64(len(opt.T)))
	for _, t := range opt.T {
		c, err := r.at(ctx, t, work.Part(1))
		if err != nil {
			return nil, err
		}
		r.report.Comparisons = append(r.report.Comparisons, *c)
	}
	r.finish()
	return r.report, nil
}

// finish completes the report.
func (r *runner) finish() {
	r.report.Programs = append(r.report.Programs, Program{"qtgpu", r.opt.Version})
	r.report.Programs = append(r.report.Programs, r.tools.used...)
	r.report.Programs = append(r.report.Programs, Program{"image/jpeg, image/png", goVersion()})
	if len(r.curves) == 0 || !r.opt.Curves {
		return
	}
	r.report.Pilot = "the whole picture"
	if r.pilot != r.original {
		r.report.Pilot = fmt.Sprintf("%d squares of %d × %d pixels from all over the picture, laid side by side",
			pilotSquares*pilotSquares, pilotSide, pilotSide)
	}
	for _, c := range r.curves {
		r.report.Curves = append(r.report.Curves, c.report())
	}
}

func (r *runner) say(format string, args ...any) {
	if r.opt.Say != nil {
		r.opt.Say(fmt.Sprintf(format, args...))
	}
}

// input is the name of a file of the original, which is written where it is asked for first.
func (r *runner) input(of *original, kind string, colours bool) (string, error) {
	kind = of.as(kind, colours)
	name := "in"
	if of != r.original {
		name = "pilot"
	}
	if of.image != nil && of.image.Palette != nil && colours && kind == asTIFF {
		name += "-colours"
	}
	name += of.ext(kind)
	if r.inputs[name] {
		return name, nil
	}
	if err := r.opt.Shop.begin(); err != nil {
		return "", err
	}
	defer r.opt.Shop.running.Done()
	err := of.write(context.Background(), r.opt.Shop.path(name), kind, colours)
	r.inputs[name] = err == nil
	return name, err
}

// at compares at a threshold.
func (r *runner) at(ctx context.Context, t float64, work *progress.Work) (*Comparison, error) {
	defer work.Finish()
	c := &Comparison{T: t}
	if t == 0 {
		table, err := r.lossless(ctx, t, work)
		c.Tables = []Table{table}
		return c, err
	}
	work = work.Of(4)
	if r.original.photo {
		tables, err := r.photo(ctx, t, work.Part(3))
		if err != nil {
			return nil, err
		}
		c.Tables = tables
	}
	table, err := r.bounded(ctx, t, work.Rest())
	if err == nil && table != nil {
		c.Tables = append(c.Tables, *table)
	}
	return c, err
}

// of are the peers of a class.
func (r *runner) of(c class) (of []*peer) {
	for _, p := range r.peers {
		if p.class == c {
			of = append(of, p)
		}
	}
	return of
}

// lossless lays files without loss side by side.
func (r *runner) lossless(ctx context.Context, t float64, work *progress.Work) (Table, error) {
	table := Table{By: Lossless}
	err := r.fixed(ctx, &table, own(selfProgram, lossless, ""), t, work)
	return table, err
}

// bounded lays files that promise the same bound on every sample side by side; nil where it
// is below a step of the samples, or of a photograph without a peer.
func (r *runner) bounded(ctx context.Context, t float64, work *progress.Work) (*Table, error) {
	bound := ""
	if r.original.photo {
		if t, bound = math.Floor(t), "--bound max "; t < 1 || len(r.of(bounded)) == 0 {
			return nil, nil
		}
	}
	table := &Table{By: Bounded, Target: &t}
	return table, r.fixed(ctx, table, own(selfProgram, bounded, bound), t, work)
}

// fixed fills a table of files for which there is nothing to search: of qtgpu and of the peers
// of its class.
func (r *runner) fixed(ctx context.Context, table *Table, us *peer, t float64, work *progress.Work) error {
	all := append([]*peer{us}, r.of(us.class)...)
	work = work.Of(int64(len(all)))
	var runs func(*probe) int
	if r.original.photo && us.class == bounded { // it has other tables for times
		runs = oftenIfFast
	}
	for _, p := range all {
		r.say("%s, T = %s", p.name, number(t))
		c, setting := r.start(p, r.original, t), ""
		if p == us {
			setting = number(t)
		}
		row, err := c.row(ctx, setting, runs)
		if err != nil {
			return err
		}
		c.clean()
		table.Rows = append(table.Rows, row.Row)
		work.Add(1)
	}
	return nil
}

// clean removes the files of a coding.
func (c *coding) clean() {
	for _, p := range c.probes {
		c.opt.Shop.remove(p.out)
	}
}

// selfProgram is qtgpu among programs.
var selfProgram = &program{name: "qtgpu"}
