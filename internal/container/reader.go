package container

import (
	"context"
	"errors"
	"io"
	"math"
	"slices"
)

// Options limits what a file may demand.
type Options struct {
	MaxPixels int64 // 0 = DefaultMaxPixels
	// Partial opens a file that is cut behind the index of its first group, or goes on
	// behind its end: the segments that are missing cannot be read, all others can.
	// Where the end of a file of several groups is missing, there are no overviews and
	// no largest errors.
	Partial bool
}

// Sizes are the bytes of a file by use. File is the whole: beside the others it has the
// other chunks, and the types, lengths and checksums of all.
type Sizes struct {
	File, Plan, Metadata, Index, Front, Body, Overviews int64
}

// Reader gives access to the parts of a file. Its methods may be called concurrently
// where the io.ReaderAt allows it.
type Reader struct {
	in      *input
	header  *Header
	plan    *Plan
	root    root  // with the groups that are there
	lost    error // why others are not
	ended   error // why there is no end of several groups
	partial bool
	pages   pages
	// ancillary are all such chunks, known or not; metadata has the known kinds.
	ancillary []*chunk
	metadata  map[Kind]*chunk
	sizes     Sizes
}

// Open reads a file of size bytes up to the index of its first group, and of several
// groups its end: with one read of the front, and one of the end, where what is asked
// for is not unusually large. An r that is a RangeReader is asked for both at once.
// Invalid input is a *FormatError, what this version cannot read an *UnsupportedError,
// an image above o.MaxPixels an error that wraps ErrTooLarge, a failure of r a
// *ReadError. Memory is bounded by size.
func Open(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Reader, error) {
	rd := newReader(r, size)
	rd.partial = o.Partial
	ends := []Range{{0, min(size, readAhead)}}
	if _, ok := r.(RangeReader); ok && size > readAhead {
		from := max(size-readTail, 0)
		ends = append(ends, Range{from, size - from})
	}
	if err := rd.in.hold(ctx, ends...); err != nil {
		return nil, err
	}
	s := &scanner{input: rd.in, ctx: ctx}
	if err := rd.readHead(s, o.MaxPixels); err != nil {
		return nil, err
	}
	if err := rd.readGroups(s); err != nil {
		return nil, err
	}
	for i := range rd.root.groups {
		g := &rd.root.groups[i]
		rd.sizes.Index += g.index.size
		rd.sizes.Front += max(g.front, 0)
		rd.sizes.Body += max(g.body, 0)
	}
	for _, o := range rd.root.overs {
		rd.sizes.Overviews += o.file.Length
	}
	return rd, nil
}

func newReader(r io.ReaderAt, size int64) *Reader {
	return &Reader{in: &input{r: r, size: size}, metadata: map[Kind]*chunk{}, sizes: Sizes{File: size}}
}

// readHead reads all that comes before the groups, and leaves the scanner there.
func (r *Reader) readHead(s *scanner, maxPixels int64) (err error) {
	if r.header, err = s.header(maxPixels); err != nil {
		return err
	}
	if r.plan, err = s.plan(); err != nil {
		return err
	}
	r.sizes.Plan = int64(len(r.plan.Payload))
	for range maxAncillary + 1 {
		off := s.off
		c, err := s.next(typeIndex)
		if c != nil && c.kind == typeIndex {
			s.off = off
			return nil
		}
		if err == nil {
			err = r.addAncillary(c, s.read)
		}
		if err != nil {
			return err
		}
	}
	return malformed(s.off, "more than %d ancillary chunks before %s", maxAncillary, typeIndex)
}

// addAncillary takes a chunk between PLAN and the first INDX. It reads those that tell of
// the samples.
func (r *Reader) addAncillary(c *chunk, read func(*chunk) ([]byte, error)) error {
	if !c.ancillary() {
		return c.misplaced(typeIndex)
	}
	known := c.kind == typeBand || c.kind == typePlace || slices.Contains(kinds, Kind(c.kind))
	if known && slices.ContainsFunc(r.ancillary, func(o *chunk) bool { return o.kind == c.kind }) {
		return malformed(c.off, "second chunk %s, expected one", c.kind)
	}
	r.ancillary = append(r.ancillary, c)
	if !known {
		return nil
	}
	if r.sizes.Metadata += c.size; c.size > MaxMetadata || r.sizes.Metadata > MaxMetadata {
		return malformed(c.off, "chunk %s: metadata of %d bytes so far, expected at most %d", c.kind, r.sizes.Metadata, MaxMetadata)
	}
	switch c.kind {
	case typeBand, typePlace:
		return r.readSamples(c, read)
	}
	r.metadata[Kind(c.kind)] = c
	return nil
}

// readSamples reads band or plac.
func (r *Reader) readSamples(c *chunk, read func(*chunk) ([]byte, error)) error {
	p, err := read(c)
	if err != nil {
		return err
	}
	if c.kind == typeBand {
		return parseBands(p, c.off, r.header.Bands)
	}
	if r.header.Place, err = parsePlace(p, c.off); err != nil {
		return err
	}
	if err := r.header.validatePlace(); err != nil {
		return err
	}
	if sum := PlanHash(r.header, r.plan); sum != r.header.Place.Plan {
		return malformed(c.off, "plac: the plan's hash is %x, expected %x", r.header.Place.Plan, sum)
	}
	return nil
}

// readGroups finds the groups, from where the scanner stands on.
func (r *Reader) readGroups(s *scanner) error {
	if r.header.Groups() == 1 {
		return r.readOnly(s)
	}
	first := s.off
	c, err := r.in.findRoot(s.ctx, first)
	if err == nil {
		var root *root
		if root, err = r.header.readRoot(s, c, first); err == nil {
			r.root = *root
			return nil
		}
	}
	if r.partial && damage(err) {
		r.ended = err
		return r.walk(s)
	}
	return err
}

// readOnly reads the index of the only group, which begins with the largest errors.
// FRNT and BODY follow from it.
func (r *Reader) readOnly(s *scanner) error {
	c, err := s.next(typeIndex)
	if err != nil {
		return err
	}
	if err := r.header.checkIndex(0, c); err != nil {
		return err
	}
	p, err := s.read(c)
	if err != nil {
		return err
	}
	d := fields{kind: typeIndex, off: c.off, rest: p}
	r.root.worst = r.header.parseErrors(&d)
	if d.err != nil {
		return d.err
	}
	pg, err := r.header.parsePage(0, c, d.rest, r.limit())
	if err != nil {
		return err
	}
	g := group{c, pg.front.total(), pg.body.total()}
	r.root.groups = []group{g}
	r.pages.put(pg)
	if r.partial {
		return nil
	}
	switch end := g.bodyChunk().end(); {
	case end > r.in.size:
		return truncated(r.in.size, "%s and %s end at byte %d, found %d bytes", typeFront, typeBody, end, r.in.size)
	case end < r.in.size:
		return malformed(end, "%d bytes after chunk %s, expected the end", r.in.size-end, typeBody)
	}
	return nil
}

// limit is what no part of a group exceeds: of a cut file it is not known, and far from
// where sums of offsets would wrap.
func (r *Reader) limit() int64 {
	if r.partial {
		return math.MaxInt64 / 8
	}
	return r.in.size
}

// walk finds the groups that are there by their chunks.
func (r *Reader) walk(s *scanner) error {
	for range r.header.Groups() {
		g, err := walkGroup(s)
		if err != nil && !damage(err) {
			return err
		}
		if g.index != nil {
			r.root.groups = append(r.root.groups, g)
		}
		if r.lost = err; err != nil {
			break
		}
	}
	if len(r.root.groups) == 0 {
		return r.lost
	}
	return nil
}

// walkGroup finds a group, with an error where it is not whole; without an index it is
// not there.
func walkGroup(s *scanner) (group, error) {
	g := group{front: -1, body: -1}
	c, err := s.nextOf(typeIndex)
	if err != nil {
		return g, err
	}
	g.index = c
	if c, err = s.nextOf(typeFront); c != nil {
		g.front = c.size
	}
	if err != nil {
		return g, err
	}
	if c, err = s.nextOf(typeBody); c != nil {
		g.body = c.size
	}
	return g, err
}

// damage tells whether an error says something of the file, not of reading it.
func damage(err error) bool {
	return errors.As(err, new(*FormatError)) || errors.As(err, new(*UnsupportedError))
}

// Header returns the header. The caller must not change it.
func (r *Reader) Header() *Header { return r.header }

// Plan returns the plan. The caller must not change it.
func (r *Reader) Plan() *Plan { return r.plan }

// Worst returns the largest error of each band, in the unit of T; nil where Partial
// found no end that says it.
func (r *Reader) Worst() []uint64 { return r.root.worst }

// Sizes returns the bytes of the file by use.
func (r *Reader) Sizes() Sizes { return r.sizes }

// Metadata reads a chunk of metadata, nil when the file has none of that kind.
func (r *Reader) Metadata(ctx context.Context, kind Kind) ([]byte, error) {
	c := r.metadata[kind]
	if c == nil {
		return nil, nil
	}
	p, err := r.in.one(ctx, c.all())
	if err != nil {
		return nil, err
	}
	return c.open(p)
}
