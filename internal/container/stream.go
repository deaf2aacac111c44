package container

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// StreamOptions limits what a stream may demand.
type StreamOptions struct {
	MaxPixels int64 // 0 = DefaultMaxPixels
	// Partial goes on behind damage to what holds segments together, as far as lengths
	// show where to, and up to where the stream ends.
	Partial bool
	// MaxHeld is the most bytes of segments that are held at once; 0 is no limit.
	MaxHeld int64
}

// Stream reads a file from its first byte to its last and no further. It gives segments
// once all before them have been read, and lets go of those that lie above the rows of
// tiles that were asked for last. Its methods may be called concurrently.
type Stream struct {
	mu      sync.Mutex
	in      feed
	opt     StreamOptions
	file    *Reader                             // all that comes before the groups
	payload map[Kind]kept                       // metadata
	broken  error                               // the first ancillary chunk that is damaged
	held    map[Want]heldSegment                // segments that have been read
	bytes   int64                               // of them
	missing map[int]*missingGroup               // groups whose index is damaged
	groups  []group                             // that have been begun
	page    *page                               // of the last of them, nil where its index is damaged
	stage   stage                               // of it
	tile    int                                 // whose body comes next, counted in the group
	lost    error                               // why nothing follows
	rows    struct{ last, before, dropped int } // of tiles: the last asked for, in two calls; the first that is held
}

// kept is metadata that has been read, or why it is not there.
type kept struct {
	data []byte
	err  error
}

// heldSegment is a segment that has been read, and what is wrong with it.
type heldSegment struct {
	kept
	off int64
}

// missingGroup is a group without an index.
type missingGroup struct {
	off int64 // of the index
	err error
}

// stage is what comes next of a group.
type stage int

const (
	atIndex stage = iota
	atFronts
	atBodies
	atMissing // segments that no index tells of
)

// NewStream reads a file up to its first tiles. Its errors are the ones of Open, as far as
// they are about what comes before the tiles.
func NewStream(ctx context.Context, r io.Reader, o StreamOptions) (*Stream, error) {
	s := &Stream{in: feed{r: r}, opt: o, payload: map[Kind]kept{}, held: map[Want]heldSegment{}, missing: map[int]*missingGroup{}}
	s.rows.last, s.rows.before = -1, -1
	s.file = newReader(nil, 0)
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// open reads all up to the first index, and that.
func (s *Stream) open(ctx context.Context) (err error) {
	if s.file.header, err = s.in.header(s.opt.MaxPixels); err != nil {
		return err
	}
	if s.file.plan, err = s.readPlan(); err != nil {
		return err
	}
	for range maxAncillary + 1 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.in.forget()
		c, err := s.in.next()
		switch {
		case err != nil:
			return err
		case c.kind == typeIndex:
			return s.begin(c)
		}
		if err := s.ancillary(c); err != nil {
			return err
		}
	}
	return malformed(s.in.off(), "more than %d ancillary chunks before %s", maxAncillary, typeIndex)
}

func (s *Stream) readPlan() (*Plan, error) {
	c, err := s.in.nextOf(typePlan)
	if err != nil {
		return nil, err
	}
	if err := c.within(maxPlanSize); err != nil {
		return nil, err
	}
	p, err := s.in.read(c)
	if err != nil {
		return nil, err
	}
	return parsePlan(c.off, p)
}

// ancillary takes a chunk between PLAN and the first INDX.
func (s *Stream) ancillary(c *chunk) error {
	if err := s.file.addAncillary(c, s.in.read); err != nil {
		return err
	}
	switch {
	case c.kind == typeBand || c.kind == typePlace:
		return nil
	case s.file.metadata[Kind(c.kind)] != c:
		damage, err := s.in.skip(c)
		s.damaged(damage)
		return err
	}
	p, err := s.in.rest(c)
	if err != nil {
		return err
	}
	data, damage := c.open(p)
	s.payload[Kind(c.kind)] = kept{data, damage}
	s.damaged(damage)
	return nil
}

// damaged keeps the first error of chunks beside the tiles.
func (s *Stream) damaged(err error) {
	if s.broken == nil {
		s.broken = err
	}
}

// Header returns the header. The caller must not change it.
func (s *Stream) Header() *Header { return s.file.header }

// Plan returns the plan. The caller must not change it.
func (s *Stream) Plan() *Plan { return s.file.plan }

// Metadata returns metadata, nil when the file has none of that kind.
func (s *Stream) Metadata(kind Kind) ([]byte, error) {
	m := s.payload[kind]
	return m.data, m.err
}

// Check tells what is wrong with the chunks before the tiles.
func (s *Stream) Check() error { return s.broken }

// Segments returns segments of tiles, as Reader.Segments does. It reads on as far as it
// needs to. Rows of tiles are asked for from the top: with a row that comes anew, what
// lies more than a row above the last one before is let go of.
func (s *Stream) Segments(ctx context.Context, want []Want) ([][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nx, _ := s.file.header.Grid()
	last := -1
	for _, w := range want {
		last = max(last, w.Tile/nx)
	}
	s.reach(last)
	out := make([][]byte, len(want))
	var errs []error
	for i, w := range want {
		if err := s.readTo(ctx, w); err != nil {
			return nil, err
		}
		h := s.find(w)
		if out[i] = h.data; h.err != nil {
			out[i] = nil
			errs = append(errs, &TileError{w.Tile, w.Part, h.off, h.err})
		}
	}
	return out, errors.Join(errs...)
}

// reach notes that rows of tiles are asked for, up to one.
func (s *Stream) reach(row int) {
	if row <= s.rows.last {
		return
	}
	s.rows.before, s.rows.last = s.rows.last, row
	nx, _ := s.file.header.Grid()
	for ; s.rows.dropped < s.rows.before-1; s.rows.dropped++ {
		for x := range nx {
			s.drop(s.rows.dropped*nx + x)
		}
	}
}

// drop lets go of a tile.
func (s *Stream) drop(tile int) {
	for _, part := range []Part{Front, Body} {
		w := Want{tile, part}
		s.bytes -= int64(len(s.held[w].data))
		delete(s.held, w)
	}
}

// readTo reads until a segment is there, or cannot be.
func (s *Stream) readTo(ctx context.Context, w Want) error {
	if nx, _ := s.file.header.Grid(); w.Tile/nx < s.rows.dropped {
		return fmt.Errorf("%s of tile %d is asked for again, expected rows of tiles from %d on", w.Part, w.Tile, s.rows.dropped)
	}
	for s.lost == nil && !s.passed(w) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.lost = s.step()
	}
	if errors.As(s.lost, new(*ReadError)) || errors.Is(s.lost, ErrTooLarge) {
		return s.lost
	}
	return nil
}

// passed tells whether a segment has been read, or the group that it would be in.
func (s *Stream) passed(w Want) bool {
	_, ok := s.held[w]
	return ok || s.missing[s.file.header.Group(w.Tile)] != nil
}

// find is a segment, or why there is none.
func (s *Stream) find(w Want) heldSegment {
	if h, ok := s.held[w]; ok {
		return h
	}
	if m := s.missing[s.file.header.Group(w.Tile)]; m != nil {
		return heldSegment{kept{nil, m.err}, m.off}
	}
	return heldSegment{kept{nil, s.lost}, s.in.off()}
}

// TileError returns err as the error of a part of a tile.
func (s *Stream) TileError(_ context.Context, tile int, part Part, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &TileError{tile, part, s.find(Want{tile, part}).off, err}
}

// Size is the length of a segment that has been read.
func (s *Stream) Size(_ context.Context, tile int, part Part) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.find(Want{tile, part})
	if h.err != nil {
		return 0, &TileError{tile, part, h.off, h.err}
	}
	return int64(len(h.data)), nil
}

// Far tells that all segments of a request are best asked for at once.
func (s *Stream) Far() bool { return true }

// Finish reads all that is left of the file and tells what is wrong with it. Where Partial
// has met damage to what holds segments together, it tells of that.
func (s *Stream) Finish(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.lost == nil && (len(s.groups) < s.file.header.Groups() || s.stage != atIndex) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.lost = s.step()
		clear(s.held)
		s.bytes = 0
	}
	if s.lost != nil {
		return s.lost
	}
	if s.file.header.Groups() > 1 {
		s.lost = s.end(ctx)
	}
	return errors.Join(s.lost, s.broken)
}

// end reads OVERs, ROOT and TAIL, and holds ROOT against what has come.
func (s *Stream) end(ctx context.Context) error {
	var overs []over
	for range maxLevel + 1 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.in.forget()
		c, err := s.in.next()
		switch {
		case err != nil:
			return err
		case c.kind == typeRoot:
			return s.root(c, overs)
		case c.kind != typeOver:
			return c.misplaced(typeRoot)
		}
		o, err := s.over(c)
		if err != nil {
			return err
		}
		overs = append(overs, o)
	}
	return malformed(s.in.off(), "more than %d chunks %s", maxLevel, typeOver)
}

// over passes an OVER, whose level ROOT says again.
func (s *Stream) over(c *chunk) (over, error) {
	if c.size < 1 {
		return over{}, malformed(c.off, "chunk %s is empty", typeOver)
	}
	if err := s.in.take(1); err != nil {
		return over{}, err
	}
	p := s.in.data.Bytes()
	o, _ := overAt(int(p[len(p)-1]), c) // levels take one byte
	damage, err := s.in.skip(c)
	s.damaged(damage)
	return o, err
}

func (s *Stream) root(c *chunk, overs []over) error {
	h := s.file.header
	if err := h.checkRoot(c); err != nil {
		return err
	}
	p, err := s.in.read(c)
	if err != nil {
		return err
	}
	r, err := h.parseRoot(c, p, s.groups[0].index.off)
	if err != nil {
		return err
	}
	if err := r.same(s.groups, overs); err != nil {
		return malformed(c.off, "%s: %v", typeRoot, err)
	}
	t, err := s.in.nextOf(typeTail)
	if err != nil {
		return err
	}
	if t.size != 8 {
		return malformed(t.off, "%s of %d bytes, expected 8", typeTail, t.size)
	}
	if p, err = s.in.read(t); err != nil {
		return err
	}
	if off := binary.LittleEndian.Uint64(p); off != uint64(c.off) {
		return malformed(t.off, "%s says that %s is at byte %d, expected %d", typeTail, typeRoot, off, c.off)
	}
	return nil
}

// same tells where ROOT says other than what has come.
func (r *root) same(groups []group, overs []over) error {
	for i, g := range groups {
		if got := r.groups[i]; *got.index != *g.index || got.front != g.front || got.body != g.body {
			return fmt.Errorf("group %d at byte %d, %d, %d and %d bytes, found byte %d, %d, %d and %d", i,
				got.index.off, got.index.size, got.front, got.body, g.index.off, g.index.size, g.front, g.body)
		}
	}
	if len(r.overs) != len(overs) {
		return fmt.Errorf("%d chunks %s, found %d", len(r.overs), typeOver, len(overs))
	}
	for i, o := range overs {
		if got := r.overs[i]; got.level != o.level || *got.chunk != *o.chunk {
			return fmt.Errorf("level %d of %d bytes at byte %d, found level %d of %d bytes at byte %d", got.level, got.size, got.off, o.level, o.size, o.off)
		}
	}
	return nil
}
