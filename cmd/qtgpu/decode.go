package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"strconv"
	"strings"

	"github.com/qtgpu/qtgpu"
	"github.com/qtgpu/qtgpu/internal/imagefile"
	"github.com/qtgpu/qtgpu/raster"
)

// decode writes the picture of a .qtg file, or a region or an overview of it.
func (a *app) decode(c *convertFlags, in *source) error {
	format, err := c.decodedFormat()
	if err != nil {
		return err
	}
	region, err := parseRegion(c.region)
	if err != nil {
		return err
	}
	bar := a.progress("decoding", c.quiet)
	opt := c.limits.decode()
	opt.Workers, opt.KeepGoing, opt.Progress = c.jobs, c.keepGoing, bar.update
	r, err := in.reader(a.ctx, &opt)
	if errors.Is(err, io.ErrUnexpectedEOF) && !c.keepGoing && in.partial(a.ctx, opt) {
		return fmt.Errorf("%w: --keep-going gives what there is", err)
	}
	if err != nil {
		return err
	}
	if region, err = within(r, region, c.level); err != nil {
		return err
	}
	out, err := a.createPicture(c.out, c.force)
	if err != nil {
		return err
	}
	meta, err := a.metadata(in.name, r, c.keepGoing)
	if err != nil {
		return err
	}
	f := r.Format()
	f.Width, f.Height = region.Dx(), region.Dy()
	if left := imagefile.Unsaid(format, &f, meta); len(left) > 0 {
		a.warn(out.name, "left out or changed for %s: %s", format, strings.Join(left, ", "))
	}
	// Colour of half the width and height stays so in a JPEG file.
	write := imagefile.WriteOptions{Quality: c.quality, Subsample: r.Info().Subsampling == qtgpu.Chroma420}
	picture, err := imagefile.Create(out, format, &f, meta, write)
	if err != nil {
		return out.blame(out.name, err)
	}
	err = r.Copy(a.ctx, blamed{picture}, region, c.level)
	bar.clear()
	if e := (*sinkError)(nil); errors.As(err, &e) {
		return out.blame(out.name, e.error)
	}
	if err != nil {
		return at(in.name, err)
	}
	a.tellLost(in.name, r)
	if err := picture.Close(); err != nil {
		return out.blame(out.name, err)
	}
	return a.commit(noReport)
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

// metadata reads the metadata of a file. Where it keeps going, it takes what can be read
// and warns of what was lost.
func (a *app) metadata(name string, r *qtgpu.Reader, keepGoing bool) (imagefile.Meta, error) {
	meta, err := r.Metadata(a.ctx)
	if err != nil && !keepGoing {
		return imagefile.Meta{}, at(name, err)
	}
	if err != nil {
		a.losePart(name, "damaged beside the tiles: %s", message(err))
	}
	return imagefile.Meta(meta), nil
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
