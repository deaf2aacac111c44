package container

import (
	"context"
	"errors"
	"fmt"
)

// Want names a segment.
type Want struct {
	Tile int // in raster order
	Part Part
}

// Segments reads segments, in the order of want, all in one round trip behind one that
// reads the indices which are not kept. A segment that is damaged is nil (an empty one
// is not), and the error then joins the *TileError of each; all others are returned.
// With any other error, a *ReadError or from ctx, there are none. The caller must not
// change what is returned.
func (r *Reader) Segments(ctx context.Context, want []Want) ([][]byte, error) {
	found, err := r.lookUp(ctx, want)
	if err != nil {
		return nil, err
	}
	ranges := make([]Range, len(want))
	for i, f := range found {
		if f.page != nil {
			ranges[i] = f.segments().at(f.entry())
		}
	}
	data, err := r.in.read(ctx, ranges)
	if err != nil {
		return nil, err
	}
	var errs []error
	for i, f := range found {
		if err := f.check(data[i]); err != nil {
			data[i] = nil
			errs = append(errs, f.failed(err))
		}
	}
	return data, errors.Join(errs...)
}

// Far tells whether the input is a RangeReader: whether all segments of a request are best
// asked for at once.
func (r *Reader) Far() bool {
	_, ok := r.in.r.(RangeReader)
	return ok
}

// Size is the length of a segment. The error is a *TileError where the index of its
// group is damaged.
func (r *Reader) Size(ctx context.Context, tile int, part Part) (int64, error) {
	found, err := r.lookUp(ctx, []Want{{tile, part}})
	if err != nil {
		return 0, err
	}
	if f := found[0]; f.page == nil {
		return 0, f.failed(f.err)
	}
	return found[0].segments().at(found[0].entry()).Length, nil
}

// TileError returns err as the error of a part of a tile.
func (r *Reader) TileError(ctx context.Context, tile int, part Part, err error) error {
	found, lookErr := r.lookUp(ctx, []Want{{tile, part}})
	if lookErr != nil {
		return lookErr
	}
	return found[0].failed(err)
}

// found is a segment that the index names, or why none does.
type found struct {
	Want
	page *page
	off  int64 // of the index
	err  error
}

func (f *found) entry() int          { return f.Tile - f.page.first }
func (f *found) segments() *segments { return f.page.part(f.Part) }

// check checks what has been read of the segment.
func (f *found) check(p []byte) error {
	if f.page == nil {
		return f.err
	}
	return f.segments().check(f.entry(), p)
}

func (f *found) failed(err error) *TileError {
	off := f.off
	if f.page != nil {
		off = f.segments().at(f.entry()).Offset
	}
	return &TileError{Tile: f.Tile, Part: f.Part, Offset: off, Err: err}
}

// lookUp finds segments, and reads the indices that it needs at once.
func (r *Reader) lookUp(ctx context.Context, want []Want) ([]found, error) {
	type loaded struct {
		page *page
		err  error
	}
	groups := map[int]loaded{}
	var missing []int
	for _, w := range want {
		if w.Tile < 0 || w.Tile >= r.header.Tiles() || w.Part != Front && w.Part != Body {
			return nil, fmt.Errorf("%s of tile %d, expected %s or %s of 0 to %d", w.Part, w.Tile, Front, Body, r.header.Tiles()-1)
		}
		g := r.header.Group(w.Tile)
		if _, ok := groups[g]; ok {
			continue
		}
		page := r.pages.get(g)
		groups[g] = loaded{page: page}
		switch {
		case page != nil:
		case g >= len(r.root.groups):
			groups[g] = loaded{err: r.lost}
		default:
			missing = append(missing, g)
		}
	}
	pages, errs, err := r.loadPages(ctx, missing)
	if err != nil {
		return nil, err
	}
	for i, g := range missing {
		groups[g] = loaded{pages[i], errs[i]}
	}
	out := make([]found, len(want))
	for i, w := range want {
		g := r.header.Group(w.Tile)
		out[i] = found{Want: w, page: groups[g].page, off: r.offset(g), err: groups[g].err}
	}
	return out, nil
}

// offset is where the index of a group is, or where the input ends before it.
func (r *Reader) offset(g int) int64 {
	if g < len(r.root.groups) {
		return r.root.groups[g].index.off
	}
	return r.in.size
}

// loadPages reads the indices of groups. One that is damaged is nil and has an error.
func (r *Reader) loadPages(ctx context.Context, groups []int) ([]*page, []error, error) {
	pages, errs := make([]*page, len(groups)), make([]error, len(groups))
	var ranges []Range
	for i, g := range groups {
		c := r.root.groups[g].index
		at := c.all()
		if errs[i] = r.header.checkIndex(g, c); errs[i] != nil {
			at.Length = 0
		}
		ranges = append(ranges, at)
	}
	data, err := r.in.read(ctx, ranges)
	if err != nil {
		return nil, nil, err
	}
	for i, g := range groups {
		if errs[i] != nil {
			continue
		}
		if pages[i], errs[i] = r.parsePage(g, data[i]); errs[i] == nil {
			r.pages.put(pages[i])
		}
	}
	return pages, errs, nil
}

// parsePage reads the index of a group, the chunk p, and holds it against ROOT.
func (r *Reader) parsePage(g int, p []byte) (*page, error) {
	place := &r.root.groups[g]
	if err := place.index.verify(p); err != nil {
		return nil, err
	}
	payload, err := place.index.open(p)
	if err != nil {
		return nil, err
	}
	pg, err := r.header.parsePage(g, place.index, payload, r.limit())
	if err != nil {
		return nil, err
	}
	for _, part := range []struct {
		kind         string
		size, listed int64
	}{{typeFront, place.front, pg.front.total()}, {typeBody, place.body, pg.body.total()}} {
		if part.size >= 0 && part.size != part.listed {
			return nil, malformed(place.index.off, "chunk %s of %d bytes, the index lists %d", part.kind, part.size, part.listed)
		}
	}
	return pg, nil
}
