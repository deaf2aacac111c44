package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/internal/progress"
	"github.com/qtgpu/qtgpu/raster"
)

// Thousandths of a decode: decoding itself, and of JPEG compressing. The rest is rows that are
// written, compressed by other formats, and bringing the file to the disk.
const (
	decodeShare   = 400
	compressShare = 500
)

// decoding is one decode.
type decoding struct {
	c      *convertFlags
	in     *source
	r      *qtgpu.Reader
	name   string // of the output
	format string // of its file
	meta   metadata
	level  int
	region image.Rectangle // in pixels of the level
	from   raster.Format   // of the region
	// stretch makes a picture of the samples, nil where they stay.
	stretch *stretched
	// fullDepth has samples written with all bits of their type, though they had fewer.
	fullDepth bool
}

// decode writes the samples of a .qtg file, or of a region or an overview of it.
func (a *app) decode(c *convertFlags, in *source) error {
	d := &decoding{c: c, in: in}
	var err error
	if d.name, d.format, err = c.decodedName(); err != nil {
		return err
	}
	if d.region, err = parseRegion(c.region); err != nil {
		return err
	}
	stretch, err := parseStretch(c.stretch)
	if err != nil {
		return err
	}
	if err := d.open(a); err != nil {
		return err
	}
	if err := d.shape(a.ctx, stretch); err != nil {
		return err
	}
	if err := c.idleInDecoding(d.format); err != nil {
		return err
	}
	out, err := a.createPicture(d.name, c.force)
	if c.skipExisting && errors.Is(err, errExists) {
		return a.skip(c, d.name)
	}
	if err != nil {
		return err
	}
	if err := d.write(a, out); err != nil {
		return err
	}
	return a.commit(noReport)
}

// open opens the file and finds the part of it that is asked for.
func (d *decoding) open(a *app) (err error) {
	opt := d.c.limits.decode()
	opt.Workers, opt.KeepGoing, opt.Progress = d.c.jobs, d.c.keepGoing, telling(a.piece.part(decodeShare), 1)
	d.r, err = d.in.reader(a.ctx, &opt)
	if errors.Is(err, io.ErrUnexpectedEOF) && !d.c.keepGoing && d.in.partial(a.ctx, opt) {
		return fmt.Errorf("%w: --keep-going gives what there is", err)
	}
	if err != nil {
		return err
	}
	if d.meta, err = a.readMetadata(d.in.name, d.r, d.c.keepGoing); err != nil {
		return err
	}
	return d.part()
}

// part finds the level and the region: of --max-side the finest level with no side above.
func (d *decoding) part() (err error) {
	asked := d.region
	for d.level = d.c.level; ; d.level++ {
		if d.region, err = within(d.r, asked, d.level); err == nil && d.c.box.box != "" {
			d.region, err = d.c.box.region(d.meta.tags, d.level, d.r.Size(d.level))
		}
		if most := d.c.maxSide; err != nil || most == 0 || max(d.region.Dx(), d.region.Dy()) <= most {
			return err
		}
	}
}

// shape decides the format of the samples and of their file.
func (d *decoding) shape(ctx context.Context, s *stretch) (err error) {
	d.from = d.r.Format()
	d.from.Width, d.from.Height = d.region.Dx(), d.region.Dy()
	if d.format == "" {
		d.format = "tif"
		_, err := imagefile.Create(io.Discard, "png", &d.from, imagefile.Meta{}, imagefile.WriteOptions{})
		if s != nil || err == nil && !slices.ContainsFunc(d.meta.tags, isGeo) {
			d.format = "png"
		}
	}
	if d.c.out == "" {
		d.name += "." + d.format
	}
	if s != nil && s.auto {
		if s, err = d.autoStretch(ctx); err != nil {
			return err
		}
	}
	if s != nil {
		if d.stretch, err = newStretched(*s, &d.from, d.format); err != nil {
			return usageError{at(d.in.name, err)}
		}
		d.meta.tags = pictureTags(d.meta.tags)
	}
	return nil
}

// autoStretch is from the least to the largest sample of what is shown, nil where the file
// holds the samples as they are.
func (d *decoding) autoStretch(ctx context.Context) (*stretch, error) {
	if _, err := imagefile.Create(io.Discard, d.format, &d.from, imagefile.Meta{}, imagefile.WriteOptions{}); err == nil {
		return nil, nil
	}
	bands, _, err := shown(&d.from)
	if err != nil {
		return nil, usageError{at(d.in.name, err)}
	}
	s := newStatistics(&d.from)
	if err := d.r.Copy(ctx, s, d.region, d.level); err != nil {
		return nil, at(d.in.name, err)
	}
	least, most := s.all(bands...)
	if least >= most { // one value, or none
		return &stretch{min: least, max: least + 1}, nil
	}
	return &stretch{min: least, max: most}, nil
}

// to is the format of the samples that are written.
func (d *decoding) to() *raster.Format {
	if d.stretch != nil {
		return d.stretch.to
	}
	return &d.from
}

// place moves the georeference to the part, and gives what the file leaves out or changes,
// and what is said of it unless the command is quiet.
func (d *decoding) place() (left []string, note string) {
	left = d.unsaid()
	if d.format != "tif" {
		return append(left, d.meta.tags.Names()...), ""
	}
	tags, err := window(d.meta.tags, d.region.Min, d.level)
	if err != nil {
		left = append(left, fmt.Sprintf("georeference that cannot be moved to the part (%v)", err))
	}
	d.meta.tags = tags
	if d.changed() {
		var n int
		if d.meta.tags, n = tags.WithoutStatistics(); n > 0 {
			note = otherStatistics
		}
	}
	return left, note
}

// unsaid names what the file leaves out or changes of the raster and its metadata.
func (d *decoding) unsaid() []string {
	return imagefile.Unsaid(d.format, d.to(), d.meta.Meta, imagefile.WriteOptions{Tags: d.meta.tags, FullDepth: d.fullDepth})
}

// changed tells whether the samples are others than the ones that were encoded, or not all of
// them.
func (d *decoding) changed() bool {
	p := promiseOf(d.r)
	return d.level > 0 || d.region.Size() != d.r.Size(0) || p.Bound != boundMax || slices.Max(p.Stated) > 0
}

// tolerance is by how much floating point of each band may be rounded within the promise,
// nil where it may not.
func (d *decoding) tolerance() (room []float64) {
	p := promiseOf(d.r)
	if d.level > 0 || p.Bound != boundMax || p.T == 0 {
		return nil
	}
	for _, v := range p.Stated {
		room = append(room, p.T-v)
	}
	return room
}

// create begins a file of samples of a format.
func (d *decoding) create(out io.Writer, f *raster.Format, compressing *progress.Work) (imagefile.Writer, error) {
	write := imagefile.WriteOptions{
		// Colour of half the width and height stays so in a JPEG file.
		Quality: d.c.quality, Subsample: d.r.Info().Subsampling == qtgpu.Chroma420, Progress: telling(compressing, 1),
		Tags: d.meta.tags, FullDepth: d.fullDepth, Tolerance: d.tolerance(),
	}
	return imagefile.Create(out, d.format, f, d.meta.Meta, write)
}

// hint adds a way to a picture to an error that refuses the samples, if there is one.
func (d *decoding) hint(err error) error {
	s, none := newStretched(stretch{}, &d.from, d.format)
	if d.stretch == nil && d.format != "tif" && none == nil {
		if _, none = d.create(io.Discard, s.to, nil); none == nil {
			return fmt.Errorf("%w, or --stretch MIN,MAX makes a picture of 8 bits", err)
		}
	}
	return err
}

// write decodes the part to its file. Where samples have become others than so few bits hold
// as they had, it begins again with all bits of their type.
func (d *decoding) write(a *app, out *output) error {
	a.bar.name("decoding")
	a.piece.is(d.from.Width, d.from.Height)
	left, note := d.place()
	var compressing *progress.Work
	if d.format == "jpg" {
		compressing = a.piece.part(compressShare)
	}
	picture, err := d.create(out, d.to(), compressing)
	if err != nil {
		return out.blame(out.name, d.hint(err))
	}
	if err := d.leave(a, out, left); err != nil {
		return err
	}
	if note != "" && !d.c.quiet {
		a.warn(out.name, "%s", note)
	}
	err = d.copy(a, out, picture, a.piece.rest(writeShare).Of(int64(d.region.Dy())))
	if few := (*imagefile.DepthError)(nil); errors.As(err, &few) {
		return d.deepen(a, out, few)
	}
	return err
}

// leave names what the file leaves out or changes.
func (d *decoding) leave(a *app, out *output, left []string) error {
	return a.leave(out.name, d.c.strict, "left out or changed for "+d.format, left)
}

// deepen begins again with all bits.
func (d *decoding) deepen(a *app, out *output, few *imagefile.DepthError) error {
	changes := []string{fmt.Sprintf("samples of %d bits are written as %d, since they have changed: %v", few.Bits, 8*d.from.Type.Size(), few)}
	said := d.unsaid()
	d.fullDepth = true
	for _, what := range d.unsaid() {
		if !slices.Contains(said, what) {
			changes = append(changes, what)
		}
	}
	if err := d.leave(a, out, changes); err != nil {
		return err
	}
	if err := out.restart(); err != nil {
		return at(out.name, err)
	}
	picture, err := d.create(out, d.to(), nil)
	if err != nil {
		return out.blame(out.name, err)
	}
	return d.copy(a, out, picture, nil)
}

// copy decodes the part to a file that has begun.
func (d *decoding) copy(a *app, out *output, picture imagefile.Writer, rows *progress.Work) error {
	var sink raster.Sink = picture
	if d.stretch != nil {
		d.stretch.picture = picture
		sink = d.stretch
	}
	err := d.r.Copy(a.ctx, blamed{paced{sink, rows}}, d.region, d.level)
	if e := (*sinkError)(nil); errors.As(err, &e) {
		return out.blame(out.name, e.error)
	}
	if err != nil {
		return at(d.in.name, err)
	}
	a.tellLost(d.in.name, d.r)
	return out.blame(out.name, picture.Close())
}

// blamed marks the errors of a sink, which are not the input's.
type blamed struct{ raster.Sink }

type sinkError struct{ error }

func (e *sinkError) Unwrap() error { return e.error }

func (s blamed) WriteBlock(ctx context.Context, b *raster.Block) error {
	if err := s.Sink.WriteBlock(ctx, b); err != nil {
		return &sinkError{err}
	}
	return nil
}

// tellLost warns of the tiles that were lost.
func (a *app) tellLost(name string, r *qtgpu.Reader) {
	if lost := r.LostTiles(); len(lost) > 0 {
		a.losePart(name, "%d of %d tiles lost and filled from the overview, blank where that is lost too: %s", len(lost), r.Info().Tiles, list(lost))
	}
}

// list names rectangles as --region takes them, the first of many.
func list(rects []image.Rectangle) string {
	const most = 20
	names := make([]string, 0, most+1)
	for i, r := range rects {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(rects)-most))
			break
		}
		names = append(names, fmt.Sprintf("%d,%d,%d,%d", r.Min.X, r.Min.Y, r.Dx(), r.Dy()))
	}
	return strings.Join(names, " ")
}

// parseRegion parses X,Y,W,H; the zero rectangle stands for "".
func parseRegion(s string) (image.Rectangle, error) {
	if s == "" {
		return image.Rectangle{}, nil
	}
	parts := strings.Split(s, ",")
	var v [4]int64
	for i := range v {
		n := int64(-1)
		if len(parts) == len(v) {
			if u, err := strconv.ParseUint(strings.TrimSpace(parts[i]), 10, 31); err == nil {
				n = int64(u)
			}
		}
		if n < 0 || i >= 2 && n == 0 {
			return image.Rectangle{}, usagef("--region %q: expected X,Y,W,H in whole pixels of the level, W and H at least 1", s)
		}
		v[i] = n
	}
	return image.Rect(int(v[0]), int(v[1]), int(v[0]+v[2]), int(v[1]+v[3])), nil
}

// within holds level and region against the file; the empty region is all of it.
func within(r *qtgpu.Reader, region image.Rectangle, level int) (image.Rectangle, error) {
	if level >= r.Levels() {
		return region, usagef("--level %d: expected 0 to %d for this file", level, r.Levels()-1)
	}
	all := image.Rectangle{Max: r.Size(level)}
	if region.Empty() {
		return all, nil
	}
	if !region.In(all) {
		return region, usagef("--region: %d,%d,%d,%d exceeds the %d×%d pixels of level %d",
			region.Min.X, region.Min.Y, region.Dx(), region.Dy(), all.Dx(), all.Dy(), level)
	}
	return region, nil
}
